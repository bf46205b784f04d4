import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rateColumns, ratesOf, sameRates } from '../../src/core/rate-columns.ts';
import {
  type CallTokens,
  decimalText,
  parseDecimal,
  parseRate,
  priceCall,
  priceInput,
  type Rates,
} from '../../src/core/rates.ts';

const refused = expect.objectContaining({ code: 'invalid_argument' });
const rates = (
  input: string,
  output: string,
  cacheRead: string | null = null,
  cacheWrite: string | null = null,
) => ({ input, output, cacheRead, cacheWrite }) satisfies Rates;
const tokens = (inputTokens: number, outputTokens: number, cachedTokens = 0, cacheWriteTokens = 0) =>
  ({ inputTokens, outputTokens, cachedTokens, cacheWriteTokens }) satisfies CallTokens;

/** A second way to the price: every rate as a whole number of 10^-40 credits per 1K. */
function oracle({ input, output, cacheRead, cacheWrite }: Rates, call: CallTokens): bigint {
  const whole = (text: string): bigint => {
    const [digits, fraction = ''] = text.split('.');
    return BigInt(digits + fraction.padEnd(40, '0'));
  };
  const fresh = call.inputTokens - call.cachedTokens - call.cacheWriteTokens;
  const exact =
    BigInt(fresh) * whole(input) +
    BigInt(call.cachedTokens) * whole(cacheRead ?? input) +
    BigInt(call.cacheWriteTokens) * whole(cacheWrite ?? input) +
    BigInt(call.outputTokens) * whole(output);
  // credits per 1K tokens / 1000 × 1,000,000 microcredits
  const scaled = exact * 1_000n;
  const one = 10n ** 40n;
  const down = scaled / one;
  return down * one === scaled ? down : down + 1n;
}

/** Few decimals go the fast way, many the exact one. */
const rateArb = fc
  .tuple(
    fc.nat({ max: 200 }),
    fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 30 })),
    fc.infiniteStream(fc.nat({ max: 9 })),
  )
  .map(([whole, decimals, digits]) => {
    const fraction = Array.from({ length: decimals }, () => digits.next().value).join('');
    return decimals === 0 ? String(whole) : `${whole}.${fraction}`;
  });

const callArb = fc
  .tuple(
    fc.nat({ max: 1_000_000 }),
    fc.nat({ max: 300_000 }),
    fc.nat({ max: 1_000_000 }),
    fc.nat({ max: 1_000_000 }),
  )
  .map(([input, output, read, written]) => {
    const cached = Math.min(read, input);
    return tokens(input, output, cached, Math.min(written, input - cached));
  });

const ratesArb = fc.record({
  input: rateArb,
  output: rateArb,
  cacheRead: fc.option(rateArb),
  cacheWrite: fc.option(rateArb),
});

describe('the price of a call', () => {
  test('is tokens times rates, per 1,000', () => {
    expect(priceCall(rates('0.25', '1.25'), tokens(1_200, 300))).toBe(675_000);
    expect(priceCall(rates('3', '15'), tokens(1, 0))).toBe(3_000);
    expect(priceCall(rates('3', '15'), tokens(0, 0))).toBe(0);
    expect(priceCall(rates('0', '0'), tokens(1_000_000_000, 1_000_000_000))).toBe(0);
  });

  test('is rounded once, up, on the sum of all parts', () => {
    expect(priceCall(rates('0.0005', '0.0005'), tokens(1, 0))).toBe(1);
    expect(priceCall(rates('0.0005', '0.0005'), tokens(1, 1))).toBe(1);
    expect(priceCall(rates('0.0005', '0.0005'), tokens(2, 1))).toBe(2);
    expect(priceCall(rates('0.0004', '0.0004', '0.0001', '0.0001'), tokens(3, 1, 1, 1))).toBe(1);
    expect(priceCall(rates('0.0833333333333333333', '0'), tokens(1, 0))).toBe(84);
    expect(priceCall(rates('0.0833333333333333333', '0'), tokens(3, 0))).toBe(250);
    expect(priceCall(rates('0.0833333333333333333', '0'), tokens(12_000, 0))).toBe(1_000_000);
    expect(priceCall(rates('0.00000000000000000000000000000000000001', '0'), tokens(1, 0))).toBe(1);
  });

  test('takes cache parts out of the input, at their own rate or the input’s', () => {
    expect(priceCall(rates('3', '15'), tokens(1_000, 0, 400, 100))).toBe(3_000_000);
    expect(priceCall(rates('3', '15', '0.3', null), tokens(1_000, 0, 400, 100))).toBe(1_920_000);
    expect(priceCall(rates('3', '15', '0.3', '3.75'), tokens(1_000, 0, 400, 100))).toBe(1_995_000);
    expect(priceCall(rates('3', '15', '0', '0'), tokens(1_000, 0, 900, 100))).toBe(0);
  });

  test('refuses more cached than input tokens', () => {
    for (const call of [tokens(10, 0, 11), tokens(10, 0, 0, 11), tokens(10, 0, 6, 5)]) {
      expect(() => priceCall(rates('3', '15'), call)).toThrow(refused);
      expect(() => priceInput(rates('3', '15'), call)).toThrow(refused);
    }
    expect(priceCall(rates('3', '15'), tokens(10, 0, 5, 5))).toBe(30_000);
  });

  test('equals the exact price for any rates, on the fast path and on the other', () => {
    fc.assert(
      fc.property(ratesArb, callArb, (card, call) => {
        expect(priceCall(card, call)).toBe(Number(oracle(card, call)));
      }),
      { seed: 11, numRuns: 3_000 },
    );
  });

  test('does not depend on how a rate is written', () => {
    fc.assert(
      fc.property(ratesArb, callArb, (card, call) => {
        // More than the fast path takes, and the same value.
        const longer = (text: string): string => `${text.includes('.') ? text : `${text}.`}${'0'.repeat(25)}`;
        const written = rates(
          longer(card.input),
          longer(card.output),
          card.cacheRead && longer(card.cacheRead),
          card.cacheWrite && longer(card.cacheWrite),
        );
        expect(priceCall(written, call)).toBe(priceCall(card, call));
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  test('stays exact where the product of tokens and rate leaves 2^53', () => {
    const card = rates('8999.999', '0.0001');
    const call = tokens(999_999_999, 1);
    expect(oracle(card, call)).toBeGreaterThan(2n ** 52n);
    expect(priceCall(card, call)).toBe(Number(oracle(card, call)));
  });

  test('beyond every account is refused, also where the sum would look small again', () => {
    expect(() => priceCall(rates('1000000000', '0'), tokens(1_000_000_000, 0))).toThrow(refused);
    expect(() => priceCall(rates('9007.199254740992', '0'), tokens(1_000_000_000, 0))).toThrow(refused);
    // Whole microcredits a token, so the fast way comes first: alone, and where only the sum is too much.
    expect(() => priceCall(rates('9007.2', '0'), tokens(1_000_000_000, 0))).toThrow(refused);
    expect(() => priceCall(rates('5000', '5000'), tokens(1_000_000_000, 1_000_000_000))).toThrow(refused);
    expect(priceCall(rates('9007.199254740991', '0'), tokens(1_000_000_000, 0))).toBe(
      Number.MAX_SAFE_INTEGER,
    );
  });

  test('of the input side never exceeds the whole', () => {
    fc.assert(
      fc.property(ratesArb, callArb, (card, call) => {
        const input = priceInput(card, call);
        expect(input).toBe(Number(oracle(card, { ...call, outputTokens: 0 })));
        expect(input).toBeLessThanOrEqual(priceCall(card, call));
      }),
      { seed: 13, numRuns: 500 },
    );
  });
});

describe('reading a rate', () => {
  test.each([
    ['0', '0'],
    ['3', '3'],
    ['0.25', '0.25'],
    ['0.250', '0.25'],
    ['15.00', '15'],
    ['007', '7'],
    ['0.000000083333333333', '0.000000083333333333'],
    ['1000000000', '1000000000'],
  ])('%s is %s', (text, canonical) => {
    expect(parseRate(text)).toBe(canonical);
  });

  test.each([
    '',
    '-1',
    '+1',
    '1e-7',
    '1E3',
    '.5',
    '5.',
    '1,5',
    'NaN',
    'Infinity',
    ' 1',
    '1\n',
    '1000000000.1',
  ])('refuses %j', (text) => {
    expect(() => parseRate(text)).toThrow(refused);
  });

  test('decimals with an exponent are exact', () => {
    expect(parseDecimal('1e-7')).toEqual({ digits: 1n, scale: 7 });
    expect(decimalText(parseDecimal('2.5e-7')!)).toBe('0.00000025');
    expect(decimalText(parseDecimal('1.25E+3')!)).toBe('1250');
    expect(decimalText(parseDecimal('0.00000030000000000000')!)).toBe('0.0000003');
    expect(parseDecimal('-1')).toBeUndefined();
    expect(parseDecimal('1e100')).toBeUndefined();
  });

  test('the canonical text is the same decimal', () => {
    fc.assert(
      fc.property(rateArb, (text) => {
        const canonical = decimalText(parseDecimal(text)!);
        expect(canonical).not.toMatch(/\.\d*0$|\.$/);
        expect(decimalText(parseDecimal(canonical)!)).toBe(canonical);
        expect(Number(canonical)).toBe(Number(text));
      }),
      { seed: 14 },
    );
  });
});

describe('prices of long inputs', () => {
  const tiered: Rates = {
    ...rates('1', '2', '0.1'),
    tiers: [
      { above: 100, ...rates('3', '4') },
      { above: 200, ...rates('5', '6', '0.5') },
    ],
  };

  test.each([
    ['at the threshold the rates below', tokens(100, 10), 100_000, 120_000],
    ['above it every token, output and cache too', tokens(101, 10, 100), 303_000, 343_000],
    ['cache parts count towards the threshold', tokens(201, 10, 200), 105_000, 165_000],
  ])('%s', (_, call, input, whole) => {
    expect([priceInput(tiered, call), priceCall(tiered, call)]).toEqual([input, whole]);
  });

  test('go through the columns of a row and back; what cannot be read has no price', () => {
    const columns = rateColumns(tiered);
    expect(ratesOf(columns)).toEqual(tiered);
    expect(rateColumns(rates('1', '2'))).toEqual(rates('1', '2'));
    expect(ratesOf(rateColumns(null))).toBeNull();
    for (const text of ['', '[]', '{}', '[{"above":1}]', columns.tiers!.replace('200', '100'), '[null]']) {
      expect(ratesOf({ ...columns, tiers: text })).toBeNull();
    }
  });

  test('are part of what makes two cards the same', () => {
    expect(sameRates(tiered, { ...tiered })).toBe(true);
    expect(sameRates(tiered, rates('1', '2', '0.1'))).toBe(false);
    expect(sameRates(tiered, { ...tiered, tiers: tiered.tiers!.slice(1) })).toBe(false);
  });
});
