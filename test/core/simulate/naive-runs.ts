/**
 * A second model of agent runs that shares only the draws and the price of a call with the first: one run at a time, one
 * object a round, sorted arrays.
 */
import { priceCall, ratesFor } from '../../../src/core/rates.ts';
import { callOf } from '../../../src/core/simulate/cards.ts';
import { draw, lognormalOfMean, lognormalOfMedian } from '../../../src/core/simulate/lognormal.ts';
import type { StatisticalOptions } from '../../../src/core/simulate/outcome.ts';
import { runKeys, word } from '../../../src/core/simulate/random.ts';

export interface NaiveRound {
  readonly input: number;
  readonly output: number;
  /** Summarising call before the round included. */
  readonly cost: number;
  /** The part of it that pays for what the call before had already sent, before rounding. */
  readonly resentCost: number;
  readonly calls: number;
}

/** A drawing of runs: all rounds of a run as if there were no cap. */
function drawer(options: StatisticalOptions): (run: number) => NaiveRound[] {
  const { profile, card, cache, compaction } = options;
  const first = options.baseTokens === null ? profile.firstInput : { mean: options.baseTokens, sd: 0 };
  const firstLaw = lognormalOfMean(first.mean, first.sd);
  const toolLaw = lognormalOfMean(profile.tool.mean, profile.tool.sd);
  const outputLaw = lognormalOfMean(profile.output.mean, profile.output.sd);
  const lengthLaw = lognormalOfMedian(profile.rounds.median, profile.rounds.sd);
  const price = (input: number, resent: number, output: number) =>
    priceCall(card.rates, callOf(cache, input, resent, output));
  const priceAgain = (input: number, resent: number) => {
    const rates = ratesFor(card.rates, input);
    return resent * Number(cache === 'none' ? rates.input : (rates.cacheRead ?? rates.input)) * 1000;
  };
  return (run) => {
    const key = runKeys(options.seed)(run);
    const random = (slot: number) => word(key.first, key.second, slot);
    const length = Math.max(1, draw(lengthLaw, random(0)));
    const rounds: NaiveRound[] = [];
    let input = Math.max(1, draw(firstLaw, random(1)));
    let resent = 0;
    for (let round = 1; round <= length; round++) {
      let cost = 0;
      let resentCost = 0;
      let calls = 1;
      if (round > 1) {
        const last = rounds.at(-1)!;
        resent = last.input;
        input = last.input + last.output + draw(toolLaw, random(2 * (round - 1) + 1));
        if (compaction !== null && input > compaction.at) {
          cost = price(input, resent, compaction.to);
          resentCost = priceAgain(input, resent);
          calls = 2;
          input = compaction.to;
          resent = 0;
        }
      }
      const output = Math.max(1, draw(outputLaw, random(2 * round)));
      resentCost += priceAgain(input, resent);
      rounds.push({ input, output, cost: cost + price(input, resent, output), resentCost, calls });
    }
    return rounds;
  };
}

/** All runs of a simulation, in the order of their indexes. */
export function naiveRuns(options: StatisticalOptions): NaiveRound[][] {
  const drawRun = drawer(options);
  return Array.from({ length: options.runs * options.agents }, (_, run) => drawRun(run));
}

/** Costs of all trials under a cap: a trial is as many consecutive runs as there are agents. */
export function naiveCosts(runs: readonly NaiveRound[][], agents: number, cap: number): number[] {
  const costs = runs.map((rounds) => rounds.slice(0, cap).reduce((sum, round) => sum + round.cost, 0));
  return Array.from({ length: runs.length / agents }, (_, trial) =>
    costs.slice(trial * agents, (trial + 1) * agents).reduce((sum, cost) => sum + cost, 0),
  );
}

/** Type 7 percentile of a list, rounded. */
export function percentileOf(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * percent;
  const low = sorted[Math.floor(position / 100)]!;
  const high = sorted[Math.min(sorted.length - 1, Math.floor(position / 100) + 1)]!;
  return Math.round(low + ((high - low) * (position % 100)) / 100);
}
