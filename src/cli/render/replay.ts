/** A replay as people read it. */
import type { ChargeTally } from '../replay/charge.ts';
import type { Replayed } from '../replay/replayed.ts';
import type { ReplayTally } from '../replay/tally.ts';
import { count, credits, group, showCredits } from './amounts.ts';
import { limitText, tokens } from './simulation.ts';
import { type Column, renderTable, type TableStyle } from './table.ts';
import { printable } from './width.ts';

/** Rows of a list at most; JSON has all of them. */
const MOST_SHOWN = 12;

const right = (title: string): Column => ({ title, align: 'right' });

/** The whole answer. */
export function renderReplay(replayed: Replayed, style: TableStyle): string {
  const { tally, report, charged, compare, dryRun } = replayed;
  const estimated =
    tally.estimated === 0
      ? ''
      : `, of them ${count(tally.estimated, 'sum of several calls', 'sums of several calls')}`;
  return [
    `${count(tally.calls, 'call')} in ${count(tally.runs, 'run')}${estimated}: ${credits(tally.total)}`,
    ...(tally.byModel.length === 0 ? [] : [modelTable(tally, style)]),
    ...(compare && tally.calls > 0 ? ['', otherTable(tally, style)] : []),
    ...stopLines(replayed, style),
    ...(charged === null ? [] : ['', ...chargeLines(charged, dryRun)]),
    '',
    ...reportLines(report),
  ].join('\n');
}

function modelTable({ byModel }: ReplayTally, style: TableStyle): string {
  return renderTable(
    [
      { title: 'Model' },
      { title: 'Priced as' },
      right('Calls'),
      right('Input'),
      right('Cached'),
      right('Output'),
      right('Credits'),
    ],
    byModel.map((row) => [
      printable(row.model),
      row.byok ? `${printable(row.pricedAs)} (own key)` : printable(row.pricedAs),
      tokens(row.calls),
      tokens(row.inputTokens),
      tokens(row.cachedTokens),
      tokens(row.outputTokens),
      showCredits(row.credits),
    ]),
    style,
  );
}

function otherTable({ comparison: { others } }: ReplayTally, style: TableStyle): string {
  return renderTable(
    [{ title: 'All calls on' }, right('Credits'), right('With cache rates')],
    others.map(({ name, total, withCacheRates }) => [
      printable(name),
      showCredits(total),
      withCacheRates === null ? '' : showCredits(withCacheRates),
    ]),
    style,
  );
}

/** Where a cap or the budget would have stopped runs. */
function stopLines({ tally, limit, maxRounds }: Replayed, style: TableStyle): string[] {
  const { stopped, runs, total, stoppedTotal } = tally;
  if (runs === 0) return [];
  const bounds = [
    `a cap of ${count(maxRounds, 'round')}`,
    ...(limit === null ? [] : [`${limitText(limit).toLowerCase()} for each run`]),
  ].join(' or ');
  if (stopped.length === 0) return ['', `No run would have been stopped by ${bounds}.`];
  const longest = stopped.toSorted((a, b) => b.rounds - a.rounds).slice(0, MOST_SHOWN);
  const more = stopped.length - longest.length;
  return [
    '',
    `${group(String(stopped.length))} of ${count(runs, 'run')} would have been stopped by ${bounds}: ${credits(stoppedTotal)} instead of ${showCredits(total)}.`,
    renderTable(
      [
        { title: 'Run', flexible: true },
        right('Rounds'),
        right('Stopped at'),
        { title: 'By' },
        right('Credits before'),
      ],
      longest.map((run) => [
        printable(run.run),
        tokens(run.rounds),
        tokens(run.round),
        run.by,
        showCredits(run.credits),
      ]),
      style,
    ),
    ...(more > 0 ? [`… and ${group(String(more))} more: --json lists all`] : []),
  ];
}

function chargeLines(
  { booked, replayed, skipped, refused, credits: paid }: ChargeTally,
  dryRun: boolean,
): string[] {
  const shown = refused.slice(0, MOST_SHOWN);
  const more = refused.length - shown.length;
  const parts = [
    `${group(String(booked))} ${dryRun ? 'would be booked' : 'booked'} (${credits(paid)})`,
    ...(replayed > 0 ? [`${group(String(replayed))} booked before`] : []),
    ...(skipped > 0 ? [`${group(String(skipped))} skipped, still being written`] : []),
    ...(refused.length > 0 ? [`${group(String(refused.length))} refused`] : []),
  ];
  return [
    ...shown.map(
      ({ file, line, run, round, code, message }) =>
        `${printable(file)}:${line}: run ${printable(run)}, round ${round}: ${code}: ${printable(message)}`,
    ),
    ...(more > 0 ? [`… and ${group(String(more))} more: --json lists all`] : []),
    `Charge: ${parts.join(', ')}.`,
    ...(dryRun ? ['Dry run: nothing was booked.'] : []),
  ];
}

/** What was read, and what was left out and why. */
function reportLines(report: Replayed['report']): string[] {
  const { files, lines, badLines, badLineCount, duplicates, synthetic, unknownFormat } = report;
  const shown = badLines.slice(0, MOST_SHOWN);
  const more = badLineCount - shown.length;
  const parts = [
    `${count(lines, 'line')} in ${count(files, 'file')}`,
    ...(duplicates > 0 ? [`${count(duplicates, 'duplicate')} dropped`] : []),
    ...(synthetic > 0 ? [`${count(synthetic, 'refused request')} without an answer`] : []),
    ...(badLineCount > 0 ? [count(badLineCount, 'bad line')] : []),
  ];
  return [
    ...shown.map(({ file, line, reason }) => `${printable(file)}:${line}: ${printable(reason)}`),
    ...(more > 0 ? [`… and ${group(String(more))} more bad lines`] : []),
    ...unknownFormat.slice(0, MOST_SHOWN).map((file) => `${printable(file)}: unknown format`),
    `Read: ${parts.join(', ')}.`,
  ];
}
