/**
 * One pass over the rounds of some runs for some cards: draws a round, prices it, moves the recommended caps. Keeps columns,
 * not rounds: memory does not grow with the number of rounds.
 */
import { invalid, isLedgerError } from '../errors.ts';
import { type Amounts, type Card, chargeBlock, type PreparedCard, prepareCard } from './cards.ts';
import type { StatisticalOptions } from './outcome.ts';
import { MAX_ROUNDS } from './profile.ts';
import { type Column, createQuantileFinder, type QuantileFinder } from './quantiles.ts';
import { advance, createRuns, type Runs } from './runs.ts';

/** What runs have spent on one card so far. */
export interface Tally {
  readonly card: PreparedCard;
  readonly amounts: Amounts;
  /** Largest cap that fits so far; null: nothing is sought. */
  recommended: number | null;
  isSearching: boolean;
}

/** One pass over the draws for some cards. */
export interface Pass {
  readonly options: StatisticalOptions;
  readonly runs: Runs;
  readonly tallies: readonly Tally[];
  readonly find: QuantileFinder;
  /** Slot → trial, and room for the trials' sums; undefined with one agent, where slots are trials. */
  readonly shared: { readonly trialOf: Int32Array; readonly sums: Float64Array } | undefined;
  /** Largest P95 that fits the budget with the margin of 1.10, and its place among the sorted costs. */
  readonly fitting: number;
}

/** Stands before round 1. @throws LedgerError `invalid_argument` for a bad seed or an unreadable rate */
export function startPass(options: StatisticalOptions, cards: readonly Card[]): Pass {
  const { profile, baseTokens, agents, seed, compaction } = options;
  const count = options.runs * agents;
  const lean = baseTokens === null ? profile : { ...profile, firstInput: { mean: baseTokens, sd: 0 } };
  const runs = createRuns({ profile: lean, seed, start: 0, count, compaction });
  // Only the last card's round costs are looked at, so all cards share one column.
  const cost = new Float64Array(count);
  const tallies = cards.map((each): Tally => {
    const card = prepareCard(each, options.cache);
    const isSearching = options.budget !== null && !card.isFree;
    const amounts = { cost, spent: new Float64Array(count), peaks: { cost: 0, spent: 0 }, longResent: 0 };
    return { card, amounts, recommended: isSearching ? 0 : null, isSearching };
  });
  return {
    options,
    runs,
    tallies,
    find: createQuantileFinder(count),
    shared:
      agents === 1
        ? undefined
        : {
            trialOf: runs.order.map((run) => Math.floor(run / agents)),
            sums: new Float64Array(options.runs),
          },
    fitting: options.budget === null ? 0 : Number((BigInt(options.budget) * 10n) / 11n),
  };
}

/** Costs per trial, in no particular order. */
export function trialCosts({ shared }: Pass, { amounts }: Tally): Column {
  const { spent, peaks } = amounts;
  if (shared === undefined) return { values: spent, count: spent.length, bound: peaks.spent };
  const { trialOf, sums } = shared;
  sums.fill(0);
  for (let slot = 0; slot < spent.length; slot++) sums[trialOf[slot]!]! += spent[slot]!;
  const bound = sums.reduce((most, sum) => Math.max(most, sum), 0);
  if (bound > Number.MAX_SAFE_INTEGER) throw invalid('the cost of a trial is beyond every account');
  return { values: sums, count: sums.length, bound };
}

/** How many values are above a limit. */
export function countAbove(values: Float64Array, limit: number): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) if (values[index]! > limit) count++;
  return count;
}

/** Whether P95, rounded as it is shown, is at most `fitting`. Mostly a count decides; only a close case needs P95 itself. */
function isFitting(pass: Pass, costs: Column): boolean {
  const above = countAbove(costs.values, pass.fitting);
  const rank = Math.floor(((costs.count - 1) * 95) / 100);
  if (above <= costs.count - 2 - rank) return true;
  if (above >= costs.count - rank) return false;
  return Math.round(pass.find(costs, [95])[0]!) <= pass.fitting;
}

/** Makes one more round: draws, prices it on every card and moves the recommended caps. False when no run goes on. */
export function step(pass: Pass): boolean {
  const { runs, tallies } = pass;
  for (const { amounts } of tallies) amounts.peaks.cost = 0;
  const hasRound = advance(runs, (from, to) => {
    for (const { card, amounts } of tallies) chargeBlock(card, runs, amounts, from, to);
  });
  if (!hasRound) return false;
  for (const tally of tallies) {
    if (!tally.isSearching) continue;
    tally.isSearching = isFitting(pass, trialCosts(pass, tally));
    if (tally.isSearching) tally.recommended = runs.round;
  }
  return true;
}

/** Goes on past the cap while some card's budget still fits. What lies beyond the exact range fits no budget. */
export function searchOn(pass: Pass): void {
  try {
    while (pass.tallies.some((tally) => tally.isSearching) && pass.runs.round < MAX_ROUNDS) {
      if (step(pass)) continue;
      for (const tally of pass.tallies) if (tally.isSearching) tally.recommended = MAX_ROUNDS;
      return;
    }
  } catch (error) {
    if (!isLedgerError(error)) throw error;
  }
}
