/**
 * Charts as SVG text: columns along time and bars of a ranking. Drawn for a phone's width and scaled up from there, so
 * that their words stay readable; colours are the page's variables.
 */
import { showCredits } from './amounts.ts';
import { escapeHtml } from './html.ts';
import { largest } from './plot.ts';

/** One column or bar. */
export interface Mark {
  readonly label: string;
  readonly credits: bigint;
  /** The amount in words; absent: to the microcredit. */
  readonly text?: string;
}

/** What a chart says to those who do not see it. `id` is unique in the page. */
export interface ChartWords {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

const WIDTH = 400;
const MOST_COLUMNS = 92;

const number = (value: number): string => String(Math.round(value * 100) / 100);

function frame({ id, title, description }: ChartWords, height: number, body: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-title ${id}-description">
<title id="${id}-title">${escapeHtml(title)}</title>
<desc id="${id}-description">${escapeHtml(description)}</desc>
${body}
</svg>`;
}

const tip = (label: string, credits: bigint): string =>
  `<title>${escapeHtml(`${label}: ${showCredits(credits)}`)}</title>`;

const highest = (marks: readonly Mark[]): bigint => largest(marks.map(({ credits }) => credits));

const ratio = (part: bigint, whole: bigint): number => (whole === 0n ? 0 : Number(part) / Number(whole));

/** Neighbours as one where there are more than fit: each is called by its first and last. */
export function groupMarks(marks: readonly Mark[], most = MOST_COLUMNS): Mark[] {
  const each = Math.ceil(marks.length / most);
  if (each <= 1) return [...marks];
  const groups: Mark[] = [];
  for (let from = 0; from < marks.length; from += each) {
    const own = marks.slice(from, from + each);
    const [first, last] = [own[0]!.label, own.at(-1)!.label];
    groups.push({
      label: own.length === 1 ? first : `${first} – ${last}`,
      credits: own.reduce((sum, { credits }) => sum + credits, 0n),
    });
  }
  return groups;
}

/** The next number that reads well: two digits at most, then zeros. */
export function niceCeiling(value: bigint): bigint {
  let step = 10n;
  while (step * 10n < value) step *= 10n;
  return NICE.map((tenths) => (tenths * step) / 10n).find((nice) => nice >= value)!;
}

/** Tenths of a step. */
const NICE = [1n, 2n, 5n, 10n, 12n, 15n, 20n, 25n, 30n, 40n, 50n, 60n, 80n, 100n];

const COLUMNS = { left: 4, right: 396, top: 18, bottom: 178, height: 200 } as const;

/** Width of a digit of the scale. */
const DIGIT = 6.4;

/** Columns along time. */
export function columnChart(all: readonly Mark[], words: ChartWords): string {
  const marks = groupMarks(all);
  const { left, right, top, bottom, height } = COLUMNS;
  const most = niceCeiling(highest(marks));
  const scale = [most, most / 2n].map((value) => ({ value, label: showCredits(value) }));
  // Beside the columns, for a column would hide it.
  const start = left + Math.max(...scale.map(({ label }) => label.length)) * DIGIT + 6;
  const step = (right - start) / Math.max(1, marks.length);
  const width = Math.max(1, Math.min(40, step * 0.8));
  const x = (index: number): number => start + step * index + (step - width) / 2;
  const lines = scale.map(({ value, label }) => {
    const y = bottom - ratio(value, most) * (bottom - top);
    return `<line class="grid" x1="${number(start)}" x2="${right}" y1="${number(y)}" y2="${number(y)}"/>
<text class="scale" x="${number(start - 5)}" y="${number(y + 4)}" text-anchor="end">${label}</text>`;
  });
  const columns = marks.map(({ label, credits }, index) => {
    const size = credits > 0n ? Math.max(1, ratio(credits, most) * (bottom - top)) : 0;
    return `<rect class="mark" x="${number(x(index))}" y="${number(bottom - size)}" width="${number(width)}" height="${number(size)}" rx="1.5">${tip(label, credits)}</rect>`;
  });
  const body = [
    ...lines,
    ...columns,
    `<line class="axis" x1="${number(start)}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    ...timeLabels(all, start, bottom + 16),
  ];
  return frame(words, height, body.join('\n'));
}

/** The first and the last under the axis; a single one once. */
function timeLabels(marks: readonly Mark[], start: number, y: number): string[] {
  const { right } = COLUMNS;
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [
    `<text x="${number(start)}" y="${y}">${escapeHtml(first.label)}</text>`,
    ...(marks.length > 1
      ? [`<text x="${right}" y="${y}" text-anchor="end">${escapeHtml(last.label)}</text>`]
      : []),
  ];
}

const BAR = { row: 38, text: 14, top: 20, thickness: 10 } as const;
const LONGEST_LABEL = 34;

/** Bars of a ranking: name and amount above each. */
export function barChart(marks: readonly Mark[], words: ChartWords): string {
  const most = highest(marks);
  const rows = marks.map(({ label, credits, text }, index) => {
    const y = index * BAR.row;
    const name =
      [...label].length > LONGEST_LABEL ? `${[...label].slice(0, LONGEST_LABEL - 1).join('')}…` : label;
    const width = credits > 0n ? Math.max(2, ratio(credits, most) * WIDTH) : 0;
    return `<text x="0" y="${y + BAR.text}">${escapeHtml(name)}</text>
<text class="amount" x="${WIDTH}" y="${y + BAR.text}" text-anchor="end">${escapeHtml(text ?? showCredits(credits))}</text>
<rect class="track" x="0" y="${y + BAR.top}" width="${WIDTH}" height="${BAR.thickness}" rx="2"/>
<rect class="mark" x="0" y="${y + BAR.top}" width="${number(width)}" height="${BAR.thickness}" rx="2">${tip(label, credits)}</rect>`;
  });
  return frame(words, Math.max(1, marks.length) * BAR.row, rows.join('\n'));
}
