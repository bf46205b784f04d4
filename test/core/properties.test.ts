/**
 * Random histories of one account, decided by the ledger and by the naive model beside it; after every step both must
 * tell the same. CREDITS_TEST_RUNS sets how many histories (default 2000), CREDITS_TEST_SEED which.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Step, stepArb, type World, worldArb } from '../helpers/histories.ts';
import { Pair } from '../helpers/pair.ts';

const RUNS = Number(process.env.CREDITS_TEST_RUNS ?? 2_000);
const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_260_131);

function play(world: World, steps: readonly Step[], reached: Map<string, number>): void {
  const pair = new Pair(world, reached);
  for (const step of steps) pair.take(step);
}

test(`${RUNS} histories of seed ${SEED} against the naive model`, { timeout: 3_600_000 }, () => {
  const reached = new Map<string, number>();
  fc.assert(
    fc.property(worldArb, fc.array(stepArb, { minLength: 1, maxLength: 60, size: 'max' }), (world, steps) =>
      play(world, steps, reached),
    ),
    { seed: SEED, numRuns: RUNS },
  );
  // A history that never meets a rule proves nothing about it.
  const rare = [
    'after a month without credits',
    'set again',
    'refused account_closed',
    'refused already_granted',
    'refused hold_already_resolved',
    'refused in_debt',
    'refused insufficient_credits',
    'refused invalid_argument',
    'refused unknown_hold',
    'refused unknown_lot',
    'refused unknown_model',
    'refused unknown_plan',
    'refused unpriced_model',
    'booked in the past',
    'byok',
    'debt',
    'expired under a hold',
    'late',
    'missed',
    'overrun',
    'pending plan booked',
    'prorated',
    'released into an ended lot',
    'repaid',
    'restarted',
    'revoked under a hold',
    'two halves',
  ];
  const seldom = rare.filter((event) => (reached.get(event) ?? 0) < Math.floor(RUNS / 300));
  expect(seldom, JSON.stringify([...reached])).toEqual([]);
});
