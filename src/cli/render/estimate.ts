/** An estimate as people read it. Source: contract 6 (how it reads). */
import type { Microcredits } from '../../core/credits.ts';
import { callsWithin, type Estimate, type Funds } from '../../core/estimate.ts';
import { credits, group, showCredits } from './amounts.ts';
import { renderTable, type TableStyle } from './table.ts';
import { printable } from './width.ts';

/** An estimate with the model's name. */
export interface NamedEstimate {
  readonly name: string;
  readonly estimate: Estimate;
  /** True when the user told the most output there may be. */
  readonly hasMaximum: boolean;
}

const tokens = (value: number): string => group(String(value));

/** `1,200`, or `~1,240` where it was counted with a range. */
function inputText({ input }: Estimate): string {
  return `${input.method === 'approximate' ? '~' : ''}${tokens(input.tokens)}`;
}

/** `0.25 / 1.25`, or what stands for a rate that there is not. */
function ratesText({ paid }: Estimate): string {
  return paid === null ? 'no price' : `${group(paid.input)} / ${group(paid.output)}`;
}

/**
 * One model's estimate.
 * @param funds null without a ledger: the line about the balance is left out
 * @returns one to four lines: the price, its range where there is one, the worst case where it was asked for, the balance
 */
export function renderEstimate(named: NamedEstimate, funds: Funds | null): string {
  const { name, estimate, hasMaximum } = named;
  const { low, high, worstCase, maxOutputTokens, listCredits, byok, input } = estimate;
  const call = `${inputText(estimate)} in + ${tokens(estimate.outputTokens)} out`;
  const rates = estimate.paid === null ? '(no price)' : `(${ratesText(estimate)} per 1K)`;
  const lines = [`${printable(name)}   ${call} = ${credits(estimate.credits)}   ${rates}`];
  if (byok) {
    const list = listCredits === null ? '' : `; list price ${showCredits(listCredits)}`;
    lines.push(`Paid with your own ${printable(estimate.provider)} key${list}.`);
  }
  if (low !== high) {
    lines.push(
      `Between ${showCredits(low)} and ${showCredits(high)}: the input is counted approximately (${input.how}).`,
    );
  }
  if (hasMaximum && worstCase !== null && maxOutputTokens !== null && !byok) {
    lines.push(`At most ${credits(worstCase)}, with ${tokens(maxOutputTokens)} out.`);
  }
  if (funds !== null) lines.push(balanceLine(estimate, funds, 'such'));
  return lines.join('\n');
}

/**
 * Several models' estimates, in the order given.
 * @param judged the one that checks and the line about the balance look at; null: there is none
 */
export function renderComparison(
  rows: readonly NamedEstimate[],
  judged: NamedEstimate | null,
  funds: Funds | null,
  style: TableStyle,
): string {
  const cells = rows.map(({ name, estimate }) => [
    printable(name),
    inputText(estimate),
    tokens(estimate.outputTokens),
    showCredits(estimate.credits),
    estimate.low === estimate.high ? '' : `${showCredits(estimate.low)} – ${showCredits(estimate.high)}`,
    estimate.worstCase === null ? '' : showCredits(estimate.worstCase),
    estimate.byok ? `own key (${ratesText(estimate)})` : ratesText(estimate),
  ]);
  const columns = [
    { title: 'Model' },
    { title: 'In', align: 'right' },
    { title: 'Out', align: 'right' },
    { title: 'Credits', align: 'right' },
    { title: 'Range', align: 'right' },
    { title: 'Worst case', align: 'right' },
    { title: 'Per 1K' },
  ] as const;
  // A column that no row fills says nothing.
  const used = columns.map((_, index) => cells.some((row) => row[index] !== ''));
  const table = renderTable(
    columns.filter((_, index) => used[index]),
    cells.map((row) => row.filter((_, index) => used[index])),
    style,
  );
  if (funds === null || judged === null) return table;
  return `${table}\n${balanceLine(judged.estimate, funds, `such ${printable(judged.name)}`)}`;
}

function balanceLine(estimate: Estimate, { available, debt, closed }: Funds, which: string): string {
  const balance = `Balance ${showCredits(available)}`;
  if (closed) return `${balance}: the account is closed, and takes no call.`;
  if (estimate.byok) return `${balance}: this call does not touch it.`;
  if (debt > 0)
    return `${balance}, debt ${showCredits(debt)}: no call is paid until a grant repays the debt.`;
  return `${balance}: ${enoughFor(estimate, available, which)}.`;
}

/** By what the check looks at, so that both say the same. */
function enoughFor({ judged, credits: expected }: Estimate, available: Microcredits, which: string): string {
  const calls = callsWithin(judged, available);
  if (calls === null) return 'this call costs nothing';
  const atMost = judged === expected ? '' : ` at ${calls > 1 ? 'their' : 'its'} most`;
  if (calls === 0) return `not enough for one ${which} call${atMost}`;
  return `enough for about ${tokens(calls)} ${which} ${calls === 1 ? 'call' : 'calls'}${atMost}`;
}
