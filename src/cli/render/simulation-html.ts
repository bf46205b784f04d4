/**
 * Simulations as one page that needs nothing else: no scripts, no fonts, no files from anywhere. Charts with a table beside
 * each, light or dark as the reader's system is, readable on a phone and without seeing the charts.
 */
import type { Limit, PricedModel } from '../simulate/market.ts';
import { credits, group, showCredits } from './amounts.ts';
import { escapeHtml } from './html.ts';
import { type ExactRun, limitText, percent, ratesText, tokens } from './simulation.ts';
import { type DrawnRuns, rough } from './simulation-runs.ts';
import { bandChart, countChart } from './simulation-svg.ts';
import { barChart } from './usage-svg.ts';

const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c2024; --soft: #5b6570; --line: #d8dde3; --track: #eef1f4; --mark: #2563a8; --limit: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --ink: #e8ebee; --soft: #a3adb8; --line: #363c43; --track: #22272c; --mark: #74b0ec; --limit: #ff8a80 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0.5rem 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.75rem; margin: 1rem 0 }
dt { color: var(--soft); font-size: 0.875rem }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.pair { display: grid; gap: 1rem }
@media (min-width: 48rem) { .pair { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) } }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif }
svg text { fill: var(--ink) } svg .scale { fill: var(--soft); font-size: 11px } svg .amount { font-variant-numeric: tabular-nums }
.mark { fill: var(--mark) } .track { fill: var(--track) } .grid { stroke: var(--line); stroke-dasharray: 2 3 } .axis { stroke: var(--soft) }
.band { fill: var(--mark); opacity: 0.25 } .middle { fill: none; stroke: var(--mark); stroke-width: 2 } .limit { stroke: var(--limit); stroke-width: 1.5 }
.table { overflow: auto; max-height: 28rem; border: 1px solid var(--line); border-radius: 0.375rem }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem }
th, td { padding: 0.3rem 0.6rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; font-weight: 400 }
thead th { position: sticky; top: 0; background: var(--ground); color: var(--soft); border-bottom: 1px solid var(--line) }
@media print { .table { max-height: none; overflow: visible } }
`.trim();

/** Rows of a table at most: a page must open on a phone. */
const MOST_ROWS = 500;

/** An exact run with what stands beside it. */
export interface ExactPage {
  readonly run: ExactRun;
  readonly others: readonly ExactRun[];
  readonly limit: Limit | null;
  readonly notes: readonly string[];
}

/** The page of one exact run. */
export function renderExactPage({ run: { model, result }, others, limit, notes }: ExactPage): string {
  const { rounds, total, exhaustedAtRound, recommendedMaxRounds } = result;
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
          ['Rounds that fit', recommendedMaxRounds === null ? 'any' : tokens(recommendedMaxRounds)],
        ] as Facts)),
  ];
  const title = `One agent run on ${model.name}`;
  return page(title, subtitle(model), facts, notes, [
    section(
      'Cumulative credits by round',
      bandChart(points, limit?.credits ?? null, {
        id: 'rounds',
        title: 'Cumulative credits by round',
        description: `From ${credits(rounds[0]!.cumulative)} to ${credits(total)}. The table beside it has every number.`,
      }),
      table(
        ['Round', 'Input', 'Output', 'Credits', 'Cumulative'],
        rounds.map((row) => [
          String(row.round),
          tokens(row.inputTokens),
          tokens(row.outputTokens),
          showCredits(row.credits),
          showCredits(row.cumulative),
        ]),
      ),
    ),
    ...(others.length === 0 ? [] : [compared(others.map((other) => [other.model, other.result.total]))]),
  ]);
}

/** The page of many drawn runs. */
export function renderRunsPage(drawn: DrawnRuns, notes: readonly string[]): string {
  const { model, options, result, limit, others } = drawn;
  const { percentiles: p } = result;
  const facts: Facts = [
    ['Mean', rough(result.mean)],
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
  return page(title, `${subtitle(model)}, seed ${options.seed}`, facts, notes, [
    roundsSection(drawn),
    section(
      'Credits a run',
      countChart(result.histogram, {
        id: 'histogram',
        title: 'Credits a run',
        description: `Half of the runs cost up to ${rough(p.p50)} credits, 95 in 100 up to ${rough(p.p95)}. The last column holds all above.`,
      }),
      table(
        ['Percentile', 'Credits'],
        Object.entries(p).map(([name, amount]) => [name.toUpperCase(), rough(amount)]),
      ),
    ),
    ...(others.length === 0 ? [] : [compared(others.map((other) => [other.model, other.outcome.mean]))]),
  ]);
}

function roundsSection({ result, limit }: DrawnRuns): string {
  const heading = 'Cumulative credits by round';
  const points = result.rounds.map(({ round, cumulative }) => ({
    round,
    middle: cumulative.p50,
    high: cumulative.p90,
  }));
  return section(
    heading,
    bandChart(points, limit?.credits ?? null, {
      id: 'rounds',
      title: heading,
      description: 'The line is the median, the band ends at P90. The table beside it has every number.',
    }),
    table(
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
  );
}

type Facts = readonly (readonly [name: string, value: string])[];

const subtitle = (model: PricedModel): string => ratesText(model).slice(1, -1);
const limitFacts = (limit: Limit | null): Facts => {
  if (limit === null) return [];
  const [name, ...value] = limitText(limit).split(' ');
  return [[name!, value.join(' ')]];
};

function compared(rows: readonly (readonly [PricedModel, number])[]): string {
  const heading = 'The same on every model';
  const marks = rows.map(([model, amount]) => ({ label: model.name, credits: BigInt(amount) }));
  const words = { id: 'models', title: heading, description: 'Credits by model, the cheapest first.' };
  return section(
    heading,
    barChart(marks, words),
    table(
      ['Model', 'Credits', 'Per 1K'],
      rows.map(([model, amount]) => [model.name, rough(amount), subtitle(model)]),
    ),
  );
}

const section = (heading: string, chart: string, beside: string): string => `<h2>${escapeHtml(heading)}</h2>
<div class="pair">
<figure style="margin: 0">
${chart}
</figure>
${beside}
</div>`;

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length - shown.length;
  const line = ([first = '', ...rest]: readonly string[]): string =>
    `<tr><th scope="row">${escapeHtml(first)}</th>${rest.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  return `<div>
<div class="table" role="region" aria-label="${escapeHtml(titles.join(', '))}" tabindex="0">
<table>
<thead><tr>${titles.map((title) => `<th scope="col">${escapeHtml(title)}</th>`).join('')}</tr></thead>
<tbody>
${shown.map(line).join('\n')}
</tbody>
</table>
</div>${more > 0 ? `\n<p class="soft">${group(String(more))} more rows are left out.</p>` : ''}
</div>`;
}

function page(
  title: string,
  under: string,
  facts: Facts,
  notes: readonly string[],
  sections: readonly string[],
): string {
  const figures = facts
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join('\n');
  const remarks = notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="soft">${escapeHtml(under)}</p>
<dl>
${figures}
</dl>
${remarks === '' ? '' : `<ul>\n${remarks}\n</ul>\n`}${sections.join('\n')}
</main>
</body>
</html>
`;
}
