/** A ledger that another process holds is waited for; only beyond the budget is it `ledger_busy`, and nothing was written. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import type { Work } from '../../src/ledger/store.ts';
import { isBusy, sqliteRefusal } from '../../src/store/sqlite-errors.ts';
import { openSqlite } from '../../src/store/sqlite-open.ts';
import { credits, NOON, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import {
  crew,
  dismiss,
  failureOf,
  longOnly,
  newFolder,
  PATIENCE,
  runProgram,
  startProgram,
  type Worker,
  workshop,
} from '../helpers/processes.ts';
import { openLedger, workerOptions } from '../helpers/worker-ledger.ts';
import type { InitAnswer, LockTask, Task } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

/** Longer than SQLite itself waits before it gives the word back to us (250 ms). */
const A_WHILE_MS = 600;

const shop = workshop<Task>('test/torture/worker.ts');
let other: Worker<Task>;
let maker: Worker<Task>;
beforeAll(async () => {
  [other, maker] = (await crew(shop, 2)) as [Worker<Task>, Worker<Task>];
});
afterAll(async () => {
  await dismiss([other, maker]);
  shop.close();
});

let release = async (): Promise<void> => {};
/** Takes a lock in the other process; `release` gives it back, at the latest after the test. */
async function lock(file: string, mode: LockTask['mode']): Promise<void> {
  other.start({ role: 'lock', file, mode });
  await other.answer();
  release = async () => {
    release = async () => {};
    other.say('');
    await other.answer();
  };
}
afterEach(() => release());

/** True as long as a promise is neither kept nor broken. */
function pending(promise: Promise<unknown>): () => boolean {
  let open = true;
  const end = () => {
    open = false;
  };
  promise.then(end, end);
  return () => open;
}

describe('while another process holds the write lock', () => {
  it('a write waits and is booked, and reads go on', async () => {
    const t = testLedger();
    await lock(t.file, 'IMMEDIATE');
    const spend = t.ledger.spend('default', spendOf('1'));
    const waits = pending(spend);
    await sleep(A_WHILE_MS);
    expect(waits()).toBe(true);
    const { ledger } = t.reopen('read');
    expect((await ledger.balance('default')).available).toBe(credits('50'));
    await release();
    expect((await spend).available).toBe(credits('49'));
    await t.done();
  });

  it('nothing is read or decided before the lock is ours: what is read later cannot be out of date', async () => {
    const t = testLedger();
    await lock(t.file, 'IMMEDIATE');
    let decided = 0;
    const work: Work = {
      account: 'default',
      now: NOON,
      loads: {},
      dryRun: false,
      decide: () => {
        decided += 1;
        throw new LedgerError('in_debt', 'no');
      },
    };
    const done = t.store.execute([work]);
    await sleep(A_WHILE_MS);
    expect(decided).toBe(0);
    await release();
    await done;
    expect(decided).toBe(1);
    await t.done();
  });

  it('a write beyond the budget is refused, has written nothing and works later with the same key', async () => {
    const t: TestLedger = testLedger({ options: { busyBudgetMs: 50 } });
    await lock(t.file, 'IMMEDIATE');
    const writes = [
      () => t.ledger.spend('default', spendOf('1'), { key: 'k' }),
      () => t.ledger.openAccount({ account: 'second', plan: 'free', zone: 'UTC', anchorAt: null }),
      () => t.ledger.runCycle('rollover', 'default'),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'ledger_busy' });
    expect((await t.ledger.balance('default')).available).toBe(credits('50'));
    await release();
    for (const write of writes) await write();
    expect((await t.ledger.spend('default', spendOf('1'), { key: 'k' })).replayed).toBe(true);
    await t.done();
  });

  it('an interrupt ends the wait: nothing is written and the ledger stays usable', async () => {
    const stop = new AbortController();
    const t = testLedger({ options: { signal: stop.signal } });
    await lock(t.file, 'IMMEDIATE');
    const spend = t.ledger.spend('default', spendOf('1'));
    const refused = expect(spend).rejects.toMatchObject({ code: 'cancelled' });
    await sleep(A_WHILE_MS);
    stop.abort();
    await refused;
    await release();
    expect((await t.ledger.balance('default')).available).toBe(credits('50'));
    await t.done();
  });

  it('the program waits too', async () => {
    const t = testLedger();
    await lock(t.file, 'IMMEDIATE');
    const spend = startProgram(['spend', '1', '--db', t.file, '--key', 'k'], { input: '' });
    await spend.prints('test ledger', 'stderr');
    const waits = pending(spend.ended);
    await sleep(A_WHILE_MS);
    expect(waits()).toBe(true);
    await release();
    expect((await spend.ended).code).toBe(0);
    await t.done();
  });

  it.runIf(longOnly('half a minute of waiting'))(
    'the program gives up after half a minute, with exit 75',
    async () => {
      const t = testLedger();
      await lock(t.file, 'IMMEDIATE');
      const end = await runProgram(['spend', '1', '--db', t.file, '--json']);
      expect([end.code, end.stdout, failureOf(end).code]).toEqual([75, '', 'ledger_busy']);
      await release();
      await t.done();
    },
  );
});

describe('while another process holds every lock, as the last one to close a ledger does', () => {
  it('opening waits, or is refused beyond the budget', async () => {
    const folder = newFolder();
    const file = path.join(folder, 'ledger.db');
    maker.start({ role: 'init', file, at: NOON });
    expect(await maker.answer<InitAnswer>()).toEqual({ code: null });
    await lock(file, 'EXCLUSIVE');
    for (const access of ['read', 'write'] as const) {
      const open = () => openSqlite(file, access, workerOptions(50));
      expect(open).toThrow(expect.objectContaining({ code: 'ledger_busy' }));
    }
    const read = startProgram(['balance', '--total', '--db', file], { input: '' });
    const write = startProgram(['spend', '1', '--db', file, '--quiet'], { input: '' });
    const wait = [pending(read.ended), pending(write.ended)];
    // Long enough for both to have started and to have been refused once.
    await sleep(4 * A_WHILE_MS);
    expect(wait.map((waits) => waits())).toEqual([true, true]);
    await release();
    expect([(await read.ended).code, (await write.ended).code]).toEqual([0, 0]);
    const { ledger } = openLedger(file, NOON);
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();
    fs.rmSync(folder, { recursive: true });
  });
});

describe('while another process is at the place of a new ledger', () => {
  it.each([
    ['writing to a blank one', 'IMMEDIATE', 'WAL'],
    ['with every lock on a blank one', 'EXCLUSIVE', 'WAL'],
    ['with a lock on an empty file', 'IMMEDIATE', 'DELETE'],
  ] as const)('%s, the making waits', async (_, mode, journal) => {
    const folder = newFolder();
    const file = path.join(folder, 'ledger.db');
    new Database(file).exec(`PRAGMA journal_mode = ${journal}`).close();
    await lock(file, mode);
    maker.start({ role: 'init', file, at: NOON });
    const made = maker.answer<InitAnswer>();
    const waits = pending(made);
    await sleep(2 * A_WHILE_MS);
    expect(waits()).toBe(true);
    await release();
    expect(await made).toEqual({ code: null });
    const { ledger } = openLedger(file, NOON);
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();
    fs.rmSync(folder, { recursive: true });
  });
});

it('what SQLite calls a locking protocol error is a busy ledger', () => {
  // It says so after ten seconds of trying to start a read among many writers; nobody can wait for that in a test.
  const error = Object.assign(new Error('locking protocol'), { code: 'SQLITE_PROTOCOL' });
  expect(isBusy(error)).toBe(true);
  expect(sqliteRefusal(error, 'ledger.db')).toMatchObject({ code: 'ledger_busy' });
});
