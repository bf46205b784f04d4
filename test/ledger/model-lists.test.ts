/** Lists of models that a caller has read itself: what no reader of lists would let through is refused before it is booked. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ListedModel } from '../../src/catalog/openrouter.ts';
import { callOf, callSpend, credits, type TestLedger, testLedger } from '../helpers/ledger.ts';

let t: TestLedger;
beforeEach(() => {
  t = testLedger();
});
afterEach(() => t.done());

const RATES = { input: '0.5', output: '1.50', cacheRead: null, cacheWrite: null };
const LISTED: ListedModel = {
  id: 'openrouter/maker/quick',
  name: 'Quick',
  provider: 'openrouter',
  aliases: [],
  contextWindow: 1_000,
  maxOutput: null,
  rates: RATES,
};

test('rates are stored as canonical text, whatever zeros were written', async () => {
  await t.ledger.importModels([LISTED]);
  const rates = (await t.ledger.catalogue()).rateAt(LISTED.id, t.at)?.rates;
  expect(rates).toMatchObject({ input: '0.5', output: '1.5' });
  const again = await t.ledger.importModels([{ ...LISTED, rates: { ...RATES, output: '1.5' } }]);
  expect(again.catalogue.rows.rates.filter(({ model }) => model === LISTED.id)).toHaveLength(1);
});

describe('a list is refused whole for', () => {
  const tier = (above: number, input: string) => ({ above, ...RATES, input });
  test.each<[string, Partial<ListedModel>]>([
    ['a rate that is no number', { rates: { ...RATES, input: 'abc' } }],
    ['a negative rate', { rates: { ...RATES, output: '-5' } }],
    ['an exponent', { rates: { ...RATES, cacheRead: '1e3' } }],
    ['more than a rate can be', { rates: { ...RATES, cacheWrite: '1000000001' } }],
    ['a threshold below nothing', { rates: { ...RATES, tiers: [tier(-5, '1')] } }],
    ['thresholds that fall', { rates: { ...RATES, tiers: [tier(9, '1'), tier(8, '1')] } }],
    ['a rate of long inputs that is none', { rates: { ...RATES, tiers: [tier(9, 'x')] } }],
    ['the name of another model', { id: 'haiku' }],
    ['an id without letters', { id: 'openrouter/' }],
    ['an id with a NUL', { id: 'openrouter/a\u0000b' }],
    ['a name with a NUL', { name: 'a\u0000b' }],
    ['half a character in a name', { name: 'a\ud800b' }],
    ['a name without end', { name: 'x'.repeat(201) }],
    ['no name', { name: '' }],
    ['another provider', { provider: 'anthropic' }],
    ['a window below nothing', { contextWindow: -1 }],
  ])('%s', async (_name, wrong) => {
    const list = [
      { ...LISTED, id: 'openrouter/maker/good' },
      { ...LISTED, ...wrong },
    ];
    await expect(t.ledger.importModels(list)).rejects.toMatchObject({ code: 'invalid_argument' });
    expect((await t.ledger.catalogue()).findNamed('openrouter/maker/good')).toBeUndefined();
  });

  test('a model that is listed twice', async () => {
    const list = [LISTED, { ...LISTED, id: 'openrouter/maker/Quick' }];
    await expect(t.ledger.importModels(list)).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('what a model is called stays its own', () => {
  const priceOf = async (model: string) =>
    (await t.ledger.spend('default', callSpend(callOf(model, 1_000, 0)))).credits;
  const HAIKU = credits('0.25');

  test('a listed model of the same name goes by its id', async () => {
    await t.ledger.importModels([
      { ...LISTED, name: 'Claude Haiku' },
      { ...LISTED, id: 'openrouter/maker/other', name: 'Same' },
      { ...LISTED, id: 'openrouter/maker/third', name: 'same' },
    ]);
    expect(await priceOf('Claude Haiku')).toBe(HAIKU);
    expect(await priceOf(LISTED.id)).toBe(credits('0.5'));
    const { rows } = await t.ledger.catalogue();
    const names = rows.models.filter(({ provider }) => provider === 'openrouter').map(({ name }) => name);
    expect(names.sort()).toEqual(['Same', 'openrouter/maker/quick', 'openrouter/maker/third']);
  });

  test('a listed model whose id is an alias is refused', async () => {
    await t.ledger.aliasModel({ alias: LISTED.id, model: 'haiku' });
    await expect(t.ledger.importModels([LISTED])).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await priceOf(LISTED.id)).toBe(HAIKU);
  });

  test('a model set by hand takes no name that another one has', async () => {
    const input = { provider: 'me', input: '1', output: '1', cacheRead: null, cacheWrite: null, from: null };
    for (const name of ['Claude Haiku', 'HAIKU', 'claude-haiku']) {
      await expect(t.ledger.setModel({ ...input, model: 'aaa', name })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    }
    expect(await priceOf('Claude Haiku')).toBe(HAIKU);
  });
});

test('a model set by hand has a name that can be stored and shown', async () => {
  const input = { model: 'mine', provider: 'me', input: '1', output: '1', cacheRead: null, cacheWrite: null };
  for (const name of ['a\u0000b', 'a\ud800b', 'x'.repeat(201), 'a\nb']) {
    await expect(t.ledger.setModel({ ...input, name, from: null })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  }
  expect((await t.ledger.setModel({ ...input, name: 'Näme', from: null })).receipt.kind).toBe('setting');
});
