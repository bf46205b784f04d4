import { expect, test } from 'vitest';
import { createZoneRules } from '../../../src/cli/zone-rules.ts';
import { decide } from '../../../src/core/ledger/decide.ts';
import { PageLedger } from '../../helpers/page-ledger.ts';
import { expectPage } from '../../helpers/pages.ts';

test('opening books the facts, welcome, and on a paid plan the running cycle', () => {
  expectPage(`
    open   free                           -> setting: no entries | granted welcome 50; plan free; cycle none
    open   pro                            -> setting: no entries | grant: granted welcome 50 | granted monthly 1000; plan pro; cycle 2026-01-01 to 2026-02-01
    open   TEAM                           -> setting: no entries | grant: granted welcome 50 | granted monthly 10000; plan team
    open   gold                           -> refused unknown_plan
  `);
});

test('an older anchor gives the full allocation of the current period, a later one is refused', () => {
  expectPage(`
    at     2026-02-15
    open   pro anchor 2025-12-31          -> setting: no entries | grant: granted welcome 50 | granted monthly 1000; cycle 2026-01-31 to 2026-02-28
    at     2026-02-28
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000; cycle 2026-02-28 to 2026-03-31
    at     2026-02-15
    open   pro anchor 2026-02-15 +1ms     -> refused invalid_argument
    open   free anchor 2026-02-15 +1ms    -> refused invalid_argument
    open   pro anchor 2026-02-15          -> setting: no entries | grant: granted welcome 50 | granted monthly 1000; cycle 2026-02-15 to 2026-03-15
  `);
});

test('boundaries count from the anchor: 31 January, 28 February, 31 March', () => {
  expectPage(`
    at     2026-01-31
    open   pro
    at     2026-02-28 -1ms
    rollover                              -> nothing
    at     2026-02-28
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000; cycle 2026-02-28 to 2026-03-31
    at     2026-03-30
    rollover                              -> nothing
    at     2026-03-31
    rollover                              -> swept: expired monthly2 1000 | granted monthly3 1000; cycle 2026-03-31 to 2026-04-30
    at     2028-02-29
    rollover                              -> swept: expired monthly3 1000 | granted monthly4 1000; missed 22; cycle 2028-02-29 to 2028-03-31
  `);
});

test('boundaries keep the wall time of the account', () => {
  expectPage(
    `
    at     2026-01-31T09:00:00Z
    open   pro zone Europe/Berlin         -> setting: no entries | grant: granted welcome 50 | granted monthly 1000; cycle 2026-01-31T09:00:00Z to 2026-02-28T09:00:00Z
    at     2026-02-28T09:00:00Z
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000; cycle 2026-02-28T09:00:00Z to 2026-03-31T08:00:00Z
    at     2026-01-29T01:30:00Z
    open   pro zone Europe/Berlin
    at     2026-03-10
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000; cycle 2026-02-28T01:30:00Z to 2026-03-29T01:30:00Z
    at     2026-05-01
    rollover                              -> swept: expired monthly2 1000 | granted monthly3 1000; missed 1; cycle 2026-04-29T00:30:00Z to 2026-05-29T00:30:00Z
  `,
    { zones: createZoneRules() },
  );
});

test('a second rollover changes nothing', () => {
  expectPage(`
    open   pro
    spend  100
    rollover                              -> nothing
    at     day 31
    rollover                              -> swept: expired monthly 900 | granted monthly2 1000
    rollover                              -> nothing
    cycle  grant                          -> nothing
    at     day 31 -1ms
    rollover                              -> nothing
    grant  monthly 1000                   -> refused already_granted
  `);
});

test('grant and expire are the two halves of a rollover', () => {
  expectPage(`
    open   pro
    at     day 31
    cycle  expire                         -> swept: expired monthly 1000
    cycle  expire                         -> nothing
    cycle  grant                          -> granted monthly2 1000
    cycle  rollover                       -> nothing
    at     day 59
    cycle  grant                          -> swept: expired monthly2 1000 | granted monthly3 1000
  `);
});

test('missed cycles are counted and never granted', () => {
  expectPage(`
    open   pro
    at     2026-02-20
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000
    at     2026-06-01 -1ms
    rollover                              -> swept: expired monthly2 1000 | granted monthly3 1000; missed 2; available 1050; cycle 2026-05-01 to 2026-06-01
    rollover                              -> nothing
    at     2026-06-01
    rollover                              -> swept: expired monthly3 1000 | granted monthly4 1000
    see                                   -> available 1050
  `);
});

test('cycles count from the sign-up, not from the calendar month', () => {
  expectPage(`
    at     2026-01-20
    open   pro
    at     2026-02-01
    rollover                              -> nothing
    at     2026-02-20
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000
  `);
});

test('welcome, purchased and promotional lots are never touched by a cycle, a plan or a price', () => {
  expectPage(`
    open   free
    grant  purchased 500
    grant  promotional 7 until day 200
    plan   pro
    plan   harness
    rate   claude-haiku 9/9
    define pro 77 12
    at     day 45
    rollover                              -> swept: expired monthly 1000, monthly2 4000 | granted monthly3 5000
    plan   free
    at     day 70
    rollover                              -> swept: expired monthly3 5000 | no entries; plan free
    see    welcome                        -> granted 50, available 50; ends never
    see    purchased                      -> granted 500, available 500; ends never
    see    promotional                    -> granted 7, available 7; ends 2026-07-20
  `);
});

test('the allocation is the one in force at the boundary', () => {
  expectPage(`
    open   pro
    define pro 2000 12 from 2026-02-01
    define pro 3000 12 from 2026-02-01 +1ms
    see                                   -> available 1050
    at     2026-02-20
    rollover                              -> swept: expired monthly 1000 | granted monthly2 2000
    at     2026-03-01
    rollover                              -> swept: expired monthly2 2000 | granted monthly3 3000
    define pro 4000 12 from 2026-04-01 +1ms
    at     2026-04-20
    rollover                              -> swept: expired monthly3 3000 | granted monthly4 3000
  `);
});

test('a plan that gives no credits for a time goes on at the boundary at which it does, whenever cron ran', () => {
  const start = `
    at     2026-01-31
    open   pro
    define pro 0 12 from 2026-02-10
    define pro 1000 12 from 2026-03-15
  `;
  const end = `
    see                                   -> available 50
    at     2026-04-01
    rollover                              -> XX granted monthly2 1000; cycle 2026-03-31 to 2026-04-30
    see                                   -> available 1050; cycle 2026-03-31 to 2026-04-30
    at     2026-05-01
    rollover                              -> swept: expired monthly2 1000 | granted monthly3 1000; cycle 2026-04-30 to 2026-05-31
  `;
  expectPage(`${start}
    at     2026-03-01
    rollover                              -> swept: expired monthly 1000
    rollover                              -> nothing
    at     2026-03-20
    rollover                              -> nothing
    ${end.replace('XX ', '')}`);
  expectPage(`${start}
    at     2026-03-20
    ${end.replace('XX', 'swept: expired monthly 1000 |')}`);
});

test('a period without credits was not missed', () => {
  expectPage(`
    open   pro
    define pro 0 12 from 2026-02-01
    define pro 1000 12 from 2026-03-01
    at     2026-04-20
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000; missed 1; cycle 2026-04-01 to 2026-05-01
  `);
});

test('a change to a plan without credits ends the cycles by the prices at its boundary, whenever cron ran', () => {
  const start = `
    open   pro
    plan   free
    define free 100 0 from 2026-02-15
  `;
  expectPage(`${start}
    at     2026-02-10
    rollover                              -> swept: expired monthly 1000 | no entries; plan free; cycle none
    at     2026-03-10
    rollover                              -> nothing
    plan   free                           -> granted monthly2 100; plan free; cycle 2026-03-10 to 2026-04-10
  `);
  expectPage(`${start}
    at     2026-03-10
    rollover                              -> swept: expired monthly 1000 | no entries; plan free; cycle none
    plan   free                           -> granted monthly2 100; plan free; cycle 2026-03-10 to 2026-04-10
  `);
});

test('a change that comes due in a period without credits leaves the anchor where it is', () => {
  const start = `
    open   harness
    plan   pro
    define pro 0 12 from 2026-02-15
    define pro 700 12 from 2026-03-15
    at     2026-03-10
  `;
  expectPage(`${start}
    rollover                              -> swept: expired monthly 5000 | no entries; plan pro; cycle 2026-01-01 to 2026-02-01
    rollover                              -> nothing
    at     2026-04-10
    rollover                              -> granted monthly2 700; missed 1; cycle 2026-04-01 to 2026-05-01
  `);
  expectPage(`${start}
    at     2026-04-10
    rollover                              -> swept: expired monthly 5000 | granted monthly2 700; missed 1; cycle 2026-04-01 to 2026-05-01
  `);
});

test('a plan without monthly credits has no cycle', () => {
  expectPage(`
    open   free
    at     day 31
    rollover                              -> nothing
    cycle  grant                          -> nothing
    see                                   -> available 50; cycle none
  `);
});

test('a clock far ahead and back grants nothing twice', () => {
  expectPage(`
    open   pro
    at     2036-01-01
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000; missed 119; cycle 2036-01-01 to 2036-02-01
    at     2026-02-01
    rollover                              -> nothing
    at     2026-03-01
    rollover                              -> nothing
    plan   harness                        -> granted monthly3 4000
    at     2036-02-01
    rollover                              -> swept: expired monthly2 1000, monthly3 4000 | granted monthly4 5000
  `);
});

test('one lot per period start', () => {
  const ledger = new PageLedger();
  ledger.open('pro', null, 'UTC');
  const set = (plan: string, mode: 'restart' | null = null) => ledger.run({ type: 'plan', plan, mode }, null);
  set('harness', 'restart');
  set('team', 'restart');
  ledger.now += 5;
  set('free');
  for (let month = 1; month < 4; month++) {
    ledger.now = Date.UTC(2026, month, 15);
    ledger.run({ type: 'cycle', step: 'rollover' }, null);
    if (month === 2) set('pro');
  }
  const starts = [...ledger.state.lots.values()].flatMap((lot) => lot.cycleStart ?? []);
  expect(new Set(starts).size).toBe(starts.length);
  expect(starts.length).toBe(3);
});

test('a rollover says what it did', () => {
  const ledger = new PageLedger();
  ledger.open('pro', null, 'UTC');
  ledger.now = Date.UTC(2026, 3, 10);
  const { change } = decide(ledger.state, { type: 'cycle', step: 'rollover' }, ledger.now, ledger.context, {
    key: null,
    request: null,
  });
  expect(change).toEqual({
    plan: 'pro',
    start: Date.UTC(2026, 3, 1),
    end: Date.UTC(2026, 4, 1),
    granted: 1_000_000_000,
    expired: 1_000_000_000,
    missed: 2,
  });
});
