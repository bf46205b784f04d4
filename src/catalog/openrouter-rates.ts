/**
 * Reads the prices of one model in OpenRouter's list: dollars per token as text, exactly, and `overrides`, prices that hold
 * under conditions. Those for inputs longer than a threshold become tiers of the rate card; those by day or hour do not.
 *
 * Source: the answer of `GET /api/v1/models` as of March 2026: all overrides that apply count, later ones win field by field,
 * a field that none names keeps the base price; `min_prompt_tokens` must be passed, and then all tokens pay that price.
 */
import {
  type Decimal,
  decimalText,
  parseDecimal,
  type Rates,
  type RateTier,
  type TokenRates,
} from '../core/rates.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const MOST_CREDITS_PER_1K = 1_000_000_000n;

const PRICES = [
  ['input', 'prompt'],
  ['output', 'completion'],
  ['cacheRead', 'input_cache_read'],
  ['cacheWrite', 'input_cache_write'],
] as const satisfies readonly (readonly [keyof TokenRates, string])[];

/** Rates that some prices name, the others null. */
type PartialRates = Record<keyof TokenRates, string | null>;

/** Rates, null without a price, or what is wrong with them. */
export function readRates(pricing: unknown): Rates | null | string {
  if (pricing === undefined || pricing === null) return null;
  if (!isObject(pricing)) return 'its pricing is no object';
  const base = readPrices(pricing);
  if (typeof base === 'string') return base;
  const { input, output, cacheRead, cacheWrite } = base.rates;
  if (base.isVariable || input === null || output === null) return null;
  return withTiers({ input, output, cacheRead, cacheWrite }, pricing);
}

/** True where some price depends on the day or the hour. */
export const hasHours = (pricing: Json): boolean => overridesOf(pricing).some(isTimed);

const isTimed = (override: Json): boolean => Object.keys(override).some((name) => name.startsWith('utc_'));

/** Seen as a list, and empty as an object. */
const overridesOf = ({ overrides }: Json): Json[] =>
  Array.isArray(overrides) ? overrides.filter(isObject) : [];

interface Override {
  readonly above: number;
  readonly rates: PartialRates;
}

function withTiers(base: TokenRates, pricing: Json): Rates | string {
  const overrides: Override[] = [];
  for (const each of overridesOf(pricing)) {
    if (isTimed(each)) continue;
    const read = readOverride(each);
    if (typeof read === 'string') return read;
    if (read !== null) overrides.push(read);
  }
  const thresholds = [...new Set(overrides.map(({ above }) => above))].sort((a, b) => a - b);
  const tiers = thresholds.map((above): RateTier => ({ above, ...ratesAbove(base, overrides, above) }));
  return tiers.length === 0 ? base : { ...base, tiers };
}

function ratesAbove(base: TokenRates, overrides: readonly Override[], above: number): TokenRates {
  const rates = { ...base };
  for (const override of overrides) {
    if (override.above > above) continue;
    for (const [rate] of PRICES) {
      const price = override.rates[rate];
      if (price !== null) rates[rate] = price;
    }
  }
  return rates;
}

/** null: it changes no price of a rate card. */
function readOverride(override: Json): Override | null | string {
  const read = readPrices(override);
  if (typeof read === 'string') return `in its overrides, ${read}`;
  if (read.isVariable) return 'an override has no price of its own (-1)';
  if (Object.values(read.rates).every((rate) => rate === null)) return null;
  const above = override.min_prompt_tokens ?? 0;
  if (typeof above !== 'number' || !Number.isSafeInteger(above) || above < 0) {
    return `an override begins at ${shown(above)} tokens`;
  }
  return { above, rates: read.rates };
}

function readPrices(pricing: Json): { rates: PartialRates; isVariable: boolean } | string {
  const rates: PartialRates = { input: null, output: null, cacheRead: null, cacheWrite: null };
  let isVariable = false;
  for (const [rate, field] of PRICES) {
    const price = readPrice(pricing[field]);
    if (price === 'unreadable') return `its price for ${field} is no price: ${shown(pricing[field])}`;
    if (price === 'variable') isVariable = true;
    if (typeof price !== 'object') continue;
    const perThousand = timesMillion(price);
    if (perThousand.digits > MOST_CREDITS_PER_1K * 10n ** BigInt(perThousand.scale)) {
      return `its price for ${field} is beyond every rate card: ${shown(pricing[field])}`;
    }
    rates[rate] = decimalText(perThousand);
  }
  return { rates, isVariable };
}

/** A JSON number is read through its decimal text, which names it exactly enough to have been written that way. */
export function readPrice(value: unknown): Decimal | 'missing' | 'variable' | 'unreadable' {
  if (value === undefined || value === null) return 'missing';
  if (typeof value !== 'string' && typeof value !== 'number') return 'unreadable';
  const text = String(value).trim();
  if (/^-1(?:\.0+)?$/.test(text)) return 'variable';
  return parseDecimal(text) ?? 'unreadable';
}

/** Dollars per token to dollars per million tokens, which is credits per 1K tokens. */
function timesMillion({ digits, scale }: Decimal): Decimal {
  return scale >= 6 ? { digits, scale: scale - 6 } : { digits: digits * 10n ** BigInt(6 - scale), scale: 0 };
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);
