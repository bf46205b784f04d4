/** Many callers of one ledger share transactions: each is answered after the commit, and one caller's fault stays its own. */
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import { decide } from '../../src/core/ledger/decide.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import type { Work } from '../../src/ledger/store.ts';
import { credits, NOON, sha256, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { PATIENCE } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const CALLERS = 64;

let t: TestLedger;
afterEach(() => t.done());

/** The connection of the store's one door. */
const connectionOf = (ledger: TestLedger) => (ledger.store as unknown as { db: Database.Database }).db;

/** What another process sees. */
function keysOnDisk(file: string): Set<string> {
  const db = new Database(file, { readonly: true });
  const rows = db.prepare('SELECT key FROM receipt WHERE key IS NOT NULL').pluck().all() as string[];
  db.close();
  return new Set(rows);
}

/** Counts statements of the store by their first word. */
function countStatements(ledger: TestLedger): Map<string, number> {
  const db = connectionOf(ledger);
  const counts = new Map<string, number>();
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    const word = sql.split(' ')[0]!;
    counts.set(word, (counts.get(word) ?? 0) + 1);
    return exec(sql);
  };
  return counts;
}

const spendWork = (key: string): Work => ({
  account: 'default',
  now: NOON,
  loads: { key },
  dryRun: false,
  decide: ({ state, catalogue }) =>
    decide(
      state,
      { type: 'spend', ...spendOf('0.1') },
      NOON,
      { catalogue, zones: UTC_RULES },
      {
        key,
        request: sha256(key),
      },
    ),
});

describe(`${CALLERS} callers at once`, () => {
  it('are answered when others can see their spend, in one transaction', async () => {
    t = testLedger();
    const counts = countStatements(t);
    let early = 0;
    const answers = Array.from({ length: CALLERS }, async (_, no) => {
      const receipt = await t.ledger.spend('default', spendOf('0.1'), { key: `k${no}` });
      if (!keysOnDisk(t.file).has(`k${no}`)) early += 1;
      return receipt.receipt;
    });
    expect(new Set(await Promise.all(answers)).size).toBe(CALLERS);
    expect(early).toBe(0);
    expect(counts.get('COMMIT')).toBe(1);
    expect((await t.ledger.balance('default')).available).toBe(credits('43.6'));
  });

  it('get their own refusals: 24 spends of 20 fit 480 credits', async () => {
    t = testLedger();
    const grant = { source: 'promotional', amount: credits('430'), expires: null, priority: 50, note: null };
    await t.ledger.grant('default', grant as never);
    const ends = await Promise.allSettled(
      Array.from({ length: CALLERS }, () => t.ledger.spend('default', spendOf('20'))),
    );
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(24);
    const codes = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['insufficient_credits']));
  });

  it('do not suffer from one whose decision fails', async () => {
    t = testLedger();
    const fault = new TypeError('a defect');
    const bad: Work = {
      ...spendWork('bad'),
      decide: () => {
        throw fault;
      },
    };
    const ends = await Promise.allSettled([
      ...Array.from({ length: CALLERS / 2 }, (_, no) => t.store.execute([spendWork(`before-${no}`)])),
      t.store.execute([spendWork('beside'), bad]),
      ...Array.from({ length: CALLERS / 2 }, (_, no) => t.store.execute([spendWork(`after-${no}`)])),
    ]);
    const rejected = ends.filter((end) => end.status === 'rejected');
    expect(rejected.map((end) => end.reason)).toEqual([fault]);
    const kept = keysOnDisk(t.file);
    expect(kept.size).toBe(CALLERS);
    expect(kept.has('beside')).toBe(false);
  });

  it('do not suffer from one that breaks a rule of the database', async () => {
    t = testLedger();
    const twice: Work = {
      ...spendWork('twice'),
      decide: (loaded) => {
        const outcome = spendWork('twice').decide(loaded);
        if ('replay' in outcome) throw new Error('not a replay');
        return { ...outcome, booked: [...outcome.booked, ...outcome.booked] };
      },
    };
    const ends = await Promise.allSettled([
      t.store.execute([spendWork('a')]),
      t.store.execute([twice]),
      t.store.execute([spendWork('b')]),
    ]);
    expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((ends[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'integrity_failure' });
    expect([...keysOnDisk(t.file)].sort()).toEqual(['a', 'b']);
  });

  it('all hear at once that the ledger is busy: nobody waits for the budgets of the others', async () => {
    t = testLedger({ options: { busyBudgetMs: 0 } });
    const other = new Database(t.file);
    other.exec('BEGIN IMMEDIATE');
    const counts = countStatements(t);
    const ends = await Promise.allSettled(
      Array.from({ length: CALLERS }, () => t.ledger.spend('default', spendOf('0.1'))),
    );
    for (const end of ends) expect(end).toMatchObject({ reason: { code: 'ledger_busy' } });
    expect(counts.get('BEGIN')).toBe(1);
    other.exec('ROLLBACK');
    other.close();
    expect((await t.ledger.spend('default', spendOf('0.1'))).available).toBe(credits('49.9'));
  });

  it('close only when all have been answered', async () => {
    t = testLedger();
    const { ledger } = t.reopen();
    let answered = 0;
    for (let no = 0; no < CALLERS; no += 1) {
      void ledger.spend('default', spendOf('0.1')).then(() => {
        answered += 1;
      });
    }
    await ledger.close();
    expect(answered).toBe(CALLERS);
  });
});

it('a refusal beside bookings rolls nothing back', async () => {
  t = testLedger();
  const refused: Work = {
    ...spendWork('refused'),
    decide: () => {
      throw new LedgerError('in_debt', 'no');
    },
  };
  const results = await t.store.execute([spendWork('a'), refused, spendWork('b')]);
  expect(results.map((result) => result.ok)).toEqual([true, false, true]);
  expect([...keysOnDisk(t.file)].sort()).toEqual(['a', 'b']);
});
