/**
 * Claude Code logs, one JSON object a line. One response is written as several lines, sessions are copied when they are
 * resumed, and side questions replay their parent's messages, so most of this file says when two lines are one call.
 *
 * Source: ryoppippi/ccusage, rust/crates/ccusage/src/adapter/claude, and its issue 913.
 */
import type { CallDraft, CallRow, CallTable } from './call-table.ts';
import { type ClaudeEntry, readClaudeEntry } from './claude-entry.ts';
import { quickAnswer } from './claude-quick.ts';
import { isObject, type JsonObject, objectAt } from './json.ts';
import type { LineShape, OpenFile, Scan } from './shape.ts';

const LINE_TYPES = new Set([
  'user',
  'assistant',
  'system',
  'summary',
  'attachment',
  'progress',
  'queue-operation',
  'file-history-snapshot',
  'last-prompt',
]);

/** Claude Code session logs, sub-agent logs included. */
export const claudeLog: LineShape = {
  reads: 'lines',
  // Every usage has a key that ends so. The underscore is rarer in text than a quote, which makes it quick to search for.
  needles: ['_tokens"'],
  quick: quickAnswer,
  matches: ({ heads }) => heads.some(isLogLine),
  start: (scan) => {
    const merge = createMerge(scan);
    return (file) => ({
      record(value, line) {
        const entry = readClaudeEntry(value);
        if (entry === 'synthetic') scan.report.synthetic++;
        else if (entry !== undefined) merge(entry, file, line);
      },
    });
  },
};

function isLogLine(head: JsonObject): boolean {
  if ('session_id' in head || 'projectHash' in head || '$set' in head) return false;
  if ('parentUuid' in head || 'leafUuid' in head || head.type === 'file-history-snapshot') return true;
  if ('sessionId' in head && LINE_TYPES.has(String(head.type))) return true;
  const message = objectAt(head, 'message') ?? objectAt(head, 'data', 'message', 'message');
  return isObject(message?.usage) && 'timestamp' in head;
}

/** What the survivor rules compare and the table does not hold. */
interface Weights {
  readonly costUsd: Map<number, number>;
  readonly hasSpeed: Set<number>;
}

/**
 * Counts each call once. A new entry is the same call as the row with its message id and request id, else as the first row
 * with its message id where either of the two is a sidechain. A sidechain row is always the only one of its message id, as
 * whatever comes later merges with it, so that the first row is the only one to look at.
 */
function createMerge({ calls, report }: Scan): (entry: ClaudeEntry, file: OpenFile, line: number) => void {
  const firstOf = new Map<string, number>();
  const others = new Map<string, number>();
  const nameless = new Map<string, number>();
  const weights: Weights = { costUsd: new Map(), hasSpeed: new Set() };

  const remember = (row: number, entry: ClaudeEntry): void => {
    if (entry.costUsd > 0) weights.costUsd.set(row, entry.costUsd);
    else weights.costUsd.delete(row);
    if (entry.hasSpeed) weights.hasSpeed.add(row);
    else weights.hasSpeed.delete(row);
  };
  const addNameless = (draft: CallDraft): void => {
    // Never dropped, and so never of one key: the ledger would book only the first.
    const twins = (nameless.get(draft.key) ?? 0) + 1;
    nameless.set(draft.key, twins);
    calls.add(twins === 1 ? draft : { ...draft, key: `${draft.key}#${twins}` });
  };
  const merge = (entry: ClaudeEntry, draft: CallDraft, twin: number): void => {
    report.duplicates++;
    const row = calls.get(twin);
    // The blocks of one response stand on lines of their own, each with its share of the tool calls.
    const isSameResponse = row.file === draft.file && row.sidechain === entry.sidechain;
    const toolCalls = isSameResponse ? row.toolCalls + draft.toolCalls : draft.toolCalls;
    if (survives(entry, row, twin, weights)) {
      calls.replace(twin, draft, toolCalls);
      remember(twin, entry);
    } else if (isSameResponse) calls.setToolCalls(twin, toolCalls);
  };

  return (entry, file, line) => {
    const draft = draftOf(calls, entry, file, line);
    if (entry.messageId === undefined) {
      addNameless(draft);
      return;
    }
    const first = firstOf.get(entry.messageId);
    if (first === undefined) {
      const row = calls.add(draft);
      firstOf.set(entry.messageId, row);
      remember(row, entry);
      return;
    }
    const equal = calls.keyOf(first) === draft.key ? first : others.get(draft.key);
    const twin = equal ?? (entry.sidechain || calls.isSidechain(first) ? first : undefined);
    if (twin !== undefined) {
      merge(entry, draft, twin);
      return;
    }
    const row = calls.add(draft);
    others.set(draft.key, row);
    remember(row, entry);
  };
}

function draftOf(calls: CallTable, entry: ClaudeEntry, file: OpenFile, line: number): CallDraft {
  const session = entry.sessionId ?? file.stem;
  const run = entry.sidechain ? `${session}/${entry.agentId ?? 'sidechain'}` : session;
  return {
    ...entry.usage,
    format: 'claude',
    run: calls.run('claude', run),
    at: entry.at,
    model: entry.model,
    key: keyOf(entry),
    file: file.index,
    line,
    sidechain: entry.sidechain,
  };
}

/** `MESSAGE[:REQUEST]`; without a message id whatever else names the line. */
function keyOf(entry: ClaudeEntry): string {
  if (entry.messageId !== undefined) {
    return entry.requestId === undefined ? entry.messageId : `${entry.messageId}:${entry.requestId}`;
  }
  if (entry.requestId !== undefined) return `request:${entry.requestId}`;
  if (entry.uuid !== undefined) return `line:${entry.uuid}`;
  return `at:${entry.sessionId ?? ''}:${entry.at}:${entry.usage.inputTokens}:${entry.usage.outputTokens}`;
}

/** Which of two records of one call counts, whole: rule by rule, and at a tie the one that was read first. */
function survives(entry: ClaudeEntry, row: CallRow, rowNumber: number, weights: Weights): boolean {
  if (entry.sidechain !== row.sidechain) return row.sidechain;
  const tokens = entry.usage.inputTokens + entry.usage.outputTokens - row.inputTokens - row.outputTokens;
  if (tokens !== 0) return tokens > 0;
  const cost = weights.costUsd.get(rowNumber) ?? 0;
  if (entry.costUsd !== cost) return entry.costUsd > cost;
  return entry.hasSpeed && !weights.hasSpeed.has(rowNumber);
}
