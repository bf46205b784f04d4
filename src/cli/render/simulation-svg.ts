/**
 * Charts of simulations as SVG text: cost along the rounds with its band, and a histogram. Drawn for a phone's width, as
 * the charts of usage are; colours are the page's variables.
 */
import { group, showCredits } from './amounts.ts';
import { escapeHtml } from './html.ts';
import { rough } from './simulation-runs.ts';
import { type ChartWords, niceCeiling } from './usage-svg.ts';

const BOX = { width: 400, height: 220, left: 4, right: 396, top: 18, bottom: 196 } as const;

const number = (value: number): string => String(Math.round(value * 100) / 100);

function frame({ id, title, description }: ChartWords, body: readonly string[]): string {
  return `<svg viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" aria-labelledby="${id}-title ${id}-description">
<title id="${id}-title">${escapeHtml(title)}</title>
<desc id="${id}-description">${escapeHtml(description)}</desc>
${body.join('\n')}
</svg>`;
}

/** One round: amounts in microcredits. */
export interface BandPoint {
  readonly round: number;
  readonly middle: number;
  readonly high: number;
}

/** Points of a line at most. */
const MOST_POINTS = 400;

/**
 * The middle as a line, the band up to the high amounts above it, and the limit where it lies within the chart.
 * @param limit microcredits; null: none
 */
export function bandChart(all: readonly BandPoint[], limit: number | null, words: ChartWords): string {
  const { left, right, top, bottom } = BOX;
  const each = Math.ceil(all.length / MOST_POINTS);
  const points = all.filter((_, index) => index % each === 0 || index === all.length - 1);
  const most = Number(niceCeiling(BigInt(Math.max(1, ...points.map(({ high }) => high)))));
  const last = Math.max(1, all.length - 1);
  const x = ({ round }: BandPoint): string => number(left + ((round - 1) / last) * (right - left));
  const y = (amount: number): string => number(bottom - (amount / most) * (bottom - top));
  const path = (amount: (point: BandPoint) => number, some: readonly BandPoint[]): string =>
    some.map((point) => `${x(point)},${y(amount(point))}`).join(' ');
  const upper = path(({ high }) => high, points);
  const lower = path(({ middle }) => middle, points.toReversed());
  return frame(words, [
    ...gridLines(most),
    `<polygon class="band" points="${upper} ${lower}"/>`,
    `<polyline class="middle" points="${path(({ middle }) => middle, points)}"/>`,
    ...(limit === null || limit > most
      ? []
      : [
          `<line class="limit" x1="${left}" x2="${right}" y1="${y(limit)}" y2="${y(limit)}"><title>${showCredits(limit)}</title></line>`,
        ]),
    ...axis('round 1', `round ${group(String(all.at(-1)?.round ?? 1))}`),
  ]);
}

function gridLines(most: number): string[] {
  const { left, right, top, bottom } = BOX;
  return [most, most / 2].map((value) => {
    const y = number(bottom - (value / most) * (bottom - top));
    return `<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>
<text class="scale" x="${left}" y="${number(Number(y) - 4)}">${rough(value)}</text>`;
  });
}

/** The axis with what stands at its ends. */
function axis(first: string, last: string): string[] {
  const { left, right, bottom, height } = BOX;
  return [
    `<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text x="${left}" y="${height - 6}">${escapeHtml(first)}</text>`,
    `<text x="${right}" y="${height - 6}" text-anchor="end">${escapeHtml(last)}</text>`,
  ];
}

/** A histogram. `from` in microcredits. */
export function countChart(
  bars: readonly { readonly from: number; readonly count: number }[],
  words: ChartWords,
): string {
  const { left, right, top, bottom } = BOX;
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const step = (right - left) / Math.max(1, bars.length);
  const columns = bars.map(({ from, count }, index) => {
    const size = count > 0 ? Math.max(1, (count / most) * (bottom - top)) : 0;
    const tip = `from ${rough(from)} credits: ${group(String(count))}`;
    return `<rect class="mark" x="${number(left + step * (index + 0.1))}" y="${number(bottom - size)}" width="${number(step * 0.8)}" height="${number(size)}"><title>${escapeHtml(tip)}</title></rect>`;
  });
  return frame(words, [
    ...columns,
    ...axis(rough(bars[0]?.from ?? 0), `${rough(bars.at(-1)?.from ?? 0)} and more`),
  ]);
}
