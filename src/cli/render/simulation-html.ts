/** Simulations as one page that needs nothing else. */
import type { Microcredits } from '../../core/credits.ts';
import type { Limit, PricedModel } from '../simulate/market.ts';
import { credits, group, showCredits } from './amounts.ts';
import { type Facts, renderPage, renderPageTable, renderSection } from './page.ts';
import { type ExactRun, limitText, percent, ratesText, roundsThatFit, tokens } from './simulation.ts';
import { type DrawnRuns, rough } from './simulation-runs.ts';
import { bandChart, countChart } from './simulation-svg.ts';
import { barChart, niceCeiling } from './usage-svg.ts';

/** An exact run with what stands beside it. */
export interface ExactPage {
  readonly run: ExactRun;
  readonly others: readonly ExactRun[];
  readonly limit: Limit | null;
  readonly notes: readonly string[];
}

/** The page of one exact run. */
export function renderExactPage({ run: { model, result }, others, limit, notes }: ExactPage): string {
  const { rounds, total, exhaustedAtRound } = result;
  const points = rounds.map(({ round, cumulative }) => ({ round, middle: cumulative, high: cumulative }));
  const facts: Facts = [
    ['Credits', showCredits(total)],
    ['Rounds', tokens(rounds.length)],
    ['Input tokens', tokens(result.inputTokens)],
    ['Output tokens', tokens(result.outputTokens)],
    ...limitFacts(limit),
    ...(limit === null
      ? []
      : ([
          ['Runs out at', exhaustedAtRound === null ? 'never' : `round ${tokens(exhaustedAtRound)}`],
          ['Rounds that fit', roundsThatFit(result)],
        ] as Facts)),
  ];
  const title = `One agent run on ${model.name}`;
  const sections = [
    renderSection(
      'Cumulative credits by round',
      bandChart(points, limit?.credits ?? null, {
        id: 'rounds',
        title: 'Cumulative credits by round',
        description: `From ${credits(rounds[0]!.cumulative)} to ${credits(total)}. The table beside it has every number.`,
      }),
      table(
        'Rounds',
        ['Round', 'Input', 'Output', 'Credits', 'Cumulative'],
        rounds.map((row) => [
          String(row.round),
          tokens(row.inputTokens),
          tokens(row.outputTokens),
          showCredits(row.credits),
          showCredits(row.cumulative),
        ]),
      ),
      captionOf('Line: what the run has cost', limit, total),
    ),
    ...(others.length === 0
      ? []
      : [
          compared(
            others.map((other) => [other.model, other.result.total]),
            showCredits,
          ),
        ]),
  ];
  return renderPage({ title, subtitle: rates(model), facts, notes, sections });
}

/** The page of many drawn runs. */
export function renderRunsPage(drawn: DrawnRuns, notes: readonly string[]): string {
  const { model, options, result, limit, others } = drawn;
  const { percentiles: p } = result;
  const facts: Facts = [
    ['Mean credits a run', rough(result.mean)],
    ['P50', rough(p.p50)],
    ['P90', rough(p.p90)],
    ['P95', rough(p.p95)],
    [`Finish in ${group(String(options.maxRounds))} rounds`, percent(result.finishShareAtMaxRounds)],
    ...limitFacts(limit),
    ...(result.exhaustProbability === null
      ? []
      : ([['Chance to run out', percent(result.exhaustProbability)]] as Facts)),
    ...(result.recommendedMaxRounds === null
      ? []
      : ([['Cap that it bears', tokens(result.recommendedMaxRounds)]] as Facts)),
  ];
  const title = `${group(String(options.runs))} ${options.profile.name} runs on ${model.name}`;
  const sections = [
    roundsSection(drawn),
    renderSection(
      'Credits a run',
      countChart(result.histogram, {
        id: 'histogram',
        title: 'Credits a run',
        description: `Half of the runs cost up to ${rough(p.p50)} credits, 95 in 100 up to ${rough(p.p95)}. The last column holds all above.`,
      }),
      table(
        'Percentiles',
        ['Percentile', 'Credits'],
        Object.entries(p).map(([name, amount]) => [name.toUpperCase(), rough(amount)]),
      ),
    ),
    ...(others.length === 0
      ? []
      : [
          compared(
            others.map((other) => [other.model, other.outcome.mean]),
            rough,
          ),
        ]),
  ];
  return renderPage({ title, subtitle: `${rates(model)}, seed ${options.seed}`, facts, notes, sections });
}

function roundsSection({ result, limit }: DrawnRuns): string {
  const heading = 'Cumulative credits by round';
  const points = result.rounds.map(({ round, cumulative }) => ({
    round,
    middle: cumulative.p50,
    high: cumulative.p90,
  }));
  return renderSection(
    heading,
    bandChart(points, limit?.credits ?? null, {
      id: 'rounds',
      title: heading,
      description: 'The line is the median, the band ends at P90. The table beside it has every number.',
    }),
    table(
      'Rounds',
      ['Round', 'Runs', 'Input P50', 'Cumulative P50', 'P90', ...(limit === null ? [] : ['Run out'])],
      result.rounds.map((row) => [
        String(row.round),
        percent(row.reach),
        tokens(row.inputTokens.p50),
        rough(row.cumulative.p50),
        rough(row.cumulative.p90),
        ...(limit === null ? [] : [percent(row.exhausted ?? 0)]),
      ]),
    ),
    captionOf('Line: the median. Band: up to P90', limit, Math.max(...points.map(({ high }) => high))),
  );
}

const subtitle = (model: PricedModel): string => ratesText(model).slice(1, -1);
/** `0.25 / 1.25 credits per 1K tokens` */
const rates = (model: PricedModel): string => subtitle(model).replace('per 1K', 'credits per 1K tokens');

/** What a chart's lines are. @param most the largest amount of the chart, in microcredits */
function captionOf(lines: string, limit: Limit | null, most: number): string {
  if (limit === null) return `${lines}.`;
  const isInside = limit.credits <= niceCeiling(BigInt(most));
  return `${lines}. ${isInside ? `Level line: ${limitText(limit)}` : `${limitText(limit)}: above the chart`}.`;
}

const limitFacts = (limit: Limit | null): Facts => {
  if (limit === null) return [];
  const [name, ...value] = limitText(limit).split(' ');
  return [[name!, value.join(' ')]];
};

/** @param show amounts as the page shows them: exactly, or as exact as draws are */
function compared(
  rows: readonly (readonly [PricedModel, Microcredits])[],
  show: (amount: Microcredits) => string,
): string {
  const heading = 'The same on every model';
  const marks = rows.map(([model, amount]) => ({
    label: model.name,
    credits: BigInt(amount),
    text: show(amount),
  }));
  const words = { id: 'models', title: heading, description: 'Credits by model, the cheapest first.' };
  return renderSection(
    heading,
    barChart(marks, words),
    table(
      'Models',
      ['Model', 'Credits', 'Per 1K'],
      rows.map(([model, amount]) => [model.name, show(amount), subtitle(model).replace(' per 1K', '')]),
    ),
  );
}

const table = (label: string, titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  renderPageTable({ label, titles, rows });
