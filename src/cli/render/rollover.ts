/** What a cycle run did, as people and cron mails read it. */
import { ZERO } from '../../core/credits.ts';
import type { CycleChangeView, RolloverView } from '../../ledger/service.ts';
import { count, showCredits } from './amounts.ts';
import type { Paint } from './paint.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

/** Rows shown at most; JSON has all of them. */
const MOST_ROWS = 20;

export interface RolloverStyle {
  readonly all: boolean;
  /** The style of an account, for the dates of its zone. */
  readonly zoneOf: (account: string) => Promise<Style>;
  readonly columns: number;
  readonly paint: Paint;
}

/** `3 accounts checked: nothing due.`, or the changes and their sums. */
export async function renderRollover(view: RolloverView, style: RolloverStyle): Promise<string> {
  const scope = style.all ? `${count(view.accounts, 'account')} checked: ` : '';
  if (view.changes.length === 0) return style.all ? `${scope}nothing due.` : 'Nothing due.';
  const parts = [
    ...(view.granted > 0n ? [`${showCredits(view.granted)} granted`] : []),
    ...(view.expired > 0n ? [`${showCredits(view.expired)} expired`] : []),
  ];
  const lines = [
    await renderChanges(view.changes.slice(0, MOST_ROWS), style),
    ...(view.changes.length > MOST_ROWS
      ? [`… and ${count(view.changes.length - MOST_ROWS, 'more account', 'more accounts')}: --json lists all`]
      : []),
    `${scope}${parts.length === 0 ? `${count(view.changes.length, 'account')} changed` : parts.join(', ')}.`,
  ];
  if (view.dryRun) lines.push('Dry run: nothing was booked.');
  return lines.join('\n');
}

async function renderChanges(changes: readonly CycleChangeView[], style: RolloverStyle): Promise<string> {
  const hasMissed = changes.some((change) => change.missed > 0);
  const rows = await Promise.all(
    changes.map(async (change) => {
      const { start, end } = change;
      const { calendar } = await style.zoneOf(change.account);
      return [
        change.account,
        change.plan,
        start === null || end === null ? '' : calendar.range(start, end),
        change.granted === ZERO ? '0' : showCredits(change.granted),
        showCredits(change.expired),
        ...(hasMissed ? [change.missed === 0 ? '' : String(change.missed)] : []),
      ];
    }),
  );
  return renderTable(
    [
      { title: 'Account' },
      { title: 'Plan' },
      { title: 'Cycle' },
      { title: 'Granted', align: 'right' },
      { title: 'Expired', align: 'right' },
      ...(hasMissed ? [{ title: 'Missed', align: 'right' as const }] : []),
    ],
    rows,
    { columns: style.columns, heading: style.paint.dim },
  );
}
