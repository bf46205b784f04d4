import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

/** Owes 20 with nothing left. */
const OWING = `
  lot    purchased   480
  hold   h0          400                  -> held purchased 400
  settle h0          500                  -> spent purchased 400, purchased 80; debt 20
`;

test('debt blocks spends and holds until a grant has repaid it', () => {
  expectPage(`${OWING}
    spend  1                              -> refused in_debt
    hold   h1 1                           -> refused in_debt
    spend  haiku 0/0                      -> refused in_debt
    grant  promotional 50                 -> repaid 20; available 30; owes 0
    see    promotional                    -> granted 50, available 30, spent 20; ends never
    spend  30                             -> spent promotional 30
  `);
});

test('a grant smaller than the debt repays with all of it', () => {
  expectPage(`${OWING}
    grant  promotional 15                 -> repaid 15; available 0; owes 5
    spend  1                              -> refused in_debt
    grant  purchased   5                  -> repaid 5; available 0; owes 0
    spend  1                              -> refused insufficient_credits: needed 1, available 0
  `);
});

test('every kind of grant repays: monthly, by a plan change, by a rollover', () => {
  expectPage(`${OWING}
    plan   pro                            -> granted monthly 1000; repaid 20; available 980; owes 0
    hold   h1 980
    settle h1 990                         -> spent monthly 980; debt 10
    at     day 31
    rollover                              -> granted monthly2 1000; repaid 10; available 990; owes 0
    hold   h2 990
    settle h2 1000
    plan   harness                        -> granted monthly3 4000; repaid 10; available 3990; owes 0
    hold   h3 3990
    settle h3 4000
    plan   team restart                   -> granted monthly4 10000; repaid 10; available 9990; owes 0
  `);
});

test('only a grant repays: what a hold lets go stays beside the debt, and the debt still blocks', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 60
    hold   h2 40
    settle h2 50                          -> spent promotional 40; debt 10
    release h1                            -> released promotional 60; available 60; owes 10
    spend  1                              -> refused in_debt
    hold   h3 1                           -> refused in_debt
    grant  promotional 3                  -> repaid 3; available 60; owes 7
    grant  promotional 10                 -> repaid 7; available 63; owes 0
    spend  63                             -> spent promotional 60, promotional3 3
  `);
});

test('a settle is honoured in debt, also a late one', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 50
    hold   h2 30
    hold   h3 20 ttl 1h
    settle h3 25                          -> spent promotional 20; debt 5
    settle h1 40                          -> spent promotional 40; released promotional 10
    at     +10m
    settle h2 60                          -> swept: lapsed h2; released promotional 30 | spent promotional 40; debt 20; late
    see                                   -> available 0; owes 25
  `);
});

test('debt is not credit: expiry and revoking leave it', () => {
  expectPage(`
    lot    promotional 100 until day 1
    hold   h1 60
    hold   h2 40
    settle h2 50                          -> spent promotional 40; debt 10
    release h1
    revoke promotional                    -> revoked promotional 60
    see                                   -> available 0; owes 10
    at     day 1
    expire                                -> nothing
    see                                   -> owes 10
  `);
});

test('no settle takes the debt past 8 billion: it is refused, and the hold stays open', () => {
  expectPage(`
    lot    promotional 20
    ${Array.from({ length: 9 }, (_, no) => `hold   h${no + 1} 1`).join('\n')}
    ${Array.from({ length: 7 }, (_, no) => `settle h${no + 1} 1000000000`).join('\n')}
    settle h8 999999900
    see                                   -> owes 7999999881
    settle h9 120.000001                  -> refused invalid_argument
    settle h9 1000000000                  -> refused invalid_argument
    see                                   -> owes 7999999881; reserved 1
    settle h9 120
    see                                   -> owes 8000000000; reserved 0
  `);
});

test('a grant that only lessens a great debt is taken, one that leaves too much is not', () => {
  expectPage(`
    lot    promotional 10
    ${Array.from({ length: 9 }, (_, no) => `hold   h${no + 1} 1`).join('\n')}
    ${Array.from({ length: 8 }, (_, no) => `settle h${no + 1} 999999999`).join('\n')}
    see                                   -> owes 7999999983
    ${'grant  promotional 1000000000\n'.repeat(8)}
    see                                   -> owes 0; available 17; reserved 1
    ${'grant  promotional 1000000000\n'.repeat(7)}
    grant  promotional 999999983          -> refused invalid_argument
    grant  promotional 999999982
  `);
});

test('grant 500 with a debt of 30 leaves 470, and the lot shows 30 spent', () => {
  expectPage(`
    lot    promotional 1
    hold   h1 1
    settle h1 31                          -> spent promotional 1; debt 30
    grant  purchased 500                  -> repaid 30; available 470
    see    purchased                      -> granted 500, available 470, spent 30; ends never
  `);
});
