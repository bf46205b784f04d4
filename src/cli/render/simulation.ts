/** Exact simulations as people read them, and what both modes share. */
import type { Rates } from '../../core/rates.ts';
import type { ExactResult } from '../../core/simulate/exact.ts';
import type { Limit, PricedModel } from '../simulate/market.ts';
import { count, credits, group, showCredits } from './amounts.ts';
import { renderTable, type TableStyle } from './table.ts';
import { printable } from './width.ts';

/** Rows of a table of rounds at most. */
const MOST_ROWS = 14;

/** A model with its exact run. */
export interface ExactRun {
  readonly model: PricedModel;
  readonly result: ExactResult;
}

export const tokens = (value: number): string => group(String(value));

/** Inputs of calls, in tokens. */
interface Inputs {
  readonly shortest: number;
  readonly longest: number;
}

const ANY: Inputs = { shortest: 0, longest: Number.POSITIVE_INFINITY };

/** `(0.25 / 1.25 per 1K)`, or what stands for it; with the prices of long inputs, as far as the inputs reach them. */
export function ratesText({ rates, byok }: PricedModel, inputs: Inputs = ANY): string {
  const words = rates === null ? 'no price' : pricesText(rates, inputs);
  return byok ? `(own key; ${words})` : `(${words})`;
}

function pricesText(rates: Rates, { shortest, longest }: Inputs): string {
  const steps = [{ above: -1, ...rates }, ...(rates.tiers ?? [])];
  const paid = steps.filter(
    ({ above }, index) => longest > above && shortest <= (steps[index + 1]?.above ?? ANY.longest),
  );
  return paid
    .map(({ above, input, output }, index) => {
      const price = `${group(input)} / ${group(output)}`;
      return index === 0 ? `${price} per 1K` : `${price} above ${tokens(above)}`;
    })
    .join(', ');
}

/** The inputs of an exact run: they only grow. */
const inputsOf = ({ rounds }: ExactResult): Inputs => ({
  shortest: rounds[0]!.inputTokens,
  longest: rounds.at(-1)!.inputTokens,
});

/** How many rounds fit: any where they cost nothing and may be made. */
export const roundsThatFit = ({ affordable, recommendedMaxRounds }: ExactResult): string =>
  recommendedMaxRounds === null ? (affordable === false ? '0' : 'any') : tokens(recommendedMaxRounds);

/** A share from 0 to 1 in per cent, with a digit behind the point only where there is one. */
export const percent = (share: number): string => `${group(String(Math.round(share * 1000) / 10))} %`;

const STEPS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1_000];

/**
 * Which of `count` rows to show: all of a few, else the first, the last, those at round numbers between, and those that
 * matter.
 * @returns indexes, rising
 */
export function thinned(count: number, important: readonly number[]): number[] {
  const step = STEPS.find((each) => count / each <= MOST_ROWS) ?? Math.ceil(count / MOST_ROWS);
  const chosen = new Set([0, count - 1, ...important].filter((index) => index >= 0 && index < count));
  for (let row = step; row <= count; row += step) chosen.add(row - 1);
  return [...chosen].sort((a, b) => a - b);
}

/** `Balance 1,050` or `Budget 50`. */
export const limitText = (limit: Limit): string =>
  `${limit.from === 'balance' ? 'Balance' : 'Budget'} ${showCredits(limit.credits)}${limit.closed ? ' (closed)' : limit.inDebt ? ' (in debt)' : ''}`;

/** One exact run: what it comes to, its rounds, and how far the budget goes. */
export function renderExact({ model, result }: ExactRun, limit: Limit | null, style: TableStyle): string {
  const { rounds, total, inputTokens, outputTokens, exhaustedAtRound } = result;
  const heading = `${printable(model.name)}   ${count(rounds.length, 'round')}: ${tokens(inputTokens)} in + ${tokens(outputTokens)} out = ${credits(total)}   ${ratesText(model, inputsOf(result))}`;
  const important = exhaustedAtRound === null ? [] : [exhaustedAtRound - 2, exhaustedAtRound - 1];
  const table = renderTable(
    [
      { title: 'Round', align: 'right' },
      { title: 'Input', align: 'right' },
      { title: 'Output', align: 'right' },
      { title: 'Credits', align: 'right' },
      { title: 'Cumulative', align: 'right' },
    ],
    thinned(rounds.length, important).map((index) => {
      const row = rounds[index]!;
      return [
        String(row.round),
        tokens(row.inputTokens),
        tokens(row.outputTokens),
        showCredits(row.credits),
        showCredits(row.cumulative),
      ];
    }),
    style,
  );
  const verdict = limit === null ? [] : [`${limitText(limit)}: ${exactVerdict(result)}.`];
  return [heading, table, ...verdict].join('\n');
}

function exactVerdict({ rounds, exhaustedAtRound, recommendedMaxRounds }: ExactResult): string {
  if (exhaustedAtRound !== null) {
    const fits = recommendedMaxRounds ?? 0;
    const fit = fits === 0 ? 'no round fits' : fits === 1 ? '1 round fits' : `${count(fits, 'round')} fit`;
    return `runs out at round ${tokens(exhaustedAtRound)} of ${tokens(rounds.length)}; ${fit}`;
  }
  if (recommendedMaxRounds === null) return 'further rounds cost nothing';
  const all = rounds.length === 1 ? 'the round' : `all ${count(rounds.length, 'round')}`;
  return `pays for ${all}, and for ${tokens(recommendedMaxRounds)} at most`;
}

/** The same exact run on every model, in the order given. */
export function renderExactComparison(
  runs: readonly ExactRun[],
  limit: Limit | null,
  style: TableStyle,
): string {
  return renderTable(
    [
      { title: 'Model' },
      { title: 'Credits', align: 'right' },
      ...(limit === null
        ? []
        : [
            { title: 'Runs out at', align: 'right' as const },
            { title: 'Rounds that fit', align: 'right' as const },
          ]),
      { title: 'Per 1K' },
    ],
    runs.map(({ model, result }) => [
      printable(model.name),
      showCredits(result.total),
      ...(limit === null
        ? []
        : [
            result.exhaustedAtRound === null ? '' : `round ${tokens(result.exhaustedAtRound)}`,
            roundsThatFit(result),
          ]),
      ratesText(model, inputsOf(result)).slice(1, -1).replace(' per 1K', ''),
    ]),
    style,
  );
}
