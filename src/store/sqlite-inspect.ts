/**
 * Faults of the file itself: damaged pages, rows of no account, keys used twice, a schema or trigger changed by hand.
 * Source: SQLite's `integrity_check`.
 */
import Database from 'better-sqlite3';
import { SCHEMA_VERSION, sqliteSteps } from '../../migrations/index.ts';
import { isLedgerError } from '../core/errors.ts';
import { readRefusal } from './sqlite-dump.ts';
import { type Connection, openFile } from './sqlite-file.ts';
import { ACCOUNT_TABLES } from './stored-rows.ts';

/** One fault: the id of the check and what was found. */
export interface FileFault {
  readonly check: 'storage' | 'schema' | 'append_only' | 'key_once' | 'sequence' | 'settings';
  readonly detail: string;
}

/** Most findings of one kind. */
const MOST = 20;

type Objects = Map<string, { type: string; sql: string | null }>;

function objectsOf(db: Connection): Objects {
  const rows = db
    .prepare(`SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY name`)
    .all() as { type: string; name: string; sql: string | null }[];
  return new Map(rows.map(({ type, name, sql }) => [name, { type, sql }]));
}

let expected: Objects | undefined;

/** What the migrations make, in an empty database. */
function expectedObjects(): Objects {
  expected ??= objectsOfMigrations();
  return expected;
}

function objectsOfMigrations(): Objects {
  const db = new Database(':memory:');
  try {
    for (const step of sqliteSteps(0)) db.exec(step);
    return objectsOf(db);
  } finally {
    db.close();
  }
}

function* schemaFaults(db: Connection): Generator<FileFault> {
  const version = db.pragma('user_version', { simple: true });
  if (version !== SCHEMA_VERSION) {
    yield { check: 'schema', detail: `the schema's version is ${version}, it is ${SCHEMA_VERSION}` };
  }
  const found = objectsOf(db);
  for (const [name, { type, sql }] of expectedObjects()) {
    const check = type === 'trigger' ? 'append_only' : 'schema';
    const own = found.get(name);
    if (own === undefined) yield { check, detail: `${type} ${name} is missing` };
    else if (own.type !== type || own.sql !== sql) yield { check, detail: `${type} ${name} was changed` };
    found.delete(name);
  }
  for (const [name, { type }] of found) yield { check: 'schema', detail: `${type} ${name} is not ours` };
}

function* damages(db: Connection): Generator<FileFault> {
  const lines = db.pragma(`integrity_check(${MOST})`) as { integrity_check: string }[];
  for (const { integrity_check: detail } of lines) if (detail !== 'ok') yield { check: 'storage', detail };
}

/**
 * Rows of an account that is not there: nobody else reads them. Everything else that `foreign_key_check` would find, the
 * audit of each account finds and names; it reads every row, this looks once at each account.
 */
function* homeless(db: Connection): Generator<FileFault> {
  const tables = new Set(db.prepare('SELECT name FROM sqlite_schema').pluck().all());
  for (const [table, key] of Object.entries(ACCOUNT_TABLES)) {
    // A table that somebody dropped is named by the check of the schema.
    if (!tables.has(table)) continue;
    const rows = db
      .prepare(
        `WITH RECURSIVE each(no) AS (SELECT min(account) FROM ${table}
          UNION ALL SELECT (SELECT min(account) FROM ${table} WHERE account > each.no) FROM each WHERE each.no IS NOT NULL)
        SELECT account, ${key} FROM ${table}
        WHERE account IN (SELECT no FROM each WHERE no NOT IN (SELECT no FROM account)) LIMIT ${MOST}`,
      )
      .raw(true)
      .all() as [number, number][];
    const named = new Set<number>();
    for (const [account, no] of rows) {
      if (table === 'receipt' && !named.has(account)) yield lostAccount(db, account);
      named.add(account);
      yield {
        check: 'storage',
        detail: `${table} ${no} of account no. ${account}: there is no such account`,
      };
    }
  }
}

/** What an account was called stands in its first receipt. */
function lostAccount(db: Connection, no: number): FileFault {
  const id = db
    .prepare(
      `SELECT json_extract(detail, '$.opened.id') FROM receipt
      WHERE account = ? AND seq = 1 AND json_valid(detail)`,
    )
    .pluck()
    .get(no) as string | null | undefined;
  return { check: 'sequence', detail: `account ${id ?? '?'} is missing: receipts have its number, ${no}` };
}

/** Keys are bound once. The index refuses a second; here it is asked whether it did. */
function* keysTwice(db: Connection): Generator<FileFault> {
  const rows = db
    .prepare(
      `SELECT (SELECT id FROM account WHERE no = account), key, count(*) FROM receipt WHERE key IS NOT NULL
      GROUP BY account, key HAVING count(*) > 1 LIMIT ${MOST}`,
    )
    .raw(true)
    .all() as [string, string, number][];
  for (const [account, key, times] of rows) {
    yield { check: 'key_once', detail: `account ${account}: the key ${key} has ${times} receipts` };
  }
}

/** Accounts are numbered from 0, the ledger's own chain, without a gap, and the ledger has one row. */
function* counts(db: Connection): Generator<FileFault> {
  const missing = db
    .prepare(
      `SELECT a.no - 1 FROM account a WHERE a.no > 0
      AND NOT EXISTS (SELECT 1 FROM account b WHERE b.no = a.no - 1) ORDER BY 1 LIMIT ${MOST}`,
    )
    .pluck()
    .all() as number[];
  for (const no of missing) yield { check: 'sequence', detail: `account no. ${no} is missing` };
  for (const one of db.prepare('SELECT one FROM ledger WHERE one <> 1').pluck().all() as number[]) {
    yield { check: 'settings', detail: `ledger: one is ${one}, it is 1` };
  }
}

const PROBES = [damages, homeless, keysTwice, counts, schemaFaults] as const;

/**
 * @returns faults, none when the file is sound; what a probe cannot read is a fault itself
 * @throws LedgerError `ledger_unreadable` when the file cannot be opened as a ledger, `ledger_busy`
 */
export function inspectFile(location: string): FileFault[] {
  const { db } = openFile(location, 'read');
  const faults: FileFault[] = [];
  try {
    for (const probe of PROBES) {
      try {
        for (const fault of probe(db)) faults.push(fault);
      } catch (error) {
        const refusal = readRefusal(error, location);
        if (!isLedgerError(refusal) || refusal.code !== 'ledger_unreadable') throw refusal;
        faults.push({ check: 'storage', detail: refusal.message });
      }
    }
    return faults;
  } finally {
    db.close();
  }
}
