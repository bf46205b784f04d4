/**
 * Exact mode of `simulate`: every round sends the whole context again, and every number is given. Round k has
 * `base + (k − 1) × (tool + output)` input tokens and `output` output tokens; each round is rounded up once, as a call is.
 *
 * Totals of many rounds come from a closed form that holds for any rates, so caps beyond what could be listed are exact
 * too. Source: contract 7, exact mode.
 */
import { MAX_TOKENS, type Microcredits, micro } from '../credits.ts';
import { invalid } from '../errors.ts';
import { priceCall, type TokenRates } from '../rates.ts';
import { type CacheStyle, type Card, callOf, type TokenPrices, tokenPrices } from './cards.ts';
import { MAX_ROUNDS } from './profile.ts';
import { roundedShare } from './quantiles.ts';

/** What to compute. Token counts are 0 to 1,000,000,000. */
export interface ExactOptions {
  /** Input tokens of round 1: system prompt, tools and task. */
  readonly baseTokens: number;
  /** Tokens that tool results add after each round. */
  readonly toolTokens: number;
  /** Output tokens of each round; they are sent again from the next round on. */
  readonly outputTokens: number;
  /** Rounds of the run, 1 to 10,000. */
  readonly rounds: number;
  readonly card: Card;
  readonly cache: CacheStyle;
  /** What the run is held against; null: nothing. */
  readonly budget: Microcredits | null;
}

/** One round of an exact run. */
export interface ExactRound {
  readonly round: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly credits: Microcredits;
  /** Cost of the rounds up to this one. */
  readonly cumulative: Microcredits;
}

/** Cost of an exact run. */
export interface ExactResult {
  readonly model: string;
  /** One row per round, in order. */
  readonly rounds: readonly ExactRound[];
  readonly total: Microcredits;
  /** Tokens of all rounds. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Share of the cost that pays for context the round before had already sent; at most 6 decimals. */
  readonly resentShare: number;
  /** Whether the budget pays for all rounds; null without one. */
  readonly affordable: boolean | null;
  /** First round that the budget could not pay; null when it pays for all, or without a budget. */
  readonly exhaustedAtRound: number | null;
  /**
   * Largest number of rounds that fits the budget, also beyond `rounds`, as far as inputs stay within 1,000,000,000 tokens;
   * 0 when round 1 does not fit. null without a budget, or when further rounds cost nothing.
   */
  readonly recommendedMaxRounds: number | null;
}

/**
 * Σ ⌊(step × i + start) / unit⌋ for i from 0 to n − 1; all 0 or more, `unit` above 0.
 * Source: the Euclid-like recursion of Graham, Knuth and Patashnik, Concrete Mathematics, section 3.5.
 */
export function floorSum(n: bigint, unit: bigint, step: bigint, start: bigint): bigint {
  let sum = 0n;
  let [count, m, a, b] = [n, unit, step, start];
  for (;;) {
    sum += ((count * (count - 1n)) / 2n) * (a / m) + count * (b / m);
    a %= m;
    b %= m;
    const top = a * count + b;
    if (top < m) return sum;
    count = top / m;
    b = top % m;
    [m, a] = [a, m];
  }
}

/** Consecutive rounds that pay one set of rates. */
interface Stretch {
  readonly prices: TokenPrices;
  /** First and last round; the last of the last stretch is beyond every run. */
  readonly first: bigint;
  readonly last: bigint;
}

const BEYOND = BigInt(Number.MAX_SAFE_INTEGER);

/** A run's rounds by what they pay: inputs only grow, so each price of long inputs holds from some round on. */
function stretchesOf({ card, cache, ...options }: ExactOptions): Stretch[] {
  const steps = [{ first: 1n, rates: card.rates as TokenRates }];
  for (const tier of card.rates.tiers ?? []) {
    const first = firstRoundAbove(tier.above, options);
    if (first !== null) steps.push({ first, rates: tier });
  }
  return steps
    .map(({ first, rates }, index): Stretch => {
      const last = (steps[index + 1]?.first ?? BEYOND) - 1n;
      return { prices: tokenPrices(rates, cache), first, last };
    })
    .filter(({ first, last }) => first <= last);
}

/** The first round whose input is longer than so many tokens; null: none ever is. */
function firstRoundAbove(
  above: number,
  { baseTokens, toolTokens, outputTokens }: Pick<ExactOptions, 'baseTokens' | 'toolTokens' | 'outputTokens'>,
): bigint | null {
  const growth = toolTokens + outputTokens;
  if (baseTokens > above) return 1n;
  return growth === 0 ? null : BigInt(Math.floor((above - baseTokens) / growth) + 2);
}

/**
 * Cost of the first n rounds in microcredits, in O(log) steps: from round 2 on, and while the rates stay the same, the price
 * of a round before rounding grows by the same step.
 */
function totalOf(options: ExactOptions): (rounds: bigint) => bigint {
  const base = BigInt(options.baseTokens);
  const growth = BigInt(options.toolTokens + options.outputTokens);
  const output = BigInt(options.outputTokens);
  const costs = stretchesOf(options).map(({ prices, first, last }) => {
    const { fresh, resent, unit } = prices;
    const rest = output * prices.output + unit - 1n;
    const from = first < 2n ? 2n : first;
    const start = growth * fresh + (base + (from - 2n) * growth) * resent + rest;
    const opening = first === 1n ? (base * fresh + rest) / unit : 0n;
    return (rounds: bigint): bigint => {
      const count = (rounds < last ? rounds : last) - from + 1n;
      return opening + (count < 1n ? 0n : floorSum(count, unit, growth * resent, start));
    };
  });
  return (rounds) => (rounds < 1n ? 0n : costs.reduce((sum, costOf) => sum + costOf(rounds), 0n));
}

function checkOptions({ baseTokens, toolTokens, outputTokens, rounds, budget }: ExactOptions): void {
  const counts = { 'base-tokens': baseTokens, 'tool-tokens': toolTokens, 'output-tokens': outputTokens };
  for (const [what, tokens] of Object.entries(counts)) {
    if (!Number.isInteger(tokens) || tokens < 0 || tokens > MAX_TOKENS) {
      throw invalid(`${what} must be a whole number from 0 to ${MAX_TOKENS}`);
    }
  }
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
    throw invalid(`max-rounds must be a whole number from 1 to ${MAX_ROUNDS}`);
  }
  if (budget !== null && budget < 0) throw invalid('the budget is below 0');
  const last = baseTokens + (rounds - 1) * (toolTokens + outputTokens);
  if (last > MAX_TOKENS) {
    throw invalid(
      `round ${rounds} would send ${last} input tokens, more than 1,000,000,000`,
      'lower --max-rounds or the tokens per round',
    );
  }
}

function listRounds(options: ExactOptions): ExactRound[] {
  const { baseTokens, outputTokens, card, cache } = options;
  const growth = options.toolTokens + outputTokens;
  const rows: ExactRound[] = [];
  let cumulative = 0;
  for (let round = 1; round <= options.rounds; round++) {
    const inputTokens = baseTokens + (round - 1) * growth;
    const resent = round === 1 ? 0 : inputTokens - growth;
    const credits = priceCall(card.rates, callOf(cache, inputTokens, resent, outputTokens));
    cumulative += credits;
    if (cumulative > Number.MAX_SAFE_INTEGER) throw invalid('the cost of this run is beyond every account');
    rows.push({ round, inputTokens, outputTokens, credits, cumulative: micro(cumulative) });
  }
  return rows;
}

/** The largest number of rounds whose total fits; null when rounds after the first can go on for nothing. */
function largestFitting(options: ExactOptions, budget: Microcredits): number | null {
  const total = totalOf(options);
  const limit = BigInt(budget);
  const growth = options.toolTokens + options.outputTokens;
  const most =
    growth === 0
      ? BigInt(Number.MAX_SAFE_INTEGER)
      : BigInt(Math.floor((MAX_TOKENS - options.baseTokens) / growth) + 1);
  if (total(1n) > limit) return 0;
  if (total(most) === total(1n) && (most > 1n || total(1n) === 0n)) return null;
  let fits = 1n;
  let fails = 2n;
  for (; fails <= most && total(fails) <= limit; fails *= 2n) fits = fails;
  if (fails > most) fails = most + 1n;
  while (fails - fits > 1n) {
    const middle = (fits + fails) / 2n;
    if (total(middle) <= limit) fits = middle;
    else fails = middle;
  }
  return Number(fits);
}

/** Share of the cost that re-sent context makes up: before rounding, against the total after it. */
function shareOfResent(options: ExactOptions, total: Microcredits): number {
  if (total === 0) return 0;
  const base = BigInt(options.baseTokens);
  const growth = BigInt(options.toolTokens + options.outputTokens);
  const rounds = BigInt(options.rounds);
  let billionths = 0n;
  for (const { prices, first, last } of stretchesOf(options)) {
    const from = first < 2n ? 2n : first;
    const count = (rounds < last ? rounds : last) - from + 1n;
    if (count < 1n) continue;
    const sent = count * (base + (from - 2n) * growth) + (growth * count * (count - 1n)) / 2n;
    billionths += (sent * prices.resent * 1_000_000_000n) / (prices.unit * BigInt(total));
  }
  return roundedShare(Number(billionths) / 1e9);
}

/**
 * Prices a run round by round.
 * @returns plain data, amounts in microcredits
 * @throws LedgerError `invalid_argument` for options out of range, an input beyond 1,000,000,000 tokens or a cost beyond the
 *   exact range
 * Source: contract 7, exact mode.
 */
export function simulateExactly(options: ExactOptions): ExactResult {
  checkOptions(options);
  const rounds = listRounds(options);
  const total = rounds.at(-1)!.cumulative;
  const recommended = options.budget === null ? null : largestFitting(options, options.budget);
  return {
    model: options.card.model,
    rounds,
    total,
    inputTokens: rounds.reduce((sum, round) => sum + round.inputTokens, 0),
    outputTokens: options.rounds * options.outputTokens,
    resentShare: shareOfResent(options, total),
    affordable: options.budget === null ? null : total <= options.budget,
    exhaustedAtRound: recommended !== null && recommended < options.rounds ? recommended + 1 : null,
    recommendedMaxRounds: recommended,
  };
}
