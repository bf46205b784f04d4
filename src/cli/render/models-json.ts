/** Rate cards as the fields of `credits.models/v1`. Source: contract 6. */
import type { ModelRow, RateRow } from '../../core/catalogue.ts';
import type { Rates, RateTier, TokenRates } from '../../core/rates.ts';
import { formatInstant } from '../../core/time.ts';
import type { RateCard } from './models.ts';

/** Rates as numbers: the nearest doubles of the exact decimals. */
const tokenFields = ({ input, output, cacheRead, cacheWrite }: TokenRates) => ({
  input: Number(input),
  output: Number(output),
  cacheRead: cacheRead === null ? null : Number(cacheRead),
  cacheWrite: cacheWrite === null ? null : Number(cacheWrite),
});

/** A price of long inputs: rates are numbers, thresholds whole numbers. */
const tierFields = (tier: RateTier) => ({ aboveInputTokens: tier.above, ...tokenFields(tier) });

/** Fields of rates, with `tiers` where long inputs have prices of their own. */
export const ratesFields = (rates: Rates) => ({
  ...tokenFields(rates),
  ...(rates.tiers === undefined ? {} : { tiers: rates.tiers.map(tierFields) }),
});

const UNPRICED = { input: null, output: null, cacheRead: null, cacheWrite: null };

/** Fields of a dated row; its rates are null where there is no price. */
export function rateFields(row: RateRow | null) {
  return {
    ...(row?.rates == null ? UNPRICED : ratesFields(row.rates)),
    from: row === null ? null : formatInstant(row.from),
  };
}

/** One model with one of its rate rows. */
export function modelFields({ model, row }: RateCard) {
  const { id, name, provider, aliases, contextWindow, maxOutput }: ModelRow = model;
  return { model: id, name, provider, ...rateFields(row), aliases, contextWindow, maxOutput };
}
