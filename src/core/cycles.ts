/**
 * Cycles: the monthly periods of a plan, what remains of one, and the local days and months of reports and limits. Dates
 * only: what a cycle grants and expires is decided elsewhere.
 *
 * Source: contract 5.8 (boundaries), 5.9 (remaining share).
 */
import { type Microcredits, micro, ZERO } from './credits.ts';
import { invalid, LedgerError } from './errors.ts';
import { daysInMonth, formatInstant, type Instant, MAX_INSTANT } from './time.ts';
import type { LocalDateTime, ZoneRules } from './zones.ts';

/** One period of a plan, half-open: it holds every instant `start <= t < end`. */
export interface Cycle {
  /** Number of the boundary at `start`; 0 is the period that begins with the anchor. */
  readonly index: number;
  readonly start: Instant;
  readonly end: Instant;
}

/**
 * Boundary n of an anchor: the anchor's wall time n months later in the account's zone, on the month's last day where
 * the month is too short. Always counted from the anchor, never from another boundary, so nothing drifts: Jan 31, Feb 28,
 * Mar 31. A wall time that is skipped moves forward, of one that comes twice it is the first.
 * @param anchor epoch ms
 * @param n whole number of months, may be negative; 0 gives the anchor itself, also when its wall time comes twice
 * @returns epoch ms; strictly rising in n
 * @throws LedgerError `invalid_argument` for an unknown zone
 * Source: contract 5.8.
 */
export function boundary(anchor: Instant, n: number, zone: string, rules: ZoneRules): Instant {
  return n === 0 ? anchor : monthsLater(rules.toLocal(anchor, zone), n, zone, rules);
}

function monthsLater(local: LocalDateTime, n: number, zone: string, rules: ZoneRules): Instant {
  const months = local.year * 12 + local.month - 1 + n;
  const year = Math.floor(months / 12);
  const month = months - year * 12 + 1;
  const day = Math.min(local.day, daysInMonth(year, month));
  return rules.toInstant({ year, month, day, millisecondOfDay: local.millisecondOfDay }, zone);
}

/**
 * The period that holds an instant. Every instant from the anchor on lies in exactly one.
 * @param anchor epoch ms
 * @param at epoch ms, from the anchor to `MAX_INSTANT`
 * @throws LedgerError `invalid_argument` when `at` is outside that range, or for an unknown zone
 * Source: contract 1 (half-open), 5.8.
 */
export function cycleAt(anchor: Instant, at: Instant, zone: string, rules: ZoneRules): Cycle {
  if (!(at >= anchor && at <= MAX_INSTANT)) {
    throw invalid(
      at < anchor
        ? `the cycles start at ${formatInstant(anchor)}, later than ${formatInstant(at)}`
        : 'the instant of a cycle lies after the year 9999',
    );
  }
  const origin = rules.toLocal(anchor, zone);
  const local = rules.toLocal(at, zone);
  const bound = (n: number): Instant => (n === 0 ? anchor : monthsLater(origin, n, zone, rules));
  // The calendar gives the index or one too many; where clocks go back over a month's end it can be one too few.
  let index = Math.max(0, (local.year - origin.year) * 12 + local.month - origin.month);
  let start = bound(index);
  let end: Instant | undefined;
  while (start > at) {
    end = start;
    index -= 1;
    start = bound(index);
  }
  end ??= bound(index + 1);
  while (end <= at) {
    start = end;
    index += 1;
    end = bound(index + 1);
  }
  return { index, start, end };
}

/**
 * Number of whole periods from one boundary to another; negative when `to` is the earlier one.
 * @param from start of a period, epoch ms, not before the anchor
 * @param to start of a period, epoch ms, not before the anchor
 * @throws LedgerError `invalid_argument` when one lies before the anchor, or for an unknown zone
 */
export function cyclesBetween(
  anchor: Instant,
  from: Instant,
  to: Instant,
  zone: string,
  rules: ZoneRules,
): number {
  return cycleAt(anchor, to, zone, rules).index - cycleAt(anchor, from, zone, rules).index;
}

/**
 * Number of periods that passed without a grant between the last granted period and the current one: 0 when the current
 * one is granted already or is the very next.
 * @param granted start of the last granted period, epoch ms, not before the anchor
 * @param current start of the current period, epoch ms
 * @throws LedgerError `invalid_argument` as in `cyclesBetween`
 * Source: contract 5.8 (a missed cycle is reported, only the current one is granted).
 */
export function missedCycles(
  anchor: Instant,
  granted: Instant,
  current: Instant,
  zone: string,
  rules: ZoneRules,
): number {
  return Math.max(0, cyclesBetween(anchor, granted, current, zone, rules) - 1);
}

/**
 * The remaining share of a monthly difference: difference × remaining ms / ms of the whole cycle, rounded down. The
 * cycle's real length counts, with its 28 to 31 days and its clock changes.
 * @param difference monthly microcredits of the new plan less those of the old; 0 or less gives 0
 * @param start start of the cycle, epoch ms
 * @param end end of the cycle, epoch ms, after `start`
 * @param at when the plan changes, epoch ms; at `start` or before all of it remains, from `end` on nothing
 * @returns microcredits, 0 to `difference`
 * @throws LedgerError `integrity_failure` when the cycle has no length
 * Source: contract 5.9.
 */
export function prorate(difference: Microcredits, start: Instant, end: Instant, at: Instant): Microcredits {
  if (!(end > start)) {
    throw new LedgerError('integrity_failure', `a cycle from ${start} to ${end} (epoch ms) has no length`);
  }
  if (difference <= 0 || at >= end) return ZERO;
  // 9,000 credits over 31 days come to 2.4e19, past 2^53.
  const remaining = BigInt(end - Math.max(at, start));
  return micro(Number((BigInt(difference) * remaining) / BigInt(end - start)));
}

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
const four = (value: number): string => `${value}`.padStart(4, '0');

/**
 * The local calendar day of an instant, `YYYY-MM-DD`.
 * @throws LedgerError `invalid_argument` for an unknown zone
 */
export function localDay(instant: Instant, zone: string, rules: ZoneRules): string {
  const { year, month, day } = rules.toLocal(instant, zone);
  return `${four(year)}-${two(month)}-${two(day)}`;
}

/**
 * The local calendar month of an instant, `YYYY-MM`.
 * @throws LedgerError `invalid_argument` for an unknown zone
 */
export function localMonth(instant: Instant, zone: string, rules: ZoneRules): string {
  const { year, month } = rules.toLocal(instant, zone);
  return `${four(year)}-${two(month)}`;
}

function parseDay(text: string): { year: number; month: number; day: number } {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  const [year, month, day] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (match === null || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    throw invalid(`${JSON.stringify(text)} is no day`, 'write a date that exists, like 2026-03-31');
  }
  return { year, month, day };
}

/**
 * First instant of a local day: midnight, or where midnight is skipped the end of the gap. A day that is skipped whole
 * starts where the next one does, so it holds nothing. Where clocks go back over midnight the first midnight counts, and
 * the repeated evening still carries the old day's name in `localDay`.
 * @param day `YYYY-MM-DD`
 * @returns epoch ms; a day ends where the next one starts
 * @throws LedgerError `invalid_argument` for text that is no day, or an unknown zone
 */
export function dayStart(day: string, zone: string, rules: ZoneRules): Instant {
  return rules.toInstant({ ...parseDay(day), millisecondOfDay: 0 }, zone);
}

/**
 * First instant of a local month: the start of its first day.
 * @param month `YYYY-MM`
 * @returns epoch ms; a month ends where the next one starts
 * @throws LedgerError `invalid_argument` for text that is no month, or an unknown zone
 */
export function monthStart(month: string, zone: string, rules: ZoneRules): Instant {
  return dayStart(`${month}-01`, zone, rules);
}

/**
 * The calendar day after a day, `YYYY-MM-DD`.
 * @throws LedgerError `invalid_argument` for text that is no day
 */
export function nextDay(text: string): string {
  const { year, month, day } = parseDay(text);
  return day < daysInMonth(year, month)
    ? `${text.slice(0, 8)}${two(day + 1)}`
    : `${nextMonth(text.slice(0, 7))}-01`;
}

/**
 * The calendar month after a month, `YYYY-MM`.
 * @throws LedgerError `invalid_argument` for text that is no month
 */
export function nextMonth(text: string): string {
  const { year, month } = parseDay(`${text}-01`);
  return month < 12 ? `${text.slice(0, 5)}${two(month + 1)}` : `${four(year + 1)}-01`;
}
