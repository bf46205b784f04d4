/** Dates as people read them, on the wall clock of an account's zone. */
import { DAY_MS } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import { type LocalDateTime, UTC, type ZoneRules } from '../../core/zones.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** Writes dates for one zone, seen from one moment. */
export interface Calendar {
  /** `28 Feb`, with the year when it is not this one's. */
  day(instant: Instant): string;
  /** `28 Feb 14:05`, with the year when it is not this one's. */
  time(instant: Instant): string;
  /** `in 8 days`, `in 5 hours`, `2 days ago`, `now`. */
  distance(instant: Instant): string;
  /** `28 Feb, in 8 days`, or `never`. */
  until(instant: Instant | null): string;
  /** `31 Jan – 28 Feb`. */
  range(start: Instant, end: Instant): string;
  /** Behind times of other zones than UTC's own: the zone's name. */
  readonly zone: string;
}

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (ms: number): string =>
  `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}`;
const plural = (value: number, word: string): string => `${value} ${word}${value === 1 ? '' : 's'}`;

/** Whole days since 1970 of a local date: for differences between dates. */
const dayNumber = ({ year, month, day }: LocalDateTime): number => Date.UTC(year, month - 1, day) / DAY_MS;

/**
 * A calendar.
 * @param now the moment from which distances are counted, epoch ms
 */
export function createCalendar(rules: ZoneRules, zone: string, now: Instant): Calendar {
  const local = (instant: Instant): LocalDateTime => rules.toLocal(instant, zone);
  const today = local(now);
  const date = ({ year, month, day }: LocalDateTime): string =>
    `${day} ${MONTHS[month - 1]}${year === today.year ? '' : ` ${year}`}`;
  const day = (instant: Instant): string => date(local(instant));

  /**
   * Under a day in hours or minutes, from then on in days of the calendar. To the nearest second first: what was to last
   * ten minutes a moment ago is not nine minutes away.
   */
  function span(instant: Instant): string {
    const ms = Math.round(Math.abs(instant - now) / 1000) * 1000;
    if (ms < 60_000) return plural(ms / 1000, 'second');
    if (ms < 3_600_000) return plural(Math.floor(ms / 60_000), 'minute');
    if (ms < DAY_MS) return plural(Math.floor(ms / 3_600_000), 'hour');
    return plural(Math.abs(dayNumber(local(instant)) - dayNumber(today)), 'day');
  }

  function distance(instant: Instant): string {
    if (instant === now) return 'now';
    return instant > now ? `in ${span(instant)}` : `${span(instant)} ago`;
  }

  return {
    day,
    time: (instant) => `${day(instant)} ${clock(local(instant).millisecondOfDay)}`,
    distance,
    until: (instant) => (instant === null ? 'never' : `${day(instant)}, ${distance(instant)}`),
    range: (start, end) => `${day(start)} – ${day(end)}`,
    zone: zone === UTC ? '' : zone,
  };
}
