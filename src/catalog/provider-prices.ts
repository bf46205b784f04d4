/**
 * What providers themselves ask for models, as far as it is known: used to warn where the tariff is below it, never to
 * price a call. US dollars per 1M tokens, which is the same number as credits per 1K tokens at cost.
 *
 * Lists err, and prices move: each row says where and when it was read.
 */
import { type CallTokens, parseDecimal, priceCall, type TokenRates } from '../core/rates.ts';

/** Prices for a whole call once its input is longer than so many tokens. */
export interface TierPrice {
  readonly aboveInputTokens: number;
  readonly input: string;
  readonly output: string;
}

/** One model's price at its provider, as exact decimals. */
export interface ProviderPrice extends TokenRates {
  /** Ids and short names under which the provider sells it, lower case, without a date. */
  readonly ids: readonly string[];
  /** What the provider calls it. */
  readonly name: string;
  readonly tier: TierPrice | null;
  readonly source: string;
  /** Day it was read, `YYYY-MM-DD` or `YYYY-MM`. */
  readonly readOn: string;
}

const LISTS = { source: 'LiteLLM price list and genai-prices', readOn: '2026-08' } as const;

/** Known prices. `cacheWrite` is the five-minute write where there are several. */
export const PROVIDER_PRICES = [
  {
    ids: ['claude-sonnet-4'],
    name: 'Claude Sonnet 4',
    input: '3',
    output: '15',
    cacheRead: '0.3',
    cacheWrite: '3.75',
    tier: { aboveInputTokens: 200_000, input: '6', output: '22.5' },
    ...LISTS,
  },
  {
    ids: ['claude-3-haiku'],
    name: 'Claude 3 Haiku',
    input: '0.25',
    output: '1.25',
    cacheRead: '0.03',
    cacheWrite: '0.3',
    tier: null,
    ...LISTS,
  },
  {
    ids: ['claude-3-5-haiku', 'claude-3.5-haiku', 'claude-haiku-3-5', 'claude-haiku-3.5', 'haiku-3.5'],
    name: 'Claude 3.5 Haiku',
    input: '0.8',
    output: '4',
    cacheRead: '0.08',
    cacheWrite: '1',
    tier: null,
    ...LISTS,
  },
  {
    ids: ['claude-haiku-4-5', 'claude-haiku-4.5', 'claude-4-5-haiku', 'claude-4.5-haiku', 'haiku-4.5'],
    name: 'Claude Haiku 4.5',
    input: '1',
    output: '5',
    cacheRead: '0.1',
    cacheWrite: '1.25',
    tier: null,
    ...LISTS,
  },
  {
    ids: ['gpt-4o'],
    name: 'GPT-4o',
    input: '2.5',
    output: '10',
    cacheRead: '1.25',
    cacheWrite: null,
    tier: null,
    ...LISTS,
  },
  {
    ids: ['gpt-4o-mini'],
    name: 'GPT-4o mini',
    input: '0.15',
    output: '0.6',
    cacheRead: '0.075',
    cacheWrite: null,
    tier: null,
    ...LISTS,
  },
  {
    ids: ['gemini-2.5-pro'],
    name: 'Gemini 2.5 Pro',
    input: '1.25',
    output: '10',
    cacheRead: '0.125',
    cacheWrite: null,
    tier: { aboveInputTokens: 200_000, input: '2.5', output: '15' },
    ...LISTS,
  },
  {
    ids: ['gemini-2.5-flash'],
    name: 'Gemini 2.5 Flash',
    input: '0.3',
    output: '2.5',
    cacheRead: '0.03',
    cacheWrite: null,
    tier: null,
    ...LISTS,
  },
] as const satisfies readonly ProviderPrice[];

const DATE = /-(?:\d{8}|\d{4}-\d{2}-\d{2})$/;

/**
 * Known prices that any of a model's words names, in the table's order: its id, its aliases, and what the user typed. A
 * date behind a word and any author before it (`anthropic/`) are left out of the comparison; no other prefix matches.
 */
export function providerPricesOf(words: readonly string[]): ProviderPrice[] {
  const wanted = new Set(words.map((word) => word.toLowerCase().replace(/^.*\//, '').replace(DATE, '')));
  return PROVIDER_PRICES.filter(({ ids }) => ids.some((id) => wanted.has(id)));
}

/** A known price that a tariff does not reach, and in which rates. */
export interface Shortfall {
  readonly price: ProviderPrice;
  /** At least one, in the order of a rate card. */
  readonly rates: readonly (keyof TokenRates)[];
}

const RATE_KEYS = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
] as const satisfies readonly (keyof TokenRates)[];

/**
 * Where a tariff is below a known provider price. A cache rate is compared only where both sides have one.
 */
export function shortfallsOf(words: readonly string[], tariff: TokenRates): Shortfall[] {
  return providerPricesOf(words).flatMap((price) => {
    const rates = RATE_KEYS.filter((rate) => {
      const own = tariff[rate];
      const asked = price[rate];
      return own !== null && asked !== null && isBelow(own, asked);
    });
    return rates.length === 0 ? [] : [{ price, rates }];
  });
}

/** a < b, exactly; unreadable text is below nothing. */
export function isBelow(a: string, b: string): boolean {
  const left = parseDecimal(a);
  const right = parseDecimal(b);
  if (left === undefined || right === undefined) return false;
  return left.digits * 10n ** BigInt(right.scale) < right.digits * 10n ** BigInt(left.scale);
}

/** Almost every call is shorter: no list need be looked through for it. */
const LOWEST_THRESHOLD = Math.min(
  ...PROVIDER_PRICES.map(({ tier }) => tier?.aboveInputTokens ?? Number.POSITIVE_INFINITY),
);

/**
 * The known price that a long call was sold below: its input passes the threshold, and what it costs by the tariff is less
 * than the provider asks for such a call.
 * @param listCredits by the tariff, in microcredits
 */
export function longPriceMissed(
  words: readonly string[],
  call: CallTokens,
  listCredits: number,
): (ProviderPrice & { readonly tier: TierPrice }) | undefined {
  if (call.inputTokens <= LOWEST_THRESHOLD) return undefined;
  for (const price of providerPricesOf(words)) {
    const { tier } = price;
    if (tier === null || call.inputTokens <= tier.aboveInputTokens) continue;
    // The cache parts of such calls have prices of their own that no list agrees on: at the base price they are a lower bound.
    if (listCredits < priceCall({ ...price, ...tier }, call)) return { ...price, tier };
  }
  return undefined;
}
