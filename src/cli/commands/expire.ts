/** `credits expire`: books what the clock took. Source: contract 5.5, 6. */
import { invalid } from '../../core/errors.ts';
import type { ExpiryView } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { flagOption, textOption } from '../read-input.ts';
import { count, credits } from '../render/amounts.ts';
import { expiryJson } from '../wire-json.ts';
import { accountsFailed } from './batch.ts';
import { writeOptions } from './receipt-result.ts';
import { lastLineIsFree, topupAfter } from './topup-after.ts';

export interface ExpireRequest {
  readonly lot: string | null;
  readonly all: boolean;
}

export const expire: CommandModule<ExpireRequest> = {
  parse(input) {
    const request = { lot: textOption(input, 'lot'), all: flagOption(input, 'all') };
    if (request.all && request.lot !== null) {
      throw invalid('--lot names a lot of one account', 'leave --all out');
    }
    if (input.key !== null && request.lot === null) {
      throw invalid('--key goes with --lot here', 'a sweep is safe to repeat without one');
    }
    return request;
  },

  async run(context, { lot, all }) {
    const ledger = await context.service(all ? null : undefined);
    const account = all ? null : context.account;
    const view = await ledger.expire(account, lot, writeOptions(context));
    return {
      schema: 'credits.expiry/v1',
      json: () => expiryJson(view),
      text: () => renderExpiry(view, all, lot),
      unchanged: !changed(view),
      failure: accountsFailed(view.failed, view.accounts),
      ...topupAfter(
        context,
        ledger,
        account !== null && changed(view) ? [account] : [],
        lastLineIsFree(context, view.failed),
      ),
    };
  },
};

const changed = (view: ExpiryView): boolean =>
  view.receipt?.replayed !== true && (view.lots.length > 0 || view.holds.length > 0);

function renderExpiry(view: ExpiryView, all: boolean, lot: string | null): string {
  const checked = all ? `${count(view.accounts, 'account')} checked: ` : '';
  if (view.receipt?.replayed === true) return 'This key was booked before: nothing changed.';
  if (!changed(view) && lot !== null) return `${lot} has ended already.`;
  if (!changed(view)) return all ? `${checked}nothing had lapsed.` : 'Nothing had lapsed.';
  const from = lot !== null && view.lots.length === 1 ? lot : count(view.lots.length, 'lot');
  const parts = [
    ...(view.lots.length > 0 ? [`${credits(view.expired)} expired from ${from}`] : []),
    ...(view.holds.length > 0 ? [`${count(view.holds.length, 'hold')} lapsed`] : []),
  ];
  const sentence = `${checked}${parts.join(', ')}.`;
  return view.dryRun ? `Dry run: ${sentence}\nNothing was booked.` : sentence;
}
