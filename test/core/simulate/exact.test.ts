import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MICRO, type Microcredits } from '../../../src/core/credits.ts';
import { priceCall } from '../../../src/core/rates.ts';
import { callOf } from '../../../src/core/simulate/cards.ts';
import { type ExactOptions, floorSum, simulateExactly } from '../../../src/core/simulate/exact.ts';
import { cacheArb, card, cardArb, HAIKU } from './rates.ts';

const SEED = 20_260_301;
const options = (some: Partial<ExactOptions>): ExactOptions => ({
  baseTokens: 2000,
  toolTokens: 300,
  outputTokens: 200,
  rounds: 25,
  card: HAIKU,
  cache: 'none',
  budget: null,
  ...some,
});
const credits = (amount: number) => Math.round(amount * MICRO) as Microcredits;
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) });

/** Round by round, one call at a time, on BigInt: no closed form and no shared sums. */
function naiveTotal(
  { baseTokens, toolTokens, outputTokens, card, cache }: ExactOptions,
  rounds: number,
): bigint {
  let total = 0n;
  let sent = 0;
  let context = baseTokens;
  for (let round = 1; round <= rounds; round++) {
    total += BigInt(priceCall(card.rates, callOf(cache, context, sent, outputTokens)));
    sent = context;
    context += outputTokens + toolTokens;
  }
  return total;
}

const optionsArb = fc.record({
  baseTokens: fc.nat({ max: 50_000 }),
  toolTokens: fc.nat({ max: 5_000 }),
  outputTokens: fc.nat({ max: 2_000 }),
  rounds: fc.integer({ min: 1, max: 60 }),
  card: cardArb,
  cache: cacheArb,
  budget: fc.integer({ min: 0, max: 2_000_000_000 }).map((amount) => amount as Microcredits),
}) as fc.Arbitrary<ExactOptions>;

describe('a run by hand', () => {
  const result = simulateExactly(options({ rounds: 3, budget: credits(2) }));

  test('sends the whole context again in every round', () => {
    expect(result.rounds).toEqual([
      { round: 1, inputTokens: 2000, outputTokens: 200, credits: 750_000, cumulative: 750_000 },
      { round: 2, inputTokens: 2500, outputTokens: 200, credits: 875_000, cumulative: 1_625_000 },
      { round: 3, inputTokens: 3000, outputTokens: 200, credits: 1_000_000, cumulative: 2_625_000 },
    ]);
    expect([result.total, result.inputTokens, result.outputTokens]).toEqual([2_625_000, 7500, 600]);
  });

  test('is held against the budget', () => {
    expect([result.affordable, result.exhaustedAtRound, result.recommendedMaxRounds]).toEqual([false, 3, 2]);
  });

  test('pays mostly for what was sent before', () => {
    // (2000 + 2500) of 7500 input tokens, at 250 microcredits.
    expect(result.resentShare).toBe(0.428571);
  });

  test('answers nothing about a budget that is not there', () => {
    const free = simulateExactly(options({}));
    expect([free.affordable, free.exhaustedAtRound, free.recommendedMaxRounds]).toEqual([null, null, null]);
  });

  test('cached context costs the cache rate from round 2 on', () => {
    const cached = card('3', '15', '0.3', '3.75');
    const anthropic = simulateExactly(options({ rounds: 2, card: cached, cache: 'anthropic' }));
    expect(anthropic.rounds.map((round) => round.credits)).toEqual([
      2000 * 3750 + 200 * 15_000,
      2000 * 300 + 500 * 3750 + 200 * 15_000,
    ]);
    const openai = simulateExactly(options({ rounds: 2, card: cached, cache: 'openai' }));
    expect(openai.rounds.map((round) => round.credits)).toEqual([
      2000 * 3000 + 200 * 15_000,
      2000 * 300 + 500 * 3000 + 200 * 15_000,
    ]);
  });
});

describe('the closed form', () => {
  test('in tokens, always: N·B + (T+O)·N(N−1)/2', () => {
    fc.assert(
      fc.property(optionsArb, (some) => {
        const { baseTokens: b, toolTokens: t, outputTokens: o, rounds: n } = some;
        const result = simulateExactly(some);
        expect(result.inputTokens).toBe(n * b + ((t + o) * n * (n - 1)) / 2);
        expect(result.outputTokens).toBe(n * o);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test.each([
    ['0.25', '1.25', 250n, 1250n],
    ['3', '15', 3000n, 15_000n],
    ['2.5', '10', 2500n, 10_000n],
    ['0.15', '0.6', 150n, 600n],
    ['1.25', '10', 1250n, 10_000n],
  ])(
    'in credits where a token costs whole microcredits: %s / %s',
    (input, output, inputMicro, outputMicro) => {
      const result = simulateExactly(options({ card: card(input, output), rounds: 10_000 }));
      const sent = 10_000n * 2000n + (500n * 10_000n * 9_999n) / 2n;
      expect(BigInt(result.total)).toBe(sent * inputMicro + 10_000n * 200n * outputMicro);
    },
  );

  test('equals the sum of rounds for any rates, and so do both checks of the budget', () => {
    fc.assert(
      fc.property(optionsArb, (some) => {
        const result = simulateExactly(some);
        expect(BigInt(result.total)).toBe(naiveTotal(some, some.rounds));
        expect(result.affordable).toBe(result.total <= some.budget!);
        const gone = result.rounds.find((round) => round.cumulative > some.budget!)?.round ?? null;
        expect(result.exhaustedAtRound).toBe(gone);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('floorSum equals the sum it stands for', () => {
    const positive = fc.bigInt({ min: 1n, max: 10n ** 20n });
    const some = fc.bigInt({ min: 0n, max: 10n ** 20n });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), positive, some, some, (n, unit, step, start) => {
        let sum = 0n;
        for (let i = 0n; i < BigInt(n); i++) sum += (step * i + start) / unit;
        expect(floorSum(BigInt(n), unit, step, start)).toBe(sum);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('the recommended cap', () => {
  test('is the last that fits, also beyond the rounds asked for', () => {
    fc.assert(
      fc.property(optionsArb, (some) => {
        const most = simulateExactly(some).recommendedMaxRounds;
        if (most === null || most > 3000) return;
        expect(naiveTotal(some, most) <= BigInt(some.budget!)).toBe(true);
        expect(naiveTotal(some, most + 1) <= BigInt(some.budget!)).toBe(false);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test.each<[string, Partial<ExactOptions>, number | null]>([
    ['nothing fits', { budget: credits(0.749999) }, 0],
    ['round 1 fits exactly', { budget: credits(0.75) }, 1],
    ['a free model', { budget: credits(1), card: card('0', '0') }, null],
    ['no tokens', { budget: credits(1), baseTokens: 0, toolTokens: 0, outputTokens: 0 }, null],
    ['no growth', { budget: credits(5), toolTokens: 0, outputTokens: 0 }, 10],
    [
      'later rounds are free',
      { budget: credits(9), outputTokens: 0, card: card('1', '1', '0', '0'), cache: 'anthropic' },
      null,
    ],
    [
      'a vast budget ends at 1,000,000,000 input tokens',
      { budget: credits(8e9), card: card('0.001', '0') },
      1_999_997,
    ],
    [
      'free until something is sent',
      { budget: 500 as Microcredits, baseTokens: 0, card: card('0.001', '0') },
      2,
    ],
  ])('%s', (_, some, expected) => {
    expect(simulateExactly(options({ rounds: 1, ...some })).recommendedMaxRounds).toBe(expected);
  });
});

describe('refusals', () => {
  test.each<[string, Partial<ExactOptions>, RegExp]>([
    ['a fraction of a token', { baseTokens: 1.5 }, /base-tokens/],
    ['negative tokens', { toolTokens: -1 }, /tool-tokens/],
    ['more than 1,000,000,000 tokens', { outputTokens: 1_000_000_001 }, /output-tokens/],
    ['no rounds', { rounds: 0 }, /max-rounds/],
    ['more than 10,000 rounds', { rounds: 10_001 }, /max-rounds/],
    [
      'an input beyond 1,000,000,000 tokens',
      { baseTokens: 1_000_000_000, rounds: 2 },
      /round 2 would send 1000000500/,
    ],
    ['a budget in debt', { budget: -1 as Microcredits }, /budget/],
    [
      'a cost beyond every account',
      { baseTokens: 900_000_000, card: card('9000', '1'), rounds: 2 },
      /beyond every/,
    ],
    ['an unreadable rate', { card: card('x', '1'), budget: credits(1) }, /./],
  ])('%s', (_, some, message) => {
    const expected =
      some.card?.rates.input === 'x'
        ? expect.objectContaining({ code: 'integrity_failure' })
        : refused(message);
    expect(() => simulateExactly(options(some))).toThrow(expected);
  });

  test('the largest input allowed is priced', () => {
    const result = simulateExactly(options({ baseTokens: 999_999_500, rounds: 2 }));
    expect(result.rounds[1]!.inputTokens).toBe(1_000_000_000);
  });
});
