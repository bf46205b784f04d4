import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  daysInMonth,
  formatInstant,
  MAX_INSTANT,
  parseDuration,
  parseInstant,
  parseInstantOrAgo,
  utcMidnight,
} from '../../src/core/time.ts';

const SEED = { seed: 310_128, numRuns: 1_000 };
const refusal = { code: 'invalid_argument' };

describe('parseInstant', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01', 0],
    ['2026-01-31T09:30:00Z', Date.UTC(2026, 0, 31, 9, 30)],
    ['2026-01-31T09:30:00z', Date.UTC(2026, 0, 31, 9, 30)],
    ['2026-01-31t09:30:00+02:00', Date.UTC(2026, 0, 31, 7, 30)],
    ['2026-01-31T22:30:00-05:45', Date.UTC(2026, 1, 1, 4, 15)],
    ['2026-01-31T09:30:00-00:00', Date.UTC(2026, 0, 31, 9, 30)],
    ['2026-01-31T09:30:00.5Z', Date.UTC(2026, 0, 31, 9, 30, 0, 500)],
    ['2026-01-31T09:30:00.007Z', Date.UTC(2026, 0, 31, 9, 30, 0, 7)],
    ['2026-01-31T09:30:00.123999999Z', Date.UTC(2026, 0, 31, 9, 30, 0, 123)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
    ['1970-01-01T01:00:00+01:00', 0],
    ['9999-12-31T23:59:59.999Z', MAX_INSTANT],
  ])('%s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected);
  });

  test.each([
    ['', 'nothing'],
    ['2026-01-31T09:30:00', 'no offset'],
    ['2026-01-31T09:30Z', 'no seconds'],
    ['2026-01-31 09:30:00Z', 'a space for the T'],
    ['2026-1-31', 'one digit of a month'],
    ['26-01-31', 'two digits of a year'],
    ['+002026-01-31', 'an expanded year'],
    ['20260131T093000Z', 'the basic format'],
    ['2026-W05-6', 'a week'],
    [' 2026-01-31', 'a leading space'],
    ['2026-01-31\n', 'a line end'],
    ['2026-01-31Z', 'a date with an offset'],
    ['2026-00-10', 'month 0'],
    ['2026-13-10', 'month 13'],
    ['2026-01-00', 'day 0'],
    ['2026-02-29', 'Feb 29 of a common year'],
    ['2100-02-29', 'Feb 29 of 2100'],
    ['2024-02-30', 'Feb 30'],
    ['2026-04-31', 'Apr 31'],
    ['2026-01-31T24:00:00Z', '24:00'],
    ['2026-01-31T09:60:00Z', 'minute 60'],
    ['2016-12-31T23:59:60Z', 'a leap second'],
    ['2026-01-31T09:30:00+24:00', 'offset 24:00'],
    ['2026-01-31T09:30:00+02:60', 'offset minute 60'],
    ['2026-01-31T09:30:00+0200', 'an offset without colon'],
    ['2026-01-31T09:30:00+02', 'an offset without minutes'],
    ['2026-01-31T09:30:00.Z', 'a point without decimals'],
    ['2026-01-31T09:30:00.1234567891Z', '10 decimals'],
    ['2026-01-31T09:30:00,5Z', 'a decimal comma'],
    ['1969-12-31T23:59:59.999Z', '1969'],
    ['1970-01-01T00:30:00+01:00', '1969 by its offset'],
    ['0000-01-01', 'year 0'],
    ['9999-12-31T23:30:00-01:00', '10000 by its offset'],
    ['1769850000', 'epoch seconds'],
    ['now', 'a word'],
    ['٢٠٢٦-٠١-٣١', 'digits of another script'],
  ])('refuses %j: %s', (text) => {
    expect(() => parseInstant(text)).toThrow(expect.objectContaining(refusal));
  });

  test('names the value it refuses', () => {
    expect(() => parseInstant('soon', '--anchor')).toThrow('--anchor "soon" is no instant');
    expect(() => parseInstant('2026-02-30', '--anchor')).toThrow(
      '--anchor 2026-02-30: there is no such date',
    );
  });

  test('reads back what formatInstant wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_INSTANT }), (instant) => {
        const text = formatInstant(instant);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(parseInstant(text)).toBe(instant);
      }),
      SEED,
    );
  });

  test('takes the same instant under every offset', () => {
    const minutes = fc.integer({ min: -1439, max: 1439 });
    fc.assert(
      fc.property(fc.integer({ min: 2e8, max: MAX_INSTANT - 2e8 }), minutes, (instant, offset) => {
        const wall = new Date(instant + offset * 60_000).toISOString().slice(0, -1);
        const [hour, minute] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const sign = offset < 0 ? '-' : '+';
        const text = `${wall}${sign}${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
        expect(parseInstant(text)).toBe(instant);
      }),
      SEED,
    );
  });

  test('takes the dates of the calendar and no others', () => {
    const [year, month, day] = [
      fc.integer({ min: 1970, max: 9999 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 28, max: 31 }),
    ];
    fc.assert(
      fc.property(year, month, day, (y, m, d) => {
        const text = `${y}-${String(m).padStart(2, '0')}-${d}`;
        const exists = new Date(Date.UTC(y, m - 1, d)).getUTCDate() === d;
        if (exists) expect(parseInstant(text)).toBe(Date.UTC(y, m - 1, d));
        else expect(() => parseInstant(text)).toThrow(expect.objectContaining(refusal));
      }),
      SEED,
    );
  });
});

test('utcMidnight does not take the year 50 for 1950', () => {
  expect(new Date(utcMidnight(50, 2, 3)).toISOString()).toBe('0050-02-03T00:00:00.000Z');
  expect(utcMidnight(1970, 1, 1)).toBe(0);
});

test('daysInMonth follows the rule of 4, 100 and 400', () => {
  expect([1900, 2000, 2023, 2024, 2100].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 28, 29, 28]);
  expect([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((month) => daysInMonth(2024, month))).toEqual([
    31, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
  ]);
});

describe('parseDuration', () => {
  test.each([
    ['1s', 1_000],
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
    ['1w', 604_800_000],
  ])('%s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test.each([
    ...[
      '',
      '10',
      's',
      '0s',
      '0d',
      '-1d',
      '+1d',
      '1.5h',
      '1 h',
      ' 1h',
      '1h ',
      '1H',
      '1M',
      '1y',
      '1mo',
      '1h30m',
      '1e3s',
    ],
    ...['10ms', 'PT1H', 'never', '999999999w', '1000000000s', '1h\n'],
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text, '--ttl')).toThrow(
      expect.objectContaining({ ...refusal, message: `--ttl ${JSON.stringify(text)} is no duration` }),
    );
  });
});

describe('parseInstantOrAgo', () => {
  const now = Date.UTC(2026, 6, 15, 12);

  test.each([
    ['now', now],
    ['30d', Date.UTC(2026, 5, 15, 12)],
    ['-1d', Date.UTC(2026, 6, 14, 12)],
    ['2h', Date.UTC(2026, 6, 15, 10)],
    ['2026-07-01', Date.UTC(2026, 6, 1)],
    ['2026-07-01T00:00:00+02:00', Date.UTC(2026, 5, 30, 22)],
    ['2030-01-01', Date.UTC(2030, 0, 1)],
  ])('%s', (text, expected) => {
    expect(parseInstantOrAgo(text, now)).toBe(expected);
  });

  test.each(['', '-', '--1d', '-2026-07-01', 'yesterday', '+1d', '-now', '-0d', '99999d'])(
    'refuses %j',
    (text) => {
      expect(() => parseInstantOrAgo(text, now)).toThrow(expect.objectContaining(refusal));
    },
  );
});
