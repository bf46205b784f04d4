/**
 * Two places where a tokenizer in JavaScript differs from the published one, whose counts are billed.
 *
 * JavaScript's `\s` has U+FEFF (byte order mark) and lacks U+0085 (next line); Unicode's White_Space, which the published
 * pattern means, is the other way round. And gpt-tokenizer 4.0.0 decodes bytes with a decoder that swallows a byte order
 * mark, so it never finds the token for one and makes two of it.
 */

/** A split pattern of gpt-tokenizer with the white space that was meant. */
export function publishedPattern({ source }: RegExp): string {
  return source.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}');
}

/** Behind a blank the mark is found: the vocabulary has the two as text. */
const MARK = /(?<! )\ufeff/g;
/** The mark merged with what source files start with; the vocabulary has these as one token. */
const MERGED_MARK = /^\ufeff(?:using|namespace|\/\/|#|\n\n?|\ufeff)$/;

/** Tokens that gpt-tokenizer counts too many in a pre-token. */
export function surplusOf(pretoken: string): number {
  if (!pretoken.includes('\ufeff')) return 0;
  return (pretoken.match(MARK)?.length ?? 0) + (MERGED_MARK.test(pretoken) ? 1 : 0);
}

/**
 * True for a text whose count may still differ by a token here and there: next lines, and byte order marks elsewhere than
 * at the start.
 */
export function hasUnsureCharacters(text: string): boolean {
  return text.includes('\u0085') || text.indexOf('\ufeff', 1) > 0;
}
