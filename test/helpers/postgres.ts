/** A PostgreSQL ledger in a database of its own for a test: clock in hand, verified and dropped at the end. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { defaultRows } from '../../src/catalog/index.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { settingRows } from '../../src/ledger/new-ledger.ts';
import type { PostgresStore } from '../../src/store/postgres.ts';
import { createPostgres, openPostgres, type PostgresPlace } from '../../src/store/postgres-open.ts';
import {
  type AnyTestLedger,
  NOON,
  serviceOver,
  storeOptions,
  type TestLedgerOptions,
  zones,
} from './ledger.ts';
import { sharedServer } from './postgres-server.ts';

/** Runs one statement as the server's user. */
export async function asAdmin(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Where a ledger of a test lies: a schema of its own. Nothing is dropped, the server itself ends with the run. */
export interface TestDatabase extends PostgresPlace {
  readonly schema: string;
}

/** An empty schema. */
export async function testDatabase(): Promise<TestDatabase> {
  const { url: server } = await sharedServer(inject('postgresFolder'));
  const schema = `credits_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, `CREATE SCHEMA ${schema}`);
  const url = new URL(server);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const safe = new URL(url);
  safe.password = '';
  return { url: url.href, location: safe.href, schema };
}

export interface PostgresTestLedger extends AnyTestLedger {
  readonly store: PostgresStore;
  readonly database: TestDatabase;
  /** Opens it again, as another process would. */
  reopen(): Promise<{ store: PostgresStore; ledger: AnyTestLedger['ledger'] }>;
}

/** Makes a ledger with the account `default`. */
export async function postgresLedger({
  plan = 'free',
  zone = 'UTC',
  mode = 'test',
  anchorAt = null,
  options = {},
}: TestLedgerOptions = {}): Promise<PostgresTestLedger> {
  const all = { ...storeOptions, ...options };
  const database = await testDatabase();
  const account = openWork({ account: 'default', plan, zone, anchorAt }, NOON, zones, false);
  const settings = settingRows(defaultRows());
  const store = await createPostgres(database, { mode, now: NOON, settings, account }, all);
  const opened = [store];
  const test: PostgresTestLedger = {
    store,
    database,
    at: NOON,
    ledger: serviceOver(store, () => test.at),
    async reopen() {
      const again = await openPostgres(database, all);
      opened.push(again);
      return { store: again, ledger: serviceOver(again, () => test.at) };
    },
    ahead: (ms) =>
      serviceOver(
        store,
        () => test.at + ms,
        () => test.at,
      ),
    async done() {
      const view = await test.ledger.verify();
      for (const each of opened) await each.close();
      const faults = view.checks.filter((check) => !check.ok);
      if (!view.ok) throw new Error(`verify found faults: ${JSON.stringify(faults)}`);
    },
  };
  return test;
}
