import fc from 'fast-check';
import type { Card } from '../../../src/core/simulate/cards.ts';

/** A card for tests. */
export const card = (
  input: string,
  output: string,
  cacheRead: string | null = null,
  cacheWrite: string | null = null,
): Card => ({ model: 'test', rates: { input, output, cacheRead, cacheWrite } });

export const HAIKU = card('0.25', '1.25');

/** Whole microcredits a token, a few decimals more, and the long tails that imported prices have. */
export const rateArb = fc.oneof(
  fc.constantFrom('0', '0.25', '1.25', '0.15', '3', '15'),
  fc.nat({ max: 9_999_999 }).map((digits) => `0.${String(digits).padStart(7, '0')}`),
  fc.constantFrom('0.08333333333333334', '0.0000001', '12.345678901234567890123', '0.00039999999999999996'),
);

const ratesArb = fc
  .tuple(rateArb, rateArb, fc.option(rateArb), fc.option(rateArb))
  .map(([input, output, cacheRead, cacheWrite]) => ({ input, output, cacheRead, cacheWrite }));

const tiersArb = fc
  .uniqueArray(fc.nat({ max: 60_000 }), { minLength: 1, maxLength: 3 })
  .chain((thresholds) =>
    fc.tuple(
      ...thresholds.sort((a, b) => a - b).map((above) => ratesArb.map((rates) => ({ above, ...rates }))),
    ),
  );

/** Half of the cards have prices of long inputs. */
export const cardArb: fc.Arbitrary<Card> = fc
  .tuple(ratesArb, fc.option(tiersArb, { freq: 2 }))
  .map(([rates, tiers]) => ({ model: 'test', rates: tiers === null ? rates : { ...rates, tiers } }));

export const cacheArb = fc.constantFrom('none', 'anthropic', 'openai');
