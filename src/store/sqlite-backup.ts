/**
 * Consistent copies of a SQLite ledger while others write to it. Copying the file by hand is not one: of 40 copies made
 * under writers, 33 were corrupt and 5 stale (docs/RELIABILITY.md).
 *
 * Source: contract 6 (`backup`); SQLite's documentation of VACUUM INTO.
 */
import fs from 'node:fs';
import path from 'node:path';
import { invalid } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import { sqliteRefusal, unreadable } from './sqlite-errors.ts';
import { type Connection, connect, openFile, requireOurs } from './sqlite-file.ts';

/** What is in a ledger file. */
export interface LedgerFacts {
  readonly mode: string;
  readonly schema: number;
  /** The ledger's own chain not counted. */
  readonly accounts: number;
  readonly entries: number;
  /** Time of its last receipt. */
  readonly lastAt: Instant;
}

export interface BackupFacts extends LedgerFacts {
  readonly file: string;
  readonly bytes: number;
}

/** Counts what is in a ledger, whatever version its schema has. */
export function ledgerFacts(db: Connection): LedgerFacts {
  const one = <T>(sql: string): T => db.prepare(sql).pluck().get() as T;
  return {
    mode: one('SELECT mode FROM ledger'),
    schema: db.pragma('user_version', { simple: true }) as number,
    accounts: one('SELECT count(*) FROM account WHERE no > 0'),
    entries: one('SELECT coalesce(sum(entry_seq), 0) FROM account'),
    lastAt: one('SELECT coalesce(max(last_at), 0) FROM account'),
  };
}

/**
 * Copies what is committed into a new file (0600), of the schema and version it has. Under its name only when it is whole,
 * checked and on the disk; a failure leaves nothing behind.
 * @throws LedgerError `invalid_argument` (something is there, no such folder), `no_ledger`, `ledger_unreadable`,
 *   `ledger_newer`, `ledger_busy`, `disk_full`
 */
export function backupSqlite(ledger: string, target: string): BackupFacts {
  refuseTaken(target);
  const part = `${target}.part-${process.pid}`;
  const { db } = openFile(ledger, 'read');
  try {
    // What a killed process of the same number left.
    fs.rmSync(part, { force: true });
    copyInto(db, part);
    const facts = checkCopy(part);
    const { size: bytes } = fs.statSync(part);
    publish(part, target);
    return { file: target, bytes, ...facts };
  } catch (error) {
    throw sqliteRefusal(error, target);
  } finally {
    db.close();
    fs.rmSync(part, { force: true });
  }
}

/** @throws LedgerError `invalid_argument` */
function refuseTaken(target: string): void {
  if (fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw invalid(`${target} exists already`, 'a backup never replaces a file: choose another name');
  }
  if (fs.statSync(path.dirname(target), { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw invalid(`${path.dirname(target)} is no folder`, 'make it first, or choose another name');
  }
}

/** Copies everything committed into a new file that only its owner may read. */
export function copyInto(db: Connection, file: string): void {
  fs.closeSync(fs.openSync(file, 'wx', 0o600));
  db.prepare('VACUUM INTO ?').run(file);
  syncToDisk(file);
}

/** Waits until a file (or the names in a folder) is on the disk. */
export function syncToDisk(file: string): void {
  const fd = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** @throws LedgerError `ledger_unreadable` when the copy is not sound */
function checkCopy(file: string): LedgerFacts {
  const db = connect(file, true);
  try {
    requireOurs(db, file);
    const found = db.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw unreadable(file, String(found));
    return ledgerFacts(db);
  } finally {
    db.close();
  }
}

/**
 * Gives a finished file its name, unless something has that name by now.
 * @throws LedgerError `invalid_argument`
 */
export function publish(part: string, target: string): void {
  try {
    fs.linkSync(part, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw invalid(`${target} exists already`, 'it was made meanwhile; nothing was replaced');
    // File systems of sticks and cards know no second name for a file.
    if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK)$/.test(code ?? '')) throw error;
    refuseTaken(target);
    fs.renameSync(part, target);
  }
  syncToDisk(path.dirname(target));
}
