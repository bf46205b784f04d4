import { describe, expect, test } from 'vitest';
import { runKeys, SLOT, shuffled, word } from '../../../src/core/simulate/random.ts';

/** Chi-square of the top 8 bits against equal chance: 255 degrees of freedom, mean 255, deviation 22.6. */
function chiSquare(words: readonly number[]): number {
  const counts = new Array<number>(256).fill(0);
  for (const each of words) counts[each >>> 24]!++;
  const expected = words.length / 256;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

const unit = (each: number) => (each >>> 0) / 0x1_0000_0000 - 0.5;

function correlation(left: readonly number[], right: readonly number[]): number {
  const sum = left.reduce((total, each, index) => total + unit(each) * unit(right[index]!), 0);
  return (12 * sum) / left.length;
}

const COUNT = 100_000;
const keyOf = runKeys(1);
const alongRun = Array.from({ length: COUNT + 1 }, (_, slot) => word(keyOf(0).first, keyOf(0).second, slot));
const acrossRuns = Array.from({ length: COUNT + 1 }, (_, run) =>
  word(keyOf(run).first, keyOf(run).second, 5),
);
const acrossSeeds = Array.from({ length: COUNT + 1 }, (_, seed) => {
  const key = runKeys(seed)(0);
  return word(key.first, key.second, 5);
});

describe.each([
  ['along a run', alongRun],
  ['across runs', acrossRuns],
  ['across seeds', acrossSeeds],
])('words %s', (_, words) => {
  test('have equal chances', () => {
    expect(chiSquare(words.slice(0, COUNT))).toBeGreaterThan(255 - 4 * 22.6);
    expect(chiSquare(words.slice(0, COUNT))).toBeLessThan(255 + 4 * 22.6);
  });

  test('also in their low bits', () => {
    expect(chiSquare(words.slice(0, COUNT).map((each) => each << 24))).toBeLessThan(255 + 4 * 22.6);
  });

  test('do not depend on their neighbours', () => {
    expect(Math.abs(correlation(words.slice(0, COUNT), words.slice(1)))).toBeLessThan(4 / Math.sqrt(COUNT));
  });
});

test('a run of a seed has one key, and no two runs share it', () => {
  const keys = Array.from({ length: COUNT }, (_, run) => `${keyOf(run).first} ${keyOf(run).second}`);
  expect(new Set(keys).size).toBe(COUNT);
  expect(runKeys(1)(77)).toEqual(keyOf(77));
});

test('the words of a seed never change, so that neither do published results', () => {
  const key = runKeys(42)(7);
  expect([0, 1, 2].map((slot) => word(key.first, key.second, slot))).toEqual([
    215483670, -2142201930, -1326535528,
  ]);
});

test('every use of a run has a slot of its own', () => {
  const slots: number[] = [SLOT.rounds, SLOT.firstInput];
  for (let round = 1; round <= 1000; round++) slots.push(SLOT.output(round), SLOT.tool(round));
  expect(new Set(slots).size).toBe(slots.length);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])('seed %d is refused', (seed) => {
  expect(() => runKeys(seed)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
});

test('seeds that differ above 2^32 differ in their words', () => {
  expect(runKeys(2 ** 32)(0)).not.toEqual(runKeys(0)(0));
});

test('shuffled keeps the items and depends on the key alone', () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const once = shuffled(items, keyOf(3));
  expect([...once].sort((a, b) => a - b)).toEqual(items);
  expect(once).not.toEqual(items);
  expect(shuffled(items, keyOf(3))).toEqual(once);
  expect(shuffled(items, keyOf(4))).not.toEqual(once);
});
