/**
 * Everything in a SQLite ledger, account by account, in one snapshot and flat memory. On a connection of its own, so
 * that the door of the store stays free and no write comes between.
 */
import type { Account, Entry } from '../core/types.ts';
import type { AccountDump, StoredReceipt } from '../ledger/store.ts';
import { accountOf, entryOf, holdOf, lotOf, type Row, receiptOf, usageOf } from './rows.ts';
import { sqliteRefusal } from './sqlite-errors.ts';
import { openFile } from './sqlite-file.ts';
import { type Prepared, SQL, type StatementName, statements } from './sqlite-statements.ts';

/** @throws LedgerError `ledger_unreadable` */
export function* dumpFile(location: string): Generator<AccountDump> {
  const { db } = openFile(location, 'read');
  try {
    db.exec('BEGIN');
    const sql = statements(db);
    const fresh = (name: StatementName, account: number) =>
      db.prepare(SQL[name]).raw(true).iterate(account) as IterableIterator<Row>;
    for (const account of accountsOf(sql('accountsByNo'))) {
      yield {
        account,
        lots: sql('allLots').all(account.no).map(lotOf),
        holds: sql('allHolds').all(account.no).map(holdOf),
        receipts: () => receiptsOf(fresh('receipts', account.no), fresh('usages', account.no)),
        entries: () => entriesOf(fresh('entries', account.no)),
      };
    }
  } catch (error) {
    throw sqliteRefusal(error, location);
  } finally {
    db.close();
  }
}

const PAGE = 1_000;

function* accountsOf(page: Prepared): Generator<Account> {
  let after = -1;
  for (;;) {
    const rows = page.all(after, PAGE);
    for (const row of rows) yield accountOf(row);
    if (rows.length < PAGE) return;
    after = rows.at(-1)![0] as number;
  }
}

function* entriesOf(rows: IterableIterator<Row>): Generator<Entry> {
  for (const row of rows) yield entryOf(row);
}

/** Receipts with their usage, both in order of number. Usage without a receipt is `inspect`'s to report. */
function* receiptsOf(
  receipts: IterableIterator<Row>,
  usages: IterableIterator<Row>,
): Generator<StoredReceipt> {
  let usage = usages.next();
  for (const row of receipts) {
    const { receipt, hash } = receiptOf(row);
    while (!usage.done && (usage.value[0] as number) < receipt.seq) usage = usages.next();
    const own = !usage.done && usage.value[0] === receipt.seq ? usageOf(usage.value) : null;
    if (own !== null) usage = usages.next();
    yield { receipt, usage: own, detailText: row[11] as string | null, hash };
  }
  usages.return?.();
}
