/** Two crons, or ten, or one that dies halfway, grant a month once. Source: contract 5.8. */
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { NOON, type TestLedger, testLedger, zones } from '../helpers/ledger.ts';
import { type Ended, PATIENCE, runProgram, startProgram } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const CRONS = 10;
/** In the months after the first. */
const LATER_CRONS = 3;
/** More than fit one transaction of a rollover, so that a kill can come between two. */
const ACCOUNTS = 1_200;
const PLANS = ['pro', 'harness', 'team'] as const;

/** Noon of the first of a month of 2026, after the cycles that began on a 31st have turned. */
const firstOf = (month: number): string => new Date(Date.UTC(2026, month - 1, 1, 12)).toISOString();

/** Opens many accounts in one transaction. */
function openAccounts(t: TestLedger): void {
  const { db } = t.store as unknown as { db: Database.Database };
  db.exec('BEGIN IMMEDIATE');
  for (let no = 0; no < ACCOUNTS; no += 1) {
    const plan = PLANS[no % PLANS.length]!;
    const input = { account: `user-${no}`, plan, zone: 'UTC', anchorAt: null };
    t.store.openInOpenTransaction(openWork(input, NOON, zones, false));
  }
  db.exec('COMMIT');
}

/** Monthly lots that a rollover granted: how many there are of one account and cycle at most, and in all. */
function cycleLots(file: string): { most: number; all: number } {
  const db = new Database(file, { readonly: true });
  try {
    const [most, all] = db
      .prepare(
        `SELECT max(n), sum(n) FROM (SELECT count(*) AS n FROM lot WHERE source = 'monthly' GROUP BY account, cycle)`,
      )
      .raw()
      .get() as [number, number];
    return { most, all };
  } finally {
    db.close();
  }
}

interface Change {
  readonly account: string;
  readonly granted: number;
  readonly missed: number;
}

const argv = (file: string, now: string) => [
  ...['cycle', 'rollover', '--all', '--json', '--quiet'],
  ...['--db', file, '--now', now],
];

function changesOf(end: Ended): Change[] {
  expect([end.code, end.stderr]).toEqual([0, '']);
  return JSON.parse(end.stdout).changes;
}

const atOnce = async (crons: number, file: string, now: string): Promise<Change[]> =>
  (await Promise.all(Array.from({ length: crons }, () => runProgram(argv(file, now))))).flatMap(changesOf);

/** Starts a rollover and kills it as soon as some of its accounts are done. @returns how many were by then */
async function killHalfway(file: string, now: string, before: number): Promise<number> {
  const cron = startProgram(argv(file, now), { input: '' });
  let over = false;
  void cron.ended.then(() => {
    over = true;
  });
  while (!over && cycleLots(file).all === before) await sleep(2);
  cron.kill('SIGKILL');
  await cron.ended;
  return cycleLots(file).all - before;
}

it(`ten rollovers of ${ACCOUNTS} accounts at once, again, one killed, and three months late`, async () => {
  const t = testLedger({ plan: 'free' });
  openAccounts(t);
  let lots = cycleLots(t.file).all;
  expect(lots).toBe(ACCOUNTS);

  const first = await atOnce(CRONS, t.file, firstOf(3));
  expect(new Set(first.map(({ account }) => account)).size).toBe(ACCOUNTS);
  expect(first).toHaveLength(ACCOUNTS);
  expect(first.every(({ granted, missed }) => granted > 0 && missed === 0)).toBe(true);
  lots += ACCOUNTS;
  expect(cycleLots(t.file)).toEqual({ most: 1, all: lots });
  expect(changesOf(await runProgram(argv(t.file, firstOf(3))))).toEqual([]);

  // All is done in a moment: the kill comes too late in some months.
  let done = ACCOUNTS;
  let month = 3;
  while (done === ACCOUNTS && month < 20) {
    month += 1;
    done = await killHalfway(t.file, firstOf(month), lots);
    const rest = await atOnce(LATER_CRONS, t.file, firstOf(month));
    expect(rest).toHaveLength(ACCOUNTS - done);
    lots += ACCOUNTS;
    expect(cycleLots(t.file)).toEqual({ most: 1, all: lots });
  }
  console.info(`rollover killed with ${done} of ${ACCOUNTS} accounts done`);
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(ACCOUNTS);

  const late = firstOf(month + 4);
  const caughtUp = await atOnce(LATER_CRONS, t.file, late);
  expect(caughtUp).toHaveLength(ACCOUNTS);
  expect(caughtUp.every(({ missed }) => missed === 3)).toBe(true);
  expect(cycleLots(t.file)).toEqual({ most: 1, all: lots + ACCOUNTS });
  expect(changesOf(await runProgram(argv(t.file, late)))).toEqual([]);
  await t.done();
});
