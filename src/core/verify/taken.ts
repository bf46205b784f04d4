/**
 * A purchase is taken back once: what went back of its money is always taken, and while anything was taken elsewhere than
 * from its own lots, nothing more is. Followed from the first time that a payment takes back; one whose first time was
 * booked before that was kept is left alone.
 *
 * Source: contract 9 (what `revoke` took counts), 5.4.
 */
import { returnTarget } from '../ledger/clawback.ts';
import { takenElsewhere } from '../ledger/give-back.ts';
import { type Attempt, ownLots } from '../wallet.ts';
import type { Step } from './step.ts';
import { amountText, differenceText } from './words.ts';

type Say = (text: string) => void;

export class TakenAudit {
  readonly #followed = new Map<number, Attempt>();
  /** Number of the payment that a lot is of. */
  readonly #ofLot = new Map<number, number>();
  readonly #byHand = new Map<number, number>();
  /** Payments of which something changed since the last look. */
  readonly #changed = new Set<number>();

  /** Before a receipt: everything that the ones before it had to give back has been given back. */
  before({ receipt }: Step, say: Say): void {
    // What a lapse takes by hand is given back right behind it.
    if (receipt.kind === 'reinstate') return;
    this.rest(say);
  }

  /** A payment as a receipt leaves it. */
  take(step: Step, before: Attempt, attempt: Attempt, say: Say): void {
    this.#kept(step, before, attempt, say);
    const isFirst = step.receipt.kind === 'clawback' && before.clawed === 0 && before.elsewhere === undefined;
    if (!this.#followed.has(attempt.no) && !(isFirst && attempt.elsewhere !== undefined)) return;
    this.#followed.set(attempt.no, attempt);
    this.#changed.add(attempt.no);
  }

  /** A lot that a payment granted or that something was given back in. */
  own(lot: number, attempt: number): void {
    this.#ofLot.set(lot, attempt);
  }

  /** Counts what goes by hand, and asks whether what went back is taken. */
  after({ receipt, entries }: Step, say: Say): void {
    if (receipt.kind === 'reinstate') return;
    for (const { kind, lot, amount } of receipt.kind === 'clawback' ? [] : entries) {
      const no = kind === 'revoked' && lot !== null ? this.#ofLot.get(lot) : undefined;
      if (no === undefined) continue;
      this.#byHand.set(no, (this.#byHand.get(no) ?? 0) + amount);
      if (this.#followed.has(no)) this.#changed.add(no);
    }
    for (const no of this.#changed) {
      const { taken, target } = this.#sums(no);
      if (taken < target)
        say(`leaves ${amountText(taken)} taken of payment ${no}, ${amountText(target)} went back`);
    }
  }

  /** With everything booked that goes together. */
  rest(say: Say): void {
    for (const no of this.#changed) {
      const { taken, target } = this.#sums(no);
      const elsewhere = takenElsewhere(this.#followed.get(no)!);
      if (elsewhere === 0 || taken <= target) continue;
      const text = `takes ${amountText(taken)} of payment ${no}, ${amountText(target)} went back`;
      say(`${text}, and ${amountText(elsewhere)} of it was taken elsewhere`);
    }
    this.#changed.clear();
  }

  #sums(no: number): { taken: number; target: number } {
    const attempt = this.#followed.get(no)!;
    const taken = attempt.clawed + (this.#byHand.get(no) ?? 0);
    return { taken, target: returnTarget(attempt, attempt.returns) };
  }

  /** What is kept of where it was taken follows from the entries. */
  #kept({ receipt, entries }: Step, before: Attempt, attempt: Attempt, say: Say): void {
    if (before.elsewhere === undefined && attempt.elsewhere === undefined && attempt.lots === undefined)
      return;
    const { kind, credits, seq } = receipt;
    const known = takenElsewhere(before);
    const own = ownLots(before);
    let elsewhere: number | undefined = before.elsewhere;
    if (kind === 'reinstate') elsewhere = known - Math.min(known, credits);
    if (kind === 'clawback') {
      elsewhere = known + credits;
      for (const { kind, lot, amount } of entries) {
        if (kind === 'revoked' && lot !== null && own.includes(lot)) elsewhere -= amount;
      }
    }
    if (attempt.elsewhere !== elsewhere) {
      say(differenceText('elsewhere', attempt.elsewhere, elsewhere, 'its receipts say'));
    }
    const isLess = returnTarget(attempt, attempt.returns) < returnTarget(before, before.returns);
    const lots = kind === 'reinstate' && isLess ? [...(before.lots ?? []), seq] : before.lots;
    if (JSON.stringify(attempt.lots) !== JSON.stringify(lots)) {
      say(differenceText('lots', attempt.lots, lots, 'its receipts say'));
    }
  }
}
