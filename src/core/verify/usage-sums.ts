/**
 * Stored sums of an account's usage, derived again from the rows of usage. Rows come by number of receipt, sums by time;
 * both are nearly the same order, so only what a later row may still add to is kept.
 */
import type { Usage } from '../types.ts';
import type { AuditState } from './state.ts';
import type { UsageSumRow } from './stored.ts';
import { instantText, valueText } from './words.ts';

/** Length of the stretch that one sum covers, ms. */
const SLOT_MS = 900_000;
/** Sums reach to a multiple of so many receipts. */
const FOLD_EVERY = 1_024;
/** Sums that are kept before those that are complete are compared. */
const MOST_KEPT = 20_000;

/** A sum that leaves the exact range of numbers goes on as BigInt. */
type Exact = number | bigint;

const plus = (sum: Exact, value: number): Exact => {
  if (typeof sum === 'bigint') return sum + BigInt(value);
  const next = sum + value;
  return Number.isSafeInteger(next) ? next : BigInt(sum) + BigInt(value);
};

interface Sum {
  readonly slot: number;
  readonly model: string;
  readonly provider: string;
  calls: number;
  inputTokens: Exact;
  outputTokens: Exact;
  credits: Exact;
  listCredits: Exact;
  unpriced: number;
  readonly firstReceipt: number;
  lastReceipt: number;
}

const FIELDS = [
  'calls',
  'inputTokens',
  'outputTokens',
  'credits',
  'listCredits',
  'unpriced',
  'firstReceipt',
  'lastReceipt',
] as const satisfies readonly (keyof UsageSumRow)[];

type Key = Pick<UsageSumRow, 'slot' | 'model' | 'provider'>;

const keyOf = ({ slot, model, provider }: Key): string => JSON.stringify([slot, model, provider]);

export class UsageSumsAudit {
  readonly #state: AuditState;
  readonly #until: number;
  readonly #sums = new Map<string, Sum>();
  /** Rows that come before the time of those still to be added to them. */
  readonly #early = new Map<string, UsageSumRow>();
  readonly #leastKept: number;
  #latest: Sum | undefined;
  #mostKept: number;

  constructor(state: AuditState, mostKept = MOST_KEPT) {
    this.#state = state;
    this.#leastKept = mostKept;
    this.#mostKept = mostKept;
    this.#until = state.row.foldedUntil ?? 0;
  }

  /** Adds a row of usage; rows come by number of receipt. */
  add(usage: Usage): void {
    if (usage.receipt > this.#until) return;
    const sum = this.#sumOf(usage);
    sum.calls += 1;
    sum.inputTokens = plus(sum.inputTokens, usage.inputTokens);
    sum.outputTokens = plus(sum.outputTokens, usage.outputTokens);
    sum.credits = plus(sum.credits, usage.credits);
    if (usage.listCredits === null) sum.unpriced += 1;
    else sum.listCredits = plus(sum.listCredits, usage.listCredits);
    sum.lastReceipt = usage.receipt;
  }

  #sumOf({ at, model, provider, receipt }: Usage): Sum {
    const key = { slot: Math.floor(at / SLOT_MS), model: model ?? '', provider: provider ?? '' };
    const latest = this.#latest;
    const isSame =
      latest?.slot === key.slot && latest.model === key.model && latest.provider === key.provider;
    if (isSame) return latest;
    const text = keyOf(key);
    let sum = this.#sums.get(text);
    if (sum === undefined) {
      const nothing = { calls: 0, inputTokens: 0, outputTokens: 0, credits: 0, listCredits: 0, unpriced: 0 };
      sum = { ...key, ...nothing, firstReceipt: receipt, lastReceipt: receipt };
      this.#sums.set(text, sum);
    }
    this.#latest = sum;
    return sum;
  }

  /** True when stored rows should be handed over up to `cutoff`, to keep memory flat. */
  get isFull(): boolean {
    return this.#sums.size > this.#mostKept;
  }

  /** A slot before which about half of what is kept lies. */
  get cutoff(): number {
    const slots = [...this.#sums.values()].map(({ slot }) => slot).sort((a, b) => a - b);
    return slots[slots.length >> 1]!;
  }

  /** Takes a stored row. @param receipt the receipt that has been read last */
  row(row: UsageSumRow, receipt: number): void {
    if (row.lastReceipt > receipt && receipt < this.#until) this.#early.set(keyOf(row), row);
    else this.#compare(row);
  }

  /** Ends handing over in between: what cannot be complete yet needs its room. */
  rest(): void {
    this.#latest = undefined;
    this.#mostKept = Math.max(this.#leastKept, 2 * this.#sums.size);
  }

  /** Compares what is left. */
  finish(): void {
    const { foldedUntil } = this.#state.row;
    if (foldedUntil !== null && (foldedUntil % FOLD_EVERY !== 0 || foldedUntil > this.#state.receiptSeq)) {
      const text = `sums cannot reach to receipt ${foldedUntil}`;
      this.#state.fault('projection', `usage_folded of ${this.#state.names.account}`, text);
    }
    for (const row of this.#early.values()) this.#compare(row);
    for (const sum of this.#sums.values()) this.#say(sum, 'is missing');
  }

  #compare(row: UsageSumRow): void {
    const key = keyOf(row);
    const sum = this.#sums.get(key);
    this.#sums.delete(key);
    if (sum === undefined) {
      this.#say(row, 'no such usage has been folded');
      return;
    }
    for (const field of FIELDS) {
      if (BigInt(row[field]) === BigInt(sum[field])) continue;
      const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      this.#say(row, `${column} is ${row[field]}, its usage says ${sum[field]}`);
    }
  }

  #say({ slot, model, provider }: Key, text: string): void {
    const what = model === '' ? 'amounts' : `${valueText(model)} of ${valueText(provider)}`;
    const name = `usage_rollup of ${this.#state.names.account}, ${instantText(slot * SLOT_MS)}, ${what}`;
    this.#state.fault('projection', name, text);
  }
}
