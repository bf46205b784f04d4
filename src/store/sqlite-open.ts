/**
 * Opening, making and migrating a SQLite ledger. Migrations run under the write lock, after a backup of the file.
 * Source: contract 9 (test or live is chosen once), DESIGN on migrations.
 */
import fs from 'node:fs';
import { SCHEMA_VERSION, sqliteSteps } from '../../migrations/index.ts';
import { type Catalogue, createCatalogue } from '../core/catalogue.ts';
import { genesisText } from '../core/chain.ts';
import { ZERO } from '../core/credits.ts';
import { blankAccount, LEDGER_CHAIN } from '../core/ledger/accounts.ts';
import { Booking } from '../core/ledger/booking.ts';
import type { Instant } from '../core/types.ts';
import type { LedgerMode } from '../ledger/service.ts';
import type { NewAccountWork, SettingRow } from '../ledger/store.ts';
import { BUSY_BUDGET_MS, SqliteStore, type StoreOptions } from './sqlite.ts';
import { SqliteBatch } from './sqlite-batch.ts';
import { sqliteRefusal } from './sqlite-errors.ts';
import {
  type Access,
  APPLICATION_ID,
  type Connection,
  connectMemory,
  isBlank,
  ledgerExists,
  makeFile,
  openFile,
  requireOurs,
  whileBusy,
} from './sqlite-file.ts';
import { statements } from './sqlite-statements.ts';

/** What a new ledger starts with. */
export interface NewLedger {
  readonly mode: LedgerMode;
  readonly now: Instant;
  /** The price list it is made with, as rows of its first setting receipt. */
  readonly settings: readonly SettingRow[];
  /** Its first account; null: none. */
  readonly account: NewAccountWork | null;
}

/**
 * Makes a ledger: file, schema, price list and first account, all or nothing. What is refused leaves no file behind; what
 * a crash or a full disk leaves is empty and counts as none. Of several processes that make one ledger, one does.
 * @throws LedgerError `ledger_exists`, `ledger_unreadable`, `ledger_read_only`, `ledger_busy`, `disk_full`, and what the
 *   account refuses
 */
export function createSqlite(file: string, start: NewLedger, options: StoreOptions): SqliteStore {
  rehearse(start, options);
  const db = makeFile(file);
  try {
    whileBusy(options.busyBudgetMs ?? BUSY_BUDGET_MS, () => db.exec('BEGIN IMMEDIATE'));
    if (!isBlank(db)) throw ledgerExists(file);
    const store = fill(db, file, start, options);
    db.exec('COMMIT');
    return store;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.close();
    throw sqliteRefusal(error, file);
  }
}

/** Lets everything be refused that would be, before there is a file: a name that is free must stay free. */
function rehearse(start: NewLedger, options: StoreOptions): void {
  const db = connectMemory();
  try {
    fill(db, ':memory:', start, { ...options, newTag: () => 'rehearsal' });
  } finally {
    db.close();
  }
}

/** Writes the schema, the price list and the first account. */
function fill(db: Connection, location: string, start: NewLedger, options: StoreOptions): SqliteStore {
  for (const step of sqliteSteps(0)) db.exec(step);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${SCHEMA_VERSION}`);
  statements(db)('insertLedger').run(start.mode, start.now);
  seed(db, start, options);
  const store = new SqliteStore(db, location, options);
  if (start.account !== null) store.openInOpenTransaction(start.account);
  return store;
}

/** Books the price list on the ledger's own chain. */
function seed(db: Connection, { mode, now, settings }: NewLedger, { sha256 }: StoreOptions): void {
  const facts = { no: 0, id: LEDGER_CHAIN, tag: 'ledger', zone: 'UTC' };
  const head = sha256(genesisText({ ...facts, createdAt: now }));
  const blank = blankAccount({ ...facts, head }, now);
  const booking = new Booking({ account: blank, lots: new Map(), holds: new Map() }, now);
  booking.close('setting', { credits: ZERO, detail: { mode, rows: settings } });
  const empty: Catalogue = createCatalogue({ models: [], rates: [], plans: [], packages: [] });
  const batch = new SqliteBatch(statements(db), sha256, () => empty);
  batch.open({ ...booking.done(), swept: null, change: null }, blank);
  for (const row of settings) batch.insertSetting(row);
  batch.finish();
}

/**
 * Opens a ledger. For writing, an older schema is migrated first, after a copy of the file.
 * @throws LedgerError `no_ledger`, `ledger_unreadable`, `ledger_newer`, `ledger_read_only`, `ledger_busy`, `disk_full`
 */
export function openSqlite(file: string, access: Access, options: StoreOptions): SqliteStore {
  let { db, version } = openFile(file, access, options.busyBudgetMs);
  try {
    if (version < SCHEMA_VERSION) {
      if (access === 'read') {
        db.close();
        ({ db } = openFile(file, 'write', options.busyBudgetMs));
      }
      migrate(db, file, options.busyBudgetMs ?? BUSY_BUDGET_MS);
      version = SCHEMA_VERSION;
    }
    return new SqliteStore(db, file, options);
  } catch (error) {
    if (db.open) db.close();
    throw sqliteRefusal(error, file);
  }
}

/** Name of the copy that is made before a migration from a version. */
export const migrationBackup = (file: string, version: number): string =>
  `${file}.before-schema-${version + 1}`;

/** Takes the write lock first: of several processes that find an old ledger, one copies and migrates it. */
function migrate(db: Connection, file: string, busyBudgetMs: number): void {
  whileBusy(busyBudgetMs, () => db.exec('BEGIN IMMEDIATE'));
  try {
    const version = requireOurs(db, file);
    if (version < SCHEMA_VERSION) {
      keepCopy(file, migrationBackup(file, version));
      for (const step of sqliteSteps(version)) db.exec(step);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Copies the ledger as it is committed. Under its own name only when it is whole and on the disk. */
function keepCopy(file: string, backup: string): void {
  const part = `${backup}.part`;
  const { db } = openFile(file, 'read');
  try {
    fs.rmSync(part, { force: true });
    fs.closeSync(fs.openSync(part, 'wx', 0o600));
    db.prepare('VACUUM INTO ?').run(part);
    const written = fs.openSync(part, 'r+');
    fs.fsyncSync(written);
    fs.closeSync(written);
    fs.renameSync(part, backup);
  } catch (error) {
    fs.rmSync(part, { force: true });
    throw error;
  } finally {
    db.close();
  }
}
