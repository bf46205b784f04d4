/** Usage as bars in a terminal: one line a row, with its share and its trend over the days. */
import type { UsageReport } from '../../ledger/service.ts';
import { count, credits, showCredits } from './amounts.ts';
import { bar, type Glyphs, largest, sparkline } from './plot.ts';
import type { Style } from './style.ts';
import { usageHeading } from './usage.ts';
import { isByTime, roughCredits, shareText, usageLabel } from './usage-words.ts';
import { cut, pad, textWidth } from './width.ts';

/** Rows drawn at most where they do not stand for time; the rest becomes one. */
const MOST_ROWS = 20;
const LONGEST_LABEL = 28;
const LEAST_BAR = 8;
const LONGEST_BAR = 50;
const LONGEST_TREND = 30;
const GAP = '  ';

/** One line of a chart. */
export interface PlotRow {
  readonly label: string;
  readonly credits: bigint;
  readonly trend: readonly bigint[] | null;
}

/** How to draw. */
export interface PlotStyle extends Pick<Style, 'calendar' | 'paint'> {
  readonly glyphs: Glyphs;
  /** Width of the whole. */
  readonly columns: number;
}

/** The report as a heading, bars and a sentence about their sum. */
export function renderUsagePlot(report: UsageReport, style: PlotStyle): string {
  const heading = usageHeading(report, style);
  if (report.rows.length === 0) return `${heading}\nNo usage.`;
  const rows = plotRows(report, MOST_ROWS);
  return [heading, ...drawRows(rows, report, style), summary(report)].join('\n');
}

/** What to draw: along time every day or month of the range, else the largest and the rest as one. */
export function plotRows(report: UsageReport, most: number): PlotRow[] {
  const { by, rows } = report;
  if (isByTime(report)) return throughTime(report);
  const named = rows.map(({ key, ...row }) => ({ ...row, label: usageLabel(by, key) }));
  if (rows.length <= most) return named;
  const rest = named.slice(most - 1);
  const trend = report.periods?.map((_, day) =>
    rest.reduce((sum, row) => sum + (row.trend?.[day] ?? 0n), 0n),
  );
  return [
    ...named.slice(0, most - 1),
    {
      label: `${count(rest.length, 'other')}`,
      credits: rest.reduce((sum, row) => sum + row.credits, 0n),
      trend: trend ?? null,
    },
  ];
}

function throughTime({ rows, periods }: UsageReport): PlotRow[] {
  const used = new Map(rows.map(({ key, credits }) => [key, credits]));
  const names = periods ?? rows.map(({ key }) => key!);
  return names.map((label) => ({ label, credits: used.get(label) ?? 0n, trend: null }));
}

function drawRows(rows: readonly PlotRow[], report: UsageReport, style: PlotStyle): string[] {
  const { glyphs, paint } = style;
  const amounts = rows.map((row) => showCredits(row.credits));
  const shares = rows.map((row) => (isByTime(report) ? '' : shareText(row.credits, report.total.credits)));
  const widths = {
    label: Math.min(LONGEST_LABEL, Math.max(...rows.map(({ label }) => textWidth(label)))),
    amount: Math.max(...amounts.map(textWidth)),
    share: Math.max(...shares.map(textWidth)),
    trend: Math.min(LONGEST_TREND, report.periods?.length ?? 0),
  };
  // A narrow terminal loses the trend first, then the share: a bar is what was asked for.
  const room = (...parts: number[]): number =>
    style.columns - parts.reduce((sum, part) => sum + (part === 0 ? 0 : part + GAP.length), 0);
  if (room(widths.label, widths.amount, widths.share, widths.trend) < LEAST_BAR) widths.trend = 0;
  if (room(widths.label, widths.amount, widths.share, widths.trend) < LEAST_BAR) widths.share = 0;
  const left = room(widths.label, widths.amount, widths.share, widths.trend);
  const width = Math.min(LONGEST_BAR, Math.max(LEAST_BAR, left));
  const most = largest(rows.map((row) => row.credits));
  return rows.map((row, index) =>
    [
      pad(cut(row.label, widths.label), widths.label, 'left'),
      paint.good(bar(row.credits, most, width, glyphs)) +
        ' '.repeat(width - textWidth(bar(row.credits, most, width, glyphs))),
      pad(amounts[index]!, widths.amount, 'right'),
      ...(widths.share === 0 ? [] : [paint.dim(pad(shares[index]!, widths.share, 'right'))]),
      ...(widths.trend === 0 || row.trend === null ? [] : [sparkline(row.trend, widths.trend, glyphs)]),
    ]
      .join(GAP)
      .trimEnd(),
  );
}

function summary({ by, total, periods }: UsageReport): string {
  const units = periods?.length ?? 0;
  const unit = by === 'month' ? 'month' : 'day';
  const average = units > 1 ? `, ${roughCredits(total.credits / BigInt(units))} a ${unit}` : '';
  return `Total ${credits(total.credits)} in ${count(total.calls, 'call')}${average}`;
}
