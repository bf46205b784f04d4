/**
 * What a call would cost before it is made: the price of an expected call, the range its uncertain input leaves, the
 * most it can come to, and whether a balance or budget bears it. Nothing is counted, read or booked here.
 *
 * Source: contract 1 (cost of a call), 5.6 and 5.10 (debt, own provider keys), 6 (`estimate`).
 */
import { type CallTerms, priceOn } from './calls.ts';
import { type Microcredits, micro, subtract, ZERO } from './credits.ts';
import { type CallTokens, priceCall, priceInput, type Rates, ratesFor, type TokenRates } from './rates.ts';

/** Where an input count comes from: told by the user, counted exactly, or counted with a range around it. */
export type InputMethod = 'given' | 'exact' | 'approximate';

/** Tokens of an input, cache parts included. Whole numbers, `low <= tokens <= high`; all equal unless approximate. */
export interface InputCount {
  readonly tokens: number;
  readonly low: number;
  readonly high: number;
  readonly method: InputMethod;
  /** What counted, in words: `given`, `o200k`, `o200k × claude english`. */
  readonly how: string;
}

/** The call to be priced. Cache parts are part of the input. */
export interface EstimateAsk {
  readonly input: InputCount;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  /** Tokens the answer is expected to take. */
  readonly outputTokens: number;
  /** The most the answer may take, as told by the user; null: not told. At least `outputTokens`. */
  readonly maxOutputTokens: number | null;
}

/** The price of an expected call. Amounts in microcredits; on the account's own provider key all of them are 0. */
export interface Estimate {
  readonly model: string;
  readonly provider: string;
  readonly byok: boolean;
  /** The rate card; null: a call on the account's own key of a model without a price. */
  readonly rates: Rates | null;
  /** What the expected call pays of it: a long input may have rates of its own. */
  readonly paid: TokenRates | null;
  readonly input: InputCount;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** Output that `worstCase` reckons with; null: nobody knows the model's maximum. */
  readonly maxOutputTokens: number | null;
  /** The input side alone, rounded up. */
  readonly inputCredits: Microcredits;
  /** `credits − inputCredits`, so that both add up. */
  readonly outputCredits: Microcredits;
  readonly credits: Microcredits;
  /** The least that an input it may be costs. Output as expected. */
  readonly low: Microcredits;
  /** The most that an input it may be costs. Output as expected. */
  readonly high: Microcredits;
  /** The same with the most output; null where that is unknown. `low <= credits <= high <= worstCase`. */
  readonly worstCase: Microcredits | null;
  /** Price by the rate card, also on an own key; null without a price. */
  readonly listCredits: Microcredits | null;
  /** What budgets and balances are held against: `worstCase` where the user told a maximum, else `credits`. */
  readonly judged: Microcredits;
}

/** What an account has to pay with, in microcredits. */
export interface Funds {
  readonly available: Microcredits;
  readonly debt: Microcredits;
  /** A closed account takes no call, whoever pays for it. */
  readonly closed: boolean;
}

/**
 * Prices an expected call.
 * @param terms who pays, at which rate (`termsOf`)
 * @param modelMaxOutput the most the model can answer, in tokens; null: unknown
 * @throws LedgerError `invalid_argument` when the cache parts exceed the input; `unpriced_model` without a price
 */
export function estimateCall(
  terms: CallTerms,
  ask: EstimateAsk,
  modelMaxOutput: number | null = null,
): Estimate {
  const { input, cachedTokens, cacheWriteTokens, outputTokens } = ask;
  const most = ask.maxOutputTokens ?? modelMaxOutput;
  const maxOutputTokens = most === null ? null : Math.max(most, outputTokens);
  const expected: CallTokens = { inputTokens: input.tokens, cachedTokens, cacheWriteTokens, outputTokens };
  const { credits, listCredits } = priceOn(terms, expected);
  const rates = terms.rate?.rates ?? null;
  const price = (inputTokens: number, output: number): Microcredits =>
    terms.byok || rates === null ? ZERO : priceCall(rates, withInput(expected, inputTokens, output));
  const inputCredits = terms.byok || rates === null ? ZERO : priceInput(rates, expected);
  const inputs = turningPoints(rates, input);
  const mostWith = (output: number): Microcredits =>
    micro(Math.max(...inputs.map((each) => price(each, output))));
  const worstCase = worstOf(terms.byok, maxOutputTokens, mostWith);
  return {
    model: terms.model,
    provider: terms.provider,
    byok: terms.byok,
    rates,
    paid: rates === null ? null : ratesFor(rates, input.tokens),
    input,
    cachedTokens,
    cacheWriteTokens,
    outputTokens,
    maxOutputTokens,
    inputCredits,
    outputCredits: subtract(credits, inputCredits),
    credits,
    low: micro(Math.min(...inputs.map((each) => price(each, outputTokens)))),
    high: mostWith(outputTokens),
    worstCase,
    listCredits,
    judged: ask.maxOutputTokens === null ? credits : (worstCase ?? credits),
  };
}

/**
 * Inputs of a counted range among which are its cheapest and its dearest: its ends, and the last input below and the first
 * above each threshold, since a long input may cost less than a shorter one. Between two of them a price only rises.
 */
function turningPoints(rates: Rates | null, { low, high }: InputCount): number[] {
  const edges = (rates?.tiers ?? []).flatMap(({ above }) => [above, above + 1]);
  return [low, ...edges.filter((edge) => edge > low && edge < high), high];
}

function worstOf(
  byok: boolean,
  output: number | null,
  price: (output: number) => Microcredits,
): Microcredits | null {
  if (byok) return ZERO;
  return output === null ? null : price(output);
}

/** The call with another input; cache parts that no longer fit shrink with it, reads first. */
function withInput(tokens: CallTokens, inputTokens: number, outputTokens: number): CallTokens {
  const cacheWriteTokens = Math.min(tokens.cacheWriteTokens, inputTokens);
  const cachedTokens = Math.min(tokens.cachedTokens, inputTokens - cacheWriteTokens);
  return { inputTokens, cachedTokens, cacheWriteTokens, outputTokens };
}

/**
 * Says whether an account could make the call now: it is open, what is judged fits what is available, and there is no debt.
 * A call on the account's own key needs an open account alone, since it is recorded before any balance check.
 */
export function isAffordable({ byok, judged }: Pick<Estimate, 'byok' | 'judged'>, funds: Funds): boolean {
  return !funds.closed && (byok || (funds.debt === ZERO && judged <= funds.available));
}

/** How many such calls an amount pays for; null when a call costs nothing. Debt is the caller's to look at. */
export function callsWithin(credits: Microcredits, available: Microcredits): number | null {
  if (credits === ZERO) return null;
  return (available - (available % credits)) / credits;
}

/**
 * Order of a comparison: cheapest first, then by the price on the rate card (it tells calls on own keys apart; without
 * one last), then by id.
 */
export function byCost(a: Estimate, b: Estimate): number {
  const list = (estimate: Estimate) => estimate.listCredits ?? Number.MAX_SAFE_INTEGER;
  return a.credits - b.credits || list(a) - list(b) || (a.model < b.model ? -1 : a.model > b.model ? 1 : 0);
}
