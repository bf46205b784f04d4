/**
 * One line of a Claude Code log as an entry, or the reason why it is none. Rule 1 of its duplicate rules lives here: what
 * is no call at all.
 */
import type { CallUsage } from './call.ts';
import {
  instantOf,
  isObject,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
  tokensAt,
  UnusableRecord,
} from './json.ts';

/** A line that reports the usage of a call. */
export interface ClaudeEntry {
  readonly at: number;
  readonly messageId: string | undefined;
  readonly requestId: string | undefined;
  readonly sessionId: string | undefined;
  readonly agentId: string | undefined;
  /** The line's own id. */
  readonly uuid: string | undefined;
  readonly model: string | undefined;
  readonly sidechain: boolean;
  /** Dollars as the tool computed them; 0 where missing. */
  readonly costUsd: number;
  readonly hasSpeed: boolean;
  readonly usage: CallUsage;
}

const VERSION = /^\d+\.\d+\.\d+/;

/**
 * Reads a line.
 * @returns undefined for a line without usage, `synthetic` for a refusal that no model answered
 * @throws UnusableRecord when ids, version, time or counts cannot be what the tool writes
 * Source: ryoppippi/ccusage, rust/crates/ccusage/src/adapter/claude (which lines count).
 */
export function readClaudeEntry(line: JsonObject): ClaudeEntry | 'synthetic' | undefined {
  // Progress lines carry the line of a sub-agent inside their own.
  const nested = objectAt(line, 'data', 'message');
  const inner =
    objectAt(line, 'message', 'usage') === undefined && objectAt(nested, 'message') ? nested : undefined;
  const source = inner ?? line;
  const message = objectAt(source, 'message');
  const usage = objectAt(message, 'usage');
  if (message === undefined || usage === undefined) return undefined;
  if (message.model === '<synthetic>' || source.isApiErrorMessage === true) return 'synthetic';
  const version = line.version ?? undefined;
  if (version !== undefined && (typeof version !== 'string' || !VERSION.test(version))) {
    throw new UnusableRecord('the version is not of the form n.n.n');
  }
  const at = instantOf(source.timestamp ?? line.timestamp);
  if (at === undefined) throw new UnusableRecord('no readable timestamp');
  const data = objectAt(line, 'data');
  const agentId = idOf(line, 'agentId') ?? (inner === undefined ? undefined : idOf(data, 'agentId'));
  return {
    at,
    messageId: idOf(message, 'id'),
    requestId: idOf(source, 'requestId'),
    sessionId: idOf(line, 'sessionId') ?? idOf(source, 'sessionId'),
    agentId,
    uuid: textAt(source, 'uuid'),
    model: idOf(message, 'model'),
    sidechain:
      line.isSidechain === true ||
      source.isSidechain === true ||
      (inner !== undefined && agentId !== undefined),
    costUsd: typeof source.costUSD === 'number' ? source.costUSD : 0,
    hasSpeed: typeof usage.speed === 'string',
    usage: readClaudeUsage(usage, toolUses(message)),
  };
}

/**
 * The usage of one response. `input_tokens` excludes both cache parts; where the split of the written part and its sum
 * differ, the larger counts.
 */
export function readClaudeUsage(usage: JsonObject, toolCalls: number): CallUsage {
  const split = objectAt(usage, 'cache_creation');
  const oneHour = tokensAt(split, 'ephemeral_1h_input_tokens');
  const written = Math.max(
    tokensAt(usage, 'cache_creation_input_tokens'),
    tokensAt(split, 'ephemeral_5m_input_tokens') + oneHour,
  );
  const cached = tokensAt(usage, 'cache_read_input_tokens');
  return {
    inputTokens: tokensAt({ sum: tokensAt(usage, 'input_tokens') + cached + written }, 'sum'),
    cachedTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: oneHour,
    outputTokens: tokensAt(usage, 'output_tokens'),
    // Thinking is part of the output; the log does not say how much of it.
    reasoningTokens: 0,
    toolCalls,
  };
}

function toolUses(message: JsonObject): number {
  let uses = 0;
  for (const block of listAt(message, 'content')) if (isObject(block) && block.type === 'tool_use') uses++;
  return uses;
}

/** A text that must not be empty where it is present. */
function idOf(source: JsonObject | undefined, key: string): string | undefined {
  const found = source?.[key];
  if (found === undefined || found === null) return undefined;
  if (typeof found === 'string' && found !== '') return found;
  throw new UnusableRecord(`${key} is empty or no text`);
}
