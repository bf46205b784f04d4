/**
 * Which family of vocabularies a model belongs to: one table, first match wins. A family says how its tokens follow from
 * the o200k count of a text, or that they are that count.
 */
import type { EncodingName } from './encoding.ts';
import { CLAUDE, CLAUDE_NEXT, type Factors, GEMINI, times, uniform } from './factors.ts';

/** What token counting needs to know of a model. */
export interface CountedModel {
  /** Id as in the catalogue, for example `gpt-4o` or `openrouter/anthropic/claude-opus-4.7`; any case. */
  readonly id: string;
  readonly provider: string;
  /** `architecture.tokenizer` of an OpenRouter row, if known. */
  readonly tokenizer?: string | null | undefined;
}

/** How the parts of a request beside its text are counted. */
export type Framing = 'openai' | 'claude' | 'gemini' | 'other';

/** A family of models that share a vocabulary, as far as is known. */
export interface Family {
  /** Name in the `method` text. */
  readonly name: string;
  readonly framing: Framing;
  /** The model's own vocabulary: its counts are exact. Else factors over the o200k count. */
  readonly counts: { readonly encoding: EncodingName } | { readonly factors: Factors };
}

const O200K: Family = { name: 'o200k', framing: 'openai', counts: { encoding: 'o200k' } };
const CL100K: Family = { name: 'cl100k', framing: 'openai', counts: { encoding: 'cl100k' } };
const CLAUDE_TO_4_6: Family = { name: 'claude', framing: 'claude', counts: { factors: CLAUDE } };
/** Claude from 4.7 on: another vocabulary than before. */
export const CLAUDE_FROM_4_7: Family = {
  name: 'claude 4.7',
  framing: 'claude',
  counts: { factors: times(CLAUDE, CLAUDE_NEXT) },
};
const GEMMA_3: Family = { name: 'gemini', framing: 'gemini', counts: { factors: GEMINI } };
const GPT: Family = { name: 'gpt', framing: 'openai', counts: { factors: uniform([80, 100, 120]) } };
const NAMED: Family = { name: 'named', framing: 'other', counts: { factors: uniform([80, 100, 120]) } };
const UNKNOWN: Family = { name: 'unknown', framing: 'other', counts: { factors: uniform([75, 100, 135]) } };

/** A model as the table looks at it, in lower case: `openrouter/AUTHOR/SLUG` is the author's slug, else provider and id. */
interface Subject {
  readonly author: string;
  readonly slug: string;
  readonly tokenizer: string;
}

interface FamilyRow {
  readonly family: Family;
  /** All that are given must match. */
  readonly author?: RegExp;
  readonly slug?: RegExp;
  readonly tokenizer?: RegExp;
}

const OPENAI = /^openai$/;
const ANTHROPIC = /^anthropic$/;
const GOOGLE = /^google$/;

/** Source: OpenAI's own list of encodings; OpenRouter's `architecture.tokenizer`. */
const FAMILY_ROWS: readonly FamilyRow[] = [
  // `gpt-4-…` and `gpt-4:…` are no `gpt-4o`; a fine-tuned model (`ft:gpt-4o-mini:…`) keeps its vocabulary.
  { family: CL100K, author: OPENAI, slug: /^(?:ft:)?(?:gpt-(?:4|3\.?5)(?![.\w])|text-embedding-)/ },
  {
    family: O200K,
    author: OPENAI,
    slug: /^(?:ft:)?(?:(?:chatgpt-|gpt-)4o|gpt-4\.[15]|gpt-5|gpt-oss|o[1-9]|codex|computer-use)(?![a-z0-9])/,
  },
  { family: GPT, author: OPENAI },
  { family: CLAUDE_FROM_4_7, author: ANTHROPIC, slug: claudeFrom(4, 7) },
  { family: CLAUDE_TO_4_6, author: ANTHROPIC },
  { family: GEMMA_3, author: GOOGLE, slug: /^(?:gemini|gemma-3)/ },
  { family: NAMED, author: GOOGLE },
  { family: CLAUDE_FROM_4_7, tokenizer: /^claude$/, slug: claudeFrom(4, 7) },
  { family: CLAUDE_TO_4_6, tokenizer: /^claude$/ },
  { family: GEMMA_3, tokenizer: /^gemini$/ },
  { family: UNKNOWN, tokenizer: /^(?:other|router)$/ },
  { family: NAMED, tokenizer: /./ },
  {
    family: NAMED,
    author:
      /^(?:meta-llama|mistralai|qwen|deepseek|x-ai|cohere|amazon|nvidia|microsoft|z-ai|moonshotai|minimax)$/,
  },
];

/**
 * Matches a Claude id of at least this version, wherever the numbers stand (`claude-opus-4-7`, `claude-opus-4.7`,
 * `claude-3-5-sonnet`, `claude-sonnet-5`); a date (`-20250514`) is no version, an id without numbers is an older one.
 */
function claudeFrom(major: number, minor: number): RegExp {
  const sameMajor = `${major}[.-](?:[${minor}-9]|[1-9]\\d)(?!\\d)`;
  const laterMajor = `(?:[${major + 1}-9]|[1-9]\\d)(?!\\d)`;
  return new RegExp(`^claude(?:-[a-z]+)*-(?:${sameMajor}|${laterMajor})`);
}

/**
 * Looks a model's family up. Never fails: a model nobody has listed counts as `unknown`, with a wide range.
 */
export function familyOf(model: CountedModel): Family {
  const subject = subjectOf(model);
  const row = FAMILY_ROWS.find(
    ({ author, slug, tokenizer }) =>
      (author?.test(subject.author) ?? true) &&
      (slug?.test(subject.slug) ?? true) &&
      (tokenizer?.test(subject.tokenizer) ?? true),
  );
  return row?.family ?? UNKNOWN;
}

/** Takes a model's id apart. Author and slug in lower case, without the `openrouter/` and the `~` of a moving alias. */
export function subjectOf({ id, provider, tokenizer }: CountedModel): Subject {
  const names = { tokenizer: (tokenizer ?? '').toLowerCase() };
  const whole = id.toLowerCase();
  const match = /^(?:openrouter\/)?~?([^/]+)\/(.+)$/.exec(whole);
  if (match === null) return { author: provider.toLowerCase(), slug: whole, ...names };
  return { author: match[1]!, slug: match[2]!, ...names };
}
