/** The input tokens of a measured request on a model: text, framing, tools and images. */
import { type Hundredths, type TokenCount, textOn, tokenCount, wordsFor } from '../count.ts';
import { CLAUDE_NEXT } from '../factors.ts';
import { CLAUDE_FROM_4_7, type CountedModel, type Family, familyOf, subjectOf } from '../families.ts';
import { imageTokens } from './images.ts';
import type { RequestMeasure } from './measure-request.ts';
import type { ModelRequest } from './model-request.ts';
import { FRAMING_RULES } from './other-framing.ts';

/** A request's input tokens. */
export interface RequestCount extends TokenCount {
  /** The text alone, rounded up. */
  readonly textTokens: number;
  /** Everything beside the text: messages, tools, images. `textTokens + framingTokens = tokens`. */
  readonly framingTokens: number;
  /** What could not be counted, one sentence each, for stderr. */
  readonly notes: readonly string[];
}

/**
 * Counts a measured request on one model, in the framing of that model's own provider, whatever shape the body has.
 * Exact only where the framing was checked against the API: text on GPT-4o, GPT-4o mini, GPT-4 and GPT-3.5.
 */
export async function countRequestFor(model: CountedModel, measure: RequestMeasure): Promise<RequestCount> {
  const family = familyOf(model);
  const { request } = measure;
  const text = await textOn(family, measure.text);
  const parts: Hundredths[] = [text.range];
  parts.push(
    family.framing === 'openai'
      ? await openAiPart(model, family, measure)
      : otherPart(model, family, measure),
  );
  for (const image of request.turns.flatMap((turn) => turn.images))
    parts.push(imageTokens(family, model, image));
  const exact = text.exact && 'encoding' in family.counts && isKnownFraming(model) && isPlain(request);
  const count = tokenCount(sum(parts), exact, `${wordsFor(family, measure.text, text.exact)}, with framing`);
  const textTokens = Math.ceil(text.range.mid / 100);
  return { ...count, textTokens, framingTokens: count.tokens - textTokens, notes: request.notes };
}

function sum(parts: readonly Hundredths[]): Hundredths {
  return parts.reduce((one, other) => ({
    low: one.low + other.low,
    mid: one.mid + other.mid,
    high: one.high + other.high,
  }));
}

/** Models whose framing OpenAI's cookbook checks against the API; the `0301` and `0314` snapshots had another. */
function isKnownFraming(model: CountedModel): boolean {
  return /^(?:gpt-4o(?:-mini)?|gpt-4|gpt-3\.5-turbo)(?:-(?!0301|0314)\d{4}(?:-\d\d-\d\d)?)?(?::\w+)?$/.test(
    subjectOf(model).slug,
  );
}

/** True when a request is text messages only: what the published formula was checked on. */
function isPlain({ turns, tools, extras }: ModelRequest): boolean {
  const isText = turns.every(
    ({ role, texts, images, calls }) =>
      texts.length <= 1 &&
      images.length === 0 &&
      calls.length === 0 &&
      role !== 'function' &&
      role !== 'tool',
  );
  return isText && tools.length === 0 && extras.length === 0;
}

async function openAiPart(model: CountedModel, family: Family, measure: RequestMeasure): Promise<Hundredths> {
  const encoding = 'encoding' in family.counts ? family.counts.encoding : 'o200k';
  const { messages, tools } = await measure.openAiFraming(encoding);
  const { turns } = measure.request;
  // One token more or less for each message is what newer chat formats have been seen to differ by.
  const unsure = isKnownFraming(model) ? 0 : turns.length + 1;
  const calls = turns.reduce((count, turn) => count + turn.calls.length, 0);
  return {
    low: (messages - unsure) * 100 + tools * 90,
    mid: (messages + tools) * 100,
    high: (messages + unsure + calls * 5) * 100 + tools * 115,
  };
}

function otherPart(model: CountedModel, family: Family, measure: RequestMeasure): Hundredths {
  if (family.framing === 'openai') throw new Error('OpenAI framing is counted by its own rule');
  const rule = FRAMING_RULES[family.framing];
  const { turns, tools, extras } = measure.request;
  const prompt = tools.length + extras.length === 0 ? null : rule.toolPrompt(model, measure.request);
  const further = Math.max(
    0,
    turns.filter(({ role }) => role !== 'system' && role !== 'developer').length - 1,
  );
  const calls = turns.reduce((count, turn) => count + turn.calls.length, 0);
  const part = (at: 0 | 1 | 2): number => {
    const beside = (prompt ?? rule.start[at]) + further * rule.message[at] + calls * rule.call[at];
    const next = family === CLAUDE_FROM_4_7 ? CLAUDE_NEXT.json[at] : 100;
    return beside * 100 + (measure.toolJsonTokens * rule.toolJson[at] * next) / 100;
  };
  return { low: part(0), mid: part(1), high: part(2) };
}
