/** Reads the body of Gemini's generateContent, in the spelling of its JSON (`inlineData`) or of its protocol (`inline_data`). */
import {
  countIn,
  isObject,
  type Json,
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
 * @param body with `contents`; `systemInstruction`, `tools`, `toolConfig` and a schema of the answer count too
 * @throws LedgerError `invalid_argument` naming the place of what is malformed or cannot be counted (audio, video, files)
 */
export function readGemini(body: Json): ModelRequest {
  if (field(body, 'cachedContent')) {
    throw refuse('cachedContent', 'points at text that lies with the provider', ASK_PROVIDER);
  }
  const system = field(body, 'systemInstruction');
  const turns: Turn[] = system === undefined ? [] : [contentAt(system, 'systemInstruction', 'system')];
  for (const [at, content] of asList(body.contents).entries()) {
    turns.push(contentAt(content, `contents[${at}]`, null));
  }
  const { tools, extras, notes } = readTools(body.tools);
  const config = field(body, 'generationConfig');
  const schema = isObject(config)
    ? (field(config, 'responseSchema') ?? field(config, 'responseJsonSchema'))
    : undefined;
  return {
    shape: 'gemini',
    model: typeof body.model === 'string' ? body.model : null,
    maxOutputTokens: countIn({
      'generationConfig.maxOutputTokens': isObject(config) ? field(config, 'maxOutputTokens') : null,
    }),
    turns,
    tools,
    isLegacy: false,
    toolChoice: toolChoiceOf(field(body, 'toolConfig')),
    extras: schema === undefined ? extras : [...extras, schema],
    notes,
  };
}

/** A field in either spelling. */
function field(object: Json, name: string): unknown {
  return object[name] ?? object[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] ?? undefined;
}

/** The libraries take one content where the protocol has a list. */
function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function contentAt(value: unknown, path: string, fixedRole: string | null): Turn {
  if (typeof value === 'string') return readPart({ text: value }, path, newTurn(fixedRole ?? 'user'));
  const content = objectAt(value, path);
  const role = optionalTextAt(content.role, `${path}.role`);
  const turn = newTurn(fixedRole ?? (role === 'model' ? 'assistant' : role === '' ? 'user' : role));
  for (const [at, part] of asList(content.parts).entries()) readPart(part, `${path}.parts[${at}]`, turn);
  return turn;
}

function readPart(value: unknown, path: string, turn: Turn): Turn {
  const part = objectAt(value, path);
  const inline = field(part, 'inlineData');
  const call = field(part, 'functionCall');
  const response = field(part, 'functionResponse');
  if (part.text !== undefined) turn.texts.push(textAt(part.text, `${path}.text`));
  else if (inline !== undefined) readInline(objectAt(inline, `${path}.inlineData`), path, turn);
  else if (call !== undefined) {
    const { name, args } = objectAt(call, `${path}.functionCall`);
    turn.calls.push({
      name: textAt(name, `${path}.functionCall.name`),
      arguments: JSON.stringify(args ?? {}),
    });
  } else if (response !== undefined) {
    const { name, response: answer } = objectAt(response, `${path}.functionResponse`);
    turn.texts.push(textAt(name, `${path}.functionResponse.name`), JSON.stringify(answer ?? {}));
  } else if (isObject(field(part, 'executableCode')) || isObject(field(part, 'codeExecutionResult'))) {
    turn.texts.push(JSON.stringify(part));
  } else throw refuse(path, `(${Object.keys(part).join(', ')}) cannot be counted here`, ASK_PROVIDER);
  return turn;
}

function readInline(inline: Json, path: string, turn: Turn): void {
  const type = optionalTextAt(field(inline, 'mimeType'), `${path}.inlineData.mimeType`);
  if (!type.startsWith('image/'))
    throw refuse(path, `holds ${type || 'data'}, which cannot be counted here`, ASK_PROVIDER);
  turn.images.push(imageOfBase64(textAt(inline.data, `${path}.inlineData.data`)));
}

function readTools(value: unknown): Pick<ModelRequest, 'tools' | 'extras' | 'notes'> {
  const tools: ToolDefinition[] = [];
  const extras: unknown[] = [];
  const notes: string[] = [];
  for (const [at, each] of optionalListAt(value, 'tools').entries()) {
    const path = `tools[${at}]`;
    const tool = objectAt(each, path);
    const declarations = field(tool, 'functionDeclarations');
    if (declarations === undefined) {
      extras.push(tool);
      notes.push(
        `${path} (${Object.keys(tool).join(', ')}) is run by the provider, which may add tokens of its own`,
      );
      continue;
    }
    for (const [index, value_] of optionalListAt(declarations, `${path}.functionDeclarations`).entries()) {
      tools.push(declarationAt(value_, `${path}.functionDeclarations[${index}]`));
    }
  }
  return { tools, extras, notes };
}

function declarationAt(value: unknown, path: string): ToolDefinition {
  const declaration = objectAt(value, path);
  const parameters = declaration.parameters ?? field(declaration, 'parametersJsonSchema');
  return {
    name: textAt(declaration.name, `${path}.name`),
    description: optionalTextAt(declaration.description, `${path}.description`),
    parameters: parameters === undefined ? null : objectAt(parameters, `${path}.parameters`),
  };
}

function toolChoiceOf(config: unknown): ToolChoice {
  const calling = isObject(config) ? field(config, 'functionCallingConfig') : undefined;
  const mode = isObject(calling) ? calling.mode : undefined;
  if (mode === 'NONE') return 'none';
  return mode === 'ANY' ? 'required' : 'auto';
}
