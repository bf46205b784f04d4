/**
 * Usage as one page that needs nothing else: no scripts, no fonts, no files from anywhere. Charts with a table beside
 * each, light or dark as the reader's system is, readable on a phone and without seeing the charts.
 */
import type { UsageReport } from '../../ledger/service.ts';
import { credits, group, showCredits } from './amounts.ts';
import { escapeHtml } from './html.ts';
import type { Style } from './style.ts';
import { usageHeading } from './usage.ts';
import { plotRows } from './usage-plot.ts';
import { barChart, columnChart } from './usage-svg.ts';
import { isByTime, shareText, USAGE_WORDS, usageLabel } from './usage-words.ts';

/** Bars of a ranking at most. */
const MOST_BARS = 15;
/** Rows of a table at most: a page must open on a phone. */
const MOST_ROWS = 500;

const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c2024; --soft: #5b6570; --line: #d8dde3; --track: #eef1f4; --mark: #2563a8 }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --ink: #e8ebee; --soft: #a3adb8; --line: #363c43; --track: #22272c; --mark: #74b0ec } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0.5rem 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.75rem; margin: 1rem 0 }
dt { color: var(--soft); font-size: 0.875rem }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.pair { display: grid; gap: 1rem }
@media (min-width: 48rem) { .pair { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) } }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif }
svg text { fill: var(--ink) } svg .scale { fill: var(--soft); font-size: 11px } svg .amount { font-variant-numeric: tabular-nums }
.mark { fill: var(--mark) } .track { fill: var(--track) } .grid { stroke: var(--line); stroke-dasharray: 2 3 } .axis { stroke: var(--soft) }
.table { overflow: auto; max-height: 28rem; border: 1px solid var(--line); border-radius: 0.375rem }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem }
th, td { padding: 0.3rem 0.6rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; font-weight: 400 }
th:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 6rem }
thead th { position: sticky; top: 0; background: var(--ground); color: var(--soft); border-bottom: 1px solid var(--line) }
tfoot th, tfoot td { font-weight: 600; border-top: 1px solid var(--line) }
@media print { .table { max-height: none; overflow: visible } }
`.trim();

/** A report of its own kind, and the same usage by day where it is another one. */
export interface UsagePage {
  readonly report: UsageReport;
  readonly byDay: UsageReport | null;
}

/** The page. @param style dates as its reader sees them */
export function renderUsagePage({ report, byDay }: UsagePage, style: Pick<Style, 'calendar'>): string {
  const title = `Credit usage of ${report.account ?? 'all accounts'}`;
  const sections = [
    ...(byDay === null ? [] : [section(byDay, 'time')]),
    section(report, isByTime(report) ? 'time' : 'ranking'),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="soft">${escapeHtml(usageHeading(report, style))}</p>
${figures(report)}
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function figures({ total }: UsageReport): string {
  const facts: [string, string][] = [
    ['Credits', showCredits(total.credits)],
    ['Calls', group(String(total.calls))],
    ['Input tokens', group(String(total.inputTokens))],
    ['Output tokens', group(String(total.outputTokens))],
    ...(total.listCredits === null || total.listCredits === total.credits
      ? []
      : ([['List price', showCredits(total.listCredits)]] as [string, string][])),
  ];
  return `<dl>
${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('\n')}
</dl>`;
}

function section(report: UsageReport, kind: 'time' | 'ranking'): string {
  const { by, zone } = report;
  const heading = `Credits by ${by}${kind === 'time' ? ` (${zone})` : ''}`;
  if (report.rows.length === 0) return `<h2>${escapeHtml(heading)}</h2>\n<p>No usage.</p>`;
  const marks = plotRows(report, kind === 'time' ? Number.POSITIVE_INFINITY : MOST_BARS);
  const words = { id: `chart-${by}`, title: heading, description: describe(report) };
  return `<h2>${escapeHtml(heading)}</h2>
<div class="pair">
<figure style="margin: 0">
${kind === 'time' ? columnChart(marks, words) : barChart(marks, words)}
</figure>
${table(report, heading)}
</div>`;
}

/** What a chart shows, in a sentence. */
function describe({ by, rows, total }: UsageReport): string {
  const top = rows.reduce((most, row) => (row.credits > most.credits ? row : most));
  return `${credits(total.credits)} in all. The most: ${usageLabel(by, top.key)} with ${credits(top.credits)}. The table beside it has every number.`;
}

function table(report: UsageReport, heading: string): string {
  const { by, rows, total } = report;
  const cells = (amounts: typeof total): string =>
    [
      group(String(amounts.calls)),
      group(String(amounts.inputTokens)),
      group(String(amounts.outputTokens)),
      showCredits(amounts.credits),
      shareText(amounts.credits, total.credits),
    ]
      .map((text) => `<td>${text}</td>`)
      .join('');
  const shown = rows.slice(0, MOST_ROWS);
  const more =
    rows.length > shown.length
      ? `<p class="soft">${group(String(rows.length - shown.length))} more rows are in the total only.</p>`
      : '';
  return `<div>
<div class="table" role="region" aria-label="${escapeHtml(heading)}" tabindex="0">
<table>
<thead><tr><th scope="col">${USAGE_WORDS[by].title}</th>${['Calls', 'Input', 'Output', 'Credits', 'Share']
    .map((name) => `<th scope="col">${name}</th>`)
    .join('')}</tr></thead>
<tbody>
${shown.map((row) => `<tr><th scope="row">${escapeHtml(usageLabel(by, row.key))}</th>${cells(row)}</tr>`).join('\n')}
</tbody>
<tfoot><tr><th scope="row">Total</th>${cells(total)}</tr></tfoot>
</table>
</div>
${more}
</div>`;
}
