/** `credits holds`: what is reserved. Source: contract 6. */
import type { HoldView } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { flagOption } from '../read-input.ts';
import { count, showCredits } from '../render/amounts.ts';
import type { Style } from '../render/style.ts';
import { renderTable } from '../render/table.ts';
import { holdJson } from '../wire-json.ts';
import { styleOfAccount } from './receipt-result.ts';

export interface HoldsRequest {
  readonly all: boolean;
}

export const holds: CommandModule<HoldsRequest> = {
  parse: (input) => ({ all: flagOption(input, 'all') }),

  async run(context, { all }) {
    const ledger = await context.service();
    const views = await ledger.holds(context.account, all);
    return {
      schema: 'credits.holds/v1',
      json: () => ({ account: context.account, holds: views.map(holdJson) }),
      text: async () => renderHolds(views, all, await styleOfAccount(context, ledger, context.account)),
    };
  },
};

function renderHolds(views: readonly HoldView[], all: boolean, style: Style): string {
  if (views.length === 0) return all ? 'No holds.' : 'No open holds.';
  const { calendar } = style;
  const hasModel = views.some((view) => view.model !== null);
  const table = renderTable(
    [
      { title: 'Hold' },
      { title: 'Credits', align: 'right' },
      ...(all ? [{ title: 'Status' }] : []),
      { title: 'Created' },
      { title: 'Lapses' },
      ...(hasModel ? [{ title: 'Model' }] : []),
    ],
    views.map((view) => [
      view.hold,
      showCredits(view.credits),
      ...(all ? [view.status] : []),
      calendar.time(view.createdAt),
      view.status === 'open' ? calendar.distance(view.expiresAt) : '',
      ...(hasModel ? [view.model ?? ''] : []),
    ]),
    { columns: style.columns, heading: style.paint.dim },
  );
  const open = views.filter((view) => view.status === 'open');
  const sum = showCredits(open.reduce((total, view) => total + BigInt(view.credits), 0n));
  return `${table}\n${count(open.length, 'open hold')}, ${sum} held`;
}
