/**
 * Lognormal whole numbers from random words, through a table of the quantile function: one multiplication a draw where the
 * textbook way takes a logarithm, a square root, a cosine and an exponential.
 */
import { exp, normalQuantile } from './elementary.ts';

const CELL_BITS = 12;
const CELLS = 1 << CELL_BITS;
const FRACTION_BITS = 32 - CELL_BITS;
const FRACTION = 1 << FRACTION_BITS;
/** Cells at either end whose draws are computed exactly: the curve bends too much there for a straight line. */
const TAIL_CELLS = 8;
/** No draw passes this, so that draws stay 32-bit integers. A context beyond 1,000,000,000 tokens is refused anyway. */
const MAX_DRAW = 2_000_000_000;

/** A lognormal law with its quantile table: `scale × exp(sd × z)` for a standard normal z. */
export interface Lognormal {
  /** The median. */
  readonly scale: number;
  /** Standard deviation of the logarithm. */
  readonly sd: number;
  /** Value at the lower end of each cell, plus ½ so that cutting off rounds to the nearest. */
  readonly base: Float64Array;
  /** Rise of the value per unit of the fraction within the cell. */
  readonly slope: Float64Array;
}

let grid: Float64Array | undefined;

/** Normal quantiles at the cells' lower ends; the first is −Infinity and never used. */
function gridOfZ(): Float64Array {
  grid ??= Float64Array.from({ length: CELLS }, (_, cell) =>
    cell === 0 ? Number.NEGATIVE_INFINITY : normalQuantile(cell / CELLS),
  );
  return grid;
}

const valueAt = (scale: number, sd: number, z: number): number => Math.min(MAX_DRAW, scale * exp(sd * z));

/**
 * The law with a given median.
 * @param median of the law, 0 or more; 0 always draws 0
 * @param sd standard deviation of the logarithm, 0 or more; 0 always draws the median
 */
export function lognormalOfMedian(median: number, sd: number): Lognormal {
  const base = new Float64Array(CELLS);
  const slope = new Float64Array(CELLS);
  const z = gridOfZ();
  let from = valueAt(median, sd, z[TAIL_CELLS]!);
  for (let cell = TAIL_CELLS; cell < CELLS - TAIL_CELLS; cell++) {
    const to = valueAt(median, sd, z[cell + 1]!);
    base[cell] = from + 0.5;
    slope[cell] = (to - from) / FRACTION;
    from = to;
  }
  return { scale: median, sd, base, slope };
}

/**
 * The law with a given mean: its median is `mean × exp(−sd² / 2)`. Taking the mean for the median would inflate the mean
 * by `exp(sd² / 2)`.
 */
export function lognormalOfMean(mean: number, sd: number): Lognormal {
  return lognormalOfMedian(mean * exp((-sd * sd) / 2), sd);
}

function tailDraw(law: Lognormal, random: number): number {
  const z = normalQuantile(((random >>> 0) + 0.5) / 0x1_0000_0000);
  return Math.floor(valueAt(law.scale, law.sd, z) + 0.5);
}

/**
 * One draw, rounded to the nearest whole number; 0 to 2,000,000,000.
 * @param random a 32-bit word from `word`
 */
export function draw(law: Lognormal, random: number): number {
  const cell = random >>> FRACTION_BITS;
  if (cell < TAIL_CELLS || cell >= CELLS - TAIL_CELLS) return tailDraw(law, random);
  return (law.base[cell]! + law.slope[cell]! * (random & (FRACTION - 1))) | 0;
}
