import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

test('a closed account settles, releases, sweeps and takes what was paid for; everything else is refused', () => {
  expectPage(`
    open   pro
    byok   add openai
    hold   h1 100
    hold   h2 200
    hold   h3 300 ttl 1h
    hold   h4 4o 100/100
    close                                 -> no entries
    close                                 -> refused account_closed
    spend  1                              -> refused account_closed
    spend  4o 1/1                         -> refused account_closed
    hold   h5 1                           -> refused account_closed
    grant  promotional 5                  -> refused account_closed
    grant  monthly 1000                   -> refused account_closed
    grant  welcome 50                     -> refused account_closed
    revoke welcome                        -> refused account_closed
    expire welcome                        -> refused account_closed
    plan   harness                        -> refused account_closed
    plan   pro                            -> refused account_closed
    byok   add anthropic                  -> refused account_closed
    grant  purchased 5
    settle h1 50                          -> spent monthly 50; released monthly 50
    release h2                            -> released monthly 200
    settle h4 100/100                     -> byok, list 1.25
    at     +2h
    expire                                -> lapsed h3; released monthly 300
    settle h3 1100                        -> spent monthly 950, welcome 50, purchased 5; debt 95; late
    grant  purchased 100                  -> repaid 95
    see                                   -> available 5; owes 0
  `);
});

test('cycles pass a closed account by, expiry does not', () => {
  expectPage(`
    open   pro
    close
    at     day 31
    cycle  grant                          -> swept: expired monthly 1000
    rollover                              -> nothing
    at     day 90
    rollover                              -> nothing
    see                                   -> available 50; cycle 2026-01-01 to 2026-02-01
  `);
});
