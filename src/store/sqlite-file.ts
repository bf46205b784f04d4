/**
 * Opening and making the file of a SQLite ledger: modes, settings, version. The one place that creates a connection.
 * Source: contract 2 (0600 and 0700), DESIGN on storage; SQLite's documentation of pragmas.
 */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import { isLedgerError, LedgerError } from '../core/errors.ts';
import { codeOf, isBusy, sqliteRefusal, unreadable } from './sqlite-errors.ts';

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
  // Of the file itself: a link may lead elsewhere.
  const { type } = fs.statfsSync(file);
  const name = NETWORK_FILE_SYSTEMS[type >>> 0];
  if (name === undefined) return;
  throw unreadable(file, `it lies on a network file system (${name}), where its locks cannot be trusted`);
}

/** The file's facts; undefined when there is none or it is empty. */
export function statFile(file: string): fs.Stats | undefined {
  // The driver trims names: it would open another file than the one looked at here.
  if (file !== file.trim()) throw unreadable(file, 'its name ends in white space');
  let stats: fs.Stats;
  try {
    stats = fs.statSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') throw unreadable(file, 'a part of the path is no folder');
    if (code === 'ELOOP') throw unreadable(file, 'its links lead in a circle');
    if (code === 'ENAMETOOLONG') throw unreadable(file, 'its name is too long');
    throw sqliteRefusal(error, file);
  }
  if (stats.isDirectory()) throw unreadable(file, 'it is a folder');
  if (!stats.isFile()) throw unreadable(file, 'it is no file');
  // SQLite takes a file of one byte for an empty one (its ticket 3260) and would write over it.
  if (stats.size === 1) throw unreadable(file, 'it holds a single byte');
  return stats.size === 0 ? undefined : stats;
}

/** How long opening waits for other processes, ms. Short, since nothing can interrupt it. */
const OPENING_BUDGET_MS = 5_000;
const PAUSE_MS = 3;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs a step of opening, again and again while another process is in the way: one that makes the ledger, recovers it
 * after a crash, or copies its log back as the last to close it. Blocks meanwhile: nothing else is under way yet.
 */
export function whileBusy<T>(budgetMs: number, step: () => T): T {
  const deadline = performance.now() + budgetMs;
  for (;;) {
    try {
      return step();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(pause, 0, 0, PAUSE_MS);
    }
  }
}

/** A connection with the settings every one has; nothing about the file is checked. */
export function connect(file: string, readonly: boolean): Connection {
  const db = new Database(file, { readonly, fileMustExist: true, timeout: 250 });
  try {
    // Set on every open: this build's default for WAL is NORMAL, under which a power cut loses what was acknowledged.
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('cache_size = -65536');
    db.pragma('trusted_schema = OFF');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A database that lives as long as its connection. */
export const connectMemory = (): Connection => new Database(':memory:');

/** Puts a connection into WAL mode, on which concurrency and durability rest. */
function requireWal(db: Connection, file: string): void {
  if (db.pragma('journal_mode', { simple: true }) === 'wal') return;
  if (db.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
  throw unreadable(file, 'its file system cannot share memory between processes');
}

/** True for a database with nothing in it. It counts as none: an interrupted `init` leaves one. */
export function isBlank(db: Connection): boolean {
  const facts = ['application_id', 'user_version'].map((name) => db.pragma(name, { simple: true }));
  const objects = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  return facts.every((fact) => fact === 0) && objects === 0;
}

/**
 * Checks that an open file is a ledger that this program understands.
 * @returns its schema version
 * @throws LedgerError `no_ledger`, `ledger_unreadable`, `ledger_newer`
 */
export function requireOurs(db: Connection, file: string): number {
  if (db.inTransaction) return checkOurs(db, file);
  // One snapshot: another process may make the ledger between two looks, and would then seem to be another program.
  db.exec('BEGIN');
  try {
    return checkOurs(db, file);
  } finally {
    if (db.inTransaction) db.exec('COMMIT');
  }
}

function checkOurs(db: Connection, file: string): number {
  const id = db.pragma('application_id', { simple: true }) as number;
  if (id !== APPLICATION_ID) {
    throw isBlank(db) ? noLedger(file) : unreadable(file, 'it is a database of another program');
  }
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) throw ledgerNewer(file, version);
  return version;
}

/** The refusal of a ledger whose schema this program does not know. */
export const ledgerNewer = (file: string, version: number): LedgerError =>
  new LedgerError('ledger_newer', `${file} was written by a newer version of credits`, {
    hint: `it has schema ${version}, this program knows ${SCHEMA_VERSION}: update credits`,
    details: { schema: version, known: SCHEMA_VERSION },
  });

/** How a ledger file is opened. `read`: no write lock is ever taken and nothing is migrated. */
export type Access = 'read' | 'write';

/**
 * Opens a ledger file.
 * @param budgetMs how long to wait for other processes
 * @returns the connection and the schema version it has
 * @throws LedgerError `no_ledger`, `ledger_unreadable`, `ledger_newer`, `ledger_read_only`, `ledger_busy`, `disk_full`
 */
export function openFile(
  file: string,
  access: Access,
  budgetMs = OPENING_BUDGET_MS,
): { db: Connection; version: number } {
  const stats = statFile(file);
  if (stats === undefined) throw noLedger(file);
  refuseNetworkFileSystem(file);
  // The mode decides also for root, to whom the file system would allow the write: read-only is somebody's wish.
  if (access === 'write' && (stats.mode & 0o222) === 0) {
    throw new LedgerError('ledger_read_only', `${file} is read-only`, {
      hint: 'allow writing with `chmod u+w`, or choose another with --db',
    });
  }
  if (access === 'write') matchSideFiles(file, stats);
  try {
    return whileBusy(budgetMs, () => openOnce(file, access));
  } catch (error) {
    throw openingRefusal(error, file);
  }
}

function openOnce(file: string, access: Access): { db: Connection; version: number } {
  try {
    return openChecked(file, access);
  } catch (error) {
    if (access === 'write' || codeOf(error) !== 'SQLITE_READONLY_ROLLBACK') throw error;
    // A process died while it changed the file without a log, as `init` does for an instant. Only a writer can undo that.
    openChecked(file, 'write').db.close();
    return openChecked(file, 'read');
  }
}

function openChecked(file: string, access: Access): { db: Connection; version: number } {
  const db = connect(file, access === 'read');
  try {
    const version = requireOurs(db, file);
    if (access === 'write') requireWal(db, file);
    return { db, version };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Gives side files the mode of the ledger. SQLite does so only when it makes them, so those that a reader of a read-only
 * ledger left would keep it read-only after the ledger itself was made writable again.
 */
function matchSideFiles(file: string, { mode }: fs.Stats): void {
  const real = fs.realpathSync(file);
  for (const side of [`${real}-wal`, `${real}-shm`]) {
    try {
      if ((fs.statSync(side).mode & 0o777) !== (mode & 0o777)) fs.chmodSync(side, mode & 0o777);
    } catch {
      // None there, or somebody else's: SQLite says what it cannot do.
    }
  }
}

function openingRefusal(error: unknown, file: string): Error {
  if (/^SQLITE_(CANTOPEN|READONLY)/.test(codeOf(error)) && !isWritable(path.dirname(fs.realpathSync(file)))) {
    return new LedgerError('ledger_read_only', `${file} lies in a folder that cannot be written`, {
      hint: 'SQLite keeps side files (-wal, -shm) there, also to read: allow writing, or copy the ledger elsewhere',
    });
  }
  return sqliteRefusal(error, file);
}

function isWritable(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a folder and those above it that are missing, each 0700. Step by step: Node's own recursive call never ends where
 * a file system says "not found" to the last step, as /proc does.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; !fs.existsSync(at); at = path.dirname(at)) missing.push(at);
  for (const at of missing.reverse()) {
    try {
      fs.mkdirSync(at, { mode: 0o700 });
    } catch (error) {
      // Another process may have been faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Makes the folder (0700) and the empty file (0600) of a new ledger and opens it; the caller writes the schema.
 * SQLite gives its side files the mode of the file itself. Several processes may get as far as here at once.
 * @throws LedgerError `ledger_exists`, `ledger_unreadable`, `ledger_read_only`, `ledger_busy`, `disk_full`
 */
export function makeFile(file: string): Connection {
  if (statFile(file) !== undefined) refuseContent(file);
  try {
    makeFolder(path.dirname(path.resolve(file)));
    fs.closeSync(fs.openSync(file, 'a', 0o600));
    fs.chmodSync(file, 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTDIR' || code === 'EEXIST') throw unreadable(file, 'a part of the path is no folder');
    if (code === 'ENOENT') {
      throw new LedgerError('ledger_read_only', `no folder can be made for ${file}`, {
        hint: 'choose another place with --db',
      });
    }
    throw sqliteRefusal(error, file);
  }
  refuseNetworkFileSystem(file);
  matchSideFiles(file, fs.statSync(file));
  try {
    return whileBusy(OPENING_BUDGET_MS, () => {
      const db = connect(file, false);
      try {
        requireWal(db, file);
        return db;
      } catch (error) {
        db.close();
        throw error;
      }
    });
  } catch (error) {
    throw openingRefusal(error, file);
  }
}

/** Lets pass only what counts as no ledger. */
function refuseContent(file: string): void {
  try {
    openFile(file, 'read').db.close();
  } catch (error) {
    if (isLedgerError(error) && error.code === 'no_ledger') return;
    throw error;
  }
  throw ledgerExists(file);
}

const noLedger = (file: string): LedgerError =>
  new LedgerError('no_ledger', `there is no ledger at ${file}`, {
    hint: 'make one with `credits init`, or choose another with --db',
  });

/** The refusal of `init` where a ledger is. */
export const ledgerExists = (file: string): LedgerError =>
  new LedgerError('ledger_exists', `there is a ledger at ${file} already`, {
    hint: 'use it as it is, add an account with `credits accounts create`, or choose another path with --db',
  });
