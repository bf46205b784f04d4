/** The cl100k vocabulary (GPT-4, GPT-3.5). Loaded through `encoding.ts` only. */
import { countTokens, setMergeCacheSize } from 'gpt-tokenizer/encoding/cl100k_base';
import { CL100K_TOKEN_SPLIT_REGEX } from 'gpt-tokenizer/encodingParams/constants';
import { publishedPattern, surplusOf } from './as-published.ts';
import type { Encoding } from './encoding.ts';

const PLAIN = { disallowedSpecial: new Set<string>() };

// As in `o200k.ts`: the library's cache can be slow, and `guard.ts` has one.
setMergeCacheSize(0);

/** Counts with cl100k. */
export const cl100k: Encoding = {
  name: 'cl100k',
  splitPattern: publishedPattern(CL100K_TOKEN_SPLIT_REGEX),
  count: (pretoken) => countTokens(pretoken, PLAIN) - surplusOf(pretoken),
};
