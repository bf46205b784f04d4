/** What an account's settled calls teach an estimate, and how it is told. */
import { corrected, correctionOf, factorText } from '../../core/token-corrections.ts';
import type { CountedInput } from '../estimate-input.ts';
import type { Market } from '../market.ts';
import { count } from '../render/amounts.ts';
import { printable } from '../render/width.ts';

/** How a count was adjusted. */
export interface Learnt {
  readonly factor: number;
  /** Settled calls that it comes from. */
  readonly calls: number;
  /** The count without it. */
  readonly uncorrectedTokens: number;
}

/** A count and how it was adjusted; null: it was not. */
export interface LearntCount {
  readonly counted: CountedInput;
  readonly learnt: Learnt | null;
}

/** Adjusts a count on a model by what the account's calls of it used. A count without a range stays as it is. */
export async function learntCount(
  { tokenRecords }: Market,
  model: string,
  counted: CountedInput,
): Promise<LearntCount> {
  if (counted.method !== 'approximate' || counted.tokens === 0) return { counted, learnt: null };
  const records = (await tokenRecords()).get(model);
  if (records === undefined) return { counted, learnt: null };
  const correction = correctionOf(records);
  const { factor, calls } = correction;
  const { framingTokens } = counted;
  const framing = framingTokens === null ? null : Math.round(framingTokens * factor);
  return {
    counted: { ...corrected(counted, correction), framingTokens: framing },
    learnt: { factor, calls, uncorrectedTokens: counted.tokens },
  };
}

/** Said of one model's estimate. */
export function learntNotice(name: string, { factor, calls, uncorrectedTokens }: Learnt): string {
  return `the count is adjusted by × ${factorText({ factor })}, from ${count(calls, 'settled call')} of ${printable(name)}; without that it is ${count(uncorrectedTokens, 'input token')} (tell a hold with --estimated-tokens)`;
}

/** Said of a comparison. */
export function learntOverview(
  rows: readonly { readonly name: string; readonly learnt: Learnt | null }[],
): string[] {
  const parts = rows.flatMap(({ name, learnt }) =>
    learnt === null
      ? []
      : [`${printable(name)} × ${factorText(learnt)} (${count(learnt.calls, 'settled call')})`],
  );
  return parts.length === 0 ? [] : [`counts are adjusted by what settled calls used: ${parts.join(', ')}`];
}

/** As a field of `credits.estimate/v1`. */
export const learntField = (learnt: Learnt | null): object =>
  learnt === null ? {} : { correction: { ...learnt, factor: Math.round(learnt.factor * 1e6) / 1e6 } };
