/**
 * Puts a checked copy where a ledger is, or will be.
 *
 * Over a ledger the content is replaced in one transaction of SQLite on the file that is there, not by giving another file
 * its name: a process that opened the old file a moment before a rename would write its log beside the new one (SQLite's
 * "How to corrupt", on renaming a file in use). A crash leaves the old ledger or the new one. What was there is kept in a
 * file beside it, made under the same lock, so that no receipt is in neither.
 *
 * Source: contract 6 (`restore`).
 */
import fs from 'node:fs';
import path from 'node:path';
import { LedgerError } from '../core/errors.ts';
import { copyInto, type LedgerFacts, ledgerFacts, publish, syncToDisk } from './sqlite-backup.ts';
import { codeOf, isBusy, sqliteRefusal, unreadable } from './sqlite-errors.ts';
import {
  APPLICATION_ID,
  type Connection,
  connect,
  isBlank,
  requireOurs,
  statFile,
  whileBusy,
} from './sqlite-file.ts';

/** What is at a ledger's path. `damaged`: what cannot be read as a database. */
export type Occupant =
  | { readonly is: 'nothing' | 'blank' | 'damaged' }
  | ({ readonly is: 'ledger' } & LedgerFacts);

const SIDES = ['', '-wal', '-shm', '-journal'] as const;

/** How long to wait for those who only look at the ledger, ms. */
const PATIENCE_MS = 5_000;

/** Removes a working file with its side files. */
export function removeFile(file: string): void {
  for (const side of SIDES) fs.rmSync(`${file}${side}`, { force: true });
}

/**
 * Copies a backup into a working file, from wherever it lies.
 * @throws LedgerError `ledger_unreadable`, `ledger_newer`, `disk_full`
 */
export function copyBackup(backup: string, working: string): void {
  try {
    const db = connect(backup, true);
    try {
      requireOurs(db, backup);
      copyInto(db, working);
    } finally {
      db.close();
    }
  } catch (error) {
    throw sqliteRefusal(error, backup);
  }
}

/**
 * @throws LedgerError `ledger_unreadable` (a folder, another program's database), `ledger_read_only`, `ledger_busy`:
 *   nothing can be restored there
 */
export function occupantOf(file: string): Occupant {
  const stats = statFile(file);
  if (stats !== undefined && (stats.mode & 0o222) === 0) {
    throw new LedgerError('ledger_read_only', `${file} is read-only`, {
      hint: 'allow writing with `chmod u+w`',
    });
  }
  if (stats === undefined) return { is: fs.existsSync(file) ? 'blank' : 'nothing' };
  try {
    const db = connect(file, true);
    try {
      if (isBlank(db)) return { is: 'blank' };
      if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
        throw unreadable(file, 'it is a database of another program');
      }
      return { is: 'ledger', ...ledgerFacts(db) };
    } finally {
      db.close();
    }
  } catch (error) {
    if (isBusy(error)) throw busy(file);
    // A table that is missing is an error of the statement; anything else may be a matter of rights or of the disk.
    if (/^SQLITE_(CORRUPT|NOTADB|FORMAT|ERROR)/.test(codeOf(error))) return { is: 'damaged' };
    throw sqliteRefusal(error, file);
  }
}

/**
 * Puts a working file at its place.
 * @param kept where what is there now is kept
 * @returns `kept` when something was there, else null
 * @throws LedgerError `ledger_busy` (another process has the ledger open), `ledger_exists` (one was made meanwhile),
 *   `disk_full`, `ledger_read_only`: nothing was changed
 */
export function putInPlace(
  working: string,
  file: string,
  expected: Occupant['is'],
  kept: string,
): string | null {
  try {
    syncToDisk(working);
    switch (expected) {
      case 'nothing':
        publish(working, file);
        return null;
      case 'blank':
      case 'ledger':
        return replaceContent(working, file, expected === 'ledger' ? kept : null);
      case 'damaged':
        return setAside(working, file, kept);
    }
  } catch (error) {
    throw isBusy(error) ? busy(file) : sqliteRefusal(error, file);
  }
}

const busy = (file: string): LedgerError =>
  new LedgerError('ledger_busy', `${file} is open in another process`, {
    hint: 'end what uses it (`credits serve`, an agent, a cron job), then run the same command again',
  });

/**
 * What cannot be read is copied byte by byte, before anything opens it for writing: that may change it. Then it makes room,
 * unless somebody has it open: they would remove the new ledger's log when they end.
 */
function setAside(working: string, file: string, kept: string): string {
  const real = fs.realpathSync(file);
  const copies = SIDES.filter((side) => fs.existsSync(`${real}${side}`));
  try {
    for (const side of copies) {
      fs.copyFileSync(`${real}${side}`, `${kept}${side}`, fs.constants.COPYFILE_EXCL);
      fs.chmodSync(`${kept}${side}`, 0o600);
      syncToDisk(`${kept}${side}`);
    }
    requireAlone(file);
  } catch (error) {
    for (const side of copies) fs.rmSync(`${kept}${side}`, { force: true });
    throw error;
  }
  for (const side of SIDES.slice(1)) fs.rmSync(`${real}${side}`, { force: true });
  fs.renameSync(working, real);
  syncToDisk(path.dirname(real));
  return kept;
}

/** @throws the driver's `SQLITE_BUSY` when another process has the file open */
function requireAlone(file: string): void {
  try {
    const db = connect(file, false);
    try {
      db.pragma('locking_mode = EXCLUSIVE');
      db.exec('BEGIN IMMEDIATE; ROLLBACK');
    } finally {
      db.close();
    }
  } catch (error) {
    if (isBusy(error)) throw error;
  }
}

function replaceContent(working: string, file: string, kept: string | null): string | null {
  const db = connect(file, false);
  try {
    // Held until the end: granted only when nobody else has the file open, and nobody gets in from here on.
    db.pragma('locking_mode = EXCLUSIVE');
    whileBusy(PATIENCE_MS, () => db.exec('BEGIN IMMEDIATE; COMMIT'));
    if (kept === null && !isBlank(db)) {
      throw new LedgerError('ledger_exists', `a ledger was made at ${file} meanwhile`, {
        hint: 'look at it first; nothing was changed',
      });
    }
    try {
      if (kept !== null) copyInto(db, kept);
      if (db.pragma('journal_mode = WAL', { simple: true }) !== 'wal') {
        throw unreadable(file, 'its file system cannot share memory between processes');
      }
      copyContent(db, working);
    } catch (error) {
      if (kept !== null) fs.rmSync(kept, { force: true });
      throw error;
    }
    tidyUp(db);
    fs.chmodSync(file, 0o600);
    return kept;
  } finally {
    db.close();
    syncToDisk(path.dirname(fs.realpathSync(file)));
  }
}

/** What was there does not stay in free pages and the log. Where that cannot be done now, the ledger is whole all the same. */
function tidyUp(db: Connection): void {
  try {
    db.exec('VACUUM');
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!codeOf(error).startsWith('SQLITE_')) throw error;
  }
}

interface Made {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** Own objects of a schema, in an order in which they can be made. */
function objectsOf(db: Connection, schema: 'main' | 'source'): Made[] {
  const rows = db
    .prepare(
      `SELECT type, name, sql FROM ${schema}.sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'`,
    )
    .all() as Made[];
  const order = ['table', 'view', 'index', 'trigger'];
  return rows.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Replaces every table of the open file by those of another, in one transaction. */
function copyContent(db: Connection, working: string): void {
  db.pragma('foreign_keys = OFF');
  db.prepare('ATTACH ? AS source').run(working);
  const made = objectsOf(db, 'source');
  const versions = ['application_id', 'user_version'] as const;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const { type, name } of objectsOf(db, 'main').toReversed())
      db.exec(`DROP ${type} main.${quoted(name)}`);
    for (const { type, sql, name } of made) {
      // An unqualified name would be made in `main` in any case; text stays to the letter, `verify` compares it.
      db.exec(sql);
      if (type === 'table') db.exec(`INSERT INTO main.${quoted(name)} SELECT * FROM source.${quoted(name)}`);
    }
    for (const name of versions) {
      db.pragma(`main.${name} = ${db.pragma(`source.${name}`, { simple: true })}`);
    }
    compareCounts(db, made);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
  db.exec('DETACH source');
}

function compareCounts(db: Connection, made: readonly Made[]): void {
  for (const { name } of made.filter(({ type }) => type === 'table')) {
    const count = (schema: string): unknown =>
      db
        .prepare(`SELECT count(*) FROM ${schema}.${quoted(name)}`)
        .pluck()
        .get();
    if (count('main') !== count('source')) {
      throw new LedgerError('integrity_failure', `table ${name} was not copied whole; nothing was changed`);
    }
  }
}
