/**
 * Statistical mode of `simulate`: what agent runs of a profile cost, as a distribution. Decides nothing about a ledger; the
 * budget is a number it is given.
 *
 * Source: contract 7. One pass over the rounds serves every cap: the cost under cap R is the cumulative cost after
 * min(length, R) rounds, so percentiles under rising caps never fall.
 */
import { MAX_TOKENS, type Microcredits, micro } from '../credits.ts';
import { invalid } from '../errors.ts';
import type { Card } from './cards.ts';
import type {
  CardOutcome,
  MiddleAndHigh,
  Percentiles,
  RoundOutcome,
  StatisticalOptions,
  StatisticalResult,
} from './outcome.ts';
import { countAbove, type Pass, searchOn, startPass, step, type Tally, trialCosts } from './pass.ts';
import { MAX_ROUNDS } from './profile.ts';
import { histogram, roundedMean, roundedShare, wilsonInterval } from './quantiles.ts';
import { finishedWithin, type Runs } from './runs.ts';

/** Most runs of one simulation, all agents together. */
export const MAX_RUNS = 1_000_000;
/** Amounts kept at once while many cards are compared; more cards mean more passes over the same draws. */
const MAX_AMOUNTS = 8_000_000;
const PERCENTS = [5, 25, 50, 75, 90, 95, 99] as const;
const BARS = 24;

function wholeBetween(value: number, least: number, most: number, what: string): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalid(`${what} must be a whole number from ${least} to ${most}`);
  }
}

function checkOptions({ runs, agents, maxRounds, compaction, baseTokens }: StatisticalOptions): void {
  wholeBetween(agents, 1, MAX_RUNS, 'the number of parallel agents');
  wholeBetween(runs, 1, Math.floor(MAX_RUNS / agents), agents === 1 ? 'runs' : `runs of ${agents} agents`);
  wholeBetween(maxRounds, 1, MAX_ROUNDS, 'max-rounds');
  if (baseTokens !== null) wholeBetween(baseTokens, 1, MAX_TOKENS, 'base-tokens');
  if (compaction === null) return;
  wholeBetween(compaction.at, 2, MAX_TOKENS, 'compact-at');
  wholeBetween(compaction.to, 1, compaction.at - 1, 'compact-to (less than compact-at)');
}

const toMicro = (value: number): Microcredits => micro(Math.round(value));

function middleAndHigh<T extends number>([p50, p90]: readonly number[]): MiddleAndHigh<T> {
  return { p50: Math.round(p50!) as T, p90: Math.round(p90!) as T };
}

function roundOutcome(pass: Pass): RoundOutcome {
  const { runs, find } = pass;
  const { budget } = pass.options;
  const tally = pass.tallies[0]!;
  const { cost, peaks } = tally.amounts;
  const costs = trialCosts(pass, tally);
  return {
    round: runs.round,
    reach: roundedShare(runs.live / runs.count),
    exhausted: budget === null ? null : roundedShare(countAbove(costs.values, budget) / costs.count),
    inputTokens: middleAndHigh(
      find({ values: runs.input, count: runs.live, bound: runs.peakInput }, [50, 90]),
    ),
    credits: middleAndHigh(find({ values: cost, count: runs.live, bound: peaks.cost }, [50, 90])),
    cumulative: middleAndHigh(find(costs, [50, 90])),
  };
}

type AtCap = Omit<CardOutcome, 'recommendedMaxRounds' | 'finishShare'>;

function outcomeAtCap(pass: Pass, tally: Tally, resentTokens: number): AtCap {
  const { budget } = pass.options;
  const { card } = tally;
  const costs = trialCosts(pass, tally);
  const found = pass.find(costs, PERCENTS);
  const above = budget === null ? 0 : countAbove(costs.values, budget);
  const total = tally.amounts.spent.reduce((sum, spent) => sum + spent, 0);
  const resent = (resentTokens * card.resent) / (card.unit || 1) + tally.amounts.longResent;
  return {
    model: card.model,
    mean: toMicro(roundedMean(costs.values)),
    percentiles: Object.fromEntries(
      PERCENTS.map((percent, index) => [`p${percent}`, toMicro(found[index]!)]),
    ) as Percentiles,
    exhaustProbability: budget === null ? null : roundedShare(above / costs.count),
    exhaustInterval: budget === null ? null : wilsonInterval(above, costs.count),
    resentShare: total === 0 ? 0 : roundedShare(resent / total),
    histogram: histogram(costs.values, BARS, found.at(-1)!),
  };
}

function withRecommendation(pass: Pass, tally: Tally, atCap: AtCap): CardOutcome {
  const recommended = tally.recommended;
  const { maxRounds } = pass.options;
  return {
    ...atCap,
    recommendedMaxRounds: recommended,
    finishShare: roundedShare(finishedWithin(pass.runs, recommended ?? maxRounds) / pass.runs.count),
  };
}

interface Sums {
  calls: number;
  summaries: number;
  inputTokens: number;
  resentTokens: number;
  outputTokens: number;
}

function addRound(sums: Sums, runs: Runs): void {
  sums.calls += runs.live + runs.summaryCount;
  sums.summaries += runs.summaryCount;
  sums.inputTokens += runs.inputTokens;
  sums.resentTokens += runs.resentTokens;
  sums.outputTokens += runs.outputTokens;
}

interface PassOutcome {
  readonly cards: readonly CardOutcome[];
  readonly rounds: readonly RoundOutcome[];
  readonly sums: Sums;
  readonly runs: Runs;
}

function runPass(options: StatisticalOptions, cards: readonly Card[], hasRounds: boolean): PassOutcome {
  const pass = startPass(options, cards);
  const sums: Sums = { calls: 0, summaries: 0, inputTokens: 0, resentTokens: 0, outputTokens: 0 };
  const rounds: RoundOutcome[] = [];
  while (pass.runs.round < options.maxRounds && step(pass)) {
    addRound(sums, pass.runs);
    if (hasRounds) rounds.push(roundOutcome(pass));
  }
  const atCap = pass.tallies.map((tally) => outcomeAtCap(pass, tally, sums.resentTokens));
  searchOn(pass);
  return {
    cards: atCap.map((outcome, index) => withRecommendation(pass, pass.tallies[index]!, outcome)),
    rounds,
    sums,
    runs: pass.runs,
  };
}

function compareCards(options: StatisticalOptions): CardOutcome[] {
  const perPass = Math.max(1, Math.floor(MAX_AMOUNTS / (options.runs * options.agents)));
  const outcomes: CardOutcome[] = [];
  for (let from = 0; from < options.compare.length; from += perPass) {
    outcomes.push(...runPass(options, options.compare.slice(from, from + perPass), false).cards);
  }
  return outcomes;
}

/**
 * Simulates agent runs. The same options give the same result to the last bit.
 * @returns plain data, amounts in microcredits; `rounds` has a row per round that some run makes, up to the cap
 * @throws LedgerError `invalid_argument` for options out of range, a context beyond 1,000,000,000 tokens within the cap, or
 *   amounts beyond the exact range
 * Source: contract 7, statistical mode.
 */
export function simulateRuns(options: StatisticalOptions): StatisticalResult {
  checkOptions(options);
  const main = runPass(options, [options.card], true);
  const perRun = (sum: number, factor: number) => Math.round((sum / main.runs.count) * factor) / factor;
  return {
    ...main.cards[0]!,
    rounds: main.rounds,
    finishShareAtMaxRounds: roundedShare(finishedWithin(main.runs, options.maxRounds) / main.runs.count),
    perRun: {
      calls: perRun(main.sums.calls, 1000),
      summaries: perRun(main.sums.summaries, 1000),
      inputTokens: perRun(main.sums.inputTokens, 1),
      resentTokens: perRun(main.sums.resentTokens, 1),
      outputTokens: perRun(main.sums.outputTokens, 1),
    },
    models: compareCards(options),
  };
}
