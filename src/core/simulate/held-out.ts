/**
 * How far a model of agent runs is off on tasks it has not seen: fitted on one half of the tasks, compared with the recorded
 * costs of the other half, over many random halves.
 */
import { priceCall } from '../rates.ts';
import { type Card, callOf } from './cards.ts';
import { type RecordedRun, taskOf } from './fit.ts';
import { quantilesOf } from './quantiles.ts';
import { type RunKey, runKeys, shuffled } from './random.ts';

/** Fewer tasks than this leave halves too small to compare. */
export const MIN_TASKS = 4;

/** Errors of one statistic, as shares: 0.1 is 10 % too high. */
export interface StatisticError {
  /** Mean of the signed errors. */
  readonly bias: number;
  /** Median size of the errors: half of the splits miss by less. */
  readonly absolute: number;
  /** The same for the recorded costs of one half against the other: the noise of the data itself. */
  readonly floor: number;
}

/** Errors on unseen tasks. */
export interface HeldOut {
  /** Random halves; each is used in both directions. */
  readonly splits: number;
  readonly tasks: number;
  readonly mean: StatisticError;
  readonly p50: StatisticError;
  readonly p90: StatisticError;
  /** Share of the unseen runs that cost between the model's P5 and P95. */
  readonly coverage: number;
}

/** What to validate. */
export interface HeldOutOptions {
  readonly runs: readonly RecordedRun[];
  readonly card: Card;
  /** Whole number from 0 to 2^53 − 1. */
  readonly seed: number;
  readonly splits: number;
  /** Fits a model and returns costs of runs it makes, in microcredits. `key` is for the draws of this fit alone. */
  readonly predict: (runs: readonly RecordedRun[], key: RunKey) => ArrayLike<number>;
}

/** Cost of a recorded run without cache prices, in microcredits. */
export function recordedCost(run: RecordedRun, card: Card, maxRounds = run.rounds.length): number {
  let cost = 0;
  for (const round of run.rounds.slice(0, maxRounds)) {
    cost += priceCall(card.rates, callOf('none', round.in, 0, round.out));
  }
  return cost;
}

type Statistics = readonly [mean: number, p50: number, p90: number];

function statisticsOf(costs: ArrayLike<number>): Statistics {
  let sum = 0;
  for (let index = 0; index < costs.length; index++) sum += costs[index]!;
  const [p50, p90] = quantilesOf(costs, [50, 90]);
  return [sum / costs.length, p50!, p90!];
}

const rounded = (share: number): number => Math.round(share * 1e4) / 1e4;

function summarise(errors: readonly number[], floors: readonly number[]): StatisticError {
  const middle = (values: readonly number[]) => rounded(quantilesOf(values.map(Math.abs), [50])[0]!);
  const sum = errors.reduce((total, error) => total + error, 0);
  return { bias: rounded(sum / errors.length), absolute: middle(errors), floor: middle(floors) };
}

interface Priced {
  readonly run: RecordedRun;
  readonly task: string;
  readonly cost: number;
}

/** Errors collected over the splits, one list per statistic. */
interface Collected {
  readonly errors: readonly [number[], number[], number[]];
  readonly floors: readonly [number[], number[], number[]];
  seen: number;
  covered: number;
}

function compare(
  collected: Collected,
  train: readonly Priced[],
  test: readonly Priced[],
  predicted: ArrayLike<number>,
): void {
  const costs = test.map((each) => each.cost);
  const actual = statisticsOf(costs);
  const model = statisticsOf(predicted);
  const other = statisticsOf(train.map((each) => each.cost));
  for (const index of [0, 1, 2] as const) {
    collected.errors[index].push(model[index] / actual[index] - 1);
    collected.floors[index].push(other[index] / actual[index] - 1);
  }
  const [low, high] = quantilesOf(predicted, [5, 95]);
  collected.seen += costs.length;
  collected.covered += costs.filter((cost) => cost >= low! && cost <= high!).length;
}

/**
 * Validates a model by repeated random halves, split by task.
 * @returns null when there are fewer than four tasks, or when the runs cost nothing
 * @throws LedgerError whatever `predict` throws; `invalid_argument` for a bad seed
 */
export function validateHeldOut(options: HeldOutOptions): HeldOut | null {
  const { card, splits, predict } = options;
  const priced = options.runs.map(
    (run): Priced => ({ run, task: taskOf(run), cost: recordedCost(run, card) }),
  );
  const tasks = [...new Set(priced.map((each) => each.task))];
  if (tasks.length < MIN_TASKS || priced.some((each) => each.cost === 0)) return null;
  const keyOf = runKeys(options.seed);
  const collected: Collected = { errors: [[], [], []], floors: [[], [], []], seen: 0, covered: 0 };
  for (let split = 0; split < splits; split++) {
    const chosen = new Set(shuffled(tasks, keyOf(3 * split)).slice(0, Math.ceil(tasks.length / 2)));
    const first = priced.filter((each) => chosen.has(each.task));
    const second = priced.filter((each) => !chosen.has(each.task));
    for (const [train, test, key] of [
      [first, second, keyOf(3 * split + 1)],
      [second, first, keyOf(3 * split + 2)],
    ] as const) {
      compare(
        collected,
        train,
        test,
        predict(
          train.map((each) => each.run),
          key,
        ),
      );
    }
  }
  const [mean, p50, p90] = ([0, 1, 2] as const).map((index) =>
    summarise(collected.errors[index], collected.floors[index]),
  );
  return {
    splits,
    tasks: tasks.length,
    mean: mean!,
    p50: p50!,
    p90: p90!,
    coverage: rounded(collected.covered / collected.seen),
  };
}
