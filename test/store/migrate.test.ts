/** A ledger of the first schema, opened by this program. */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { MIGRATIONS, SCHEMA_VERSION } from '../../migrations/index.ts';
import { FOLD_EVERY, MOST_FOLDED } from '../../src/core/usage.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import { migrationBackup, openSqlite } from '../../src/store/sqlite-open.ts';
import {
  callOf,
  callSpend,
  credits,
  DAY,
  NOON,
  sha256,
  spendOf,
  storeOptions,
  type TestLedger,
  testLedger,
  zones,
} from '../helpers/ledger.ts';
import { asSchema } from '../helpers/old-schema.ts';

let t: TestLedger;
afterEach(() => t.done());

async function filled(): Promise<string> {
  t = testLedger({ plan: 'pro' });
  const { ledger } = t;
  await ledger.openAccount({ account: 'quiet', plan: 'free', zone: 'Asia/Tokyo', anchorAt: null });
  const grant = {
    source: 'purchased',
    amount: credits('5000'),
    expires: null,
    priority: 50,
    note: null,
  } as const;
  await ledger.grant('default', grant);
  t.at += 2 * DAY;
  await ledger.spend('quiet', spendOf('3'));
  const items = Array.from({ length: FOLD_EVERY + 50 }, (_, index) => ({
    account: 'default',
    key: `k${index}`,
    input: {
      ...(index % 5 === 0 ? spendOf('0.5') : callSpend(callOf('haiku', 100 + index, 10))),
      at: NOON + Math.floor((index * 2 * DAY) / (FOLD_EVERY + 50)),
    },
  }));
  const results = await ledger.spendMany(items);
  expect(results.every((result) => result.status === 'booked')).toBe(true);
  await ledger.spend('default', spendOf('1'));
  const file = path.join(path.dirname(t.file), 'first.db');
  asSchema(1, t.file, file);
  return file;
}

const ledgerOver = (store: ReturnType<typeof openSqlite>): LocalLedger =>
  new LocalLedger({
    store,
    zones,
    loadZones: async () => zones,
    sha256,
    now: () => t.at,
    wall: () => t.at,
    actor: 'tester',
  });

const dumpOf = (file: string, sql: string): unknown[] => {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(sql).raw(true).all();
  } finally {
    db.close();
  }
};

test.each(['read', 'write'] as const)('opened to %s: kept beside it, migrated, sound', async (access) => {
  const file = await filled();
  expect(MIGRATIONS.length).toBeGreaterThan(1);
  const before = dumpOf(file, 'SELECT * FROM usage');
  const store = openSqlite(file, access, storeOptions);
  const ledger = ledgerOver(store);
  try {
    expect(dumpOf(file, 'PRAGMA user_version')).toEqual([[SCHEMA_VERSION]]);
    const backup = migrationBackup(file, 1);
    expect(fs.statSync(backup).mode & 0o777).toBe(0o600);
    expect(dumpOf(backup, 'PRAGMA user_version')).toEqual([[1]]);
    expect(dumpOf(backup, 'SELECT * FROM usage')).toEqual(before);
    const view = await ledger.verify();
    expect(view.checks.filter((check) => !check.ok)).toEqual([]);
    const days = { by: 'day', since: 0, until: null } as const;
    expect(await ledger.usage('default', days)).toEqual(await t.ledger.usage('default', days));
    expect(await ledger.balance('quiet')).toEqual(await t.ledger.balance('quiet'));
  } finally {
    await ledger.close();
  }
});

test('what is there is summed as later writes would have left it', async () => {
  const file = await filled();
  const store = openSqlite(file, 'write', storeOptions);
  await store.close();
  const sums = 'SELECT * FROM usage_rollup ORDER BY 1, 2, 3, 4';
  expect(dumpOf(file, sums)).toEqual(dumpOf(t.file, sums));
  expect(dumpOf(file, sums).length).toBeGreaterThan(100);
  expect(dumpOf(file, 'SELECT * FROM usage_folded')).toEqual(dumpOf(t.file, 'SELECT * FROM usage_folded'));
  expect(FOLD_EVERY).toBe(1_024);
  expect(MOST_FOLDED % FOLD_EVERY).toBe(0);
});

test('writes go on where the first schema stopped', async () => {
  const file = await filled();
  const ledger = ledgerOver(openSqlite(file, 'write', storeOptions));
  try {
    const receipt = await ledger.spend('default', spendOf('2'), { key: 'after' });
    expect((await ledger.spend('default', spendOf('2'), { key: 'after' })).replayed).toBe(true);
    const { total } = await ledger.usage('default', { by: 'model', since: 0, until: null });
    expect(total.calls).toBe(FOLD_EVERY + 52);
    expect(receipt.available).toBe((await ledger.balance('default')).available);
    expect((await ledger.verify()).ok).toBe(true);
  } finally {
    await ledger.close();
  }
});

test('every column holds whole numbers, text or bytes', async () => {
  t = testLedger();
  const columns = dumpOf(
    t.file,
    `SELECT s.name || '.' || c.name, c.type FROM sqlite_schema s JOIN pragma_table_info(s.name) c
     WHERE s.type = 'table' ORDER BY s.name, c.cid`,
  ) as [string, string][];
  expect(columns.length).toBeGreaterThan(150);
  expect(columns.filter(([, type]) => !['INTEGER', 'TEXT', 'BLOB'].includes(type))).toEqual([]);
  const loose =
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'";
  expect(dumpOf(t.file, loose)).toEqual([]);
});
