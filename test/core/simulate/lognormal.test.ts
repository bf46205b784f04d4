import { describe, expect, test } from 'vitest';
import { exp, normalQuantile } from '../../../src/core/simulate/elementary.ts';
import { draw, lognormalOfMean, lognormalOfMedian } from '../../../src/core/simulate/lognormal.ts';

/** Words at equal steps over their whole range, rising as unsigned numbers. */
const WORDS = Array.from({ length: 1 << 18 }, (_, step) => (step << 14) + 8192);

describe.each([0.05, 0.32, 0.89, 1.11, 1.5])('spread %d', (sd) => {
  const law = lognormalOfMean(5_000, sd);
  const draws = WORDS.map((random) => draw(law, random));

  test('has the mean that was asked for, not that mean as its median', () => {
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    expect(mean / 5_000).toBeCloseTo(1, 3);
    expect(draw(law, 0x7fff_ffff)).toBe(Math.round(5_000 * Math.exp((-sd * sd) / 2)));
  });

  test('follows the true quantiles, far into the tails', () => {
    const median = 5_000 * Math.exp((-sd * sd) / 2);
    const words = [1, 100, 0x1000, 0x8_0000, 0x80_0000, 0x4000_0000, -0x8_0000, -0x1000, -100, -2];
    for (const random of words) {
      const p = ((random >>> 0) + 0.5) / 0x1_0000_0000;
      const expected = median * exp(sd * normalQuantile(p));
      expect(Math.abs(draw(law, random) - expected)).toBeLessThan(0.5 + 0.001 * expected);
    }
  });

  test('rises with the word', () => {
    expect(draws.every((value, index) => index === 0 || value >= draws[index - 1]!)).toBe(true);
  });
});

test('no spread always draws the mean, rounded', () => {
  for (const random of [0, -1, 12345, 0x7fff_ffff]) {
    expect(draw(lognormalOfMean(1906.6, 0), random)).toBe(1907);
    expect(draw(lognormalOfMedian(3.4, 0), random)).toBe(3);
    expect(draw(lognormalOfMean(0, 1.5), random)).toBe(0);
  }
});

test('a draw never leaves the range of 32-bit integers', () => {
  expect(draw(lognormalOfMean(100_000_000, 1.5), -1)).toBe(2_000_000_000);
  expect(draw(lognormalOfMean(100_000_000, 1.5), 0)).toBeGreaterThanOrEqual(0);
});
