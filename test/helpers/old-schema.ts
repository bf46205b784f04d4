/** Ledgers as programs of every earlier schema left them, with everything in them that the schema had a place for. */
import fs from 'node:fs';
import Database from 'better-sqlite3';
import { SCHEMA_VERSION, sqliteSteps } from '../../migrations/index.ts';
import { FOLD_EVERY } from '../../src/core/usage.ts';
import { APPLICATION_ID } from '../../src/store/sqlite-file.ts';
import { callOf, callSpend, credits, spendOf, type TestLedger } from './ledger.ts';
import { richLedger } from './rich-ledger.ts';
import { richMoney } from './rich-money.ts';

/** Every schema that a migration starts from. */
export const OLD_SCHEMAS: readonly number[] = Array.from({ length: SCHEMA_VERSION - 1 }, (_, no) => no + 1);

/** The account whose usage is long enough for stored sums. */
export const BUSY = 'busy';
const CALLS = FOLD_EVERY + 276;

/**
 * Copies a ledger of today into a file that has had the first steps of the schema only.
 * @throws when there is something in it that the older schema has no place for
 */
export function asSchema(version: number, from: string, to: string): void {
  const db = new Database(to);
  fs.chmodSync(to, 0o600);
  db.pragma('journal_mode = WAL');
  for (const step of sqliteSteps(0).slice(0, version)) db.exec(step);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${version}`);
  db.exec(`ATTACH '${from}' AS new`);
  const tables = (schema: string) =>
    db.prepare(`SELECT name FROM ${schema}.sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
  const columns = (table: string, schema: string) =>
    db.prepare(`SELECT name FROM pragma_table_info('${table}', '${schema}')`).pluck().all() as string[];
  const isEmpty = (table: string, where = 'true') =>
    db.prepare(`SELECT count(*) FROM new.${table} WHERE ${where}`).pluck().get() === 0;
  const known = tables('main');
  for (const table of tables('new')) {
    const old = known.includes(table) ? columns(table, 'main') : null;
    // Sums of usage are no loss: they are made from what is there.
    const isLost =
      old === null
        ? !table.startsWith('usage_') && !isEmpty(table)
        : columns(table, 'new').some((name) => !old.includes(name) && !isEmpty(table, `${name} IS NOT NULL`));
    if (isLost) throw new Error(`schema ${version} has no place for all of ${table}`);
  }
  // Rows point to accounts and receipts: their order here is that of the schema.
  for (const table of known) {
    db.exec(`INSERT INTO main.${table} SELECT ${columns(table, 'main').join()} FROM new.${table}`);
  }
  db.close();
}

/**
 * A ledger of today whose rows all have a place in an older schema: everything has happened in it that could, and an account
 * has so many calls that a part of them is summed.
 */
export async function ledgerFor(version: number): Promise<TestLedger> {
  const t = version < 3 ? await richLedger() : await richMoney();
  const { ledger } = t;
  if (version >= 4) await priceLongInputs(t);
  await ledger.openAccount({ account: BUSY, plan: 'team', zone: 'UTC', anchorAt: null });
  const items = Array.from({ length: CALLS }, (_, no) => ({
    account: BUSY,
    key: `call-${no}`,
    input: {
      ...(no % 5 === 0 ? spendOf('0.5') : callSpend(callOf('haiku', 100 + no, 10))),
      at: t.at - Math.floor((CALLS - no) * 97_000),
    },
  }));
  const results = await ledger.spendMany(items);
  if (results.some(({ status }) => status !== 'booked')) throw new Error('not all calls were booked');
  return t;
}

async function priceLongInputs({ ledger }: TestLedger): Promise<void> {
  const rates = { input: '0.2', output: '1', cacheRead: null, cacheWrite: null };
  const tiers = [{ above: 1_000, ...rates, input: '0.4' }];
  await ledger.setModel({ model: 'haiku', name: null, provider: null, from: null, ...rates, tiers });
  await ledger.grant('default', {
    source: 'promotional',
    amount: credits('20'),
    expires: null,
    priority: 50,
    note: null,
  });
  for (const tokens of [900, 1_100]) await ledger.spend('default', callSpend(callOf('haiku', tokens, 10)));
}
