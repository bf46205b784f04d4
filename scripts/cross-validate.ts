/**
 * Cross-validates the model of agent runs on recorded runs (plain JSON lines, one run a line, with a `dataset` field):
 *
 *   node scripts/cross-validate.ts [PATH]
 *
 * Without a path on all the runs that the presets are fitted on (examples/all-agent-runs.jsonl.gz).
 *
 * 1. Errors of mean, P50 and P90 on unseen tasks, beside the figures they must not pass.
 * 2. The same with a constant chance of stopping after each round (a geometric number of rounds), which must fail.
 * 3. Mean cost under caps of 10, 25, 50 and 100 rounds against the recorded runs cut there: within 10 %.
 *
 * Prints a line for each check and exits 1 when one fails.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { predictCosts } from '../src/core/simulate/calibrate.ts';
import { type Card, chargeBlock, prepareCard } from '../src/core/simulate/cards.ts';
import { ln } from '../src/core/simulate/elementary.ts';
import { fitProfile, type RecordedRun } from '../src/core/simulate/fit.ts';
import { type HeldOut, recordedCost, validateHeldOut } from '../src/core/simulate/held-out.ts';
import { MAX_ROUNDS, PRESETS, type PresetName, type Profile } from '../src/core/simulate/profile.ts';
import { type RunKey, word } from '../src/core/simulate/random.ts';
import { runCosts } from '../src/core/simulate/run-costs.ts';
import { advance, createRuns } from '../src/core/simulate/runs.ts';

/** A recorded run with the set it belongs to. */
export interface DatasetRun extends RecordedRun {
  readonly dataset: string;
}

/** Rates that make every token a whole number of microcredits; errors in per cent hardly depend on the model. */
export const HAIKU: Card = {
  model: 'claude-haiku',
  rates: { input: '0.25', output: '1.25', cacheRead: null, cacheWrite: null },
};

/**
 * Which runs make a set, and the largest errors of mean, P50 and P90 allowed on it, in whole per cent. The reasoner runs are in
 * no set: half of them were ended by provider errors.
 */
export const SETS = [
  { name: 'coding', pattern: /^swebench-deepseek_(chat|lite)/, most: [33, 22, 50] },
  { name: 'gpt-4.1 airline', pattern: /^tau2-gpt-4\.1_airline$/, most: [16, 15, 22] },
  { name: 'gpt-4.1 retail', pattern: /^tau2-gpt-4\.1_retail$/, most: [11, 11, 13] },
  { name: 'gpt-5.4 airline', pattern: /^tau2-gpt-5\.4/, most: [16, 16, 23] },
  { name: 'opus-4.6 airline', pattern: /^tau2-opus/, most: [13, 8, 18] },
  { name: 'service pooled', pattern: /^tau2-gpt/, most: [9, 7, 15] },
] as const;

/** Presets and the runs they stand for. */
export const PRESET_SETS = {
  coding: /^swebench-deepseek_(chat|lite)/,
  service: /^tau2-gpt/,
  'service-large': /^tau2-opus/,
} as const satisfies Record<PresetName, RegExp>;

export const CAPS = [10, 25, 50, 100] as const;
const MOST_CAP_ERROR = 0.1;

/** Predicted costs of runs fitted on `runs`, for `validateHeldOut`. */
export type Predict = (runs: readonly RecordedRun[], key: RunKey) => ArrayLike<number>;

/** The model under test. */
export const lognormal: Predict = (runs, key) =>
  predictCosts(runs, { card: HAIKU, blendWith: null, seed: key.first >>> 0 });

/** The rival: the same laws of tokens, but after each round the run stops with the same chance. */
export const geometric: Predict = (recorded, key) => {
  const count = 2000;
  const meanRounds = recorded.reduce((sum, run) => sum + run.rounds.length, 0) / recorded.length;
  const lengths = Int32Array.from({ length: count }, (_, run) => {
    const uniform = ((word(key.second, key.first, run) >>> 0) + 0.5) / 0x1_0000_0000;
    return Math.min(MAX_ROUNDS, 1 + Math.floor(meanRounds <= 1 ? 0 : ln(uniform) / ln(1 - 1 / meanRounds)));
  });
  const { profile } = fitProfile(recorded, 'geometric', null);
  const runs = createRuns({ profile, seed: key.first >>> 0, start: 0, count, compaction: null });
  // Slots differ in nothing but their length, which must fall.
  runs.lengths.set(lengths.sort().reverse());
  const card = prepareCard(HAIKU, 'none');
  const amounts = {
    cost: new Float64Array(count),
    spent: new Float64Array(count),
    peaks: { cost: 0, spent: 0 },
    longResent: 0,
  };
  while (advance(runs, (from, to) => chargeBlock(card, runs, amounts, from, to))) {}
  return amounts.spent;
};

/** Every recorded run. */
export const ALL_RUNS = path.resolve(import.meta.dirname, '../examples/all-agent-runs.jsonl.gz');

/** Reads recorded runs from JSON lines, which may be compressed (`.gz`). */
export function readRuns(file: string): DatasetRun[] {
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as DatasetRun);
}

/** Mean cost of runs cut at a cap: recorded, and of a profile. In microcredits. */
export function meansAtCap(runs: readonly RecordedRun[], profile: Profile, cap: number) {
  const meanOf = (costs: ArrayLike<number>) =>
    Array.from(costs).reduce((sum, cost) => sum + cost, 0) / costs.length;
  const simulated = runCosts({
    profile,
    seed: 1,
    start: 0,
    count: 20_000,
    compaction: null,
    card: HAIKU,
    cache: 'none',
    maxRounds: cap,
  });
  return { recorded: meanOf(runs.map((run) => recordedCost(run, HAIKU, cap))), simulated: meanOf(simulated) };
}

const percent = (share: number) => Math.round(share * 100);
const three = ({ mean, p50, p90 }: HeldOut, what: 'bias' | 'absolute' | 'floor') =>
  [mean, p50, p90].map((statistic) => percent(statistic[what]));

/** Whether the errors, in whole per cent, are no worse than the figures. */
export const isNoWorse = (heldOut: HeldOut, most: readonly number[]): boolean =>
  three(heldOut, 'absolute').every((error, index) => error <= most[index]!);

const print = (line: string) => process.stdout.write(`${line}\n`);
const verdict = (isMet: boolean) => (isMet ? 'PASS' : 'FAIL');

function checkSets(all: readonly DatasetRun[], splits: number): boolean {
  let isMet = true;
  print(
    `Errors on unseen tasks, per cent of mean / P50 / P90; ${splits} random halves by task, both directions`,
  );
  for (const { name, pattern, most } of SETS) {
    const runs = all.filter((run) => pattern.test(run.dataset));
    const validate = (predict: Predict, count: number) =>
      validateHeldOut({ runs, card: HAIKU, seed: 1, splits: count, predict });
    const model = validate(lognormal, splits);
    const rival = validate(geometric, splits / 10);
    if (model === null || rival === null) {
      print(`FAIL ${name}: too few tasks to split`);
      isMet = false;
      continue;
    }
    const isGood = isNoWorse(model, most);
    const isRivalBad = !isNoWorse(rival, most);
    isMet = isMet && isGood && isRivalBad;
    const show = (values: readonly number[]) => values.join('/').padEnd(12);
    print(
      `${verdict(isGood)} ${name.padEnd(17)} ${runs.length} runs, ${model.tasks} tasks  ` +
        `error ${show(three(model, 'absolute'))} at most ${show(most)} bias ${show(three(model, 'bias'))} ` +
        `floor ${show(three(model, 'floor'))} P5 to P95 covers ${percent(model.coverage)}`,
    );
    print(
      `${verdict(isRivalBad)} ${name.padEnd(17)} geometric must miss: error ${show(three(rival, 'absolute'))} ` +
        `bias ${show(three(rival, 'bias'))}`,
    );
  }
  return isMet;
}

function checkCaps(all: readonly DatasetRun[]): boolean {
  let isMet = true;
  print('\nMean cost under a cap, credits: recorded runs cut there, and simulated');
  for (const [name, pattern] of Object.entries(PRESET_SETS) as [PresetName, RegExp][]) {
    const runs = all.filter((run) => pattern.test(run.dataset));
    const profiles = { preset: PRESETS[name], fitted: fitProfile(runs, name, null).profile };
    for (const [kind, profile] of Object.entries(profiles)) {
      for (const cap of CAPS) {
        const { recorded, simulated } = meansAtCap(runs, profile, cap);
        const error = simulated / recorded - 1;
        const isGood = Math.abs(error) <= MOST_CAP_ERROR;
        isMet = isMet && isGood;
        const credits = (amount: number) => String(Math.round(amount / 1e4) / 100).padStart(7);
        print(
          `${verdict(isGood)} ${name.padEnd(14)} ${kind} cap ${String(cap).padStart(3)}  recorded ` +
            `${credits(recorded)}  simulated ${credits(simulated)}  error ${percent(error)} %`,
        );
      }
    }
  }
  return isMet;
}

function main(file: string): void {
  const runs = readRuns(file);
  const areSetsGood = checkSets(runs, 1000);
  const areCapsGood = checkCaps(runs);
  if (!areSetsGood || !areCapsGood) process.exitCode = 1;
}

if (process.argv[1] === import.meta.filename) main(process.argv[2] ?? ALL_RUNS);
