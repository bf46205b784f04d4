import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { createZoneRules } from '../../src/cli/zone-rules.ts';
import { fromWallMs, UTC_RULES, wallMs } from '../../src/core/zones.ts';
import { ZONES, zoneOracle } from '../helpers/zone-oracle.ts';

const rules = createZoneRules();
const refusal = { code: 'invalid_argument' };

describe('names', () => {
  test.each([
    ['UTC', 'UTC'],
    ['utc', 'UTC'],
    ['Etc/UTC', 'UTC'],
    ['zulu', 'UTC'],
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['AMERICA/ARGENTINA/BUENOS_AIRES', 'America/Argentina/Buenos_Aires'],
    ['america/port-au-prince', 'America/Port-au-Prince'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['us/eastern', 'US/Eastern'],
    ['etc/gmt+5', 'Etc/GMT+5'],
    ['GMT', 'GMT'],
  ])('%s is %s', (name, canonical) => {
    expect(rules.canonicalZone(name)).toBe(canonical);
    expect(rules.isZone(name)).toBe(true);
    expect(rules.canonicalZone(canonical)).toBe(canonical);
  });

  test.each([
    ...[
      '',
      ' ',
      'Z',
      '+02:00',
      '-05:00',
      '+0200',
      '+02',
      'UTC+2',
      'UTC+02:00',
      'GMT+2',
      'GMT+02:00',
      'Mars/Olympus',
    ],
    ...[
      'Europe',
      'Europe/',
      '/Berlin',
      'Europe/Berlin ',
      'Europe\\Berlin',
      'Europe/Berlin\n',
      'Europe//Berlin',
    ],
    ...[
      '2026-01-01T00:00:00Z[Europe/Berlin]',
      '[Europe/Berlin]',
      'PST',
      'Etc/Unknown',
      'SystemV/PST8',
      '../etc',
    ],
    ...['Europe/Berlin/Mitte', 'constructor', '__proto__', 'toString', 'a'.repeat(65)],
  ])('%j is none', (name) => {
    expect(rules.isZone(name)).toBe(false);
    expect(rules.canonicalZone(name)).toBeUndefined();
    expect(() => rules.toLocal(0, name)).toThrow(expect.objectContaining(refusal));
    expect(() => rules.toInstant(fromWallMs(0), name)).toThrow(expect.objectContaining(refusal));
  });

  test('every zone that the platform lists is one, in any case', () => {
    const missing = Intl.supportedValuesOf('timeZone').filter(
      (zone) => zone !== 'UTC' && rules.canonicalZone(zone.toLowerCase()) !== zone,
    );
    expect(missing).toEqual([]);
  });

  test('the rules of UTC know UTC alone', () => {
    expect(['UTC', 'utc', 'Etc/UTC', 'Europe/Berlin', ''].map(UTC_RULES.canonicalZone)).toEqual([
      ...['UTC', 'UTC', undefined, undefined, undefined],
    ]);
    expect([UTC_RULES.isZone('Utc'), UTC_RULES.isZone('Europe/Berlin')]).toEqual([true, false]);
    expect(UTC_RULES.toLocal(0, 'utc')).toEqual({ year: 1970, month: 1, day: 1, millisecondOfDay: 0 });
    expect(() => UTC_RULES.toLocal(0, 'Europe/Berlin')).toThrow(expect.objectContaining(refusal));
    expect(() => UTC_RULES.toInstant(fromWallMs(0), 'Europe/Berlin')).toThrow(
      expect.objectContaining(refusal),
    );
  });
});

describe('wall clocks', () => {
  test('a reading is a date and the milliseconds since its midnight', () => {
    const local = { year: 2026, month: 3, day: 29, millisecondOfDay: 3 * 3_600_000 + 15 };
    expect(rules.toLocal(Date.UTC(2026, 2, 29, 1, 0, 0, 15), 'Europe/Berlin')).toEqual(local);
    expect(rules.toLocal(Date.UTC(2026, 2, 29, 3, 0, 0, 15), 'UTC')).toEqual(local);
  });

  test('before 1970 and before the year 100', () => {
    expect(fromWallMs(-1)).toEqual({ year: 1969, month: 12, day: 31, millisecondOfDay: 86_399_999 });
    expect(wallMs({ year: 50, month: 1, day: 1, millisecondOfDay: 0 })).toBe(
      Date.parse('0050-01-01T00:00:00Z'),
    );
    expect(rules.toLocal(-1, 'Asia/Kolkata')).toEqual({
      year: 1970,
      month: 1,
      day: 1,
      millisecondOfDay: 19_800_000 - 1,
    });
  });

  test('a reading and its milliseconds are the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 2.6e14 }), (wall) => {
        expect(wallMs(fromWallMs(wall))).toBe(wall);
      }),
      { seed: 70_101, numRuns: 2_000 },
    );
  });

  test.each(ZONES)('%s agrees with Intl', (zone) => {
    const oracle = zoneOracle(zone, 1970, 1971);
    const wrong: number[] = [];
    for (let instant = 0; instant < Date.UTC(2040, 0, 1); instant += 101 * 3_600_000 + 1_001) {
      if (wallMs(rules.toLocal(instant, zone)) !== oracle.toWall(instant)) wrong.push(instant);
    }
    expect(wrong).toEqual([]);
  });
});

describe('around every change of clocks, 1970 to 2037', () => {
  const HOUR = 3_600_000;
  const STEPS = [-25, -24, -2, -1, -0.5, 0, 0.5, 1, 2, 24, 25].flatMap((hours) => [
    hours * HOUR - 1,
    hours * HOUR,
  ]);

  /** Changes of offset that Temporal knows, with the offsets on both sides in ms. */
  function changes(zone: string): { at: number; before: number; after: number }[] {
    const found = [];
    let moment = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    for (;;) {
      const next = moment.getTimeZoneTransition('next');
      if (next === null || next.year > 2037) return found;
      const before = next.subtract({ milliseconds: 1 }).offsetNanoseconds / 1e6;
      found.push({ at: next.epochMilliseconds, before, after: next.offsetNanoseconds / 1e6 });
      moment = next;
    }
  }

  test.each([...ZONES, 'America/Havana', 'Asia/Gaza', 'Pacific/Kwajalein', 'Africa/Monrovia'])(
    '%s: a skipped time moves forward, of a doubled one it is the first, as in Temporal',
    (zone) => {
      const wrong: string[] = [];
      for (const { at, before, after } of changes(zone)) {
        for (const wall of STEPS.flatMap((step) => [at + before + step, at + after + step])) {
          const text = new Date(wall).toISOString().slice(0, -1);
          const expected = Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
          if (rules.toInstant(fromWallMs(wall), zone) !== expected) wrong.push(text);
        }
        // The change itself is the first instant of the new offset.
        expect(wallMs(rules.toLocal(at - 1, zone)) - (at - 1)).toBe(before);
        expect(wallMs(rules.toLocal(at, zone)) - at).toBe(after);
      }
      expect(wrong).toEqual([]);
    },
  );
});

test('the same answers after more zones and years than are kept', () => {
  const own = createZoneRules();
  const ask = (year: number) => own.toLocal(Date.UTC(year, 6, 1), 'Europe/Berlin').millisecondOfDay;
  const before = [1980, 2026, 2100].map(ask);
  for (const zone of Intl.supportedValuesOf('timeZone').slice(0, 30)) {
    for (let year = 2100; year < 2400; year += 1) own.toLocal(Date.UTC(year, 0, 1), zone);
  }
  expect([1980, 2026, 2100].map(ask)).toEqual(before);
  expect(before).toEqual([7_200_000, 7_200_000, 7_200_000]);
});
