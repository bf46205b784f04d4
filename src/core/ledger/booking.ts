/**
 * A working copy of one account on which a decision books its receipts. The state it was opened on never changes, so a
 * refusal half-way leaves nothing behind.
 */
import { type Microcredits, ZERO } from '../credits.ts';
import { effectOf, moveInLot, moveInTotals } from '../effects.ts';
import { invalid, LedgerError } from '../errors.ts';
import { availableIn } from '../lots.ts';
import type {
  Account,
  AccountState,
  Booked,
  CallTags,
  Detail,
  Entry,
  EntryKind,
  Hold,
  Instant,
  Lot,
  Place,
  Receipt,
  ReceiptKind,
  Usage,
} from '../types.ts';
import type { Attempt, WalletChange } from '../wallet.ts';

/** What a decision leaves: the account's next state and the receipts that lead there, in booking order. */
export interface Decision {
  readonly state: AccountState;
  readonly booked: readonly Booked[];
  /** Rows that this decision made or changed. */
  readonly lots: ReadonlySet<number>;
  readonly holds: ReadonlySet<number>;
  /** Rows of the money side that credits going by hand changed; absent: none. */
  readonly wallet?: WalletChange | undefined;
}

/** What a receipt says besides its entries. */
export interface ReceiptFacts {
  readonly credits: Microcredits;
  readonly note?: string | null;
  readonly detail?: Detail | null;
  readonly usage?: Omit<Usage, 'receipt'> | null;
}

/** Idempotency key and hash of the request it stands for. */
export interface RequestKey {
  readonly key: string | null;
  readonly request: string | null;
}

/** A lone surrogate would be hashed as given and stored as another character; a NUL ends a text in some engines. */
function requireWord(text: string | null | undefined, what: string): void {
  if (text == null || (text.isWellFormed() && !text.includes('\0'))) return;
  throw invalid(`${what} is no well-formed text`);
}

function requireWords({ note, usage, detail }: ReceiptFacts, key: string | null): void {
  requireWord(note, 'the note');
  requireWord(key, 'the key');
  const tags = usage ?? (detail?.tags as Partial<CallTags> | undefined);
  requireWord(tags?.activity, 'the activity');
  requireWord(tags?.session, 'the session');
  requireWord(tags?.run, 'the run');
  requireWord(usage?.model ?? (detail?.call as { model?: string } | null | undefined)?.model, 'the model');
}

const NO_KEY: RequestKey = { key: null, request: null };

export class Booking {
  readonly at: Instant;
  readonly lots: Map<number, Lot>;
  readonly holds: Map<number, Hold>;
  account: Account;
  /** Payments that took credits back; empty where the state was loaded without them. */
  readonly claims: Map<number, Attempt>;
  readonly #knowsClaims: boolean;
  readonly #claimsTouched = new Set<number>();
  readonly #booked: Booked[] = [];
  readonly #lotsTouched = new Set<number>();
  readonly #holdsTouched = new Set<number>();
  #entries: Entry[] = [];

  /** @param now the caller's clock; entries are booked at max(now, the account's last time), contract 1 */
  constructor(state: AccountState, now: Instant) {
    this.account = state.account;
    this.lots = new Map(state.lots);
    this.holds = new Map(state.holds);
    this.claims = new Map(state.claims);
    this.#knowsClaims = state.claims !== undefined;
    this.at = Math.max(now, state.account.lastAt);
  }

  /** Number that the receipt being booked will have; lots and holds it makes carry it. */
  get next(): number {
    return this.account.receiptSeq + 1;
  }

  /** Spendable credits now. After the sweep this equals the account's booked total. */
  get available(): Microcredits {
    return availableIn(this.lots.values(), this.at);
  }

  /**
   * A lot of the working copy.
   * @throws LedgerError `integrity_failure` when the state was loaded without it
   */
  lot(no: number): Lot {
    const lot = this.lots.get(no);
    if (lot === undefined) throw new LedgerError('integrity_failure', `lot ${no} was not loaded`);
    return lot;
  }

  putLot(lot: Lot): void {
    this.lots.set(lot.no, lot);
    this.#lotsTouched.add(lot.no);
  }

  putHold(hold: Hold): void {
    this.holds.set(hold.no, hold);
    this.#holdsTouched.add(hold.no);
  }

  putClaim(attempt: Attempt): void {
    this.claims.set(attempt.no, attempt);
    this.#claimsTouched.add(attempt.no);
  }

  /** Adds one entry to the receipt being booked. An amount of 0 books nothing. */
  move(kind: EntryKind, from: Place, to: Place, amount: Microcredits, lot: number | null): void {
    if (amount === 0) return;
    const movement = { kind, from, to, amount };
    effectOf(kind, from, to);
    const totals = moveInTotals(this.account, movement);
    if (lot !== null) this.putLot(moveInLot(this.lot(lot), movement));
    const seq = this.account.entrySeq + 1;
    this.account = { ...this.account, ...totals, entrySeq: seq };
    this.#entries.push({
      seq,
      receipt: this.next,
      at: this.at,
      kind,
      lot,
      from,
      to,
      amount,
      available: totals.available,
    });
  }

  /** True while the receipt being booked has an entry. */
  get hasEntries(): boolean {
    return this.#entries.length > 0;
  }

  /**
   * Closes the receipt being booked and returns it.
   * @throws LedgerError `invalid_argument` for words that no database keeps as they are
   */
  close(kind: ReceiptKind, facts: ReceiptFacts, { key, request }: RequestKey = NO_KEY): Receipt {
    requireWords(facts, key);
    const entries = this.#entries;
    this.#entries = [];
    const seq = this.next;
    const receipt: Receipt = {
      seq,
      kind,
      at: this.at,
      key,
      request,
      credits: facts.credits,
      available: this.account.available,
      debt: this.account.debt,
      entryFirst: this.account.entrySeq - entries.length + 1,
      entryCount: entries.length,
      note: facts.note ?? null,
      detail: facts.detail ?? null,
    };
    this.account = { ...this.account, receiptSeq: seq, lastAt: this.at };
    this.#booked.push({ receipt, entries, usage: facts.usage ? { ...facts.usage, receipt: seq } : null });
    return receipt;
  }

  /** The decision so far. */
  done(): Decision {
    const { account, lots, holds, claims } = this;
    const attempts = [...this.#claimsTouched].map((no) => claims.get(no)!);
    return {
      state: { account, lots, holds, ...(this.#knowsClaims ? { claims } : {}) },
      booked: this.#booked,
      lots: this.#lotsTouched,
      holds: this.#holdsTouched,
      ...(attempts.length > 0 ? { wallet: { attempts } } : {}),
    };
  }
}

/** Refuses a spend or hold in debt, even beside credits that are left. Source: contract 5.6. */
export function refuseDebt(booking: Booking): void {
  if (booking.account.debt === ZERO) return;
  throw new LedgerError('in_debt', `account ${booking.account.id} is in debt`, {
    hint: 'a grant repays the debt first: `credits grant` or `credits buy`',
    details: { debt: booking.account.debt / 1_000_000, available: booking.available / 1_000_000 },
  });
}

/** Refuses what a closed account no longer takes. Source: contract 5.12. */
export function refuseClosed(account: Account): void {
  if (account.closedAt === null) return;
  throw new LedgerError('account_closed', `account ${account.id} is closed`, {
    details: { account: account.id },
  });
}
