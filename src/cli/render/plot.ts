/** Bars and sparklines of characters, in blocks or in plain ASCII. Values are amounts, 0 or more. */
import type { Environment } from '../settings.ts';

/** Characters to draw with. */
export interface Glyphs {
  /** A full cell of a bar. */
  readonly full: string;
  /** Parts of a cell, smallest first; empty: a cell is full or empty. */
  readonly parts: readonly string[];
  /** Heights of a sparkline, lowest first; the lowest stands for anything above nothing. */
  readonly heights: readonly string[];
  /** Nothing in a sparkline. */
  readonly none: string;
}

export const BLOCKS: Glyphs = {
  full: '█',
  parts: ['▏', '▎', '▍', '▌', '▋', '▊', '▉'],
  heights: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  none: ' ',
};

export const ASCII: Glyphs = {
  full: '#',
  parts: [],
  heights: ['.', ':', '-', '=', '+', '*', '#'],
  none: ' ',
};

/** Blocks where the terminal's locale is UTF-8; `TERM=dumb` and every other locale get ASCII. */
export function glyphsFor(env: Environment): Glyphs {
  if (env.TERM === 'dumb') return ASCII;
  // POSIX: the first of these that is not empty decides. Windows Terminal sets none of them.
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || (env.WT_SESSION ? 'UTF-8' : '');
  return /utf-?8/i.test(locale) ? BLOCKS : ASCII;
}

/** A part of a whole as a number from 0 to 1. */
const ratio = (part: bigint, whole: bigint): number =>
  whole <= 0n ? 0 : Math.min(1, Number(part) / Number(whole));

/** The largest of some amounts; 0 of none. */
export function largest(values: Iterable<bigint>): bigint {
  let most = 0n;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** A bar of at most `width` cells; more than nothing is never drawn as nothing. */
export function bar(value: bigint, most: bigint, width: number, glyphs: Glyphs): string {
  const steps = glyphs.parts.length + 1;
  const filled = Math.round(ratio(value, most) * width * steps);
  const size = value > 0n ? Math.max(1, filled) : 0;
  const cells = glyphs.full.repeat(Math.floor(size / steps));
  return size % steps === 0 ? cells : cells + glyphs.parts[(size % steps) - 1]!;
}

/** Values in order as a line of at most `width` characters; where there are more, neighbours are summed. */
export function sparkline(values: readonly bigint[], width: number, glyphs: Glyphs): string {
  const points = condense(values, width);
  const most = largest(points);
  return points
    .map((value) => {
      if (value <= 0n) return glyphs.none;
      const height = Math.ceil(ratio(value, most) * glyphs.heights.length);
      return glyphs.heights[Math.max(1, height) - 1]!;
    })
    .join('');
}

/** Sums of neighbours, equally many each but the last, so that at most `most` are left. */
export function condense(values: readonly bigint[], most: number): bigint[] {
  const each = Math.max(1, Math.ceil(values.length / Math.max(1, most)));
  const sums: bigint[] = [];
  for (const [index, value] of values.entries()) {
    if (index % each === 0) sums.push(0n);
    sums[sums.length - 1]! += value;
  }
  return sums;
}
