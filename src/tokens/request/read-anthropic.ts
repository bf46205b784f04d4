/** Reads the body of Anthropic's messages endpoint. */
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
import { imageOfBase64 } from './images.ts';
import {
  type ModelRequest,
  newTurn,
  type ToolChoice,
  type ToolDefinition,
  type Turn,
} from './model-request.ts';
import { ASK_PROVIDER } from './read-openai-chat.ts';

/**
 * @param body with `messages`; `system`, `tools` and `tool_choice` count too, other fields do not
 * @throws LedgerError `invalid_argument` naming the place of what is malformed or cannot be counted (PDF, files)
 */
export function readAnthropic(body: Json): ModelRequest {
  const turns: Turn[] = [];
  if (body.system !== undefined) turns.push(readContent(body.system, 'system', newTurn('system')));
  for (const [at, value] of listAt(body.messages, 'messages').entries()) {
    const path = `messages[${at}]`;
    const message = objectAt(value, path);
    const role = textAt(message.role, `${path}.role`);
    if (role !== 'user' && role !== 'assistant')
      throw refuse(`${path}.role`, 'must be "user" or "assistant"');
    turns.push(readContent(message.content, `${path}.content`, newTurn(role)));
  }
  return {
    shape: 'anthropic',
    model: typeof body.model === 'string' ? body.model : null,
    maxOutputTokens: countIn({ max_tokens: body.max_tokens }),
    turns,
    ...readTools(body.tools),
    isLegacy: false,
    toolChoice: toolChoiceOf(body.tool_choice),
  };
}

function readContent(content: unknown, path: string, turn: Turn): Turn {
  if (typeof content === 'string') turn.texts.push(content);
  else for (const [at, block] of listAt(content, path).entries()) readBlock(block, `${path}[${at}]`, turn);
  return turn;
}

type BlockReader = (block: Json, path: string, turn: Turn) => void;

const BLOCKS: Readonly<Record<string, BlockReader>> = {
  text: (block, path, turn) => turn.texts.push(textAt(block.text, `${path}.text`)),
  image: readImage,
  document: readDocument,
  tool_use: (block, path, turn) =>
    turn.calls.push({
      name: textAt(block.name, `${path}.name`),
      arguments: JSON.stringify(block.input ?? {}),
    }),
  tool_result: (block, path, turn) => {
    if (block.content !== undefined) readContent(block.content, `${path}.content`, turn);
  },
  search_result: (block, path, turn) => {
    turn.texts.push(
      optionalTextAt(block.title, `${path}.title`),
      optionalTextAt(block.source, `${path}.source`),
    );
    readContent(block.content, `${path}.content`, turn);
  },
  // The provider drops the thinking of earlier turns before it counts.
  thinking: () => undefined,
  redacted_thinking: () => undefined,
};

function readBlock(value: unknown, path: string, turn: Turn): void {
  const block = objectAt(value, path);
  const type = textAt(block.type, `${path}.type`);
  const reader = Object.hasOwn(BLOCKS, type) ? BLOCKS[type] : undefined;
  if (reader === undefined)
    throw refuse(path, `has the type ${JSON.stringify(type)}, which cannot be counted here`, ASK_PROVIDER);
  reader(block, path, turn);
}

function readImage(block: Json, path: string, turn: Turn): void {
  const source = objectAt(block.source, `${path}.source`);
  if (source.type === 'base64') turn.images.push(imageOfBase64(textAt(source.data, `${path}.source.data`)));
  else turn.images.push({ size: null, isLowDetail: false });
}

function readDocument(block: Json, path: string, turn: Turn): void {
  const source = objectAt(block.source, `${path}.source`);
  for (const field of ['title', 'context']) {
    const text = optionalTextAt(block[field], `${path}.${field}`);
    if (text !== '') turn.texts.push(text);
  }
  if (source.type === 'text') turn.texts.push(textAt(source.data, `${path}.source.data`));
  else if (source.type === 'content') readContent(source.content, `${path}.source.content`, turn);
  else throw refuse(path, 'is a document whose pages cannot be counted here', ASK_PROVIDER);
}

function readTools(value: unknown): Pick<ModelRequest, 'tools' | 'extras' | 'notes'> {
  const tools: ToolDefinition[] = [];
  const extras: unknown[] = [];
  const notes: string[] = [];
  for (const [at, each] of optionalListAt(value, 'tools').entries()) {
    const path = `tools[${at}]`;
    const tool = objectAt(each, path);
    const name = textAt(tool.name, `${path}.name`);
    if (tool.input_schema === undefined) {
      extras.push(tool);
      notes.push(`${path} (${name}) is the provider's own tool, which may add tokens of its own`);
      continue;
    }
    tools.push({
      name,
      description: optionalTextAt(tool.description, `${path}.description`),
      parameters: objectAt(tool.input_schema, `${path}.input_schema`),
    });
  }
  return { tools, extras, notes };
}

function toolChoiceOf(value: unknown): ToolChoice {
  if (typeof value !== 'object' || value === null || !('type' in value)) return 'auto';
  if (value.type === 'none') return 'none';
  if (value.type === 'any') return 'required';
  return value.type === 'tool' && 'name' in value && typeof value.name === 'string'
    ? { name: value.name }
    : 'auto';
}
