import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

const LOTS = `
  lot    monthly     100  until day 30
  lot    purchased   500
`;

test('less than held: the rest goes back, last lot first, so that what expires soonest stays spent', () => {
  expectPage(`${LOTS}
    lot    promotional 50   until day 10
    hold   h1 170                         -> held promotional 50, monthly 100, purchased 20
    settle h1 60                          -> spent promotional 50, monthly 10; released purchased 20, monthly 90
    see                                   -> available 590; reserved 0
  `);
});

test('exactly what was held, nothing of it, and 0', () => {
  expectPage(`${LOTS}
    hold   h1 150
    settle h1 150                         -> spent monthly 100, purchased 50
    hold   h2 10
    settle h2 0                           -> released purchased 10
    hold   h3 10
    release h3                            -> released purchased 10
    see    h1                             -> settled
    see    h2                             -> settled
    see    h3                             -> released
    see                                   -> available 450
  `);
});

test('more than held: the excess burns, what no lot covers is debt', () => {
  expectPage(`${LOTS}
    hold   h1 50                          -> held monthly 50
    settle h1 120                         -> spent monthly 50, monthly 50, purchased 20
    hold   h2 480
    settle h2 500                         -> spent purchased 480; debt 20
    see                                   -> available 0; owes 20
  `);
});

test('an overrun leaves other holds alone', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 60
    hold   h2 40
    settle h2 70                          -> spent promotional 40; debt 30
    see    h1                             -> open
    settle h1 60                          -> spent promotional 60
    see                                   -> available 0; owes 30
  `);
});

test('a hold is resolved exactly once', () => {
  expectPage(`${LOTS}
    hold   h1 10
    settle h1 5
    settle h1 5                           -> refused hold_already_resolved: settled
    release h1                            -> refused hold_already_resolved: settled
    hold   h2 10
    release h2
    release h2                            -> refused hold_already_resolved: released
    settle h2 5                           -> refused hold_already_resolved: released
    hold   h3 1000                        -> refused insufficient_credits: needed 1000, available 595
    settle h3 5                           -> refused unknown_hold
    release h3                            -> refused unknown_hold
    see                                   -> available 595
  `);
});

test('a settle that names nothing leaves the hold open', () => {
  expectPage(`${LOTS}
    hold   h1 10
    settle h1 nothing                     -> refused invalid_argument
    settle h1 100/100                     -> refused invalid_argument
    see    h1                             -> open
    settle h1 haiku 1000/0                -> spent monthly 0.25; released monthly 9.75
  `);
});

test('a hold for a call is settled by its own model and rate', () => {
  expectPage(`${LOTS}
    hold   h1 sonnet 1000/1000            -> held monthly 18
    settle h1 haiku 1/1                   -> refused invalid_argument
    rate   claude-sonnet-4 300/300
    settle h1 1000/500                    -> spent monthly 10.5; released monthly 7.5
    hold   h2 haiku 1000/0                -> held monthly 0.25
    settle h2 claude-3-haiku 4000/0       -> spent monthly 0.25, monthly 0.75
    hold   h3 haiku 1000/0
    settle h3 0.2                         -> spent monthly 0.2; released monthly 0.05
  `);
});

test('a hold lives for 1 second to 24 hours', () => {
  expectPage(`${LOTS}
    hold   h1 1 ttl 999ms                 -> refused invalid_argument
    hold   h1 1 ttl 1s
    hold   h2 1 ttl 24h
    hold   h3 1 ttl 25h                   -> refused invalid_argument
    hold   h4 1
    at     +1s -1ms
    see    h1                             -> open
    at     +1ms
    see    h1                             -> lapsed
    at     day 0 +10m -1ms
    see    h4                             -> open
    at     +1ms
    see    h4                             -> lapsed
    at     day 1 -1ms
    see    h2                             -> open
    at     day 1
    see    h2                             -> lapsed
    see                                   -> available 600; reserved 0
  `);
});

test('a lapsed hold counts as released at once, swept or not', () => {
  expectPage(`
    lot    promotional 10
    hold   h1 10
    at     +10m -1ms
    spend  1                              -> refused insufficient_credits: needed 1, available 0
    at     +1ms
    see                                   -> available 10; reserved 0
    spend  10                             -> swept: lapsed h1; released promotional 10 | spent promotional 10
    expire                                -> nothing
  `);
});

test('a settle after the time to live is one direct debit, once, swept before or not', () => {
  for (const sweep of ['', 'expire -> lapsed h1; released promotional 10']) {
    expectPage(`
      lot    promotional 10
      hold   h1 10
      at     +10m
      ${sweep}
      settle h1 4  -> ${sweep === '' ? 'swept: lapsed h1; released promotional 10 | ' : ''}spent promotional 4; late
      settle h1 4  -> refused hold_already_resolved: settled
      see    h1    -> settled
      see          -> available 6; reserved 0; owes 0
    `);
  }
});

test('a late settle takes what is spendable then, the rest is debt', () => {
  expectPage(`
    lot    promotional 10
    lot    monthly     5  until day 1
    hold   h1 15 ttl 1h                   -> held monthly 5, promotional 10
    at     day 1
    spend  8                              -> swept: lapsed h1; released promotional 10, monthly 5; expired monthly 5 | spent promotional 8
    settle h1 15                          -> spent promotional 2; debt 13; late
    see                                   -> available 0; owes 13
  `);
});

test('a lapsed hold is not released again', () => {
  for (const sweep of ['', 'expire']) {
    expectPage(`
      lot    promotional 10
      hold   h1 10
      at     +10m
      ${sweep}
      release h1                            -> refused hold_already_resolved: lapsed
      settle h1 0                           -> ${sweep === '' ? 'swept: lapsed h1; released promotional 10 | ' : ''}late
    `);
  }
});

test('holds that lapse together give back in the order in which they lapsed', () => {
  expectPage(`
    lot    promotional 10
    hold   h1 1 ttl 30m
    hold   h2 2 ttl 20m
    hold   h3 3 ttl 20m
    hold   h4 4 ttl 2h
    at     +1h
    expire                                -> lapsed h2, h3, h1; released promotional 2, promotional 3, promotional 1
    see                                   -> available 6; reserved 4
  `);
});
