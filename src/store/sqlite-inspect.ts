/**
 * Faults of the file itself: damaged pages, rows that point nowhere, a schema or trigger changed by hand.
 * Source: SQLite's `integrity_check` and `foreign_key_check`.
 */
import Database from 'better-sqlite3';
import { sqliteSteps } from '../../migrations/index.ts';
import { sqliteRefusal } from './sqlite-errors.ts';
import { type Connection, openFile } from './sqlite-file.ts';

/** One fault: the id of the check and what was found. */
export interface FileFault {
  readonly check: 'storage' | 'schema' | 'append_only';
  readonly detail: string;
}

type Objects = Map<string, { type: string; sql: string }>;

function objectsOf(db: Connection): Objects {
  const rows = db
    .prepare(`SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`)
    .all() as { type: string; name: string; sql: string }[];
  return new Map(rows.map(({ type, name, sql }) => [name, { type, sql }]));
}

function expectedObjects(): Objects {
  const db = new Database(':memory:');
  try {
    for (const step of sqliteSteps(0)) db.exec(step);
    return objectsOf(db);
  } finally {
    db.close();
  }
}

function schemaFaults(db: Connection): FileFault[] {
  const found = objectsOf(db);
  const faults: FileFault[] = [];
  for (const [name, { type, sql }] of expectedObjects()) {
    const check = type === 'trigger' ? 'append_only' : 'schema';
    const own = found.get(name);
    if (own === undefined) faults.push({ check, detail: `${type} ${name} is missing` });
    else if (own.sql !== sql) faults.push({ check, detail: `${type} ${name} was changed` });
    found.delete(name);
  }
  for (const [name, { type }] of found)
    faults.push({ check: 'schema', detail: `${type} ${name} is not ours` });
  return faults;
}

/** @returns faults, none when the file is sound. @throws LedgerError `ledger_unreadable` */
export function inspectFile(location: string): FileFault[] {
  const { db } = openFile(location, 'read');
  try {
    const faults: FileFault[] = [];
    const lines = db.pragma('integrity_check(20)') as { integrity_check: string }[];
    for (const { integrity_check: line } of lines) {
      if (line !== 'ok') faults.push({ check: 'storage', detail: line });
    }
    const orphans = db.pragma('foreign_key_check') as {
      table: string;
      rowid: number | null;
      parent: string;
    }[];
    for (const { table, parent } of orphans.slice(0, 20)) {
      faults.push({ check: 'storage', detail: `a row of ${table} points to no row of ${parent}` });
    }
    return [...faults, ...schemaFaults(db)];
  } catch (error) {
    throw sqliteRefusal(error, location);
  } finally {
    db.close();
  }
}
