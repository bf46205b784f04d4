/**
 * Fits a profile to recorded runs by moments. Holds no opinion on whether the fit is good: `calibrate.ts` states its error
 * on runs it has not seen.
 */
import { MAX_TOKENS } from '../credits.ts';
import { invalid } from '../errors.ts';
import { exp, ln } from './elementary.ts';
import { MAX_ROUNDS, MAX_SD, type Profile, type TokenLaw } from './profile.ts';

/** A recorded run in the shape of plain JSON lines. Runs that a provider error ended early must be left out. */
export interface RecordedRun {
  /** The task, or `task/trial` when a task was run several times. */
  readonly id: string;
  /** Calls in order, each once; `in` includes cached tokens, `out` includes reasoning. */
  readonly rounds: readonly { readonly in: number; readonly out: number }[];
}

/** The task of a run: its id without a trial number. Runs of one task are alike, so they stay on one side of a split. */
export const taskOf = (run: RecordedRun): string => run.id.replace(/\/\d+$/, '');

/** A profile with what was left out of its fit. */
export interface Fit {
  readonly profile: Profile;
  /** Share of the steps between two rounds where the context shrank; they are kept out of the law of tool results. */
  readonly contextDropShare: number;
}

/** Weight of the data against a preset when both are blended: n recorded runs count n / (n + 10). */
export const BLEND_RUNS = 10;

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation; 0 for fewer than two values. */
function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

const spreadOf = (values: readonly number[]): number =>
  rounded(Math.min(MAX_SD, deviation(values.map((value) => ln(Math.max(1, value))))));

interface Growth {
  /** What tool results and user text added after each round that another followed. */
  readonly tools: readonly number[];
  /** How many rounds sent each of them. */
  readonly sends: readonly number[];
  readonly drops: number;
}

function growthOf(runs: readonly RecordedRun[]): Growth {
  const tools: number[] = [];
  const sends: number[] = [];
  let drops = 0;
  for (const { rounds } of runs) {
    for (let index = 0; index + 1 < rounds.length; index++) {
      const added = rounds[index + 1]!.in - rounds[index]!.in - rounds[index]!.out;
      if (added < 0) {
        drops++;
        continue;
      }
      tools.push(added);
      sends.push(rounds.length - 1 - index);
    }
  }
  return { tools, sends, drops };
}

/**
 * The mean tool result, each weighed by the rounds that send it: a result of the first round is paid for in every later one.
 * With this weight the input tokens of all recorded runs come out right, which the plain mean misses where results grow or
 * shrink over a run.
 */
function meanTool({ tools, sends }: Growth): number {
  const weights = sends.reduce((sum, count) => sum + count, 0);
  return weights === 0 ? 0 : tools.reduce((sum, tool, index) => sum + tool * sends[index]!, 0) / weights;
}

/**
 * The spread that gives draws the variance of the recorded tool results. Their logarithms spread wider, because many results
 * are a handful of tokens, but a context is a sum, and what sums scatter by is the variance.
 */
function spreadOfTools({ tools }: Growth): number {
  const middle = mean(tools);
  if (middle === 0) return 0;
  const ratio = deviation(tools) / middle;
  return rounded(Math.min(MAX_SD, Math.sqrt(ln(1 + ratio * ratio))));
}

function checkRuns(runs: readonly RecordedRun[]): void {
  if (runs.length === 0) throw invalid('there are no runs to fit a profile to');
  for (const { id, rounds } of runs) {
    if (rounds.length === 0) throw invalid(`run ${JSON.stringify(id)} has no rounds`);
    const isBad = (tokens: number) => !Number.isInteger(tokens) || tokens < 0 || tokens > MAX_TOKENS;
    if (rounds.some((round) => isBad(round.in) || isBad(round.out))) {
      throw invalid(`run ${JSON.stringify(id)} has a round without whole token counts`);
    }
  }
}

/** Blends on the scale of logarithms, where the laws' parameters live. */
function blendedLaw(law: TokenLaw, preset: TokenLaw, weight: number): TokenLaw {
  const meanOf = exp(weight * ln(Math.max(1, law.mean)) + (1 - weight) * ln(preset.mean));
  return { mean: rounded(meanOf), sd: rounded(weight * law.sd + (1 - weight) * preset.sd) };
}

function blend(profile: Profile, preset: Profile): Profile {
  const weight = profile.n / (profile.n + BLEND_RUNS);
  const rounds = blendedLaw(
    { mean: profile.rounds.median, sd: profile.rounds.sd },
    {
      mean: preset.rounds.median,
      sd: preset.rounds.sd,
    },
    weight,
  );
  return {
    ...profile,
    rounds: { median: rounds.mean, sd: rounds.sd },
    firstInput: blendedLaw(profile.firstInput, preset.firstInput, weight),
    tool: blendedLaw(profile.tool, preset.tool, weight),
    output: blendedLaw(profile.output, preset.output, weight),
  };
}

/**
 * Fits a profile: median and spread of the number of rounds, means and spreads of first inputs, outputs and tool results
 * (`in[k+1] − in[k] − out[k]`). Spreads are standard deviations of logarithms, but for tool results; they end at 1.5.
 * @param preset a profile to blend with, weight n / (n + 10) for the data; null: the data alone
 * @throws LedgerError `invalid_argument` for no runs, a run without rounds or a token count out of range
 */
export function fitProfile(runs: readonly RecordedRun[], name: string, preset: Profile | null): Fit {
  checkRuns(runs);
  const lengths = runs.map((run) => Math.min(MAX_ROUNDS, run.rounds.length));
  const firstInputs = runs.map((run) => Math.max(1, run.rounds[0]!.in));
  const outputs = runs.flatMap((run) => run.rounds.map((round) => Math.max(1, round.out)));
  const growth = growthOf(runs);
  const profile: Profile = {
    name,
    rounds: { median: rounded(exp(mean(lengths.map(ln)))), sd: spreadOf(lengths) },
    firstInput: { mean: rounded(mean(firstInputs)), sd: spreadOf(firstInputs) },
    tool: { mean: rounded(meanTool(growth)), sd: spreadOfTools(growth) },
    output: { mean: rounded(mean(outputs)), sd: spreadOf(outputs) },
    n: runs.length,
  };
  const steps = growth.tools.length + growth.drops;
  return {
    profile: preset === null ? profile : blend(profile, preset),
    contextDropShare: steps === 0 ? 0 : rounded(growth.drops / steps),
  };
}
