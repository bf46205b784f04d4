/**
 * Draws agent runs round by round: all runs at once, one column per quantity, no object per round. Knows tokens only;
 * `cards.ts` prices a round, `statistical.ts` sums up.
 *
 * Runs lie in slots ordered by length, the longest first, so that the runs still going are always a prefix.
 * Source: the model is fitted on recorded runs: lengths lognormal, `input[k+1] = input[k] + output[k] + tool[k]`.
 */
import { MAX_TOKENS } from '../credits.ts';
import { invalid } from '../errors.ts';
import { draw, type Lognormal, lognormalOfMean, lognormalOfMedian } from './lognormal.ts';
import { MAX_ROUNDS, type Profile } from './profile.ts';
import { runKeys, SLOT, word } from './random.ts';

const BLOCK = 1024;

/** When a context passes `at` tokens, the next input is `to` tokens, after one extra summarising call. */
export interface Compaction {
  readonly at: number;
  readonly to: number;
}

/** Which runs to draw. */
export interface RunOptions {
  readonly profile: Profile;
  /** Whole number from 0 to 2^53 − 1. */
  readonly seed: number;
  /** Index of the first run, 0 or more: runs 0–99 and 100–199 together are runs 0–199. */
  readonly start: number;
  /** How many runs, 1 or more. */
  readonly count: number;
  /** null: the context only grows. */
  readonly compaction: Compaction | null;
}

/** The runs in their current round. Columns have one value per slot; only the first `live` belong to this round. */
export interface Runs {
  readonly options: RunOptions;
  readonly count: number;
  /** Slot → run index − `start`. */
  readonly order: Int32Array;
  /** Rounds of each run, 1 to 10,000, falling. */
  readonly lengths: Int32Array;
  /** Input tokens of the current round. */
  readonly input: Float64Array;
  /** The part of `input` that the round before already sent: 0 in round 1 and after a compaction. */
  readonly resent: Float64Array;
  /** Output tokens of the current round. */
  readonly output: Float64Array;
  /** Slots of the current block whose context was summarised before this round, and the summarising calls' tokens. */
  readonly summaries: Summary[];
  /** Summarising calls of the current round. */
  summaryCount: number;
  /** The current round; 0 before the first `advance`. */
  round: number;
  /** How many runs reach the current round. */
  live: number;
  /** Largest input of this round or of its summaries, and largest output: bounds for exact arithmetic. */
  peakInput: number;
  peakOutput: number;
  /** Tokens of this round over all live runs, summaries included; `resentTokens` is a part of `inputTokens`. */
  inputTokens: number;
  resentTokens: number;
  outputTokens: number;
  readonly firstKeys: Int32Array;
  readonly secondKeys: Int32Array;
  readonly laws: Laws;
}

/** One summarising call. `input` includes `resent`. */
export interface Summary {
  readonly slot: number;
  readonly input: number;
  readonly resent: number;
  readonly output: number;
}

interface Laws {
  readonly firstInput: Lognormal;
  readonly tool: Lognormal;
  readonly output: Lognormal;
}

/** Slots by falling length; equal lengths keep the order of their runs (counting sort). */
function orderByLength(lengths: Int32Array): Int32Array {
  const starts = new Int32Array(MAX_ROUNDS + 2);
  for (const length of lengths) starts[MAX_ROUNDS - length + 1]!++;
  for (let k = 1; k < starts.length; k++) starts[k]! += starts[k - 1]!;
  const order = new Int32Array(lengths.length);
  for (let run = 0; run < lengths.length; run++) order[starts[MAX_ROUNDS - lengths[run]!]!++] = run;
  return order;
}

/**
 * Draws the runs' lengths and stands before round 1.
 * @throws LedgerError `invalid_argument` for a seed out of range
 */
export function createRuns(options: RunOptions): Runs {
  const { profile, count, start } = options;
  const keyOf = runKeys(options.seed);
  const lengthLaw = lognormalOfMedian(profile.rounds.median, profile.rounds.sd);
  const drawn = new Int32Array(count);
  for (let run = 0; run < count; run++) {
    const key = keyOf(start + run);
    const length = draw(lengthLaw, word(key.first, key.second, SLOT.rounds));
    drawn[run] = Math.min(MAX_ROUNDS, Math.max(1, length));
  }
  const order = orderByLength(drawn);
  const tokens = () => new Float64Array(count);
  const runs: Runs = {
    options,
    count,
    order,
    lengths: order.map((run) => drawn[run]!),
    input: tokens(),
    resent: tokens(),
    output: tokens(),
    summaries: [],
    summaryCount: 0,
    round: 0,
    live: count,
    peakInput: 0,
    peakOutput: 0,
    inputTokens: 0,
    resentTokens: 0,
    outputTokens: 0,
    firstKeys: new Int32Array(count),
    secondKeys: new Int32Array(count),
    laws: {
      firstInput: lognormalOfMean(profile.firstInput.mean, profile.firstInput.sd),
      tool: lognormalOfMean(profile.tool.mean, profile.tool.sd),
      output: lognormalOfMean(profile.output.mean, profile.output.sd),
    },
  };
  for (let slot = 0; slot < count; slot++) {
    const key = keyOf(start + order[slot]!);
    runs.firstKeys[slot] = key.first;
    runs.secondKeys[slot] = key.second;
  }
  return runs;
}

/** Runs that end by themselves within `cap` rounds. */
export function finishedWithin(runs: Runs, cap: number): number {
  let low = 0;
  let high = runs.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs.lengths[middle]! > cap) low = middle + 1;
    else high = middle;
  }
  return runs.count - low;
}

function drawFirstInputs(runs: Runs, from: number, to: number): void {
  const { input, firstKeys, secondKeys } = runs;
  const law = runs.laws.firstInput;
  let peak = runs.peakInput;
  let sum = 0;
  for (let slot = from; slot < to; slot++) {
    const tokens = Math.max(1, draw(law, word(firstKeys[slot]!, secondKeys[slot]!, SLOT.firstInput)));
    if (tokens > peak) peak = tokens;
    sum += tokens;
    input[slot] = tokens;
  }
  runs.peakInput = peak;
  runs.inputTokens += sum;
}

function growInputs(runs: Runs, from: number, to: number): void {
  const { input, resent, output, firstKeys, secondKeys } = runs;
  const law = runs.laws.tool;
  const purpose = SLOT.tool(runs.round - 1);
  let peak = runs.peakInput;
  let sum = 0;
  let again = 0;
  for (let slot = from; slot < to; slot++) {
    const before = input[slot]!;
    const next = before + output[slot]! + draw(law, word(firstKeys[slot]!, secondKeys[slot]!, purpose));
    if (next > peak) peak = next;
    sum += next;
    again += before;
    resent[slot] = before;
    input[slot] = next;
  }
  runs.peakInput = peak;
  runs.inputTokens += sum;
  runs.resentTokens += again;
}

/** Summarises the contexts that have passed the limit. The call that does it sends the context before, which it re-sends. */
function compact(runs: Runs, { at, to: size }: Compaction, from: number, to: number): void {
  const { input, resent, summaries } = runs;
  for (let slot = from; slot < to; slot++) {
    if (input[slot]! <= at) continue;
    summaries.push({ slot, input: input[slot]!, resent: resent[slot]!, output: size });
    input[slot] = size;
    resent[slot] = 0;
  }
  runs.inputTokens += summaries.length * size;
  runs.outputTokens += summaries.length * size;
  runs.summaryCount += summaries.length;
  if (summaries.length > 0 && size > runs.peakOutput) runs.peakOutput = size;
}

function drawOutputs(runs: Runs, from: number, to: number): void {
  const { output, firstKeys, secondKeys } = runs;
  const law = runs.laws.output;
  const purpose = SLOT.output(runs.round);
  let peak = runs.peakOutput;
  let sum = 0;
  for (let slot = from; slot < to; slot++) {
    const tokens = Math.max(1, draw(law, word(firstKeys[slot]!, secondKeys[slot]!, purpose)));
    if (tokens > peak) peak = tokens;
    sum += tokens;
    output[slot] = tokens;
  }
  runs.peakOutput = peak;
  runs.outputTokens += sum;
}

function drawBlock(runs: Runs, from: number, to: number): void {
  runs.summaries.length = 0;
  if (runs.round === 1) drawFirstInputs(runs, from, to);
  else growInputs(runs, from, to);
  if (runs.options.compaction !== null && runs.round > 1) compact(runs, runs.options.compaction, from, to);
  drawOutputs(runs, from, to);
  if (runs.peakInput > MAX_TOKENS || runs.peakOutput > MAX_TOKENS) {
    throw invalid(
      `round ${runs.round} of a simulated run passes 1,000,000,000 tokens`,
      'cap the rounds lower, or compact the context with --compact-at and --compact-to',
    );
  }
}

/**
 * Goes on to the next round, block by block: a block's columns stay in the processor's cache while it is drawn and priced.
 * @param onBlock called when the slots `from` to `to − 1` hold the tokens of the new round; `peakInput` and `peakOutput` then
 *   cover them, and `summaries` are theirs
 * @returns false when no run reaches the round; the columns then stay as they were
 * @throws LedgerError `invalid_argument` when a context passes 1,000,000,000 tokens, and whatever `onBlock` throws
 */
export function advance(runs: Runs, onBlock: (from: number, to: number) => void): boolean {
  const live = runs.count - finishedWithin(runs, runs.round);
  if (live === 0) return false;
  runs.round++;
  runs.live = live;
  runs.summaryCount = 0;
  runs.peakInput = 0;
  runs.peakOutput = 0;
  runs.inputTokens = 0;
  runs.resentTokens = 0;
  runs.outputTokens = 0;
  for (let from = 0; from < live; from += BLOCK) {
    const to = Math.min(live, from + BLOCK);
    drawBlock(runs, from, to);
    onBlock(from, to);
  }
  return true;
}
