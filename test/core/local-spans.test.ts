import { describe, expect, test } from 'vitest';
import { createZoneRules } from '../../src/cli/zone-rules.ts';
import { localSpans } from '../../src/core/local-spans.ts';
import { formatInstant, MAX_INSTANT, parseInstant } from '../../src/core/time.ts';

const rules = createZoneRules();

/** `NAME SINCE UNTIL` of each, in UTC to the minute. */
function spans(by: 'day' | 'month', zone: string, since: string, until: string): string[] {
  const span = { since: parseInstant(since), until: parseInstant(until) };
  return [...localSpans(span, by, { name: zone, rules })].map((each) =>
    [each.name, formatInstant(each.since).slice(0, 16), formatInstant(each.until).slice(0, 16)].join(' '),
  );
}

describe('local days', () => {
  test('are cut at the zone’s midnights; the outer ones are parts', () => {
    expect(spans('day', 'Asia/Kolkata', '2026-03-01T12:00:00Z', '2026-03-03T00:00:00Z')).toEqual([
      '2026-03-01 2026-03-01T12:00 2026-03-01T18:30',
      '2026-03-02 2026-03-01T18:30 2026-03-02T18:30',
      '2026-03-03 2026-03-02T18:30 2026-03-03T00:00',
    ]);
  });

  test('have 23 and 25 hours where clocks change', () => {
    expect(spans('day', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')).toEqual([
      '2026-03-29 2026-03-28T23:00 2026-03-29T22:00',
    ]);
    expect(spans('day', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z')).toEqual([
      '2026-10-25 2026-10-24T22:00 2026-10-25T23:00',
    ]);
  });

  test('leave out a day that the zone skipped', () => {
    // Samoa went over the date line: 30 December 2011 never came.
    expect(spans('day', 'Pacific/Apia', '2011-12-29T11:00:00Z', '2011-12-31T11:00:00Z')).toEqual([
      '2011-12-29 2011-12-29T11:00 2011-12-30T10:00',
      '2011-12-31 2011-12-30T10:00 2011-12-31T10:00',
      '2012-01-01 2011-12-31T10:00 2011-12-31T11:00',
    ]);
  });

  test('go on after an evening that comes twice over midnight', () => {
    // Cuba turns its clocks back at 01:00, Havana's day before ends at the first midnight.
    const all = spans('day', 'America/Havana', '2026-11-01T05:30:00Z', '2026-11-03T00:00:00Z');
    expect(all.map((span) => span.slice(0, 10))).toEqual(['2026-11-01', '2026-11-02']);
  });

  test('tile the stretch in every case', () => {
    for (const zone of [
      'UTC',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
      'Africa/Cairo',
    ]) {
      const since = parseInstant('2017-09-20T07:13:00Z');
      const until = parseInstant('2018-03-05T01:01:00Z');
      let reached = since;
      for (const span of localSpans({ since, until }, 'day', { name: zone, rules })) {
        expect(span.since, `${zone} ${span.name}`).toBe(reached);
        expect(span.start).toBeLessThanOrEqual(span.since);
        expect(span.end).toBeGreaterThanOrEqual(span.until);
        reached = span.until;
      }
      expect(reached).toBe(until);
    }
  });

  test('end with the last day that has a name', () => {
    const zone = { name: 'UTC', rules };
    const days = [...localSpans({ since: MAX_INSTANT - 5, until: MAX_INSTANT + 1 }, 'day', zone)];
    expect(days.map(({ name, until }) => [name, until])).toEqual([['9999-12-31', MAX_INSTANT + 1]]);
  });
});

test('local months', () => {
  expect(spans('month', 'America/New_York', '2026-01-31T12:00:00Z', '2026-03-01T05:00:00Z')).toEqual([
    '2026-01 2026-01-31T12:00 2026-02-01T05:00',
    '2026-02 2026-02-01T05:00 2026-03-01T05:00',
  ]);
});
