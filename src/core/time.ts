/**
 * Instants and durations: reading and writing their text. No clock is read here, and no zone beyond the offset that a
 * text itself carries is known (zones.ts).
 *
 * Source: contract 1 (instants as RFC 3339 UTC with milliseconds).
 */
import { invalid } from './errors.ts';

/** A point in time: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
export type Instant = number;

/** Milliseconds in a day of 24 hours. */
export const DAY_MS = 86_400_000;
/** Last instant that RFC 3339 can write in UTC: 9999-12-31T23:59:59.999Z. */
export const MAX_INSTANT: Instant = 253_402_300_799_999;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Days in a month of the Gregorian calendar.
 * @param month 1 to 12
 */
export function daysInMonth(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : MONTH_DAYS[month - 1]!;
}

/**
 * Midnight UTC of a calendar date.
 * @param month 1 to 12
 */
export function utcMidnight(year: number, month: number, day: number): Instant {
  // Date.UTC reads the years 0 to 99 as 1900 to 1999; the calendar repeats every 400 years = 146,097 days.
  return Date.UTC(year + 400, month - 1, day) - 146_097 * DAY_MS;
}

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2})))?$/;
const hintFor = (midnight: string): string =>
  `write it like 2026-03-31T09:30:00Z, 2026-03-31T09:30:00+02:00 or 2026-03-31 (${midnight})`;

/**
 * Reads an instant: RFC 3339 with `Z` or an offset, up to 9 decimals of a second (what is below a millisecond is cut
 * off), or a date alone, which means its midnight UTC. A date that does not exist, 24:00, a leap second and a time
 * without offset are refused, never shifted.
 * @param what the name of the value, for the message
 * @param midnight what a date alone means to the caller, for the hint
 * @returns epoch ms in the years 1970 to 9999
 * @throws LedgerError `invalid_argument`
 * Source: RFC 3339 section 5.6.
 */
export function parseInstant(text: string, what = 'instant', midnight = 'midnight UTC'): Instant {
  const hint = hintFor(midnight);
  const match = INSTANT.exec(text);
  if (match === null) throw invalid(`${what} ${JSON.stringify(text)} is no instant`, hint);
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    throw invalid(`${what} ${text}: there is no such date`, hint);
  }
  const [hour, minute, second] = [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)];
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) {
    throw invalid(`${what} ${text}: there is no such time of day`, hint);
  }
  const offset = (match[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute) * 60_000;
  const time =
    ((hour * 60 + minute) * 60 + second) * 1000 + Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  return inRange(utcMidnight(year, month, day) + time - offset, text, what);
}

function inRange(instant: Instant, text: string, what: string): Instant {
  if (instant < 0 || instant > MAX_INSTANT) {
    throw invalid(`${what} ${text} lies outside the years 1970 to 9999`);
  }
  return instant;
}

/**
 * Writes an instant as RFC 3339 in UTC with milliseconds: `2026-03-31T09:30:00.000Z`.
 * @param instant epoch ms; "never" is the caller's to write, as `null` or a word. Beyond `MAX_INSTANT`, which only the end
 *   of the last cycle of 9999 can be, the year takes the six digits of ISO 8601
 */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString();
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS } as const;
const DURATION = /^(\d{1,9})([smhdw])$/;

/**
 * Reads a duration: plain digits and one unit, `90s`, `10m` (minutes), `2h`, `30d` (days of 24 hours), `1w`.
 * @returns milliseconds, more than 0 and at most `MAX_INSTANT`
 * @throws LedgerError `invalid_argument`
 */
export function parseDuration(text: string, what = 'duration'): number {
  const match = DURATION.exec(text);
  const duration = match === null ? 0 : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  if (duration === 0 || duration > MAX_INSTANT) {
    throw invalid(
      `${what} ${JSON.stringify(text)} is no duration`,
      'write digits and one of s, m, h, d, w: for example 90s, 10m, 2h, 30d or 1w',
    );
  }
  return duration;
}

/**
 * Reads the bound of a report (`--since`, `--until`): an instant as in `parseInstant`, `now`, or a duration that lies
 * that long ago, with or without a minus sign (`30d`, `-1d`).
 * @param now the command's clock, epoch ms
 * @returns epoch ms in the years 1970 to 9999
 * @throws LedgerError `invalid_argument`
 */
export function parseInstantOrAgo(text: string, now: Instant, what = 'instant', midnight?: string): Instant {
  if (text === 'now') return now;
  const ago = text.startsWith('-') ? text.slice(1) : text;
  return DURATION.test(ago)
    ? inRange(now - parseDuration(ago, what), text, what)
    : parseInstant(text, what, midnight);
}
