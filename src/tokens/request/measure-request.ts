/** Measuring a whole request once, from which every model's count follows (`count-request.ts`). */
import { type EncodingName, type LoadEncoding, loadEncoding } from '../encoding.ts';
import { measure, sumMeasures, type TextMeasure } from '../measure.ts';
import type { ModelRequest } from './model-request.ts';
import { type OpenAiFraming, openAiFraming } from './openai-framing.ts';
import { readRequest } from './read-request.ts';

/** What one pass over a request body found. */
export interface RequestMeasure {
  readonly request: ModelRequest;
  /** Messages, tool results and the calls of earlier answers; no framing. */
  readonly text: TextMeasure;
  /** o200k tokens of tools and schemas written out as JSON, as providers other than OpenAI show them. */
  readonly toolJsonTokens: number;
  /** What OpenAI's models add; made at the first call for each vocabulary, then remembered. */
  openAiFraming(encoding: EncodingName): Promise<OpenAiFraming>;
}

/**
 * Reads and counts a request body: OpenAI chat or responses, Anthropic messages, Gemini generateContent, told apart by
 * shape.
 * @param body parsed JSON
 * @throws LedgerError `invalid_argument` when the shape is none of these, or something in it cannot be counted (PDF,
 *   audio, text that lies with the provider); `internal` when the tokenizer cannot be loaded
 */
export async function measureRequest(
  body: unknown,
  load: LoadEncoding = loadEncoding,
): Promise<RequestMeasure> {
  const request = readRequest(body);
  const texts: TextMeasure[] = [];
  for (const turn of request.turns) {
    const called = turn.calls.flatMap((call) => [call.name, call.arguments]);
    for (const text of [...turn.texts, ...called]) texts.push(await measure(text, load));
  }
  const shown = [...request.tools.map(toolJson), ...request.extras].map((each) => JSON.stringify(each));
  const toolTokens = await Promise.all(shown.map(async (json) => (await measure(json, load)).tokens));
  const framings = new Map<EncodingName, Promise<OpenAiFraming>>();
  return {
    request,
    text: sumMeasures(texts),
    toolJsonTokens: toolTokens.reduce((sum, tokens) => sum + tokens, 0),
    openAiFraming(name) {
      const known = framings.get(name) ?? load(name).then((encoding) => openAiFraming(request, encoding));
      framings.set(name, known);
      return known;
    },
  };
}

/** A tool as Anthropic's API takes it. */
function toolJson({ name, description, parameters }: ModelRequest['tools'][number]): unknown {
  return { name, ...(description === '' ? {} : { description }), input_schema: parameters ?? {} };
}
