/**
 * Time zones as the core sees them: look-ups passed in as an argument, and the built-in rules of UTC. The rules of named
 * zones need a time zone database, which is no matter of the core; the wiring passes them.
 *
 * Source: contract 5.8 (an account's time zone, default UTC).
 */
import { invalid, type LedgerError } from './errors.ts';
import { DAY_MS, type Instant, utcMidnight } from './time.ts';

/** A date and time of day as a clock on the wall shows it, in the Gregorian calendar. */
export interface LocalDateTime {
  readonly year: number;
  /** 1 to 12 */
  readonly month: number;
  /** 1 to the month's last day */
  readonly day: number;
  /** 0 to 86,399,999, counted on the wall clock: 02:30 is 9,000,000 also on a day that skips 02:00 to 03:00 */
  readonly millisecondOfDay: number;
}

/** What is known about time zones. Every method takes a zone's name in any case; `isZone` tells which names. */
export interface ZoneRules {
  /**
   * The instant at which a zone's wall clock shows a local time. A time that is skipped moves forward by the length of
   * the gap; of a time that is shown twice it is the first.
   * @throws LedgerError `invalid_argument` for an unknown zone
   * Source: contract 5.8; the same as `compatible` of Temporal.
   */
  toInstant(local: LocalDateTime, zone: string): Instant;
  /**
   * What a zone's wall clock shows at an instant.
   * @throws LedgerError `invalid_argument` for an unknown zone
   */
  toLocal(instant: Instant, zone: string): LocalDateTime;
  /** Whether the other methods take this name. */
  isZone(zone: string): boolean;
  /** The spelling of a zone's name to store and show (`europe/berlin` → `Europe/Berlin`), undefined when unknown. */
  canonicalZone(zone: string): string | undefined;
}

/** The zone of an account that names none. */
export const UTC = 'UTC';

/** The refusal of a name that is no time zone. */
export function unknownZone(zone: string): LedgerError {
  return invalid(
    `${JSON.stringify(zone)} is no known time zone`,
    'use a name of the IANA database such as Europe/Berlin, or UTC',
  );
}

/** A wall clock's reading as milliseconds: the instant at which UTC's own wall clock shows the same. */
export function wallMs(local: LocalDateTime): number {
  return utcMidnight(local.year, local.month, local.day) + local.millisecondOfDay;
}

/** The reverse of `wallMs`. */
export function fromWallMs(wall: number): LocalDateTime {
  const date = new Date(wall);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    // Twice, for the remainder of a negative number is negative.
    millisecondOfDay: ((wall % DAY_MS) + DAY_MS) % DAY_MS,
  };
}

function requireUtc(zone: string): void {
  if (zone !== UTC && zone.toUpperCase() !== UTC) throw unknownZone(zone);
}

/** The rules of UTC alone, by arithmetic. Every other name is unknown to them. */
export const UTC_RULES: ZoneRules = {
  toInstant(local, zone) {
    requireUtc(zone);
    return wallMs(local);
  },
  toLocal(instant, zone) {
    requireUtc(zone);
    return fromWallMs(instant);
  },
  isZone: (zone) => zone.toUpperCase() === UTC,
  canonicalZone: (zone) => (zone.toUpperCase() === UTC ? UTC : undefined),
};
