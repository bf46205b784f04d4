/**
 * The chain of an account: each receipt's hash over its own content, its entries and usage, and the hash before it; and
 * the heads that somebody saved of an earlier run.
 * Source: contract 5.11, 6 (`verify --heads`).
 */
import { genesisText, receiptText, type Sha256 } from '../chain.ts';
import type { Booked } from '../types.ts';
import type { AuditState } from './state.ts';

/** The end of a chain. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

const SHOWN = 12;
const short = (hash: string): string => `${hash.slice(0, SHOWN)}…`;

export class ChainAudit {
  readonly #state: AuditState;
  readonly #sha256: Sha256;
  readonly #saved: ChainEnd | undefined;
  /** The hash that the next receipt builds on, as stored; and as computed where that differs. */
  #stored: string;
  #computed: string;
  #seq = 0;

  /** @param saved the head of an earlier run */
  constructor(state: AuditState, sha256: Sha256, saved: ChainEnd | undefined) {
    this.#state = state;
    this.#sha256 = sha256;
    this.#saved = saved;
    this.#computed = sha256(genesisText(state.row.account));
    this.#stored = this.#computed;
  }

  take(booked: Booked, detailText: string | null, hash: string): void {
    const { seq } = booked.receipt;
    let computed = this.#sha256(receiptText(this.#stored, booked, detailText));
    if (computed !== hash && this.#computed !== this.#stored) {
      // Where the hash before this one was changed, the receipt still fits the one that belongs there.
      computed = this.#sha256(receiptText(this.#computed, booked, detailText));
    }
    if (computed !== hash) this.#broken(seq, hash, computed);
    this.#computed = computed;
    this.#stored = hash;
    this.#seq = seq;
    if (seq === this.#saved?.seq && hash !== this.#saved.hash) this.#otherThanSaved(hash);
  }

  #broken(seq: number, hash: string, computed: string): void {
    const covered = seq === 1 ? "the account's id, tag, zone and time of creation, " : '';
    const text = `its hash is ${short(hash)}, by ${covered}its content, entries and usage it is ${short(computed)}`;
    this.#state.fault('chain', this.#state.names.receipt(seq), text);
  }

  #otherThanSaved(hash: string): void {
    const { seq, hash: saved } = this.#saved!;
    const text = `its hash is ${short(hash)}, the saved heads say ${short(saved)}`;
    this.#state.fault('heads', this.#state.names.receipt(seq), text);
  }

  /** Ends the chain. @returns its end as stored */
  finish(): ChainEnd {
    const { head } = this.#state.row.account;
    const { names } = this.#state;
    if (head !== this.#stored) {
      this.#state.fault(
        'chain',
        names.account,
        `head is ${short(head)}, its last receipt has ${short(this.#stored)}`,
      );
    }
    if (this.#saved !== undefined && this.#saved.seq > this.#seq) {
      const text = `its chain ends at receipt ${this.#seq}, the saved heads have ${this.#saved.seq}: its end was cut off`;
      this.#state.fault('heads', names.account, text);
    } else if (
      this.#saved?.seq === 0 &&
      this.#seq >= 0 &&
      this.#saved.hash !== this.#sha256(genesisText(this.#state.row.account))
    ) {
      this.#state.fault('heads', names.account, 'it starts with another hash than the saved heads have');
    }
    return { seq: this.#seq, hash: this.#stored };
  }
}
