import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadEncoding } from '../../src/tokens/encoding.ts';
import { measure } from '../../src/tokens/index.ts';

interface Vector {
  readonly label: string;
  readonly text: string;
  readonly o200k: number;
  readonly cl100k: number;
}

/** Our own texts; each count is the one that three independent tokenizers gave (two for the byte order mark). */
const vectors = JSON.parse(
  readFileSync(new URL('../fixtures/tokens/vectors.json', import.meta.url), 'utf8'),
) as Vector[];

describe('known counts', () => {
  test.each(vectors)('$label', async ({ text, o200k, cl100k }) => {
    const measured = await measure(text);
    expect({ o200k: measured.tokens, cl100k: (await measured.count('cl100k')).tokens }).toEqual({
      o200k,
      cl100k,
    });
    expect([...measured.byKind.values()].reduce((sum, tokens) => sum + tokens, 0)).toBe(o200k);
  });

  test('all of them in one text count as the tokenizer counts it whole', async () => {
    // Without the characters on which the library differs from the published tokenizer.
    const text = vectors
      .filter(({ text: each }) => !/[\ufeff\u0085]/.test(each))
      .map((each) => each.text)
      .join('\n\n')
      .repeat(3);
    const measured = await measure(text);
    for (const name of ['o200k', 'cl100k'] as const) {
      const whole = (await loadEncoding(name)).count(text);
      expect(await measured.count(name)).toEqual({ tokens: whole, drifts: false });
    }
  });

  test('the published counts of white space that JavaScript sees differently', async () => {
    expect((await (await measure(' \u00850')).count('cl100k')).tokens).toBe(4);
    expect((await measure('\ufeff')).tokens).toBe(1);
    expect((await measure('\ufeffusing System;')).tokens).toBe(3);
    expect((await measure('\ufeff// first line')).tokens).toBe(3);
    expect((await measure('\ufeff# Title\n')).tokens).toBe(3);
  });

  test('special-looking text is text', async () => {
    const plain = await measure('<|endoftext|>');
    expect(plain.tokens).toBeGreaterThan(1);
    expect((await measure('<|endoftext|>'.repeat(3))).tokens).toBeGreaterThan(2 * plain.tokens);
  });

  test('half a character neither fails nor counts as nothing', async () => {
    for (const text of ['\ud83d', '\ude00', 'a\ud83d', '\ude00\ud83d'.repeat(600)]) {
      expect((await measure(text)).tokens).toBeGreaterThan(0);
    }
  });
});
