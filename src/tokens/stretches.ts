/**
 * Cuts a text into stretches (paragraphs, or about 4 KB) that can be counted one by one: the sum is the count of the
 * whole. No tokenizer is needed for that, and no stretch is long enough to overflow the stack of the split pattern,
 * which it does on 10 MB of unpunctuated Chinese.
 */

/** One stretch of a text. */
export interface Stretch {
  readonly text: string;
  /** True when the stretch ends where a pre-token may go on, so that its count may be off by a token or two. */
  readonly torn: boolean;
}

/** Stretches end near this length, in UTF-16 units. */
const USUAL = 4096;
/** A paragraph shorter than this is joined with the next. */
const SHORTEST = 64;
/** No stretch is longer: the split pattern copes with it, at ten times as much it overflows the stack. */
const LONGEST = 1_000_000;

/**
 * A place where every vocabulary's split pattern must end a pre-token, whatever stands before and after: behind a letter
 * or digit when no letter, mark, digit or apostrophe (`don't`) follows, and behind a line end when neither white space
 * nor a slash (`!\n/`) follows.
 */
const BOUNDARY = /(?:[\p{L}\p{N}](?![\p{L}\p{M}\p{N}'])|\n(?![\p{White_Space}/]))/u;
const BOUNDARY_AHEAD = new RegExp(BOUNDARY.source, 'gu');
const BOUNDARY_HERE = new RegExp(`^${BOUNDARY.source}`, 'u');
const BLANK_LINE = /\n[^\S\n]*\n(?![\p{White_Space}/])/gu;

/**
 * Walks over a text.
 * @returns stretches in order, none empty; joined they are the text. None for an empty text
 */
export function* stretchesOf(text: string): Generator<Stretch, void, undefined> {
  let start = 0;
  while (text.length - start > SHORTEST) {
    const end = endOfStretch(text, start);
    const torn = end < 0;
    const stop = torn ? wholeCharacters(text, start + LONGEST) : end;
    yield { text: text.slice(start, stop), torn };
    start = stop;
  }
  if (start < text.length) yield { text: text.slice(start), torn: false };
}

/** Where the stretch from `start` ends, or −1 when no boundary comes within the longest stretch. */
function endOfStretch(text: string, start: number): number {
  const paragraph = endOfParagraph(text, start);
  if (paragraph > 0) return paragraph;
  if (text.length - start <= USUAL) return text.length;
  for (let at = start + USUAL; at > start; at -= 1) if (isBoundary(text, at)) return at;
  BOUNDARY_AHEAD.lastIndex = 0;
  const ahead = text.slice(start + USUAL, start + LONGEST);
  const match = BOUNDARY_AHEAD.exec(ahead);
  // A match at the very end has not seen the character that follows it.
  if (match !== null && BOUNDARY_AHEAD.lastIndex < ahead.length)
    return start + USUAL + BOUNDARY_AHEAD.lastIndex;
  return text.length - start <= LONGEST ? text.length : -1;
}

function endOfParagraph(text: string, start: number): number {
  BLANK_LINE.lastIndex = SHORTEST;
  const near = text.slice(start, start + USUAL);
  if (!BLANK_LINE.test(near) || BLANK_LINE.lastIndex === near.length) return -1;
  return start + BLANK_LINE.lastIndex;
}

function isBoundary(text: string, at: number): boolean {
  return wholeCharacters(text, at) === at && BOUNDARY_HERE.test(text.slice(at - 1, at + 2));
}

/** The same place, or one unit earlier where it would part a surrogate pair. */
export function wholeCharacters(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000 ? at - 1 : at;
}
