/** `credits accounts list|show`. Source: contract 6. */
import { ZERO } from '../../core/credits.ts';
import { requireAccountId } from '../../core/ledger/accounts.ts';
import type { AccountView, LedgerService } from '../../ledger/service.ts';
import type { CommandInput, CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { count, credits, showCredits } from '../render/amounts.ts';
import { balanceHeading } from '../render/balance.ts';
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

const pageAfter = (ledger: LedgerService, after: string | null): Promise<readonly AccountView[]> =>
  ledger.accounts({ after, limit: PAGE });

/** Every account by id. @param first the first page, which was asked for before */
async function* pagesFrom(
  first: readonly AccountView[],
  ledger: LedgerService,
  signal: AbortSignal,
): AsyncGenerator<readonly AccountView[]> {
  let page = first;
  yield page;
  while (page.length === PAGE) {
    signal.throwIfAborted();
    page = await pageAfter(ledger, page.at(-1)!.account);
    yield page;
  }
}

export const accountsList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service();
    const first = await pageAfter(ledger, null);
    const pages = () => pagesFrom(first, ledger, context.signal);
    const { json } = context.globals;
    return {
      schema: 'credits.accounts/v1',
      json: () => ({ accounts: first.map(accountJson) }),
      text: () => joined(accountLines(context, ledger, () => [first])),
      // As many as there may be: their list need not fit into memory.
      ...(first.length < PAGE
        ? {}
        : {
            stream: () =>
              json ? accountDocument(pages()) : withLineFeed(accountLines(context, ledger, pages)),
          }),
    };
  },
};

async function joined(parts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

async function* withLineFeed(text: AsyncIterable<string>): AsyncGenerator<string> {
  yield* text;
  yield '\n';
}

async function* accountDocument(pages: AsyncIterable<readonly AccountView[]>): AsyncGenerator<string> {
  let before = '{"schema":"credits.accounts/v1","accounts":[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield before + page.map((view) => JSON.stringify(accountJson(view))).join(',');
    before = ',';
  }
  yield ']}\n';
}

/** @param pages read twice: the first time for how wide the columns are */
async function* accountLines(
  context: Context,
  ledger: LedgerService,
  pages: () => AsyncIterable<readonly AccountView[]> | Iterable<readonly AccountView[]>,
): AsyncGenerator<string> {
  // One calendar for all: most accounts share a zone, and a list is no place for zone names.
  const styles = new Map<string, Style>();
  let accounts = 0;
  let columns = columnsOf(false);
  let widths = titleWidths(columns);
  for await (const page of pages()) {
    accounts += page.length;
    if (columns.length === columnsOf(false).length && page.some(hasDebt)) {
      widths = [...widths.slice(0, DEBT), titleWidths(columnsOf(true))[DEBT]!, ...widths.slice(DEBT)];
      columns = columnsOf(true);
    }
    for (const { zone } of page) {
      if (!styles.has(zone)) styles.set(zone, await styleFor(context, zone, ledger.now()));
    }
    widths = widen(columns, widths, cellsOf(page, styles, columns));
  }
  if (accounts === 0) {
    yield 'No accounts.';
    return;
  }
  const [{ paint }] = [...styles.values()] as [Style];
  const table = layOut(columns, widths, { columns: context.terminal.tableColumns, heading: paint.dim });
  yield table.heading.map((line) => `${line}\n`).join('');
  for await (const page of pages()) {
    for (const { zone } of page) {
      if (!styles.has(zone)) styles.set(zone, await styleFor(context, zone, ledger.now()));
    }
    if (page.length > 0) yield `${table.body(cellsOf(page, styles, columns))}\n`;
  }
  yield count(accounts, 'account');
}

const hasDebt = ({ debt }: AccountView): boolean => debt > ZERO;

/** Where the debts stand, if there are any. */
const DEBT = 4;

const columnsOf = (withDebt: boolean): Column[] => [
  { title: 'Account' },
  { title: 'Plan' },
  { title: 'Available', align: 'right' },
  { title: 'Held', align: 'right' },
  ...(withDebt ? [{ title: 'Debt', align: 'right' as const }] : []),
  { title: 'Cycle ends' },
  { title: 'Created' },
];

const cellsOf = (
  views: readonly AccountView[],
  styles: ReadonlyMap<string, Style>,
  columns: readonly Column[],
): string[][] =>
  views.map((view) => {
    const { calendar } = styles.get(view.zone)!;
    return [
      view.account,
      view.closedAt === null ? view.plan : `${view.plan}, closed`,
      showCredits(view.available),
      showCredits(view.held),
      ...(columns[DEBT]!.title === 'Debt' ? [showCredits(view.debt)] : []),
      view.cycle === null ? '' : calendar.until(view.cycle.end),
      calendar.day(view.createdAt),
    ];
  });

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
