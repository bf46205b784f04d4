/**
 * What an OpenAI model adds to the text of a request, in tokens of its own vocabulary.
 *
 * Sources: OpenAI's cookbook, "How to count tokens" (messages and tools; its examples are checked against the API), and
 * for the older `functions` the rule that gpt-tokenizer's fixtures follow.
 */
import {
  FUNCTION_CALL_METADATA_TOKEN_OVERHEAD,
  FUNCTION_CALL_NAME_TOKEN_OVERHEAD,
  FUNCTION_CALL_NONE_TOKEN_OVERHEAD,
  FUNCTION_DEFINITION_TOKEN_OVERHEAD,
  FUNCTION_ROLE_TOKEN_DISCOUNT,
  formatFunctionDefinitions,
  SYSTEM_FUNCTION_TOKEN_DEDUCTION,
} from 'gpt-tokenizer/functionCalling';
import type { Encoding } from '../encoding.ts';
import { countGuarded } from '../guard.ts';
import { isObject, type Json } from './fields.ts';
import type { ModelRequest, ToolDefinition } from './model-request.ts';

/** Tokens beside the text. */
export interface OpenAiFraming {
  /** Messages, roles, names, calls, and the start of the answer. */
  readonly messages: number;
  /** Tools or functions, and the choice among them. */
  readonly tools: number;
}

const PER_MESSAGE = 3;
const PER_NAME = 1;
/** Every answer starts with `<|start|>assistant<|message|>`. */
const PER_REQUEST = 3;

/** The cookbook's figures; `start` of a function is 7 with o200k models and 10 with cl100k models. */
const TOOL = {
  start: { o200k: 7, cl100k: 10 },
  properties: 3,
  property: 3,
  enumStart: -3,
  enumItem: 3,
  end: 12,
} as const;

/** Counts what an OpenAI chat model adds to the text of a request. */
export function openAiFraming(request: ModelRequest, encoding: Encoding): OpenAiFraming {
  const count = (text: string) => countGuarded(encoding, text).tokens;
  let messages = PER_REQUEST;
  for (const { role, name, calls } of request.turns) {
    messages += PER_MESSAGE + count(role) + calls.length * FUNCTION_CALL_METADATA_TOKEN_OVERHEAD;
    if (name !== null) messages += PER_NAME + count(name);
    if (role === 'function') messages -= FUNCTION_ROLE_TOKEN_DISCOUNT;
  }
  const tools = request.isLegacy
    ? functionTokens(request, count)
    : toolTokens(request.tools, encoding, count);
  const extras = request.extras.reduce<number>((sum, extra) => sum + count(JSON.stringify(extra)), 0);
  return { messages, tools: tools + extras + choiceTokens(request, count) };
}

type CountText = (text: string) => number;

function choiceTokens({ toolChoice }: ModelRequest, count: CountText): number {
  if (toolChoice === 'none') return FUNCTION_CALL_NONE_TOKEN_OVERHEAD;
  return typeof toolChoice === 'object' ? count(toolChoice.name) + FUNCTION_CALL_NAME_TOKEN_OVERHEAD : 0;
}

function toolTokens(tools: readonly ToolDefinition[], encoding: Encoding, count: CountText): number {
  if (tools.length === 0) return 0;
  let tokens = TOOL.end;
  for (const { name, description, parameters } of tools) {
    tokens += TOOL.start[encoding.name] + count(`${name}:${withoutStop(description)}`);
    if (parameters !== null) tokens += propertyTokens(parameters, count);
  }
  return tokens;
}

/** The cookbook knows one level; the properties of nested objects and list items count here by the same rule. */
function propertyTokens(schema: Json, count: CountText): number {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  let tokens = properties.length === 0 ? 0 : TOOL.properties;
  for (const [name, property] of properties) {
    if (!isObject(property)) continue;
    const { type, description, enum: choices } = property;
    tokens += TOOL.property + count(`${name}:${textOf(type)}:${withoutStop(textOf(description))}`);
    if (Array.isArray(choices)) {
      tokens += TOOL.enumStart;
      for (const choice of choices) tokens += TOOL.enumItem + count(textOf(choice));
    }
    tokens += propertyTokens(property, count);
  }
  return tokens + (isObject(schema.items) ? propertyTokens(schema.items, count) : 0);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function withoutStop(description: string): string {
  return description.endsWith('.') ? description.slice(0, -1) : description;
}

/** The older `functions` are shown to the model as a TypeScript namespace, in the system message if there is one. */
function functionTokens({ tools, turns }: ModelRequest, count: CountText): number {
  if (tools.length === 0) return 0;
  const definitions = tools.map(({ name, description, parameters }) => ({
    name,
    ...(description === '' ? {} : { description }),
    ...(parameters === null ? {} : { parameters: { type: 'object' as const, ...parameters } }),
  }));
  const tokens = count(formatFunctionDefinitions(definitions)) + FUNCTION_DEFINITION_TOKEN_OVERHEAD;
  const system = turns.find(({ role }) => role === 'system');
  if (system === undefined) return tokens;
  const text = system.texts.join('');
  const newline = text === '' || text.endsWith('\n') ? 0 : count(`${text}\n`) - count(text);
  return tokens + newline - SYSTEM_FUNCTION_TOKEN_DEDUCTION;
}
