/**
 * Rates as columns of a row, and back: a table of the ledger and a setting receipt hold the same texts. Prices of long
 * inputs are one column, a JSON list in a fixed order of keys, so that equal prices are equal texts.
 */
import { parseDecimal, type Rates, type RateTier, type TokenRates } from './rates.ts';

/** A rate row's columns; without `input` and `output` the model has no price. */
export interface RateColumns {
  readonly input: string | null;
  readonly output: string | null;
  readonly cacheRead: string | null;
  readonly cacheWrite: string | null;
  /** Absent or null: none. */
  readonly tiers?: string | null;
}

/** Columns of rates; `tiers` is there only where the rates have some. */
export function rateColumns(rates: Rates | null): RateColumns {
  if (rates === null) return { input: null, output: null, cacheRead: null, cacheWrite: null };
  const { input, output, cacheRead, cacheWrite, tiers } = rates;
  const card = { input, output, cacheRead, cacheWrite };
  return tiers === undefined ? card : { ...card, tiers: JSON.stringify(tiers.map(ordered)) };
}

const ordered = ({ above, input, output, cacheRead, cacheWrite }: RateTier): RateTier => ({
  above,
  input,
  output,
  cacheRead,
  cacheWrite,
});

/**
 * Rates of columns; null without a price. A card whose prices of long inputs are unreadable has none either: a call is then
 * refused, where the base price alone could sell it below cost.
 */
export function ratesOf({ input, output, cacheRead, cacheWrite, tiers }: RateColumns): Rates | null {
  if (input == null || output == null) return null;
  const rates = { input, output, cacheRead: cacheRead ?? null, cacheWrite: cacheWrite ?? null };
  if (tiers == null) return rates;
  const read = tiersOf(tiers);
  return read === undefined ? null : { ...rates, tiers: read };
}

function tiersOf(text: string): RateTier[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.length > 0 && value.every(isTier) && rises(value)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

/** Thresholds stand in rising order, none twice. */
export const rises = (tiers: readonly RateTier[]): boolean =>
  tiers.every(({ above }, index) => index === 0 || tiers[index - 1]!.above < above);

function isTier(value: unknown): value is RateTier {
  if (typeof value !== 'object' || value === null) return false;
  const { above, input, output, cacheRead, cacheWrite } = value as Partial<Record<keyof RateTier, unknown>>;
  return (
    Number.isSafeInteger(above) &&
    (above as number) >= 0 &&
    isRate(input) &&
    isRate(output) &&
    (cacheRead === null || isRate(cacheRead)) &&
    (cacheWrite === null || isRate(cacheWrite))
  );
}

const isRate = (value: unknown): value is TokenRates['input'] =>
  typeof value === 'string' && parseDecimal(value) !== undefined;

/** True when both price every call alike, or neither has a price. Rates are canonical decimal text. */
export function sameRates(a: Rates | null, b: Rates | null): boolean {
  const [one, other] = [rateColumns(a), rateColumns(b)];
  return (['input', 'output', 'cacheRead', 'cacheWrite', 'tiers'] as const).every(
    (column) => (one[column] ?? null) === (other[column] ?? null),
  );
}
