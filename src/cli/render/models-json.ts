/** Rate cards as the fields of `credits.models/v1`. Source: contract 6. */
import type { ModelRow, RateRow } from '../../core/catalogue.ts';
import type { RateTier } from '../../core/rates.ts';
import { formatInstant } from '../../core/time.ts';
import type { RateCard } from './models.ts';

/** A price of long inputs: rates are numbers, thresholds whole numbers. */
const tierFields = ({ above, input, output, cacheRead, cacheWrite }: RateTier) => ({
  aboveInputTokens: above,
  input: Number(input),
  output: Number(output),
  cacheRead: cacheRead === null ? null : Number(cacheRead),
  cacheWrite: cacheWrite === null ? null : Number(cacheWrite),
});

/** Fields of rates, with `tiers` where long inputs have prices of their own; all null where there is no price. Numbers are the nearest double of the exact decimal. */
export function rateFields(row: RateRow | null) {
  const number = (text: string | null | undefined): number | null => (text == null ? null : Number(text));
  return {
    input: number(row?.rates?.input),
    output: number(row?.rates?.output),
    cacheRead: number(row?.rates?.cacheRead),
    cacheWrite: number(row?.rates?.cacheWrite),
    ...(row?.rates?.tiers === undefined ? {} : { tiers: row.rates.tiers.map(tierFields) }),
    from: row === null ? null : formatInstant(row.from),
  };
}

/** One model with one of its rate rows. */
export function modelFields({ model, row }: RateCard) {
  const { id, name, provider, aliases, contextWindow, maxOutput }: ModelRow = model;
  return { model: id, name, provider, ...rateFields(row), aliases, contextWindow, maxOutput };
}
