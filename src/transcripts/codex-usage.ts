/** The usage lines of a Codex rollout: what they say, before anything is decided about duplicates. */
import { instantOf, type JsonObject, objectAt, textAt, tokensAt, UnusableRecord } from './json.ts';

/** Token counts as Codex writes them: `input` includes `cached` and `cacheWrite`, `output` includes `reasoning`. */
export interface CodexTokens {
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  readonly total: number;
}

/** One usage line; at least one of `last` and `running` is there. */
export interface CodexUsage {
  readonly kind: 'record' | 'count';
  readonly at: number;
  readonly model: string | undefined;
  /** Usage of the call itself. */
  readonly last: CodexTokens | undefined;
  /** Usage of the thread up to and including the call. */
  readonly running: CodexTokens | undefined;
  readonly responseId: string | undefined;
  readonly threadId: string | undefined;
}

/**
 * Reads a line.
 * @returns undefined when it reports no usage; a `token_count` without `info` carries rate limits only
 * @throws UnusableRecord for counts or a time that cannot be
 */
export function readCodexUsage(line: JsonObject): CodexUsage | undefined {
  const payload = objectAt(line, 'payload');
  const isRecord = line.type === 'token_usage_record';
  if (!isRecord && !(line.type === 'event_msg' && payload?.type === 'token_count')) return undefined;
  const info = objectAt(payload, 'info');
  const last = isRecord ? objectAt(payload, 'usage') : objectAt(info, 'last_token_usage');
  const running = isRecord ? objectAt(payload, 'thread_token_usage') : objectAt(info, 'total_token_usage');
  if (last === undefined && running === undefined) return undefined;
  const at = instantOf(line.timestamp);
  if (at === undefined) throw new UnusableRecord('no readable timestamp');
  return {
    kind: isRecord ? 'record' : 'count',
    at,
    model: modelIn(payload) ?? modelIn(info),
    last: last === undefined ? undefined : readCodexTokens(last),
    running: running === undefined ? undefined : readCodexTokens(running),
    responseId: textAt(payload, 'response_id'),
    threadId: textAt(payload, 'thread_id'),
  };
}

/** The model a payload names, under any of the keys that versions have used. */
export function modelIn(source: JsonObject | undefined): string | undefined {
  return (
    textAt(source, 'model') ?? textAt(source, 'model_name') ?? textAt(objectAt(source, 'metadata'), 'model')
  );
}

/** Reads one usage object; a missing total is the sum. */
export function readCodexTokens(usage: JsonObject): CodexTokens {
  const input = tokensAt(usage, 'input_tokens');
  const output = tokensAt(usage, 'output_tokens');
  return {
    input,
    cached: Math.min(input, tokensAt(usage, 'cached_input_tokens', 'cache_read_input_tokens')),
    cacheWrite: tokensAt(usage, 'cache_write_input_tokens'),
    output,
    reasoning: tokensAt(usage, 'reasoning_output_tokens'),
    total: tokensAt(usage, 'total_tokens') || input + output,
  };
}

/** What was used between two running totals; a total that went back counts as 0. */
export function difference(now: CodexTokens, before: CodexTokens | undefined): CodexTokens {
  const less = (field: keyof CodexTokens): number => Math.max(0, now[field] - (before?.[field] ?? 0));
  return {
    input: less('input'),
    cached: less('cached'),
    cacheWrite: less('cacheWrite'),
    output: less('output'),
    reasoning: less('reasoning'),
    total: less('total'),
  };
}

/** Whether two usages are the same in every count that all versions write. */
export function equalTokens(a: CodexTokens | undefined, b: CodexTokens | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.input === b.input &&
    a.cached === b.cached &&
    a.output === b.output &&
    a.reasoning === b.reasoning &&
    a.total === b.total
  );
}
