/**
 * Reads the lines of a ledger export and hands over what belongs into a new ledger. Every hash is made again on the way:
 * receipts and chains are the exported ones, or nothing is.
 *
 * Source: contract 6 (`restore` takes an export with identical receipts and chains).
 */
import { genesisText, receiptText, type Sha256 } from '../../core/chain.ts';
import { isLedgerError, LedgerError } from '../../core/errors.ts';
import { Fold } from '../../core/fold.ts';
import type { Account, Booked, Hold, Lot } from '../../core/types.ts';
import type { Wallet } from '../../core/wallet.ts';
import type { BookRow } from '../payments/payment-store.ts';
import type { SettingRow } from '../store.ts';
import type { Head } from '../verify-view.ts';
import { type AccountLine, type HeaderLine, LEDGER_EXPORT, type ReceiptLine } from './ledger-lines.ts';

/** An empty ledger that is written row by row; each is called once per row, in an order that suits no foreign key. */
export interface LedgerWriter {
  ledger(header: HeaderLine): void;
  setting(row: SettingRow): void;
  receipt(account: number, booked: Booked, hash: string): void;
  lot(account: number, lot: Lot): void;
  hold(account: number, hold: Hold): void;
  wallet(account: number, wallet: Wallet): void;
  /** Books of the simulated provider, in order of their numbers. */
  book(row: BookRow): void;
  /** The account as its receipts leave it, behind everything else of it. */
  account(account: Account): void;
}

export interface RestoredLines {
  readonly mode: string;
  readonly accounts: number;
  readonly heads: Readonly<Record<string, Head>>;
}

/** A line with its number, from 1. */
export interface ExportLine {
  readonly no: number;
  readonly text: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unreadable = (no: number, what: string): LedgerError =>
  new LedgerError('ledger_unreadable', `line ${no}: ${what}`, {
    hint: 'it must be the whole output of `credits export --what ledger`',
  });

const changed = (no: number, what: string): LedgerError =>
  new LedgerError('integrity_failure', `line ${no}: ${what}`, {
    hint: 'the export was changed or damaged; nothing was restored',
  });

/**
 * @param schemaVersion newest that this program knows
 * @throws LedgerError `ledger_unreadable` (no export, or cut off), `ledger_newer`, `integrity_failure` (it was changed)
 */
export async function restoreLines(
  lines: AsyncIterable<ExportLine> | Iterable<ExportLine>,
  writer: LedgerWriter,
  facts: { readonly sha256: Sha256; readonly schemaVersion: number },
): Promise<RestoredLines> {
  const reader = new LineReader(writer, facts);
  let last = 0;
  for await (const { no, text } of lines) {
    last = no;
    try {
      reader.take(no, text);
    } catch (error) {
      // What has another shape than an export fails somewhere inside.
      if (error instanceof TypeError || error instanceof RangeError) {
        throw unreadable(no, `it is no line of an export (${error.message})`);
      }
      if (!isLedgerError(error) || error.message.startsWith('line ')) throw error;
      throw new LedgerError(error.code, `line ${no}: ${error.message}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
    }
  }
  return reader.end(last);
}

class LineReader {
  readonly #writer: LedgerWriter;
  readonly #facts: { readonly sha256: Sha256; readonly schemaVersion: number };
  readonly #heads = new Map<string, Head>();
  #mode: string | undefined;
  #receipts = 0;
  #books = 0;
  #ended = false;
  #current: { line: AccountLine['account']; fold: Fold; hash: string } | undefined;

  constructor(writer: LedgerWriter, facts: { readonly sha256: Sha256; readonly schemaVersion: number }) {
    this.#writer = writer;
    this.#facts = facts;
  }

  take(no: number, text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw unreadable(no, 'it is no JSON');
    }
    if (!isObject(value)) throw unreadable(no, 'it is no JSON object');
    if (this.#mode === undefined) this.#header(no, value);
    else if (this.#ended) throw unreadable(no, 'there is something behind the end');
    else if (isObject(value.receipt)) this.#receipt(no, value as unknown as ReceiptLine);
    else if (isObject(value.account)) this.#account(no, value.account as unknown as AccountLine['account']);
    else if (isObject(value.simulated)) this.#book(no, value.simulated);
    else if (isObject(value.end)) this.#end(no, value.end);
    else throw unreadable(no, 'it is neither an account nor a receipt');
  }

  #header(no: number, value: Record<string, unknown>): void {
    if (value.schema !== LEDGER_EXPORT) throw unreadable(no, `it does not begin with ${LEDGER_EXPORT}`);
    const header = value as unknown as HeaderLine;
    if (!(header.schemaVersion <= this.#facts.schemaVersion)) {
      throw new LedgerError('ledger_newer', 'the export was written by a newer version of credits', {
        hint: `it has schema ${header.schemaVersion}, this program knows ${this.#facts.schemaVersion}: update credits`,
      });
    }
    this.#writer.ledger(header);
    this.#mode = header.mode;
  }

  #account(no: number, line: AccountLine['account']): void {
    this.#close(no);
    if (this.#heads.has(line.id)) throw changed(no, `account ${line.id} comes twice`);
    const { id, tag, zone, createdAt } = line;
    const head = this.#facts.sha256(genesisText({ id, tag, zone, createdAt }));
    const fold = new Fold({ no: line.no, id, tag, head, zone, createdAt });
    this.#current = { line, fold, hash: head };
  }

  #receipt(no: number, { hash, receipt, entries, usage }: ReceiptLine): void {
    const current = this.#current;
    if (current === undefined) throw unreadable(no, 'a receipt of no account');
    const booked = { receipt, entries, usage };
    const own = this.#facts.sha256(receiptText(current.hash, booked));
    const { receiptSeq } = current.fold.account;
    if (receipt.seq !== receiptSeq + 1 || own !== hash) {
      throw changed(no, `receipt ${receiptSeq + 1} of account ${current.line.id} is not what it was`);
    }
    current.hash = own;
    current.fold.add(booked);
    this.#receipts += 1;
    this.#writer.receipt(current.line.no, booked, hash);
    if (current.line.no === 0) this.#settings(receipt.detail?.rows);
    this.#resolved(current.line.no, current.fold, receipt.detail?.hold);
  }

  #settings(rows: unknown): void {
    if (Array.isArray(rows)) for (const row of rows) this.#writer.setting(row as SettingRow);
  }

  /** A hold that is settled or released never changes again: a long history keeps none of them in memory. */
  #resolved(account: number, { holds }: Fold, no: unknown): void {
    const hold = typeof no === 'number' ? holds.get(no) : undefined;
    if (hold === undefined || hold.status === 'open' || hold.status === 'lapsed') return;
    this.#writer.hold(account, hold);
    holds.delete(hold.no);
  }

  /** Writes what the receipts of an account leave. */
  #close(no: number): void {
    if (this.#current === undefined) return;
    const { line, fold, hash } = this.#current;
    const account = { ...fold.account, head: hash };
    if (account.receiptSeq !== line.receipts || hash !== line.head) {
      throw changed(no, `receipts of account ${line.id} are missing before it`);
    }
    for (const lot of fold.lots.values()) this.#writer.lot(line.no, lot);
    for (const hold of fold.holds.values()) this.#writer.hold(line.no, hold);
    this.#writer.wallet(line.no, fold.wallet);
    this.#writer.account(account);
    this.#heads.set(line.id, { seq: account.receiptSeq, hash });
    this.#current = undefined;
  }

  /** No chain covers these rows; what they say about money is what `payments audit` compares with the receipts. */
  #book(no: number, { no: row, id, body }: Record<string, unknown>): void {
    this.#close(no);
    if (this.#mode !== 'test') throw changed(no, 'a live ledger has no simulated payments');
    if (row !== this.#books + 1 || typeof id !== 'string' || typeof body !== 'string') {
      throw changed(no, `row ${this.#books + 1} of the simulated payments is not what it was`);
    }
    this.#books += 1;
    this.#writer.book({ no: row, id, body });
  }

  #end(no: number, { accounts, receipts, simulated = 0 }: Record<string, unknown>): void {
    this.#close(no);
    if (simulated !== this.#books) throw changed(no, 'rows of the simulated payments are missing before it');
    if (accounts !== this.#heads.size || receipts !== this.#receipts) {
      throw changed(no, `it holds other than the ${accounts} accounts and ${receipts} receipts it should`);
    }
    this.#ended = true;
  }

  end(no: number): RestoredLines {
    if (this.#mode === undefined) throw unreadable(1, 'the file is empty');
    if (!this.#ended) throw unreadable(no, 'the export ends here, cut off');
    // The ledger's own chain is no account of anybody's.
    return { mode: this.#mode, accounts: this.#heads.size - 1, heads: Object.fromEntries(this.#heads) };
  }
}
