/**
 * The guard of the race: without the lock on the account's row the same test must fail, or it proves nothing. Then the
 * database's own rules refuse what two nodes decided at once, or credits are given out twice.
 */
import { expect, it, vi } from 'vitest';
import { FAIR, race, racingLedger } from '../helpers/postgres-race.ts';
import { LONG, PATIENCE } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

vi.mock('../../src/store/postgres-sql.ts', async (original) => {
  const module = await original<typeof import('../../src/store/postgres-sql.ts')>();
  const { lockAccounts, ...rest } = module.POSTGRES_SQL;
  if (!lockAccounts.endsWith(' FOR UPDATE')) throw new Error('the lock is not where it was');
  return { ...module, POSTGRES_SQL: { ...rest, lockAccounts: lockAccounts.replace(' FOR UPDATE', '') } };
});

/** Races in the suite's own test of the lock. */
const RACES = 10;

/** True when one of the races ends unfairly: then the suite's test would have failed. One may end fairly by chance. */
async function failsWithoutLock(): Promise<boolean> {
  for (let round = 0; round < RACES; round += 1) {
    const t = await racingLedger();
    const end = await race(t);
    // What it leaves may be anything; it is not asked to add up.
    await t.done().catch(() => {});
    if (JSON.stringify(end) !== JSON.stringify(FAIR)) return true;
  }
  return false;
}

it('the test of the lock fails without it', async () => {
  const times = LONG ? 100 : 1;
  let failed = 0;
  for (let time = 0; time < times; time += 1) if (await failsWithoutLock()) failed += 1;
  if (LONG) console.info(`without the lock ${failed} of ${times} runs failed`);
  expect(failed).toBeGreaterThanOrEqual(Math.ceil(times * 0.99));
});
