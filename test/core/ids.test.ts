import { expect, test } from 'vitest';
import { holdId, lotId, readId, receiptId, unknownId } from '../../src/core/ids.ts';

const account = { tag: 'k7x2m9' };

test('ids carry what they name, the account and a number', () => {
  expect(receiptId(account, 12)).toBe('rcp_k7x2m9_12');
  expect(lotId(account, 2)).toBe('lot_k7x2m9_2');
  expect(holdId(account, 3)).toBe('hold_k7x2m9_3');
});

test('an id is read back, by its own kind only', () => {
  expect(readId('lot', lotId(account, 2))).toEqual({ tag: 'k7x2m9', no: 2 });
  expect(readId('hold', holdId(account, 999_999_999_999_999))).toEqual({
    tag: 'k7x2m9',
    no: 999_999_999_999_999,
  });
  expect(readId('hold', lotId(account, 2))).toBeUndefined();
  for (const text of [
    '',
    '2',
    'lot_2',
    'lot__2',
    'lot_k7x2m9_0',
    'lot_k7x2m9_02',
    'lot_k7x2m9_-2',
    'lot_k7x2m9_2.0',
    'lot_k7x2m9_2 ',
    'lot_k7x2m9_2\n',
    'LOT_k7x2m9_2',
    'lot_K7X2M9_2',
    'lot_k7x2m9_1e3',
    'lot_k7x2m9_9999999999999999',
    'rcp_k7x2m9_2',
  ]) {
    expect(readId('lot', text), JSON.stringify(text)).toBeUndefined();
  }
});

test('the refusal of an unknown id', () => {
  expect(unknownId('lot', 'lot_x', 'a')).toMatchObject({ code: 'unknown_lot' });
  expect(unknownId('hold', 'hold_x', 'a')).toMatchObject({
    code: 'unknown_hold',
    message: expect.stringContaining('hold_x'),
  });
});
