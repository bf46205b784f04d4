/** Reads the body of OpenAI's responses endpoint. */
import {
  countIn,
  type Json,
  listAt,
  objectAt,
  optionalListAt,
  optionalTextAt,
  refuse,
  textAt,
} from './fields.ts';
import { imageOfUrl } from './images.ts';
import { type ModelRequest, newTurn, type Turn } from './model-request.ts';
import { ASK_PROVIDER, openAiToolChoice, openAiTools } from './read-openai-chat.ts';

/**
 * @param body with `input` (text or items); `instructions`, `tools`, `tool_choice` and `text.format` count too
 * @throws LedgerError `invalid_argument` naming the place of what is malformed or cannot be counted: files, audio, and
 *   earlier turns that lie with the provider (`previous_response_id`, `conversation`, `item_reference`)
 */
export function readOpenAiResponses(body: Json): ModelRequest {
  for (const elsewhere of ['previous_response_id', 'conversation', 'prompt']) {
    if (body[elsewhere] !== undefined && body[elsewhere] !== null) {
      throw refuse(elsewhere, 'points at text that lies with the provider', ASK_PROVIDER);
    }
  }
  const turns: Turn[] = [];
  const instructions = optionalTextAt(body.instructions, 'instructions');
  if (instructions !== '') turns.push(textTurn('system', instructions));
  const { input } = body;
  if (typeof input === 'string') turns.push(textTurn('user', input));
  else for (const [at, item] of listAt(input, 'input').entries()) turns.push(itemAt(item, `input[${at}]`));
  const { tools, extras, notes } = openAiTools(body.tools, null);
  const format = body.text === undefined ? undefined : objectAt(body.text, 'text').format;
  const schema = typeof format === 'object' && format !== null && 'schema' in format ? [format.schema] : [];
  return {
    shape: 'openai-responses',
    model: typeof body.model === 'string' ? body.model : null,
    maxOutputTokens: countIn({ max_output_tokens: body.max_output_tokens }),
    turns,
    tools,
    isLegacy: false,
    toolChoice: openAiToolChoice(body.tool_choice),
    extras: [...extras, ...schema],
    notes,
  };
}

function textTurn(role: string, text: string): Turn {
  const turn = newTurn(role);
  turn.texts.push(text);
  return turn;
}

function itemAt(value: unknown, path: string): Turn {
  const item = objectAt(value, path);
  const type = item.type ?? 'message';
  switch (type) {
    case 'message':
      return readContent(item.content, `${path}.content`, newTurn(textAt(item.role, `${path}.role`)));
    case 'reasoning':
      // Encrypted reasoning is text to nobody but the provider; what it shows is the summary.
      return readParts(
        optionalListAt(item.summary, `${path}.summary`),
        `${path}.summary`,
        newTurn('assistant'),
      );
    case 'function_call': {
      const turn = newTurn('assistant');
      turn.calls.push({
        name: textAt(item.name, `${path}.name`),
        arguments: optionalTextAt(item.arguments, `${path}.arguments`),
      });
      return turn;
    }
    case 'function_call_output':
      return readContent(item.output, `${path}.output`, newTurn('tool'));
    default:
      throw refuse(path, `has the type ${JSON.stringify(type)}, which cannot be counted here`, ASK_PROVIDER);
  }
}

function readContent(content: unknown, path: string, turn: Turn): Turn {
  if (typeof content !== 'string') return readParts(listAt(content, path), path, turn);
  turn.texts.push(content);
  return turn;
}

const TEXT_PARTS = new Set<unknown>(['input_text', 'output_text', 'summary_text', 'text']);

function readParts(parts: readonly unknown[], path: string, turn: Turn): Turn {
  for (const [at, value] of parts.entries()) {
    const place = `${path}[${at}]`;
    const part = objectAt(value, place);
    const { type } = part;
    if (TEXT_PARTS.has(type)) turn.texts.push(textAt(part.text, `${place}.text`));
    else if (type === 'refusal') turn.texts.push(textAt(part.refusal, `${place}.refusal`));
    else if (type === 'input_image') {
      const url = optionalTextAt(part.image_url, `${place}.image_url`);
      turn.images.push(imageOfUrl(url, part.detail === 'low'));
    } else
      throw refuse(place, `has the type ${JSON.stringify(type)}, which cannot be counted here`, ASK_PROVIDER);
  }
  return turn;
}
