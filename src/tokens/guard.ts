/**
 * Counting in linear time. Merging byte pairs is quadratic in the length of one pre-token (the unit the split pattern
 * makes): 200,000 × `a` took half a minute. So a pre-token over 512 UTF-16 units is cut, and only then is the count no
 * longer exact (drift up to 1.6 % on made-up text). Looking for long runs of letters or of one character instead would
 * leave holes: `!?!?`, mixed blanks and tabs, emoji and `!\n/\n/` are one pre-token and no such run.
 */
import { hasUnsureCharacters } from './as-published.ts';
import type { Encoding } from './encoding.ts';
import { stretchesOf, wholeCharacters } from './stretches.ts';

/** Longest pre-token the tokenizer gets, in UTF-16 units. */
export const LONGEST_PRETOKEN = 512;

/** Tokens of a text, and whether they may be off by up to 2 %. */
export interface GuardedCount {
  readonly tokens: number;
  /** A long pre-token was cut, or the text holds the rare characters of `as-published.ts` where counts can differ. */
  readonly drifts: boolean;
}

/** Counts of pre-tokens kept while one text is counted; then the memory starts anew. */
const MOST_REMEMBERED = 100_000;

// The library's own regular expression is global and shared: its lastIndex is not ours to move.
const patterns = new Map<string, RegExp>();

function patternOf({ splitPattern }: Encoding): RegExp {
  const known = patterns.get(splitPattern) ?? new RegExp(splitPattern, 'gu');
  patterns.set(splitPattern, known);
  return known;
}

/**
 * Counts a text of any length with a loaded tokenizer, in linear time. Each pre-token is counted by itself and once: alone
 * it is split and merged as it is within the text.
 * @param onStretch is told each stretch of the text and its tokens, in order
 */
export function countGuarded(
  encoding: Encoding,
  text: string,
  onStretch: (stretch: string, tokens: number) => void = () => undefined,
): GuardedCount {
  const pattern = patternOf(encoding);
  const remembered = new Map<string, number>();
  const countOnce = (piece: string): number => {
    const known = remembered.get(piece);
    if (known !== undefined) return known;
    const count = encoding.count(piece);
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(piece, count);
    return count;
  };
  let tokens = 0;
  let drifts = hasUnsureCharacters(text);
  for (const stretch of stretchesOf(text)) {
    let here = 0;
    for (const pretoken of stretch.text.match(pattern) ?? []) {
      if (pretoken.length <= LONGEST_PRETOKEN) here += countOnce(pretoken);
      else {
        drifts = true;
        for (const piece of piecesOf(pretoken)) here += countOnce(piece);
      }
    }
    drifts ||= stretch.torn;
    tokens += here;
    onStretch(stretch.text, here);
  }
  return { tokens, drifts };
}

function* piecesOf(pretoken: string): Generator<string, void, undefined> {
  let start = 0;
  while (start < pretoken.length) {
    const end = Math.min(start + LONGEST_PRETOKEN, pretoken.length);
    const stop = end === pretoken.length ? end : wholeCharacters(pretoken, end);
    yield pretoken.slice(start, stop);
    start = stop;
  }
}
