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

it('a race without the lock does not end fairly', async () => {
  const rounds = LONG ? 100 : 10;
  let unfair = 0;
  // One race may end fairly by chance: the short form goes on until one does not.
  for (let round = 0; round < rounds && (LONG || unfair === 0); round += 1) {
    const t = await racingLedger();
    const end = await race(t);
    if (JSON.stringify(end) !== JSON.stringify(FAIR)) unfair += 1;
    // What it leaves may be anything; it is not asked to add up.
    await t.done().catch(() => {});
  }
  expect(unfair).toBeGreaterThanOrEqual(LONG ? Math.ceil(rounds * 0.99) : 1);
});
