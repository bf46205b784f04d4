/**
 * The calls that survive so far, as columns of numbers: a row costs 60 bytes and its key, so that state grows with the
 * number of calls and not with the size of the files. Which of two records of one call survives is known only when all
 * files were read; until then a row can be replaced whole or dropped, and its number stays.
 */
import type { CallUsage, Format } from './call.ts';
import { UNKNOWN_MODEL } from './call.ts';

/** One record of one call as an adapter read it. */
export interface CallDraft extends CallUsage {
  readonly format: Format;
  /** From `CallTable.run`. */
  readonly run: number;
  /** Epoch ms; undefined where the format does not tell. */
  readonly at: number | undefined;
  readonly model: string | undefined;
  /** The call's own ids, without the format. */
  readonly key: string;
  /** From `OpenFile.index`. */
  readonly file: number;
  readonly line: number;
  readonly sidechain?: boolean;
  readonly estimated?: boolean;
  /** Characters of tool results and user text after the call. */
  readonly obs?: number | undefined;
}

/** A run as the table knows it. */
export interface RunRow {
  readonly format: Format;
  name: string;
  task: string | undefined;
}

const COLUMNS = 13;
const INPUT = 0;
const CACHED = 1;
const WRITE = 2;
const WRITE_1H = 3;
const OUTPUT = 4;
const REASONING = 5;
const TOOLS = 6;
const RUN = 7;
const MODEL = 8;
const FILE = 9;
const LINE = 10;
const FLAGS = 11;
const OBS = 12;

const SIDECHAIN = 1;
const ESTIMATED = 2;
const DROPPED = 4;
const FRESH = 8;
const HAS_OBS = 16;

/** A row with its run, model and file still as numbers; `at` is NaN where unknown. */
export interface CallRow extends CallUsage {
  readonly at: number;
  readonly run: number;
  readonly model: string;
  readonly file: number;
  readonly line: number;
  readonly key: string;
  readonly sidechain: boolean;
  readonly estimated: boolean;
  readonly dropped: boolean;
  readonly fresh: boolean;
  readonly obs: number | undefined;
}

/** The surviving calls of one scan. */
export class CallTable {
  /** Rows ever added, dropped ones included. */
  size = 0;
  readonly runs: RunRow[] = [];
  readonly #runIndex = new Map<string, number>();
  readonly #runNames = new Map<string, number>();
  /** Calls come run by run. */
  #lastRun: { format?: Format; id?: string; scope?: number | undefined; run: number } = { run: -1 };
  readonly #models: string[] = [];
  readonly #modelIndex = new Map<string, number>();
  readonly #keys: string[] = [];
  #numbers = new Uint32Array(256 * COLUMNS);
  #at = new Float64Array(256);

  /**
   * The number of a run.
   * @param id the run's own id, or the best there is
   * @param scope set where ids are unique only inside one file: then the second file's run of that id is named `ID#2`
   */
  run(format: Format, id: string, scope?: number, task?: string): number {
    const last = this.#lastRun;
    if (last.format === format && last.id === id && last.scope === scope) return last.run;
    const place = `${format}\n${id}\n${scope ?? ''}`;
    const run = this.#runIndex.get(place) ?? this.#newRun(place, format, id, task);
    this.#lastRun = { format, id, scope, run };
    return run;
  }

  #newRun(place: string, format: Format, id: string, task: string | undefined): number {
    const name = `${format}\n${id}`;
    const twins = (this.#runNames.get(name) ?? 0) + 1;
    this.#runNames.set(name, twins);
    const run = this.runs.push({ format, name: twins === 1 ? id : `${id}#${twins}`, task }) - 1;
    this.#runIndex.set(place, run);
    return run;
  }

  /** Adds a call and returns its row. */
  add(draft: CallDraft): number {
    const row = this.size++;
    if (row === this.#at.length) this.#grow();
    this.#write(row, draft, draft.toolCalls);
    return row;
  }

  /** Puts another record of the same call in a row, whole; the tool calls are said apart, as records may share them. */
  replace(row: number, draft: CallDraft, toolCalls = draft.toolCalls): void {
    this.#write(row, draft, toolCalls);
  }

  /** Takes a row out of the count. */
  drop(row: number): void {
    this.#flag(row, DROPPED);
  }

  /** Marks a call whose counts may still grow. */
  markFresh(row: number): void {
    this.#flag(row, FRESH);
  }

  /** Corrects what a document said only after the call. */
  setModel(row: number, model: string): void {
    this.#numbers[row * COLUMNS + MODEL] = this.#model(model);
  }

  /** Corrects the number of tool calls, which several records of one call may share. */
  setToolCalls(row: number, toolCalls: number): void {
    this.#numbers[row * COLUMNS + TOOLS] = toolCalls;
  }

  /** The key of a row, without the format. */
  keyOf(row: number): string {
    return this.#keys[row] as string;
  }

  /** Whether a row is a sidechain's. */
  isSidechain(row: number): boolean {
    return (this.#cell(row, FLAGS) & SIDECHAIN) !== 0;
  }

  /** Reads a row. */
  get(row: number): CallRow {
    const flags = this.#cell(row, FLAGS);
    return {
      inputTokens: this.#cell(row, INPUT),
      cachedTokens: this.#cell(row, CACHED),
      cacheWriteTokens: this.#cell(row, WRITE),
      cacheWrite1hTokens: this.#cell(row, WRITE_1H),
      outputTokens: this.#cell(row, OUTPUT),
      reasoningTokens: this.#cell(row, REASONING),
      toolCalls: this.#cell(row, TOOLS),
      at: this.#at[row] as number,
      run: this.#cell(row, RUN),
      model: this.#models[this.#cell(row, MODEL)] as string,
      file: this.#cell(row, FILE),
      line: this.#cell(row, LINE),
      key: this.#keys[row] as string,
      sidechain: (flags & SIDECHAIN) !== 0,
      estimated: (flags & ESTIMATED) !== 0,
      dropped: (flags & DROPPED) !== 0,
      fresh: (flags & FRESH) !== 0,
      obs: (flags & HAS_OBS) === 0 ? undefined : this.#cell(row, OBS),
    };
  }

  #write(row: number, draft: CallDraft, toolCalls: number): void {
    const base = row * COLUMNS;
    const cells = this.#numbers;
    cells[base + INPUT] = draft.inputTokens;
    cells[base + CACHED] = draft.cachedTokens;
    cells[base + WRITE] = draft.cacheWriteTokens;
    cells[base + WRITE_1H] = draft.cacheWrite1hTokens;
    cells[base + OUTPUT] = draft.outputTokens;
    cells[base + REASONING] = draft.reasoningTokens;
    cells[base + TOOLS] = toolCalls;
    cells[base + RUN] = draft.run;
    cells[base + MODEL] = this.#model(draft.model ?? UNKNOWN_MODEL);
    cells[base + FILE] = draft.file;
    cells[base + LINE] = draft.line;
    cells[base + OBS] = draft.obs ?? 0;
    cells[base + FLAGS] =
      (draft.sidechain ? SIDECHAIN : 0) |
      (draft.estimated ? ESTIMATED : 0) |
      (draft.obs === undefined ? 0 : HAS_OBS);
    this.#at[row] = draft.at ?? Number.NaN;
    this.#keys[row] = draft.key;
  }

  #model(name: string): number {
    const known = this.#modelIndex.get(name);
    if (known !== undefined) return known;
    const model = this.#models.push(name) - 1;
    this.#modelIndex.set(name, model);
    return model;
  }

  #cell(row: number, column: number): number {
    return this.#numbers[row * COLUMNS + column] as number;
  }

  #flag(row: number, flag: number): void {
    const at = row * COLUMNS + FLAGS;
    this.#numbers[at] = (this.#numbers[at] as number) | flag;
  }

  #grow(): void {
    const numbers = new Uint32Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const at = new Float64Array(this.#at.length * 2);
    at.set(this.#at);
    this.#at = at;
  }
}
