import { describe, expect, test } from 'vitest';
import { count, credits, group, showCredits, showDollars } from '../../src/cli/render/amounts.ts';
import { createCalendar } from '../../src/cli/render/dates.ts';
import { renderTable, wrapParts } from '../../src/cli/render/table.ts';
import { cut, pad, printable, textWidth } from '../../src/cli/render/width.ts';
import { createZoneRules } from '../../src/cli/zone-rules.ts';
import { parseInstant } from '../../src/core/time.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { c } from './fake.ts';

describe('amounts', () => {
  test.each([
    [c(0), '0'],
    [c(1_117.5), '1,117.5'],
    [c(999), '999'],
    [c(1_000), '1,000'],
    [c(0.000001), '0.000001'],
    [c(1_234_567.891234), '1,234,567.891234'],
    [-c(12_345.5), '-12,345.5'],
    [12_345_678_901_234_567_890_000_000n, '12,345,678,901,234,567,890'],
  ])('%d microcredits read %s', (amount, text) => {
    expect(showCredits(amount)).toBe(text);
  });

  test('words and money', () => {
    expect([group('1200'), count(1, 'account'), count(3_000, 'entry', 'entries')]).toEqual([
      '1,200',
      '1 account',
      '3,000 entries',
    ]);
    expect([credits(c(1)), credits(c(1.5)), credits(c(0))]).toEqual(['1 credit', '1.5 credits', '0 credits']);
    expect([showDollars(500), showDollars(123_456_789), showDollars(-5)]).toEqual([
      '$5.00',
      '$1,234,567.89',
      '-$0.05',
    ]);
  });
});

describe('dates', () => {
  const now = parseInstant('2026-02-20T12:00:00Z');
  const utc = createCalendar(UTC_RULES, 'UTC', now);

  test.each([
    ['2026-02-28T00:00:00Z', '28 Feb, in 8 days'],
    ['2026-02-20T12:00:30Z', '20 Feb, in 30 seconds'],
    ['2026-02-20T12:10:59Z', '20 Feb, in 10 minutes'],
    ['2026-02-21T11:59:00Z', '21 Feb, in 23 hours'],
    ['2026-02-21T12:00:00Z', '21 Feb, in 1 day'],
    ['2026-02-22T11:00:00Z', '22 Feb, in 2 days'],
    ['2027-01-05T00:00:00Z', '5 Jan 2027, in 319 days'],
    ['2026-02-18T12:00:00Z', '18 Feb, 2 days ago'],
    ['2026-02-20T11:00:00Z', '20 Feb, 1 hour ago'],
    ['2026-02-20T12:00:00Z', '20 Feb, now'],
  ])('%s is %s', (instant, text) => {
    expect(utc.until(parseInstant(instant))).toBe(text);
  });

  test('never, ranges and times of day', () => {
    expect(utc.until(null)).toBe('never');
    expect(utc.range(parseInstant('2026-01-31'), parseInstant('2026-02-28'))).toBe('31 Jan – 28 Feb');
    expect(utc.time(parseInstant('2026-02-28T09:05:59Z'))).toBe('28 Feb 09:05');
    expect(utc.zone).toBe('');
  });

  test('are those of the account’s zone', () => {
    const tokyo = createCalendar(createZoneRules(), 'Asia/Tokyo', now);
    expect(tokyo.until(parseInstant('2026-02-27T15:00:00Z'))).toBe('28 Feb, in 8 days');
    expect(tokyo.time(parseInstant('2026-12-31T15:00:00Z'))).toBe('1 Jan 2027 00:00');
    expect(tokyo.zone).toBe('Asia/Tokyo');
  });
});

describe('width', () => {
  test('wide, combining and escaped characters', () => {
    expect([
      textWidth('abc'),
      textWidth('日本'),
      textWidth('e\u0301'),
      textWidth('🙂'),
      textWidth('\u001b[1mab\u001b[0m'),
    ]).toEqual([3, 4, 1, 2, 2]);
    expect([pad('日本', 6, 'left'), pad('7', 3, 'right')]).toEqual(['日本  ', '  7']);
    expect([cut('abcdef', 4), cut('abcd', 4), cut('日本語', 4)]).toEqual(['abc…', 'abcd', '日…']);
  });

  test('foreign text cannot move the cursor or turn the line around', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed')).toBe('a\ufffd[2Jb c\ufffdd');
  });
});

describe('tables', () => {
  const columns = [
    { title: 'Name' },
    { title: 'Credits', align: 'right' as const, least: 9 },
    { title: 'Note', flexible: true },
  ];
  const rows = [
    ['one', '1,000', 'short'],
    ['日本', '5', 'a note that is rather long'],
  ];
  const wide = `Name     Credits   Note
one        1,000   short
日本           5   a note that is rather long`;

  test('takes more rows than a call takes arguments', () => {
    const rows = Array.from({ length: 200_000 }, (_, no) => [String(no)]);
    const table = renderTable([{ title: 'No', align: 'right' }], rows, { columns: 80 });
    expect(table.length).toBe(200_001 * 7 - 1);
  });

  test('align by width, three spaces apart, without trailing spaces', () => {
    expect(renderTable(columns, rows, { columns: Number.POSITIVE_INFINITY })).toBe(wide);
    expect(renderTable(columns, rows, { columns: 45 })).toBe(wide);
  });

  test('squeeze the gaps, then cut the flexible column, then stack', () => {
    expect(renderTable(columns, rows, { columns: 43 })).toBe(`Name    Credits  Note
one       1,000  short
日本          5  a note that is rather long`);
    expect(renderTable(columns, rows, { columns: 32 })).toBe(`Name     Credits   Note
one        1,000   short
日本           5   a note that …`);
    expect(renderTable(columns, rows, { columns: 20 })).toBe(`one
  credits 1,000
  note short
日本
  credits 5
  note a note that is rather long`);
  });

  test('no line of a table is wider than the terminal, and stacking leaves nothing out', () => {
    for (const width of [24, 30, 38, 40, 41, 42, 44, 60]) {
      const lines = renderTable(columns, rows, { columns: width }).split('\n');
      if (width >= 30) expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
    }
    const stacked = renderTable(columns, rows, { columns: 10 });
    for (const cell of rows.flat()) expect(stacked).toContain(cell);
  });

  test('parts wrap', () => {
    expect(wrapParts(['aaa', 'bbb', 'ccc'], 9)).toEqual(['aaa · bbb', 'ccc']);
  });
});
