/**
 * Amounts of credits: safe integers of microcredits with checked arithmetic. The only place (with rendering) that turns
 * decimal text into amounts and back.
 *
 * Source: contract 1 (at most 6 decimals, at most 1,000,000,000 per input, never rounded).
 */
import { invalid, LedgerError } from './errors.ts';

declare const unit: unique symbol;
/** An amount in microcredits: 1 credit = 1,000,000 microcredits. Always a safe integer. */
export type Microcredits = number & { readonly [unit]: 'microcredits' };

/** Microcredits in one credit. */
export const MICRO = 1_000_000;
/** No amount. */
export const ZERO = 0 as Microcredits;
/** Largest amount a user may name: 1,000,000,000 credits. */
export const MAX_INPUT = (1_000_000_000 * MICRO) as Microcredits;
/** Most that an account's unspent credits plus its debt may come to: 8,000,000,000 credits. */
export const MAX_ACCOUNT = (8_000_000_000 * MICRO) as Microcredits;
/** The same, as messages say it. */
export const MAX_ACCOUNT_TEXT = '8,000,000,000 credits';
/** Largest number of tokens a user may name. */
export const MAX_TOKENS = 1_000_000_000;

/**
 * Vouches for an integer as an amount.
 * @throws LedgerError `integrity_failure` when it is no safe integer: sums beyond it would lose microcredits
 */
export function micro(value: number): Microcredits {
  if (!Number.isSafeInteger(value)) {
    throw new LedgerError('integrity_failure', `an amount left the exact range: ${value} microcredits`);
  }
  return value as Microcredits;
}

/** a + b, exact. */
export const add = (a: Microcredits, b: Microcredits): Microcredits => micro(a + b);
/** a − b, exact; may be negative. */
export const subtract = (a: Microcredits, b: Microcredits): Microcredits => micro(a - b);
/** The smaller of two amounts. */
export const least = (a: Microcredits, b: Microcredits): Microcredits => (a < b ? a : b);

const AMOUNT = /^(\d{1,10})(?:\.(\d{1,6}))?$/;

/**
 * Reads an amount of credits from decimal text: digits, then at most 6 decimals. `1e3`, `-5`, `1,000`, `NaN`, ` 5` and
 * more than 1,000,000,000 are refused, never rounded.
 * @param text what the user wrote
 * @param what the name of the value, for the message
 * @returns microcredits, 0 or more
 * @throws LedgerError `invalid_argument`
 */
export function parseCredits(text: string, what = 'amount'): Microcredits {
  const match = AMOUNT.exec(text);
  if (match === null) {
    throw invalid(
      `${what} ${JSON.stringify(text)} is no amount of credits`,
      'write plain digits with at most 6 decimals, for example 12.5',
    );
  }
  const value = Number(match[1]) * MICRO + Number((match[2] ?? '').padEnd(6, '0'));
  if (value > MAX_INPUT) throw invalid(`${what} ${text} is more than 1,000,000,000 credits`);
  return value as Microcredits;
}

/**
 * Reads an amount from a JSON number, through its decimal text: multiplying by a million goes wrong from 2^32 up.
 * @throws LedgerError `invalid_argument`
 */
export function creditsFromJson(value: unknown, what = 'credits'): Microcredits {
  if (typeof value === 'string') return parseCredits(value, what);
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${what} must be a number`);
  return parseCredits(Object.is(value, -0) ? '-0' : String(value), what);
}

/**
 * Reads a token count: plain digits up to 1,000,000,000.
 * @throws LedgerError `invalid_argument`
 */
export function parseTokens(text: string, what = 'tokens'): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > MAX_TOKENS) {
    throw invalid(`${what} ${JSON.stringify(text)} is no token count`, 'write plain digits up to 1000000000');
  }
  return Number(text);
}

/** The JSON number of an amount in credits: the nearest double, which prints with at most 6 decimals below 2^33. */
export const toJsonCredits = (amount: Microcredits): number => amount / MICRO;

/** Plain decimal text of an amount in credits, without grouping and trailing zeros: `1117.5`. */
export function formatCredits(amount: number | bigint): string {
  const value = BigInt(amount);
  const digits = (value < 0n ? -value : value).toString().padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`;
}
