/**
 * Prices a whole round of runs at once. Every amount equals `priceCall` of the same call to the microcredit; this file only
 * avoids building a call object and a BigInt for each.
 *
 * Where every rate is a decimal with few digits, costs are whole numbers of a fraction of a microcredit and doubles hold
 * them exactly. Elsewhere a double is an estimate with a known error, and the rare call whose cost is too close to a
 * whole microcredit to round it safely goes to `priceCall`.
 */
import { invalid } from '../errors.ts';
import {
  type CallTokens,
  type Decimal,
  parseDecimal,
  priceCall,
  type Rates,
  type TokenRates,
} from '../rates.ts';
import type { Runs } from './runs.ts';

/**
 * How the provider's cache prices the part of an input that the round before already sent. `none`: nothing is cached;
 * `anthropic`: it is read from the cache and the new part is written to it; `openai` (Gemini too): it is read from the
 * cache, the new part is plain input.
 */
export type CacheStyle = 'none' | 'anthropic' | 'openai';

/** A model's rates under a name. */
export interface Card {
  readonly model: string;
  readonly rates: Rates;
}

/** A card ready for pricing columns. The three prices are per token, in microcredits × `unit`. */
export interface PreparedCard extends Card {
  readonly cache: CacheStyle;
  /** Price of the part not sent before. */
  readonly fresh: number;
  /** Price of the part that the round before already sent. */
  readonly resent: number;
  readonly output: number;
  /** A power of ten that makes the prices whole numbers, or 0 when there is none small enough. */
  readonly unit: number;
  /** Inputs longer than this pay another price than the three; `Infinity`: none do. */
  readonly longAbove: number;
  /** The prices of longer inputs, shortest first. */
  readonly longPrices: readonly LongPrice[];
  readonly isFree: boolean;
}

/** What the part that was sent before costs in inputs longer than so many tokens. */
interface LongPrice {
  readonly above: number;
  /** Microcredits per token. */
  readonly resent: number;
}

/** Products and sums of whole numbers up to here are exact, and so is rounding up after one division. */
const EXACT = 2 ** 52;
const MAX_UNIT = 1_000_000_000n;

/** What tokens of each kind cost, exactly: whole numbers of 1 / `unit` microcredits per token. */
export interface TokenPrices {
  /** Price of the part not sent before. */
  readonly fresh: bigint;
  /** Price of the part that the round before already sent. */
  readonly resent: bigint;
  readonly output: bigint;
  /** A power of ten. */
  readonly unit: bigint;
}

/** Microcredits per token as a decimal without trailing zeros: credits per 1K tokens × 1000. */
function microPerToken(rate: string): Decimal {
  const value = parseDecimal(rate);
  if (value === undefined) throw invalid(`${JSON.stringify(rate)} is no rate`);
  let digits = value.digits * 1000n;
  let scale = value.scale;
  for (; scale > 0 && digits % 10n === 0n; scale--) digits /= 10n;
  return { digits, scale };
}

/**
 * What one set of rates charges under a cache style.
 * @throws LedgerError `invalid_argument` when a rate is unreadable
 */
export function tokenPrices(rates: TokenRates, cache: CacheStyle): TokenPrices {
  const fresh = microPerToken(cache === 'anthropic' ? (rates.cacheWrite ?? rates.input) : rates.input);
  const resent = microPerToken(cache === 'none' ? rates.input : (rates.cacheRead ?? rates.input));
  const output = microPerToken(rates.output);
  const scale = Math.max(fresh.scale, resent.scale, output.scale);
  const scaled = (price: Decimal) => price.digits * 10n ** BigInt(scale - price.scale);
  return { fresh: scaled(fresh), resent: scaled(resent), output: scaled(output), unit: 10n ** BigInt(scale) };
}

/**
 * Makes a card ready for `chargeBlock`.
 * @throws LedgerError `invalid_argument` when a rate is unreadable
 */
export function prepareCard(card: Card, cache: CacheStyle): PreparedCard {
  const { fresh, resent, output, unit } = tokenPrices(card.rates, cache);
  const most = BigInt(EXACT);
  const isWhole = unit <= MAX_UNIT && fresh < most && resent < most && output < most;
  const price = (scaled: bigint) => (isWhole ? Number(scaled) : nearest(scaled, unit));
  return {
    ...card,
    cache,
    fresh: price(fresh),
    resent: price(resent),
    output: price(output),
    unit: isWhole ? Number(unit) : 0,
    longAbove: card.rates.tiers?.[0]?.above ?? Number.POSITIVE_INFINITY,
    longPrices: (card.rates.tiers ?? []).map((tier) => {
      const prices = tokenPrices(tier, cache);
      return { above: tier.above, resent: nearest(prices.resent, prices.unit) };
    }),
    isFree: [card.rates, ...(card.rates.tiers ?? [])].every((rates) => isFree(tokenPrices(rates, cache))),
  };
}

const isFree = ({ fresh, resent, output }: TokenPrices): boolean => fresh + resent + output === 0n;

/** The double nearest to `scaled / unit`. */
const nearest = (scaled: bigint, unit: bigint): number => Number(`${scaled}e-${unit.toString().length - 1}`);

/** The call that a round is billed as. `resent` is a part of `inputTokens`. */
export function callOf(
  cache: CacheStyle,
  inputTokens: number,
  resent: number,
  outputTokens: number,
): CallTokens {
  return {
    inputTokens,
    cachedTokens: cache === 'none' ? 0 : resent,
    cacheWriteTokens: cache === 'anthropic' ? inputTokens - resent : 0,
    outputTokens,
  };
}

const priceOf = (card: PreparedCard, input: number, resent: number, output: number): number =>
  priceCall(card.rates, callOf(card.cache, input, resent, output));

/** The two ways of pricing a column when all sums stay exact; `unit` 1 needs no division. */
function priceExactColumn(
  card: PreparedCard,
  runs: Runs,
  cost: Float64Array,
  from: number,
  to: number,
): void {
  const { input, resent, output } = runs;
  const { fresh, resent: again, output: out, unit } = card;
  if (unit === 1) {
    for (let slot = from; slot < to; slot++) {
      const sent = resent[slot]!;
      cost[slot] = (input[slot]! - sent) * fresh + sent * again + output[slot]! * out;
    }
    return;
  }
  for (let slot = from; slot < to; slot++) {
    const sent = resent[slot]!;
    cost[slot] = Math.ceil(((input[slot]! - sent) * fresh + sent * again + output[slot]! * out) / unit);
  }
}

function priceEstimatedColumn(
  card: PreparedCard,
  runs: Runs,
  cost: Float64Array,
  from: number,
  to: number,
): void {
  const { input, resent, output } = runs;
  const { fresh, resent: again, output: out, unit } = card;
  const scale = unit === 0 ? 1 : unit;
  for (let slot = from; slot < to; slot++) {
    const sent = resent[slot]!;
    const estimate = ((input[slot]! - sent) * fresh + sent * again + output[slot]! * out) / scale;
    // Three rounded prices, three products, two sums, a division: less than 8 units in the last place together.
    const error = estimate * 2 ** -49;
    const up = Math.ceil(estimate - error);
    cost[slot] =
      up === Math.ceil(estimate + error) && up < EXACT
        ? up
        : priceOf(card, input[slot]!, sent, output[slot]!);
  }
}

/** What `resent` tokens of a long input cost beyond the base price, in microcredits; below 0 where long inputs are cheaper. */
function addedByLength(card: PreparedCard, input: number, resent: number): number {
  const { longPrices } = card;
  let index = longPrices.length - 1;
  while (index >= 0 && input <= longPrices[index]!.above) index--;
  return index < 0 ? 0 : resent * (longPrices[index]!.resent - card.resent / (card.unit || 1));
}

/** Few models have prices of long inputs, and few rounds reach them: each is priced as a call by itself. */
function repriceLong(card: PreparedCard, runs: Runs, amounts: Amounts, from: number, to: number): void {
  const { input, resent, output } = runs;
  const { cost } = amounts;
  let added = 0;
  for (let slot = from; slot < to; slot++) {
    const tokens = input[slot]!;
    if (tokens <= card.longAbove) continue;
    const sent = resent[slot]!;
    cost[slot] = priceOf(card, tokens, sent, output[slot]!);
    added += addedByLength(card, tokens, sent);
  }
  amounts.longResent += added;
}

/** Largest amounts seen, in microcredits. */
export interface Peaks {
  /** Of single rounds. */
  cost: number;
  /** Of what a run has spent. */
  spent: number;
}

/** Where the amounts of one card go: columns of microcredits, a value per slot. */
export interface Amounts {
  /** Of the current round. */
  readonly cost: Float64Array;
  /** Of all rounds so far; 0 before round 1. */
  readonly spent: Float64Array;
  /** Raised to what is charged. */
  readonly peaks: Peaks;
  /** Grows by what re-sent tokens of long inputs cost beyond the base price, before rounding. */
  longResent: number;
}

/**
 * Prices the current round of the runs in slots `from` to `to − 1`, the block that `advance` has just drawn, summarising
 * calls included, and adds it to what each run has spent.
 * @throws LedgerError `invalid_argument` when an amount leaves the exact range of microcredits
 */
export function chargeBlock(
  card: PreparedCard,
  runs: Runs,
  amounts: Amounts,
  from: number,
  to: number,
): void {
  const { cost, spent, peaks } = amounts;
  const dearest = Math.max(card.fresh, card.resent);
  const bound = runs.peakInput * dearest + runs.peakOutput * card.output;
  if (card.unit > 0 && bound < EXACT) priceExactColumn(card, runs, cost, from, to);
  else priceEstimatedColumn(card, runs, cost, from, to);
  if (runs.peakInput > card.longAbove) repriceLong(card, runs, amounts, from, to);
  for (const { slot, input, resent, output } of runs.summaries) {
    cost[slot]! += priceOf(card, input, resent, output);
    amounts.longResent += addedByLength(card, input, resent);
  }
  let peakCost = peaks.cost;
  let peakSpent = peaks.spent;
  for (let slot = from; slot < to; slot++) {
    const added = cost[slot]!;
    const sum = spent[slot]! + added;
    if (added > peakCost) peakCost = added;
    if (sum > peakSpent) peakSpent = sum;
    spent[slot] = sum;
  }
  peaks.cost = peakCost;
  peaks.spent = peakSpent;
  if (peakSpent > Number.MAX_SAFE_INTEGER)
    throw invalid('the cost of a simulated run is beyond every account');
}
