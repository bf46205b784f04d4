/**
 * A full disk refuses, never half-applies, and needs no repair: every kind of write is tried with no page left, then with
 * one page more each time until it passes; and once more on a real file system without space.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { defaultRows } from '../../src/catalog/index.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { settingRows } from '../../src/ledger/new-ledger.ts';
import { createSqlite } from '../../src/store/sqlite-open.ts';
import { credits, NOON, sha256, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { failureOf, newFolder, PATIENCE, runProgram } from '../helpers/processes.ts';
import { holdInput, ledgerOver, openLedger, workerOptions } from '../helpers/worker-ledger.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

/** Times a kind of write is repeated until it needs a page that is not there. */
const TRIES = 25;
const NOTE = 'x'.repeat(900);

const connectionOf = (t: TestLedger) => (t.store as unknown as { db: Database.Database }).db;

const pagesOf = (db: Database.Database): number => db.pragma('page_count', { simple: true }) as number;

/** A hash of all rows that another process sees. */
function contentOf(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).pluck();
    const rows = tables.all().map((table) => db.prepare(`SELECT * FROM ${table}`).raw().all());
    return sha256(JSON.stringify(rows));
  } finally {
    db.close();
  }
}

const grantOf = (note: string) =>
  ({ source: 'promotional', amount: credits('1'), expires: null, priority: 50, note }) as const;

type Write = (no: number) => Promise<unknown>;

/** Every kind of write, each on things of its own that are there beforehand. */
async function writesOf(t: TestLedger): Promise<Record<string, Write>> {
  const { ledger } = t;
  const numbers = Array.from({ length: TRIES }, (_, no) => no);
  const make = (one: (no: number) => Promise<unknown>) => Promise.all(numbers.map(one));
  const holds = [] as string[];
  const lots = [] as string[];
  await make(async (no) => {
    for (const of of [2 * no, 2 * no + 1]) {
      holds[of] = (await ledger.hold('default', holdInput('0.01'))).hold!;
      lots[of] = (await ledger.grant('default', grantOf('to be ended'))).lot!;
    }
  });
  for (const no of numbers) {
    for (const kind of ['plan', 'close', 'cycle', 'lapse']) {
      const plan = kind === 'cycle' ? 'pro' : 'free';
      await ledger.openAccount({ account: `${kind}-${no}`, plan, zone: 'UTC', anchorAt: null });
    }
  }
  const rates = { input: '1', output: '1', cacheRead: null, cacheWrite: null, from: null };
  const text = (no: number) => `${no}-${'y'.repeat(150)}`;
  return {
    spend: (no) => ledger.spend('default', spendOf('0.01', { note: NOTE }), { key: `spend-${no}` }),
    'spend many': (no) =>
      ledger.spendMany(
        numbers.slice(0, 15).map((item) => {
          const key = `many-${no}-${item}`;
          return { account: 'default', key, input: spendOf('0.001', { note: NOTE }) };
        }),
      ),
    hold: (no) => ledger.hold('default', holdInput('0.01', NOTE), { key: `hold-${no}` }),
    settle: (no) => {
      const none = { activity: null, session: null, run: null };
      const input = { hold: holds[2 * no]!, amount: credits('0.02'), call: null, tags: none, note: NOTE };
      return ledger.settle('default', input, { key: `settle-${no}` });
    },
    release: (no) =>
      ledger.release('default', { hold: holds[2 * no + 1]!, note: NOTE }, { key: `rel-${no}` }),
    grant: (no) => ledger.grant('default', grantOf(NOTE), { key: `grant-${no}` }),
    revoke: (no) => ledger.revoke('default', { lot: lots[2 * no]!, note: NOTE }, { key: `revoke-${no}` }),
    expire: (no) => ledger.expire('default', lots[2 * no + 1]!, { key: text(no) }),
    'open an account': (no) =>
      ledger.openAccount({ account: `new-${no}`, plan: 'pro', zone: 'UTC', anchorAt: null }),
    'close an account': (no) => ledger.closeAccount(`close-${no}`, { key: text(no) }),
    'change a plan': (no) => ledger.setPlan(`plan-${no}`, { plan: 'pro', mode: null }, { key: text(no) }),
    'set a model': (no) => {
      const facts = { model: `model-${text(no)}`, name: null, provider: 'own', ...rates };
      return ledger.setModel(facts, { key: text(no) });
    },
    'alias a model': (no) => ledger.aliasModel({ alias: `alias-${text(no)}`, model: 'haiku' }),
    'roll over': async (no) => {
      t.at = Date.UTC(2026, 2 + no, 1);
      const { failed } = await ledger.runCycle('rollover', null);
      expect(failed).toEqual([]);
    },
  };
}

/**
 * Repeats a write with no free page until it is refused, then with one page more each time until it passes.
 * @returns how often it was refused
 */
async function refusals(t: TestLedger, write: Write): Promise<number> {
  const db = connectionOf(t);
  let refused = 0;
  db.pragma(`max_page_count = ${pagesOf(db)}`);
  for (let no = 0; no < TRIES && refused === 0; no += 1) {
    for (let limit = pagesOf(db); ; limit += 1) {
      const before = contentOf(t.file);
      const pages = pagesOf(db);
      try {
        await write(no);
        break;
      } catch (error) {
        if (!isLedgerError(error)) throw error;
        expect(error.code, error.message).toBe('disk_full');
        refused += 1;
        expect(contentOf(t.file)).toBe(before);
        expect(pagesOf(db)).toBe(pages);
        // Reads go on.
        expect((await t.ledger.balance('default')).debt).toBe(0);
        db.pragma(`max_page_count = ${limit + 1}`);
      }
    }
  }
  return refused;
}

describe('without a free page', () => {
  it('every kind of write is refused whole and works with the first page more', async () => {
    const t = testLedger({ plan: 'team' });
    const counts: Record<string, number> = {};
    for (const [kind, write] of Object.entries(await writesOf(t))) {
      counts[kind] = await refusals(t, write);
      expect(counts[kind], kind).toBeGreaterThan(0);
    }
    console.info(`disk_full: ${JSON.stringify(counts)}`);
    connectionOf(t).pragma('max_page_count = 4294967294');
    await t.ledger.spend('default', spendOf('1'));
    await t.done();
  });
});

/** A file system of 1 MB; undefined where this user may not mount one. */
function smallDisk(): string | undefined {
  const folder = newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    fs.rmdirSync(folder);
    console.info('skipped: a real full disk (mounting a small file system needs root)');
    return undefined;
  }
}

const disk = smallDisk();
afterAll(() => {
  if (disk === undefined) return;
  execFileSync('umount', [disk]);
  fs.rmdirSync(disk);
});

/** Fills the disk but for some bytes, and gives a way to set free what was taken. */
function fill(folder: string, leave: number): { free(): void } {
  const file = path.join(fs.mkdtempSync(path.join(folder, 'filler-')), 'filler');
  const { bavail, bsize } = fs.statfsSync(folder);
  const size = bavail * bsize - leave;
  fs.writeFileSync(file, Buffer.alloc(Math.max(size, 0)));
  return { free: () => fs.rmSync(path.dirname(file), { recursive: true }) };
}

describe.skipIf(disk === undefined)('on a disk of 1 MB', () => {
  it('a ledger is made whole or not at all, with any space left', async () => {
    const file = path.join(disk!, 'made', 'ledger.db');
    const account = openWork(
      { account: 'default', plan: 'pro', zone: 'UTC', anchorAt: null },
      NOON,
      UTC_RULES,
      false,
    );
    const start = { mode: 'test', now: NOON, settings: settingRows(defaultRows()), account } as const;
    let refused = 0;
    for (let leave = 0; ; leave += 8_192) {
      const { free } = fill(disk!, leave);
      try {
        const store = createSqlite(file, start, workerOptions());
        expect(await ledgerOver(store, NOON).balance('default')).toMatchObject({
          available: credits('1050'),
        });
        await store.close();
        free();
        break;
      } catch (error) {
        refused += 1;
        free();
        expect(error).toMatchObject({ code: 'disk_full' });
        expect(() => openLedger(file, NOON)).toThrow(expect.objectContaining({ code: 'no_ledger' }));
      }
    }
    expect(refused).toBeGreaterThan(3);
    const { ledger } = openLedger(file, NOON);
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  it('the program says so, keeps what it booked and books the rest when there is space', async () => {
    const file = path.join(disk!, 'ledger.db');
    const at = ['--db', file, '--now', '2026-02-01T00:00:00Z', '--json', '--quiet'];
    expect((await runProgram(['init', '--plan', 'team', ...at])).code).toBe(0);
    const first = fill(disk!, 500_000);
    const lines = Array.from({ length: 3_000 }, (_, no) => `{"credits":0.001,"key":"line-${no}"}\n`);
    const stopped = await runProgram(['import', '-', ...at], { input: lines.join('') });
    expect([stopped.code, stopped.signal, stopped.stdout]).toEqual([75, null, '']);
    expect(failureOf(stopped).code).toBe('disk_full');
    const { booked } = failureOf(stopped).details as { booked: number };

    first.free();
    const spend = (key: string) => runProgram(['spend', '0.01', '--key', key, '--note', NOTE, ...at]);
    const available = 10_050 - booked / 1_000;
    const worked = await spend('a');
    expect(JSON.parse(worked.stdout)).toMatchObject({ replayed: false, available: available - 0.01 });

    // Room for the side files that a reader needs, not for a booking.
    const second = fill(disk!, 45_056);
    const refused = await spend('b');
    expect([refused.code, refused.signal, refused.stdout]).toEqual([75, null, '']);
    expect(failureOf(refused).code).toBe('disk_full');
    const read = await runProgram(['balance', ...at]);
    expect(JSON.parse(read.stdout)).toMatchObject({ available: available - 0.01 });
    second.free();
    const later = await spend('b');
    expect(JSON.parse(later.stdout)).toMatchObject({ replayed: false, available: available - 0.02 });
    const verified = await runProgram(['verify', ...at]);
    expect([verified.code, JSON.parse(verified.stdout).ok]).toEqual([0, true]);
  });
});
