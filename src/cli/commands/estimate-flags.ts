/**
 * Reads the arguments of `estimate` into one request. Everything that can be wrong without looking at a file, a model or
 * a ledger is refused here.
 */
import { type Microcredits, parseCredits, parseTokens } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import type { CommandInput } from '../command.ts';
import { flagOption, listOption, readOption, textOption } from '../read-input.ts';

/** Where the input tokens come from. A file named `-` is stdin; at most one is. */
export type InputSource =
  | { readonly kind: 'given'; readonly tokens: number }
  | { readonly kind: 'request'; readonly file: string }
  | {
      readonly kind: 'texts';
      /** null: none was given. */
      readonly prompt: string | null;
      readonly files: readonly string[];
      readonly system: string | null;
      /** The prompt is to be asked for on a terminal, else read from stdin. */
      readonly asksPrompt: boolean;
    };

/** What `estimate` was asked. Amounts in microcredits. */
export interface EstimateRequest {
  /** As typed, or from CREDITS_MODEL; null: none. */
  readonly model: string | null;
  readonly source: InputSource;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  /** null: to be assumed. */
  readonly outputTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly compare: boolean;
  readonly budget: Microcredits | null;
  readonly check: boolean;
  readonly exact: boolean;
}

/** Output assumed unless told (contract 6), where the model gives as much. */
export const ASSUMED_OUTPUT_TOKENS = 500;

/**
 * Reads the request.
 * @throws LedgerError `invalid_argument`
 */
export function parseEstimate(input: CommandInput): EstimateRequest {
  const source = readSource(input.args[0] ?? null, {
    inputTokens: readOption(input, 'inputTokens', parseTokens),
    files: listOption(input, 'file'),
    system: textOption(input, 'system'),
    request: textOption(input, 'request'),
  });
  const request: EstimateRequest = {
    model: textOption(input, 'model') ?? input.model,
    source,
    cachedTokens: readOption(input, 'cachedTokens', parseTokens) ?? 0,
    cacheWriteTokens: readOption(input, 'cacheWriteTokens', parseTokens) ?? 0,
    outputTokens: readOption(input, 'outputTokens', parseTokens),
    maxOutputTokens: readOption(input, 'maxOutputTokens', parseTokens),
    compare: flagOption(input, 'compare'),
    budget: readOption(input, 'budget', parseCredits),
    check: flagOption(input, 'check'),
    exact: flagOption(input, 'exact'),
  };
  refuseContradictions(request);
  return request;
}

interface SourceFlags {
  readonly inputTokens: number | null;
  readonly files: readonly string[];
  readonly system: string | null;
  readonly request: string | null;
}

function readSource(prompt: string | null, flags: SourceFlags): InputSource {
  const { inputTokens, files, system, request } = flags;
  const texts = [
    prompt === null ? [] : ['a prompt'],
    files.length === 0 ? [] : ['--file'],
    system === null ? [] : ['--system'],
  ].flat();
  const sources = [...texts, request === null ? [] : ['--request']].flat();
  if (inputTokens !== null && sources.length > 0) {
    throw invalid(
      `--input-tokens says how long the input is, and ${sources[0]} is an input to be counted`,
      'give one of the two',
    );
  }
  if (request !== null && texts.length > 0) {
    throw invalid(
      `--request is the whole input; ${texts[0]} does not go with it`,
      'put the text into the request',
    );
  }
  if (inputTokens !== null) return { kind: 'given', tokens: inputTokens };
  if (request !== null) return { kind: 'request', file: request };
  const fromStdin = [prompt, system, ...files].filter((each) => each === '-').length;
  if (fromStdin > 1) throw invalid('stdin (`-`) can be read once only');
  const asksPrompt = prompt === null && files.length === 0;
  if (asksPrompt && system === '-') {
    throw invalid('stdin is read as the prompt here', 'give a prompt beside --system -');
  }
  return { kind: 'texts', prompt, files, system, asksPrompt };
}

function refuseContradictions(request: EstimateRequest): void {
  const { model, source, cachedTokens, cacheWriteTokens, outputTokens, maxOutputTokens, compare, exact } =
    request;
  // A request may name its model itself.
  if (model === null && !compare && source.kind !== 'request') {
    throw invalid('which model? name one with -m', '`credits models` lists them; --compare prices them all');
  }
  if (source.kind === 'given' && cachedTokens + cacheWriteTokens > source.tokens) {
    throw invalid(
      `${cachedTokens + cacheWriteTokens} cached tokens are more than the ${source.tokens} input tokens they are part of`,
      '--input-tokens includes --cached-tokens and --cache-write-tokens',
    );
  }
  refuseMore(outputTokens, maxOutputTokens, '--max-output-tokens');
  if (exact && source.kind === 'given') {
    throw invalid('--exact counts a text, and --input-tokens gives none', 'leave one of them out');
  }
  if (exact && compare) {
    throw invalid('--exact counts for one model', 'leave --compare out, and name the model with -m');
  }
}

/**
 * The request with what its body allows the model to answer, which stands for `--max-output-tokens` unless that is given.
 * @throws LedgerError `invalid_argument` when more output is expected than the body allows
 */
export function withOwnMaximum(request: EstimateRequest, maxOutputTokens: number | null): EstimateRequest {
  if (request.maxOutputTokens !== null || maxOutputTokens === null) return request;
  refuseMore(request.outputTokens, maxOutputTokens, 'the request');
  return { ...request, maxOutputTokens };
}

function refuseMore(outputTokens: number | null, maxOutputTokens: number | null, by: string): void {
  if (outputTokens === null || maxOutputTokens === null || outputTokens <= maxOutputTokens) return;
  throw invalid(
    `${outputTokens} expected output tokens are more than the ${maxOutputTokens} allowed by ${by}`,
  );
}
