/**
 * What `claude -p` prints with `--output-format stream-json` or `json`. Its assistant lines repeat the usage of the
 * response's start, so only the last `result` line counts: totals per model, one estimated row each.
 */
import type { CallUsage } from './call.ts';
import { readClaudeUsage } from './claude-entry.ts';
import { instantOf, isObject, type JsonObject, objectAt, textAt, tokensAt } from './json.ts';
import type { LineReader, LineShape, OpenFile, Scan } from './shape.ts';

const LINE_TYPES = new Set(['system', 'assistant', 'user', 'result', 'stream_event', 'rate_limit_event']);

/** The printed stream of events, or its result alone. */
export const claudeResult: LineShape = {
  reads: 'lines',
  needles: ['"usage"', '"modelUsage"', '"session_id"'],
  matches: ({ heads }) => heads.some((head) => 'session_id' in head && LINE_TYPES.has(String(head.type))),
  start: (scan) => {
    const seen = new Set<string>();
    return (file) => readerOf(scan, file, seen);
  },
};

function readerOf(scan: Scan, file: OpenFile, seen: Set<string>): LineReader {
  let result: { readonly value: JsonObject; readonly line: number } | undefined;
  let hasAnswers = false;
  let model: string | undefined;
  return {
    record(value, line) {
      if (value.type === 'result') result = { value, line };
      const answer = objectAt(value, 'message');
      if (value.type !== 'assistant' || answer === undefined || answer.model === '<synthetic>') return;
      hasAnswers = true;
      model = textAt(answer, 'model') ?? model;
    },
    end(line) {
      if (result !== undefined) addTotals(scan, file, seen, result.value, result.line, model);
      else if (hasAnswers)
        scan.report.bad(file.path, line, 'the stream ends without a result line, which holds the usage');
    },
  };
}

function addTotals(
  scan: Scan,
  file: OpenFile,
  seen: Set<string>,
  result: JsonObject,
  line: number,
  fallbackModel: string | undefined,
): void {
  const session = textAt(result, 'session_id') ?? file.stem;
  const models = objectAt(result, 'modelUsage');
  const rows: [string | undefined, CallUsage][] = [];
  for (const [model, usage] of Object.entries(models ?? {})) {
    if (isObject(usage)) rows.push([model, totalsOf(usage)]);
  }
  const usage = objectAt(result, 'usage');
  if (rows.length === 0 && usage !== undefined) rows.push([fallbackModel, readClaudeUsage(usage, 0)]);
  for (const [model, totals] of rows) {
    if (totals.inputTokens === 0 && totals.outputTokens === 0) continue;
    const own = textAt(result, 'uuid') ?? `${totals.inputTokens}:${totals.outputTokens}`;
    const key = `result:${session}:${own}:${model ?? ''}`;
    if (seen.has(key)) {
      scan.report.duplicates++;
      continue;
    }
    seen.add(key);
    const at = instantOf(result.timestamp);
    const run = scan.calls.run('claude', session);
    scan.calls.add({
      ...totals,
      format: 'claude',
      run,
      at,
      model,
      key,
      file: file.index,
      line,
      estimated: true,
    });
  }
}

function totalsOf(usage: JsonObject): CallUsage {
  const cached = tokensAt(usage, 'cacheReadInputTokens');
  const written = tokensAt(usage, 'cacheCreationInputTokens');
  return {
    inputTokens: tokensAt({ sum: tokensAt(usage, 'inputTokens') + cached + written }, 'sum'),
    cachedTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: 0,
    outputTokens: tokensAt(usage, 'outputTokens'),
    reasoningTokens: 0,
    toolCalls: 0,
  };
}
