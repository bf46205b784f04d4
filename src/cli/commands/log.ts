/** `credits log`: the entries of an account. Source: contract 3 (kinds), 6. */
import { invalid } from '../../core/errors.ts';
import { SOURCES } from '../../core/sources.ts';
import type { EntryKind, Place } from '../../core/types.ts';
import type { EntryView, LogQuery, TimeBound } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { instantsOf, readTimeBound } from '../read-bound.ts';
import { choiceOption, readCount, readOption } from '../read-input.ts';
import { showCredits } from '../render/amounts.ts';
import type { Style } from '../render/style.ts';
import { renderTable } from '../render/table.ts';
import { printable } from '../render/width.ts';
import { entryJson } from '../wire-json.ts';
import { styleOfAccount } from './receipt-result.ts';

const KINDS = [
  'granted',
  'held',
  'returned',
  'spent',
  'expired',
  'revoked',
  'owed',
  'repaid',
] as const satisfies readonly EntryKind[];

function requireStretch<T extends number | string>(since: T, until: T): void {
  if (since >= until) throw invalid('--since must be earlier than --until');
}

export interface LogRequest extends Pick<LogQuery, 'kind' | 'limit'> {
  readonly since: TimeBound | null;
  readonly until: TimeBound | null;
}

export const log: CommandModule<LogRequest> = {
  parse(input) {
    const bound = (text: string, what: string): TimeBound => readTimeBound(text, input.now, what);
    const [since, until] = [readOption(input, 'since', bound), readOption(input, 'until', bound)];
    // Two days, or two instants, can be compared before the account's zone is known.
    const [from, to] = [since, until].map((each) => (typeof each === 'object' ? each?.day : each));
    if (typeof from === 'number' && typeof to === 'number') requireStretch(from, to);
    if (typeof from === 'string' && typeof to === 'string') requireStretch(from, to);
    return {
      since,
      until,
      kind: choiceOption(input, 'kind', KINDS),
      limit: readOption(input, 'limit', readCount),
    };
  },

  async run(context, { kind, limit, ...bounds }) {
    const ledger = await context.service();
    const [since = null, until = null] = await instantsOf([bounds.since, bounds.until], context, ledger);
    if (since !== null && until !== null) requireStretch(since, until);
    const entries = await ledger.log(context.account, { since, until, kind, limit });
    return {
      schema: 'credits.log/v1',
      json: () => ({ account: context.account, entries: entries.map(entryJson) }),
      text: async () => renderEntries(entries, await styleOfAccount(context, ledger, context.account)),
    };
  },
};

/** How an entry moved what is available: `+`, `-`, or nothing where it moved between other places. */
const sign = ({ from, to }: { from: Place; to: Place }): string =>
  to === 'available' ? '+' : from === 'available' ? '-' : '';

function renderEntries(entries: readonly EntryView[], style: Style): string {
  if (entries.length === 0) return 'No entries.';
  const { calendar } = style;
  const hasNote = entries.some((entry) => entry.note !== null);
  return renderTable(
    [
      { title: calendar.zone === '' ? 'When, UTC' : `When, ${calendar.zone}` },
      { title: 'Kind' },
      { title: 'Source' },
      { title: 'Credits', align: 'right' },
      { title: 'Available', align: 'right' },
      { title: 'Receipt' },
      ...(hasNote ? [{ title: 'Note', flexible: true }] : []),
    ],
    entries.map((entry) => [
      calendar.time(entry.at),
      entry.kind,
      entry.source === null ? '' : SOURCES[entry.source].label,
      `${sign(entry)}${showCredits(entry.credits)}`,
      showCredits(entry.available),
      entry.receipt,
      ...(hasNote ? [printable(entry.note ?? '')] : []),
    ]),
    { columns: style.columns, heading: style.paint.dim },
  );
}
