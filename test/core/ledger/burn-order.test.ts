import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

test('with the defaults monthly burns first, then welcome, then promotional and purchased', () => {
  expectPage(`
    open   pro                            -> setting: no entries | grant: granted welcome 50 | granted monthly 1000
    grant  purchased   500
    grant  promotional 25
    spend  1000                           -> spent monthly 1000
    spend  60                             -> spent welcome 50, promotional 10
    spend  20                             -> spent promotional 15, purchased 5
    see                                   -> available 495
  `);
});

test('priority decides before anything else', () => {
  expectPage(`
    lot    monthly     10  until day 30
    lot    purchased   10  priority 49
    lot    promotional 10  until day 1 priority 51
    lot    promotional 10  priority 0
    lot    welcome     10  priority 100
    spend  50                             -> spent promotional2 10, purchased 10, monthly 10, promotional 10, welcome 10
  `);
});

test('then the earlier expiry, never-expiring last, whatever the order of the grants', () => {
  expectPage(`
    lot    promotional 10
    lot    promotional 10  until day 30
    lot    promotional 10  until day 10
    lot    monthly     10  until day 20
    spend  40                             -> spent promotional3 10, monthly 10, promotional2 10, promotional 10
  `);
});

test('then free before paid, then the older, then the one granted first', () => {
  expectPage(`
    lot    purchased   10
    lot    promotional 10
    lot    promotional 10
    at     day 1
    lot    welcome     10
    spend  40                             -> spent promotional 10, promotional2 10, welcome 10, purchased 10
  `);
  expectPage(`
    lot    purchased   10  until day 9
    lot    promotional 10  until day 9
    at     day 1
    lot    monthly     10  until day 9
    spend  25                             -> spent promotional 10, monthly 10, purchased 5
  `);
});

test('a hold is booked by the order of its own time and settled by its recorded slices', () => {
  expectPage(`
    lot    monthly     100 until day 30
    lot    purchased   100
    hold   h1          150                -> held monthly 100, purchased 50
    lot    promotional 100 priority 0
    settle h1          120                -> spent monthly 100, purchased 20; released purchased 30
    see    promotional                    -> granted 100, available 100; ends never
    see                                   -> available 180; reserved 0
  `);
});

test('an overrun burns in the order of its own time', () => {
  expectPage(`
    lot    purchased   100
    hold   h1          10                 -> held purchased 10
    lot    promotional 5
    settle h1          25                 -> spent purchased 10, promotional 5, purchased 10
  `);
});

test('grants and spends at one instant follow each other by number', () => {
  expectPage(`
    lot    promotional 5
    spend  5                              -> spent promotional 5
    spend  1                              -> refused insufficient_credits: needed 1, available 0
    lot    promotional 7
    spend  1                              -> spent promotional2 1
    lot    promotional 7
    spend  8                              -> spent promotional2 6, promotional3 2
  `);
});
