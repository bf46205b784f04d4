/** Amounts, counts and money as people read them: grouped by thousands. JSON never goes through here. */
import { formatCredits } from '../../core/credits.ts';

/** Groups the digits before the point: `1117.5` → `1,117.5`. */
export function group(digits: string): string {
  const point = digits.indexOf('.');
  const whole = point < 0 ? digits : digits.slice(0, point);
  return whole.replace(/\B(?=(?:\d{3})+$)/g, ',') + (point < 0 ? '' : digits.slice(point));
}

/** An amount in credits: `1,117.5`. */
export const showCredits = (amount: number | bigint): string => group(formatCredits(amount));

/** A number with its word: `1 account`, `3 accounts`. */
export function count(value: number, word: string, plural = `${word}s`): string {
  return `${group(String(value))} ${value === 1 ? word : plural}`;
}

/** An amount with its word: `1 credit`, `1,117.5 credits`. */
export function credits(amount: number | bigint): string {
  const text = showCredits(amount);
  return `${text} ${text === '1' ? 'credit' : 'credits'}`;
}

/** Money in dollars from cents: `$5.00`. */
export function showDollars(cents: number): string {
  const whole = Math.trunc(Math.abs(cents) / 100);
  const rest = String(Math.abs(cents) % 100).padStart(2, '0');
  return `${cents < 0 ? '-' : ''}$${group(String(whole))}.${rest}`;
}
