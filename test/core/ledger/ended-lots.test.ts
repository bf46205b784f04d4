import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

/** 60 of the monthly 100 are held, 20 of the purchased 50. The monthly lot ends on day 1. */
const HELD = `
  lot    monthly     60 until day 1
  lot    purchased   50
  at     day 1 -1h
  hold   h1 80 ttl 24h                    -> held monthly 60, purchased 20
`;

test('an expired lot stays usable for the settle of its hold; what is let go expires in the same receipt', () => {
  expectPage(`${HELD}
    at     day 1
    see                                   -> available 30; reserved 80
    spend  31                             -> refused insufficient_credits: needed 31, available 30
    settle h1 45                          -> spent monthly 45; released purchased 20, monthly 15; expired monthly 15
    see    monthly                        -> granted 60, spent 45, expired 15; ends 2026-01-02
    see                                   -> available 50; reserved 0
  `);
});

test('one millisecond before the end the rest comes back alive, at the end it expires', () => {
  expectPage(`${HELD}
    at     day 1 -1ms
    settle h1 45                          -> spent monthly 45; released purchased 20, monthly 15
    see                                   -> available 65
    at     day 1
    see                                   -> available 50
  `);
});

test('released after the end: returned and expired in one receipt', () => {
  expectPage(`${HELD}
    at     day 1
    release h1                            -> released purchased 20, monthly 60; expired monthly 60
    see                                   -> available 50
  `);
});

test('settled whole after the end: the old lot pays all', () => {
  expectPage(`${HELD}
    at     day 1 +2h
    settle h1 80                          -> spent monthly 60, purchased 20
    see    monthly                        -> granted 60, spent 60; ends 2026-01-02
  `);
});

test('an overrun after the end finds nothing in the ended lot', () => {
  expectPage(`
    lot    monthly     60 until day 1
    lot    purchased   5
    at     day 1 -1h
    hold   h1 50 ttl 24h                  -> held monthly 50
    at     day 1
    settle h1 58                          -> swept: expired monthly 10 | spent monthly 50, purchased 5; debt 3
  `);
});

test('lapsed after the end: the sweep returns and expires', () => {
  expectPage(`${HELD}
    at     day 2
    expire                                -> lapsed h1; released purchased 20, monthly 60; expired monthly 60
    see                                   -> available 50
  `);
});

test('ended by an operator under a hold: the free part goes now, the held part when it is let go', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 60
    expire promotional                    -> expired promotional 40
    see    promotional                    -> granted 100, held 60, expired 40; ends never
    see                                   -> available 0; reserved 60
    settle h1 45                          -> spent promotional 45; released promotional 15; expired promotional 15
    see    promotional                    -> granted 100, spent 45, expired 55; ends never
  `);
});

test('a whole lot under a hold: ending it books no entry now', () => {
  expectPage(`
    lot    promotional 60
    hold   h1 60
    expire promotional                    -> no entries
    expire promotional                    -> nothing
    revoke promotional                    -> no entries
    release h1                            -> released promotional 60; expired promotional 60
    see                                   -> available 0
  `);
});

test('revoke takes what is not held now, and the held part when its hold lets it go', () => {
  expectPage(`
    lot    promotional 100 until day 1
    hold   h1 60 ttl 24h
    hold   h2 10
    revoke promotional                    -> revoked promotional 30
    see                                   -> available 0; reserved 70
    settle h1 45                          -> spent promotional 45; released promotional 15; revoked promotional 15
    at     +10m
    expire                                -> lapsed h2; released promotional 10; revoked promotional 10
    see    promotional                    -> granted 100, spent 45, revoked 55; ends 2026-01-02
  `);
});

test('the first end wins: revoked before its expiry, let go after it', () => {
  expectPage(`
    lot    promotional 100 until day 1
    at     day 1 -1ms
    hold   h1 60 ttl 24h
    revoke promotional                    -> revoked promotional 40
    at     day 1
    expire promotional                    -> nothing
    release h1                            -> released promotional 60; revoked promotional 60
  `);
});

test('the first end wins: expired before it is revoked', () => {
  expectPage(`
    lot    promotional 100 until day 1
    at     day 1 -1ms
    hold   h1 60 ttl 24h
    at     day 1
    revoke promotional                    -> swept: expired promotional 40 | no entries
    release h1                            -> released promotional 60; expired promotional 60
    see    promotional                    -> granted 100, expired 100; ends 2026-01-02
  `);
});

test('the first end wins: ended by an operator, then revoked, and the other way round', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 60
    expire promotional                    -> expired promotional 40
    revoke promotional                    -> no entries
    release h1                            -> released promotional 60; expired promotional 60
  `);
  expectPage(`
    lot    promotional 100
    hold   h1 60
    revoke promotional                    -> revoked promotional 40
    expire promotional                    -> nothing
    release h1                            -> released promotional 60; revoked promotional 60
  `);
});

test('a hold across a boundary is paid by the old cycle, and its rest does not live on in the new one', () => {
  expectPage(`
    open   pro
    at     day 31 -1h
    hold   h1 400 ttl 24h                 -> held monthly 400
    at     day 31
    rollover                              -> swept: expired monthly 600 | granted monthly2 1000
    see                                   -> available 1050; reserved 400
    settle h1 150                         -> spent monthly 150; released monthly 250; expired monthly 250
    see                                   -> available 1050; reserved 0
  `);
  expectPage(`
    open   pro
    at     day 31 -1h
    hold   h1 400 ttl 24h
    at     day 31
    settle h1 1450                        -> swept: expired monthly 600 | spent monthly 400, welcome 50; debt 1000
    rollover                              -> granted monthly2 1000; repaid 1000
  `);
});

test('a restart ends the monthly lots under a hold', () => {
  expectPage(`
    open   pro
    hold   h1 400 ttl 24h                 -> held monthly 400
    spend  100
    plan   harness restart                -> expired monthly 500; granted monthly2 5000
    see                                   -> available 5050; reserved 400
    settle h1 150                         -> spent monthly 150; released monthly 250; expired monthly 250
    see    monthly                        -> granted 1000, spent 250, expired 750; ends 2026-02-01
  `);
});

test('an ended lot takes no new hold, spend or overrun', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 60
    expire promotional
    hold   h2 1                           -> refused insufficient_credits: needed 1, available 0
    settle h1 61                          -> spent promotional 60; debt 1
  `);
});

test('an unknown lot', () => {
  expectPage(`
    revoke promotional                    -> refused unknown_lot
    expire promotional                    -> refused unknown_lot
  `);
});

test('revoking what is spent takes nothing; with a key it is booked all the same', () => {
  expectPage(`
    lot    promotional 10
    spend  10
    revoke promotional                    -> no entries
    revoke promotional key k1             -> no entries
    expire promotional key k2             -> no entries
    expire promotional                    -> nothing
    see    promotional                    -> granted 10, spent 10; ends never
  `);
});
