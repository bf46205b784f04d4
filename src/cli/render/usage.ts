/** Usage as people and spreadsheets read it: a table with its total, or comma-separated values. */
import { formatCredits } from '../../core/credits.ts';
import type { UsageAmounts, UsageReport } from '../../ledger/service.ts';
import { count, group, showCredits } from './amounts.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { USAGE_WORDS, usageLabel } from './usage-words.ts';

/** Rows of a table at most; CSV and JSON have all of them. */
const MOST_ROWS = 100;

/** `default · usage by model · 9 Feb 12:00 – 11 Mar 12:00 UTC`. */
export function usageHeading(report: UsageReport, { calendar }: Pick<Style, 'calendar'>): string {
  const range = `${calendar.time(report.since)} – ${calendar.time(report.until)} ${report.zone}`;
  return `${report.account ?? 'all accounts'} · usage by ${report.by} · ${range}`;
}

/** True where list prices say more than what was paid. */
const hasList = ({ rows }: UsageReport): boolean => rows.some((row) => row.listCredits !== row.credits);

/** The report as a heading, a table and its total. */
export function renderUsage(report: UsageReport, style: Style): string {
  const heading = usageHeading(report, style);
  if (report.rows.length === 0) return `${heading}\nNo usage.`;
  const withList = hasList(report);
  const cells = (label: string, row: UsageAmounts): string[] => [
    label,
    group(String(row.calls)),
    group(String(row.inputTokens)),
    group(String(row.outputTokens)),
    showCredits(row.credits),
    ...(withList ? [row.listCredits === null ? '' : showCredits(row.listCredits)] : []),
  ];
  const shown = report.rows.slice(0, MOST_ROWS);
  const table = renderTable(
    [
      { title: USAGE_WORDS[report.by].title, flexible: true },
      { title: 'Calls', align: 'right' },
      { title: 'Input tokens', align: 'right' },
      { title: 'Output tokens', align: 'right' },
      { title: 'Credits', align: 'right' },
      ...(withList ? [{ title: 'List price', align: 'right' as const }] : []),
    ],
    [...shown.map((row) => cells(usageLabel(report.by, row.key), row)), cells('Total', report.total)],
    { columns: style.columns, heading: style.paint.dim },
  );
  return [heading, table, ...notes(report, withList)].join('\n');
}

function notes({ rows, total }: UsageReport, withList: boolean): string[] {
  const more = rows.length - MOST_ROWS;
  return [
    ...(more > 0 ? [`The total is of ${count(rows.length, 'row')}: --csv or --json lists all.`] : []),
    ...(withList && total.unpriced > 0
      ? [`${count(total.unpriced, 'call')} without a rate card: not in the list price.`]
      : []),
  ];
}

/** A field of RFC 4180: quoted where it holds what would end it. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * The report as comma-separated values, amounts in credits; what is not known is empty. Lines end in CR LF but the last,
 * whose line feed is the printer's.
 * Source: RFC 4180.
 */
export function usageCsv(report: UsageReport): string {
  const lines = [
    [report.by, 'calls', 'inputTokens', 'outputTokens', 'credits', 'listCredits'],
    ...report.rows.map((row) => [
      row.key ?? '',
      String(row.calls),
      String(row.inputTokens),
      String(row.outputTokens),
      formatCredits(row.credits),
      row.listCredits === null ? '' : formatCredits(row.listCredits),
    ]),
  ];
  return `${lines.map((cells) => cells.map(field).join(',')).join('\r\n')}\r`;
}
