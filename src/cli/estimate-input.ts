/**
 * Reads what `estimate` is asked about (a prompt, files, a request body) and counts it on any number of models. Texts are
 * tokenized once; every model's count follows from that by multiplication. Tokens that were given load nothing.
 */
import type { Readable } from 'node:stream';
import { invalid } from '../core/errors.ts';
import type { InputCount } from '../core/estimate.ts';
import type { CountedModel, ExactContent, TextMeasure } from '../tokens/index.ts';
import type { InputSource } from './commands/estimate-flags.ts';
import type { Context } from './context.ts';
import { readFailure } from './read-input.ts';

/** An input's tokens on a model. */
export interface CountedInput extends InputCount {
  /** Tokens of messages, tools and images beside the text of a request, part of `tokens`; null for bare text. */
  readonly framingTokens: number | null;
  /** What could not be counted, one sentence each. */
  readonly notes: readonly string[];
}

/** An input that has been read. */
export interface ReadInput {
  /** The model that a request body names; null otherwise. */
  readonly model: string | null;
  /** The most output tokens that a request body allows; null where it does not say, and without one. */
  readonly maxOutputTokens: number | null;
  /** Its tokens on a model. @throws LedgerError `internal` when a tokenizer cannot be loaded */
  countOn(model: CountedModel): Promise<CountedInput>;
  /** Its tokens as the model's own tokenizer or provider counts them. @throws whatever `countExactly` refuses */
  countExactlyOn(model: CountedModel): Promise<CountedInput>;
}

type Facts = Pick<Context, 'stdin' | 'terminal' | 'signal' | 'env'>;

const tokenCounting = () => import('../tokens/index.ts');

function given(tokens: number): CountedInput {
  return { tokens, low: tokens, high: tokens, method: 'given', how: 'given', framingTokens: null, notes: [] };
}

/**
 * Reads an input.
 * @throws LedgerError `invalid_argument`: no file there, no text in it, no request in it, nothing to read from
 */
export async function readInput(source: InputSource, facts: Facts): Promise<ReadInput> {
  switch (source.kind) {
    case 'given': {
      const counted = Promise.resolve(given(source.tokens));
      return { model: null, maxOutputTokens: null, countOn: () => counted, countExactlyOn: () => counted };
    }
    case 'request':
      return readRequestBody(await readText(source.file, facts), source.file, facts);
    case 'texts':
      return readTexts(await textsOf(source, facts), facts);
  }
}

/** The texts of an input; empty ones are left out. */
interface Texts {
  readonly system: string;
  /** Files, then the prompt. */
  readonly user: readonly string[];
}

async function textsOf(source: Extract<InputSource, { kind: 'texts' }>, facts: Facts): Promise<Texts> {
  const system = source.system === null ? '' : await readText(source.system, facts);
  const user: string[] = [];
  for (const file of source.files) user.push(await readText(file, facts));
  if (source.prompt === '-') user.push(await readStdin(facts));
  else if (source.prompt !== null) user.push(source.prompt);
  else if (source.asksPrompt) user.push(await askPrompt(facts));
  return { system, user: user.filter((text) => text !== '') };
}

async function readTexts({ system, user }: Texts, facts: Facts): Promise<ReadInput> {
  const texts = system === '' ? user : [system, ...user];
  if (texts.length === 0) {
    const nothing = Promise.resolve(given(0));
    return { model: null, maxOutputTokens: null, countOn: () => nothing, countExactlyOn: () => nothing };
  }
  const tokens = await tokenCounting();
  let measured: Promise<TextMeasure> | undefined;
  // Each text is counted by itself, as a request keeps them apart.
  const measure = async (): Promise<TextMeasure> => {
    const parts: TextMeasure[] = [];
    for (const text of texts) parts.push(await tokens.measure(text));
    return tokens.sumMeasures(parts);
  };
  const countOn = async (model: CountedModel): Promise<CountedInput> => {
    measured ??= measure();
    return { ...(await tokens.countFor(model, await measured)), framingTokens: null, notes: [] };
  };
  const content = { text: user.join('\n'), ...(system === '' ? {} : { system }) };
  return { model: null, maxOutputTokens: null, countOn, countExactlyOn: exactly(countOn, content, facts) };
}

async function readRequestBody(text: string, file: string, facts: Facts): Promise<ReadInput> {
  const body = parseJson(text, file);
  const tokens = await tokenCounting();
  const request = await tokens.measureRequest(body);
  const countOn = (model: CountedModel): Promise<CountedInput> => tokens.countRequestFor(model, request);
  return {
    model: request.request.model,
    maxOutputTokens: request.request.maxOutputTokens,
    countOn,
    countExactlyOn: exactly(countOn, { request: body }, facts),
  };
}

/** Counts with the model's own tokenizer where it is at hand, else through its provider; never falls back on a range. */
function exactly(
  countOn: (model: CountedModel) => Promise<CountedInput>,
  content: ExactContent,
  { env, signal }: Facts,
): (model: CountedModel) => Promise<CountedInput> {
  return async (model) => {
    const own = await countOn(model);
    if (own.method === 'exact') return own;
    const world = {
      env,
      fetch: (url: string, init: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.any([signal, init.signal ?? signal]) }),
    };
    const count = await (await tokenCounting()).countExactly(model, content, world);
    const notes = 'text' in content ? ['the provider counts a text as one message, framing included'] : [];
    return { ...count, framingTokens: null, notes };
  };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(
      `--request ${file} is no JSON`,
      'it is the body of a request to a model, as its API takes it',
    );
  }
}

/** A file's text; `-` is stdin. */
async function readText(file: string, facts: Facts): Promise<string> {
  if (file === '-') return readStdin(facts);
  const { readFile } = await import('node:fs/promises');
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file, { signal: facts.signal });
  } catch (error) {
    throw readFailure(file, error);
  }
  return textOf(bytes, file);
}

async function readStdin(facts: Facts): Promise<string> {
  const stdin: Readable & { isTTY?: boolean } = facts.stdin();
  if (stdin.isTTY === true && !facts.terminal.canAsk) {
    throw invalid('no prompt was given', 'write one, or give --file, --request or --input-tokens');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return textOf(Buffer.concat(chunks), 'stdin');
}

/** A byte order mark in front is sent to the model with the rest, so it counts. */
async function textOf(bytes: Uint8Array, name: string): Promise<string> {
  if (bytes.length === 0) return '';
  return (await tokenCounting()).assertText(bytes, name, { keepMark: true });
}

async function askPrompt(facts: Facts): Promise<string> {
  if (!facts.terminal.canAsk) return readStdin(facts);
  const { askText } = await import('./prompts.ts');
  return askText('Prompt to estimate:', undefined, () => true, facts.signal);
}
