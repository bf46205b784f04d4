/**
 * Fills a PostgreSQL ledger from the lines of an export. It is made and verified in a schema of its own, and put into its
 * place in one transaction; what was there is kept in another schema. A crash leaves the old ledger or the new one.
 *
 * Source: contract 6 (`restore` takes an export with identical receipts and chains).
 */
import { detailText } from '../core/chain.ts';
import type { Instant } from '../core/types.ts';
import { FOLD_EVERY } from '../core/usage.ts';
import type { LedgerWriter } from '../ledger/export/restore-lines.ts';
import type { PostgresDoor, Statements } from './postgres-door.ts';
import { doorTo, ledgerThere, migrateTo, occupantIn, type PostgresPlace } from './postgres-open.ts';
import type { BulkName } from './postgres-sql.ts';
import { writeSetting, writeWallet } from './postgres-write.ts';
import { accountRow, entryRow, holdRow, isLive, lotRow, receiptRow, usageRow, type Value } from './rows.ts';
import type { StoreOptions } from './sqlite.ts';

/** What is in a ledger. */
export interface PostgresFacts {
  readonly mode: string;
  /** The ledger's own chain not counted. */
  readonly accounts: number;
  readonly entries: number;
  /** Time of its last receipt. */
  readonly lastAt: Instant;
}

/** Counts what is in a ledger; null where there is none. @throws LedgerError `ledger_unreadable` and as opening */
export async function postgresFacts(door: PostgresDoor): Promise<PostgresFacts | null> {
  return door.reading(async (sql) => {
    if ((await occupantIn(sql, door.location)) === 'nothing') return null;
    const [row] = await sql.text(`SELECT (SELECT mode FROM ledger), count(*) FILTER (WHERE no > 0),
      coalesce(sum(entry_seq), 0), coalesce(max(last_at), 0) FROM account`);
    const [mode, accounts, entries, lastAt] = row as [string, number, number, number];
    return { mode, accounts, entries, lastAt };
  });
}

/** The same database with another schema in front. */
export function placeIn({ url, location }: PostgresPlace, schema: string): PostgresPlace {
  const inside = new URL(url);
  const options = inside.searchParams.get('options') ?? '';
  inside.searchParams.set('options', `${options} -c search_path=${schema}`.trim());
  return { url: inside.href, location: `${location} (${schema})` };
}

/** Makes an empty schema for a ledger that is not there yet. */
export const makeSchema = (door: PostgresDoor, schema: string): Promise<Value[]> =>
  door.withClient(async (client) => (await client.query(`CREATE SCHEMA ${schema}`)).rows);

/** Removes a working schema with everything in it, if it is there. */
export const dropSchema = (door: PostgresDoor, schema: string): Promise<Value[]> =>
  door.withClient(async (client) => (await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)).rows);

/** Rows that are sent together. */
const AT_ONCE = 2_000;

/** Takes the lines of an export. `flush` sends what has gathered; wait for it before more lines come. */
export interface PostgresWriter extends LedgerWriter {
  flush(): Promise<void>;
  /** True when enough has gathered. */
  readonly isFull: boolean;
}

/**
 * Makes the tables in a working schema and lets them be filled, in one transaction.
 * @param fill what it throws passes through, and nothing is left in the schema
 */
export async function writePostgres<T>(
  working: PostgresPlace,
  options: StoreOptions,
  fill: (writer: PostgresWriter) => Promise<T>,
): Promise<T> {
  const door = doorTo(working, options);
  try {
    return await door.writing(
      async (sql) => {
        await migrateTo(sql, 0);
        const links = await takeLinks(sql);
        const writer = writerOver(sql);
        const result = await fill(writer);
        await writer.flush();
        for (const link of links) await sql.text(link);
        return { result, proof: null };
      },
      { unhurried: true },
    );
  } finally {
    await door.close();
  }
}

/** Rows come in an order that suits no foreign key: takes them away. @returns statements that bring them back */
async function takeLinks(sql: Statements): Promise<string[]> {
  const rows =
    await sql.text(`SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`);
  for (const [table, name] of rows) await sql.text(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  return rows.map(([table, name, text]) => `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${text}`);
}

function writerOver(sql: Statements): PostgresWriter {
  const rows = new Map<BulkName, Value[][]>();
  const behind: (() => Promise<unknown>)[] = [];
  let count = 0;
  const add = (name: BulkName, row: Value[]): void => {
    const own = rows.get(name);
    if (own === undefined) rows.set(name, [row]);
    else own.push(row);
    count += 1;
  };
  return {
    get isFull() {
      return count >= AT_ONCE;
    },
    async flush() {
      await Promise.all([...rows].map(([name, own]) => sql.write(name, own)));
      for (const step of behind) await step();
      rows.clear();
      behind.length = 0;
      count = 0;
    },
    ledger: ({ mode, createdAt }) => void behind.push(() => sql.rows('insertLedger', mode, createdAt)),
    setting: (row) => void behind.push(() => writeSetting(sql, row)),
    receipt(account, { receipt, entries, usage }, hash) {
      add('insertReceipts', [account, ...receiptRow(receipt, detailText(receipt.detail), hash)]);
      for (const entry of entries) add('insertEntries', [account, ...entryRow(entry)]);
      if (usage !== null) add('insertUsages', [account, ...usageRow(usage)]);
    },
    lot: (account, lot) => add('insertLots', [account, ...lotRow(lot), isLive(lot)]),
    hold: (account, hold) => add('insertHolds', [account, ...holdRow(hold)]),
    wallet(account, { policy, card, attempts }) {
      const money = { ...(policy === null ? {} : { policy }), ...(card === null ? {} : { card }) };
      const change = { ...money, attempts: [...attempts.values()] };
      behind.push(() => writeWallet(sql, { account, change }));
    },
    book({ id, body }) {
      behind.push(() => sql.rows('putBook', id, body));
      count += 1;
    },
    account(account) {
      add('insertAccounts', accountRow(account));
      const { no, receiptSeq } = account;
      const folded = receiptSeq - (receiptSeq % FOLD_EVERY);
      if (folded === 0) return;
      behind.push(() => sql.rows('foldUsage', no, 0, folded));
      behind.push(() => sql.rows('markFolded', no, folded));
    },
  };
}

/**
 * Moves a finished ledger from its working schema to its place.
 * @param kept schema for what is there now
 * @returns `kept` when something was there, else null
 * @throws LedgerError `ledger_exists` (one was made meanwhile), `ledger_busy` (it is in use): nothing was changed
 */
export function putInPlace(
  door: PostgresDoor,
  working: string,
  kept: string,
  replaces: boolean,
): Promise<string | null> {
  return door.writing(
    async (sql) => {
      const isThere = (await occupantIn(sql, door.location)) === 'ledger';
      if (isThere && !replaces) throw ledgerThere(door.location);
      const [[place]] = (await sql.text('SELECT quote_ident(current_schema())')) as [[string]];
      const tables = (await sql.text(
        'SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = $2',
        [working, 'r'],
      )) as [string][];
      const move = async (from: string, to: string): Promise<void> => {
        for (const [table] of tables)
          await sql.text(`ALTER TABLE IF EXISTS ${from}.${table} SET SCHEMA ${to}`);
        await sql.text(`ALTER FUNCTION ${from}.credits_refuse() SET SCHEMA ${to}`);
      };
      if (isThere) {
        await sql.text(`CREATE SCHEMA ${kept}`);
        await move(place, kept);
      }
      await move(working, place);
      await sql.text(`DROP SCHEMA ${working}`);
      return { result: isThere ? kept : null, proof: null };
    },
    { unhurried: true },
  );
}
