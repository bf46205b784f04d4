import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createZoneRules } from '../../src/cli/zone-rules.ts';
import type { Microcredits } from '../../src/core/credits.ts';
import {
  boundary,
  cycleAt,
  cyclesBetween,
  dayStart,
  localDay,
  localMonth,
  missedCycles,
  monthStart,
  nextDay,
  nextMonth,
  prorate,
} from '../../src/core/cycles.ts';
import { formatInstant, MAX_INSTANT, parseInstant } from '../../src/core/time.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { ZONES, zoneOracle } from '../helpers/zone-oracle.ts';

const rules = createZoneRules();
const refusal = { code: 'invalid_argument' };

/** Days of the boundaries `from` to `to` of an anchor, in UTC. */
function days(anchor: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, step) =>
    formatInstant(boundary(parseInstant(anchor), from + step, 'UTC', UTC_RULES)).slice(0, 10),
  );
}

describe('boundaries', () => {
  test('an anchor on the 31st is clamped and comes back', () => {
    expect(days('2025-01-31', 0, 13)).toEqual([
      ...['2025-01-31', '2025-02-28', '2025-03-31', '2025-04-30', '2025-05-31', '2025-06-30', '2025-07-31'],
      ...['2025-08-31', '2025-09-30', '2025-10-31', '2025-11-30', '2025-12-31', '2026-01-31', '2026-02-28'],
    ]);
  });

  test('leap years', () => {
    expect(days('2024-01-31', 1, 2)).toEqual(['2024-02-29', '2024-03-31']);
    expect(days('2024-01-30', 1, 2)).toEqual(['2024-02-29', '2024-03-30']);
    expect(days('2024-01-29', 1, 2)).toEqual(['2024-02-29', '2024-03-29']);
    expect(days('2025-01-29', 1, 2)).toEqual(['2025-02-28', '2025-03-29']);
    expect(days('2024-02-29', 11, 13)).toEqual(['2025-01-29', '2025-02-28', '2025-03-29']);
    expect(days('2024-02-29', 48, 48)).toEqual(['2028-02-29']);
    expect(days('2099-12-31', 2, 3)).toEqual(['2100-02-28', '2100-03-31']);
  });

  test('backward from the anchor', () => {
    expect(days('2025-01-31', -13, 0)).toEqual([
      ...['2023-12-31', '2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30', '2024-05-31', '2024-06-30'],
      ...['2024-07-31', '2024-08-31', '2024-09-30', '2024-10-31', '2024-11-30', '2024-12-31', '2025-01-31'],
    ]);
  });

  test.each(['2023-01-29', '2023-01-30', '2023-01-31', '2024-01-29', '2024-01-30', '2024-01-31'])(
    '48 cycles from %s forward and back: clamped, no drift',
    (anchor) => {
      const wanted = Number(anchor.slice(8));
      for (const [step, day] of days(anchor, -48, 48).entries()) {
        const months = Number(anchor.slice(0, 4)) * 12 + step - 48;
        const [year, month] = [Math.floor(months / 12), months % 12];
        const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
        expect(day).toBe(new Date(Date.UTC(year, month, Math.min(wanted, last))).toISOString().slice(0, 10));
      }
    },
  );

  test('keep the milliseconds of the anchor', () => {
    const anchor = parseInstant('2026-01-31T23:59:59.999Z');
    expect(formatInstant(boundary(anchor, 1, 'UTC', UTC_RULES))).toBe('2026-02-28T23:59:59.999Z');
  });

  test.each([
    // In Berlin it is already the 1st.
    ['Europe/Berlin', '2026-01-31T23:30:00Z', 1, '2026-02-28T23:30:00.000Z'],
    // The wall time stays, so its instant moves with the summer.
    ['Europe/Berlin', '2026-01-15T11:00:00Z', 6, '2026-07-15T10:00:00.000Z'],
    // 02:30 on 29 March 2026 is skipped: an hour forward, and 02:30 again a month later.
    ['Europe/Berlin', '2026-01-29T01:30:00Z', 2, '2026-03-29T01:30:00.000Z'],
    ['Europe/Berlin', '2026-01-29T01:30:00Z', 3, '2026-04-29T00:30:00.000Z'],
    // 01:30 on 1 November 2026 comes twice: the first.
    ['America/New_York', '2026-10-01T05:30:00Z', 1, '2026-11-01T05:30:00.000Z'],
    // A gap of half an hour.
    ['Australia/Lord_Howe', '2026-09-03T15:45:00Z', 1, '2026-10-03T15:45:00.000Z'],
    // 30 December 2011 did not exist in Samoa: a day forward, to the 31st.
    ['Pacific/Apia', '2011-10-30T22:00:00Z', 2, '2011-12-30T22:00:00.000Z'],
    ['Pacific/Apia', '2011-10-30T22:00:00Z', 3, '2012-01-29T22:00:00.000Z'],
  ])('%s, anchor %s, boundary %i', (zone, anchor, n, expected) => {
    expect(formatInstant(boundary(parseInstant(anchor), n, zone, rules))).toBe(expected);
  });

  test('boundary 0 is the anchor, also in the second of two equal hours', () => {
    const [first, second] = ['2025-11-02T05:30:00Z', '2025-11-02T06:30:00Z'].map((text) =>
      parseInstant(text),
    );
    for (const anchor of [first!, second!]) {
      expect(boundary(anchor, 0, 'America/New_York', rules)).toBe(anchor);
      expect(cycleAt(anchor, anchor, 'America/New_York', rules)).toEqual({
        index: 0,
        start: anchor,
        end: parseInstant('2025-12-02T06:30:00Z'),
      });
    }
  });

  test('an unknown zone is refused', () => {
    expect(() => boundary(0, 1, 'Mars/Olympus', rules)).toThrow(expect.objectContaining(refusal));
    expect(() => boundary(0, 1, 'Europe/Berlin', UTC_RULES)).toThrow(expect.objectContaining(refusal));
  });
});

describe('cycleAt', () => {
  const anchor = parseInstant('2026-01-31T10:00:00Z');
  const at = (text: string) => cycleAt(anchor, parseInstant(text), 'UTC', UTC_RULES);
  const cycle = (index: number, start: string, end: string) => ({
    index,
    start: parseInstant(start),
    end: parseInstant(end),
  });

  test('is half-open', () => {
    const zeroth = cycle(0, '2026-01-31T10:00:00Z', '2026-02-28T10:00:00Z');
    const first = cycle(1, '2026-02-28T10:00:00Z', '2026-03-31T10:00:00Z');
    expect(at('2026-01-31T10:00:00Z')).toEqual(zeroth);
    expect(at('2026-02-28T09:59:59.999Z')).toEqual(zeroth);
    expect(at('2026-02-28T10:00:00Z')).toEqual(first);
    expect(at('2026-03-31T09:59:59.999Z')).toEqual(first);
  });

  test('counts on across years', () => {
    expect(at('2036-02-29T10:00:00Z')).toEqual(cycle(121, '2036-02-29T10:00:00Z', '2036-03-31T10:00:00Z'));
  });

  test('refuses an instant before the anchor, none and the year 10000', () => {
    expect(() => at('2026-01-31T09:59:59.999Z')).toThrow(expect.objectContaining(refusal));
    for (const instant of [Number.NaN, Number.POSITIVE_INFINITY, MAX_INSTANT + 1]) {
      expect(() => cycleAt(anchor, instant, 'UTC', UTC_RULES)).toThrow(expect.objectContaining(refusal));
    }
    expect(cycleAt(anchor, MAX_INSTANT, 'UTC', UTC_RULES).end).toBeGreaterThan(MAX_INSTANT);
  });

  test('finds the period where clocks went back over the end of a month', () => {
    // Newfoundland, 1 November 2009 00:01 → 31 October 23:01: the boundary at 00:00:30 passed before October ended.
    const start = parseInstant('2009-09-01T02:30:30Z');
    const late = parseInstant('2009-11-01T03:00:00Z');
    expect(localDay(late, 'America/St_Johns', rules)).toBe('2009-10-31');
    expect(cycleAt(start, late, 'America/St_Johns', rules)).toEqual(
      cycle(2, '2009-11-01T02:30:30Z', '2009-12-01T03:30:30Z'),
    );
  });
});

/** Wall times of day that fall into the gaps and double hours of the zones, and the last millisecond of a day. */
const WALL_TIMES: Record<(typeof ZONES)[number], readonly number[]> = {
  UTC: [0, 86_399_999],
  'Europe/Berlin': [9_000_000, 86_399_999],
  'America/New_York': [9_000_000, 5_400_000],
  'America/St_Johns': [30_000, 86_399_999],
  'America/Sao_Paulo': [0, 85_000_000],
  'Africa/Casablanca': [9_000_000, 600_000],
  'Asia/Kolkata': [0, 43_200_000],
  'Asia/Kathmandu': [600_000, 86_399_999],
  'Australia/Lord_Howe': [8_100_000, 6_300_000],
  'Pacific/Apia': [43_200_000, 0],
  'Pacific/Chatham': [10_000_000, 12_000_000],
  'Pacific/Kiritimati': [0, 43_200_000],
};

describe('against the wall clocks of Intl: anchors 1 to 31 January 1985, 48 months back, 600 forward', () => {
  test.each(ZONES)('%s', (zone) => {
    const oracle = zoneOracle(zone, 1980, 2036);
    const wrong: unknown[] = [];
    for (const time of WALL_TIMES[zone]) {
      for (let day = 1; day <= 31; day += 1) {
        const anchor = oracle.toInstant(Date.UTC(1985, 0, day) + time);
        let previous = Number.NEGATIVE_INFINITY;
        for (let n = -48; n <= 600; n += 1) {
          const lastDay = new Date(Date.UTC(1985, n + 1, 0)).getUTCDate();
          const expected = oracle.toInstant(Date.UTC(1985, n, Math.min(day, lastDay)) + time);
          const actual = boundary(anchor, n, zone, rules);
          if (actual !== expected || actual <= previous) wrong.push({ day, time, n, actual, expected });
          previous = actual;
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('every instant lies in exactly one period', () => {
  test.each(ZONES)('%s: periods follow one another without gap and overlap', (zone) => {
    const wrong: unknown[] = [];
    for (const day of [1, 28, 29, 30, 31]) {
      const wall = { year: 1990, month: 1, day, millisecondOfDay: WALL_TIMES[zone][0]! };
      const anchor = rules.toInstant(wall, zone);
      let start = anchor;
      for (let index = 0; index < 540; index += 1) {
        const here = cycleAt(anchor, start, zone, rules);
        const last = cycleAt(anchor, here.end - 1, zone, rules);
        const isWhole = here.index === index && here.start === start && here.end > start;
        const isOne = last.index === index && last.start === start && last.end === here.end;
        if (!isWhole || !isOne || here.end !== boundary(anchor, index + 1, zone, rules))
          wrong.push({ day, here, last });
        start = here.end;
      }
    }
    expect(wrong).toEqual([]);
  });

  test('for random anchors and instants', () => {
    const decades = (from: number, to: number) =>
      fc.integer({ min: Date.UTC(from, 0, 1), max: Date.UTC(to, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), decades(1971, 2030), decades(1971, 2060), (zone, one, other) => {
        const [anchor, at] = [Math.min(one, other), Math.max(one, other)];
        const { index, start, end } = cycleAt(anchor, at, zone, rules);
        expect(start <= at && at < end).toBe(true);
        expect([boundary(anchor, index, zone, rules), boundary(anchor, index + 1, zone, rules)]).toEqual([
          start,
          end,
        ]);
        expect(cyclesBetween(anchor, anchor, start, zone, rules)).toBe(index);
      }),
      { seed: 480_131, numRuns: 3_000 },
    );
  });
});

describe('missed cycles', () => {
  const anchor = parseInstant('2026-01-31');
  const start = (n: number) => boundary(anchor, n, 'UTC', UTC_RULES);
  const between = (from: number, to: number) =>
    cyclesBetween(anchor, start(from), start(to), 'UTC', UTC_RULES);
  const missed = (granted: number, current: number) =>
    missedCycles(anchor, start(granted), start(current), 'UTC', UTC_RULES);

  test('whole periods between two starts', () => {
    expect([between(0, 0), between(0, 1), between(2, 14), between(14, 2)]).toEqual([0, 1, 12, -12]);
  });

  test('the granted and the current one are not missed', () => {
    expect([missed(3, 3), missed(3, 4), missed(3, 5), missed(3, 7)]).toEqual([0, 0, 1, 3]);
  });

  test('a start before the anchor is refused', () => {
    expect(() => cyclesBetween(anchor, anchor - 1, anchor, 'UTC', UTC_RULES)).toThrow(
      expect.objectContaining(refusal),
    );
  });
});

describe('prorate', () => {
  const [start, end] = [parseInstant('2026-01-01'), parseInstant('2026-02-01')];
  const length = end - start;
  const share = (difference: number, at: number) => prorate(difference as Microcredits, start, end, at);
  const difference = 9_000_000_000;

  test('all of it at the start, half in the middle, nothing at the end', () => {
    expect(share(difference, start)).toBe(difference);
    expect(share(difference, start + length / 2)).toBe(difference / 2);
    expect(share(difference, end)).toBe(0);
    expect(share(difference, start - 1)).toBe(difference);
    expect(share(difference, end + 1)).toBe(0);
  });

  test('is exact beyond 2^53 and rounded down', () => {
    // 9,000 credits × 2,678,399,999 ms / 2,678,400,000 ms = 8,999,999,996.6397… microcredits
    expect(share(difference, start + 1)).toBe(8_999_999_996);
    // 9,000 credits × 1 ms / 2,678,400,000 ms = 3.3602… microcredits
    expect(share(difference, end - 1)).toBe(3);
    expect(share(2_678_399_999, end - 1)).toBe(0);
    expect(share(2_678_400_000, end - 1)).toBe(1);
  });

  test('is never below 0', () => {
    expect(share(0, start)).toBe(0);
    expect(share(-1, start)).toBe(0);
    expect(share(-difference, start + 1)).toBe(0);
  });

  test('a cycle without length is a defect, not a division by zero', () => {
    expect(() => prorate(1 as Microcredits, end, end, end)).toThrow(
      expect.objectContaining({ code: 'integrity_failure' }),
    );
  });

  test('is the largest whole microcredit that fits the share, and no way through the plans pays more', () => {
    const amount = fc.integer({ min: 1, max: 1e15 });
    const moment = fc.integer({ min: start, max: end });
    fc.assert(
      fc.property(amount, amount, moment, moment, (low, high, one, other) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)];
        const granted = share(low, early);
        const exact = BigInt(low) * BigInt(end - early);
        expect(BigInt(granted) * BigInt(length) <= exact).toBe(true);
        expect(BigInt(granted + 1) * BigInt(length) > exact).toBe(true);
        // In two steps: the second only from the first plan on, so at most the whole difference at once.
        expect(granted + share(high, late)).toBeLessThanOrEqual(share(low + high, early));
      }),
      { seed: 260_101, numRuns: 2_000 },
    );
  });
});

describe('local days and months', () => {
  test.each([
    ['UTC', '2026-03-31T23:59:59.999Z', '2026-03-31'],
    ['Europe/Berlin', '2026-03-31T21:59:59.999Z', '2026-03-31'],
    ['Europe/Berlin', '2026-03-31T22:00:00Z', '2026-04-01'],
    ['America/New_York', '2026-04-01T03:59:59Z', '2026-03-31'],
    ['Pacific/Kiritimati', '2026-03-31T10:00:00Z', '2026-04-01'],
    ['Asia/Kathmandu', '2026-03-31T18:15:00Z', '2026-04-01'],
    ['UTC', '1970-01-01T00:00:00Z', '1970-01-01'],
  ])('in %s it is at %s the %s', (zone, instant, day) => {
    expect(localDay(parseInstant(instant), zone, rules)).toBe(day);
    expect(localMonth(parseInstant(instant), zone, rules)).toBe(day.slice(0, 7));
  });

  test.each([
    ['UTC', '2026-03-29', '2026-03-29T00:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00.000Z'],
    // Midnight is skipped in Brazil's last spring with a change: the day starts at 01:00.
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00.000Z'],
    // Midnight comes twice in Havana: the first.
    ['America/Havana', '2025-11-02', '2025-11-02T04:00:00.000Z'],
    // The skipped day is empty.
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00.000Z'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00.000Z'],
  ])('in %s the %s starts at %s', (zone, day, instant) => {
    expect(formatInstant(dayStart(day, zone, rules))).toBe(instant);
  });

  test('a month starts with its first day', () => {
    expect(formatInstant(monthStart('2026-04', 'Europe/Berlin', rules))).toBe('2026-03-31T22:00:00.000Z');
    expect(formatInstant(monthStart('2026-12', 'UTC', rules))).toBe('2026-12-01T00:00:00.000Z');
  });

  test('the next day and month follow the calendar', () => {
    expect(['2026-02-27', '2026-02-28', '2024-02-28', '2026-12-31', '2026-01-09'].map(nextDay)).toEqual([
      ...['2026-02-28', '2026-03-01', '2024-02-29', '2027-01-01', '2026-01-10'],
    ]);
    expect(['2026-01', '2026-09', '2026-12'].map(nextMonth)).toEqual(['2026-02', '2026-10', '2027-01']);
  });

  test.each(['2026-02-29', '2026-13-01', '2026-1-1', '', '2026-01-01T00:00:00Z', '2026-01'])(
    '%j is no day',
    (text) => {
      expect(() => dayStart(text, 'UTC', rules)).toThrow(expect.objectContaining(refusal));
      expect(() => nextDay(text)).toThrow(expect.objectContaining(refusal));
      expect(() => monthStart(text.slice(0, -1), 'UTC', rules)).toThrow(expect.objectContaining(refusal));
    },
  );

  test.each(ZONES)('%s: each day of 2004 to 2027 holds its first and last instant', (zone) => {
    const wrong: string[] = [];
    for (let day = '2004-01-01'; day < '2028-01-01'; day = nextDay(day)) {
      const [start, end] = [dayStart(day, zone, rules), dayStart(nextDay(day), zone, rules)];
      if (start === end) {
        expect([zone, day]).toEqual(['Pacific/Apia', '2011-12-30']);
        continue;
      }
      // Where clocks go back over midnight, the evening comes again after the day has ended.
      const before = localDay(start - 1, zone, rules);
      if (localDay(start, zone, rules) !== day || localDay(end - 1, zone, rules) !== day || before >= day) {
        wrong.push(day);
      }
    }
    expect(wrong).toEqual([]);
  });
});
