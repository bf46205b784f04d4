import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

test('purchased and promotional by hand', () => {
  expectPage(`
    grant  purchased   500
    grant  purchased   500 until day 30   -> refused invalid_argument
    grant  purchased   500 for 30d        -> refused invalid_argument
    grant  promotional 25  until day 30 priority 10
    see    purchased                      -> granted 500, available 500; ends never
    see    promotional                    -> granted 25, available 25; ends 2026-01-31
    spend  26                             -> spent promotional 25, purchased 1
  `);
});

test('welcome is granted once per account, at sign-up, whatever the plan', () => {
  for (const plan of ['free', 'pro', 'team']) {
    expectPage(`
      open   ${plan}
      see    welcome                      -> granted 50, available 50; ends never
      grant  welcome 50                   -> refused already_granted
      grant  welcome 49                   -> refused invalid_argument
      plan   team
      rollover
      at     day 40
      rollover
      grant  welcome 50                   -> refused already_granted
      see    welcome2                     -> nothing
      see    welcome                      -> granted 50, available 50; ends never
    `);
  }
});

test('monthly by hand takes exactly the allocation, once per cycle', () => {
  expectPage(`
    open   pro
    grant  monthly 1000                   -> refused already_granted
    grant  monthly 999                    -> refused invalid_argument
    at     day 31 -1ms
    grant  monthly 1000                   -> refused already_granted
    at     day 31
    grant  monthly 999                    -> refused invalid_argument
    grant  monthly 1000 until day 60      -> refused invalid_argument
    grant  monthly 1000                   -> swept: expired monthly 1000
    grant  monthly 1000                   -> refused already_granted
    rollover                              -> nothing
    see    monthly2                       -> granted 1000, available 1000; ends 2026-03-01
  `);
});

test('monthly by hand after missed cycles grants the running one', () => {
  expectPage(`
    open   pro
    at     2026-04-10
    grant  monthly 1000                   -> swept: expired monthly 1000
    see    monthly2                       -> granted 1000, available 1000; ends 2026-05-01
    see                                   -> cycle 2026-04-01 to 2026-05-01
    rollover                              -> nothing
  `);
});

test('monthly by hand on a plan without monthly credits', () => {
  expectPage(`
    open   free
    grant  monthly 1000                   -> refused invalid_argument
    grant  monthly 0                      -> refused invalid_argument
  `);
});

test('unspent credits and debt stay within 8 billion', () => {
  expectPage(`
    open   pro
    revoke welcome
    revoke monthly
    ${'grant purchased 1000000000\n'.repeat(7)}
    grant  promotional 999999999
    hold   h1 10
    see                                   -> available 7999999989; reserved 10
    grant  promotional 1.000001           -> refused invalid_argument
    grant  purchased   1.000001           -> refused invalid_argument
    plan   harness                        -> refused invalid_argument
    at     day 31
    rollover                              -> refused invalid_argument
    grant  promotional 1
    grant  promotional 0.000001           -> refused invalid_argument
    spend  500                            -> spent promotional 500
    grant  promotional 500
    grant  promotional 0.000001           -> refused invalid_argument
  `);
});
