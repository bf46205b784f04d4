/**
 * Turns an OpenAI chat body into the responses body with the same content, since only those can be counted. Content is
 * moved, never dropped: what has no counterpart is refused.
 */
import { isObject, type Json, listAt, objectAt, optionalListAt, refuse, textAt } from '../request/fields.ts';

const HINT = 'give the body of a responses call instead';

/**
 * @param body a chat body: `messages`, `tools`, `tool_choice`, `response_format`
 * @throws LedgerError `invalid_argument` for what the responses endpoint has no place for (functions, audio)
 */
export function responsesBody(body: Json): Json {
  if (optionalListAt(body.functions, 'functions').length > 0)
    throw refuse('functions', 'cannot be counted exactly', HINT);
  const tools = optionalListAt(body.tools, 'tools').map((tool, at) => toolAt(tool, `tools[${at}]`));
  const format = isObject(body.response_format) ? body.response_format : undefined;
  const schema = isObject(format?.json_schema) ? { ...format.json_schema, type: 'json_schema' } : format;
  return {
    input: listAt(body.messages, 'messages').flatMap((message, at) => itemsOf(message, `messages[${at}]`)),
    ...(tools.length === 0 ? {} : { tools }),
    ...(body.tool_choice === undefined ? {} : { tool_choice: choiceOf(body.tool_choice) }),
    ...(schema === undefined ? {} : { text: { format: schema } }),
  };
}

function toolAt(value: unknown, path: string): Json {
  const tool = objectAt(value, path);
  return tool.type === 'function'
    ? { ...objectAt(tool.function, `${path}.function`), type: 'function' }
    : tool;
}

function choiceOf(choice: unknown): unknown {
  if (!isObject(choice) || !isObject(choice.function)) return choice;
  return { type: 'function', name: choice.function.name };
}

function itemsOf(value: unknown, path: string): Json[] {
  const message = objectAt(value, path);
  const role = textAt(message.role, `${path}.role`);
  if (role === 'function')
    throw refuse(path, 'has the role "function", which cannot be counted exactly', HINT);
  if (role === 'tool') {
    const output = contentOf(message.content, `${path}.content`, 'input_text');
    return [{ type: 'function_call_output', call_id: message.tool_call_id, output }];
  }
  const calls = optionalListAt(message.tool_calls, `${path}.tool_calls`).map((call, at) =>
    callAt(call, `${path}.tool_calls[${at}]`),
  );
  if (message.content === null || message.content === undefined || message.content === '') return calls;
  const text = role === 'assistant' ? 'output_text' : 'input_text';
  return [{ role, content: contentOf(message.content, `${path}.content`, text) }, ...calls];
}

function callAt(value: unknown, path: string): Json {
  const call = objectAt(value, path);
  const { name, arguments: given } = objectAt(call.function, `${path}.function`);
  return { type: 'function_call', call_id: call.id, name, arguments: given };
}

function contentOf(content: unknown, path: string, textType: 'input_text' | 'output_text'): unknown {
  if (typeof content === 'string') return content;
  return listAt(content, path).map((part, at) =>
    partAt(objectAt(part, `${path}[${at}]`), `${path}[${at}]`, textType),
  );
}

function partAt(part: Json, path: string, textType: 'input_text' | 'output_text'): Json {
  switch (part.type) {
    case 'text':
      return { type: textType, text: part.text };
    case 'refusal':
      return part;
    case 'image_url': {
      const { url, detail } = objectAt(part.image_url, `${path}.image_url`);
      return { type: 'input_image', image_url: url, ...(detail === undefined ? {} : { detail }) };
    }
    case 'file':
      return { ...objectAt(part.file, `${path}.file`), type: 'input_file' };
    default:
      throw refuse(path, `has the type ${JSON.stringify(part.type)}, which cannot be counted exactly`, HINT);
  }
}
