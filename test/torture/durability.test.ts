/**
 * What makes a commit last: full synchronisation on every connection, a log that is forced to disk, and files that only
 * their owner can reach.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { openSqlite } from '../../src/store/sqlite-open.ts';
import { NOON, spendOf, testLedger } from '../helpers/ledger.ts';
import {
  crew,
  dismiss,
  newFolder,
  PATIENCE,
  PROGRAM,
  startProcess,
  until,
  workerOf,
  workshop,
} from '../helpers/processes.ts';
import { openLedger, workerOptions } from '../helpers/worker-ledger.ts';
import type { InitAnswer, RaceAnswer, Task } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const shop = workshop<Task>('test/torture/worker.ts');
const folder = newFolder();
afterAll(() => {
  shop.close();
  fs.rmSync(folder, { recursive: true });
});

/** How many keys a worker's journal says are booked. */
function acknowledged(journal: string): number {
  if (!fs.existsSync(journal)) return 0;
  return fs.readFileSync(journal, 'utf8').match(/^ack .+$/gm)?.length ?? 0;
}

const modeOf = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);

describe('every connection to a ledger', () => {
  const { close } = Database.prototype;
  afterEach(() => {
    Database.prototype.close = close;
  });

  it('has full synchronisation, foreign keys and the write-ahead log', async () => {
    const seen: unknown[] = [];
    Database.prototype.close = function (this: Database.Database) {
      if (this.open && !this.memory) {
        const facts = ['synchronous', 'foreign_keys', 'journal_mode', 'trusted_schema'];
        seen.push(facts.map((name) => this.pragma(name, { simple: true })));
      }
      return close.call(this);
    };
    const t = testLedger();
    await t.ledger.spend('default', spendOf('1'));
    for (const access of ['read', 'write'] as const) await t.reopen(access).ledger.balance('default');
    // Verifying opens connections of its own.
    await t.done();
    expect(seen.length).toBeGreaterThanOrEqual(4);
    expect(seen).toEqual(seen.map(() => [2, 1, 'wal', 0]));
  });

  it('puts a copy without the log, as `VACUUM INTO` makes one, back on it before it writes', async () => {
    const t = testLedger();
    const copy = path.join(folder, 'copy.db');
    new Database(t.file).exec(`VACUUM INTO '${copy}'`).close();
    const raw = new Database(copy);
    expect(raw.pragma('journal_mode', { simple: true })).toBe('delete');
    raw.close();
    const { store, ledger } = openLedger(copy, NOON);
    const { db } = store as unknown as { db: Database.Database };
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    await ledger.spend('default', spendOf('1'));
    await ledger.close();
    await t.done();
  });
});

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
if (!canTrace) console.info('skipped: counting fsyncs (no strace, or it may not trace)');

describe.skipIf(!canTrace)('under strace', () => {
  it('there is at least one fsync for each commit', async () => {
    const t = testLedger();
    const trace = path.join(folder, 'trace');
    const argv = ['-f', '-e', 'trace=fsync,fdatasync', '-o', trace, process.execPath, shop.file];
    const worker = workerOf<Task>(startProcess('strace', argv));
    await worker.ready();
    const syncs = () => fs.readFileSync(trace, 'utf8').match(/\b(fsync|fdatasync)\(/g)?.length ?? 0;
    const before = syncs();
    const task = { role: 'race', file: t.file, at: NOON, what: 'spend', amount: '0.1' } as const;
    worker.start({ ...task, name: 'traced', tries: 100, everyMs: 0 });
    expect(await worker.answer<RaceAnswer>()).toMatchObject({ done: 100 });
    const counted = syncs() - before;
    console.info(`${counted} fsyncs for 100 commits`);
    expect(counted).toBeGreaterThanOrEqual(100);
    await dismiss([worker]);
    await t.done();
  });
});

describe('with umask 000', () => {
  it('the ledger, its side files and new folders are the owner’s alone, also over an empty file of mode 644', async () => {
    const top = path.join(folder, 'new');
    const files = [path.join(top, 'deep', 'ledger.db'), path.join(folder, 'empty.db')];
    fs.writeFileSync(files[1]!, '');
    fs.chmodSync(files[1]!, 0o644);
    for (const file of files) {
      const [worker] = await crew(shop, 1);
      worker!.start({ role: 'init', file, at: NOON, umask: 0 });
      expect(await worker!.answer<InitAnswer>()).toEqual({ code: null });
      // Writing until it is killed, the worker keeps the side files there.
      const journal = path.join(folder, `${path.basename(path.dirname(file))}.journal`);
      worker!.start({ role: 'write', file, at: NOON, name: 'w', journal });
      await until(() => acknowledged(journal) > 0, worker!);
      const all = [file, `${file}-wal`, `${file}-shm`];
      expect(all.map(modeOf)).toEqual(['600', '600', '600']);
      worker!.kill('SIGKILL');
      await worker!.ended;
      const { ledger } = openLedger(file, NOON);
      expect((await ledger.verify()).ok).toBe(true);
      await ledger.close();
    }
    expect([top, path.dirname(files[0]!)].map(modeOf)).toEqual(['700', '700']);
  });

  it('the program does the same', async () => {
    const file = path.join(folder, 'by-program', 'ledger.db');
    const argv = ['-c', 'umask 000; exec "$0" "$@"', process.execPath, PROGRAM, 'init', '--db', file];
    const end = await startProcess('sh', argv, { input: '', env: { HOME: folder } }).ended;
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect([path.dirname(file), file].map(modeOf)).toEqual(['700', '600']);
  });
});

describe('after a crash and a restart of the machine', () => {
  it('a reader alone finds what is in the log', async () => {
    const t = testLedger();
    const [writer] = await crew(shop, 1);
    const journal = path.join(folder, 'crash.journal');
    writer!.start({ role: 'write', file: t.file, at: NOON, name: 'w', journal });
    await until(() => acknowledged(journal) >= 20, writer!);
    writer!.kill('SIGKILL');
    await writer!.ended;
    // A copy of ledger and log without the shared index is what a restarted machine has.
    const copy = path.join(folder, 'restarted.db');
    fs.copyFileSync(t.file, copy);
    fs.copyFileSync(`${t.file}-wal`, `${copy}-wal`);
    const store = openSqlite(copy, 'read', workerOptions());
    const { state } = await store.read('default');
    expect(state.account.receiptSeq).toBeGreaterThanOrEqual(acknowledged(journal));
    await store.close();
    await t.done();
  });

  it('a log that a deleted ledger left behind does not come into a new one', async () => {
    const t = testLedger();
    await t.ledger.spend('default', spendOf('1'));
    const file = path.join(folder, 'again.db');
    fs.copyFileSync(`${t.file}-wal`, `${file}-wal`);
    const [worker] = await crew(shop, 1);
    worker!.start({ role: 'init', file, at: NOON });
    expect(await worker!.answer<InitAnswer>()).toEqual({ code: null });
    await dismiss([worker!]);
    const { ledger } = openLedger(file, NOON);
    expect((await ledger.verify()).ok).toBe(true);
    expect((await ledger.balance('default')).plan).toBe('harness');
    await ledger.close();
    await t.done();
  });
});
