/**
 * One account while a batch runs on it: its state in memory, what has been decided, and what must be written at the end.
 * Shared by the engines; holds no connection.
 */
import { detailText, receiptText, type Sha256 } from '../core/chain.ts';
import type { Outcome } from '../core/ledger/decide.ts';
import type { AccountState, Booked, Hold, Lot } from '../core/types.ts';
import type { Attempt } from '../core/wallet.ts';

/** A receipt with the hash that chains it. */
export interface Chained {
  readonly booked: Booked;
  /** The receipt's detail as it was hashed and is stored. */
  readonly detail: string | null;
  readonly hash: string;
}

export class Session {
  state: AccountState;
  /** Lapsed holds are known up to this instant. */
  holdsUntil: number;
  cycleLotsLoaded = false;
  readonly lots = new Set<number>();
  readonly holds = new Set<number>();
  readonly #stored: { lots: Set<number>; holds: Set<number> };
  #changed = false;

  /** @param stored numbers of the lots and holds that already have a row */
  constructor(state: AccountState, holdsUntil: number, isNew = false) {
    this.state = state;
    this.holdsUntil = holdsUntil;
    this.#stored = isNew
      ? { lots: new Set(), holds: new Set() }
      : { lots: new Set(state.lots.keys()), holds: new Set(state.holds.keys()) };
  }

  get changed(): boolean {
    return this.#changed;
  }

  addLots(lots: readonly Lot[]): void {
    if (lots.length === 0) return;
    const all = new Map(this.state.lots);
    for (const lot of lots) {
      if (all.has(lot.no)) continue;
      all.set(lot.no, lot);
      this.#stored.lots.add(lot.no);
    }
    this.state = { ...this.state, lots: all };
  }

  addHolds(holds: readonly Hold[]): void {
    if (holds.length === 0) return;
    const all = new Map(this.state.holds);
    for (const hold of holds) {
      if (all.has(hold.no)) continue;
      all.set(hold.no, hold);
      this.#stored.holds.add(hold.no);
    }
    this.state = { ...this.state, holds: all };
  }

  addClaims(claims: ReadonlyMap<number, Attempt>): void {
    this.state = { ...this.state, claims };
  }

  /** Takes a decision: the state moves on, and each receipt gets its place in the chain. */
  apply(outcome: Outcome, sha256: Sha256): Chained[] {
    let { head } = this.state.account;
    const chained = outcome.booked.map((booked) => {
      const detail = detailText(booked.receipt.detail);
      head = sha256(receiptText(head, booked, detail));
      return { booked, detail, hash: head };
    });
    this.state = { ...outcome.state, account: { ...outcome.state.account, head } };
    for (const no of outcome.lots) this.lots.add(no);
    for (const no of outcome.holds) this.holds.add(no);
    if (chained.length > 0) this.#changed = true;
    return chained;
  }

  /** Rows to write at the end of the batch. */
  get dirty(): { lots: { row: Lot; isNew: boolean }[]; holds: { row: Hold; isNew: boolean }[] } {
    return {
      lots: [...this.lots].map((no) => ({
        row: this.state.lots.get(no)!,
        isNew: !this.#stored.lots.has(no),
      })),
      holds: [...this.holds].map((no) => ({
        row: this.state.holds.get(no)!,
        isNew: !this.#stored.holds.has(no),
      })),
    };
  }
}
