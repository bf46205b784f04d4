/**
 * The tokens of a measured text on a model: exact with the model's own vocabulary, else the o200k count times the
 * family's factors, as a range.
 */

import type { Factors } from './factors.ts';
import { type CountedModel, type Family, familyOf } from './families.ts';
import type { Kind } from './kinds.ts';
import type { TextMeasure } from './measure.ts';

/** A number of tokens and how sure it is. Whole numbers, `low <= tokens <= high`. */
export interface TokenCount {
  /** The most likely number, rounded up. */
  readonly tokens: number;
  readonly low: number;
  readonly high: number;
  /** `exact`: the model's own vocabulary; then `low` and `high` equal `tokens`. */
  readonly method: 'exact' | 'approximate';
  /** In words: `o200k`, `o200k ± 2%` (see `guard.ts`), `o200k × claude prose`, `o200k × claude mixed text`. */
  readonly how: string;
}

/** A count that is still a range of hundredths of a token, so that parts can be added before anything is rounded. */
export interface Hundredths {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** Range of a count that may drift, in hundredths; measured were up to 1.6 %. */
const DRIFT = { low: 98, high: 102 } as const;

/**
 * Counts a measured text on one model. Loads a second vocabulary only for a model that has it (GPT-4, GPT-3.5), and
 * counts the text with it once, however many such models are asked for.
 * @throws LedgerError `internal` when that vocabulary cannot be loaded
 */
export async function countFor(model: CountedModel, measure: TextMeasure): Promise<TokenCount> {
  const family = familyOf(model);
  const { range, exact } = await textOn(family, measure);
  return tokenCount(range, exact, wordsFor(family, measure, exact));
}

/** The text's part of a count. */
export async function textOn(
  family: Family,
  measure: TextMeasure,
): Promise<{ range: Hundredths; exact: boolean }> {
  if (measure.tokens === 0) return { range: { low: 0, mid: 0, high: 0 }, exact: true };
  if ('factors' in family.counts) {
    return { range: widen(scale(measure.byKind, family.counts.factors), measure.drifts), exact: false };
  }
  const { tokens, drifts } = await measure.count(family.counts.encoding);
  const hundredths = tokens * 100;
  return { range: widen({ low: hundredths, mid: hundredths, high: hundredths }, drifts), exact: !drifts };
}

/** Rounds a range to whole tokens: low down, mid and high up. */
export function tokenCount(range: Hundredths, exact: boolean, how: string): TokenCount {
  return {
    tokens: Math.ceil(range.mid / 100),
    low: Math.floor(range.low / 100),
    high: Math.ceil(range.high / 100),
    method: exact ? 'exact' : 'approximate',
    how,
  };
}

/** The `how` of a text on a family. */
export function wordsFor(family: Family, measure: TextMeasure, exact: boolean): string {
  if ('encoding' in family.counts) return exact ? family.name : `${family.name} ± 2%`;
  return measure.tokens === 0 ? 'o200k' : `o200k × ${family.name} ${kindWords(measure)}`;
}

const KIND_WORDS = {
  english: 'prose',
  code: 'code',
  json: 'JSON',
  numbers: 'numbers',
  random: 'random letters',
  latin: 'Latin script',
  cyrillic: 'Cyrillic',
  arabic: 'Arabic',
  devanagari: 'Devanagari',
  chinese: 'Chinese',
  japanese: 'Japanese',
  korean: 'Korean',
  other: 'other scripts',
} as const satisfies Record<Kind, string>;

function kindWords({ byKind, tokens }: TextMeasure): string {
  for (const [kind, part] of byKind) if (part * 5 >= tokens * 4) return KIND_WORDS[kind];
  return 'mixed text';
}

function scale(byKind: ReadonlyMap<Kind, number>, factors: Factors): Hundredths {
  let low = 0;
  let mid = 0;
  let high = 0;
  for (const [kind, tokens] of byKind) {
    const factor = factors[kind];
    low += tokens * factor[0];
    mid += tokens * factor[1];
    high += tokens * factor[2];
  }
  return { low, mid, high };
}

function widen(range: Hundredths, drifts: boolean): Hundredths {
  if (!drifts) return range;
  return { low: (range.low * DRIFT.low) / 100, mid: range.mid, high: (range.high * DRIFT.high) / 100 };
}
