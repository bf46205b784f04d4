/** `credits plan show|list`: the account's plan, and the plans on sale. Source: contract 4, 5.9, 6. */
import { toJsonCredits, ZERO } from '../../core/credits.ts';
import { formatInstant } from '../../core/time.ts';
import type { PlanView } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { credits, showCredits, showDollars } from '../render/amounts.ts';
import { type Style, styleFor } from '../render/style.ts';
import { renderTable } from '../render/table.ts';
import { planJson } from '../wire-json.ts';

export const planShow: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service();
    const view = await ledger.plan(context.account);
    return {
      schema: 'credits.plan/v1',
      json: () => planJson(view),
      text: async () => renderPlan(view, await styleFor(context, view.zone, ledger.now())),
    };
  },
};

/** `1,000 credits a month for $12.00`. */
export const terms = ({ monthly, priceCents }: Pick<PlanView, 'monthly' | 'priceCents'>): string =>
  monthly === ZERO && priceCents === 0
    ? 'no monthly credits, no price'
    : `${credits(monthly)} a month for ${showDollars(priceCents)}`;

function renderPlan(view: PlanView, { calendar }: Style): string {
  const status = view.status === 'active' ? '' : ` · ${view.status.replaceAll('_', ' ')}`;
  const lines = [`${view.account} · ${view.plan}: ${terms(view)}${status}`];
  if (view.pending !== null) {
    lines.push(`Changes to ${view.pending.plan} on ${calendar.until(view.pending.at)}.`);
  }
  return lines.join('\n');
}

export const planList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const rows = await (await context.service()).plans();
    return {
      schema: 'credits.plans/v1',
      json: () => ({
        plans: rows.map((row) => ({
          plan: row.id,
          name: row.name,
          monthlyCredits: toJsonCredits(row.monthly),
          priceCents: row.priceCents,
          currency: 'usd',
          from: formatInstant(row.from),
        })),
      }),
      text: () =>
        renderTable(
          [
            { title: 'Plan' },
            { title: 'Credits a month', align: 'right' },
            { title: 'Price', align: 'right' },
          ],
          rows.map((row) => [row.id, showCredits(row.monthly), showDollars(row.priceCents)]),
          { columns: context.terminal.tableColumns, heading: context.paint.dim },
        ),
    };
  },
};
