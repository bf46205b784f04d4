/** Simulations as bars in a terminal: what runs have cost by round, and how their costs lie. */
import { micro } from '../../core/credits.ts';
import type { Limit } from '../simulate/market.ts';
import { group, showCredits } from './amounts.ts';
import type { Paint } from './paint.ts';
import { ASCII, bar, type Glyphs } from './plot.ts';
import { type ExactRun, thinned } from './simulation.ts';
import { type DrawnRuns, rough } from './simulation-runs.ts';
import { pad, textWidth } from './width.ts';

/** How to draw. */
export interface PlotStyle {
  readonly glyphs: Glyphs;
  readonly paint: Paint;
  /** Width of the whole. */
  readonly columns: number;
}

const LONGEST_BAR = 60;
const LEAST_BAR = 10;

/** Cumulative cost of one round: `high` of 90 in 100 runs, or as `middle` where there is but one run. */
interface Point {
  readonly label: string;
  readonly middle: number;
  readonly high: number;
}

/** The exact run's cost so far, round by round. */
export function plotExact({ result }: ExactRun, limit: Limit | null, style: PlotStyle): string {
  const points = thinned(result.rounds.length, []).map((index): Point => {
    const { round, cumulative } = result.rounds[index]!;
    return { label: String(round), middle: cumulative, high: cumulative };
  });
  return ['Cumulative credits by round', ...bands(points, limit, style, showCredits)].join('\n');
}

/** Cost so far by round with its band, and a histogram of the costs of whole runs. */
export function plotRuns(drawn: DrawnRuns, style: PlotStyle): string {
  const { result, limit, options } = drawn;
  const points = thinned(result.rounds.length, []).map((index): Point => {
    const { round, cumulative } = result.rounds[index]!;
    return { label: String(round), middle: cumulative.p50, high: cumulative.p90 };
  });
  return [
    'Cumulative credits by round: P50, and beyond it up to P90',
    ...bands(points, limit, style, rough),
    '',
    `Credits a ${options.agents === 1 ? 'run' : 'trial'}: how many cost that much (the last bar: and more)`,
    ...histogram(drawn, style),
  ].join('\n');
}

function bands(
  points: readonly Point[],
  limit: Limit | null,
  { glyphs, paint, columns }: PlotStyle,
  show: (amount: number) => string,
): string[] {
  const light = glyphs === ASCII ? '-' : '░';
  const mark = glyphs === ASCII ? '|' : '│';
  const amounts = points.map(({ middle, high }) =>
    middle === high ? show(middle) : `${show(middle)} – ${show(high)}`,
  );
  const labels = Math.max(...points.map(({ label }) => label.length));
  const width = barWidth(columns, labels, Math.max(...amounts.map(textWidth)));
  const most = Math.max(1, ...points.map(({ high }) => high));
  const cells = (amount: number): number => Math.round((amount / most) * width);
  const at = limit === null || limit.credits > most ? -1 : Math.min(width - 1, cells(limit.credits));
  const rows = points.map(({ label, middle, high }, index) => {
    const full = Math.max(middle > 0 ? 1 : 0, cells(middle));
    const line = [
      ...pad(glyphs.full.repeat(full) + light.repeat(Math.max(0, cells(high) - full)), width, 'left'),
    ];
    if (at >= 0) line[at] = mark;
    return `${pad(label, labels, 'right')}  ${paint.good(line.join(''))}  ${amounts[index]}`;
  });
  return at < 0
    ? rows
    : [...rows, `${' '.repeat(labels + 2 + at)}${mark} ${limit!.from} ${showCredits(limit!.credits)}`];
}

function histogram({ result }: DrawnRuns, { glyphs, paint, columns }: PlotStyle): string[] {
  const bars = result.histogram;
  const labels = bars.map(({ from }) => rough(micro(from)));
  const counts = bars.map(({ count }) => group(String(count)));
  const labelWidth = Math.max(0, ...labels.map(textWidth));
  const width = barWidth(columns, labelWidth, Math.max(0, ...counts.map(textWidth)));
  const most = BigInt(Math.max(1, ...bars.map(({ count }) => count)));
  return bars.map(({ count }, index) =>
    `${pad(labels[index]!, labelWidth, 'right')}  ${paint.good(bar(BigInt(count), most, width, glyphs))}  ${counts[index]}`.trimEnd(),
  );
}

const barWidth = (columns: number, ...others: number[]): number =>
  Math.min(LONGEST_BAR, Math.max(LEAST_BAR, columns - others.reduce((sum, other) => sum + other + 2, 0)));
