import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InputCount } from '../../src/core/estimate.ts';
import {
  corrected,
  correctionOf,
  errorsOf,
  recordsByModel,
  type TokenRecord,
} from '../../src/core/token-corrections.ts';

const SEED = 20_261_125;
const record = (expectedTokens: number, usedTokens: number, told = true): TokenRecord => ({
  model: 'm',
  expectedTokens,
  told,
  usedTokens,
});
const times = (count: number, one: TokenRecord): TokenRecord[] => Array.from({ length: count }, () => one);
const count = (tokens: number, low: number, high: number): InputCount => ({
  tokens,
  low,
  high,
  method: 'approximate',
  how: 'o200k × claude english',
});

describe('what calls teach', () => {
  test.each([
    // One call alone: n / (n + 2) or less of what it says.
    [1, 1.09],
    [2, 1.14],
    [20, 1.27],
    [200, 1.3],
  ])('%d calls that took 1.3 × as much: × %d', (calls, factor) => {
    const learnt = correctionOf(times(calls, record(1_000, 1_300)));
    expect(Math.round(learnt.factor * 100) / 100).toBe(factor);
    expect(learnt.calls).toBe(calls);
    expect([learnt.low, learnt.high].map((edge) => edge.toFixed(9))).toEqual(['1.000000000', '1.000000000']);
  });

  test('calls that scatter weigh less than calls that agree', () => {
    const scattered = [0.7, 1.9, 0.9, 1.7, 1.3].map((ratio) => record(1_000, ratio * 1_000));
    const agreeing = times(5, record(1_000, 1_300));
    expect(correctionOf(scattered).weight).toBeLessThan(correctionOf(agreeing).weight);
  });

  test('one call that is far off says no more than 4 ×', () => {
    const far = correctionOf([record(10, 1_000_000_000)]);
    expect(far.factor).toBe(correctionOf([record(1_000, 4_000)]).factor);
    expect(correctionOf([record(1_000_000_000, 1)]).factor).toBe(correctionOf([record(4_000, 1_000)]).factor);
  });

  test('of each model the latest 200 count; what was told beside a hold wins over what was held', () => {
    const other = { ...record(1, 1, false), model: 'other' };
    const groups = recordsByModel([
      ...times(150, record(2, 2)),
      other,
      ...times(150, record(3, 3)),
      record(9, 9, false),
    ]);
    expect(groups.get('m')).toEqual([...times(150, record(2, 2)), ...times(50, record(3, 3))]);
    expect(groups.get('other')).toEqual([other]);
  });
});

describe('a corrected count', () => {
  const learnt = correctionOf([...times(100, record(1_000, 1_200)), ...times(100, record(1_000, 1_250))]);

  test('moves, and its range comes from the calls where there are many', () => {
    const { tokens, low, high, how, method } = corrected(count(1_000, 900, 1_200), learnt);
    expect(tokens).toBeGreaterThan(1_210);
    expect(tokens).toBeLessThan(1_230);
    expect(low).toBeGreaterThan(1_180);
    expect(high).toBeLessThan(1_265);
    expect([how, method]).toEqual(['o200k × claude english × 1.22 learnt', 'approximate']);
  });

  test.each(['exact', 'given'] as const)('is left alone where it is %s', (method) => {
    const own = { ...count(1_000, 1_000, 1_000), method };
    expect(corrected(own, learnt)).toBe(own);
  });

  test('is whole, and low ≤ tokens ≤ high, whatever the calls were', () => {
    const tokens = fc.integer({ min: 1, max: 1_000_000_000 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(tokens, tokens), { minLength: 1, maxLength: 30 }),
        fc.tuple(fc.nat({ max: 5_000_000 }), fc.nat({ max: 5_000_000 }), fc.nat({ max: 5_000_000 })),
        (calls, parts) => {
          const [low, mid, high] = [...parts].sort((a, b) => a - b) as [number, number, number];
          const learnt = correctionOf(calls.map(([expected, used]) => record(expected, used)));
          const after = corrected(count(mid, low, high), learnt);
          expect([after.low, after.tokens, after.high].every(Number.isSafeInteger)).toBe(true);
          expect(after.low).toBeLessThanOrEqual(after.tokens);
          expect(after.tokens).toBeLessThanOrEqual(after.high);
          expect(after.low).toBeGreaterThanOrEqual(0);
        },
      ),
      { seed: SEED },
    );
  });
});

describe('the realised error', () => {
  test('by hand: three calls, estimates 10 % and 20 % too high and 10 % too low', () => {
    const { calls, before } = errorsOf('m', [record(110, 100), record(120, 100), record(90, 100)]);
    expect([calls, before]).toEqual([3, { median: 0.1, p90: 0.18, bias: 0.066667 }]);
  });

  test('after: each call is corrected by the others alone', () => {
    const one = errorsOf('m', [record(100, 130)]);
    expect(one.after).toEqual(one.before);
    const records = [record(100, 130), record(100, 120), record(200, 250), record(50, 70)];
    const shares = records.map(({ expectedTokens, usedTokens }, index) => {
      const { factor } = correctionOf(records.filter((_, other) => other !== index));
      return (expectedTokens * factor) / usedTokens - 1;
    });
    const bias = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(errorsOf('m', records).after.bias).toBeCloseTo(bias, 6);
  });

  test('a steady bias goes, noise stays', () => {
    // Used tokens are 1.25 × the estimate, 5 % more or less by turns.
    const records = Array.from({ length: 100 }, (_, index) => record(1_000, index % 2 === 0 ? 1_187 : 1_312));
    const { before, after } = errorsOf('m', records);
    expect(before.bias).toBeLessThan(-0.19);
    expect(Math.abs(after.bias)).toBeLessThan(0.02);
    expect(after.median).toBeLessThan(0.07);
  });
});
