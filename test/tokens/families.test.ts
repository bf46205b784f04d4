import { describe, expect, test } from 'vitest';
import { CLAUDE, CLAUDE_NEXT, type Factors, GEMINI, times } from '../../src/tokens/factors.ts';
import { familyOf } from '../../src/tokens/families.ts';

const TABLE = `
  id                                          provider    tokenizer  family
  gpt-4o                                      openai      -          o200k
  GPT-4o-mini                                 openai      -          o200k
  gpt-4o-2024-08-06                           openai      -          o200k
  chatgpt-4o-latest                           openai      -          o200k
  gpt-4.1-nano                                openai      -          o200k
  gpt-5                                       openai      -          o200k
  gpt-5.4-pro                                 openai      -          o200k
  o1                                          openai      -          o200k
  o3-mini                                     openai      -          o200k
  o4-mini-high                                openai      -          o200k
  ft:gpt-4o-mini:acme::1                      openai      -          o200k
  gpt-4                                       openai      -          cl100k
  gpt-4-turbo                                 openai      -          cl100k
  gpt-4-0613                                  openai      -          cl100k
  gpt-3.5-turbo                               openai      -          cl100k
  gpt-99                                      openai      -          gpt
  openrouter/openai/gpt-4o                    openrouter  GPT        o200k
  openrouter/openai/gpt-4o:extended           openrouter  -          o200k
  openrouter/openai/gpt-5.4                   openrouter  GPT        o200k
  openrouter/openai/o3                        openrouter  GPT        o200k
  openrouter/openai/gpt-oss-20b:free          openrouter  GPT        o200k
  openrouter/openai/gpt-4                     openrouter  GPT        cl100k
  openrouter/openai/gpt-3.5-turbo-16k         openrouter  GPT        cl100k
  claude-sonnet-4                             anthropic   -          claude
  claude-haiku                                anthropic   -          claude
  claude-sonnet-4-20250514                    anthropic   -          claude
  claude-3-5-sonnet-20241022                  anthropic   -          claude
  claude-3.7-sonnet                           anthropic   -          claude
  claude-opus-4-1-20250805                    anthropic   -          claude
  claude-opus-4-6                             anthropic   -          claude
  claude-opus-4-7                             anthropic   -          claude 4.7
  claude-opus-4-7-20260401                    anthropic   -          claude 4.7
  claude-opus-4-10                            anthropic   -          claude 4.7
  claude-sonnet-5                             anthropic   -          claude 4.7
  openrouter/anthropic/claude-opus-4.7        openrouter  Claude     claude 4.7
  openrouter/anthropic/claude-opus-4.6        openrouter  Claude     claude
  openrouter/anthropic/claude-3.5-haiku:beta  openrouter  Claude     claude
  openrouter/~anthropic/claude-opus-latest    openrouter  Claude     claude
  gemini-2.5-pro                              google      -          gemini
  openrouter/google/gemini-3.1-flash          openrouter  Gemini     gemini
  openrouter/google/gemma-3-27b-it            openrouter  Gemini     gemini
  openrouter/google/gemma-2-9b-it             openrouter  Gemini     named
  openrouter/qwen/qwen3.5-35b-a3b             openrouter  Qwen3      named
  openrouter/qwen/qwen3.5-35b-a3b             openrouter  -          named
  openrouter/meta-llama/llama-4               openrouter  Llama4     named
  openrouter/acme/claude-like                 openrouter  Llama3     named
  openrouter/acme/wonder                      openrouter  Other      unknown
  openrouter/openrouter/auto                  openrouter  Router     unknown
  openrouter/acme/wonder                      openrouter  -          unknown
  house-model                                 acme        -          unknown
`;

describe('the family of a model', () => {
  const rows = TABLE.trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/) as [string, string, string, string]);

  test.each(rows)('%s of %s with %s is %s', (id, provider, tokenizer, family) => {
    expect(familyOf({ id, provider, tokenizer: tokenizer === '-' ? null : tokenizer }).name).toBe(family);
  });
});

describe('factors', () => {
  const tables: readonly (readonly [string, Factors])[] = [
    ['Claude', CLAUDE],
    ['Claude from 4.7, on 4.6', CLAUDE_NEXT],
    ['Gemini', GEMINI],
  ];

  test.each(tables)('%s: low ≤ mid ≤ high, all above 0', (_, factors) => {
    for (const [low, mid, high] of Object.values(factors)) {
      expect(low).toBeGreaterThan(0);
      expect(mid).toBeGreaterThanOrEqual(low);
      expect(high).toBeGreaterThanOrEqual(mid);
    }
  });

  test('one generation on another multiplies each bound', () => {
    expect(times(CLAUDE, CLAUDE_NEXT).english).toEqual([126, 157, 192]);
    expect(times(CLAUDE, CLAUDE_NEXT).cyrillic).toEqual(CLAUDE.cyrillic);
  });
});
