/** Usage as one page that needs nothing else. */
import type { UsageReport } from '../../ledger/service.ts';
import { credits, group, showCredits } from './amounts.ts';
import { escapeHtml } from './html.ts';
import { type Facts, renderPage, renderPageTable, renderSection } from './page.ts';
import type { Style } from './style.ts';
import { usageHeading } from './usage.ts';
import { plotRows } from './usage-plot.ts';
import { barChart, columnChart } from './usage-svg.ts';
import { isByTime, shareText, USAGE_WORDS, usageLabel } from './usage-words.ts';

/** Bars of a ranking at most. */
const MOST_BARS = 15;
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
  const subtitle = usageHeading(report, style);
  return renderPage({ title, subtitle, facts: factsOf(report), sections });
}

const factsOf = ({ total }: UsageReport): Facts => [
  ['Credits', showCredits(total.credits)],
  ['Calls', group(String(total.calls))],
  ['Input tokens', group(String(total.inputTokens))],
  ['Output tokens', group(String(total.outputTokens))],
  ...(total.listCredits === null || total.listCredits === total.credits
    ? []
    : ([['List price', showCredits(total.listCredits)]] as Facts)),
];

function section(report: UsageReport, kind: 'time' | 'ranking'): string {
  const { by, zone } = report;
  const heading = `Credits by ${by}${kind === 'time' ? ` (${zone})` : ''}`;
  if (report.rows.length === 0) return `<h2>${escapeHtml(heading)}</h2>\n<p>No usage.</p>`;
  const marks = plotRows(report, kind === 'time' ? Number.POSITIVE_INFINITY : MOST_BARS);
  const words = { id: `chart-${by}`, title: heading, description: describe(report) };
  const chart = kind === 'time' ? columnChart(marks, words) : barChart(marks, words);
  return renderSection(heading, chart, table(report, heading));
}

/** What a chart shows, in a sentence. */
function describe({ by, rows, total }: UsageReport): string {
  const top = rows.reduce((most, row) => (row.credits > most.credits ? row : most));
  return `${credits(total.credits)} in all. The most: ${usageLabel(by, top.key)} with ${credits(top.credits)}. The table beside it has every number.`;
}

function table({ by, rows, total }: UsageReport, label: string): string {
  const cells = (amounts: typeof total): string[] => [
    showCredits(amounts.credits),
    shareText(amounts.credits, total.credits),
    group(String(amounts.calls)),
    group(String(amounts.inputTokens)),
    group(String(amounts.outputTokens)),
  ];
  return renderPageTable({
    label,
    titles: [USAGE_WORDS[by].title, 'Credits', 'Share', 'Calls', 'Input', 'Output'],
    rows: rows.map((row) => [usageLabel(by, row.key), ...cells(row)]),
    total: ['Total', ...cells(total)],
  });
}
