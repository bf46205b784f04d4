/** `credits` alone: where things stand, or how to start. Source: contract 6. */
import { toJsonCredits, ZERO } from '../../core/credits.ts';
import { formatInstant } from '../../core/time.ts';
import type { BalanceView, LedgerService } from '../../ledger/service.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { safeLocation } from '../globals.ts';
import { credits, showCredits } from '../render/amounts.ts';
import { balanceHeading } from '../render/balance.ts';
import { styleFor } from '../render/style.ts';

const SCHEMA = 'credits.status/v1';

const START = `No ledger yet.

  credits init --plan pro        make one, with 50 welcome credits
  credits estimate "…" -m haiku  price a call before it is made, without a ledger
  credits --help                 everything else`;

export const status: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.serviceIfAny();
    return ledger === null ? notStarted(context) : describe(context, ledger);
  },
};

function notStarted(context: Context): Result {
  const ledger = safeLocation(context.globals.remote ?? context.globals.db);
  return {
    schema: SCHEMA,
    json: () => ({ ledger: null, expectedAt: ledger, account: null, available: null }),
    text: () => `${START}\n\nIt would lie at ${ledger}.`,
  };
}

async function describe(context: Context, ledger: LedgerService): Promise<Result> {
  const view = await ledger.balance(context.account);
  const { location, mode } = ledger.info;
  return {
    schema: SCHEMA,
    json: () => ({
      ledger: location,
      mode,
      account: view.account,
      plan: view.plan,
      available: toJsonCredits(view.available),
      held: toJsonCredits(view.held),
      debt: toJsonCredits(view.debt),
      cycle:
        view.cycle === null
          ? null
          : { start: formatInstant(view.cycle.start), end: formatInstant(view.cycle.end) },
    }),
    async text() {
      const style = await styleFor(context, view.zone, ledger.now());
      return [
        balanceHeading(view, style),
        `${style.paint.bold(`${credits(view.available)} available`)}${beside(view)}`,
        `${mode} ledger ${location}`,
      ].join('\n');
    },
  };
}

function beside({ held, debt }: BalanceView): string {
  return [
    held > ZERO ? ` · ${showCredits(held)} held` : '',
    debt > ZERO ? ` · debt ${showCredits(debt)}: new spends are blocked until a grant repays it` : '',
  ].join('');
}
