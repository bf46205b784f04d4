import { describe, expect, test } from 'vitest';
import { defaultCatalogue, defaultRows } from '../../src/catalog/index.ts';
import {
  type CatalogueRows,
  createCatalogue,
  editDistance,
  type ModelRow,
  requirePlan,
  unknownModel,
} from '../../src/core/catalogue.ts';
import type { Microcredits } from '../../src/core/credits.ts';

const catalogue = defaultCatalogue();
const find = (text: string): string | undefined => catalogue.findModel(text)?.id;

describe('finding a model', () => {
  test.each([
    ['claude-sonnet-4', 'claude-sonnet-4'],
    ['CLAUDE-Sonnet-4', 'claude-sonnet-4'],
    ['Claude Sonnet 4', 'claude-sonnet-4'],
    ['claude sonnet 4', 'claude-sonnet-4'],
    ['sonnet', 'claude-sonnet-4'],
    ['SONNET', 'claude-sonnet-4'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4'],
    ['claude-sonnet-4-2025-05-14', 'claude-sonnet-4'],
    ['Claude-Sonnet-4-20250514', 'claude-sonnet-4'],
    ['gpt-4o-2024-08-06', 'gpt-4o'],
    ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['claude-3-haiku-20240307', 'claude-haiku'],
    ['haiku-20240307', 'claude-haiku'],
    ['4o', 'gpt-4o'],
    ['mini', 'gpt-4o-mini'],
    ['gemini-pro', 'gemini-2.5-pro'],
    ['Gemini 2.5 Flash', 'gemini-2.5-flash'],
  ])('%s is %s', (text, id) => {
    expect(find(text)).toBe(id);
  });

  test.each([
    '',
    'claude',
    'claude-sonnet',
    'claude-sonnet-4-5',
    'claude-sonnet-4-5-20250929',
    'claude-haiku-4-5',
    'claude-haiku-4-5-20251001',
    'claude-sonnet-4-latest',
    'claude-sonnet-4-2025051',
    'claude-sonnet-4-202505144',
    'claude-sonnet-4-2025-5-14',
    'claude-sonnet-4-20250514-20250514',
    'claude-sonnet-4-',
    'claude-sonnet-4 ',
    ' sonnet',
    'sonnet4',
    'anthropic/claude-sonnet-4',
    '20250514',
    '-20250514',
    'Claude Sonnet 4-20250514',
    'gpt-4',
    'gpt-4o-mini-high',
    'gpt-4o-20250230',
    'gpt-4o-2025-13-01',
    'gpt-4o-2025-00-10',
    'codex-auto-review',
    '__proto__',
    'constructor',
  ])('%j is unknown', (text) => {
    expect(find(text)).toBeUndefined();
  });

  test('by name alone a dated id is nobody’s', () => {
    expect(catalogue.findNamed('gpt-4o-2024-08-06')).toBeUndefined();
    expect(catalogue.findNamed('GPT-4o')?.id).toBe('gpt-4o');
    expect(catalogue.findNamed('4O')?.id).toBe('gpt-4o');
  });

  test('an id wins over an alias, an alias over a name', () => {
    const model = (id: string, name: string, ...aliases: string[]): ModelRow => ({
      id,
      name,
      provider: 'p',
      aliases,
      contextWindow: null,
      maxOutput: null,
    });
    const rows: CatalogueRows = {
      models: [model('a', 'b', 'c'), model('b', 'c', 'a'), model('d', 'a'), model('e-20250101', 'e')],
      rates: [],
      plans: [],
      packages: [],
    };
    const { findModel } = createCatalogue(rows);
    expect(findModel('a')?.id).toBe('a');
    expect(findModel('b')?.id).toBe('b');
    expect(findModel('c')?.id).toBe('a');
    expect(findModel('e-20250101')?.id).toBe('e-20250101');
    expect(findModel('e-20250102')).toBeUndefined();
  });

  test('the refusal names near models', () => {
    expect(unknownModel(catalogue, 'claude-sonet-4')).toMatchObject({
      code: 'unknown_model',
      hint: expect.stringContaining('claude-sonnet-4'),
      details: { model: 'claude-sonet-4' },
    });
  });

  test('distances between names', () => {
    expect(editDistance('', '')).toBe(0);
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('abc', '')).toBe(3);
    expect(editDistance('ab', 'ba')).toBe(2);
    expect(editDistance('x'.repeat(65), 'x'.repeat(65))).toBe(0);
    expect(editDistance('x'.repeat(65), 'x')).toBe(64);
  });
});

describe('dated rows', () => {
  const base = defaultRows();
  const rate = (no: number, from: number, input: string | null) => ({
    no,
    model: 'gpt-4o',
    from,
    rates: input === null ? null : { input, output: '1', cacheRead: null, cacheWrite: null },
  });
  const dated = createCatalogue({
    ...base,
    rates: [rate(3, 300, '3'), rate(1, 100, '1'), rate(2, 200, null), rate(4, 300, '4')],
    plans: [
      ...base.plans,
      { id: 'pro', name: 'Pro', from: 50, monthly: 7 as Microcredits, priceCents: 9_900 },
    ],
    packages: [
      { id: 'big', from: 0, credits: 2_000 as Microcredits, priceCents: 1_800, retired: false },
      { id: 'small', from: 10, credits: 500 as Microcredits, priceCents: 500, retired: false },
      { id: 'big', from: 20, credits: 2_000 as Microcredits, priceCents: 1_800, retired: true },
    ],
  });

  test('a rate is in force from its instant on, whatever the order of the rows', () => {
    const input = (at: number) => dated.rateAt('gpt-4o', at)?.rates?.input;
    expect(dated.rateAt('gpt-4o', 99)).toBeUndefined();
    expect([100, 199].map(input)).toEqual(['1', '1']);
    expect(dated.rateAt('gpt-4o', 200)).toMatchObject({ no: 2, rates: null });
    expect(dated.rateAt('gpt-4o', 299)?.no).toBe(2);
    // The later of two rows of one instant.
    expect([300, 1e15].map(input)).toEqual(['4', '4']);
    expect(dated.rateByNo(3)?.rates?.input).toBe('3');
    expect(dated.rateByNo(9)).toBeUndefined();
    expect(dated.rateAt('claude-haiku', 1e15)).toBeUndefined();
  });

  test('plans, cheapest first by the price of the day', () => {
    expect(dated.planAt('pro', 49)?.monthly).toBe(1_000_000_000);
    expect(dated.planAt('pro', 50)?.monthly).toBe(7);
    expect(dated.plansAt(49).map(({ id }) => id)).toEqual(['free', 'pro', 'harness', 'team']);
    expect(dated.plansAt(50).map(({ id }) => id)).toEqual(['free', 'harness', 'team', 'pro']);
    expect(requirePlan(dated, 'PRO', 50).id).toBe('pro');
    expect(() => requirePlan(dated, 'gold', 50)).toThrow(
      expect.objectContaining({
        code: 'unknown_plan',
        hint: 'the plans are free, harness, team, pro',
      }),
    );
  });

  test('packages on sale, smallest first, retired ones gone', () => {
    const ids = (at: number) => dated.packagesAt(at).map(({ id }) => id);
    expect(ids(9)).toEqual(['big']);
    expect(ids(10)).toEqual(['small', 'big']);
    expect(ids(20)).toEqual(['small']);
  });

  test('providers of any model', () => {
    expect(dated.providers()).toEqual(['anthropic', 'google', 'openai']);
  });
});
