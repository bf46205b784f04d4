/**
 * What models other than OpenAI's add to the text of a request: a start, something for each further message and call,
 * and the tools as JSON. Only Anthropic documents any of it; the rest is a range.
 */

import type { Factor } from '../factors.ts';
import { type CountedModel, type Framing, subjectOf } from '../families.ts';
import type { ModelRequest } from './model-request.ts';

type Range = readonly [low: number, mid: number, high: number];

/** Tokens beside the text for one family. */
export interface FramingRule {
  /** Once per request without tools, with its first message and the system text. */
  readonly start: Range;
  /** For each message after the first, system text aside. */
  readonly message: Range;
  /** For each call of a tool in an earlier answer, beside its name and arguments; no figure is published. */
  readonly call: Range;
  /** Hundredths of an o200k token for each o200k token of the tools' JSON. */
  readonly toolJson: Factor;
  /** The system prompt that tools bring along; it takes the place of `start`. Null where nothing is known of one. */
  toolPrompt(model: CountedModel, request: ModelRequest): number | null;
}

/**
 * Sources: Anthropic's token counting page (7 text + 7 = 14; tool system prompts of the 4.x models and Haiku 3), Google's
 * sample (usage shows one token more than countTokens). Per message and per call: unverified.
 */
export const FRAMING_RULES = {
  claude: {
    start: [7, 7, 7],
    message: [3, 4, 5],
    call: [5, 20, 50],
    toolJson: [90, 100, 130],
    toolPrompt: claudeTools,
  },
  gemini: {
    start: [1, 1, 1],
    message: [0, 0, 2],
    call: [0, 5, 20],
    toolJson: [80, 120, 150],
    toolPrompt: () => null,
  },
  other: {
    start: [1, 4, 20],
    message: [3, 4, 6],
    call: [0, 8, 30],
    toolJson: [70, 100, 150],
    toolPrompt: () => null,
  },
} as const satisfies Record<Exclude<Framing, 'openai'>, FramingRule>;

function claudeTools(model: CountedModel, { toolChoice }: ModelRequest): number {
  const isForced = toolChoice !== 'auto' && toolChoice !== 'none';
  const { slug } = subjectOf(model);
  // `claude-haiku` is Claude 3 Haiku in the default catalogue.
  if (/^claude-(?:3-haiku|3[.-]5-haiku|haiku(?!-))/.test(slug)) return isForced ? 340 : 264;
  return isForced ? 313 : 346;
}
