/** `credits accounts create|close`. Source: contract 2 (closing asks), 5.12, 6. */

import { ZERO } from '../../core/credits.ts';
import { LedgerError } from '../../core/errors.ts';
import { requireAccountId } from '../../core/ledger/accounts.ts';
import type { CommandModule } from '../command.ts';
import { credits } from '../render/amounts.ts';
import { styleFor } from '../render/style.ts';
import { accountJson, receiptJson } from '../wire-json.ts';
import { type AccountRequest, readAccount, renderAccount } from './accounts.ts';
import { type Opening, readOpening, requireZone } from './read-opening.ts';
import { writeOptions } from './receipt-result.ts';

export interface CreateRequest extends Opening {
  readonly id: string;
}

export const accountsCreate: CommandModule<CreateRequest> = {
  parse: (input) => ({ ...readOpening(input), id: requireAccountId(input.args[0]!) }),

  async run(context, { id, plan, zone: zoneText, anchorAt }) {
    const zone = await requireZone(context, zoneText);
    const ledger = await context.service(id);
    const { dryRun } = context.globals;
    const view = await ledger.openAccount({ account: id, plan: plan ?? 'free', zone, anchorAt }, { dryRun });
    return {
      schema: 'credits.account/v1',
      json: () => ({ ...accountJson(view), receipt: view.receipt, dryRun }),
      async text() {
        const style = await styleFor(context, view.zone, ledger.now());
        return [
          `${dryRun ? 'Dry run: would open' : 'Opened'} ${renderAccount(view, style)}`,
          ...(dryRun ? ['Nothing was booked.'] : []),
        ].join('\n');
      },
    };
  },
};

export const accountsClose: CommandModule<AccountRequest> = {
  parse: readAccount,

  async run(context, { id }) {
    const ledger = await context.service(id ?? undefined);
    const account = id ?? context.account;
    const before = await ledger.account(account);
    if (before.closedAt !== null && context.globals.key === null) {
      throw new LedgerError('account_closed', `account ${account} is closed already`);
    }
    const left = before.available > ZERO ? `, with ${credits(before.available)} left in it` : '';
    if (!context.globals.dryRun) await context.confirm(`Close account ${account} for good${left}?`);
    const receipt = await ledger.closeAccount(account, writeOptions(context));
    const view = receipt.dryRun ? before : await ledger.account(account);
    return {
      schema: 'credits.account/v1',
      json: () => ({ ...receiptJson(receipt), ...accountJson(view) }),
      text: () =>
        receipt.dryRun
          ? `Dry run: account ${account} would be closed${left}.\nNothing was booked.`
          : `Closed account ${account}${left}.${receipt.replayed ? ' It was closed before: nothing changed.' : ''}`,
      unchanged: receipt.replayed,
    };
  },
};
