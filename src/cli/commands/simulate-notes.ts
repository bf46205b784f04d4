/** What a simulation rests on and what stands out, said on stderr and repeated in JSON. Never a part of the answer. */
import { isLedgerError } from '../../core/errors.ts';
import type { StatisticalOptions } from '../../core/simulate/outcome.ts';
import { MAX_ROUNDS } from '../../core/simulate/profile.ts';
import { quantilesOf } from '../../core/simulate/quantiles.ts';
import { runCosts } from '../../core/simulate/run-costs.ts';
import type { Market } from '../market.ts';
import { showCredits } from '../render/amounts.ts';
import { longInputNotices } from '../render/long-input.ts';
import { belowProvider } from '../render/models.ts';
import { type ExactRun, percent } from '../render/simulation.ts';
import { type DrawnRuns, rough } from '../render/simulation-runs.ts';
import { printable } from '../render/width.ts';
import type { PricedModel } from '../simulate/market.ts';
import type { ExactRequest, StatisticalRequest } from './simulate-flags.ts';

/** Above this share, re-sent context is what a run costs. */
const MUCH_RESENT = 0.5;

/** The share of re-sent context, where it is most of the cost. */
export function resentNotes(share: number): string[] {
  if (share <= MUCH_RESENT) return [];
  return [`${percent(share)} of the cost is context that an earlier round had already sent`];
}

/** What is known about the model's price. @param deepest longest input looked at, in tokens */
export function priceNotes(model: PricedModel, cache: string, deepest: number): string[] {
  const { rates, byok, name, provider, words } = model;
  if (byok) return [`paid with your own ${printable(provider)} key: rounds cost no credits`];
  if (rates === null) return [];
  const isSame = rates.cacheRead === null && (cache !== 'anthropic' || rates.cacheWrite === null);
  return [
    ...(cache !== 'none' && isSame
      ? [
          `${printable(name)} has no cache rates, so --cache ${cache} changes nothing: \`credits models set\` takes them`,
        ]
      : []),
    ...belowProvider(printable(name), words, rates),
    ...longInputNotices(printable(name), words, rates, { tokens: deepest, high: deepest }),
  ];
}

/** Models that a comparison leaves out. */
export const unpricedNotes = (unpriced: readonly string[]): string[] =>
  unpriced.length === 0 ? [] : [`left out, without a price: ${unpriced.map(printable).join(', ')}`];

/** A context that the model cannot take. */
export function windowNotes(model: PricedModel, market: Market, tokens: number, advice: string): string[] {
  const window = market.catalogue.findModel(model.card.model)?.contextWindow ?? null;
  if (window === null || tokens <= window) return [];
  return [`the context grows beyond the ${window} tokens that ${printable(model.name)} takes${advice}`];
}

/** Lines about an exact run. */
export function exactNotes({ model, result }: ExactRun, request: ExactRequest, market: Market): string[] {
  return [
    ...priceNotes(model, request.cache, result.rounds.at(-1)!.inputTokens),
    ...windowNotes(model, market, result.rounds.at(-1)!.inputTokens, ''),
    ...resentNotes(result.resentShare),
  ];
}

/** Runs that tell the middle of uncapped costs closely enough for a sentence. */
const MEDIAN_RUNS = 2_000;

/** Lines about drawn runs. */
export function runsNotes(drawn: DrawnRuns, request: StatisticalRequest, market: Market): string[] {
  const { model, options, result } = drawn;
  const deepest = Math.max(0, ...result.rounds.map((round) => round.inputTokens.p90));
  return [
    ...(request.profile === null
      ? [
          `assumed the ${options.profile.name} profile (${options.profile.n} recorded runs of a lean coding harness): name another with --profile`,
        ]
      : []),
    ...priceNotes(model, request.cache, deepest),
    ...windowNotes(
      model,
      market,
      deepest,
      request.compaction === null ? '; agents compact it (--compact-at)' : '',
    ),
    ...monthNotes(drawn, market),
    ...finishNotes(drawn),
    ...resentNotes(result.resentShare),
  ];
}

/** A cap under which few runs finish is what a budget must not be planned with. */
function finishNotes({ options, result }: DrawnRuns): string[] {
  const share = result.finishShareAtMaxRounds;
  if (share >= 0.5) return [];
  const verb = share === 0 ? 'no run finishes' : `${percent(share)} of the runs finish`;
  return [
    `${verb} within ${options.maxRounds} rounds: the median run takes ${Math.round(options.profile.rounds.median)}`,
  ];
}

/** Where the median run, uncapped, costs more than the smallest paid plan gives in a month. */
function monthNotes({ model, options }: DrawnRuns, { catalogue, at }: Market): string[] {
  const plan = catalogue.plansAt(at).find(({ monthly }) => monthly > 0);
  const median = plan === undefined ? null : medianCost(options);
  if (plan === undefined || median === null || median <= plan.monthly) return [];
  return [
    `a median ${printable(options.profile.name)} run on ${printable(model.name)}, without a cap, costs about ${rough(median)} credits: more than a month of ${plan.name} gives (${showCredits(plan.monthly)})`,
  ];
}

/** The median cost of uncapped runs; null where they grow beyond what can be priced. */
function medianCost({ profile, seed, compaction, card, cache }: StatisticalOptions): number | null {
  try {
    const costs = runCosts({
      ...{ profile, seed, compaction, card, cache },
      start: 0,
      count: MEDIAN_RUNS,
      maxRounds: MAX_ROUNDS,
    });
    return quantilesOf(costs, [50])[0] ?? null;
  } catch (error) {
    if (isLedgerError(error)) return null;
    throw error;
  }
}
