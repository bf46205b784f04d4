/**
 * A page that needs nothing else: no scripts, no fonts, no files from anywhere. Figures on top, then charts with a table
 * beside each; light or dark as the reader's system is, readable on a phone and without seeing the charts.
 */
import { group } from './amounts.ts';
import { escapeHtml } from './html.ts';

const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c2024; --soft: #5b6570; --line: #d8dde3; --track: #eef1f4; --mark: #2563a8; --limit: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --ink: #e8ebee; --soft: #a3adb8; --line: #363c43; --track: #22272c; --mark: #74b0ec; --limit: #ff8a80 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0.5rem 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.75rem; margin: 1rem 0 }
dt { color: var(--soft); font-size: 0.875rem }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
figure { margin: 0 }
figcaption { color: var(--soft); font-size: 0.875rem; margin-top: 0.25rem }
.pair { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) }
.notes { padding-left: 1.25rem; color: var(--soft) }
@media (min-width: 60rem) { .pair { grid-template-columns: minmax(0, 3fr) minmax(0, 5fr) } }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif }
svg text { fill: var(--ink) } svg .scale { fill: var(--soft); font-size: 11px } svg .amount { font-variant-numeric: tabular-nums }
.mark { fill: var(--mark) } .track { fill: var(--track) } .grid { stroke: var(--line); stroke-dasharray: 2 3 } .axis { stroke: var(--soft) }
.band { fill: var(--mark); opacity: 0.25 } .middle { fill: none; stroke: var(--mark); stroke-width: 2 } .limit { stroke: var(--limit); stroke-width: 1.5 }
.table { overflow: auto; max-height: 28rem; border: 1px solid var(--line); border-radius: 0.375rem }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem }
th, td { padding: 0.3rem 0.45rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; font-weight: 400 }
th:first-child { position: sticky; left: 0; background: var(--ground); text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: var(--first) }
thead th:first-child { z-index: 1 }
thead th { position: sticky; top: 0; background: var(--ground); color: var(--soft); box-shadow: inset 0 -1px var(--line) }
tfoot th, tfoot td { font-weight: 600; box-shadow: inset 0 1px var(--line) }
@media print { .table { max-height: none; overflow: visible } }
`.trim();

/** Rows of a table at most: a page must open on a phone. */
const MOST_ROWS = 500;

/** Names with values, as text. */
export type Facts = readonly (readonly [name: string, value: string])[];

/** Characters of a row's name that stay on one line. */
const MOST_FIRST = 18;

/** What a page holds. Texts are text; `sections` are HTML. */
export interface Page {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: Facts;
  /** Sentences below the figures; may be none. */
  readonly notes?: readonly string[];
  readonly sections: readonly string[];
}

/** The whole document. */
export function renderPage({ title, subtitle, facts, notes = [], sections }: Page): string {
  const figures = facts
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join('\n');
  const remarks = notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n');
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
<p class="soft">${escapeHtml(subtitle)}</p>
<dl>
${figures}
</dl>
${remarks === '' ? '' : `<ul class="notes">\n${remarks}\n</ul>\n`}${sections.join('\n')}
</main>
</body>
</html>
`;
}

/**
 * A heading with a chart and what stands beside it.
 * @param chart an SVG
 * @param beside HTML
 * @param caption what the chart's lines are, as text; empty: they need no words
 */
export function renderSection(heading: string, chart: string, beside: string, caption = ''): string {
  const words = caption === '' ? '' : `\n<figcaption>${escapeHtml(caption)}</figcaption>`;
  return `<h2>${escapeHtml(heading)}</h2>
<div class="pair">
<figure>
${chart}${words}
</figure>
${beside}
</div>`;
}

/** A table of a page. The first cell of a row names it. */
export interface PageTable {
  /** What it is of, for those who hear the page. */
  readonly label: string;
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly total?: readonly string[];
}

/** The table, with as many rows as a phone opens; a sentence tells of the others. */
export function renderPageTable({ label, titles, rows, total }: PageTable): string {
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length - shown.length;
  const line = ([first = '', ...rest]: readonly string[]): string =>
    `<tr><th scope="row">${escapeHtml(first)}</th>${rest.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  const longest = Math.max(...[titles, ...shown].map(([first = '']) => [...first].length));
  const left = total === undefined ? 'are left out' : 'are in the total only';
  return `<div>
<div class="table" role="region" aria-label="${escapeHtml(label)}" tabindex="0">
<table style="--first: ${Math.min(longest, MOST_FIRST) + 2}ch">
<thead><tr>${titles.map((title) => `<th scope="col">${escapeHtml(title)}</th>`).join('')}</tr></thead>
<tbody>
${shown.map(line).join('\n')}
</tbody>
${total === undefined ? '' : `<tfoot>${line(total)}</tfoot>\n`}</table>
</div>${more > 0 ? `\n<p class="soft">${group(String(more))} more rows ${left}.</p>` : ''}
</div>`;
}
