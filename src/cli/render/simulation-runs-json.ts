/** Drawn runs as the JSON that the contract promises. Source: contract 1 (numbers), 7 (fields). */
import { type Microcredits, micro, toJsonCredits } from '../../core/credits.ts';
import type { CardOutcome, MiddleAndHigh, RoundOutcome } from '../../core/simulate/outcome.ts';
import { subjectFields } from './simulation-json.ts';
import type { DrawnRuns } from './simulation-runs.ts';

const both = ({ p50, p90 }: MiddleAndHigh<Microcredits>) => ({
  p50: toJsonCredits(p50),
  p90: toJsonCredits(p90),
});

const roundFields = ({ round, reach, exhausted, inputTokens, credits, cumulative }: RoundOutcome) => ({
  round,
  reach,
  exhausted,
  inputTokens,
  credits: both(credits),
  cumulative: both(cumulative),
});

function outcomeFields(outcome: CardOutcome) {
  const { percentiles } = outcome;
  return {
    percentiles: Object.fromEntries(
      Object.entries(percentiles).map(([name, amount]) => [name, toJsonCredits(amount)]),
    ),
    mean: toJsonCredits(outcome.mean),
    exhaustProbability: outcome.exhaustProbability,
    exhaustInterval: outcome.exhaustInterval,
    recommendedMaxRounds: outcome.recommendedMaxRounds,
    finishShare: outcome.finishShare,
    resentShare: outcome.resentShare,
  };
}

/** Fields of `credits.simulation/v1` in statistical mode. */
export function runsDocument({ model, options, result, limit, others }: DrawnRuns) {
  return {
    mode: 'statistical',
    ...subjectFields(model, limit),
    profile: options.profile,
    runs: options.runs,
    seed: options.seed,
    maxRounds: options.maxRounds,
    parallelAgents: options.agents,
    baseTokens: options.baseTokens,
    cache: options.cache,
    compaction: options.compaction,
    ...outcomeFields(result),
    finishShareAtMaxRounds: result.finishShareAtMaxRounds,
    perRun: result.perRun,
    rounds: result.rounds.map(roundFields),
    histogram: result.histogram.map(({ from, count }) => ({ from: toJsonCredits(micro(from)), count })),
    ...(options.compare.length === 0
      ? {}
      : {
          models: others.map(({ model: other, outcome }) => ({
            model: other.card.model,
            ...outcomeFields(outcome),
          })),
        }),
  };
}
