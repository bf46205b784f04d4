/** The o200k vocabulary (GPT-4o and later). Loaded through `encoding.ts` only: it brings a rank table of 2.4 MB. */
import { countTokens, setMergeCacheSize } from 'gpt-tokenizer/encoding/o200k_base';
import { O200K_TOKEN_SPLIT_REGEX } from 'gpt-tokenizer/encodingParams/constants';
import { publishedPattern, surplusOf } from './as-published.ts';
import type { Encoding } from './encoding.ts';

// Without this option a text that holds `<|endoftext|>` throws; with it such text counts as what it is, plain text.
const PLAIN = { disallowedSpecial: new Set<string>() };

// The library's own cache moves an entry to the end at every hit. A JavaScript Map keeps what was deleted in its chains
// for a while, so one word said 300,000 times after 100,000 others took 9 s. `guard.ts` remembers counts without moving.
setMergeCacheSize(0);

/** Counts with o200k. */
export const o200k: Encoding = {
  name: 'o200k',
  splitPattern: publishedPattern(O200K_TOKEN_SPLIT_REGEX),
  // `countTokens`, never `encode(text).length`: encode spreads long pieces into push() and can overflow the stack.
  count: (pretoken) => countTokens(pretoken, PLAIN) - surplusOf(pretoken),
};
