import fc from 'fast-check';
import { expect, test } from 'vitest';
import { priceCall } from '../../../src/core/rates.ts';
import { callOf, chargeBlock, prepareCard } from '../../../src/core/simulate/cards.ts';
import { PRESETS, type Profile } from '../../../src/core/simulate/profile.ts';
import { advance, createRuns } from '../../../src/core/simulate/runs.ts';
import { cacheArb, card, cardArb } from './rates.ts';

const SEED = 20_260_302;
const HUGE: Profile = { ...PRESETS.service, firstInput: { mean: 50_000_000, sd: 1 } };

/** Charges some rounds and compares every amount with the call it stands for. Returns how many were compared. */
function compareRounds(
  profile: Profile,
  theirs: ReturnType<typeof card>,
  cache: 'none' | 'anthropic' | 'openai',
) {
  const count = 60;
  const runs = createRuns({ profile, seed: 3, start: 0, count, compaction: { at: 20_000_000, to: 5_000 } });
  const amounts = {
    cost: new Float64Array(count),
    spent: new Float64Array(count),
    peaks: { cost: 0, spent: 0 },
    longResent: 0,
  };
  const prepared = prepareCard(theirs, cache);
  const expected = new Float64Array(count);
  let compared = 0;
  while (runs.round < 5 && advance(runs, (from, to) => chargeBlock(prepared, runs, amounts, from, to))) {
    const summaries = new Map(runs.summaries.map((summary) => [summary.slot, summary]));
    for (let slot = 0; slot < runs.live; slot++) {
      const summary = summaries.get(slot);
      const price = (input: number, resent: number, output: number) =>
        priceCall(theirs.rates, callOf(cache, input, resent, output));
      const own = price(runs.input[slot]!, runs.resent[slot]!, runs.output[slot]!);
      const extra = summary === undefined ? 0 : price(summary.input, summary.resent, summary.output);
      expect(amounts.cost[slot]).toBe(own + extra);
      expected[slot]! += own + extra;
      compared++;
    }
  }
  expect(amounts.spent).toEqual(expected);
  expect(amounts.peaks.spent).toBe(Math.max(...expected));
  return compared;
}

test('columns cost what priceCall says, for any rates', () => {
  fc.assert(
    fc.property(cardArb, cacheArb, fc.constantFrom(PRESETS.coding, HUGE), (theirs, cache, profile) => {
      expect(compareRounds(profile, theirs, cache as 'none')).toBeGreaterThan(250);
    }),
    { seed: SEED, numRuns: 150 },
  );
});

test('rates of every kind take the way that is exact for them', () => {
  expect(prepareCard(card('0.25', '1.25'), 'none')).toMatchObject({
    unit: 1,
    fresh: 250,
    resent: 250,
    output: 1250,
  });
  expect(prepareCard(card('0.1625', '1.3'), 'none')).toMatchObject({ unit: 10, fresh: 1625, output: 13_000 });
  expect(prepareCard(card('0.08333333333333334', '1'), 'none')).toMatchObject({ unit: 0, output: 1000 });
  expect(prepareCard(card('0.25', '1', '0.025', '0.3125'), 'anthropic')).toMatchObject({
    unit: 10,
    fresh: 3125,
    resent: 250,
  });
  expect(prepareCard(card('0.25', '1', '0.025', '0.3125'), 'openai')).toMatchObject({
    unit: 1,
    fresh: 250,
    resent: 25,
  });
  expect(prepareCard(card('0', '0', '1', '1'), 'none').isFree).toBe(true);
  expect(prepareCard(card('0', '0', '1', '1'), 'openai').isFree).toBe(false);
});

test('a call that a cache style bills', () => {
  expect(callOf('none', 100, 60, 5)).toEqual({
    inputTokens: 100,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 5,
  });
  expect(callOf('openai', 100, 60, 5)).toMatchObject({ cachedTokens: 60, cacheWriteTokens: 0 });
  expect(callOf('anthropic', 100, 60, 5)).toMatchObject({ cachedTokens: 60, cacheWriteTokens: 40 });
});

test('amounts beyond the exact range are refused, not rounded', () => {
  expect(() => compareRounds(HUGE, card('900000000', '1'), 'none')).toThrow(
    expect.objectContaining({
      code: 'invalid_argument',
      message: expect.stringMatching(/beyond every account/),
    }),
  );
});

test('an unreadable rate is refused', () => {
  expect(() => prepareCard(card('1e', '1'), 'none')).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  );
});
