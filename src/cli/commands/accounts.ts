/** `credits accounts list|show`. Source: contract 6. */
import { ZERO } from '../../core/credits.ts';
import { requireAccountId } from '../../core/ledger/accounts.ts';
import type { AccountView, LedgerService } from '../../ledger/service.ts';
import type { CommandInput, CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { count, credits, showCredits } from '../render/amounts.ts';
import { balanceHeading } from '../render/balance.ts';
import type { Calendar } from '../render/dates.ts';
import { listDocument } from '../render/list-document.ts';
import { type Style, styleFor } from '../render/style.ts';
import { type Column, layOut, titleWidths, widen } from '../render/table.ts';
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

type Pages = AsyncIterable<readonly AccountView[]>;

/** Every account by id, a page at a time. */
async function* pagesOf(ledger: LedgerService, signal: AbortSignal): AsyncGenerator<readonly AccountView[]> {
  for (let after: string | null = null; ; ) {
    signal.throwIfAborted();
    const page = await ledger.accounts({ after, limit: PAGE });
    yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.account;
  }
}

export const accountsList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const schema = 'credits.accounts/v1';
    const ledger = await context.service();
    const pages = (): Pages => pagesOf(ledger, context.signal);
    return {
      schema,
      json: () => ({}),
      text: () => '',
      // As many as there may be: their list need not fit into memory.
      stream: () =>
        context.globals.json
          ? listDocument({ schema }, 'accounts', jsonOf(pages()))
          : accountLines(context, ledger, pages),
    };
  },
};

async function* jsonOf(pages: Pages): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((view) => JSON.stringify(accountJson(view))).join(',');
}

/** @param pages read twice where there are several: the first time for how wide the columns are */
async function* accountLines(
  context: Context,
  ledger: LedgerService,
  pages: () => Pages,
): AsyncGenerator<string> {
  const calendars = new Map<string, Calendar>();
  let accounts = 0;
  let last: readonly AccountView[] = [];
  let withDebt = false;
  let widths = titleWidths(COLUMNS);
  for await (const page of pages()) {
    accounts += page.length;
    last = page;
    withDebt ||= page.some(({ debt }) => debt > ZERO);
    widths = widen(COLUMNS, widths, await rowsOf(page, context, ledger, calendars));
  }
  if (accounts === 0) {
    yield 'No accounts.\n';
    return;
  }
  const shown = <T>(cells: readonly T[]): T[] => cells.filter((_, index) => withDebt || index !== DEBT);
  const { tableColumns: columns } = context.terminal;
  const table = layOut(shown(COLUMNS), shown(widths), { columns, heading: context.paint.dim });
  for (const line of table.heading) yield `${line}\n`;
  for await (const page of accounts === last.length ? [last] : pages()) {
    const rows = await rowsOf(page, context, ledger, calendars);
    if (rows.length > 0) yield `${table.body(rows.map(shown))}\n`;
  }
  yield `${count(accounts, 'account')}\n`;
}

const COLUMNS: readonly Column[] = [
  { title: 'Account' },
  { title: 'Plan' },
  { title: 'Available', align: 'right' },
  { title: 'Held', align: 'right' },
  { title: 'Debt', align: 'right' },
  { title: 'Cycle ends' },
  { title: 'Created' },
];
/** Where the debts stand; left out where there is none. */
const DEBT = 4;

/** @param calendars one for each zone: most accounts share theirs */
async function rowsOf(
  views: readonly AccountView[],
  context: Context,
  ledger: LedgerService,
  calendars: Map<string, Calendar>,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const view of views) {
    let calendar = calendars.get(view.zone);
    if (calendar === undefined) {
      ({ calendar } = await styleFor(context, view.zone, ledger.now()));
      calendars.set(view.zone, calendar);
    }
    rows.push([
      view.account,
      view.closedAt === null ? view.plan : `${view.plan}, closed`,
      showCredits(view.available),
      showCredits(view.held),
      showCredits(view.debt),
      view.cycle === null ? '' : calendar.until(view.cycle.end),
      calendar.day(view.createdAt),
    ]);
  }
  return rows;
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
