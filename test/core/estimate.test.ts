import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultCatalogue } from '../../src/catalog/index.ts';
import { type CallTerms, termsOf } from '../../src/core/calls.ts';
import { formatCredits, type Microcredits, micro } from '../../src/core/credits.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { byCost, callsWithin, estimateCall, type InputCount, isAffordable } from '../../src/core/estimate.ts';
import type { Rates } from '../../src/core/rates.ts';

const SEED = 20_260_311;

const given = (tokens: number): InputCount => ({
  tokens,
  low: tokens,
  high: tokens,
  method: 'given',
  how: 'given',
});

const call = (
  input: InputCount,
  outputTokens: number,
  more: { max?: number; read?: number; written?: number } = {},
) => ({
  input,
  cachedTokens: more.read ?? 0,
  cacheWriteTokens: more.written ?? 0,
  outputTokens,
  maxOutputTokens: more.max ?? null,
});

const terms = (model: string, byok: Record<string, string> = {}): CallTerms =>
  termsOf(defaultCatalogue(), { byok }, { model, provider: null, noByok: false }, 0);

const at = (rates: Rates | null, byok = false): CallTerms => ({
  model: 'm',
  provider: 'p',
  byok,
  rate: rates === null ? null : { no: 1, model: 'm', from: 0, rates },
});

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return isLedgerError(error) ? error.code : String(error);
  }
  return undefined;
};

/** ceil(Σ tokens × rate × 1000) over fractions, written without any of the code under test. */
function oracle(parts: readonly (readonly [tokens: number, rate: string])[]): bigint {
  let numerator = 0n;
  let denominator = 1n;
  for (const [tokens, rate] of parts) {
    const [whole, fraction = ''] = rate.split('.');
    const under = BigInt(`1${'0'.repeat(fraction.length)}`);
    numerator = numerator * under + BigInt(tokens) * BigInt(whole + fraction) * 1000n * denominator;
    denominator *= under;
  }
  return numerator / denominator + (numerator % denominator === 0n ? 0n : 1n);
}

describe('the price of an expected call', () => {
  test('is the one the contract prints', () => {
    const estimate = estimateCall(terms('haiku'), call(given(1_200), 300), 4_096);
    expect(formatCredits(estimate.credits)).toBe('0.675');
    expect(formatCredits(estimate.inputCredits)).toBe('0.3');
    expect(formatCredits(estimate.outputCredits)).toBe('0.375');
    expect([estimate.low, estimate.high]).toEqual([estimate.credits, estimate.credits]);
    expect(formatCredits(estimate.worstCase!)).toBe('5.42');
    expect(estimate).toMatchObject({ model: 'claude-haiku', provider: 'anthropic', byok: false });
    expect(estimate.judged).toBe(estimate.credits);
  });

  test('rounds the input up and gives the rest to the output, so that both add up', () => {
    const rates: Rates = { input: '0.1625', output: '1.3', cacheRead: null, cacheWrite: null };
    const estimate = estimateCall(at(rates), call(given(1), 1));
    expect(estimate).toMatchObject({ credits: 1_463, inputCredits: 163, outputCredits: 1_300 });
  });

  test('ranges over the input, with the output as expected', () => {
    const input: InputCount = { tokens: 100, low: 80, high: 150, method: 'approximate', how: 'o200k × x' };
    const estimate = estimateCall(terms('sonnet'), call(input, 10, { max: 20 }));
    expect(estimate).toMatchObject({ low: 390_000, credits: 450_000, high: 600_000, worstCase: 750_000 });
    expect(estimate.judged).toBe(750_000);
  });

  test('takes the told maximum before the model’s, and never less than the expected output', () => {
    const worst = (max: number | undefined, model: number | null) =>
      estimateCall(terms('haiku'), call(given(0), 500, max === undefined ? {} : { max }), model).worstCase;
    expect(worst(1_000, 4_096)).toBe(1_250_000);
    expect(worst(undefined, 4_096)).toBe(5_120_000);
    expect(worst(undefined, 100)).toBe(625_000);
    expect(worst(undefined, null)).toBeNull();
  });

  test('prices cache parts at their own rates and lets them shrink with a smaller input', () => {
    const rates: Rates = { input: '1', output: '0', cacheRead: '0.1', cacheWrite: '1.25' };
    const input: InputCount = { tokens: 100, low: 50, high: 200, method: 'approximate', how: 'x' };
    const estimate = estimateCall(at(rates), call(input, 0, { read: 40, written: 30 }));
    expect(estimate.credits).toBe(30_000 + 4_000 + 37_500);
    expect(estimate.low).toBe(2_000 + 37_500);
    expect(estimate.high).toBe(130_000 + 4_000 + 37_500);
  });

  test('refuses cache parts beyond the input', () => {
    expect(codeOf(() => estimateCall(terms('haiku'), call(given(10), 0, { read: 6, written: 5 })))).toBe(
      'invalid_argument',
    );
  });

  test('is 0 on an own key, with the list price beside it', () => {
    const estimate = estimateCall(
      terms('haiku', { anthropic: '' }),
      call(given(1_200), 300, { max: 900 }),
      4_096,
    );
    expect(estimate).toMatchObject({
      byok: true,
      credits: 0,
      inputCredits: 0,
      outputCredits: 0,
      low: 0,
      high: 0,
      worstCase: 0,
      judged: 0,
      listCredits: 675_000,
    });
  });

  test('needs no price on an own key, and refuses a model without one otherwise', () => {
    expect(estimateCall(at(null, true), call(given(5), 5))).toMatchObject({
      credits: 0,
      listCredits: null,
      rates: null,
    });
    expect(codeOf(() => estimateCall(at(null), call(given(5), 5)))).toBe('unpriced_model');
  });

  test('costs 0 where the published price is 0', () => {
    const rates: Rates = { input: '0', output: '0', cacheRead: null, cacheWrite: null };
    expect(estimateCall(at(rates), call(given(5_000), 5))).toMatchObject({ credits: 0, listCredits: 0 });
  });

  describe('with a price of long inputs', () => {
    const tiered = (...tiers: readonly (readonly [number, string, string, string?])[]): Rates => ({
      ...{ input: '10', output: '10', cacheRead: '4', cacheWrite: '12' },
      tiers: tiers.map(([above, input, output, cacheRead = null]) => ({
        ...{ above, input, output, cacheRead, cacheWrite: null },
      })),
    });
    const counted = (low: number, tokens: number, high: number): InputCount => {
      return { low, tokens, high, method: 'approximate', how: 'x' };
    };

    test('that is lower, the dearest input is the last below the threshold, the cheapest the first above', () => {
      const estimate = estimateCall(at(tiered([8, '1', '1'])), call(counted(6, 9, 12), 100, { max: 200 }));
      // 8 tokens at 10, 9 at 1.
      expect(estimate).toMatchObject({ low: 109_000, credits: 109_000, high: 1_080_000 });
      expect(estimate).toMatchObject({ worstCase: 2_080_000, judged: 2_080_000 });
    });

    test('keeps its range around the price of every input in it', () => {
      const size = fc.integer({ min: 0, max: 40 });
      const rate = fc.integer({ min: 0, max: 20 }).map(String);
      fc.assert(
        fc.property(
          fc.tuple(size, size, size),
          fc.uniqueArray(fc.tuple(size, rate, rate, rate), { selector: ([above]) => above, maxLength: 3 }),
          fc.tuple(size, size, size, size),
          (sizes, tiers, [read, written, out, more]) => {
            const [low, mid, high] = [...sizes].sort((a, b) => a - b) as [number, number, number];
            const rates = tiered(...[...tiers].sort(([a], [b]) => a - b));
            const cache = {
              read: Math.min(read, mid),
              written: Math.min(written, mid - Math.min(read, mid)),
            };
            const of = (count: InputCount, output: number, max: number) =>
              estimateCall(at(rates), call(count, output, { ...cache, max }));
            const estimate = of(counted(low, mid, high), out, out + more);
            const all = Array.from({ length: high - low + 1 }, (_, index) => {
              const tokens = low + index;
              const written = Math.min(cache.written, tokens);
              const parts = { read: Math.min(cache.read, tokens - written), written };
              return [out, out + more].map((output) => {
                return estimateCall(at(rates), call(given(tokens), output, parts)).credits;
              }) as [Microcredits, Microcredits];
            });
            expect([estimate.low, estimate.high, estimate.worstCase]).toEqual([
              Math.min(...all.map(([usual]) => usual)),
              Math.max(...all.map(([usual]) => usual)),
              Math.max(...all.map(([, most]) => most)),
            ]);
            const ordered = [estimate.low, estimate.credits, estimate.high, estimate.worstCase!];
            expect([...ordered].sort((a, b) => a - b)).toEqual(ordered);
          },
        ),
        { seed: SEED, numRuns: 300 },
      );
    });
  });

  test('agrees with exact fractions on any rates, and keeps its range in order', () => {
    const rate = fc
      .tuple(fc.integer({ min: 0, max: 99 }), fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }))
      .map(([whole, part]) => `${whole}.${part.toString().padStart(20, '0')}`);
    const tokens = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(
        rate,
        rate,
        fc.tuple(tokens, tokens, tokens),
        tokens,
        tokens,
        (input, output, sizes, out, more) => {
          const [low, mid, high] = [...sizes].sort((a, b) => a - b) as [number, number, number];
          const count: InputCount = { tokens: mid, low, high, method: 'approximate', how: 'x' };
          const rates: Rates = { input, output, cacheRead: null, cacheWrite: null };
          const estimate = estimateCall(at(rates), call(count, out, { max: out + more }));
          expect(BigInt(estimate.credits)).toBe(
            oracle([
              [mid, input],
              [out, output],
            ]),
          );
          expect(BigInt(estimate.inputCredits)).toBe(oracle([[mid, input]]));
          expect(BigInt(estimate.worstCase!)).toBe(
            oracle([
              [high, input],
              [out + more, output],
            ]),
          );
          const ordered = [estimate.low, estimate.credits, estimate.high, estimate.worstCase!];
          expect([...ordered].sort((a, b) => a - b)).toEqual(ordered);
          expect(estimate.outputCredits).toBeGreaterThanOrEqual(0);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('checks', () => {
  const funds = (available: number, debt = 0, closed = false) => ({
    available: micro(available),
    debt: micro(debt),
    closed,
  });
  const judged = (amount: number, byok = false) => ({ judged: micro(amount), byok });

  test.each([
    ['the exact amount passes', judged(100), funds(100), true],
    ['one microcredit short fails', judged(100), funds(99), false],
    ['debt fails, even beside credits', judged(1), funds(1_000, 1), false],
    ['debt fails also for a call that costs nothing', judged(0), funds(0, 1), false],
    ['an own key passes whatever the balance', judged(0, true), funds(0, 1), true],
    ['a closed account takes no call', judged(1), funds(1_000, 0, true), false],
    ['nor one on an own key', judged(0, true), funds(1_000, 0, true), false],
    ['nothing is needed for nothing', judged(0), funds(0), true],
  ])('%s', (_, estimate, have, expected) => {
    expect(isAffordable(estimate, have)).toBe(expected);
  });

  test.each([
    [675_000, 1_050_000_000, 1_555],
    [1, 8_000_000_000_000_000, 8_000_000_000_000_000],
    [3, 8_000_000_000_000_000, 2_666_666_666_666_666],
    [10, 9, 0],
    [0, 9, null],
  ])('%d µ each from %d µ: %j calls', (credits, available, calls) => {
    expect(callsWithin(credits as Microcredits, available as Microcredits)).toBe(calls);
  });
});

test('a comparison runs from cheap to dear; own keys by list price, without one last; then by id', () => {
  const of = (model: string, credits: number, listCredits: number | null) => ({
    ...estimateCall(at({ input: '0', output: '0', cacheRead: null, cacheWrite: null }), call(given(0), 0)),
    model,
    credits: micro(credits),
    listCredits: listCredits === null ? null : micro(listCredits),
  });
  const rows = [
    of('d', 5, 5),
    of('own-unpriced', 0, null),
    of('c', 5, 5),
    of('own-dear', 0, 9),
    of('free', 0, 0),
  ];
  expect(rows.sort(byCost).map((row) => row.model)).toEqual(['free', 'own-dear', 'own-unpriced', 'c', 'd']);
});
