/** Turns the rows of a finished scan into calls in order, runs, and the totals of the report. */
import type { AgentRound, AgentRun, Call, Format, FormatTotals, ScanReport, Transcripts } from './call.ts';
import type { CallRow, CallTable, RunRow } from './call-table.ts';
import type { ReportBuilder } from './report-builder.ts';

/** A scan whose files were all read. */
export interface Counted {
  readonly calls: CallTable;
  readonly report: ReportBuilder;
  /** Paths by file index. */
  readonly files: readonly string[];
  /** Indexes of files that may still be being written. */
  readonly freshFiles: ReadonlySet<number>;
  readonly byFormat: Partial<Record<Format, { files: number; lines: number }>>;
}

/** Finishes a scan: drops session totals whose calls are known one by one, orders the rest and adds them up. */
export function countCalls(counted: Counted): Transcripts {
  dropCoveredTotals(counted);
  markFresh(counted);
  const order = orderRows(counted.calls);
  return {
    report: reportOf(counted, order),
    calls: () => callsOf(counted, order),
    runs: () => runsOf(counted.calls, order),
  };
}

/** A session that was logged and whose summary was saved as well is read twice: its calls count, the summary does not. */
function dropCoveredTotals({ calls, report }: Counted): void {
  const detailed = new Set<number>();
  const estimated: number[] = [];
  for (let row = 0; row < calls.size; row++) {
    const call = calls.get(row);
    if (call.estimated) estimated.push(row);
    else detailed.add(call.run);
  }
  for (const row of estimated) {
    if (!detailed.has(calls.get(row).run)) continue;
    calls.drop(row);
    report.duplicates++;
  }
}

function markFresh({ calls, freshFiles }: Counted): void {
  if (freshFiles.size === 0) return;
  const last = new Map<number, { readonly row: number; readonly line: number }>();
  for (let row = 0; row < calls.size; row++) {
    const { file, line, dropped } = calls.get(row);
    if (!dropped && freshFiles.has(file) && line >= (last.get(file)?.line ?? 0))
      last.set(file, { row, line });
  }
  for (const { row } of last.values()) calls.markFresh(row);
}

/** Rows run by run; inside a run by time where every call has one, else as they were read. */
function orderRows(calls: CallTable): Uint32Array {
  const runs = new Uint32Array(calls.size);
  const times = new Float64Array(calls.size);
  const isTimed = new Uint8Array(calls.runs.length).fill(1);
  const kept: number[] = [];
  for (let row = 0; row < calls.size; row++) {
    const { run, at, dropped } = calls.get(row);
    if (dropped) continue;
    kept.push(row);
    runs[row] = run;
    times[row] = at;
    if (Number.isNaN(at)) isTimed[run] = 0;
  }
  const compare = (a: number, b: number): number => {
    const run = runs[a] as number;
    if (run !== runs[b]) return run - (runs[b] as number);
    return (isTimed[run] === 1 ? (times[a] as number) - (times[b] as number) : 0) || a - b;
  };
  // Logs are written in order, so that there is mostly nothing to sort.
  const isSorted = kept.every((row, index) => index === 0 || compare(kept[index - 1] as number, row) < 0);
  return isSorted ? Uint32Array.from(kept) : Uint32Array.from(kept).sort(compare);
}

function reportOf({ calls, report, files, byFormat }: Counted, order: Uint32Array): ScanReport {
  const totals: Partial<Record<Format, FormatTotals>> = {};
  let lines = 0;
  for (const [format, read] of Object.entries(byFormat) as [Format, { files: number; lines: number }][]) {
    lines += read.lines;
    totals[format] = {
      ...read,
      calls: 0,
      inputTokens: 0,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
    };
  }
  let estimated = 0;
  for (const row of order) {
    const call = calls.get(row);
    if (call.estimated) estimated++;
    const sum = totals[(calls.runs[call.run] as RunRow).format] as FormatTotals;
    sum.calls++;
    sum.inputTokens += call.inputTokens;
    sum.cachedTokens += call.cachedTokens;
    sum.cacheWriteTokens += call.cacheWriteTokens;
    sum.outputTokens += call.outputTokens;
    sum.reasoningTokens += call.reasoningTokens;
  }
  const { badLines, badLineCount, duplicates, synthetic, unknownFormat } = report;
  return {
    files: files.length,
    lines,
    badLines,
    badLineCount,
    duplicates,
    synthetic,
    estimated,
    unknownFormat,
    byFormat: totals,
  };
}

function* callsOf({ calls, files }: Counted, order: Uint32Array): IterableIterator<Call> {
  let run = -1;
  let round = 0;
  for (const row of order) {
    const call = calls.get(row);
    round = call.run === run ? round + 1 : 1;
    run = call.run;
    const { format, name } = calls.runs[run] as RunRow;
    yield {
      format,
      runId: name,
      round,
      at: Number.isNaN(call.at) ? null : call.at,
      model: call.model,
      inputTokens: call.inputTokens,
      cachedTokens: call.cachedTokens,
      cacheWriteTokens: call.cacheWriteTokens,
      cacheWrite1hTokens: call.cacheWrite1hTokens,
      outputTokens: call.outputTokens,
      reasoningTokens: call.reasoningTokens,
      toolCalls: call.toolCalls,
      sidechain: call.sidechain,
      estimated: call.estimated,
      fresh: call.fresh,
      key: `${format}:${call.key}`,
      ref: { file: files[call.file] as string, line: call.line },
    };
  }
}

function* runsOf(calls: CallTable, order: Uint32Array): IterableIterator<AgentRun> {
  let rows: CallRow[] = [];
  for (const row of order) {
    const call = calls.get(row);
    if (call.estimated) continue;
    if (rows.length > 0 && rows[0]?.run !== call.run) {
      yield runOf(calls, rows);
      rows = [];
    }
    rows.push(call);
  }
  if (rows.length > 0) yield runOf(calls, rows);
}

function runOf(calls: CallTable, rows: readonly CallRow[]): AgentRun {
  const first = rows[0] as CallRow;
  const { format, name, task } = calls.runs[first.run] as RunRow;
  return {
    format,
    id: name,
    model: first.model,
    ...(task === undefined ? {} : { task }),
    rounds: rows.map(roundOf),
  };
}

function roundOf(call: CallRow): AgentRound {
  return {
    in: call.inputTokens,
    cached: call.cachedTokens,
    out: call.outputTokens,
    reason: call.reasoningTokens,
    tools: call.toolCalls,
    ...(call.obs === undefined ? {} : { obs: call.obs }),
  };
}
