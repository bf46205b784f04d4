/**
 * A second opinion on time zones, for tests: asks `Intl.DateTimeFormat` what a wall clock shows and searches the changes
 * of offset by sampling. Shares no code and no algorithm with the rules under test, and knows no Temporal.
 */

/** One time zone between two years, by `Intl`. A wall time is written as the UTC instant that reads the same. */
export interface ZoneOracle {
  /** What the wall clock shows at an instant. */
  toWall(instant: number): number;
  /** The first instant that shows a wall time; a skipped wall time moves forward by the length of the gap. */
  toInstant(wall: number): number;
}

const DAY = 24 * 60 * 60 * 1000;

function wallReader(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instant) => {
    const milliseconds = ((instant % 1000) + 1000) % 1000;
    const [month, day, year, hour, minute, second] = format
      .format(instant - milliseconds)
      .split(/\D+/)
      .map(Number) as [number, number, number, number, number, number];
    return Date.UTC(year, month - 1, day, hour, minute, second) + milliseconds;
  };
}

/** Reads the changes of offset from the start of one year to the start of another, both in UTC. */
export function zoneOracle(zone: string, fromYear: number, toYear: number): ZoneOracle {
  const toWall = wallReader(zone);
  const offset = (instant: number): number => toWall(instant) - instant;
  const pieces = [{ start: Number.NEGATIVE_INFINITY, offset: offset(Date.UTC(fromYear, 0, 1)) }];
  for (let day = Date.UTC(fromYear, 0, 1); day < Date.UTC(toYear, 0, 1); day += DAY) {
    const old = pieces.at(-1)!.offset;
    if (offset(day + DAY) === old) continue;
    let [before, after] = [day / 1000, (day + DAY) / 1000];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offset(middle * 1000) === old) before = middle;
      else after = middle;
    }
    pieces.push({ start: after * 1000, offset: offset(after * 1000) });
  }
  return {
    toWall,
    toInstant(wall) {
      for (const [index, piece] of pieces.entries()) {
        const instant = wall - piece.offset;
        const end = pieces[index + 1]?.start ?? Number.POSITIVE_INFINITY;
        // Before this piece and after the one before: the clock jumped over this wall time.
        if (instant < piece.start) return wall - pieces[index - 1]!.offset;
        if (instant < end) return instant;
      }
      throw new Error('the last piece has no end');
    },
  };
}

/** Twelve zones that differ in every way that matters: half and quarter hours, a skipped day, clocks that change at midnight. */
export const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
] as const;
