import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageLedger } from '../../helpers/page-ledger.ts';
import { expectPage } from '../../helpers/pages.ts';

test('to a dearer plan: the difference for the remaining share, rounded down, ending at the unchanged boundary', () => {
  expectPage(`
    open   pro
    at     day 10
    plan   harness                        -> granted monthly2 2709.677419; plan harness; cycle 2026-01-01 to 2026-02-01
    see    monthly2                       -> granted 2709.677419, available 2709.677419; ends 2026-02-01
    at     day 20
    plan   team                           -> granted monthly3 1774.193548; plan team
    at     day 31
    rollover                              -> swept: expired monthly 1000, monthly2 2709.677419, monthly3 1774.193548 | granted monthly4 10000
  `);
});

test('at the first instant all of the difference, in the last millisecond next to nothing', () => {
  expectPage(`
    open   pro
    plan   harness                        -> granted monthly2 4000
  `);
  expectPage(`
    open   pro
    at     day 15 +12h
    plan   harness                        -> granted monthly2 2000
  `);
  expectPage(`
    open   pro
    at     day 31 -1ms
    plan   harness                        -> granted monthly2 0.000001
  `);
  expectPage(`
    open   pro
    define mite 1000.001 13
    at     day 31 -1ms
    plan   mite                           -> no entries; plan mite; available 1050
  `);
});

test('at the boundary itself the due cycle comes first, then the whole difference', () => {
  expectPage(`
    open   pro
    at     day 31
    plan   harness                        -> swept: expired monthly 1000 | rollover: granted monthly2 1000 | granted monthly3 4000; cycle 2026-02-01 to 2026-03-01
  `);
});

test('a due cycle is booked with the plan in force at its boundary', () => {
  expectPage(`
    open   harness
    plan   pro                            -> no entries; plan harness; pending pro from 2026-02-01
    at     2026-02-10
    plan   team                           -> swept: expired monthly 5000 | rollover: granted monthly2 1000 | granted monthly3 6107.142857; plan team; pending none
  `);
  expectPage(`
    open   pro
    at     2026-04-10
    plan   pro                            -> swept: expired monthly 1000 | granted monthly2 1000; missed 2
    plan   pro                            -> nothing
  `);
});

test('there and back and there adds one difference', () => {
  expectPage(`
    open   pro
    at     day 10
    plan   harness                        -> granted monthly2 2709.677419
    plan   pro                            -> no entries; plan harness; pending pro from 2026-02-01
    at     day 11
    plan   harness                        -> no entries; plan harness; pending none
    plan   harness                        -> nothing
    plan   pro
    plan   team                           -> granted monthly3 3225.806451; pending none
    see                                   -> available 6985.48387
  `);
});

test('to a cheaper plan: at the next boundary, by the clock', () => {
  expectPage(`
    open   harness
    at     day 3
    plan   pro                            -> no entries; plan harness; pending pro from 2026-02-01
    at     day 31 -1ms
    rollover                              -> nothing
    see                                   -> available 5050; plan harness
    at     day 31
    rollover                              -> swept: expired monthly 5000 | granted monthly2 1000; plan pro; pending none; cycle 2026-02-01 to 2026-03-01
  `);
  expectPage(`
    open   harness
    plan   pro
    at     2026-05-15
    rollover                              -> swept: expired monthly 5000 | granted monthly2 1000; missed 3; plan pro
  `);
});

test('to free: the boundary ends the cycles', () => {
  expectPage(`
    open   pro
    plan   free                           -> no entries; plan pro; pending free from 2026-02-01
    at     day 31
    see                                   -> available 50
    grant  monthly 1000                   -> refused invalid_argument
    rollover                              -> swept: expired monthly 1000 | no entries; plan free; pending none; cycle none
    rollover                              -> nothing
    at     day 40
    plan   pro                            -> granted monthly2 1000; cycle 2026-02-10 to 2026-03-10
  `);
});

test('back from free on the day it began: a new cycle from now', () => {
  expectPage(`
    open   pro
    plan   free
    at     day 40
    plan   pro                            -> swept: expired monthly 1000 | plan_change: no entries | granted monthly2 1000; plan pro; pending none; cycle 2026-02-10 to 2026-03-10
  `);
});

test('setting the plan in force cancels what is pending', () => {
  expectPage(`
    open   harness
    plan   pro
    plan   harness                        -> no entries; pending none
    at     day 31
    rollover                              -> swept: expired monthly 5000 | granted monthly2 5000; plan harness
  `);
});

test('a later choice replaces a pending one', () => {
  expectPage(`
    open   team
    plan   pro                            -> no entries; pending pro from 2026-02-01
    plan   harness                        -> no entries; pending harness from 2026-02-01
    plan   free                           -> no entries; pending free from 2026-02-01
    plan   harness
    at     day 31
    rollover                              -> swept: expired monthly 10000 | granted monthly2 5000; plan harness
  `);
});

test('from free a new cycle starts now with the full allocation', () => {
  for (const mode of ['', 'prorate', 'restart']) {
    expectPage(`
      open   free
      at     day 12 +5h
      plan   pro ${mode}                  -> granted monthly 1000; plan pro; cycle 2026-01-13T05:00:00Z to 2026-02-13T05:00:00Z
      plan   pro                          -> nothing
      at     2026-02-13T05:00:00Z
      rollover                            -> swept: expired monthly 1000 | granted monthly2 1000
    `);
  }
});

test('restart: every monthly lot of the running cycle ends, a new cycle starts in full', () => {
  expectPage(`
    open   pro
    grant  purchased 500
    at     day 5
    plan   harness                        -> granted monthly2 3354.838709
    spend  100
    at     day 10
    plan   team restart                   -> expired monthly 900, monthly2 3354.838709; granted monthly3 10000; plan team; cycle 2026-01-11 to 2026-02-11
    see                                   -> available 10550
    at     2026-02-10
    rollover                              -> nothing
    at     2026-02-11
    rollover                              -> swept: expired monthly3 10000 | granted monthly4 10000; cycle 2026-02-11 to 2026-03-11
  `);
});

test('restart on the last of a month counts from its own day', () => {
  expectPage(`
    open   pro
    at     2026-01-31
    plan   harness restart                -> expired monthly 1000; granted monthly2 5000; cycle 2026-01-31 to 2026-02-28
    at     2026-02-28
    rollover                              -> swept: expired monthly2 5000 | granted monthly3 5000; cycle 2026-02-28 to 2026-03-31
  `);
});

test('restart clears what is pending', () => {
  expectPage(`
    open   pro
    plan   free
    plan   harness restart                -> expired monthly 1000; granted monthly2 5000; pending none
    at     day 31
    rollover                              -> swept: expired monthly2 5000 | granted monthly3 5000; plan harness
  `);
});

test('restart and prorate are for a dearer plan only', () => {
  expectPage(`
    open   harness
    plan   pro restart                    -> refused invalid_argument
    plan   pro prorate                    -> refused invalid_argument
    plan   harness restart                -> refused invalid_argument
    plan   harness prorate                -> refused invalid_argument
    plan   team prorate                   -> granted monthly2 5000
    plan   gold                           -> refused unknown_plan
    plan   gold restart                   -> refused unknown_plan
    see                                   -> plan team; pending none
  `);
});

test('a refused change books no due cycle either', () => {
  expectPage(`
    open   harness
    at     day 31
    plan   pro restart                    -> refused invalid_argument
    see                                   -> cycle 2026-01-01 to 2026-02-01
  `);
});

test('next-cycle waits for the boundary, for a dearer and for a cheaper plan', () => {
  expectPage(`
    open   pro
    plan   harness next-cycle             -> no entries; plan pro; pending harness from 2026-02-01
    plan   free next-cycle                -> no entries; plan pro; pending free from 2026-02-01
    plan   pro next-cycle                 -> no entries; pending none
    plan   harness next-cycle
    at     day 31
    rollover                              -> swept: expired monthly 1000 | granted monthly2 5000; plan harness; pending none
  `);
});

test('a plan without a cycle has no next one to wait for', () => {
  expectPage(`
    open   free
    plan   pro next-cycle                 -> refused invalid_argument
    plan   free next-cycle                -> nothing
  `);
});

test('dearer is a matter of price, then of credits', () => {
  expectPage(`
    define lite 500 20
    define twin 1000 12
    define more 1001 12
    open   pro
    plan   lite                           -> no entries; plan lite; pending none; available 1050
    plan   pro                            -> no entries; plan lite; pending pro from 2026-02-01
    at     day 31
    rollover                              -> swept: expired monthly 1000 | granted monthly2 1000; plan pro
    plan   twin                           -> no entries; plan pro; pending twin from 2026-03-01
    plan   more                           -> granted monthly3 1; plan more; pending none
  `);
});

test('between plans without cycles a change takes its place now', () => {
  expectPage(`
    define hollow 0 5
    define gift 100 0
    open   free
    plan   hollow                         -> no entries; plan hollow; cycle none
    plan   free                           -> no entries; plan free; cycle none
    plan   hollow
    plan   gift                           -> granted monthly 100; plan gift; cycle 2026-01-01 to 2026-02-01
    at     day 31
    rollover                              -> swept: expired monthly 100 | granted monthly2 100
  `);
});

test('with a key a change that changes nothing is booked all the same', () => {
  expectPage(`
    open   pro
    plan   pro                            -> nothing
    plan   pro key k1                     -> no entries
  `);
});

test('whatever steps lead up, and whenever, a cycle never gives more than the dearest plan does', () => {
  const plans = fc.constantFrom('free', 'pro', 'harness', 'team');
  const month = 31 * 86_400_000;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: month - 1 }), plans), { maxLength: 8 }), (steps) => {
      const ledger = new PageLedger();
      ledger.open('pro', null, 'UTC');
      const start = ledger.now;
      for (const [offset, plan] of [...steps].sort((a, b) => a[0] - b[0])) {
        ledger.now = start + offset;
        ledger.run({ type: 'plan', plan, mode: null }, null);
      }
      const lots = [...ledger.state.lots.values()].filter(({ source }) => source === 'monthly');
      const granted = lots.reduce((sum, lot) => sum + lot.granted, 0);
      const dearest = { pro: 1_000, harness: 5_000, team: 10_000 }[ledger.state.account.plan];
      expect(granted).toBeLessThanOrEqual(dearest! * 1_000_000);
      expect(lots.every(({ expiresAt }) => expiresAt === start + month)).toBe(true);
    }),
    { seed: 31, numRuns: 300 },
  );
});

test('the plan in force, set again, starts a cycle once it gives credits and none runs', () => {
  expectPage(`
    open   free
    plan   free                           -> nothing
    define free 100 0
    plan   free prorate                   -> refused invalid_argument
    plan   free next-cycle                -> refused invalid_argument
    plan   free                           -> granted monthly 100; plan free; cycle 2026-01-01 to 2026-02-01
    plan   free                           -> nothing
    at     day 31
    rollover                              -> swept: expired monthly 100 | granted monthly2 100
  `);
  expectPage(`
    open   pro
    define pro 0 12 from 2026-02-01
    define pro 800 12 from 2026-02-10
    at     2026-02-05
    plan   pro                            -> expired monthly 1000
    at     2026-02-20
    plan   pro                            -> granted monthly2 800; plan pro; cycle 2026-02-20 to 2026-03-20
    plan   pro                            -> nothing
  `);
});

test('what comes after a period without credits starts now', () => {
  expectPage(`
    open   pro
    define pro 0 12 from 2026-02-01
    at     2026-02-05
    plan   harness next-cycle             -> refused invalid_argument
    plan   harness                        -> swept: expired monthly 1000 | granted monthly2 5000; cycle 2026-02-05 to 2026-03-05
  `);
});
