/**
 * What recorded calls teach about a model's input counts: by how much the tokens that were used differ from those that were
 * expected, and how widely. Only counts with a range around them are corrected; an exact count is never touched.
 *
 * A call teaches the natural logarithm of used / expected. Few calls say little, and the less the more they scatter: their
 * mean is drawn towards 0, as if 2 to 20 more calls had met their estimate, and the range towards that of the model's family
 * with the same weight. One call's say is bounded, so that a context that was left out, or a slip of a digit, moves little.
 */
import type { InputCount } from './estimate.ts';
import { exp, ln } from './simulate/elementary.ts';
import { quantilesOf, roundedShare } from './simulate/quantiles.ts';

/** The input of one call: what was expected before it and what it used. Tokens, both above 0. */
export interface TokenRecord {
  readonly model: string;
  readonly expectedTokens: number;
  /** True: the expected tokens are an estimate as it is without any correction, and were told to be. */
  readonly told: boolean;
  readonly usedTokens: number;
}

/** What a model's calls have taught. */
export interface Correction {
  /** Calls it is learnt from, 1 or more. */
  readonly calls: number;
  /** Times the counted tokens. */
  readonly factor: number;
  /** What the calls weigh against the family's own range, 0 to 1. */
  readonly weight: number;
  /** What a call's own ratio may be beside the factor: 5 % of the calls were below `low`, 5 % above `high`. `low <= 1 <= high`. */
  readonly low: number;
  readonly high: number;
}

/** How far estimates were off, as shares of what was used: 0.1 is 10 % too much. */
export interface TokenError {
  /** Median and 90th percentile of the distance, either way. */
  readonly median: number;
  readonly p90: number;
  /** Mean, with its sign: above 0 the estimates are too high. */
  readonly bias: number;
}

/** A model's estimates against what its calls used. */
export interface ModelErrors {
  readonly model: string;
  readonly calls: number;
  readonly before: TokenError;
  /** With each call corrected by what the others teach. */
  readonly after: TokenError;
  readonly correction: Correction;
}

/** Variance of a model's true ratio around its family's, in logarithms: a family's range is about ± 10 %. */
const FAMILY_VARIANCE = 0.01;
/** Calls of that scatter that are assumed beside the real ones: two calls that agree by chance prove no precision. */
const ASSUMED_CALLS = 3;
/** Least and most calls that the family's factor weighs as much as. */
const LEAST_PRIOR = 2;
const MOST_PRIOR = 20;
/** No call counts as further off than this, either way. */
const MOST_RATIO = 4;
/** Latest calls of a model that count: prices of a vocabulary that changed fade out. */
const MOST_CALLS = 200;

/** ln(used / expected) of each call, bounded. */
const ratiosOf = (records: readonly TokenRecord[]): number[] =>
  records.map(({ expectedTokens, usedTokens }) => {
    const ratio = usedTokens / expectedTokens;
    return ln(Math.min(MOST_RATIO, Math.max(1 / MOST_RATIO, ratio)));
  });

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Number, sum and sum of squares of some ratios. */
interface Moments {
  readonly count: number;
  readonly total: number;
  readonly squares: number;
}

const momentsOf = (ratios: readonly number[]): Moments => ({
  count: ratios.length,
  total: sum(ratios),
  squares: sum(ratios.map((ratio) => ratio * ratio)),
});

/**
 * What the calls weigh against the family's factor, 0 to 1.
 * Source: the mean of a normal law with a normal prior: n / (n + s² / t²), with s² drawn towards the prior's own t².
 */
function weightOf({ count, total, squares }: Moments): number {
  if (count === 0) return 0;
  const scatter = Math.max(0, squares - (total * total) / count);
  const variance = (scatter + ASSUMED_CALLS * FAMILY_VARIANCE) / (count - 1 + ASSUMED_CALLS);
  const prior = Math.min(MOST_PRIOR, Math.max(LEAST_PRIOR, variance / FAMILY_VARIANCE));
  return count / (count + prior);
}

const factorOf = (moments: Moments): number =>
  moments.count === 0 ? 1 : exp((weightOf(moments) * moments.total) / moments.count);

/**
 * The calls that teach something about each model: the latest 200, and where any of them told its estimate, only those. A
 * hold's own tokens may carry a margin, or a correction already; what was told carries neither.
 * @param records the latest first
 */
export function recordsByModel(records: readonly TokenRecord[]): Map<string, readonly TokenRecord[]> {
  const groups = new Map<string, TokenRecord[]>();
  for (const record of records) {
    const group = groups.get(record.model);
    if (group === undefined) groups.set(record.model, [record]);
    else group.push(record);
  }
  return new Map(
    [...groups].map(([model, all]) => {
      const told = all.filter((record) => record.told);
      return [model, (told.length > 0 ? told : all).slice(0, MOST_CALLS)];
    }),
  );
}

/** What calls of one model teach; at least one. */
export function correctionOf(records: readonly TokenRecord[]): Correction {
  const ratios = ratiosOf(records);
  const moments = momentsOf(ratios);
  const mean = moments.total / moments.count;
  const [p5, p95] = quantilesOf(ratios, [5, 95]) as [number, number];
  return {
    calls: ratios.length,
    factor: factorOf(moments),
    weight: weightOf(moments),
    low: Math.min(1, exp(p5 - mean)),
    high: Math.max(1, exp(p95 - mean)),
  };
}

/**
 * A count as the model's calls correct it. Exact and given counts come back as they are.
 * @returns whole tokens, `low <= tokens <= high`
 */
export function corrected<Count extends InputCount>(count: Count, correction: Correction): Count {
  if (count.method !== 'approximate' || count.tokens === 0) return count;
  const { weight } = correction;
  const middle = count.tokens * correction.factor;
  const edge = (family: number, seen: number): number =>
    middle * exp((1 - weight) * ln(family / count.tokens) + weight * ln(seen));
  const tokens = Math.ceil(middle);
  return {
    ...count,
    tokens,
    low: count.low === 0 ? 0 : Math.min(tokens, Math.floor(edge(count.low, correction.low))),
    high: Math.max(tokens, Math.ceil(edge(count.high, correction.high))),
    how: `${count.how} × ${factorText(correction)} learnt`,
  };
}

/** `1.12`: two decimals are as much as so few calls can tell. */
export const factorText = ({ factor }: Pick<Correction, 'factor'>): string =>
  String(Math.round(factor * 100) / 100);

/** How far off the estimates of one model were, and would be with what the other calls teach; at least one call. */
export function errorsOf(model: string, records: readonly TokenRecord[]): ModelErrors {
  const ratios = ratiosOf(records);
  const all = momentsOf(ratios);
  const off = records.map(({ expectedTokens, usedTokens }) => expectedTokens / usedTokens);
  const correctedOff = off.map((share, index) => {
    const ratio = ratios[index]!;
    const { count, total, squares } = all;
    return share * factorOf({ count: count - 1, total: total - ratio, squares: squares - ratio * ratio });
  });
  return {
    model,
    calls: records.length,
    before: errorOf(off),
    after: errorOf(correctedOff),
    correction: correctionOf(records),
  };
}

function errorOf(shares: readonly number[]): TokenError {
  const distances = shares.map((share) => Math.abs(share - 1));
  const [median, p90] = quantilesOf(distances, [50, 90]) as [number, number];
  return {
    median: roundedShare(median),
    p90: roundedShare(p90),
    bias: roundedShare(sum(shares) / shares.length - 1),
  };
}
