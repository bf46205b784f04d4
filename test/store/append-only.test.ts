/**
 * What was booked stays: every table refuses to lose a row, and those that hold history refuse to change one, on both
 * engines, also to whoever writes to the database past the program. Source: contract 5.11.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { restoreLines } from '../../src/ledger/export/restore-lines.ts';
import { writePostgres } from '../../src/store/postgres-restore.ts';
import { type AnyTestLedger, sha256, storeOptions, type TestLedger } from '../helpers/ledger.ts';
import { testDatabase } from '../helpers/postgres.ts';
import { giveAccess, richLedger } from '../helpers/rich-ledger.ts';
import { richMoney } from '../helpers/rich-money.ts';
import { type Db, withDb } from '../helpers/tamper.ts';

/** No row changes, none goes. */
const KEPT = [
  ...['ledger', 'model', 'alias', 'rate', 'plan', 'package', 'receipt', 'entry', 'usage'],
  ...['provider_event', 'access_token', 'access_token_end'],
];
/** Rows change as the ledger goes on, none goes. */
const CHANGING = [
  ...['account', 'lot', 'hold', 'usage_rollup', 'usage_folded'],
  ...['topup', 'card', 'attempt', 'provider_cursor', 'simulated'],
];
const ALL = [...KEPT, ...CHANGING];

/** Rows that only a long ledger has. */
const FOLDED = [
  "INSERT INTO usage_rollup VALUES (1, 0, 'm', 'p', 1, 1, 1, 1, 1, 0, 1, 1)",
  'INSERT INTO usage_folded VALUES (1, 1)',
];

/** In which everything has happened but payments, and in which payments have. */
let ledgers: TestLedger[];
beforeAll(async () => {
  ledgers = [await richLedger(), await richMoney()];
  await giveAccess(ledgers[0]!);
});
afterAll(async () => {
  for (const ledger of ledgers) await ledger.done();
});

describe('on SQLite', () => {
  const refusals = (table: string, change: (db: Db, column: string) => void): string[] =>
    ledgers.flatMap(({ file }) =>
      withDb(file, (db) => {
        db.exec('BEGIN');
        for (const sql of FOLDED) db.exec(sql);
        // A trigger is asked for each row: where there is none, nothing is refused.
        const row = db.prepare(`SELECT * FROM ${table} LIMIT 1`).get() as object | undefined;
        if (row === undefined) {
          db.exec('ROLLBACK');
          return [];
        }
        try {
          change(db, Object.keys(row)[0]!);
          return ['done'];
        } catch (error) {
          return [(error as Error).message];
        } finally {
          db.exec('ROLLBACK');
        }
      }),
    );

  it('every table is looked at', () => {
    const tables = withDb(ledgers[0]!.file, (db) =>
      db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .pluck()
        .all(),
    );
    expect([...tables].sort()).toEqual([...ALL].sort());
  });

  it.each(KEPT)('no row of %s changes', (table) => {
    const found = refusals(table, (db, column) => db.exec(`UPDATE ${table} SET ${column} = ${column}`));
    expect(new Set(found)).toEqual(new Set([`${table} is append-only`]));
  });

  it.each(ALL)('no row of %s goes', (table) => {
    const found = refusals(table, (db) => db.exec(`DELETE FROM ${table}`));
    expect(new Set(found)).toEqual(new Set([`${table} is append-only`]));
  });
});

describe('on PostgreSQL', () => {
  let clients: pg.Client[];
  beforeAll(async () => {
    clients = [];
    for (const ledger of ledgers) clients.push(await copied(ledger));
  });
  afterAll(async () => {
    for (const client of clients) await client.end();
  });

  async function refusals(table: string, sql: (column: string) => string): Promise<string[]> {
    const found: string[] = [];
    for (const client of clients) {
      const { rows, fields } = await client.query(`SELECT * FROM ${table} LIMIT 1`);
      const text = sql(fields[0]!.name);
      if (rows.length === 0 && !text.startsWith('TRUNCATE')) continue;
      await client.query('BEGIN');
      found.push(
        await client.query(text).then(
          () => 'done',
          (error: Error) => error.message,
        ),
      );
      await client.query('ROLLBACK');
    }
    return found;
  }

  it.each(KEPT)('no row of %s changes', async (table) => {
    const found = await refusals(table, (column) => `UPDATE ${table} SET ${column} = ${column}`);
    expect(new Set(found)).toEqual(new Set([`${table} is append-only`]));
  });

  it.each(ALL)('no row of %s goes', async (table) => {
    const found = await refusals(table, () => `DELETE FROM ${table}`);
    expect(new Set(found)).toEqual(new Set([`${table} is append-only`]));
  });

  it.each(ALL)('not all rows of %s go at once', async (table) => {
    for (const found of await refusals(table, () => `TRUNCATE ${table} CASCADE`)) {
      expect(found).toMatch(/^\w+ is append-only$/);
    }
  });
});

/** The same ledger on PostgreSQL, with what belongs to the place and is in no export. */
async function copied({ ledger }: AnyTestLedger): Promise<pg.Client> {
  const place = await testDatabase();
  await writePostgres(place, storeOptions, (writer) => {
    async function* lines() {
      let no = 0;
      for await (const page of ledger.exportLedger()) {
        for (const line of page) yield { no: ++no, text: JSON.stringify(line) };
      }
    }
    return restoreLines(lines(), writer, { sha256, schemaVersion: SCHEMA_VERSION });
  });
  const client = new pg.Client(place.url);
  await client.connect();
  await client.query(`SET search_path TO ${place.schema}`);
  for (const sql of FOLDED) await client.query(sql);
  await client.query("INSERT INTO provider_event VALUES ('evt_1', 'refund.created', 0, 'noted')");
  await client.query("INSERT INTO provider_cursor VALUES ('stripe', 'evt_1')");
  await client.query("INSERT INTO simulated (no, id, body) VALUES (9999, 'cus_9', '{}')");
  return client;
}
