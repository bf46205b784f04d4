/**
 * Percentiles, means, intervals and histograms of samples. Percentiles are exact order statistics with linear
 * interpolation between neighbours (type 7 of Hyndman and Fan, 1996), found without sorting the sample.
 */
import { invalid } from '../errors.ts';

const BUCKETS = 4096;
/** Below this many values sorting is as fast. */
const SMALL = 1024;

/** The rank of a percentile among `count` values, as whole rank and hundredths: exact where `0.95 × (n − 1)` is not. */
function rankOf(count: number, percent: number): { below: number; hundredths: number } {
  const position = (count - 1) * percent;
  return { below: Math.floor(position / 100), hundredths: position % 100 };
}

function interpolate(low: number, high: number, hundredths: number): number {
  return hundredths === 0 ? low : low + ((high - low) * hundredths) / 100;
}

function ofSorted(sorted: Float64Array, percents: readonly number[]): number[] {
  if (sorted.length === 0) return percents.map(() => Number.NaN);
  return percents.map((percent) => {
    const { below, hundredths } = rankOf(sorted.length, percent);
    return interpolate(sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!, hundredths);
  });
}

/** Finds percentiles in columns of up to a given size; keeps its scratch memory between calls. */
export type QuantileFinder = (column: Column, percents: readonly number[]) => number[];

/** Whole numbers of 0 or more, in any order. */
export interface Column {
  readonly values: Float64Array;
  /** Only the first `count` values count. */
  readonly count: number;
  /** No value is above it: the column's maximum, or any bound not much larger. */
  readonly bound: number;
}

function countBuckets({ values, count }: Column, factor: number, counts: Int32Array): void {
  counts.fill(0);
  for (let index = 0; index < count; index++) counts[(values[index]! * factor) | 0]!++;
}

/**
 * Marks the buckets that hold the wanted ranks.
 * @param ranks rising
 * @returns for each rank its place among the values of all marked buckets, sorted
 */
function markBuckets(counts: Int32Array, ranks: readonly number[], wanted: Uint8Array): number[] {
  const places: number[] = [];
  let seen = 0;
  let kept = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const until = seen + counts[bucket]!;
    const isWanted = places.length < ranks.length && ranks[places.length]! < until;
    while (places.length < ranks.length && ranks[places.length]! < until) {
      places.push(kept + ranks[places.length]! - seen);
    }
    wanted[bucket] = isWanted ? 1 : 0;
    if (isWanted) kept += counts[bucket]!;
    seen = until;
  }
  return places;
}

function gather(
  { values, count }: Column,
  factor: number,
  wanted: Uint8Array,
  to: Float64Array,
): Float64Array {
  let length = 0;
  for (let index = 0; index < count; index++) {
    const value = values[index]!;
    if (wanted[(value * factor) | 0] === 1) to[length++] = value;
  }
  return to.subarray(0, length).sort();
}

/**
 * Makes a finder for columns of up to `size` values: it counts values by bucket and sorts only the buckets that hold the
 * wanted ranks. It takes rising percents, whole numbers from 0 to 100, and returns one value per percent, not rounded; NaN
 * for each when the column is empty.
 */
export function createQuantileFinder(size: number): QuantileFinder {
  const gathered = new Float64Array(size);
  const counts = new Int32Array(BUCKETS);
  const wanted = new Uint8Array(BUCKETS);
  return (column, percents) => {
    const { values, count, bound } = column;
    if (count < SMALL) {
      gathered.set(values.subarray(0, count));
      return ofSorted(gathered.subarray(0, count).sort(), percents);
    }
    const factor = bound === 0 ? 0 : (BUCKETS - 1) / bound;
    countBuckets(column, factor, counts);
    const ranks = percents.map((percent) => rankOf(count, percent));
    const neighbours = ranks.flatMap(({ below }) => [below, Math.min(below + 1, count - 1)]);
    const places = markBuckets(counts, neighbours, wanted);
    const sorted = gather(column, factor, wanted, gathered);
    return ranks.map(({ hundredths }, index) =>
      interpolate(sorted[places[2 * index]!]!, sorted[places[2 * index + 1]!]!, hundredths),
    );
  };
}

/** Percentiles of a sample in any order, which is left as it was; NaN for each when it is empty. */
export function quantilesOf(values: ArrayLike<number>, percents: readonly number[]): number[] {
  return ofSorted(Float64Array.from(values).sort(), percents);
}

/**
 * Mean of whole numbers of 0 or more, rounded to the nearest whole number (½ up), exact also where their sum is not.
 * @returns 0 for an empty column
 */
export function roundedMean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const exact =
    sum <= Number.MAX_SAFE_INTEGER ? BigInt(sum) : values.reduce((total, value) => total + BigInt(value), 0n);
  const count = BigInt(Math.max(1, values.length));
  return Number((2n * exact + count) / (2n * count));
}

/** A share as JSON shows it: at most 6 decimals. */
export const roundedShare = (share: number): number => Math.round(share * 1e6) / 1e6;

/**
 * The 95 % interval of a probability of which `hits` of `count` trials were seen.
 * Source: E. B. Wilson, 1927; z = 1.959964.
 */
export function wilsonInterval(hits: number, count: number): { low: number; high: number } {
  if (count < 1) throw invalid('an interval needs at least one trial');
  const z = 1.959963984540054;
  const share = hits / count;
  const spread = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  const middle = share + (z * z) / (2 * count);
  const scale = 1 + (z * z) / count;
  return {
    low: hits === 0 ? 0 : roundedShare((middle - spread) / scale),
    high: hits === count ? 1 : roundedShare((middle + spread) / scale),
  };
}

/** One bar of a histogram: values from `from` up to but not including the next bar's `from`. */
export interface Bar {
  readonly from: number;
  readonly count: number;
}

/**
 * Bars of equal, whole width from the smallest value up; the last one takes everything above, so that a few far values
 * do not flatten the rest.
 * @param last where the last bar starts at the latest (the 99th percentile, say)
 */
export function histogram(values: Float64Array, bars: number, last: number): Bar[] {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < least) least = value;
  if (values.length === 0) return [];
  const width = Math.max(1, Math.ceil((last - least) / Math.max(1, bars - 1)));
  const counts = new Array<number>(bars).fill(0);
  for (const value of values) counts[Math.min(bars - 1, Math.floor((value - least) / width))]!++;
  while (counts.length > 1 && counts.at(-1) === 0) counts.pop();
  return counts.map((count, index) => ({ from: least + index * width, count }));
}
