import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ModelList, readOpenRouterList } from '../../src/catalog/openrouter.ts';
import { isLedgerError } from '../../src/core/errors.ts';

const SEED = 20_260_312;

const read = (...rows: unknown[]): ModelList => readOpenRouterList({ data: rows });
const ratesOf = (pricing: unknown): unknown => {
  const { models, refused } = read({ id: 'a/b', pricing });
  return refused[0]?.message ?? models[0]!.rates;
};
const prices = (prompt: unknown, completion: unknown = '0', more: object = {}) => ({
  prompt,
  completion,
  ...more,
});
const card = (
  input: string,
  output = '0',
  cacheRead: string | null = null,
  cacheWrite: string | null = null,
) => ({
  input,
  output,
  cacheRead,
  cacheWrite,
});

describe('a list of OpenRouter models', () => {
  test('gives each row the rates, names and limits it has', () => {
    const { models, refused } = read(
      {
        id: 'google/gemini-3.1-flash-lite-preview',
        name: 'Google: Gemini 3.1 Flash Lite Preview',
        context_length: 1048576,
        pricing: prices('0.00000025', '0.0000015', {
          image: '0.00000025',
          internal_reasoning: '0.0000015',
          input_cache_read: '0.000000025',
          input_cache_write: '0.00000008333333333333334',
        }),
        top_provider: { max_completion_tokens: 65536 },
      },
      {
        id: 'qwen/qwen3.5-35b-a3b',
        pricing: prices('0.0000001625', '0.0000013'),
        top_provider: null,
        context_length: null,
      },
    );
    expect(refused).toEqual([]);
    expect(models).toEqual([
      {
        id: 'openrouter/google/gemini-3.1-flash-lite-preview',
        name: 'Google: Gemini 3.1 Flash Lite Preview',
        provider: 'openrouter',
        aliases: [],
        contextWindow: 1048576,
        maxOutput: 65536,
        rates: card('0.25', '1.5', '0.025', '0.08333333333333334'),
      },
      {
        id: 'openrouter/qwen/qwen3.5-35b-a3b',
        name: 'qwen/qwen3.5-35b-a3b',
        provider: 'openrouter',
        aliases: [],
        contextWindow: null,
        maxOutput: null,
        rates: card('0.1625', '1.3'),
      },
    ]);
  });

  test.each<[string, unknown, unknown]>([
    ['a whole price', prices('0.000003', '0.000015'), card('3', '15')],
    ['many decimals', prices('0.00000008333333333333334'), card('0.08333333333333334')],
    ['a price of 0 is 0', prices('0', '0'), card('0')],
    ['a JSON number', prices(0.000001, 0.000002), card('1', '2')],
    ['a JSON number with an exponent', prices(1e-7, 2.5e-8), card('0.1', '0.025')],
    ['an exponent in text', prices('1.5e-6'), card('1.5')],
    ['−1: listed without a price', prices('-1', '-1'), null],
    ['−1 for one of the two', prices('0.000001', -1), null],
    ['−1 for a cache', prices('0.000001', '0.000001', { input_cache_read: '-1' }), null],
    ['one of the two missing', { prompt: '0.000002' }, null],
    ['null for one of the two', prices('0.000002', null), null],
    ['no prices', {}, null],
    ['null', null, null],
    ['absent', undefined, null],
    ['garbage', prices('cheap'), 'its price for prompt is no price: "cheap"'],
    [
      'garbage for a cache, beside −1',
      prices('-1', '-1', { input_cache_read: 'x' }),
      'its price for input_cache_read is no price: "x"',
    ],
    ['another negative price', prices('-0.000001'), 'its price for prompt is no price: "-0.000001"'],
    ['true', prices(true), 'its price for prompt is no price: true'],
    ['a list', [], 'its pricing is no object'],
    ['beyond every rate card', prices('1001'), 'its price for prompt is beyond every rate card: "1001"'],
    ['the most that a rate card holds', prices('1000'), card('1000000000')],
  ])('%s', (_, pricing, expected) => {
    expect(ratesOf(pricing)).toEqual(expected);
  });

  test('a bad row keeps no other out, and is reported by id, else by its place', () => {
    const { models, refused } = read(
      { id: 'acme/bad', pricing: prices('x') },
      { id: 'acme/good', pricing: prices('0.000001') },
      'nonsense',
      { pricing: prices('0.000001') },
      { id: 'acme/with space', pricing: prices('0.000001') },
      { id: 'ACME/good', pricing: prices('0.000009') },
      { id: 'acme/good:free', pricing: prices('0') },
    );
    expect(models.map(({ id, rates }) => [id, rates?.input])).toEqual([
      ['openrouter/acme/good', '1'],
      ['openrouter/acme/good:free', '0'],
    ]);
    expect(refused.map(({ row }) => row)).toEqual(['acme/bad', '3', '4', 'acme/with space', 'ACME/good']);
  });

  test('says which models have prices that a rate card cannot hold', () => {
    const night = { utc_start: '1630', utc_end: '0030', prompt: '0.001' };
    const { models, withHours, withCallFee } = read(
      { id: 'a/hours', pricing: prices('0.01', '0.02', { overrides: [night] }) },
      { id: 'a/object', pricing: prices('0.01', '0.02', { overrides: {} }) },
      { id: 'a/empty', pricing: prices('0.01', '0.02', { overrides: [], request: '0' }) },
      { id: 'a/fee', pricing: prices('0.01', '0.02', { request: '0.001' }) },
    );
    expect(models.map(({ rates }) => rates)).toEqual(Array(4).fill(card('10000', '20000')));
    expect(withHours).toEqual(['openrouter/a/hours']);
    expect(withCallFee).toEqual(['openrouter/a/fee']);
  });

  test('prices of long inputs become tiers: later overrides win, what none names stays as it is below', () => {
    const overrides = [
      { min_prompt_tokens: 200_000, prompt: '0.000006', completion: '0.0000225' },
      { min_prompt_tokens: 32_000, prompt: '0.000004' },
      { min_prompt_tokens: 32_000, utc_days: ['sat'], prompt: '0' },
      {},
    ];
    const base = prices('0.000003', '0.000015', { input_cache_read: '0.0000003', overrides });
    expect(ratesOf(base)).toEqual({
      ...card('3', '15', '0.3'),
      tiers: [
        { above: 32_000, ...card('4', '15', '0.3') },
        // Both apply up there, and the later one says 4.
        { above: 200_000, ...card('4', '22.5', '0.3') },
      ],
    });
  });

  test.each([
    ['no price', { min_prompt_tokens: 1, prompt: '-1' }, 'an override has no price of its own (-1)'],
    [
      'garbage',
      { min_prompt_tokens: 1, prompt: 'x' },
      'in its overrides, its price for prompt is no price: "x"',
    ],
    ['a threshold below 0', { min_prompt_tokens: -1, prompt: '1' }, 'an override begins at -1 tokens'],
    [
      'a threshold in words',
      { min_prompt_tokens: '200k', prompt: '1' },
      'an override begins at "200k" tokens',
    ],
  ])('an override that cannot be read keeps the model out: %s', (_, override, problem) => {
    expect(ratesOf(prices('0.01', '0.02', { overrides: [override] }))).toBe(problem);
  });

  test.each([[null], [[]], [{}], [{ data: {} }], ['data']])('%j is no list', (value) => {
    try {
      readOpenRouterList(value);
      expect.unreachable();
    } catch (error) {
      expect(isLedgerError(error) && error.code).toBe('invalid_argument');
    }
  });

  test('an empty list is one', () => {
    expect(read()).toEqual({ models: [], refused: [], withHours: [], withCallFee: [] });
  });

  test('moves the point by six places, whatever the digits', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 24n }).map(String);
    const price = fc.tuple(fc.integer({ min: 0, max: 999 }).map(String), digits);
    fc.assert(
      fc.property(price, ([whole, fraction]) => {
        const rates = ratesOf(prices(`${whole}.${fraction}`)) as { input: string };
        const moved = `${whole}${fraction.padEnd(6, '0').slice(0, 6)}`.replace(/^0+(?=\d)/, '');
        const rest = fraction.slice(6).replace(/0+$/, '');
        expect(rates.input).toBe(rest === '' ? moved : `${moved}.${rest}`);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
