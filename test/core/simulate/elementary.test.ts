import { describe, expect, test } from 'vitest';
import { exp, ln, normalQuantile } from '../../../src/core/simulate/elementary.ts';

const steps = (from: number, to: number, count: number) =>
  Array.from({ length: count + 1 }, (_, step) => from + ((to - from) * step) / count);

describe('exp and ln', () => {
  test('agree with the engine to its last bits', () => {
    const worst = (errors: number[]) => Math.max(...errors.map(Math.abs));
    expect(worst(steps(-50, 50, 9_973).map((x) => exp(x) / Math.exp(x) - 1))).toBeLessThan(4.5e-16);
    const positive = steps(-40, 40, 9_973).map(Math.exp);
    expect(
      worst(positive.map((x) => (ln(x) - Math.log(x)) / Math.max(1, Math.abs(Math.log(x))))),
    ).toBeLessThan(4.5e-16);
  });

  test('are exact where an exact answer exists', () => {
    expect([exp(0), ln(1), exp(-701), exp(710)]).toEqual([1, 0, 0, Number.POSITIVE_INFINITY]);
    expect(exp(-800)).toBe(0);
  });
});

describe('normalQuantile', () => {
  // The check values that the algorithm was published with.
  test.each([
    [0.25, -0.6744897501960817],
    [0.001, -3.090232306167813],
    [1e-20, -9.2623400897984],
    [0.5, 0],
  ])('of %d', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 13);
  });

  test('is odd about one half', () => {
    for (const p of [0.01, 0.1, 0.3, 0.45]) expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 13);
  });
});
