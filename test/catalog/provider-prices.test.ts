import { describe, expect, test } from 'vitest';
import { MODELS } from '../../src/catalog/models.ts';
import {
  isBelow,
  longPriceMissed,
  PROVIDER_PRICES,
  providerPricesOf,
  shortfallsOf,
} from '../../src/catalog/provider-prices.ts';
import { parseDecimal } from '../../src/core/rates.ts';

const words = (model: (typeof MODELS)[number], typed = '') => [model.id, model.name, ...model.aliases, typed];

describe('the tariff beside known provider prices', () => {
  test('only the Flash row of the defaults is below what the provider asks', () => {
    const below = MODELS.flatMap((model) =>
      shortfallsOf(words(model), model.rates).map(({ rates, price }) => [model.id, price.name, ...rates]),
    );
    expect(below).toEqual([['gemini-2.5-flash', 'Gemini 2.5 Flash', 'input', 'output']]);
  });

  test.each([
    ['claude-haiku-4-5', 'Claude Haiku 4.5'],
    ['claude-haiku-4-5-20251001', 'Claude Haiku 4.5'],
    ['anthropic/claude-haiku-4.5', 'Claude Haiku 4.5'],
    ['openrouter/anthropic/claude-3.5-haiku', 'Claude 3.5 Haiku'],
    ['claude-3-5-haiku-20241022', 'Claude 3.5 Haiku'],
  ])('%s is known for what it is', (typed, name) => {
    expect(providerPricesOf([typed]).map((price) => price.name)).toEqual([name]);
    expect(shortfallsOf([typed], MODELS[1].rates).map(({ rates }) => rates)).toEqual([['input', 'output']]);
  });

  test.each(['claude-haiku', 'gpt-4o-audio-preview', 'gemini-2.5-flash-lite', 'gemini-2.5-flash:free', ''])(
    '%j has no known price',
    (text) => {
      expect(providerPricesOf([text])).toEqual([]);
    },
  );

  test('a cache rate counts only where both sides have one', () => {
    const tariff = { input: '2.5', output: '10', cacheRead: '1', cacheWrite: '0' };
    expect(shortfallsOf(['gpt-4o'], tariff).map(({ rates }) => rates)).toEqual([['cacheRead']]);
  });

  test.each([
    ['0.3', '0.30', false],
    ['0.29999999999999999999', '0.3', true],
    ['2', '10', true],
    ['10', '2', false],
    ['0', '0', false],
  ])('%s below %s: %j', (a, b, expected) => {
    expect(isBelow(a, b)).toBe(expected);
  });

  test('every row can be read: plain decimals, lower-case ids that no other row has, a source and a day', () => {
    const ids = PROVIDER_PRICES.flatMap((price) => price.ids);
    expect(new Set(ids).size).toBe(ids.length);
    for (const price of PROVIDER_PRICES) {
      for (const id of price.ids) expect(id).toBe(id.toLowerCase());
      const rates = [
        price.input,
        price.output,
        price.cacheRead,
        price.cacheWrite,
        price.tier?.input,
        price.tier?.output,
      ];
      for (const rate of rates) if (rate != null) expect(parseDecimal(rate)).toBeDefined();
      expect(price.readOn).toMatch(/^\d{4}-\d{2}(-\d{2})?$/);
      expect(price.source).not.toBe('');
    }
  });
});

describe('a long call sold below its provider', () => {
  const call = (inputTokens: number, outputTokens = 0) => ({
    inputTokens,
    outputTokens,
    cachedTokens: 0,
    cacheWriteTokens: 0,
  });
  test.each([
    ['at the threshold the base price holds', 'gemini-2.5-pro', call(200_000), 250_000_000, undefined],
    [
      'above it the whole call costs 2.5 / 15',
      'gemini-2.5-pro',
      call(200_001, 10),
      500_152_499,
      'Gemini 2.5 Pro',
    ],
    ['sold at just that', 'gemini-2.5-pro', call(200_001, 10), 500_152_500, undefined],
    [
      'a dated id is the same model',
      'claude-sonnet-4-20250514',
      call(200_001),
      600_003_000,
      'Claude Sonnet 4',
    ],
    ['a model without such a price', 'gpt-4o', call(900_000), 1, undefined],
  ])('%s', (_, model, tokens, listCredits, name) => {
    expect(longPriceMissed([model], tokens, listCredits)?.name).toBe(name);
  });
});
