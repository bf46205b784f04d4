/**
 * Two crons, or ten, or one that dies halfway, grant a month once. Source: contract 5.8. On PostgreSQL, and with more kills,
 * in the long form.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { type AnyTestLedger, NOON, testLedger, zones } from '../helpers/ledger.ts';
import { asAdmin, postgresLedger } from '../helpers/postgres.ts';
import { type Ended, LONG, PATIENCE, runProgram, startProgram } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const CRONS = 10;
/** In the months after the first. */
const LATER_CRONS = 3;
/** More than fit one transaction of a rollover, so that a kill can come between two. */
const ACCOUNTS = 1_200;
/** Rollovers that die with some of their accounts done. */
const KILLS = LONG ? 10 : 1;
const PLANS = ['pro', 'harness', 'team'] as const;

/** Noon of the first of a month of 2026, after the cycles that began on a 31st have turned. */
const firstOf = (month: number): string => new Date(Date.UTC(2026, month - 1, 1, 12)).toISOString();

/** Monthly lots that a rollover granted: how many there are of one account and cycle at most, and in all. */
interface CycleLots {
  readonly most: number;
  readonly all: number;
}

const COUNT = `SELECT max(n), sum(n) FROM
  (SELECT count(*) AS n FROM lot WHERE source = 'monthly' GROUP BY account, cycle) AS lots`;

/** A ledger as crons and an onlooker see it. */
interface Books {
  readonly t: AnyTestLedger;
  /** What names it for the program. */
  readonly env: Readonly<Record<string, string>>;
  cycleLots(): Promise<CycleLots>;
}

const accounts = () =>
  Array.from({ length: ACCOUNTS }, (_, no) => {
    const plan = PLANS[no % PLANS.length]!;
    return openWork({ account: `user-${no}`, plan, zone: 'UTC', anchorAt: null }, NOON, zones, false);
  });

const ENGINES = {
  async SQLite(): Promise<Books> {
    const t = testLedger({ plan: 'free' });
    await t.store.openAccounts(accounts());
    return {
      t,
      env: { CREDITS_DB: t.file },
      async cycleLots() {
        const db = new Database(t.file, { readonly: true });
        try {
          const [most, all] = db.prepare(COUNT).raw().get() as [number, number];
          return { most, all };
        } finally {
          db.close();
        }
      },
    };
  },
  async PostgreSQL(): Promise<Books> {
    const t = await postgresLedger({ plan: 'free' });
    await t.store.openAccounts(accounts());
    return {
      t,
      env: { CREDITS_DB: t.database.url },
      async cycleLots() {
        const [row] = (await asAdmin(t.database.url, COUNT)) as { max: string; sum: string }[];
        return { most: Number(row!.max), all: Number(row!.sum) };
      },
    };
  },
};

interface Change {
  readonly account: string;
  readonly granted: number;
  readonly missed: number;
}

const argv = (now: string) => ['cycle', 'rollover', '--all', '--json', '--quiet', '--now', now];

function changesOf(end: Ended): Change[] {
  expect([end.code, end.stderr]).toEqual([0, '']);
  return JSON.parse(end.stdout).changes;
}

async function atOnce(crons: number, { env }: Books, now: string): Promise<Change[]> {
  const ends = await Promise.all(Array.from({ length: crons }, () => runProgram(argv(now), { env })));
  return ends.flatMap(changesOf);
}

/** Starts a rollover and kills it as soon as some of its accounts are done. @returns how many were by then */
async function killHalfway({ env, cycleLots }: Books, now: string, before: number): Promise<number> {
  const cron = startProgram(argv(now), { env, input: '' });
  let over = false;
  void cron.ended.then(() => {
    over = true;
  });
  while (!over && (await cycleLots()).all === before) await sleep(2);
  cron.kill('SIGKILL');
  await cron.ended;
  return (await cycleLots()).all - before;
}

const engines = Object.entries(ENGINES).filter(([name]) => LONG || name === 'SQLite');

it.each(engines)(
  `on %s: ten rollovers of ${ACCOUNTS} accounts at once, again, ${KILLS} killed, and three months late`,
  async (name, make) => {
    const books = await make();
    let lots = (await books.cycleLots()).all;
    expect(lots).toBe(ACCOUNTS);

    const first = await atOnce(CRONS, books, firstOf(3));
    expect(new Set(first.map(({ account }) => account)).size).toBe(ACCOUNTS);
    expect(first).toHaveLength(ACCOUNTS);
    expect(first.every(({ granted, missed }) => granted > 0 && missed === 0)).toBe(true);
    lots += ACCOUNTS;
    expect(await books.cycleLots()).toEqual({ most: 1, all: lots });
    expect(await atOnce(1, books, firstOf(3))).toEqual([]);

    // All is done in a moment: the kill comes too late in some months, and too early in none.
    const halfway: number[] = [];
    let month = 3;
    while (halfway.length < KILLS && month < 3 + 16 * KILLS) {
      month += 1;
      const done = await killHalfway(books, firstOf(month), lots);
      const rest = await atOnce(LATER_CRONS, books, firstOf(month));
      expect(new Set(rest.map(({ account }) => account)).size).toBe(rest.length);
      // PostgreSQL may commit what it was told before the kill a moment after it.
      if (name === 'SQLite') expect(rest).toHaveLength(ACCOUNTS - done);
      else expect(rest.length).toBeLessThanOrEqual(ACCOUNTS - done);
      if (rest.length > 0 && rest.length < ACCOUNTS) halfway.push(ACCOUNTS - rest.length);
      lots += ACCOUNTS;
      expect(await books.cycleLots()).toEqual({ most: 1, all: lots });
    }
    console.info(`${name}: rollovers killed with ${halfway.join(', ')} of ${ACCOUNTS} accounts done`);
    expect(halfway).toHaveLength(KILLS);

    const late = firstOf(month + 4);
    const caughtUp = await atOnce(LATER_CRONS, books, late);
    expect(caughtUp).toHaveLength(ACCOUNTS);
    expect(caughtUp.every(({ missed }) => missed === 3)).toBe(true);
    expect(await books.cycleLots()).toEqual({ most: 1, all: lots + ACCOUNTS });
    expect(await atOnce(1, books, late)).toEqual([]);
    await books.t.done();
  },
);
