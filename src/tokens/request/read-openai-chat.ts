/** Reads the body of an OpenAI chat completion, which most other providers and OpenRouter take as well. */
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
import {
  type ModelRequest,
  newTurn,
  type ToolChoice,
  type ToolDefinition,
  type Turn,
} from './model-request.ts';

/** What a refusal of something uncountable suggests. */
export const ASK_PROVIDER = 'use --exact: the provider counts what only it can see';

/**
 * @param body with `messages`; `tools` or `functions`, `tool_choice` and `response_format` count too, other fields do not
 * @throws LedgerError `invalid_argument` naming the place of what is malformed or cannot be counted (audio, files)
 */
export function readOpenAiChat(body: Json): ModelRequest {
  const isLegacy = body.functions !== undefined && body.functions !== null;
  const definitions = isLegacy
    ? listAt(body.functions, 'functions').map((each, at) => definitionAt(each, `functions[${at}]`))
    : [];
  const { tools, extras, notes } = openAiTools(body.tools, 'function');
  return {
    shape: 'openai-chat',
    model: typeof body.model === 'string' ? body.model : null,
    maxOutputTokens: countIn({
      max_completion_tokens: body.max_completion_tokens,
      max_tokens: body.max_tokens,
    }),
    turns: listAt(body.messages, 'messages').map((each, at) => turnAt(each, `messages[${at}]`)),
    tools: isLegacy ? definitions : tools,
    isLegacy,
    toolChoice: openAiToolChoice(isLegacy ? body.function_call : body.tool_choice),
    extras: [...extras, ...schemaOf(body.response_format)],
    notes,
  };
}

function turnAt(value: unknown, path: string): Turn {
  const message = objectAt(value, path);
  const name = optionalTextAt(message.name, `${path}.name`);
  const turn = newTurn(textAt(message.role, `${path}.role`), name === '' ? null : name);
  const content = message.content;
  if (typeof content === 'string') turn.texts.push(content);
  else {
    for (const [at, part] of optionalListAt(content, `${path}.content`).entries()) {
      readPart(part, `${path}.content[${at}]`, turn);
    }
  }
  for (const [at, call] of optionalListAt(message.tool_calls, `${path}.tool_calls`).entries()) {
    readCall(
      objectAt(call, `${path}.tool_calls[${at}]`).function,
      `${path}.tool_calls[${at}].function`,
      turn,
    );
  }
  if (message.function_call) readCall(message.function_call, `${path}.function_call`, turn);
  return turn;
}

function readPart(value: unknown, path: string, turn: Turn): void {
  const part = objectAt(value, path);
  if (part.type === 'text') turn.texts.push(textAt(part.text, `${path}.text`));
  else if (part.type === 'refusal') turn.texts.push(textAt(part.refusal, `${path}.refusal`));
  else if (part.type === 'image_url') {
    const image = objectAt(part.image_url, `${path}.image_url`);
    turn.images.push(imageOfUrl(textAt(image.url, `${path}.image_url.url`), image.detail === 'low'));
  } else
    throw refuse(
      path,
      `has the type ${JSON.stringify(part.type)}, which cannot be counted here`,
      ASK_PROVIDER,
    );
}

function readCall(value: unknown, path: string, turn: Turn): void {
  const call = objectAt(value, path);
  turn.calls.push({
    name: textAt(call.name, `${path}.name`),
    arguments: optionalTextAt(call.arguments, `${path}.arguments`),
  });
}

function definitionAt(value: unknown, path: string): ToolDefinition {
  const definition = objectAt(value, path);
  const parameters = definition.parameters;
  return {
    name: textAt(definition.name, `${path}.name`),
    description: optionalTextAt(definition.description, `${path}.description`),
    parameters:
      parameters === undefined || parameters === null ? null : objectAt(parameters, `${path}.parameters`),
  };
}

/**
 * Reads OpenAI's `tools`.
 * @param nested key under which a function's definition lies (chat), or null when it lies in the tool itself (responses)
 * @returns hosted tools (web search and the like) as extras, with a note each
 */
export function openAiTools(
  value: unknown,
  nested: 'function' | null,
): Pick<ModelRequest, 'tools' | 'extras' | 'notes'> {
  const tools: ToolDefinition[] = [];
  const extras: unknown[] = [];
  const notes: string[] = [];
  for (const [at, each] of optionalListAt(value, 'tools').entries()) {
    const path = `tools[${at}]`;
    const tool = objectAt(each, path);
    if (tool.type === 'function') {
      tools.push(
        nested === null ? definitionAt(tool, path) : definitionAt(tool[nested], `${path}.${nested}`),
      );
    } else {
      extras.push(tool);
      notes.push(`${path} (${String(tool.type)}) is run by the provider, which may add tokens of its own`);
    }
  }
  return { tools, extras, notes };
}

/** Reads `tool_choice` or `function_call`; anything unknown is `auto`. */
export function openAiToolChoice(value: unknown): ToolChoice {
  if (value === 'none' || value === 'required') return value;
  if (typeof value !== 'object' || value === null) return 'auto';
  const named = 'function' in value ? value.function : value;
  const name = typeof named === 'object' && named !== null && 'name' in named ? named.name : undefined;
  return typeof name === 'string' ? { name } : 'auto';
}

function schemaOf(format: unknown): unknown[] {
  if (typeof format !== 'object' || format === null || !('json_schema' in format)) return [];
  return [format.json_schema];
}
