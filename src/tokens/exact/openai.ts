/** OpenAI's responses/input_tokens. Source: OpenAI's API reference. */
import { refuse } from '../request/fields.ts';
import { shapeOf } from '../request/read-request.ts';
import { type ProviderCounter, without } from './counter.ts';
import { responsesBody } from './responses-body.ts';

/** It takes a responses body without what shapes the answer only. */
const ANSWER_FIELDS: ReadonlySet<string> = new Set([
  'background',
  'include',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'top_logprobs',
  'top_p',
  'user',
]);

const PATH = 'responses/input_tokens';

/** Counts through OpenAI. */
export const openAiCounter: ProviderCounter = {
  provider: 'openai',
  keyVariables: ['OPENAI_API_KEY'],
  baseVariable: 'OPENAI_BASE_URL',
  base: 'https://api.openai.com',
  version: 'v1',
  headers: (key) => ({ authorization: `Bearer ${key}` }),
  askText: (model, text, system) => ({
    path: PATH,
    body: { model, ...(system === '' ? {} : { instructions: system }), input: text },
  }),
  askRequest(model, body) {
    const shape = shapeOf(body);
    if (shape === 'openai-responses') return { path: PATH, body: { ...without(body, ANSWER_FIELDS), model } };
    if (shape === 'openai-chat') return { path: PATH, body: { model, ...responsesBody(body) } };
    throw refuse(
      '',
      'is no OpenAI body',
      'an exact count takes the body in the shape of the provider of the model',
    );
  },
  tokensOf: (answer) => answer.input_tokens,
};
