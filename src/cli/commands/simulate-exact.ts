/** `credits simulate`, exact mode: one run whose every round is given. Source: contract 7. */
import { toJsonCredits } from '../../core/credits.ts';
import { LedgerError } from '../../core/errors.ts';
import { type ExactResult, simulateExactly } from '../../core/simulate/exact.ts';
import type { Result } from '../command.ts';
import type { Context } from '../context.ts';
import type { Market } from '../market.ts';
import { credits } from '../render/amounts.ts';
import { type ExactRun, renderExact, renderExactComparison } from '../render/simulation.ts';
import { exactRounds, exactSummary, subjectFields } from '../render/simulation-json.ts';
import { blockText, byId, everyModel, isBlocked, type Limit, type PricedModel } from '../simulate/market.ts';
import { plotStyle } from '../simulate/plot-style.ts';
import { writePage } from '../write-page.ts';
import type { ExactRequest } from './simulate-flags.ts';
import { exactNotes, unpricedNotes } from './simulate-notes.ts';

/** Prices the run on the model, and with `--compare` on every other. */
export async function runExactly(
  context: Context,
  request: ExactRequest,
  market: Market,
  model: PricedModel,
  limit: Limit | null,
): Promise<Result> {
  const on = (priced: PricedModel): ExactRun => {
    const result = simulateExactly({
      baseTokens: request.baseTokens,
      toolTokens: request.toolTokens,
      outputTokens: request.outputTokens,
      rounds: request.maxRounds,
      card: priced.card,
      cache: request.cache,
      budget: limit?.credits ?? null,
    });
    return { model: priced, result: isBlocked(limit, priced.byok) ? stoppedAtOnce(result) : result };
  };
  const run = on(model);
  const all = request.compare ? everyModel(market) : { models: [], unpriced: [] };
  const others = all.models.map(on).sort((a, b) => a.result.total - b.result.total || byId(a.model, b.model));
  const notes = exactNotes(run, request, market);
  for (const line of [...notes, ...unpricedNotes(all.unpriced)]) context.notice(line);
  if (request.html !== null) {
    const { renderExactPage } = await import('../render/simulation-html.ts');
    writePage(request.html, renderExactPage({ run, others, limit, notes }));
  }
  const style = { columns: context.terminal.tableColumns, heading: context.paint.bold };
  return {
    schema: 'credits.simulation/v1',
    json: () => exactDocument(run, others, request, limit, notes),
    text: async () =>
      [
        renderExact(run, limit, style),
        ...(request.compare ? ['', renderExactComparison(others, limit, style)] : []),
        ...(request.plot
          ? ['', (await import('../render/simulation-plot.ts')).plotExact(run, limit, plotStyle(context))]
          : []),
        ...(request.html === null ? [] : ['', `Report written to ${request.html}`]),
      ].join('\n'),
    failure: request.check ? verdict(run, limit) : undefined,
  };
}

/** A run that may not begin, though its rounds may cost nothing. */
const stoppedAtOnce = (result: ExactResult): ExactResult => ({
  ...result,
  affordable: false,
  exhaustedAtRound: 1,
  recommendedMaxRounds: result.recommendedMaxRounds === null ? null : 0,
});

function exactDocument(
  { model, result }: ExactRun,
  others: readonly ExactRun[],
  request: ExactRequest,
  limit: Limit | null,
  notes: readonly string[],
) {
  return {
    mode: 'exact',
    ...subjectFields(model, limit),
    maxRounds: request.maxRounds,
    cache: request.cache,
    rounds: exactRounds(result),
    ...exactSummary(result),
    inputTokens: result.inputTokens,
    outputTokens: result.outputTokens,
    resentShare: result.resentShare,
    ...(request.compare
      ? { models: others.map((other) => ({ model: other.model.card.model, ...exactSummary(other.result) })) }
      : {}),
    notes,
  };
}

function verdict({ model, result }: ExactRun, limit: Limit | null): LedgerError | undefined {
  if (limit === null || result.affordable !== false) return undefined;
  const where = limit.from === 'balance' ? 'the balance' : `the budget of ${credits(limit.credits)}`;
  return new LedgerError(
    'check_failed',
    isBlocked(limit, model.byok)
      ? blockText(limit)
      : `${where} runs out at round ${result.exhaustedAtRound} of this run on ${model.name}`,
    { details: { needed: toJsonCredits(result.total), available: toJsonCredits(limit.credits) } },
  );
}
