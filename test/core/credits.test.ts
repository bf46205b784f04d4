import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  creditsFromJson,
  formatCredits,
  least,
  MAX_ACCOUNT,
  type Microcredits,
  micro,
  parseCredits,
  parseTokens,
  subtract,
  toJsonCredits,
} from '../../src/core/credits.ts';

const refused = (code = 'invalid_argument') => expect.objectContaining({ code });
const microArb = fc.integer({ min: 0, max: MAX_ACCOUNT }).map((value) => value as Microcredits);
const inputArb = fc.integer({ min: 0, max: 1_000_000_000_000_000 }).map((value) => value as Microcredits);

describe('reading an amount', () => {
  test.each([
    ['0', 0],
    ['1', 1_000_000],
    ['0.000001', 1],
    ['12.5', 12_500_000],
    ['0012', 12_000_000],
    ['1.10', 1_100_000],
    ['999999999.999999', 999_999_999_999_999],
    ['1000000000', 1_000_000_000_000_000],
    ['1000000000.000000', 1_000_000_000_000_000],
  ])('%s', (text, value) => {
    expect(parseCredits(text)).toBe(value);
  });

  test.each([
    '',
    ' ',
    '1e3',
    '-5',
    '+5',
    '-0',
    'NaN',
    'Infinity',
    '1,000',
    '1_000',
    ' 5',
    '5 ',
    '5\n',
    '5.',
    '.5',
    '1.0000001',
    '1.0000000',
    '0x10',
    '1.2.3',
    '٣',
    '1000000000.000001',
    '1000000001',
    '99999999999',
    '9007199254740993',
  ])('refuses %j', (text) => {
    expect(() => parseCredits(text)).toThrow(refused());
  });

  test('names the value in the message', () => {
    expect(() => parseCredits('x', '--threshold')).toThrow('--threshold "x" is no amount of credits');
  });

  test('what is written is read back, to the microcredit', () => {
    fc.assert(
      fc.property(inputArb, (amount) => {
        expect(parseCredits(formatCredits(amount))).toBe(amount);
      }),
      { seed: 1 },
    );
  });
});

describe('JSON amounts', () => {
  test('are exact through their decimal text, in the whole range of an input', () => {
    fc.assert(
      fc.property(inputArb, (amount) => {
        expect(creditsFromJson(JSON.parse(JSON.stringify(toJsonCredits(amount))))).toBe(amount);
      }),
      { seed: 2 },
    );
  });

  test('print with at most 6 decimals and no exponent from a ten-thousandth of a credit to the cap of an account', () => {
    fc.assert(
      fc.property(microArb, (amount) => {
        expect(JSON.stringify(toJsonCredits(amount))).toBe(formatCredits(amount));
      }),
      { seed: 3 },
    );
    expect(JSON.stringify(toJsonCredits(micro(1)))).toBe('0.000001');
  });

  test.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    -0,
    1e-7,
    0.1 + 0.2,
    1e21,
    1_000_000_000.5,
    null,
    undefined,
    true,
    {},
    [1],
    '1e3',
    '',
  ])('refuses %j', (value) => {
    expect(() => creditsFromJson(value)).toThrow(refused());
  });

  test('text is read as text', () => {
    expect(creditsFromJson('0.1')).toBe(100_000);
    expect(creditsFromJson(0.1)).toBe(100_000);
    expect(creditsFromJson(0)).toBe(0);
  });
});

describe('token counts', () => {
  test('are plain digits up to a billion', () => {
    expect(parseTokens('0')).toBe(0);
    expect(parseTokens('1000000000')).toBe(1_000_000_000);
    for (const text of ['', '-1', '1.0', '1e3', '1,000', '1000000001', '00000000001', 'NaN', ' 1', '1\n']) {
      expect(() => parseTokens(text), JSON.stringify(text)).toThrow(refused());
    }
  });
});

describe('arithmetic', () => {
  test('leaves the exact range only with a refusal', () => {
    const most = micro(Number.MAX_SAFE_INTEGER);
    expect(add(most, micro(0))).toBe(most);
    expect(subtract(micro(3), micro(5))).toBe(-2);
    expect(least(micro(3), micro(5))).toBe(3);
    expect(() => add(most, micro(1))).toThrow(refused('integrity_failure'));
    expect(() => micro(0.5)).toThrow(refused('integrity_failure'));
    expect(() => micro(Number.NaN)).toThrow(refused('integrity_failure'));
  });

  test('writes plain decimal text', () => {
    expect(formatCredits(1_117_500_000)).toBe('1117.5');
    expect(formatCredits(0)).toBe('0');
    expect(formatCredits(1)).toBe('0.000001');
    expect(formatCredits(-1_500_000)).toBe('-1.5');
    expect(formatCredits(123_456_789_012_345_678_901n)).toBe('123456789012345.678901');
  });
});
