/**
 * Reads one account for the auditor: receipts in order, each with the rows that carry its number. Rows may be missing,
 * doubled or renumbered by hand; what does not fall into place is handed over as a stray.
 */
import type { Entry } from '../../core/types.ts';
import type { AccountAudit } from '../../core/verify/account-audit.ts';
import type { ReceiptRow } from '../../core/verify/stored.ts';
import type { AccountDump } from '../store.ts';
import { Cursor } from './cursor.ts';
import type { Pace } from './pace.ts';

/** A table with one row at most for each receipt. */
class Beside<Row> {
  readonly #cursor: Cursor<Row>;
  readonly #numberOf: (row: Row) => number;
  readonly #stray: (row: Row) => void;

  constructor(cursor: Cursor<Row>, numberOf: (row: Row) => number, stray: (row: Row) => void) {
    this.#cursor = cursor;
    this.#numberOf = numberOf;
    this.#stray = stray;
  }

  /** The row of a receipt; null: it has none; undefined: a page must be loaded first. */
  take(seq: number): Row | null | undefined {
    for (;;) {
      const { row } = this.#cursor;
      if (row === undefined) return this.#cursor.dry ? undefined : null;
      const no = this.#numberOf(row);
      if (no > seq) return null;
      this.#cursor.skip();
      if (no === seq) return row;
      this.#stray(row);
    }
  }

  async wait(seq: number): Promise<Row | null> {
    let row: Row | null | undefined;
    while (row === undefined) {
      await this.#cursor.load();
      row = this.take(seq);
    }
    return row;
  }

  /** What is left belongs to no receipt. */
  async finish(): Promise<void> {
    await this.wait(Number.POSITIVE_INFINITY);
  }
}

export class AccountReader {
  readonly #audit: AccountAudit;
  readonly #receipts;
  readonly #entries;
  readonly #usages;
  readonly #lots;
  readonly #holds;
  readonly #sums;
  readonly #wallet: AccountDump['wallet'];
  /** Entries read so far. */
  entries = 0;

  constructor(dump: AccountDump, audit: AccountAudit) {
    this.#audit = audit;
    this.#receipts = new Cursor(dump.receipts());
    this.#entries = new Cursor(dump.entries());
    this.#usages = new Beside(
      new Cursor(dump.usages()),
      (row) => row.receipt,
      (row) => audit.strayUsage(row),
    );
    this.#lots = new Beside(
      new Cursor(dump.lots()),
      (row) => row.no,
      (row) => audit.strayLot(row),
    );
    this.#holds = new Beside(
      new Cursor(dump.holds()),
      (row) => row.no,
      (row) => audit.strayHold(row),
    );
    this.#sums = new Cursor(dump.usageSums());
    this.#wallet = () => dump.wallet();
  }

  /** Hands everything to the auditor. @throws LedgerError `ledger_unreadable` where the file cannot be read */
  async read(pace: Pace): Promise<void> {
    if (this.#receipts.dry) await this.#receipts.load();
    let current = this.#receipts.row;
    while (current !== undefined) {
      this.#receipts.skip();
      if (this.#receipts.dry) await this.#receipts.load();
      const following = this.#receipts.row;
      const own: Entry[] = [];
      while (!this.#gather(current, following, own)) await this.#entries.load();
      const { seq } = current.receipt;
      let usage = this.#usages.take(seq);
      if (usage === undefined) usage = await this.#usages.wait(seq);
      let lot = this.#lots.take(seq);
      if (lot === undefined) lot = await this.#lots.wait(seq);
      let hold = this.#holds.take(seq);
      if (hold === undefined) hold = await this.#holds.wait(seq);
      this.#audit.receipt(current, own, { usage, lot, hold });
      if (this.#audit.sums.isFull) await this.#handOverSums(this.#audit.sums.cutoff, seq);
      current = following;
      if (pace.isDue()) await pace.pause();
    }
    await this.#finish();
  }

  /** Takes the entries of a receipt. @returns false when a page must be loaded first */
  #gather(current: ReceiptRow, following: ReceiptRow | undefined, own: Entry[]): boolean {
    for (;;) {
      const entry = this.#entries.row;
      if (entry === undefined) return !this.#entries.dry;
      const { seq, entryFirst } = current.receipt;
      if (entry.receipt < seq && entry.seq < entryFirst) this.#audit.strayEntry(entry);
      else if (belongs(entry, current, following)) own.push(entry);
      else return true;
      this.entries += 1;
      this.#entries.skip();
    }
  }

  async #finish(): Promise<void> {
    for (;;) {
      if (this.#entries.dry) await this.#entries.load();
      const entry = this.#entries.row;
      if (entry === undefined) break;
      this.#audit.strayEntry(entry);
      this.entries += 1;
      this.#entries.skip();
    }
    await this.#usages.finish();
    await this.#lots.finish();
    await this.#holds.finish();
    this.#audit.wallet(await this.#wallet());
    await this.#handOverSums(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  /** Hands stored sums over up to a slot. @param receipt the receipt that has been read last */
  async #handOverSums(before: number, receipt: number): Promise<void> {
    for (;;) {
      if (this.#sums.dry) await this.#sums.load();
      const { row } = this.#sums;
      if (row === undefined || row.slot >= before) break;
      this.#audit.sums.row(row, receipt);
      this.#sums.skip();
    }
    this.#audit.sums.rest();
  }
}

/**
 * Three columns tell to which receipt an entry belongs: its own number of it, the range of the receipt, and where the
 * next one begins. One of them may have been changed by hand; two decide.
 */
function belongs(entry: Entry, { receipt }: ReceiptRow, following: ReceiptRow | undefined): boolean {
  const says = entry.receipt === receipt.seq;
  const isInRange = entry.seq < receipt.entryFirst + receipt.entryCount;
  const isBeforeNext = following === undefined || entry.seq < following.receipt.entryFirst;
  return Number(says) + Number(isInRange) + Number(isBeforeNext) >= 2;
}
