/**
 * Usage, entries and lots of accounts as rows for other programs, oldest first, in pages, from one snapshot. What was
 * booked, not what the clock makes of it: a lot that has lapsed shows what is left in it until a sweep books its end.
 *
 * Source: contract 6 (`export`).
 */
import { LedgerError } from '../../core/errors.ts';
import { holdId, lotId, receiptId } from '../../core/ids.ts';
import type { Account, Entry, Instant, Lot, Receipt, Source, Usage } from '../../core/types.ts';
import { lotView } from '../local-balance.ts';
import type { AccountDump, LedgerDump } from '../store.ts';
import type { EntryView, LotView } from '../views.ts';
import { bookedOf } from './ledger-lines.ts';

/** What can be exported as rows. */
export type ExportWhat = 'usage' | 'entries' | 'lots';

/** A finished call, or a bare spend with `model` null. */
export interface UsageExport extends Omit<Usage, 'receipt' | 'rate'> {
  readonly account: string;
  readonly receipt: string;
  /** When it was booked. */
  readonly bookedAt: Instant;
  readonly hold: string | null;
  readonly key: string | null;
  readonly note: string | null;
}

export interface EntryExport extends EntryView {
  readonly account: string;
  readonly receiptKind: Receipt['kind'];
  readonly key: string | null;
}

export interface LotExport extends LotView {
  readonly account: string;
  readonly endKind: Lot['endKind'];
}

export interface ExportRows {
  readonly usage: UsageExport;
  readonly entries: EntryExport;
  readonly lots: LotExport;
}

/** Rows in a page. */
const PAGE = 500;

/**
 * @param account null: every account
 * @throws LedgerError `unknown_account`
 */
export async function* exportRows<What extends ExportWhat>(
  dump: LedgerDump,
  what: What,
  account: string | null,
): AsyncGenerator<readonly ExportRows[What][]> {
  let found = account === null;
  for await (const each of dump.accounts()) {
    if (each.account.no === 0 || (account !== null && each.account.id !== account)) continue;
    found = true;
    yield* rowsOf(each, what) as AsyncGenerator<readonly ExportRows[What][]>;
    if (account !== null) break;
  }
  if (!found) {
    throw new LedgerError('unknown_account', `no account is called ${JSON.stringify(account)}`, {
      hint: 'list them with `credits accounts`',
      details: { account },
    });
  }
}

function rowsOf(dump: AccountDump, what: ExportWhat): AsyncGenerator<readonly ExportRows[ExportWhat][]> {
  if (what === 'lots') return lotRows(dump);
  return what === 'usage' ? paged(usageRows(dump)) : paged(entryRows(dump));
}

async function* paged<Row>(rows: AsyncIterable<Row>): AsyncGenerator<readonly Row[]> {
  let page: Row[] = [];
  for await (const row of rows) {
    page.push(row);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

async function* lotRows({ account, lots }: AccountDump): AsyncGenerator<readonly LotExport[]> {
  for await (const page of lots()) yield page.map((lot) => lotExport(account, lot));
}

const lotExport = (account: Account, lot: Lot): LotExport => ({
  account: account.id,
  ...lotView(account, lot),
  endKind: lot.endKind,
});

async function* usageRows(dump: AccountDump): AsyncGenerator<UsageExport> {
  const { account } = dump;
  for await (const { booked } of bookedOf(dump)) {
    const { receipt, usage } = booked;
    if (usage === null) continue;
    const { rate: _, receipt: seq, at, ...facts } = usage;
    const hold = receipt.detail?.hold;
    yield {
      account: account.id,
      receipt: receiptId(account, seq),
      at,
      bookedAt: receipt.at,
      ...facts,
      hold: typeof hold === 'number' ? holdId(account, hold) : null,
      key: receipt.key,
      note: receipt.note,
    };
  }
}

async function* entryRows(dump: AccountDump): AsyncGenerator<EntryExport> {
  const sources = new Map<number, Source>();
  for await (const page of dump.lots()) for (const lot of page) sources.set(lot.no, lot.source);
  for await (const { booked } of bookedOf(dump)) {
    for (const entry of booked.entries) yield entryExport(dump.account, booked.receipt, entry, sources);
  }
}

function entryExport(
  account: Account,
  receipt: Receipt,
  entry: Entry,
  sources: ReadonlyMap<number, Source>,
): EntryExport {
  return {
    account: account.id,
    seq: entry.seq,
    receipt: receiptId(account, receipt.seq),
    receiptKind: receipt.kind,
    at: entry.at,
    kind: entry.kind,
    from: entry.from,
    to: entry.to,
    lot: entry.lot === null ? null : lotId(account, entry.lot),
    source: entry.lot === null ? null : (sources.get(entry.lot) ?? null),
    credits: entry.amount,
    available: entry.available,
    key: receipt.key,
    note: receipt.note,
  };
}
