/** Anthropic's count_tokens. Source: its API reference, version 2023-06-01. */
import { refuse } from '../request/fields.ts';
import { hasOpenAiMarks, shapeOf } from '../request/read-request.ts';
import { type ProviderCounter, without } from './counter.ts';

/** It takes a messages body without what shapes the answer only. */
const ANSWER_FIELDS: ReadonlySet<string> = new Set([
  'max_tokens',
  'metadata',
  'service_tier',
  'stop_sequences',
  'stream',
  'temperature',
  'top_k',
  'top_p',
]);

const PATH = 'messages/count_tokens';

/** Counts through Anthropic. */
export const anthropicCounter: ProviderCounter = {
  provider: 'anthropic',
  keyVariables: ['ANTHROPIC_API_KEY'],
  baseVariable: 'ANTHROPIC_BASE_URL',
  base: 'https://api.anthropic.com',
  version: 'v1',
  headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  askText: (model, text, system) => ({
    path: PATH,
    body: { model, ...(system === '' ? {} : { system }), messages: [{ role: 'user', content: text }] },
  }),
  askRequest(model, body) {
    const shape = shapeOf(body);
    if (shape !== 'anthropic' && (shape !== 'openai-chat' || hasOpenAiMarks(body))) {
      throw refuse(
        '',
        'is no Anthropic messages body',
        'an exact count takes the body in the shape of the provider of the model',
      );
    }
    return { path: PATH, body: { ...without(body, ANSWER_FIELDS), model } };
  },
  tokensOf: (answer) => answer.input_tokens,
};
