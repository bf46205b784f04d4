/** The balance as people read it: a heading, a table by source or by lot, and the total. */
import { type Microcredits, ZERO } from '../../core/credits.ts';
import { SOURCES } from '../../core/sources.ts';
import type { BalanceView, LotView, SourceView } from '../../ledger/service.ts';
import { showCredits } from './amounts.ts';
import type { Style } from './style.ts';
import { type Column, renderTable } from './table.ts';
import { pad, printable, textWidth } from './width.ts';

type Amounts = Pick<SourceView, 'granted' | 'spent' | 'held' | 'expired' | 'revoked' | 'available'>;

const COLUMNS: readonly (Column & { readonly key: keyof Amounts; readonly rare?: true })[] = [
  { key: 'granted', title: 'Granted', align: 'right' },
  { key: 'spent', title: 'Spent', align: 'right', least: 7 },
  { key: 'held', title: 'Held', align: 'right', least: 5 },
  { key: 'expired', title: 'Expired', align: 'right', rare: true },
  { key: 'revoked', title: 'Revoked', align: 'right', rare: true },
  { key: 'available', title: 'Available', align: 'right' },
];

/** `default · pro · cycle 31 Jan – 28 Feb, resets in 8 days`. */
export function balanceHeading(
  view: Pick<BalanceView, 'account' | 'plan' | 'cycle' | 'closed'>,
  { calendar }: Pick<Style, 'calendar'>,
): string {
  const parts = [view.account, view.plan];
  if (view.cycle !== null) {
    const { start, end } = view.cycle;
    parts.push(`cycle ${calendar.range(start, end)}, resets ${calendar.distance(end)}`);
  }
  if (view.closed) parts.push('closed');
  return parts.join(' · ');
}

/** Amount columns that say something: the rare ones only where a row has them. */
function columnsFor(rows: readonly Amounts[]) {
  return COLUMNS.filter(({ key, rare }) => rare !== true || rows.some((row) => row[key] !== ZERO));
}

/** By source. */
export function renderSources(view: BalanceView, style: Style): string {
  const columns = columnsFor(view.sources);
  const rows = view.sources.map((row) => [
    SOURCES[row.source].label,
    ...columns.map(({ key }) => showCredits(row[key])),
    // Nothing of a source that ends with its cycle: there is no lot that could never end.
    row.granted === ZERO && SOURCES[row.source].expires === 'cycle'
      ? '-'
      : style.calendar.until(row.nextExpiry),
  ]);
  const granted = showCredits(view.available);
  const total = { title: 'Source', least: 'Available'.length };
  const table = renderTable([total, ...widened(columns, textWidth(granted)), { title: 'Expires' }], rows, {
    columns: style.columns,
    heading: style.paint.dim,
  });
  const first = Math.max(9, ...rows.map((row) => textWidth(row[0]!)));
  const second = Math.max(7, textWidth(granted), ...rows.map((row) => textWidth(row[1]!)));
  return [table, ...totals(view, first, second, style)].join('\n');
}

/** The total stands under the first amounts: their column must be as wide. */
const widened = (columns: readonly Column[], least: number): Column[] =>
  columns.map((column, index) => (index === 0 ? { ...column, least } : column));

function totals(view: BalanceView, first: number, second: number, { paint }: Style): string[] {
  const line = (label: string, amount: Microcredits): string =>
    `${pad(label, first, 'left')}   ${pad(showCredits(amount), second, 'right')}`;
  const lines = [paint.bold(line('Available', view.available))];
  if (view.debt > ZERO) lines.push(paint.bad(line('Debt', view.debt)), DEBT);
  return lines;
}

const DEBT = 'New spends and holds are blocked until a grant repays the debt.';

/** By lot, in burn order. */
export function renderLots(view: BalanceView, style: Style): string {
  const columns = columnsFor(view.lots);
  const hasPriority = view.lots.some((lot) => lot.priority !== view.lots[0]!.priority);
  const hasNote = view.lots.some((lot) => lot.note !== null);
  const cells = (lot: LotView): string[] => [
    lot.lot,
    SOURCES[lot.source].label,
    ...columns.map(({ key }) => showCredits(lot[key])),
    lot.endedAt === null ? style.calendar.until(lot.expiresAt) : `ended ${style.calendar.day(lot.endedAt)}`,
    ...(hasPriority ? [String(lot.priority)] : []),
    ...(hasNote ? [printable(lot.note ?? '')] : []),
  ];
  const table = renderTable(
    [
      { title: 'Lot' },
      { title: 'Source' },
      ...columns,
      { title: 'Expires' },
      ...(hasPriority ? [{ title: 'Priority', align: 'right' as const }] : []),
      ...(hasNote ? [{ title: 'Note' }] : []),
    ],
    view.lots.map(cells),
    { columns: style.columns, heading: style.paint.dim },
  );
  return [view.lots.length === 0 ? 'No lots.' : table, ...totals(view, 9, 7, style)].join('\n');
}
