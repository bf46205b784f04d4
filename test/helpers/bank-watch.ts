/**
 * What the other side sees of one account's payments, and the rules that it may count on whatever gets lost on the way: one
 * key for each step of an attempt, three declines in a row at most, rests in between, no card again that was refused for
 * good. Nothing here asks the ledger.
 */

const HOUR = 3_600_000;

/** Rest after so many soft declines in a row, ms; after three nothing is tried. Source: contract 9 (failures). */
const REST_MS = [0, HOUR, 6 * HOUR] as const;

/** What became of a charge that the bank was asked for. */
export type BankAnswer = 'paid' | 'soft' | 'hard' | 'holder';

/** One charge, in the order of the bank's books. */
export interface Charge {
  readonly attempt: string;
  readonly kind: string;
  readonly card: string;
  readonly answer: BankAnswer;
  /** Epoch ms. */
  readonly at: number;
}

/** One key for each step of an attempt, and no key for two. */
export class KeyWatch {
  readonly #keys = new Map<string, string>();
  readonly #steps = new Map<string, string>();
  /** How often a step was sent again. */
  repeats = 0;

  /** @throws Error when the step had another key, or the key another step */
  seen(step: string, key: string | null): void {
    const before = this.#keys.get(step);
    if (key === null || key === '') throw new Error(`${step} was sent without a key`);
    if (before !== undefined && before !== key) throw new Error(`${step} has the keys ${before} and ${key}`);
    const other = this.#steps.get(key);
    if (other !== undefined && other !== step) throw new Error(`${other} and ${step} share the key ${key}`);
    if (before !== undefined) this.repeats += 1;
    this.#keys.set(step, key);
    this.#steps.set(key, step);
  }
}

export class BankWatch {
  readonly keys = new KeyWatch();
  readonly #refused = new Set<string>();
  #declines = 0;
  #lastAt = 0;
  /** Longest row of soft declines that was seen. */
  longest = 0;

  /** A person saved another card, or switched top-up on again. */
  human(): void {
    this.#declines = 0;
  }

  /** @throws Error when it should not have been asked for */
  charged({ attempt, kind, card, answer, at }: Charge): void {
    if (kind === 'auto') this.#requireAllowed(attempt, card, at);
    if (answer === 'paid') this.#declines = 0;
    // Purchases that a person asks for are theirs to repeat.
    if (kind !== 'auto') return;
    if (answer === 'hard') this.#refused.add(card);
    if (answer !== 'soft') return;
    this.#declines += 1;
    this.#lastAt = at;
    this.longest = Math.max(this.longest, this.#declines);
  }

  #requireAllowed(attempt: string, card: string, at: number): void {
    if (this.#refused.has(card)) throw new Error(`${attempt} charges ${card}, which was refused for good`);
    const rest = REST_MS[this.#declines];
    if (rest === undefined) throw new Error(`${attempt} is tried after ${this.#declines} declines in a row`);
    if (this.#declines > 0 && at - this.#lastAt < rest) {
      throw new Error(`${attempt} is tried ${at - this.#lastAt} ms after decline ${this.#declines}`);
    }
  }
}
