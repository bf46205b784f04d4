/** A stretch of time cut into the days or months of a zone's calendar. */
import { dayStart, localDay, localMonth, monthStart, nextDay, nextMonth } from './cycles.ts';
import { type Instant, MAX_INSTANT } from './time.ts';
import type { TimeSpan } from './usage.ts';
import type { ZoneRules } from './zones.ts';

/** A zone and what is known about it. */
export interface Zone {
  readonly name: string;
  readonly rules: ZoneRules;
}

/** A local day or month, as far as it lies in a stretch of time. */
export interface LocalSpan extends TimeSpan {
  /** `YYYY-MM-DD` or `YYYY-MM`. */
  readonly name: string;
  /** Where the whole of it starts and ends, epoch ms. */
  readonly start: Instant;
  readonly end: Instant;
}

const UNITS = {
  day: { nameOf: localDay, startOf: dayStart, next: nextDay },
  month: { nameOf: localMonth, startOf: monthStart, next: nextMonth },
} as const;

/**
 * The local days or months that a stretch touches, in order. A day that a zone skipped whole is left out; of an evening
 * that comes twice over midnight, the second belongs to the new day, as in `dayStart`.
 * @throws LedgerError `invalid_argument` for an unknown zone
 */
export function* localSpans(
  { since, until }: TimeSpan,
  by: keyof typeof UNITS,
  { name: zone, rules }: Zone,
): Generator<LocalSpan> {
  const { nameOf, startOf, next } = UNITS[by];
  let name = nameOf(since, zone, rules);
  let start = startOf(name, zone, rules);
  while (start < until) {
    const following = next(name);
    // The year after 9999 has five digits, which no day has.
    const end = following.length > name.length ? MAX_INSTANT + 1 : startOf(following, zone, rules);
    const span = { since: Math.max(since, start), until: Math.min(end, until) };
    if (span.since < span.until) yield { name, ...span, start, end };
    if (following.length > name.length) return;
    name = following;
    start = end;
  }
}
