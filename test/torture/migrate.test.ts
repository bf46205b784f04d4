/**
 * An older ledger is brought up to date once, whoever opens it first and whenever that process dies, and a copy of it as it
 * was lies beside it. A newer one is left alone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MIGRATIONS, SCHEMA_VERSION, sqliteSteps } from '../../migrations/index.ts';
import { migrationBackup, openSqlite } from '../../src/store/sqlite-open.ts';
import { callOf, callSpend, NOON, spendOf, testLedger } from '../helpers/ledger.ts';
import { crew, dismiss, LONG, newFolder, PATIENCE, seeded, workshop } from '../helpers/processes.ts';
import { openLedger, workerOptions } from '../helpers/worker-ledger.ts';
import type { RaceAnswer, Task } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const SEED = 20_260_202;
const KILLS = LONG ? 200 : 8;
/** More than one fold of the usage sums. */
const RECEIPTS = 1_300;
const OLD = SCHEMA_VERSION - 1;

const shop = workshop<Task>('test/torture/worker.ts');
const folder = newFolder();
const old = path.join(folder, 'old.db');
afterAll(() => {
  shop.close();
  fs.rmSync(folder, { recursive: true });
});

/** Names of what a schema holds. */
function objectsOf(db: Database.Database): string[] {
  const rows = db.prepare(`SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'`).pluck();
  return rows.all() as string[];
}

/** Takes the last step back, as far as it added things. */
function stepBack(file: string): void {
  const before = new Database(':memory:');
  for (const step of sqliteSteps(0).slice(0, OLD)) before.exec(step);
  const known = new Set(objectsOf(before));
  before.close();
  const db = new Database(file);
  const added = db.prepare(
    `SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'index', 'table')`,
  );
  const order = ['trigger', 'index', 'table'];
  const rows = (added.all() as { type: string; name: string }[])
    .filter(({ name }) => !known.has(name) && !name.startsWith('sqlite_'))
    .sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
  for (const { type, name } of rows) db.exec(`DROP ${type} IF EXISTS ${name}`);
  db.pragma(`user_version = ${OLD}`);
  db.close();
}

/** Schema version and number of receipts. */
function factsOf(file: string): { version: number; receipts: number; sound: string } {
  // Not read-only: what a killed process left half done is for the next one to undo.
  const db = new Database(file);
  const facts = {
    version: db.pragma('user_version', { simple: true }) as number,
    receipts: db.prepare('SELECT count(*) FROM receipt').pluck().get() as number,
    sound: db.pragma('integrity_check', { simple: true }) as string,
  };
  db.close();
  return facts;
}

let receipts: number;
beforeAll(async () => {
  const t = testLedger({ plan: 'team' });
  const input = callSpend(callOf('haiku', 100, 10));
  const items = Array.from({ length: RECEIPTS }, (_, no) => ({
    account: 'default',
    key: `call-${no}`,
    input,
  }));
  await t.ledger.spendMany(items);
  new Database(t.file).exec(`VACUUM INTO '${old}'`).close();
  await t.done();
  stepBack(old);
  ({ receipts } = factsOf(old));
});

function copyOf(name: string): string {
  const file = path.join(folder, `${name}.db`);
  fs.copyFileSync(old, file);
  return file;
}

const spend = { role: 'race', at: NOON, what: 'spend', amount: '1', tries: 1, everyMs: 0 } as const;

async function expectMigrated(file: string, more: number): Promise<void> {
  expect(factsOf(file)).toEqual({ version: SCHEMA_VERSION, receipts: receipts + more, sound: 'ok' });
  const backup = migrationBackup(file, OLD);
  expect(factsOf(backup)).toEqual({ version: OLD, receipts, sound: 'ok' });
  expect(fs.statSync(backup).mode & 0o777).toBe(0o600);
  const { ledger } = openLedger(file, NOON);
  const { ok, checks } = await ledger.verify();
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  expect(ok).toBe(true);
  await ledger.close();
}

describe.skipIf(MIGRATIONS.length < 2)('a ledger of the schema before', () => {
  it('opened by eight processes at once is migrated once, and all of them book', async () => {
    const file = copyOf('many');
    const workers = await crew(shop, 8);
    for (const [no, worker] of workers.entries()) worker.start({ ...spend, file, name: `w${no}` });
    for (const worker of workers) {
      expect(await worker.answer<RaceAnswer>()).toEqual({ done: 1, insufficient: 0, errors: [] });
    }
    await dismiss(workers);
    await expectMigrated(file, 8);
    const names = fs.readdirSync(folder).filter((name) => name.startsWith('many.db'));
    expect(names.sort()).toEqual(['many.db', path.basename(migrationBackup(file, OLD))].sort());
  });

  it(`killed ${KILLS} times meanwhile (seed ${SEED}) is old or new, and opens`, async () => {
    const random = seeded(SEED);
    const counts = { old: 0, new: 0 };
    const first = copyOf('first');
    const began = performance.now();
    await openLedger(first, NOON).ledger.close();
    const usualMs = performance.now() - began;
    let next = shop.hire();
    for (let no = 0; no < KILLS; no += 1) {
      const victim = next;
      await victim.ready();
      if (no + 1 < KILLS) next = shop.hire();
      const file = copyOf(`killed-${no}`);
      victim.start({ ...spend, file, name: 'victim' });
      const part = `${migrationBackup(file, OLD)}.part`;
      const waits = random() < 0.9;
      const isUnderWay = () => fs.existsSync(part) || fs.existsSync(migrationBackup(file, OLD));
      while (waits && !isUnderWay()) await sleep(0);
      await sleep(random() * 2 * usualMs);
      victim.kill('SIGKILL');
      await victim.ended;
      const found = factsOf(file);
      counts[found.version === OLD ? 'old' : 'new'] += 1;
      expect(found.sound).toBe('ok');
      const { ledger } = openLedger(file, NOON);
      await ledger.spend('default', spendOf('1'), { key: 'victim-0' });
      await ledger.close();
      await expectMigrated(file, 1);
    }
    console.info(`migration killed: ${JSON.stringify(counts)}`);
    expect(counts.old + counts.new).toBe(KILLS);
  });

  it('is read by a command that only reads', async () => {
    const file = copyOf('read');
    const store = openSqlite(file, 'read', workerOptions());
    expect((await store.read('default')).state.account.receiptSeq).toBeGreaterThan(RECEIPTS);
    await store.close();
    await expectMigrated(file, 0);
  });
});

describe('a ledger that a newer program migrates while this one has it open', () => {
  it('is not written any more', async () => {
    const t = testLedger();
    const raw = new Database(t.file);
    raw.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    const writes = [
      () => t.ledger.spend('default', spendOf('1'), { key: 'k' }),
      () => t.ledger.openAccount({ account: 'second', plan: 'free', zone: 'UTC', anchorAt: null }),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'ledger_newer' });
    expect(raw.prepare('SELECT count(*) FROM receipt WHERE key IS NOT NULL').pluck().get()).toBe(0);
    raw.pragma(`user_version = ${SCHEMA_VERSION}`);
    raw.close();
    await t.ledger.spend('default', spendOf('1'), { key: 'k' });
    await t.done();
  });
});
