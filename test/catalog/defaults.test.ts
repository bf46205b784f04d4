import { describe, expect, test } from 'vitest';
import { defaultCatalogue, defaultRows } from '../../src/catalog/index.ts';
import { knownProvider } from '../../src/catalog/providers.ts';
import { formatCredits } from '../../src/core/credits.ts';
import { priceCall } from '../../src/core/rates.ts';

// The tables of contract 4, written again as text: a slip of a digit in a row must show here.
const MODEL_TABLE = `
claude-sonnet-4  | Claude Sonnet 4  | sonnet                | anthropic | 3    | 15   | 200000/64000
claude-haiku     | Claude Haiku     | haiku, claude-3-haiku | anthropic | 0.25 | 1.25 | 200000/4096
gpt-4o           | GPT-4o           | 4o                    | openai    | 2.5  | 10   | 128000/16384
gpt-4o-mini      | GPT-4o Mini      | 4o-mini, mini         | openai    | 0.15 | 0.6  | 128000/16384
gemini-2.5-pro   | Gemini 2.5 Pro   | gemini-pro            | google    | 1.25 | 10   | 1048576/65535
gemini-2.5-flash | Gemini 2.5 Flash | gemini-flash, flash   | google    | 0.15 | 0.6  | 1048576/65535
`;

const cells = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the built-in price list', () => {
  test('has the models of the contract, cache rates unset', () => {
    const { models, rates } = defaultRows();
    const rows = models.map((model, index) => {
      const rate = rates[index]!;
      expect(rate).toMatchObject({ no: index + 1, model: model.id, from: 0 });
      expect(rate.rates).toMatchObject({ cacheRead: null, cacheWrite: null });
      return [
        model.id,
        model.name,
        model.aliases.join(', '),
        model.provider,
        rate.rates!.input,
        rate.rates!.output,
        `${model.contextWindow}/${model.maxOutput}`,
      ];
    });
    expect(rows).toEqual(cells(MODEL_TABLE));
  });

  test('has the plans and packages of the contract', () => {
    const { plans, packages } = defaultRows();
    expect(plans.map((row) => `${row.id} ${formatCredits(row.monthly)} ${row.priceCents}`)).toEqual([
      'free 0 0',
      'pro 1000 1200',
      'harness 5000 3900',
      'team 10000 7900',
    ]);
    expect(packages.map((row) => `${row.id} ${formatCredits(row.credits)} ${row.priceCents}`)).toEqual([
      '500 500 500',
      '2000 2000 1800',
    ]);
  });

  test.each([
    ['claude-sonnet-4', 'claude-sonnet-4'],
    ['SONNET', 'claude-sonnet-4'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4'],
    ['claude-3-haiku-20240307', 'claude-haiku'],
    ['Gemini 2.5 Flash', 'gemini-2.5-flash'],
    ['gpt-4o-2024-08-06', 'gpt-4o'],
    ['claude-sonnet-4-5', undefined],
    ['claude-haiku-4-5', undefined],
    ['claude-sonnet-4-5-20250929', undefined],
    ['gpt-4o-audio-preview', undefined],
    ['gemini-2.5-flash-lite', undefined],
    ['gemini-2.5-flash-preview-05-20', undefined],
    ['gpt-4o-2024', undefined],
    ['', undefined],
  ])('%j finds %j', (text, id) => {
    expect(defaultCatalogue().findModel(text)?.id).toBe(id);
  });

  test('prices a Haiku call as the contract prints it', () => {
    const catalogue = defaultCatalogue();
    const { rates } = catalogue.rateAt(catalogue.findModel('haiku')!.id, 0)!;
    const tokens = { inputTokens: 1_200, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 300 };
    expect(formatCredits(priceCall(rates!, tokens))).toBe('0.675');
  });

  test('knows the providers of its models', () => {
    for (const id of defaultCatalogue().providers()) expect(knownProvider(id)?.id).toBe(id);
    expect(knownProvider('OpenRouter')?.keyVariable).toBe('OPENROUTER_API_KEY');
    expect(knownProvider('nobody')).toBeUndefined();
  });
});
