/** Tells whose request a body is, by its shape, and reads it. */
import { isObject, type Json, refuse, requireShallow } from './fields.ts';
import type { ModelRequest, RequestShape } from './model-request.ts';
import { readAnthropic } from './read-anthropic.ts';
import { readGemini } from './read-gemini.ts';
import { readOpenAiChat } from './read-openai-chat.ts';
import { readOpenAiResponses } from './read-openai-responses.ts';

const READERS = {
  'openai-chat': readOpenAiChat,
  'openai-responses': readOpenAiResponses,
  anthropic: readAnthropic,
  gemini: readGemini,
} as const satisfies Record<RequestShape, (body: Json) => ModelRequest>;

const SHAPES_HINT =
  'give the body of an OpenAI chat or responses call (messages, input), an Anthropic messages call (messages) or a Gemini generateContent call (contents)';

/**
 * Reads a request body in whichever of the known shapes it is.
 * @param body parsed JSON
 * @throws LedgerError `invalid_argument` when it has none of the shapes, or mixes two, or holds what cannot be counted
 */
export function readRequest(body: unknown): ModelRequest {
  if (!isObject(body)) throw refuse('', 'must be a JSON object', SHAPES_HINT);
  requireShallow(body);
  return READERS[shapeOf(body)](body);
}

/**
 * The shape of a body. A body with `messages` that are plain text and nothing else reads the same as OpenAI's and as
 * Anthropic's; it counts as OpenAI's.
 * @throws LedgerError `invalid_argument` when it has none, or mixes two
 */
export function shapeOf(body: Json): RequestShape {
  const found: RequestShape[] = [];
  if (body.contents !== undefined) found.push('gemini');
  if (body.input !== undefined) found.push('openai-responses');
  if (body.messages !== undefined) {
    const isAnthropic = hasAnthropicMarks(body);
    if (isAnthropic) found.push('anthropic');
    if (!isAnthropic || hasOpenAiMarks(body)) found.push('openai-chat');
  }
  const [shape, other] = found;
  if (shape === undefined) throw refuse('', 'has none of the known shapes', SHAPES_HINT);
  if (other !== undefined) throw refuse('', `mixes the shapes ${found.join(' and ')}`, SHAPES_HINT);
  return shape;
}

const ANTHROPIC_BLOCKS = new Set<unknown>([
  'image',
  'document',
  'tool_use',
  'tool_result',
  'search_result',
  'thinking',
  'redacted_thinking',
]);

function hasAnthropicMarks(body: Json): boolean {
  const choice = body.tool_choice;
  return (
    body.system !== undefined ||
    body.anthropic_version !== undefined ||
    objectsIn(body.tools).some((tool) => 'input_schema' in tool) ||
    (isObject(choice) && ['auto', 'any', 'none', 'tool'].includes(String(choice.type))) ||
    partsOf(body).some((part) => ANTHROPIC_BLOCKS.has(part.type))
  );
}

const OPENAI_ROLES = new Set<unknown>(['system', 'developer', 'tool', 'function']);

/** True when a body with `messages` has something that only OpenAI's shape has. */
export function hasOpenAiMarks(body: Json): boolean {
  return (
    body.functions !== undefined ||
    objectsIn(body.tools).some((tool) => 'function' in tool) ||
    objectsIn(body.messages).some((message) => OPENAI_ROLES.has(message.role) || 'tool_calls' in message) ||
    partsOf(body).some((part) => part.type === 'image_url' || part.type === 'input_audio')
  );
}

function objectsIn(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function partsOf(body: Json): Json[] {
  return objectsIn(body.messages).flatMap((message) => objectsIn(message.content));
}
