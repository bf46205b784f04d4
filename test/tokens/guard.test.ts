import { beforeAll, describe, expect, test } from 'vitest';
import { type Encoding, loadEncoding } from '../../src/tokens/encoding.ts';
import { countGuarded, LONGEST_PRETOKEN } from '../../src/tokens/guard.ts';
import { measure } from '../../src/tokens/index.ts';
import { stretchesOf } from '../../src/tokens/stretches.ts';
import { HOSTILE, hostileText, ordinaryText, randomText, seeded } from './hostile-texts.ts';

const encodings: Encoding[] = [];
beforeAll(async () => {
  encodings.push(await loadEncoding('o200k'), await loadEncoding('cl100k'));
});

/** A tokenizer that notes what it is given and calls everything one token. */
function noting({ name, splitPattern }: Encoding): Encoding & { given: string[] } {
  const given: string[] = [];
  return { name, splitPattern, given, count: (text) => given.push(text) && 1 };
}

describe('hostile text', () => {
  test.each(HOSTILE)('%s: no long piece, no piece twice', (shape) => {
    const text = hostileText(shape, 40_000);
    for (const encoding of encodings) {
      const spy = noting(encoding);
      countGuarded(spy, text);
      const longest = Math.max(...spy.given.map((piece) => piece.length));
      const total = spy.given.reduce((sum, piece) => sum + piece.length, 0);
      expect(longest).toBeLessThanOrEqual(LONGEST_PRETOKEN);
      expect(total).toBeLessThanOrEqual(text.length);
      expect(new Set(spy.given).size).toBe(spy.given.length);
    }
  });

  test('a cut parts no character and loses none', () => {
    const text = `x${'😀'.repeat(3000)}`;
    const spy = noting(encodings[0]!);
    expect(countGuarded({ ...spy, count: (piece) => piece.length }, text)).toEqual({
      tokens: text.length,
      drifts: true,
    });
    countGuarded(spy, text);
    // Behind the x, a piece of 512 units would end within a character.
    expect(spy.given.length).toBeGreaterThan(1);
    for (const piece of spy.given) expect(piece.isWellFormed()).toBe(true);
  });

  test.each(HOSTILE)('%s: within 2 % of the unguarded count', async (shape) => {
    const text = hostileText(shape, 4_000);
    const whole = encodings[0]!.count(text);
    const { tokens, drifts } = await measure(text);
    if (drifts) expect(Math.abs(tokens - whole)).toBeLessThanOrEqual(0.02 * whole);
    else expect(tokens).toBe(whole);
  });

  test('exactly 512 units are no reason to cut, 513 are', () => {
    const count = (length: number) => countGuarded(encodings[0]!, 'q'.repeat(length));
    expect(count(512)).toEqual({ tokens: encodings[0]!.count('q'.repeat(512)), drifts: false });
    expect(count(513).drifts).toBe(true);
  });
});

describe('stretches', () => {
  test('are the text, none empty, and end early at a blank line', () => {
    const text = `${'One paragraph of some length, long enough to stand by itself. '.repeat(3)}\n\nAnother.\n`;
    const texts = [...stretchesOf(text)].map((stretch) => stretch.text);
    expect(texts).toEqual([text.slice(0, -'Another.\n'.length), 'Another.\n']);
    expect([...stretchesOf('')]).toEqual([]);
  });

  test('of ordinary text are about 4 KB at most, and of a wall of text no longer than the pattern can bear', () => {
    const ordinary = [...stretchesOf(ordinaryText(50_000).replaceAll('\n\n', ' '))];
    expect(Math.max(...ordinary.map(({ text }) => text.length))).toBeLessThan(4200);
    const wall = [...stretchesOf('額'.repeat(2_500_000))];
    expect(wall.map(({ text, torn }) => [text.length, torn])).toEqual([
      [1_000_000, true],
      [1_000_000, true],
      [500_000, false],
    ]);
  });

  test('an unpunctuated wall that would overflow the stack of the split pattern is counted', () => {
    const wall = '餘額'.repeat(2_700_000);
    const spy = noting(encodings[0]!);
    expect(() => wall.match(new RegExp(spy.splitPattern, 'gu'))).toThrow(RangeError);
    expect(countGuarded(spy, wall)).toMatchObject({ drifts: true });
  });
});

/** Pieces whose order and neighbours decide how a text is split. */
const PIECES = [
  ...['a', 'B', 'c', 'ab', 'The', 'É', 'é', 'ß', 'ſ', 'ʰ', '中', '文', 'ु', '\u0301', '𠀀', '😀'],
  ...[' ', ' ', '\n', '\r\n', '\t', '\u00a0', '\u3000', '\u2028'],
  ...['/', '!', '?', '.', "'", "'s", "'LL", '।', '1', '23', '\ud800', '<|endoftext|>'],
];

function pretokenEnds({ splitPattern }: Encoding, text: string): Set<number> {
  const matches = text.matchAll(new RegExp(splitPattern, 'gu'));
  return new Set(Array.from(matches, (match) => match.index + match[0].length));
}

describe('any text', () => {
  test.each([1, 2, 3, 4])('counts by stretches as it counts whole (seed %i)', async (seed) => {
    const random = seeded(seed);
    const counted: number[] = [];
    for (let round = 0; round < 25; round += 1) {
      const pieces = Array.from(
        { length: 2 + Math.floor(random() * 8) },
        () => PIECES[Math.floor(random() * PIECES.length)]!,
      );
      const text = randomText(pieces, 200 + Math.floor(random() * 9000), seed * 1000 + round);
      expect([...stretchesOf(text)].map((stretch) => stretch.text).join('')).toBe(text);
      const measured = await measure(text);
      for (const encoding of encodings) {
        const { tokens, drifts } = await measured.count(encoding.name);
        if (drifts) continue;
        expect({ pieces, tokens }).toEqual({ pieces, tokens: encoding.count(text) });
        counted.push(tokens);
      }
    }
    // Most of the texts must have been compared, or the test says nothing.
    expect(counted.length).toBeGreaterThan(30);
  });

  test.each([
    "lot's",
    "LOT'LL",
    "a'b'",
    '12345',
    'aB',
    '!1',
    'E\u0301x',
    '中a',
    '\n/a',
    '!\n/',
    '!\n \n',
    '?\n\t\n',
    '\n\u2028',
    'a \n',
  ])('without plain words ends no stretch within a pre-token: %j', (piece) => {
    const text = piece.repeat(Math.ceil(20_000 / piece.length));
    const stretches = [...stretchesOf(text)].filter(({ torn }) => !torn);
    for (const encoding of encodings) {
      const ends = pretokenEnds(encoding, text);
      let end = 0;
      const stray = stretches.filter((stretch) => {
        end += stretch.text.length;
        return !ends.has(end);
      });
      expect(stray).toEqual([]);
    }
  });

  test('ordinary text is exact, also when it is long', async () => {
    const text = ordinaryText(150_000);
    expect(await measure(text)).toMatchObject({ tokens: encodings[0]!.count(text), drifts: false });
  });
});
