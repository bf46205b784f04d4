import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

test('a lot is spendable up to the last millisecond before its expiry', () => {
  expectPage(`
    lot    promotional 10 until day 30
    at     day 30 -1ms
    see                                   -> available 10
    hold   h1 4                           -> held promotional 4
    spend  6                              -> spent promotional 6
  `);
});

test('at its expiry it is gone, for reads, spends and holds, with and without a sweep before', () => {
  const ways = ['', 'expire -> expired promotional 10', 'rollover -> swept: expired promotional 10'];
  for (const way of ways) {
    expectPage(`
      lot    promotional 10 until day 30
      at     day 30
      see                                   -> available 0
      see    promotional                    -> granted 10, expired 10; ends 2026-01-31
      ${way}
      spend  1                              -> refused insufficient_credits: needed 1, available 0
      hold   h1 1                           -> refused insufficient_credits: needed 1, available 0
      see                                   -> available 0
    `);
  }
});

test('a write books what lapsed in a receipt of its own, before its own', () => {
  expectPage(`
    lot    promotional 10 until day 30
    lot    purchased   10
    lot    monthly     10 until day 29
    hold   h1 25 ttl 24h                  -> held monthly 10, promotional 10, purchased 5
    at     day 1
    spend  1                              -> swept: lapsed h1; released purchased 5, promotional 10, monthly 10 | spent monthly 1
    at     day 30
    spend  1                              -> swept: expired promotional 10, monthly 9 | spent purchased 1
  `);
});

test('every kind of write sweeps first', () => {
  const writes = [
    'spend 1 -> swept: expired promotional 10 | spent purchased 1',
    'grant promotional 1 -> swept: expired promotional 10',
    'revoke purchased -> swept: expired promotional 10 | revoked purchased 10',
    'expire purchased -> swept: expired promotional 10 | expired purchased 10',
    'hold h1 1 -> swept: expired promotional 10 | held purchased 1',
    'settle h0 1 -> swept: expired promotional 10 | spent purchased 1; released purchased 1',
    'release h0 -> swept: expired promotional 10 | released purchased 2',
    'plan pro -> swept: expired promotional 10 | granted monthly 1000',
    'byok add anthropic -> swept: expired promotional 10 | no entries',
    'close -> swept: expired promotional 10 | no entries',
  ];
  for (const write of writes) {
    expectPage(`
      lot    purchased   12 priority 1
      lot    promotional 10 until day 30
      at     day 30 -1m
      hold   h0 2 ttl 1h                  -> held purchased 2
      at     day 30
      ${write}
      expire                              -> nothing
    `);
  }
});

test('expiry is booked once; a second sweep books nothing', () => {
  expectPage(`
    lot    promotional 10 until day 30
    spend  3
    at     day 31
    expire                                -> expired promotional 7
    expire                                -> nothing
    rollover                              -> nothing
    cycle  expire                         -> nothing
    see    promotional                    -> granted 10, spent 3, expired 7; ends 2026-01-31
  `);
});

test('a lot that is spent has nothing to expire', () => {
  expectPage(`
    lot    promotional 10 until day 30
    spend  10
    at     day 30
    expire                                -> nothing
  `);
});

test('a grant must end later than now', () => {
  expectPage(`
    at     day 5
    grant  promotional 5 until day 5      -> refused invalid_argument
    grant  promotional 5 until day 5 +1ms
    grant  promotional 5 until never
    grant  promotional 5 for 30d
    see    promotional                    -> granted 5, available 5; ends 2026-01-06T00:00:00.001Z
    see    promotional2                   -> granted 5, available 5; ends never
    see    promotional3                   -> granted 5, available 5; ends 2026-02-05
    at     +1ms
    see                                   -> available 10
  `);
});

test('a grant ends in a year that can be written', () => {
  expectPage(`
    grant  promotional 5 for 2912442d
    see    promotional                    -> granted 5, available 5; ends 9999-12-31
    grant  promotional 5 for 2912443d     -> refused invalid_argument
  `);
});

test('ledger time never runs backwards: a step back books at the last time', () => {
  expectPage(`
    lot    promotional 10 until day 30
    lot    purchased   10
    at     day 30
    spend  1                              -> swept: expired promotional 10 | spent purchased 1
    at     day 29
    see                                   -> available 9
    spend  9                              -> spent purchased 9
    grant  promotional 5 until day 30     -> refused invalid_argument
    grant  promotional 5 for 1d
    see    promotional2                   -> granted 5, available 5; ends 2026-02-01
    hold   h1 1 ttl 1h                    -> held promotional2 1
    at     day 30 +1h -1ms
    see    h1                             -> open
    at     day 30 +1h
    see    h1                             -> lapsed
  `);
});
