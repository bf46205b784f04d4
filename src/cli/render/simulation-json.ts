/** Simulations as the JSON that the contract promises. Source: contract 1 (numbers), 7 (fields). */
import { type Microcredits, toJsonCredits } from '../../core/credits.ts';
import type { ExactResult } from '../../core/simulate/exact.ts';
import type { Limit, PricedModel } from '../simulate/market.ts';
import { ratesFields } from './models-json.ts';

export const creditsOrNull = (amount: Microcredits | null): number | null =>
  amount === null ? null : toJsonCredits(amount);

/** The model and what its runs are held against. */
export function subjectFields({ card, provider, byok, rates }: PricedModel, limit: Limit | null) {
  return {
    model: card.model,
    provider,
    byok,
    rates: rates === null ? null : ratesFields(rates),
    budget: creditsOrNull(limit?.credits ?? null),
    budgetFrom: limit?.from ?? null,
  };
}

/** What one exact run costs on one model. */
export const exactSummary = (result: ExactResult) => ({
  total: toJsonCredits(result.total),
  affordable: result.affordable,
  exhaustedAtRound: result.exhaustedAtRound,
  recommendedMaxRounds: result.recommendedMaxRounds,
});

/** Rows of an exact run. */
export const exactRounds = ({ rounds }: ExactResult) =>
  rounds.map(({ round, inputTokens, outputTokens, credits, cumulative }) => ({
    round,
    inputTokens,
    outputTokens,
    credits: toJsonCredits(credits),
    cumulative: toJsonCredits(cumulative),
  }));
