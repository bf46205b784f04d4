/**
 * Codex rollouts, one JSON object a line. Newer versions write the usage of a call twice, forks and resumed sessions copy
 * history, and sub-agents begin with a replay of their parent's: the rules below count each call once.
 *
 * Source: ryoppippi/ccusage, rust/crates/ccusage/src/adapter/codex; rollouts of Codex 0.169.
 */
import {
  type CodexTokens,
  type CodexUsage,
  difference,
  equalTokens,
  modelIn,
  readCodexUsage,
} from './codex-usage.ts';
import { type JsonObject, objectAt, textAt } from './json.ts';
import type { LineReader, LineShape, OpenFile, Scan } from './shape.ts';
import { inclusiveUsage } from './usage.ts';

const LINE_TYPES = new Set([
  'session_meta',
  'event_msg',
  'response_item',
  'turn_context',
  'token_usage_record',
  'world_state',
  'compacted',
]);
const TOOL_CALLS = new Set(['function_call', 'custom_tool_call', 'local_shell_call']);

/** Codex session logs. */
export const codexRollout: LineShape = {
  reads: 'lines',
  needles: ['_tokens"', '"turn_context"', '"session_meta"', '_call"'],
  matches: ({ heads }) =>
    heads.some((head) => 'payload' in head && (head.type === undefined || LINE_TYPES.has(String(head.type)))),
  start: (scan) => {
    const known: Known = { rows: new Map(), named: new Set() };
    return (file) => new Rollout(scan, file, known);
  },
};

/** The calls of all files of a scan. */
interface Known {
  /** Rows by response id and by content. */
  readonly rows: Map<string, number>;
  /** Rows whose call has a response id. */
  readonly named: Set<number>;
}

class Rollout implements LineReader {
  readonly #scan: Scan;
  readonly #file: OpenFile;
  readonly #known: Known;
  #session: string | undefined;
  #model: string | undefined;
  #running: CodexTokens | undefined;
  /** The usage line before, whose call a line with the same running total repeats. */
  #previous: CodexUsage | undefined;
  #row: number | undefined;
  #toolCalls = 0;
  #isSidechain = false;
  /** Usage lines held back until it is known whether they replay the parent. */
  #held:
    | { readonly usage: CodexUsage; readonly line: number; readonly model: string | undefined }[]
    | undefined;
  #firstCountAt: number | undefined;
  #replaySecond: number | undefined;

  constructor(scan: Scan, file: OpenFile, known: Known) {
    this.#scan = scan;
    this.#file = file;
    this.#known = known;
    this.#held = file.head.includes('thread_spawn') ? [] : undefined;
  }

  record(value: JsonObject, line: number): void {
    const payload = objectAt(value, 'payload');
    if (value.type === 'session_meta') this.#begin(payload);
    else if (value.type === 'turn_context') this.#model = modelIn(payload) ?? this.#model;
    else if (value.type === 'response_item' && TOOL_CALLS.has(String(payload?.type))) this.#toolCalls++;
    const usage = readCodexUsage(value);
    if (usage === undefined) return;
    if (this.#held === undefined) this.#take(usage, line, this.#model);
    else this.#hold(usage, line);
  }

  end(): void {
    this.#release();
  }

  /** The first header is the file's own; a fork's copied history may hold more. */
  #begin(payload: JsonObject | undefined): void {
    if (this.#session !== undefined) return;
    this.#session = textAt(payload, 'id') ?? textAt(payload, 'session_id');
    this.#isSidechain = objectAt(payload, 'source', 'subagent') !== undefined;
  }

  /** The first two counts of a sub-agent decide: in one second they are the parent's history, written in one go. */
  #hold(usage: CodexUsage, line: number): void {
    this.#held?.push({ usage, line, model: this.#model });
    if (usage.kind !== 'count') return;
    if (this.#firstCountAt === undefined) {
      this.#firstCountAt = usage.at;
      return;
    }
    if (secondOf(this.#firstCountAt) === secondOf(usage.at)) this.#replaySecond = secondOf(usage.at);
    this.#release();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { usage, line, model } of held) this.#take(usage, line, model);
  }

  #take(usage: CodexUsage, line: number, model: string | undefined): void {
    if (this.#isReplay(usage)) {
      this.#scan.report.duplicates++;
      this.#running = usage.running ?? this.#running;
      return;
    }
    if (this.#repeatsPrevious(usage)) {
      this.#scan.report.duplicates++;
      if (this.#row !== undefined) this.#learn(usage, usage.last ?? this.#previous?.last, model, this.#row);
      this.#running = usage.running ?? this.#running;
      return;
    }
    const tokens = usage.last ?? difference(usage.running as CodexTokens, this.#running);
    this.#running = usage.running ?? this.#running;
    this.#previous = usage;
    this.#row = undefined;
    if (tokens.input + tokens.cached + tokens.output + tokens.reasoning === 0) return;
    this.#row = this.#count(usage, tokens, usage.model ?? model, line);
    this.#toolCalls = 0;
  }

  #isReplay(usage: CodexUsage): boolean {
    if (this.#replaySecond === undefined) return false;
    // A record names its thread, so that the sub-agent's own first call is told from the replay of the same second.
    if (usage.kind === 'record' && usage.threadId === this.#session) return false;
    if (secondOf(usage.at) === this.#replaySecond) return true;
    if (usage.kind === 'count') this.#replaySecond = undefined;
    return false;
  }

  #repeatsPrevious(usage: CodexUsage): boolean {
    if (usage.running !== undefined && this.#running !== undefined) {
      if (equalTokens(usage.running, this.#running)) return true;
    }
    const record = this.#previous;
    // A record without a running total is recognised by its own usage in the count that follows it.
    return (
      usage.kind === 'count' &&
      record?.kind === 'record' &&
      record.running === undefined &&
      equalTokens(usage.last, record.last)
    );
  }

  #count(usage: CodexUsage, tokens: CodexTokens, model: string | undefined, line: number): number {
    const twin = this.#twin(usage, tokens, model);
    if (twin !== undefined) {
      this.#scan.report.duplicates++;
      this.#learn(usage, tokens, model, twin);
      return twin;
    }
    const session = this.#session ?? this.#file.stem;
    const own = usage.running?.total ?? `${usage.at}:${tokens.input}:${tokens.output}`;
    const row = this.#scan.calls.add({
      ...inclusiveUsage({ ...tokens, toolCalls: this.#toolCalls }),
      format: 'codex',
      run: this.#scan.calls.run('codex', session),
      at: usage.at,
      model,
      key: usage.responseId ?? `${session}:${own}`,
      file: this.#file.index,
      line,
      sidechain: this.#isSidechain,
    });
    this.#learn(usage, tokens, model, row);
    return row;
  }

  #twin(usage: CodexUsage, tokens: CodexTokens, model: string | undefined): number | undefined {
    const { rows, named } = this.#known;
    const byResponse = usage.responseId === undefined ? undefined : rows.get(`id ${usage.responseId}`);
    if (byResponse !== undefined) return byResponse;
    const row = rows.get(contentKey(usage.at, model, tokens));
    // Equal content is the same call only in another file, as a copy of its history, and never under another response id.
    if (row === undefined || this.#scan.calls.get(row).file === this.#file.index) return undefined;
    return usage.responseId !== undefined && named.has(row) ? undefined : row;
  }

  #learn(usage: CodexUsage, tokens: CodexTokens | undefined, model: string | undefined, row: number): void {
    const { rows, named } = this.#known;
    if (usage.responseId !== undefined) {
      rows.set(`id ${usage.responseId}`, row);
      named.add(row);
    }
    if (tokens !== undefined) rows.set(contentKey(usage.at, usage.model ?? model, tokens), row);
  }
}

const secondOf = (at: number): number => Math.floor(at / 1000);

function contentKey(at: number, model: string | undefined, tokens: CodexTokens): string {
  const { input, cached, output, reasoning, total } = tokens;
  return `${at} ${input} ${cached} ${output} ${reasoning} ${total} ${model ?? ''}`;
}
