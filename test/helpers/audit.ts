/**
 * An auditor beside a ledger in a test: folds every entry through the effect table and compares the result with the
 * counters, numbers and times of the state that the decision left. Knows the rules that hold after every step, whatever
 * was done; what a step should have done is not its business.
 */
import { effectOf } from '../../src/core/effects.ts';
import type { AccountState, Booked, Entry, Lot, Place } from '../../src/core/types.ts';

const PLACES = ['available', 'held', 'spent', 'expired', 'revoked'] as const;
type Counters = Record<'granted' | (typeof PLACES)[number], number>;

const isPlace = (place: Place): place is (typeof PLACES)[number] =>
  (PLACES as readonly Place[]).includes(place);

function same(actual: unknown, expected: unknown, what: string): void {
  if (Object.is(actual, expected)) return;
  throw new Error(`${what} is ${String(actual)}, by the entries ${String(expected)}`);
}

export class Audit {
  readonly #lots = new Map<number, Counters>();
  #available = 0;
  #held = 0;
  #debt = 0;
  #receipts = 0;
  #entries = 0;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** Takes the receipts of one decision and checks the state they led to. @throws Error naming what differs */
  book(booked: readonly Booked[], state: AccountState): void {
    for (const one of booked) this.#receipt(one, state);
    const { account, lots, holds } = state;
    same(account.receiptSeq, this.#receipts, 'the number of receipts');
    same(account.entrySeq, this.#entries, 'the number of entries');
    same(account.available, this.#available, 'available');
    same(account.held, this.#held, 'held');
    same(account.debt, this.#debt, 'debt');
    for (const lot of lots.values()) this.#lot(lot);
    const left = { available: 0, held: 0, reserved: 0 };
    for (const lot of lots.values()) {
      left.available += lot.available;
      left.held += lot.held;
    }
    for (const hold of holds.values()) {
      if ((hold.status === 'open') !== (hold.resolvedBy === null))
        throw new Error(`hold ${hold.no} is half open`);
      const sum = hold.slices.reduce((all, slice) => all + slice.amount, 0);
      if (hold.call?.byok !== true) same(hold.amount, sum, `the slices of hold ${hold.no}`);
      if (hold.status === 'open') left.reserved += sum;
    }
    same(account.available, left.available, 'the sum of all lots');
    same(account.held, left.held, 'what lots have held');
    same(account.held, left.reserved, 'what open holds reserve');
  }

  #lot(lot: Lot): void {
    const folded = this.#lots.get(lot.no);
    if (folded === undefined) throw new Error(`lot ${lot.no} was never granted`);
    let sum = 0;
    for (const place of PLACES) {
      if (lot[place] < 0) throw new Error(`lot ${lot.no} has less than nothing ${place}`);
      same(lot[place], folded[place], `${place} of lot ${lot.no}`);
      sum += lot[place];
    }
    same(lot.granted, folded.granted, `granted of lot ${lot.no}`);
    same(sum, lot.granted, `the sum of all places of lot ${lot.no}`);
  }

  #receipt({ receipt, entries }: Booked, state: AccountState): void {
    same(receipt.seq, ++this.#receipts, 'the number of a receipt');
    same(receipt.entryFirst, this.#entries + 1, `the first entry of receipt ${receipt.seq}`);
    same(receipt.entryCount, entries.length, `the entries of receipt ${receipt.seq}`);
    if (receipt.at < this.#lastAt) throw new Error(`receipt ${receipt.seq} lies before the one before it`);
    this.#lastAt = receipt.at;
    const owing = this.#debt > 0;
    const touched = new Set<string>();
    for (const entry of entries) {
      same(entry.receipt, receipt.seq, `the receipt of entry ${entry.seq}`);
      same(entry.at, receipt.at, `the time of entry ${entry.seq}`);
      this.#entry(entry);
      if (entry.from === 'available' && (entry.kind === 'spent' || entry.kind === 'held')) {
        if (owing && receipt.kind !== 'settle') throw new Error(`receipt ${receipt.seq} spends in debt`);
        this.#payer(entry, state);
      }
      const place = `${entry.kind} ${entry.from} ${entry.lot}`;
      if (
        touched.has(place) &&
        entry.kind !== 'returned' &&
        entry.kind !== 'expired' &&
        entry.kind !== 'revoked'
      ) {
        throw new Error(`receipt ${receipt.seq} has two entries ${place}`);
      }
      touched.add(place);
    }
    same(receipt.available, this.#available, `available after receipt ${receipt.seq}`);
    same(receipt.debt, this.#debt, `debt after receipt ${receipt.seq}`);
  }

  #entry({ seq, kind, lot, from, to, amount, available }: Entry): void {
    same(seq, ++this.#entries, 'the number of an entry');
    if (!(Number.isSafeInteger(amount) && amount > 0)) throw new Error(`entry ${seq} moves ${amount}`);
    if ((lot === null) !== (kind === 'owed')) throw new Error(`entry ${seq} (${kind}) has the lot ${lot}`);
    this.#debt += effectOf(kind, from, to).debt * amount;
    if (lot !== null) {
      const counters = this.#lots.get(lot) ?? {
        granted: 0,
        available: 0,
        held: 0,
        spent: 0,
        expired: 0,
        revoked: 0,
      };
      this.#lots.set(lot, counters);
      if (from === 'issued') counters.granted += amount;
      if (isPlace(from)) counters[from] -= amount;
      if (isPlace(to)) counters[to] += amount;
    }
    this.#available += (to === 'available' ? amount : 0) - (from === 'available' ? amount : 0);
    this.#held += (to === 'held' ? amount : 0) - (from === 'held' ? amount : 0);
    if (this.#debt < 0 || this.#available < 0 || this.#held < 0)
      throw new Error(`entry ${seq} takes too much`);
    same(available, this.#available, `available after entry ${seq}`);
  }

  /** A lot pays while `grantedAt <= at < expiresAt`, and never after it was ended. */
  #payer({ seq, lot, at }: Entry, state: AccountState): void {
    const payer = state.lots.get(lot!);
    if (payer === undefined) throw new Error(`entry ${seq} moves the unknown lot ${lot}`);
    if (at < payer.grantedAt || (payer.expiresAt !== null && at >= payer.expiresAt)) {
      throw new Error(`entry ${seq} spends lot ${lot} outside its life`);
    }
    if (payer.endedAt !== null && at > payer.endedAt)
      throw new Error(`entry ${seq} spends the ended lot ${lot}`);
  }
}
