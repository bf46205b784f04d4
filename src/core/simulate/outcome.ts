/**
 * What a simulation is asked and what it answers: plain data, amounts in microcredits. The command line renders it as
 * `credits.simulation/v1`.
 */
import type { Microcredits } from '../credits.ts';
import type { CacheStyle, Card } from './cards.ts';
import type { Profile } from './profile.ts';
import type { Bar } from './quantiles.ts';
import type { Compaction } from './runs.ts';

/** What to simulate. */
export interface StatisticalOptions {
  readonly profile: Profile;
  /** Trials, 1 or more; a trial is one run, or `agents` runs that share the budget. */
  readonly runs: number;
  /** Whole number from 0 to 2^53 − 1. */
  readonly seed: number;
  /** Cap on the rounds of a run, 1 to 10,000. Summarising calls do not count. */
  readonly maxRounds: number;
  readonly card: Card;
  /** More cards to price the same draws on; may be empty. */
  readonly compare: readonly Card[];
  /** What a trial is held against; null: nothing. */
  readonly budget: Microcredits | null;
  readonly cache: CacheStyle;
  readonly compaction: Compaction | null;
  /** Runs that share one budget, 1 or more. */
  readonly agents: number;
  /** Input tokens of every first round, instead of the profile's law; null: the profile's. */
  readonly baseTokens: number | null;
}

/** Percentiles of a trial's cost, interpolated and rounded to the nearest microcredit. */
export type Percentiles = Readonly<
  Record<'p5' | 'p25' | 'p50' | 'p75' | 'p90' | 'p95' | 'p99', Microcredits>
>;

/** What the trials cost on one card. Shares and probabilities have at most 6 decimals. */
export interface CardOutcome {
  readonly model: string;
  readonly mean: Microcredits;
  readonly percentiles: Percentiles;
  /** Share of trials that cost more than the budget; null without one. */
  readonly exhaustProbability: number | null;
  /** Its 95 % interval (Wilson), null without a budget. */
  readonly exhaustInterval: { readonly low: number; readonly high: number } | null;
  /**
   * Largest cap R with P95(cost | R) × 1.10 ≤ budget, 0 to 10,000: P95 under a cap came out 8 to 10 % low on unseen
   * tasks. 10,000 when even uncapped runs fit; 0 when round 1 does not. null without a budget or when rounds cost nothing.
   */
  readonly recommendedMaxRounds: number | null;
  /** Share of runs that end by themselves within the recommended cap; without a recommendation, within `maxRounds`. */
  readonly finishShare: number;
  /** Share of the cost that pays for context the round before had already sent. */
  readonly resentShare: number;
  /** Costs of the trials in bars of equal width from the cheapest; the last bar takes all above the 99th percentile. */
  readonly histogram: readonly Bar[];
}

/** Two percentiles of one quantity. */
export interface MiddleAndHigh<T extends number> {
  readonly p50: T;
  readonly p90: T;
}

/** One round over all runs. */
export interface RoundOutcome {
  readonly round: number;
  /** Share of runs that make this round. */
  readonly reach: number;
  /** Share of trials whose cost up to here is more than the budget; null without one. */
  readonly exhausted: number | null;
  /** Input tokens of this round, over the runs that make it. */
  readonly inputTokens: MiddleAndHigh<number>;
  /** Cost of this round with its summarising call, over the runs that make it. */
  readonly credits: MiddleAndHigh<Microcredits>;
  /** Cost up to here over all trials, those that have ended included. */
  readonly cumulative: MiddleAndHigh<Microcredits>;
}

/** Result of a simulation: the outcome on `card`, and the same runs on the cards to compare, in their order. */
export interface StatisticalResult extends CardOutcome {
  readonly rounds: readonly RoundOutcome[];
  /** Share of runs that end by themselves within `maxRounds`. */
  readonly finishShareAtMaxRounds: number;
  /** Means per run. `calls` and `inputTokens` include summarising calls, `resentTokens` is a part of `inputTokens`. */
  readonly perRun: {
    readonly calls: number;
    readonly summaries: number;
    readonly inputTokens: number;
    readonly resentTokens: number;
    readonly outputTokens: number;
  };
  readonly models: readonly CardOutcome[];
}
