import { beforeEach, describe, expect, test } from 'vitest';
import { type EncodingName, type LoadEncoding, loadEncoding } from '../../src/tokens/encoding.ts';
import { countFor, measure, sumMeasures } from '../../src/tokens/index.ts';
import { ordinaryText } from './hostile-texts.ts';

const GPT_4O = { id: 'gpt-4o', provider: 'openai' };
const GPT_4 = { id: 'gpt-4', provider: 'openai' };
const SONNET = { id: 'claude-sonnet-4', provider: 'anthropic' };
const OPUS = { id: 'claude-opus-4-7', provider: 'anthropic' };
const GEMINI = { id: 'gemini-2.5-pro', provider: 'google' };
const QWEN = { id: 'openrouter/qwen/qwen3', provider: 'openrouter', tokenizer: 'Qwen3' };
const NOBODY = { id: 'openrouter/acme/wonder', provider: 'openrouter' };

/** What was loaded, and how many units each vocabulary was given. */
const seen = { loaded: [] as EncodingName[], units: 0 };
const noted: LoadEncoding = async (name) => {
  seen.loaded.push(name);
  const encoding = await loadEncoding(name);
  return {
    ...encoding,
    count(text) {
      seen.units += text.length;
      return encoding.count(text);
    },
  };
};

beforeEach(() => {
  seen.loaded = [];
  seen.units = 0;
});

const ENGLISH = 'The clerk closes the book at midnight, and what nobody has used by then is gone for good.';
const RUSSIAN = 'Остаток сгорает в конце месяца, если его не потратили раньше.';

describe('a text on a model', () => {
  test('with its own vocabulary: exact, no range', async () => {
    const measured = await measure(ENGLISH);
    const { tokens } = measured;
    expect(await countFor(GPT_4O, measured)).toEqual({
      tokens,
      low: tokens,
      high: tokens,
      method: 'exact',
      how: 'o200k',
    });
    expect(await countFor(GPT_4, await measure(RUSSIAN))).toMatchObject({ method: 'exact', how: 'cl100k' });
  });

  test('with a cut: two per cent either way, and said', async () => {
    const { tokens, low, high, method, how } = await countFor(GPT_4O, await measure('a'.repeat(100_000)));
    expect({ low, high, method, how }).toEqual({
      low: Math.floor(tokens * 0.98),
      high: Math.ceil(tokens * 1.02),
      method: 'approximate',
      how: 'o200k ± 2%',
    });
  });

  test('of another family: the factors of its kind, mid and high rounded up, low down', async () => {
    const measured = await measure(ENGLISH);
    expect(measured.byKind).toEqual(new Map([['english', 20]]));
    expect(await countFor(SONNET, measured)).toEqual({
      tokens: 24, // 23.2
      low: 21,
      high: 26,
      method: 'approximate',
      how: 'o200k × claude prose',
    });
    expect(await countFor(OPUS, measured)).toMatchObject({ tokens: 32, low: 25, high: 39 }); // 31.4, 25.2, 38.4
    expect(await countFor(GEMINI, measured)).toMatchObject({ tokens: 22, low: 20, high: 23 }); // 21.2, 20, 22.4
    expect(await countFor(QWEN, measured)).toMatchObject({ tokens: 20, low: 16, high: 24 });
    expect(await countFor(NOBODY, measured)).toMatchObject({ tokens: 20, low: 15, high: 27 });
  });

  test('in two scripts: each with its own factor', async () => {
    const both = sumMeasures([await measure(ENGLISH), await measure(RUSSIAN)]);
    const russian = both.byKind.get('cyrillic')!;
    expect(both.tokens).toBe(20 + russian);
    const { tokens, how } = await countFor(SONNET, both);
    expect(tokens).toBe(Math.ceil((20 * 116 + russian * 156) / 100));
    expect(how).toBe('o200k × claude mixed text');
  });

  test('nothing is 0 tokens everywhere, and loads nothing', async () => {
    const measured = await measure('', noted);
    for (const model of [GPT_4O, GPT_4, SONNET, NOBODY]) {
      expect(await countFor(model, measured)).toMatchObject({ tokens: 0, low: 0, high: 0, method: 'exact' });
    }
    expect(seen.loaded).toEqual([]);
  });

  test('low ≤ tokens ≤ high on any kind of text', async () => {
    const texts = [
      ENGLISH,
      RUSSIAN,
      'x',
      '{"a":[1,2,3]}',
      '余额',
      '🙂',
      '12345678901234567890',
      'q'.repeat(600),
    ];
    for (const text of texts) {
      const measured = await measure(text);
      for (const model of [GPT_4O, GPT_4, SONNET, OPUS, GEMINI, QWEN, NOBODY]) {
        const { tokens, low, high } = await countFor(model, measured);
        expect(low).toBeLessThanOrEqual(tokens);
        expect(tokens).toBeLessThanOrEqual(high);
        expect(tokens).toBeGreaterThan(0);
      }
    }
  });
});

describe('tokenizing', () => {
  test('happens once, however many models are asked for', async () => {
    const text = ordinaryText(20_000);
    const measured = await measure(text, noted);
    const once = seen.units;
    expect(once).toBeGreaterThan(0);
    expect(once).toBeLessThanOrEqual(text.length);
    for (let number = 0; number < 300; number += 1) {
      for (const model of [
        GPT_4O,
        SONNET,
        OPUS,
        GEMINI,
        { id: `openrouter/acme/m${number}`, provider: 'openrouter' },
      ]) {
        await countFor(model, measured);
      }
    }
    expect(seen).toEqual({ loaded: ['o200k'], units: once });
  });

  test('with the older vocabulary waits for a model that has it, and then happens once', async () => {
    const measured = await measure(ENGLISH, noted);
    await countFor(GPT_4, measured);
    const { units } = seen;
    await Promise.all([
      countFor(GPT_4, measured),
      countFor({ id: 'gpt-3.5-turbo', provider: 'openai' }, measured),
    ]);
    expect(seen).toEqual({ loaded: ['o200k', 'cl100k'], units });
  });

  test('a tokenizer that does not load is a failure, not a guess', async () => {
    const broken: LoadEncoding = () => Promise.reject(new Error('no such file'));
    await expect(measure('hello', broken)).rejects.toThrow('no such file');
  });
});

test('texts measured apart add up', async () => {
  const parts = [await measure(ENGLISH), await measure(''), await measure('a'.repeat(600))];
  const sum = sumMeasures(parts);
  expect(sum.tokens).toBe(parts[0]!.tokens + parts[2]!.tokens);
  expect(sum.drifts).toBe(true);
  expect((await sum.count('cl100k')).tokens).toBe(
    (await parts[0]!.count('cl100k')).tokens + (await parts[2]!.count('cl100k')).tokens,
  );
  expect(await countFor(GPT_4O, sumMeasures([]))).toMatchObject({ tokens: 0 });
});
