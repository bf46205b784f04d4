/**
 * Opening and making the file of a SQLite ledger: modes, settings, version. The one place that creates a connection.
 * Source: contract 2 (0600 and 0700), DESIGN on storage; SQLite's documentation of pragmas.
 */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { LedgerError } from '../core/errors.ts';
import { sqliteRefusal, unreadable } from './sqlite-errors.ts';

export type Connection = Database.Database;

/** `CRED` in ASCII: tells our files from other SQLite databases. */
export const APPLICATION_ID = 0x43524544;

/** File systems on which SQLite's locks cannot be trusted, by statfs type. */
const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  16914839: '9p',
  1397109069: 'NCP',
  1397703499: 'Coda',
};

function refuseNetworkFileSystem(file: string): void {
  const { type } = fs.statfsSync(path.dirname(file));
  const name = NETWORK_FILE_SYSTEMS[type >>> 0];
  if (name === undefined) return;
  throw unreadable(file, `it lies on a network file system (${name}), where its locks cannot be trusted`);
}

/** The file's facts; undefined when there is none or it is empty. */
function statFile(file: string): fs.Stats | undefined {
  let stats: fs.Stats;
  try {
    stats = fs.statSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') throw unreadable(file, 'a part of the path is no folder');
    throw sqliteRefusal(error, file);
  }
  if (stats.isDirectory()) throw unreadable(file, 'it is a folder');
  if (!stats.isFile()) throw unreadable(file, 'it is no file');
  return stats.size === 0 ? undefined : stats;
}

/** True when there is something at the path (an empty file does not count). */
export const ledgerFileExists = (file: string): boolean => statFile(file) !== undefined;

function connect(file: string, readonly: boolean): Connection {
  let db: Connection;
  try {
    db = new Database(file, { readonly, fileMustExist: true, timeout: 250 });
  } catch (error) {
    throw sqliteRefusal(error, file);
  }
  try {
    // Set on every open: this build's default for WAL is NORMAL, under which a power cut loses what was acknowledged.
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('cache_size = -65536');
    db.pragma('trusted_schema = OFF');
    return db;
  } catch (error) {
    db.close();
    throw sqliteRefusal(error, file);
  }
}

/** Checks that an open file is a ledger that this program understands; returns its version. */
function requireOurs(db: Connection, file: string): number {
  const id = db.pragma('application_id', { simple: true }) as number;
  if (id !== APPLICATION_ID) throw unreadable(file, 'it is a database of another program');
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    throw new LedgerError('ledger_newer', `${file} was written by a newer version of credits`, {
      hint: `it has schema ${version}, this program knows ${SCHEMA_VERSION}: update credits`,
      details: { schema: version, known: SCHEMA_VERSION },
    });
  }
  return version;
}

/** How a ledger file is opened. `read`: no write lock is ever taken and nothing is migrated. */
export type Access = 'read' | 'write';

/**
 * Opens a ledger file.
 * @returns the connection and the schema version it has
 * @throws LedgerError `no_ledger`, `ledger_unreadable`, `ledger_newer`, `ledger_read_only`, `ledger_busy`
 */
export function openFile(file: string, access: Access): { db: Connection; version: number } {
  const stats = statFile(file);
  if (stats === undefined) {
    throw new LedgerError('no_ledger', `there is no ledger at ${file}`, {
      hint: 'make one with `credits init`, or choose another with --db',
    });
  }
  refuseNetworkFileSystem(file);
  // The mode decides also for root, to whom the file system would allow the write: read-only is somebody's wish.
  if (access === 'write' && (stats.mode & 0o222) === 0) {
    throw new LedgerError('ledger_read_only', `${file} is read-only`, {
      hint: 'allow writing with `chmod u+w`, or choose another with --db',
    });
  }
  const db = connect(file, access === 'read');
  try {
    return { db, version: requireOurs(db, file) };
  } catch (error) {
    db.close();
    throw sqliteRefusal(error, file);
  }
}

/**
 * Makes the folder (0700) and the empty file (0600) of a new ledger and opens it; the caller writes the schema.
 * SQLite gives its side files the mode of the file itself.
 * @throws LedgerError `ledger_exists`, `ledger_unreadable`, `ledger_read_only`, `disk_full`
 */
export function makeFile(file: string): Connection {
  if (ledgerFileExists(file)) {
    openFile(file, 'read').db.close();
    throw ledgerExists(file);
  }
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.closeSync(fs.openSync(file, 'a', 0o600));
    fs.chmodSync(file, 0o600);
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'ENOTDIR' ||
      (error as NodeJS.ErrnoException).code === 'EEXIST'
    ) {
      throw unreadable(file, 'a part of the path is no folder');
    }
    throw sqliteRefusal(error, file);
  }
  refuseNetworkFileSystem(file);
  const db = connect(file, false);
  try {
    db.pragma('journal_mode = WAL');
    return db;
  } catch (error) {
    db.close();
    throw sqliteRefusal(error, file);
  }
}

/** The refusal of `init` where a ledger is. */
export const ledgerExists = (file: string): LedgerError =>
  new LedgerError('ledger_exists', `there is a ledger at ${file} already`, {
    hint: 'use it as it is, add an account with `credits accounts create`, or choose another path with --db',
  });
