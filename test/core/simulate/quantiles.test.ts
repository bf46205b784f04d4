import { describe, expect, test } from 'vitest';
import {
  createQuantileFinder,
  histogram,
  quantilesOf,
  roundedMean,
  wilsonInterval,
} from '../../../src/core/simulate/quantiles.ts';
import { runKeys, word } from '../../../src/core/simulate/random.ts';

/** Type 7 as its definition says, on a sorted copy. */
function definition(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(position + 1e-9);
  const low = sorted[below]!;
  return low + ((sorted[below + 1] ?? low) - low) * Math.max(0, position - below);
}

const key = runKeys(11)(0);
const uniform = (count: number) =>
  Array.from({ length: count }, (_, slot) => (word(key.first, key.second, slot) >>> 0) / 0x1_0000_0000);

const SHAPES: Record<string, (u: number) => number> = {
  flat: (u) => Math.floor(u * 1e6),
  'long tail': (u) => Math.floor(1 / (1.00001 - u)),
  'few values': (u) => Math.floor(u * 3),
  'one value': () => 7,
  'all zero': () => 0,
  'narrow and far': (u) => 1e12 + Math.floor(u * 50),
};
const PERCENTS = [0, 5, 25, 50, 75, 90, 95, 99, 100];

describe.each(Object.entries(SHAPES))('percentiles of a column: %s', (_, shape) => {
  test.each([1, 2, 100, 1023, 1024, 5000])('%d values', (count) => {
    const values = uniform(count).map(shape);
    const find = createQuantileFinder(count);
    const column = { values: Float64Array.from(values), count, bound: Math.max(...values) };
    const expected = PERCENTS.map((percent) => definition(values, percent));
    for (const found of [find(column, PERCENTS), quantilesOf(values, PERCENTS)]) {
      for (const [index, value] of found.entries()) {
        expect(Math.abs(value - expected[index]!)).toBeLessThanOrEqual(1e-9 * expected[index]!);
      }
    }
  });
});

test('values after the count do not count', () => {
  const values = Float64Array.from([3, 1, 2, 900, 900]);
  expect(createQuantileFinder(5)({ values, count: 3, bound: 900 }, [0, 50, 100])).toEqual([1, 2, 3]);
});

test('an empty column has no percentiles', () => {
  expect(createQuantileFinder(1)({ values: new Float64Array(1), count: 0, bound: 0 }, [50])).toEqual([
    Number.NaN,
  ]);
  expect(quantilesOf([], [50, 90])).toEqual([Number.NaN, Number.NaN]);
});

test('ranks are exact where n × 0.95 in doubles is not', () => {
  const values = Array.from({ length: 10_001 }, (_, index) => index);
  expect(quantilesOf(values, [5, 95, 99])).toEqual([500, 9500, 9900]);
});

describe('roundedMean', () => {
  test('rounds to the nearest, ½ up', () => {
    expect(roundedMean(Float64Array.from([1, 2]))).toBe(2);
    expect(roundedMean(Float64Array.from([1, 1, 2]))).toBe(1);
    expect(roundedMean(new Float64Array(0))).toBe(0);
  });

  test('stays exact where the sum is beyond a double', () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(roundedMean(Float64Array.from([most, most, most - 6]))).toBe(most - 2);
  });
});

describe('wilsonInterval', () => {
  test('of published examples', () => {
    // Newcombe 1998: 81 of 263 gives 0.2553 to 0.3662; 1 of 29 gives 0.0061 to 0.1718.
    expect(wilsonInterval(81, 263)).toEqual({
      low: expect.closeTo(0.2553, 4),
      high: expect.closeTo(0.3662, 4),
    });
    expect(wilsonInterval(1, 29)).toEqual({
      low: expect.closeTo(0.0061, 4),
      high: expect.closeTo(0.1718, 4),
    });
  });

  test('never says certain, and starts and ends at certain', () => {
    expect(wilsonInterval(0, 100)).toEqual({ low: 0, high: expect.closeTo(0.037, 3) });
    expect(wilsonInterval(100, 100)).toEqual({ low: expect.closeTo(0.963, 3), high: 1 });
  });

  test('refuses no trials', () => {
    expect(() => wilsonInterval(0, 0)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

describe('histogram', () => {
  test('counts every value once; the last bar takes what is above', () => {
    const values = Float64Array.from([10, 11, 12, 19, 20, 29, 30, 1000]);
    expect(histogram(values, 3, 30)).toEqual([
      { from: 10, count: 4 },
      { from: 20, count: 2 },
      { from: 30, count: 2 },
    ]);
  });

  test('of equal values is one bar', () => {
    expect(histogram(Float64Array.from([5, 5, 5]), 24, 5)).toEqual([{ from: 5, count: 3 }]);
    expect(histogram(new Float64Array(0), 24, 0)).toEqual([]);
  });
});
