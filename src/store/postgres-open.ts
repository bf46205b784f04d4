/**
 * Opening, making and migrating a PostgreSQL ledger. Of several processes that find no ledger, or an old one, one makes or
 * migrates it: an advisory lock keeps the others waiting.
 *
 * Source: contract 9 (test or live is chosen once), DESIGN on migrations.
 */
import { postgresSteps, SCHEMA_VERSION } from '../../migrations/index.ts';
import { createCatalogue } from '../core/catalogue.ts';
import { genesisText } from '../core/chain.ts';
import { ZERO } from '../core/credits.ts';
import { invalid, LedgerError } from '../core/errors.ts';
import { blankAccount, LEDGER_CHAIN } from '../core/ledger/accounts.ts';
import { Booking } from '../core/ledger/booking.ts';
import type { LedgerMode } from '../ledger/service.ts';
import type { SettingRow } from '../ledger/store.ts';
import { openIn, PostgresStore, postgresNewer } from './postgres.ts';
import { PostgresBatch } from './postgres-batch.ts';
import { PostgresDoor, type Statements } from './postgres-door.ts';
import { proofOf, writeRows } from './postgres-write.ts';
import { catalogueOf, type PriceRows, priceRowsWith } from './settings.ts';
import { BUSY_BUDGET_MS, type StoreOptions } from './sqlite.ts';
import { unreadable } from './sqlite-errors.ts';
import type { NewLedger } from './sqlite-open.ts';

/** Where a PostgreSQL ledger is. */
export interface PostgresPlace {
  /** `postgres://…`, with everything the driver needs. */
  readonly url: string;
  /** The same for people, without a password. */
  readonly location: string;
}

/** `CRED` in ASCII, and what the lock is for. */
const LOCK = 'SELECT pg_advisory_xact_lock(1129465156, 1)';

export const doorTo = ({ url, location }: PostgresPlace, options: StoreOptions): PostgresDoor =>
  new PostgresDoor(url, location, {
    random: options.random,
    busyBudgetMs: options.busyBudgetMs ?? BUSY_BUDGET_MS,
    signal: options.signal,
  });

/** What is in the database. */
export type PostgresOccupant = 'nothing' | 'ledger';

/** @throws LedgerError `ledger_unreadable`: tables of another program have the names of ours */
export async function occupantIn(sql: Statements, location: string): Promise<PostgresOccupant> {
  const [row] = await sql.text(
    "SELECT to_regclass('credits_schema')::text, to_regclass('account')::text, to_regclass('receipt')::text, current_schema()",
  );
  const [ours, account, receipt, schema] = row!;
  if (schema === null) throw invalid(`${location} has no schema to put a ledger into`);
  if (ours !== null) return 'ledger';
  if (account === null && receipt === null) return 'nothing';
  throw unreadable(location, 'tables of another program have the names of ours');
}

const noLedger = (location: string): LedgerError =>
  new LedgerError('no_ledger', `there is no ledger at ${location}`, {
    hint: 'make one with `credits init`, or choose another with --db',
  });

export const ledgerThere = (location: string): LedgerError =>
  new LedgerError('ledger_exists', `there is a ledger at ${location} already`, {
    hint: '`credits accounts create ID` adds an account to it; --db names another place',
  });

/** Runs the steps after a version and says so in the ledger. */
export async function migrateTo(sql: Statements, after: number): Promise<void> {
  for (const step of postgresSteps(after)) await sql.text(step);
  if (after === 0) await sql.text('INSERT INTO credits_schema (one, version) VALUES (1, 0)');
  await sql.rows('setVersion', SCHEMA_VERSION);
}

/** @throws LedgerError `invalid_argument`: text could not be kept as it is */
async function requireUtf8(sql: Statements, location: string): Promise<void> {
  const [row] = await sql.text("SELECT current_setting('server_encoding')");
  if (row?.[0] === 'UTF8') return;
  throw invalid(`${location} keeps text as ${row?.[0]}`, 'make the database with the encoding UTF8');
}

/**
 * Makes a ledger: schema, price list and first account, all or nothing.
 * @throws LedgerError `ledger_exists`, `ledger_unreadable`, `no_ledger` (no such database), `unauthenticated`,
 *   `ledger_read_only`, `remote_unreachable`, and what the account refuses
 */
export async function createPostgres(
  place: PostgresPlace,
  start: NewLedger,
  options: StoreOptions,
): Promise<PostgresStore> {
  const door = doorTo(place, options);
  try {
    await door.writing(async (sql) => {
      await sql.text(LOCK);
      if ((await occupantIn(sql, place.location)) === 'ledger') throw ledgerThere(place.location);
      await requireUtf8(sql, place.location);
      await migrateTo(sql, 0);
      return { result: undefined, proof: await fill(sql, start, options) };
    });
    return new PostgresStore(door, start.mode, options);
  } catch (error) {
    await door.close();
    throw error;
  }
}

const NO_PRICES: PriceRows = { models: [], aliases: [], rates: [], plans: [], packages: [] };

/** Writes the price list, booked on the ledger's own chain, and the first account. */
async function fill(sql: Statements, { mode, now, settings, account }: NewLedger, options: StoreOptions) {
  await sql.rows('insertLedger', mode, now);
  const batch = new PostgresBatch(
    {
      ...{ sessions: new Map(), replays: new Map(), wallets: new Map() },
      catalogue: createCatalogue({ models: [], rates: [], plans: [], packages: [] }),
      withSettings: (rows: readonly SettingRow[]) => catalogueOf(priceRowsWith(NO_PRICES, rows)),
    },
    options.sha256,
  );
  const facts = { no: 0, id: LEDGER_CHAIN, tag: 'ledger', zone: 'UTC' };
  const head = options.sha256(genesisText({ ...facts, createdAt: now }));
  const blank = blankAccount({ ...facts, head }, now);
  const booking = new Booking({ account: blank, lots: new Map(), holds: new Map() }, now);
  booking.close('setting', { credits: ZERO, detail: { mode, rows: settings } });
  batch.open({ ...booking.done(), swept: null, change: null }, blank);
  batch.addSettings(settings);
  if (account !== null) {
    openIn(batch, account, { no: 1, tag: options.newTag(), sha256: options.sha256 });
  }
  await writeRows(sql, batch.finish());
  return proofOf(batch.changed, () => 0);
}

/**
 * Opens a ledger; one of an older schema is migrated first.
 * @throws LedgerError `no_ledger`, `ledger_unreadable`, `ledger_newer`, `ledger_read_only`, `ledger_busy`,
 *   `unauthenticated`, `remote_unreachable`
 */
export async function openPostgres(place: PostgresPlace, options: StoreOptions): Promise<PostgresStore> {
  const door = doorTo(place, options);
  const { location } = place;
  try {
    const [there, version, mode] = await door.reading(async (sql) => {
      if ((await occupantIn(sql, location)) !== 'ledger') return [false, 0, null] as const;
      const [[schema], [ledger]] = await Promise.all([sql.rows('schemaVersion'), sql.rows('ledger')]);
      return [true, (schema?.[0] ?? 0) as number, (ledger?.[0] ?? null) as LedgerMode | null] as const;
    });
    if (!there) throw noLedger(location);
    if (mode === null) throw unreadable(location, 'its first row is missing');
    if (version > SCHEMA_VERSION) throw postgresNewer(location, version);
    if (version < SCHEMA_VERSION) await migrate(door);
    return new PostgresStore(door, mode, options);
  } catch (error) {
    await door.close();
    throw error;
  }
}

/** Waits for every write under way, and lets none begin, before it changes a table. */
function migrate(door: PostgresDoor): Promise<void> {
  return door.writing(
    async (sql) => {
      await sql.text(LOCK);
      await sql.text('LOCK TABLE account IN ACCESS EXCLUSIVE MODE');
      const [row] = await sql.rows('schemaVersion');
      const version = (row?.[0] ?? 0) as number;
      if (version > SCHEMA_VERSION) throw postgresNewer(door.location, version);
      if (version < SCHEMA_VERSION) await migrateTo(sql, version);
      return { result: undefined, proof: null };
    },
    { repeatable: true },
  );
}
