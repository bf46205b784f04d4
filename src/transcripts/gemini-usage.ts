/** Token counts of Gemini CLI, in its session files and in its summaries, and the rows of one session. */
import type { CallUsage } from './call.ts';
import {
  instantOf,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
  tokenCount,
  tokensAt,
  UnusableRecord,
} from './json.ts';
import type { OpenFile, Scan } from './shape.ts';

/** One message that a model answered. */
export interface GeminiMessage {
  readonly id: string | undefined;
  readonly at: number | undefined;
  readonly model: string | undefined;
  readonly usage: CallUsage;
  readonly line: number;
}

/**
 * Reads the counts. Output is `output` and `thoughts`, `tool` is input. `cached` lies inside `input` as in the provider's
 * own counts, unless the total needs it on top.
 */
export function readGeminiTokens(tokens: JsonObject, toolCalls: number): CallUsage {
  const input = tokensAt(tokens, 'input', 'prompt');
  const cached = tokensAt(tokens, 'cached');
  const thoughts = tokensAt(tokens, 'thoughts');
  const tool = tokensAt(tokens, 'tool');
  const answer = tokensAt(tokens, 'output', 'candidates');
  const without = input + answer + thoughts + tool;
  const isOutside = cached > input || (cached > 0 && tokensAt(tokens, 'total') === without + cached);
  return {
    inputTokens: tokenCount(input + tool + (isOutside ? cached : 0)),
    cachedTokens: cached,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: tokenCount(answer + thoughts),
    reasoningTokens: thoughts,
    toolCalls,
  };
}

/** Reads a message; undefined when no model answered with it. */
export function readGeminiMessage(message: JsonObject, line: number): GeminiMessage | undefined {
  const tokens = objectAt(message, 'tokens');
  if (message.type !== 'gemini' || tokens === undefined) return undefined;
  const at = instantOf(message.timestamp);
  if (at === undefined && message.timestamp !== undefined) throw new UnusableRecord('no readable timestamp');
  return {
    id: textAt(message, 'id'),
    at,
    model: textAt(message, 'model'),
    usage: readGeminiTokens(tokens, listAt(message, 'toolCalls').length),
    line,
  };
}

type AddMessage = (file: OpenFile, session: string, isMain: boolean, message: GeminiMessage) => void;

const adders = new WeakMap<Scan, AddMessage>();

/**
 * Adds a message to its session; a later one of the same session and id replaces the earlier. Both kinds of session file
 * share what is known, since one session can be there as both.
 */
export function geminiMessages(scan: Scan): AddMessage {
  const known = adders.get(scan);
  if (known !== undefined) return known;
  const rows = new Map<string, number>();
  const add: AddMessage = (file, session, isMain, message) => {
    const { calls, report } = scan;
    const { at, usage } = message;
    const key = `${session}:${message.id ?? `${at}:${usage.inputTokens}:${usage.outputTokens}`}`;
    const run = calls.run('gemini', session);
    const draft = {
      ...usage,
      format: 'gemini',
      run,
      at,
      model: message.model,
      key,
      file: file.index,
    } as const;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, calls.add({ ...draft, line: message.line, sidechain: !isMain }));
    else {
      report.duplicates++;
      calls.replace(row, { ...draft, line: message.line, sidechain: !isMain });
    }
  };
  adders.set(scan, add);
  return add;
}

/** Adds the totals of a headless run: `stats.models.<model>.tokens`, one estimated row per model. */
export function addGeminiStats(
  { calls, report }: Scan,
  file: OpenFile,
  session: string | undefined,
  stats: JsonObject,
  seen: Set<string>,
  line: number,
): void {
  for (const [model, entry] of Object.entries(objectAt(stats, 'models') ?? {})) {
    const tokens = objectAt(entry, 'tokens');
    if (tokens === undefined) continue;
    const usage = readGeminiTokens(tokens, 0);
    if (usage.inputTokens === 0 && usage.outputTokens === 0) continue;
    const own = `${model}:${usage.inputTokens}:${usage.cachedTokens}:${usage.outputTokens}`;
    const key = `stats:${session ?? ''}:${own}`;
    if (seen.has(key)) {
      report.duplicates++;
      continue;
    }
    seen.add(key);
    const run = calls.run('gemini', session ?? file.stem, session === undefined ? file.index : undefined);
    calls.add({
      ...usage,
      format: 'gemini',
      run,
      at: undefined,
      model,
      key,
      file: file.index,
      line,
      estimated: true,
    });
  }
}
