/** Drawn runs as people read them. */
import type { CardOutcome, StatisticalOptions, StatisticalResult } from '../../core/simulate/outcome.ts';
import { MAX_ROUNDS } from '../../core/simulate/profile.ts';
import type { Limit, PricedModel } from '../simulate/market.ts';
import { count, showCredits } from './amounts.ts';
import { limitText, percent, ratesText, thinned, tokens } from './simulation.ts';
import { type Column, renderTable, type TableStyle } from './table.ts';
import { printable } from './width.ts';

/** A simulation with what it was asked, and the same runs on other models. */
export interface DrawnRuns {
  readonly model: PricedModel;
  readonly options: StatisticalOptions;
  readonly result: StatisticalResult;
  readonly limit: Limit | null;
  readonly others: readonly { readonly model: PricedModel; readonly outcome: CardOutcome }[];
}

const right = (title: string): Column => ({ title, align: 'right' });

/** An amount to four digits: percentiles of a sample have no more. */
export function rough(amount: number): string {
  const size = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, amount))) - 3);
  return showCredits(Math.round(amount / size) * size);
}

/** What the runs cost, round by round, and how far the budget goes. */
export function renderRuns(drawn: DrawnRuns, style: TableStyle): string {
  const { model, options, result, limit } = drawn;
  const { percentiles: p, mean } = result;
  const agents = options.agents === 1 ? '' : `, ${tokens(options.agents)} at once`;
  const heading = `${printable(model.name)}   ${count(options.runs, `${printable(options.profile.name)} run`)}${agents}, at most ${count(options.maxRounds, 'round')} each   ${ratesText(model)}`;
  const cost = `Credits a ${options.agents === 1 ? 'run' : 'trial'}: mean ${rough(mean)} · P5 ${rough(p.p5)} · P25 ${rough(p.p25)} · P50 ${rough(p.p50)} · P75 ${rough(p.p75)} · P90 ${rough(p.p90)} · P95 ${rough(p.p95)} · P99 ${rough(p.p99)}`;
  const finish = `${percent(result.finishShareAtMaxRounds)} of the runs finish within ${count(options.maxRounds, 'round')}; the others are cut off.`;
  return [
    heading,
    cost,
    finish,
    roundsTable(drawn, style),
    ...(limit === null ? [] : [budgetLine(result, limit)]),
  ].join('\n');
}

function roundsTable({ result, limit }: DrawnRuns, style: TableStyle): string {
  const rows = thinned(result.rounds.length, []).map((index) => result.rounds[index]!);
  return renderTable(
    [
      right('Round'),
      right('Runs'),
      right('Input P50'),
      right('P90'),
      right('Credits P50'),
      right('P90'),
      right('Cumulative P50'),
      right('P90'),
      ...(limit === null ? [] : [right('Run out')]),
    ],
    rows.map((row) => [
      String(row.round),
      percent(row.reach),
      tokens(row.inputTokens.p50),
      tokens(row.inputTokens.p90),
      rough(row.credits.p50),
      rough(row.credits.p90),
      rough(row.cumulative.p50),
      rough(row.cumulative.p90),
      ...(limit === null ? [] : [percent(row.exhausted ?? 0)]),
    ]),
    style,
  );
}

function budgetLine(result: StatisticalResult, limit: Limit): string {
  const { exhaustProbability, exhaustInterval, finishShare } = result;
  const low = percent(exhaustInterval?.low ?? 0);
  const high = percent(exhaustInterval?.high ?? 0);
  const chance = `runs out in ${percent(exhaustProbability ?? 0)} of the runs (${low} to ${high})`;
  return `${limitText(limit)}: ${chance}. ${capText(capOf(result), finishShare)}`;
}

/** The recommended cap; 0 also where rounds cost nothing and none may be made. */
const capOf = ({ recommendedMaxRounds, exhaustProbability }: CardOutcome): number | null =>
  recommendedMaxRounds ?? (exhaustProbability === 1 ? 0 : null);

/** The cap that the budget bears, and how many runs finish under it. */
function capText(cap: number | null, finishShare: number): string {
  if (cap === null) return 'Rounds cost nothing: no cap is needed.';
  if (cap === 0) return 'It does not bear a single round.';
  if (cap >= MAX_ROUNDS) return 'It bears runs of any length.';
  return `It bears a cap of ${count(cap, 'round')} (P95 with a margin of 10 %); ${percent(finishShare)} of the runs finish within that.`;
}

/** The same runs on every model, in the order given. */
export function renderOutcomes({ others, limit }: DrawnRuns, style: TableStyle): string {
  return renderTable(
    [
      { title: 'Model' },
      right('Mean'),
      right('P50'),
      right('P90'),
      right('P95'),
      ...(limit === null ? [] : [right('Run out'), right('Cap'), right('Finish')]),
      { title: 'Per 1K' },
    ],
    others.map(({ model, outcome }) => [
      printable(model.name),
      rough(outcome.mean),
      rough(outcome.percentiles.p50),
      rough(outcome.percentiles.p90),
      rough(outcome.percentiles.p95),
      ...(limit === null
        ? []
        : [
            percent(outcome.exhaustProbability ?? 0),
            (capOf(outcome) ?? MAX_ROUNDS) >= MAX_ROUNDS ? 'any' : tokens(capOf(outcome)!),
            percent(outcome.finishShare),
          ]),
      ratesText(model).slice(1, -1).replace(' per 1K', ''),
    ]),
    style,
  );
}
