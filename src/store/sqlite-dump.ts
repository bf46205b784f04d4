/**
 * Everything in a SQLite ledger, account by account, in one snapshot and flat memory. On a connection of its own, so
 * that the door of the store stays free and no write comes between. Rows are given as they are stored: who reads them
 * may be looking for what was changed by hand.
 */
import { isLedgerError } from '../core/errors.ts';
import type { SettingFacts, UsageSumRow } from '../core/verify/stored.ts';
import { NO_WALLET, type Wallet } from '../core/wallet.ts';
import type { AccountDump, LedgerDump, LedgerRow } from '../ledger/store.ts';
import { COLUMNS, entryOf, type Row } from './rows.ts';
import { sqliteRefusal, unreadable } from './sqlite-errors.ts';
import { type Connection, openFile } from './sqlite-file.ts';
import { wholeWallet } from './sqlite-payments.ts';
import { type Prepared, statements } from './sqlite-statements.ts';
import {
  bookOf,
  holdRowOf,
  lotRowOf,
  readableAccount,
  receiptRowOf,
  SETTINGS,
  settingFacts,
  usageRowOf,
  usageSumOf,
} from './stored-rows.ts';

/** Rows in a page: enough to make the query's own cost small, few enough to keep memory flat. */
const PAGE = 1_000;

/** Hashes as text: making it in SQL costs a tenth of a Buffer for each. */
const RECEIPT = COLUMNS.receipt
  .replace('request', 'CASE WHEN request IS NULL THEN NULL ELSE lower(hex(request)) END')
  .replace('hash', 'lower(hex(hash))');

/** One page of a table, behind a number: the first column of each row. */
const PAGES = {
  receipt: `SELECT ${RECEIPT} FROM receipt WHERE account = ? AND seq > ? ORDER BY seq LIMIT ${PAGE}`,
  entry: `SELECT ${COLUMNS.entry} FROM entry WHERE account = ? AND seq > ? ORDER BY seq LIMIT ${PAGE}`,
  usage: `SELECT ${COLUMNS.usage} FROM usage WHERE account = ? AND receipt > ? ORDER BY receipt LIMIT ${PAGE}`,
  lot: `SELECT ${COLUMNS.lot}, live FROM lot WHERE account = ? AND no > ? ORDER BY no LIMIT ${PAGE}`,
  hold: `SELECT ${COLUMNS.hold} FROM hold WHERE account = ? AND no > ? ORDER BY no LIMIT ${PAGE}`,
  book: `SELECT no, id, body FROM simulated WHERE ? = 0 AND no > ? ORDER BY no LIMIT ${PAGE}`,
} as const;

/** Sums by time; a quarter of an hour may have more than a page of them. Integers come as BigInt. */
const SUMS = `SELECT slot, model, provider, calls, input_tokens, output_tokens, credits, list_credits, unpriced,
    first_receipt, last_receipt FROM usage_rollup
  WHERE account = ? AND (slot, model, provider) > (?, ?, ?) ORDER BY slot, model, provider LIMIT ${PAGE}`;
const FOLDED = 'SELECT receipt FROM usage_folded WHERE account = ?';

type Page = (account: number, after: number) => Row[];

/**
 * The refusal of a read. What a statement cannot find, such as a table dropped by hand, makes the file unreadable too.
 */
export function readRefusal(error: unknown, location: string): Error {
  const refusal = sqliteRefusal(error, location);
  const { code } = error as { code?: unknown };
  return !isLedgerError(refusal) && typeof code === 'string' && code.startsWith('SQLITE_')
    ? unreadable(location, refusal.message)
    : refusal;
}

/** @throws LedgerError `ledger_unreadable`; also what the dump gives does, where it cannot be read */
export function dumpFile(location: string): LedgerDump {
  const { db, version } = openFile(location, 'read');
  const guarded = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw readRefusal(error, location);
    }
  };
  const sql = statements(db);
  try {
    // Pages are read once, in order: a large cache would only grow.
    guarded(() => db.pragma('cache_size = -8192'));
    guarded(() => db.exec('BEGIN'));
  } catch (error) {
    db.close();
    throw error;
  }
  const paged = (name: keyof typeof PAGES): Page => {
    const statement = guarded(() => db.prepare(PAGES[name]).raw(true));
    return (account, after) => guarded(() => statement.all(account, after) as Row[]);
  };
  return {
    schemaVersion: version,
    ledger: () => guarded(() => ledgerOf(sql('ledger'))),
    settings: () => guarded(() => settingsOf(sql)),
    *accounts() {
      const pages: AccountPages = {
        receipts: paged('receipt'),
        entries: paged('entry'),
        usages: paged('usage'),
        lots: paged('lot'),
        holds: paged('hold'),
        ...guarded(() => sumPages(db, guarded)),
        wallet: walletReader(db, sql, guarded),
      };
      const ask: Page = (_, after) => guarded(() => sql('accountsByNo').all(after, PAGE));
      for (const rows of pagesOf(location, ask, 0, -1)) {
        for (const row of rows) yield accountDump(location, pages, row);
      }
    },
    *books() {
      if (!guarded(() => hasTables(db, ['simulated']))) return;
      yield* converted(pagesOf(location, paged('book'), 0, -1), bookOf);
    },
    close: () => void db.close(),
  };
}

const hasTables = (db: Connection, names: readonly string[]): boolean =>
  db
    .prepare(
      `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN (${names.map(() => '?').join()})`,
    )
    .pluck()
    .get(...names) === names.length;

/** Where the rows of an account come from. */
interface AccountPages extends Readonly<Record<'receipts' | 'entries' | 'usages' | 'lots' | 'holds', Page>> {
  wallet(account: number): Wallet;
  foldedUntil(account: number): number | null;
  usageSums(account: number): Generator<UsageSumRow[]>;
}

function sumPages(
  db: Connection,
  guarded: <T>(read: () => T) => T,
): Pick<AccountPages, 'foldedUntil' | 'usageSums'> {
  const tables = db.prepare(
    "SELECT count(*) FROM sqlite_schema WHERE name IN ('usage_rollup', 'usage_folded')",
  );
  // A table that somebody dropped is named by the check of the schema; the rest can still be read.
  if (tables.pluck().get() !== 2) return { foldedUntil: () => null, *usageSums() {} };
  const folded = db.prepare(FOLDED).pluck();
  const sums = db.prepare(SUMS).raw(true).safeIntegers(true);
  return {
    foldedUntil: (account) => guarded(() => (folded.get(account) as number | undefined) ?? null),
    *usageSums(account) {
      let after: unknown[] = [Number.MIN_SAFE_INTEGER, '', ''];
      for (;;) {
        const rows = guarded(() => sums.all(account, ...after) as unknown[][]);
        if (rows.length > 0) yield rows.map(usageSumOf);
        if (rows.length < PAGE) return;
        after = rows.at(-1)!.slice(0, 3);
      }
    },
  };
}

type Guarded = <T>(read: () => T) => T;

/** A table that somebody dropped is named by the check of the schema; the rest can still be read. */
function walletReader(db: Connection, sql: ReturnType<typeof statements>, guarded: Guarded) {
  if (!guarded(() => hasTables(db, ['topup', 'card', 'attempt']))) return () => NO_WALLET;
  return (account: number): Wallet => guarded(() => wholeWallet(sql, account));
}

function accountDump(location: string, pages: AccountPages, row: Row): AccountDump {
  const account = readableAccount(row);
  const read = <T>(page: Page, convert: (row: Row) => T): Generator<T[]> =>
    converted(pagesOf(location, page, account.no, Number.MIN_SAFE_INTEGER), convert);
  return {
    account,
    byokText: row[19] as string,
    foldedUntil: pages.foldedUntil(account.no),
    receipts: () => read(pages.receipts, receiptRowOf),
    entries: () => read(pages.entries, entryOf),
    usages: () => read(pages.usages, usageRowOf),
    lots: () => read(pages.lots, lotRowOf),
    holds: () => read(pages.holds, holdRowOf),
    usageSums: () => pages.usageSums(account.no),
    wallet: () => pages.wallet(account.no),
  };
}

function* converted<T>(pages: Iterable<Row[]>, convert: (row: Row) => T): Generator<T[]> {
  for (const rows of pages) yield rows.map(convert);
}

function* pagesOf(location: string, page: Page, account: number, from: number): Generator<Row[]> {
  let after = from;
  for (;;) {
    const rows = page(account, after);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    const last = rows.at(-1)![0] as number;
    // In a damaged file a page can lead back to itself.
    if (!(last > after)) throw unreadable(location, 'its rows are out of order');
    after = last;
  }
}

function ledgerOf(statement: Prepared): LedgerRow | null {
  const row = statement.get();
  return row === undefined ? null : { mode: row[0] as string, createdAt: row[1] as number };
}

function settingsOf(sql: ReturnType<typeof statements>): SettingFacts[] {
  return Object.entries(SETTINGS).flatMap(([table, [statement, columns]]) =>
    settingFacts(table, columns, sql(statement).all()),
  );
}
