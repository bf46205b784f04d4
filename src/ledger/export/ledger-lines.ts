/**
 * Everything in a ledger as lines that make it again: a header, for each account its facts and its receipts in order,
 * each with its entries, its usage and its hash, in a test ledger the simulated provider's books, and a last line that says how much it was. Lots, holds, balances and
 * the price list are not in it: receipts say them. Amounts are microcredits and instants epoch ms, since the hashes
 * cover them like this.
 *
 * Source: contract 6 (`export --what ledger`, restorable with identical receipts and chains).
 */
import { genesisText, receiptText, type Sha256 } from '../../core/chain.ts';
import { LedgerError } from '../../core/errors.ts';
import type { Account, Booked, Entry, Instant, Usage } from '../../core/types.ts';
import type { ReceiptRow } from '../../core/verify/stored.ts';
import type { BookRow } from '../payments/payment-store.ts';
import type { AccountDump, LedgerDump } from '../store.ts';
import { Cursor } from '../verify/cursor.ts';

export const LEDGER_EXPORT = 'credits.ledger-export/v1';

/** The first line. */
export interface HeaderLine {
  readonly schema: typeof LEDGER_EXPORT;
  readonly mode: string;
  readonly createdAt: Instant;
  readonly schemaVersion: number;
  readonly amounts: 'microcredits';
  readonly instants: 'epoch ms';
}

/** Facts of an account that never change, and the end of its chain; its receipts follow. */
export interface AccountLine {
  readonly account: Pick<Account, 'no' | 'id' | 'tag' | 'zone' | 'createdAt'> & {
    readonly receipts: number;
    readonly head: string;
  };
}

export interface ReceiptLine extends Booked {
  readonly hash: string;
}

/** A row in the books of the simulated provider, behind all accounts; other ledgers and older exports have none. */
export interface BookLine {
  readonly simulated: BookRow;
}

/** The last line: without it, an export is cut off. */
export interface EndLine {
  readonly end: {
    readonly accounts: number;
    readonly receipts: number;
    /** Rows of the simulated provider's books; absent where there are none. */
    readonly simulated?: number;
  };
}

export type LedgerLine = HeaderLine | AccountLine | ReceiptLine | BookLine | EndLine;

/** Lines in a page. */
const PAGE = 500;

const broken = (account: string, what: string): LedgerError =>
  new LedgerError('integrity_failure', `account ${account}: ${what}`, {
    hint: 'what does not add up cannot be exported; `credits verify` says more',
  });

/** @throws LedgerError `integrity_failure` when a chain is broken: such lines could not be restored */
export async function* ledgerLines(dump: LedgerDump, sha256: Sha256): AsyncGenerator<readonly LedgerLine[]> {
  const ledger = await dump.ledger();
  if (ledger === null) throw new LedgerError('integrity_failure', 'the ledger has no row of its own');
  const { mode, createdAt } = ledger;
  yield [
    {
      schema: LEDGER_EXPORT,
      mode,
      createdAt,
      schemaVersion: dump.schemaVersion,
      amounts: 'microcredits',
      instants: 'epoch ms',
    },
  ];
  let accounts = 0;
  let receipts = 0;
  for await (const account of dump.accounts()) {
    for await (const page of accountLines(account, sha256)) {
      yield page;
    }
    accounts += 1;
    receipts += account.account.receiptSeq;
  }
  let simulated = 0;
  for await (const rows of dump.books()) {
    yield rows.map((row) => ({ simulated: row }));
    simulated += rows.length;
  }
  yield [{ end: { accounts, receipts, ...(simulated === 0 ? {} : { simulated }) } }];
}

async function* accountLines(dump: AccountDump, sha256: Sha256): AsyncGenerator<readonly LedgerLine[]> {
  const { no, id, tag, zone, createdAt, receiptSeq, head } = dump.account;
  let page: LedgerLine[] = [{ account: { no, id, tag, zone, createdAt, receipts: receiptSeq, head } }];
  let hash = sha256(genesisText({ id, tag, zone, createdAt }));
  let seq = 0;
  for await (const { row, booked } of bookedOf(dump)) {
    seq += 1;
    hash = sha256(receiptText(hash, booked, row.detailText));
    const isWhole = row.detailText === (booked.receipt.detail && JSON.stringify(booked.receipt.detail));
    if (booked.receipt.seq !== seq || row.hash !== hash || !isWhole) {
      throw broken(id, `the chain breaks at receipt ${seq}`);
    }
    page.push({ ...booked, hash });
    if (page.length >= PAGE) {
      yield page;
      page = [];
    }
  }
  if (seq !== receiptSeq || hash !== head) throw broken(id, `its chain does not end where the account says`);
  yield page;
}

/** Receipts in order with what belongs to each. */
export async function* bookedOf(
  dump: AccountDump,
): AsyncGenerator<{ readonly row: ReceiptRow; readonly booked: Booked }> {
  const receipts = new Cursor<ReceiptRow>(dump.receipts());
  const entries = new Cursor<Entry>(dump.entries());
  const usages = new Cursor<Usage>(dump.usages());
  const stray = (): LedgerError => broken(dump.account.id, 'there are rows of no receipt');
  for (;;) {
    if (receipts.dry) await receipts.load();
    const { row } = receipts;
    if (row === undefined) break;
    receipts.skip();
    const own: Entry[] = [];
    for (;;) {
      if (entries.dry) await entries.load();
      if (entries.row?.receipt !== row.receipt.seq) break;
      own.push(entries.row);
      entries.skip();
    }
    if (usages.dry) await usages.load();
    const usage = usages.row?.receipt === row.receipt.seq ? usages.row : null;
    if (usage !== null) usages.skip();
    yield { row, booked: { receipt: row.receipt, entries: own, usage } };
  }
  await entries.load();
  await usages.load();
  if (entries.row !== undefined || usages.row !== undefined) throw stray();
}
