/**
 * The entries of one receipt, read in order beside what the rules make of it. Where they first differ is said once; from
 * there on the entries are followed as they are, so that one wrong entry does not make every later one look wrong.
 */
import type { Entry, EntryKind, Place } from '../types.ts';
import type { CheckId } from './faults.ts';
import { follow } from './follow.ts';
import type { AuditState } from './state.ts';
import { amountText } from './words.ts';

interface Movement {
  readonly kind: EntryKind;
  readonly from: Place;
  readonly to: Place;
  readonly lot: number | null;
}

export class Tape {
  readonly #state: AuditState;
  readonly #entries: readonly Entry[];
  readonly #receipt: number;
  #next = 0;
  #isOff = false;

  constructor(state: AuditState, receipt: number, entries: readonly Entry[]) {
    this.#state = state;
    this.#receipt = receipt;
    this.#entries = entries;
  }

  /** The next entry, while the rules are being followed. */
  get next(): Entry | undefined {
    return this.#isOff ? undefined : this.#entries[this.#next];
  }

  /** Stops comparing: what the rules make is not known, or was different before. */
  giveUp(): void {
    this.#isOff = true;
  }

  /** Expects one entry and follows it. An amount of 0 or less makes none. */
  expect(check: CheckId, movement: Movement, amount: number): void {
    if (amount <= 0 || this.#isOff) return;
    const entry = this.#entries[this.#next];
    if (
      entry !== undefined &&
      entry.kind === movement.kind &&
      entry.lot === movement.lot &&
      entry.amount === amount &&
      entry.from === movement.from &&
      entry.to === movement.to
    ) {
      this.#next += 1;
      follow(this.#state, entry);
      return;
    }
    this.#isOff = true;
    const { names } = this.#state;
    const wanted = this.#text(movement, amount);
    if (entry === undefined)
      this.#state.fault(check, names.receipt(this.#receipt), `lacks an entry ${wanted}`);
    else {
      const found = this.#text(entry, entry.amount);
      this.#state.fault(check, names.entry(entry.seq), `says ${found}, by the rules it is ${wanted}`);
    }
  }

  /** Follows what is left. */
  finish(): void {
    if (!this.#isOff && this.#next < this.#entries.length) {
      const { seq } = this.#entries[this.#next]!;
      const { names } = this.#state;
      this.#state.fault(
        'entry_effect',
        names.entry(seq),
        `is one too many for ${names.receipt(this.#receipt)}`,
      );
    }
    while (this.#next < this.#entries.length) follow(this.#state, this.#entries[this.#next++]!);
  }

  #text({ kind, from, to, lot }: Movement, amount: number): string {
    const of = lot === null ? '' : ` of ${this.#state.names.lotId(lot)}`;
    return `${kind} ${amountText(amount)}${of} from ${from} to ${to}`;
  }
}
