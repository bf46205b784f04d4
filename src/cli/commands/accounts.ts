/** `credits accounts list|show`. Source: contract 6. */
import { ZERO } from '../../core/credits.ts';
import { requireAccountId } from '../../core/ledger/accounts.ts';
import type { AccountView, LedgerService } from '../../ledger/service.ts';
import type { CommandInput, CommandModule } from '../command.ts';
import { count, credits, showCredits } from '../render/amounts.ts';
import { balanceHeading } from '../render/balance.ts';
import { type Style, styleFor } from '../render/style.ts';
import { renderTable } from '../render/table.ts';
import { accountJson } from '../wire-json.ts';

/** Accounts asked for at once. */
const PAGE = 1_000;

export interface AccountRequest {
  /** Null: the account of `-a`. */
  readonly id: string | null;
}

/** The account a command names as its argument. */
export const readAccount = (input: CommandInput): AccountRequest => ({
  id: input.args[0] === undefined ? null : requireAccountId(input.args[0]),
});

async function everyAccount(ledger: LedgerService, signal: AbortSignal): Promise<AccountView[]> {
  const views: AccountView[] = [];
  for (;;) {
    signal.throwIfAborted();
    const page = await ledger.accounts({ after: views.at(-1)?.account ?? null, limit: PAGE });
    views.push(...page);
    if (page.length < PAGE) return views;
  }
}

export const accountsList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service();
    const views = await everyAccount(ledger, context.signal);
    return {
      schema: 'credits.accounts/v1',
      json: () => ({ accounts: views.map(accountJson) }),
      text: async () => {
        // One calendar for all: most accounts share a zone, and a list is no place for zone names.
        const styles = new Map<string, Style>();
        for (const { zone } of views) {
          if (!styles.has(zone)) styles.set(zone, await styleFor(context, zone, ledger.now()));
        }
        return renderAccounts(views, (zone) => styles.get(zone)!, context.terminal.tableColumns);
      },
    };
  },
};

function renderAccounts(
  views: readonly AccountView[],
  styleOf: (zone: string) => Style,
  columns: number,
): string {
  if (views.length === 0) return 'No accounts.';
  const hasDebt = views.some((view) => view.debt > ZERO);
  const table = renderTable(
    [
      { title: 'Account' },
      { title: 'Plan' },
      { title: 'Available', align: 'right' },
      { title: 'Held', align: 'right' },
      ...(hasDebt ? [{ title: 'Debt', align: 'right' as const }] : []),
      { title: 'Cycle ends' },
      { title: 'Created' },
    ],
    views.map((view) => {
      const { calendar } = styleOf(view.zone);
      return [
        view.account,
        view.closedAt === null ? view.plan : `${view.plan}, closed`,
        showCredits(view.available),
        showCredits(view.held),
        ...(hasDebt ? [showCredits(view.debt)] : []),
        view.cycle === null ? '' : calendar.until(view.cycle.end),
        calendar.day(view.createdAt),
      ];
    }),
    { columns, heading: styleOf(views[0]!.zone).paint.dim },
  );
  return `${table}\n${count(views.length, 'account')}`;
}

export const accountsShow: CommandModule<AccountRequest> = {
  parse: readAccount,
  async run(context, { id }) {
    const ledger = await context.service();
    const view = await ledger.account(id ?? context.account);
    return {
      schema: 'credits.account/v1',
      json: () => accountJson(view),
      text: async () => renderAccount(view, await styleFor(context, view.zone, ledger.now())),
    };
  },
};

/** Heading, credits, and where its dates come from. */
export function renderAccount(view: AccountView, style: Style): string {
  const { calendar, paint } = style;
  const amounts = [paint.bold(`${credits(view.available)} available`)];
  if (view.held > ZERO) amounts.push(`${showCredits(view.held)} held`);
  if (view.debt > ZERO) amounts.push(paint.bad(`debt ${showCredits(view.debt)}`));
  const created = `Created ${calendar.day(view.createdAt)}, time zone ${view.zone}`;
  return [
    balanceHeading({ ...view, closed: view.closedAt !== null }, style),
    amounts.join(' · '),
    view.closedAt === null ? created : `${created}, closed ${calendar.day(view.closedAt)}`,
  ].join('\n');
}
