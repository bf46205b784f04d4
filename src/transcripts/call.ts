/**
 * The one normal form of a model call read from a transcript, and of an agent run made of such calls. Types only: how a
 * format writes its calls is the business of its adapter.
 */

/** The transcript formats by the name that `--format` takes. Adding one: a name here, one adapter file, one registry row. */
export const FORMAT_NAMES = ['claude', 'codex', 'gemini', 'mini-swe-agent', 'tau2', 'otel', 'plain'] as const;

/** A transcript format; one format may have several shapes (a log, a stream of events, a summary). */
export type Format = (typeof FORMAT_NAMES)[number];

/** The model of a call whose transcript names none. Never priced by guess: it is in no catalogue, so `-m` or `--map` must name one. */
export const UNKNOWN_MODEL = 'unknown';

/** Where a call was read: the path as found and the line (from 1) where the record that counts begins. */
export interface Reference {
  readonly file: string;
  readonly line: number;
}

/** What one record says about one call, before it has a place in a run. Token counts are 0 to 1,000,000,000 each. */
export interface CallUsage {
  /** All input tokens: plain, read from a cache and written to one. */
  readonly inputTokens: number;
  /** The part of `inputTokens` that was read from a cache. */
  readonly cachedTokens: number;
  /** The part of `inputTokens` that was written to a cache, whatever its life span. */
  readonly cacheWriteTokens: number;
  /** The part of `cacheWriteTokens` written to live one hour; 0 where the format does not tell. */
  readonly cacheWrite1hTokens: number;
  /** All output tokens, reasoning included. */
  readonly outputTokens: number;
  /** The part of `outputTokens` that was reasoning; 0 where the format does not tell. */
  readonly reasoningTokens: number;
  /** Tool calls that the model asked for; 0 where the format does not tell. */
  readonly toolCalls: number;
}

/** One model call, counted once over everything that was read together. */
export interface Call extends CallUsage {
  readonly format: Format;
  /** The run it belongs to: a session, a sub-agent of one (`SESSION/AGENT`), a task. Unique per format. */
  readonly runId: string;
  /** Position in the run, from 1. */
  readonly round: number;
  /** When it took place, epoch ms; null where the format does not tell. */
  readonly at: number | null;
  /** The model id as written, or `UNKNOWN_MODEL`. */
  readonly model: string;
  /** Made by a sub-agent or side question. */
  readonly sidechain: boolean;
  /** Sums of several calls in one row (a session total): priced like a call, but no round of a run. */
  readonly estimated: boolean;
  /** The last call of a file that may still be being written: its counts may grow. */
  readonly fresh: boolean;
  /** Ledger key: the format and the call's own ids, never a path or a line number, since files move and are copied. */
  readonly key: string;
  readonly ref: Reference;
}

/** One round of a run in the plain format's words; tokens, and characters for `obs`. */
export interface AgentRound {
  /** All input tokens, `cached` included. */
  readonly in: number;
  readonly cached: number;
  /** All output tokens, `reason` included. */
  readonly out: number;
  readonly reason: number;
  /** Tool calls asked for. */
  readonly tools: number;
  /** Characters of tool results and user text after this round; absent where not recorded. */
  readonly obs?: number;
}

/** One agent run: its real calls in order. What the simulation and the calibration read. */
export interface AgentRun {
  readonly format: Format;
  readonly id: string;
  /** The model of the first round. */
  readonly model: string;
  /** What the run worked on; runs of one task belong on the same side of a split. Absent where not recorded. */
  readonly task?: string;
  /** At least one. */
  readonly rounds: readonly AgentRound[];
}

/** A line, or a part of a document, that could not be used. `reason` never quotes the content. */
export interface BadLine {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** What one format contributed; tokens as in `CallUsage`, after duplicates were dropped. */
export interface FormatTotals {
  files: number;
  lines: number;
  calls: number;
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
}

/** What was read and what was left out. */
export interface ScanReport {
  /** Files found, those of an unknown format included. */
  readonly files: number;
  /** Lines of the files whose format is known, blank ones included. */
  readonly lines: number;
  /** The first bad lines, at most 100. */
  readonly badLines: readonly BadLine[];
  /** All bad lines. */
  readonly badLineCount: number;
  /** Records dropped because their call counts already. */
  readonly duplicates: number;
  /** Records of refused requests that no model answered. */
  readonly synthetic: number;
  /** Rows that sum up several calls. */
  readonly estimated: number;
  /** Files whose format was not recognised, in reading order. */
  readonly unknownFormat: readonly string[];
  readonly byFormat: Readonly<Partial<Record<Format, Readonly<FormatTotals>>>>;
}

/** What was read. */
export interface Transcripts {
  readonly report: ScanReport;
  /** The calls, each once: run by run in the order in which runs were found, rounds ascending. */
  calls(): IterableIterator<Call>;
  /** The runs, without rows that sum up several calls. */
  runs(): IterableIterator<AgentRun>;
}
