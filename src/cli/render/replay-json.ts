/** A replay as the JSON that the contract promises. Source: contract 1 (numbers), 7 (fields). */
import { toJsonCredits } from '../../core/credits.ts';
import type { Replayed } from '../replay/replayed.ts';
import { sumJson } from '../wire-json.ts';
import { creditsOrNull } from './simulation-json.ts';

const sumOrNull = (amount: bigint | null): number | null => (amount === null ? null : sumJson(amount));

/** Fields of `credits.replay/v1`. */
export function replayDocument({ tally, report, limit, maxRounds, compare, charged, dryRun }: Replayed) {
  return {
    total: sumJson(tally.total),
    calls: tally.calls,
    runs: tally.runs,
    // On an own key a call needs no price; everywhere else a missing one is an error.
    unpriced: tally.byModel
      .filter(({ listCredits }) => listCredits === null)
      .map(({ model, calls }) => ({ model, calls })),
    maxRounds,
    budget: creditsOrNull(limit?.credits ?? null),
    budgetFrom: limit?.from ?? null,
    stopped: tally.stopped.map((run) => ({ ...run, credits: sumJson(run.credits) })),
    stoppedTotal: sumJson(tally.stoppedTotal),
    byModel: tally.byModel.map((row) => ({
      ...row,
      credits: sumJson(row.credits),
      listCredits: sumOrNull(row.listCredits),
    })),
    ...(compare
      ? {
          models: tally.comparison.others.map(({ id, total, withCacheRates }) => ({
            model: id,
            total: sumJson(total),
            withCacheRates: sumOrNull(withCacheRates),
          })),
        }
      : {}),
    ...(charged === null ? {} : { charge: { ...charged, credits: toJsonCredits(charged.credits), dryRun } }),
    report,
  };
}
