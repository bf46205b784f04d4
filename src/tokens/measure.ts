/**
 * Measuring a text: one pass of tokenizing, from which every model's count follows by multiplication (`count.ts`).
 */
import { type EncodingName, type LoadEncoding, loadEncoding } from './encoding.ts';
import { countGuarded, type GuardedCount } from './guard.ts';
import { type Kind, type KindShare, kindsOf } from './kinds.ts';

/** What one pass over a text found. */
export interface TextMeasure extends GuardedCount {
  /** o200k tokens by kind of text, whole numbers above 0; together `tokens`. Empty for an empty text. */
  readonly byKind: ReadonlyMap<Kind, number>;
  /** The count with another vocabulary; made at the first call for each, then remembered. */
  count(encoding: EncodingName): Promise<GuardedCount>;
}

/**
 * Counts a text with o200k, by kind of text. Linear in its length, whatever it holds.
 * @param text any text, also with lone surrogates; empty is 0 tokens
 * @param load where tokenizers come from; loaded at the first text that is not empty
 * @throws LedgerError `internal` when the tokenizer cannot be loaded
 */
export async function measure(text: string, load: LoadEncoding = loadEncoding): Promise<TextMeasure> {
  const byKind = new Map<Kind, number>();
  const whole = await countText('o200k', text, load, (stretch, tokens) => {
    for (const [kind, part] of apportion(tokens, kindsOf(stretch))) {
      byKind.set(kind, (byKind.get(kind) ?? 0) + part);
    }
  });
  const counts = new Map<EncodingName, Promise<GuardedCount>>([['o200k', Promise.resolve(whole)]]);
  return {
    ...whole,
    byKind,
    count(encoding) {
      const known = counts.get(encoding) ?? countText(encoding, text, load);
      counts.set(encoding, known);
      return known;
    },
  };
}

/**
 * Adds up the measures of texts that were measured each by itself: a prompt and its files.
 */
export function sumMeasures(measures: readonly TextMeasure[]): TextMeasure {
  const byKind = new Map<Kind, number>();
  for (const each of measures) {
    for (const [kind, tokens] of each.byKind) byKind.set(kind, (byKind.get(kind) ?? 0) + tokens);
  }
  return {
    ...sumCounts(measures),
    byKind,
    count: async (encoding) => sumCounts(await Promise.all(measures.map((each) => each.count(encoding)))),
  };
}

function sumCounts(counts: readonly GuardedCount[]): GuardedCount {
  return {
    tokens: counts.reduce((sum, each) => sum + each.tokens, 0),
    drifts: counts.some((each) => each.drifts),
  };
}

async function countText(
  name: EncodingName,
  text: string,
  load: LoadEncoding,
  onStretch?: (stretch: string, tokens: number) => void,
): Promise<GuardedCount> {
  if (text === '') return { tokens: 0, drifts: false };
  return countGuarded(await load(name), text, onStretch);
}

/** Splits whole tokens by shares; what rounding leaves goes to the largest share. */
function apportion(tokens: number, shares: readonly KindShare[]): [Kind, number][] {
  const largest = shares.reduce((best, each) => (each.share > best.share ? each : best));
  const parts: [Kind, number][] = [];
  let rest = tokens;
  for (const each of shares) {
    if (each === largest) continue;
    const part = Math.floor(tokens * each.share);
    if (part > 0) parts.push([each.kind, part]);
    rest -= part;
  }
  if (rest > 0) parts.push([largest.kind, rest]);
  return parts;
}
