/** `credits simulate`, statistical mode: many runs drawn from a profile. Source: contract 7. */
import { toJsonCredits } from '../../core/credits.ts';
import { LedgerError } from '../../core/errors.ts';
import type { CardOutcome, StatisticalOptions, StatisticalResult } from '../../core/simulate/outcome.ts';
import { wilsonInterval } from '../../core/simulate/quantiles.ts';
import { simulateRuns } from '../../core/simulate/statistical.ts';
import type { Result } from '../command.ts';
import type { Context } from '../context.ts';
import type { Market } from '../market.ts';
import { credits } from '../render/amounts.ts';
import { percent } from '../render/simulation.ts';
import { type DrawnRuns, renderOutcomes, renderRuns } from '../render/simulation-runs.ts';
import { runsDocument } from '../render/simulation-runs-json.ts';
import { loadProfile } from '../simulate/load-profile.ts';
import { blockText, byId, everyModel, isBlocked, type Limit, type PricedModel } from '../simulate/market.ts';
import { plotStyle } from '../simulate/plot-style.ts';
import { writePage } from '../write-page.ts';
import type { StatisticalRequest } from './simulate-flags.ts';
import { runsNotes, unpricedNotes } from './simulate-notes.ts';

/** Chance of running out above which `--check` fails (contract 7). */
const MOST_EXHAUSTED = 0.05;
const DEFAULT_PROFILE = 'coding';

/** Simulates the runs on the model, and with `--compare` on every other. */
export async function runStatistically(
  context: Context,
  request: StatisticalRequest,
  market: Market,
  model: PricedModel,
  limit: Limit | null,
): Promise<Result> {
  const all = request.compare ? everyModel(market) : { models: [], unpriced: [] };
  const options: StatisticalOptions = {
    profile: loadProfile(request.profile ?? DEFAULT_PROFILE),
    runs: request.runs,
    seed: request.seed,
    maxRounds: request.maxRounds,
    card: model.card,
    compare: all.models.map(({ card }) => card),
    budget: limit?.credits ?? null,
    cache: request.cache,
    compaction: request.compaction,
    agents: request.agents,
    baseTokens: request.baseTokens,
  };
  const drawnRuns = simulateRuns(options);
  const judged = <Outcome extends CardOutcome>(outcome: Outcome, { byok }: PricedModel): Outcome =>
    isBlocked(limit, byok) ? stoppedAtOnce(outcome, options.runs) : outcome;
  const result = judged(drawnRuns, model);
  const others = result.models
    .map((outcome, index) => ({ model: all.models[index]!, outcome: judged(outcome, all.models[index]!) }))
    .sort((a, b) => a.outcome.mean - b.outcome.mean || byId(a.model, b.model));
  const drawn: DrawnRuns = { model, options, result, limit, others };
  const notes = runsNotes(drawn, request, market);
  for (const line of [...notes, ...unpricedNotes(all.unpriced)]) context.notice(line);
  if (request.html !== null) {
    const { renderRunsPage } = await import('../render/simulation-html.ts');
    writePage(request.html, renderRunsPage(drawn, notes));
  }
  const style = { columns: context.terminal.tableColumns, heading: context.paint.bold };
  return {
    schema: 'credits.simulation/v1',
    json: () => ({ ...runsDocument(drawn), notes }),
    text: async () =>
      [
        renderRuns(drawn, style),
        ...(request.compare ? ['', renderOutcomes(drawn, style)] : []),
        ...(request.plot
          ? ['', (await import('../render/simulation-plot.ts')).plotRuns(drawn, plotStyle(context))]
          : []),
        ...(request.html === null ? [] : ['', `Report written to ${request.html}`]),
      ].join('\n'),
    failure: request.check ? verdict(model, result, limit) : undefined,
  };
}

/** Runs of which none may begin, though their rounds may cost nothing. */
function stoppedAtOnce<Outcome extends CardOutcome>(outcome: Outcome, trials: number): Outcome {
  const stopped = {
    ...outcome,
    exhaustProbability: 1,
    exhaustInterval: wilsonInterval(trials, trials),
    recommendedMaxRounds: outcome.recommendedMaxRounds === null ? null : 0,
    finishShare: 0,
  };
  if (!('rounds' in outcome)) return stopped;
  const { rounds } = outcome as unknown as StatisticalResult;
  return { ...stopped, rounds: rounds.map((round) => ({ ...round, exhausted: 1 })) };
}

function verdict(
  model: PricedModel,
  result: StatisticalResult,
  limit: Limit | null,
): LedgerError | undefined {
  const { exhaustProbability, exhaustInterval } = result;
  if (limit === null || exhaustProbability === null || exhaustProbability <= MOST_EXHAUSTED) return undefined;
  const where = limit.from === 'balance' ? 'the balance' : `the budget of ${credits(limit.credits)}`;
  return new LedgerError(
    'check_failed',
    isBlocked(limit, model.byok)
      ? blockText(limit)
      : `${where} runs out in ${percent(exhaustProbability)} of these runs on ${model.name}; at most ${percent(MOST_EXHAUSTED)} pass`,
    {
      details: {
        exhaustProbability,
        exhaustInterval,
        p95: toJsonCredits(result.percentiles.p95),
        available: toJsonCredits(limit.credits),
        recommendedMaxRounds: result.recommendedMaxRounds,
      },
    },
  );
}
