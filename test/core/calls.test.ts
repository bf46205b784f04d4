import { describe, expect, test } from 'vitest';
import { defaultCatalogue, defaultRows } from '../../src/catalog/index.ts';
import { priceOn, termsOf } from '../../src/core/calls.ts';
import { createCatalogue, type RateRow } from '../../src/core/catalogue.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { parseInstant } from '../../src/core/time.ts';

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

describe('a model whose price begins after the call', () => {
  const [model] = defaultCatalogue().rows.models;
  const rates = { input: '1', output: '1', cacheRead: null, cacheWrite: null };
  const row = (from: string, priced: boolean) => ({
    ...{ no: 1, model: 'late', from: parseInstant(from), rates: priced ? rates : null },
  });
  const refusal = (at: string, ...rows: RateRow[]) => {
    const models = [{ ...model!, id: 'late', name: 'Late', aliases: [] }];
    const catalogue = createCatalogue({ models, rates: rows, plans: [], packages: [] });
    try {
      termsOf(catalogue, none, call('late'), parseInstant(at));
    } catch (error) {
      if (isLedgerError(error)) return { code: error.code, message: error.message, hint: error.hint };
    }
    return null;
  };

  test('is refused with the time of its first price and a command that gives it an earlier one', () => {
    const rows = [row('2026-03-07', true), row('2026-03-05', true)];
    expect(refusal('2026-03-04T10:00:00Z', ...rows)).toEqual({
      code: 'unpriced_model',
      message:
        'late has no price at the time of the call, 2026-03-04T10:00:00.000Z: one begins 2026-03-05T00:00:00.000Z',
      hint: 'set an earlier one with `credits models set late --input N --output N --from 2026-03-04`',
    });
    expect(refusal('2026-03-05', ...rows)).toBe(null);
  });

  test('is told the instant where a row without a price began on the same day', () => {
    const rows = [row('2026-03-04T09:00:00Z', false), row('2026-03-05', true)];
    expect(refusal('2026-03-04T10:00:00Z', ...rows)?.hint).toContain('--from 2026-03-04T10:00:00.000Z`');
    expect(refusal('2026-03-04T08:59:59Z', ...rows)?.hint).toContain('--from 2026-03-04`');
  });

  test('is told of no other price where there is none', () => {
    const { message, hint } = refusal('2026-03-04', row('2026-03-01', false))!;
    expect(message).toBe('late has no price at that time');
    expect(hint).toContain('also --from');
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
