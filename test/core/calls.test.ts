import { describe, expect, test } from 'vitest';
import { defaultCatalogue, defaultRows } from '../../src/catalog/index.ts';
import { priceOn, termsOf } from '../../src/core/calls.ts';
import { createCatalogue } from '../../src/core/catalogue.ts';

const own = { byok: { anthropic: 'MY_KEY' } };
const none = { byok: {} };
const call = (model: string, provider: string | null = null, noByok = false) => ({ model, provider, noByok });
const tokens = { inputTokens: 1_000, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 1_000 };
const refused = (code: string) => expect.objectContaining({ code });

describe('the terms of a call', () => {
  const catalogue = defaultCatalogue();

  test('name the model by its id, whatever it was called', () => {
    for (const name of ['sonnet', 'Claude Sonnet 4', 'claude-sonnet-4-20250514']) {
      expect(termsOf(catalogue, none, call(name), 1)).toMatchObject({
        model: 'claude-sonnet-4',
        provider: 'anthropic',
        rate: { no: 1 },
        byok: false,
      });
    }
  });

  test('a provider beside a known model must be its own', () => {
    expect(termsOf(catalogue, none, call('sonnet', 'Anthropic'), 1).provider).toBe('anthropic');
    expect(() => termsOf(catalogue, none, call('sonnet', 'openai'), 1)).toThrow(refused('invalid_argument'));
    expect(() => termsOf(catalogue, none, call('opus', 'anthropic'), 1)).toThrow(refused('unknown_model'));
  });

  test('an own key pays for its provider alone, unless the call says no', () => {
    expect(termsOf(catalogue, own, call('sonnet'), 1).byok).toBe(true);
    expect(termsOf(catalogue, own, call('sonnet', null, true), 1).byok).toBe(false);
    expect(termsOf(catalogue, own, call('4o'), 1).byok).toBe(false);
    expect(termsOf(catalogue, own, call('opus-9', 'anthropic'), 1)).toEqual({
      model: 'opus-9',
      provider: 'anthropic',
      rate: null,
      byok: true,
    });
    expect(termsOf(catalogue, { byok: { constructor: '' } }, call('opus-9', 'constructor'), 1).byok).toBe(
      true,
    );
    expect(() => termsOf(catalogue, none, call('opus-9', 'constructor'), 1)).toThrow(
      refused('unknown_model'),
    );
  });

  test('openrouter/… belongs to openrouter', () => {
    const theirs = { byok: { openrouter: '' } };
    expect(termsOf(catalogue, theirs, call('openrouter/anthropic/opus'), 1)).toMatchObject({
      provider: 'openrouter',
    });
    expect(termsOf(catalogue, theirs, call('OpenRouter/x/y', 'anthropic'), 1)).toMatchObject({
      provider: 'openrouter',
    });
    expect(() => termsOf(catalogue, own, call('openrouter/anthropic/opus', 'anthropic'), 1)).toThrow(
      refused('unknown_model'),
    );
  });

  test('a model without a rate at that time is unpriced, never free', () => {
    const rows = defaultRows();
    const dated = createCatalogue({
      ...rows,
      rates: [
        { no: 1, model: 'gpt-4o', from: 100, rates: rows.rates[2]!.rates },
        { no: 2, model: 'gpt-4o', from: 200, rates: null },
      ],
    });
    expect(() => termsOf(dated, none, call('4o'), 99)).toThrow(refused('unpriced_model'));
    expect(termsOf(dated, none, call('4o'), 100).rate?.no).toBe(1);
    expect(() => termsOf(dated, none, call('4o'), 200)).toThrow(refused('unpriced_model'));
    expect(termsOf(dated, { byok: { openai: '' } }, call('4o'), 200)).toMatchObject({
      rate: null,
      byok: true,
    });
  });
});

describe('the price on terms', () => {
  const catalogue = defaultCatalogue();

  test('an own key pays nothing here, and the list price stands beside it', () => {
    const terms = termsOf(catalogue, own, call('sonnet'), 1);
    expect(priceOn(terms, tokens)).toMatchObject({ credits: 0, listCredits: 18_000_000, byok: true });
    const charged = termsOf(catalogue, none, call('sonnet'), 1);
    expect(priceOn(charged, tokens)).toMatchObject({ credits: 18_000_000, listCredits: 18_000_000 });
  });

  test('without a price there is no list price, and no other payer', () => {
    const terms = { model: 'x', provider: 'p', rate: null, byok: true };
    expect(priceOn(terms, tokens)).toMatchObject({ credits: 0, listCredits: null });
    expect(() => priceOn({ ...terms, byok: false }, tokens)).toThrow(refused('unpriced_model'));
    expect(() => priceOn(terms, { ...tokens, cachedTokens: 1_001 })).toThrow(refused('invalid_argument'));
  });
});
