/**
 * Everything in a PostgreSQL ledger, account by account, in one snapshot and flat memory. Rows are given as they are
 * stored: who reads them may be looking for what was changed by hand.
 */
import { isLedgerError } from '../core/errors.ts';
import { NO_WALLET } from '../core/wallet.ts';
import type { AccountDump, LedgerDump } from '../ledger/store.ts';
import { type PostgresDoor, type Statements, statementsOn } from './postgres-door.ts';
import { postgresRefusal } from './postgres-errors.ts';
import { walletOf } from './postgres-load.ts';
import { COLUMNS, entryOf, type Row } from './rows.ts';
import { unreadable } from './sqlite-errors.ts';
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

/** Rows in a page. */
const PAGE = 1_000;

const RECEIPT = COLUMNS.receipt
  .replace('request', "encode(request, 'hex')")
  .replace('hash', "encode(hash, 'hex')");

/** One page of a table, behind a number: the first column of each row. */
const PAGES = {
  receipts: `SELECT ${RECEIPT} FROM receipt WHERE account = $1 AND seq > $2 ORDER BY seq LIMIT ${PAGE}`,
  entries: `SELECT ${COLUMNS.entry} FROM entry WHERE account = $1 AND seq > $2 ORDER BY seq LIMIT ${PAGE}`,
  usages: `SELECT ${COLUMNS.usage} FROM usage WHERE account = $1 AND receipt > $2 ORDER BY receipt LIMIT ${PAGE}`,
  lots: `SELECT ${COLUMNS.lot}, live FROM lot WHERE account = $1 AND no > $2 ORDER BY no LIMIT ${PAGE}`,
  holds: `SELECT ${COLUMNS.hold} FROM hold WHERE account = $1 AND no > $2 ORDER BY no LIMIT ${PAGE}`,
  accounts: `SELECT ${COLUMNS.account} FROM account WHERE no > $2 AND $1 = 0 ORDER BY no LIMIT ${PAGE}`,
  books: `SELECT no, id, body FROM simulated WHERE no > $2 AND $1 = 0 ORDER BY no LIMIT ${PAGE}`,
} as const;

const SUMS = `SELECT slot, model, provider, calls, input_tokens, output_tokens, credits, list_credits, unpriced,
    first_receipt, last_receipt FROM usage_rollup
  WHERE account = $1 AND (slot, model, provider) > ($2, $3, $4) ORDER BY slot, model, provider LIMIT ${PAGE}`;

/** One transaction for as long as the dump is open; without a limit of time, since it reads everything. */
const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0`;

/** @throws LedgerError `ledger_unreadable`; also what the dump gives does, where it cannot be read */
export async function dumpPostgres(door: PostgresDoor): Promise<LedgerDump> {
  const client = await door.connect();
  const { location } = door;
  const sql = guarded(statementsOn(client), location);
  let isOpen = true;
  try {
    await client.query(BEGIN);
    const [version] = await sql.rows('schemaVersion');
    return {
      schemaVersion: version?.[0] as number,
      async ledger() {
        const [row] = await savepoint(sql, () => sql.rows('ledger'));
        return row === undefined ? null : { mode: row[0] as string, createdAt: row[1] as number };
      },
      settings: () => savepoint(sql, () => settingsOf(sql)),
      async *accounts() {
        for await (const rows of pagesOf(sql, 'accounts', 0, -1)) {
          for (const row of rows) yield await accountDump(sql, row);
        }
      },
      books: () => converted(pagesOf(sql, 'books', 0, -1), bookOf),
      close() {
        if (!isOpen) return;
        isOpen = false;
        // Nothing was written, and a page may still be under way: the transaction ends with its connection.
        client.release(true);
      },
    };
  } catch (error) {
    client.release(true);
    throw readRefusal(error, location);
  }
}

/** What a statement cannot find, such as a table dropped by hand, makes the ledger unreadable. */
function readRefusal(error: unknown, location: string): Error {
  const refusal = postgresRefusal(error, location);
  const { code } = error as { code?: unknown };
  return !isLedgerError(refusal) && typeof code === 'string'
    ? unreadable(location, refusal.message)
    : refusal;
}

function guarded(sql: Statements, location: string): Statements {
  const guard = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error) => {
      throw readRefusal(error, location);
    });
  return {
    rows: (...given) => guard(sql.rows(...given)),
    write: (...given) => guard(sql.write(...given)),
    text: (...given) => guard(sql.text(...given)),
  };
}

/**
 * A read that fails does not take the rest of the snapshot with it. All of it is sent at once.
 * @param read sends its statements before it waits for any
 */
async function savepoint<T>(sql: Statements, read: () => Promise<T>): Promise<T> {
  const [, answer, released] = await Promise.allSettled([
    sql.text('SAVEPOINT reading'),
    read(),
    sql.text('RELEASE SAVEPOINT reading'),
  ]);
  // A row that cannot be converted fails here alone, and leaves the transaction as it was.
  if (released.status === 'rejected' && answer.status === 'rejected') {
    await sql.text('ROLLBACK TO SAVEPOINT reading; RELEASE SAVEPOINT reading').catch(() => {});
  }
  if (answer.status === 'rejected') throw answer.reason;
  return answer.value;
}

async function settingsOf(sql: Statements) {
  const tables = await Promise.all(
    Object.entries(SETTINGS).map(async ([table, [statement, columns]]) =>
      settingFacts(table, columns, await sql.rows(statement)),
    ),
  );
  return tables.flat();
}

async function* pagesOf(
  sql: Statements,
  table: keyof typeof PAGES,
  account: number,
  from: number,
): AsyncGenerator<Row[]> {
  let after = from;
  for (;;) {
    const rows = await savepoint(sql, () => sql.text(PAGES[table], [account, after]));
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)![0] as number;
  }
}

async function* converted<T>(pages: AsyncIterable<Row[]>, convert: (row: Row) => T): AsyncGenerator<T[]> {
  for await (const rows of pages) yield rows.map(convert);
}

async function accountDump(sql: Statements, row: Row): Promise<AccountDump> {
  const account = readableAccount(row);
  const { no } = account;
  const read = <T>(table: keyof typeof PAGES, convert: (row: Row) => T): AsyncGenerator<T[]> =>
    converted(pagesOf(sql, table, no, Number.MIN_SAFE_INTEGER), convert);
  return {
    account,
    byokText: row[19] as string,
    foldedUntil: await orNone(sql, null, async () => {
      const [folded] = await sql.rows('foldedUntil', no);
      return (folded?.[0] ?? null) as number | null;
    }),
    receipts: () => read('receipts', receiptRowOf),
    entries: () => read('entries', entryOf),
    usages: () => read('usages', usageRowOf),
    lots: () => read('lots', lotRowOf),
    holds: () => read('holds', holdRowOf),
    usageSums: () => sumPages(sql, no),
    wallet: () =>
      orNone(sql, NO_WALLET, async () => {
        const [policies, cards, attempts] = await Promise.all([
          sql.rows('topupOf', no),
          sql.rows('cardOf', no),
          sql.rows('attemptsAll', no),
        ]);
        return walletOf(policies, cards, attempts);
      }),
  };
}

/** A table that somebody dropped is named by the check of the schema; the rest can still be read. */
async function orNone<T>(sql: Statements, none: T, read: () => Promise<T>): Promise<T> {
  try {
    return await savepoint(sql, read);
  } catch (error) {
    if (isLedgerError(error) && error.code === 'ledger_unreadable') return none;
    throw error;
  }
}

async function* sumPages(sql: Statements, account: number) {
  let after: (number | string)[] = [Number.MIN_SAFE_INTEGER, '', ''];
  for (;;) {
    const rows = await orNone(sql, [], () => sql.text(SUMS, [account, ...after], true));
    if (rows.length > 0) yield rows.map(usageSumOf);
    if (rows.length < PAGE) return;
    const [slot, model, provider] = rows.at(-1)!;
    after = [Number(slot), model as string, provider as string];
  }
}
