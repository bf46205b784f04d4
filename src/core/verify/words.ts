/** How findings name rows and show values. */
import { formatCredits } from '../credits.ts';
import { holdId, lotId, receiptId } from '../ids.ts';
import { formatInstant } from '../time.ts';
import type { Account } from '../types.ts';

/** Names of an account's rows, as a person would look for them. */
export class RowNames {
  readonly #account: Pick<Account, 'id' | 'tag'>;

  constructor(account: Pick<Account, 'id' | 'tag'>) {
    this.#account = account;
  }

  get account(): string {
    return `account ${this.#account.id}`;
  }

  receipt(seq: number): string {
    return `receipt ${receiptId(this.#account, seq)} of ${this.account}`;
  }

  entry(seq: number): string {
    return `entry ${seq} of ${this.account}`;
  }

  usage(receipt: number): string {
    return `usage of ${receiptId(this.#account, receipt)} of ${this.account}`;
  }

  lot(no: number): string {
    return `lot ${this.lotId(no)} of ${this.account}`;
  }

  lotId(no: number): string {
    return lotId(this.#account, no);
  }

  hold(no: number): string {
    return `hold ${this.holdId(no)} of ${this.account}`;
  }

  holdId(no: number): string {
    return holdId(this.#account, no);
  }
}

const LONGEST = 80;
/** Largest time that a `Date` can hold, ms. */
const MOST_MS = 8.64e15;

/** An amount in credits; what is no amount is shown as it is. */
export const amountText = (value: unknown): string =>
  Number.isSafeInteger(value) ? formatCredits(value as number) : valueText(value);

/** An instant; null is never. */
export const instantText = (value: unknown): string =>
  Number.isInteger(value) && Math.abs(value as number) <= MOST_MS
    ? formatInstant(value as number)
    : value === null
      ? 'never'
      : valueText(value);

/** Any value, shortened. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const AMOUNTS: ReadonlySet<string> = new Set([
  'granted',
  'available',
  'held',
  'spent',
  'expired',
  'revoked',
  'amount',
  'credits',
  'debt',
  'monthly',
  'listCredits',
  'released',
  'overrun',
]);
const INSTANTS = /(?:At|Start|End|^at|^from)$/;

/** A value of a field, in the unit that the field's name tells. */
export function fieldText(field: string, value: unknown): string {
  if (AMOUNTS.has(field)) return amountText(value);
  return INSTANTS.test(field) && typeof value === 'number' ? instantText(value) : valueText(value);
}

/** Names of columns that a reader would look for, where they are not those of the model. */
const columnText = (field: string): string =>
  field.replace(/Text$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `available is 5, the entries say 7`. */
export function differenceText(
  field: string,
  stored: unknown,
  folded: unknown,
  says = 'the entries say',
): string {
  return `${columnText(field)} is ${fieldText(field, stored)}, ${says} ${fieldText(field, folded)}`;
}
