/** Reads the flags that tell of a model call. Source: contract 1 (token counts), 6 (`spend`, `hold`, `settle`). */
import type { CallInput } from '../../core/calls.ts';
import { parseTokens } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import type { CallTags } from '../../core/types.ts';
import type { CommandInput } from '../command.ts';
import { negatedOption, readNote, readOption, textOption } from '../read-input.ts';

/** Flags that make a request a call. Tags may stand beside a bare amount as well. */
const CALL_FLAGS = [
  'model',
  'inputTokens',
  'cachedTokens',
  'cacheWriteTokens',
  'outputTokens',
  'maxOutputTokens',
  'toolCalls',
  'provider',
] as const;
const TOKEN_FLAGS = ['inputTokens', 'cachedTokens', 'cacheWriteTokens', 'outputTokens', 'maxOutputTokens'];

const isGiven = (input: CommandInput, name: string): boolean => input.options[name] !== undefined;

/** True when any flag of a call was given. */
export const hasCall = (input: CommandInput): boolean =>
  CALL_FLAGS.some((name) => isGiven(input, name)) || negatedOption(input, 'byok');

/** True when the call's tokens were given. */
export const hasTokens = (input: CommandInput): boolean => TOKEN_FLAGS.some((name) => isGiven(input, name));

/** `--activity`, `--session`, `--run`. */
export function readTags(input: CommandInput): CallTags {
  return {
    activity: readOption(input, 'activity', readTag),
    session: readOption(input, 'session', readTag),
    run: readOption(input, 'run', readTag),
  };
}

/** A word for analytics: 1 to 256 characters, no control characters. */
export function readTag(text: string, what: string): string {
  if (text === '' || text.length > 256 || /[\u0000-\u001f\u007f]/.test(text)) {
    throw invalid(`${what} must be 1 to 256 characters without control characters`);
  }
  return text;
}

/** `--note`. */
export const readNoteOption = (input: CommandInput): string | null => readOption(input, 'note', readNote);

/**
 * The call that flags describe. Tokens that were not given are 0.
 * @param model its model when no `-m` was given; '' leaves it open
 * @param output the flag of the output tokens
 * @throws LedgerError `invalid_argument`
 */
export function readCall(
  input: CommandInput,
  model: string,
  output: 'outputTokens' | 'maxOutputTokens' = 'outputTokens',
): CallInput {
  const tokens = (name: string): number => readOption(input, name, parseTokens) ?? 0;
  const call = {
    model: textOption(input, 'model') ?? model,
    provider: readOption(input, 'provider', readTag),
    inputTokens: tokens('inputTokens'),
    cachedTokens: tokens('cachedTokens'),
    cacheWriteTokens: tokens('cacheWriteTokens'),
    outputTokens: tokens(output),
    toolCalls: tokens('toolCalls'),
    ...readTags(input),
    noByok: negatedOption(input, 'byok'),
  };
  if (call.cachedTokens + call.cacheWriteTokens > call.inputTokens) {
    throw invalid(
      '--cached-tokens and --cache-write-tokens are parts of --input-tokens: together they cannot be more',
    );
  }
  return call;
}

/**
 * An amount, or a call: one of them.
 * @returns the amount's text, or null for a call
 * @throws LedgerError `invalid_argument`
 */
export function amountOrCall(input: CommandInput): string | null {
  const amount = input.args[0] ?? null;
  if (amount !== null && hasCall(input)) {
    throw invalid('an amount and a call are two requests', 'give the amount, or -m and its tokens');
  }
  if (amount === null && !hasTokens(input)) {
    throw invalid(
      'name an amount of credits, or a call with its tokens',
      'for example `12.5`, or `-m haiku --input-tokens 1200 --output-tokens 300`',
    );
  }
  return amount;
}

/** The model of a call that must have one. @throws LedgerError `invalid_argument` */
export function requireModel(call: CallInput): CallInput {
  if (call.model === '') throw invalid('which model? Name it with -m', '`credits models` lists them');
  return call;
}
