/** `credits buy`, `credits purchases`: packages bought once. Source: contract 6, 9. */
import { LedgerError } from '../../core/errors.ts';
import type { BuyInput, LedgerService, PurchaseView } from '../../ledger/service.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { flagOption, readOption } from '../read-input.ts';
import { credits, showDollars } from '../render/amounts.ts';
import { purchaseJson } from '../render/payment-json.ts';
import { cardText, renderAttempts, renderPurchase, SIMULATED } from '../render/payments.ts';
import { readMoney } from './plan-define.ts';
import { styleOfAccount, writeOptions } from './receipt-result.ts';
import { readLimitCount } from './topup.ts';

const answer = (view: PurchaseView): Result => ({
  schema: 'credits.purchase/v1',
  json: () => purchaseJson(view),
  text: () => renderPurchase(view),
  unchanged: view.replayed,
});

export const buy: CommandModule<BuyInput> = {
  parse: (input) => ({
    package: input.args[0]!,
    maxChargeCents: readOption(input, 'maxCharge', readMoney),
    checkout: flagOption(input, 'checkout'),
  }),

  async run(context, input) {
    const ledger = await context.service();
    const options = writeOptions(context);
    if (options.dryRun !== true) await askFirst(context, ledger, input);
    const view = await ledger.buy(context.account, input, options);
    if (view.simulated && !view.dryRun) context.notice(SIMULATED);
    const failure = view.dryRun ? undefined : failureOf(view, input.checkout);
    if (failure !== undefined) throw failure;
    return answer(view);
  },
};

/**
 * Says what it costs, and asks. What is refused anyway is refused before anybody is asked.
 * @throws LedgerError `confirmation_needed`, `cancelled`, and what the purchase would be refused with
 */
async function askFirst(context: Context, ledger: LedgerService, input: BuyInput): Promise<void> {
  const { key } = writeOptions(context);
  const draw = async (): Promise<Draft> => {
    const view = await ledger.buy(context.account, input, { key: key ?? null, dryRun: true });
    const what = `${credits(view.credits)} for ${showDollars(view.amountCents)}`;
    if (view.replayed || input.checkout) {
      return { question: `Open a page to pay for ${what}?`, replayed: view.replayed };
    }
    const { card } = await ledger.card(context.account);
    const from = card === null ? 'the saved card' : cardText(card);
    return { question: `Buy ${what} with ${from}?`, replayed: false };
  };
  for (let draft = await draw(); !draft.replayed; ) {
    await context.confirm(draft.question);
    // A question may stand for an hour: what it said must still be so.
    const now = await draw();
    if (now.question === draft.question) return;
    context.warn('That has changed meanwhile.');
    draft = now;
  }
}

/** What a person is asked about a purchase. */
interface Draft {
  readonly question: string;
  /** The key was used before: nobody is asked again. */
  readonly replayed: boolean;
}

/** What a purchase that did not work out is refused with. */
function failureOf(view: PurchaseView, checkout: boolean): LedgerError | undefined {
  const { status, reason, purchase, payUrl } = view;
  const details = { purchase, status, reason };
  switch (status) {
    case 'failed':
    case 'canceled':
      return new LedgerError('payment_declined', declinedText(view), {
        hint: 'nothing was charged; save another card with `credits card add`',
        details,
      });
    case 'requires_action':
      if (checkout) return undefined;
      return new LedgerError(
        'payment_action_required',
        'the bank wants the card holder to confirm this payment',
        {
          hint:
            payUrl === null ? `\`credits purchases show ${purchase}\` names the page` : `pay at ${payUrl}`,
          details: { ...details, payUrl },
        },
      );
    case 'unknown':
    case 'reserved':
    case 'created':
    case 'confirming':
      return new LedgerError('payment_unknown', `it is not known yet whether ${purchase} was paid`, {
        hint: 'nothing else is charged until it is: run `credits payments sync`',
        details,
      });
    case 'mismatch':
      return new LedgerError('integrity_failure', `what came in for ${purchase} is not what was asked for`, {
        hint: 'no credits were granted; run `credits payments audit`',
        details,
      });
    default:
      return undefined;
  }
}

const declinedText = ({ status, reason, purchase }: PurchaseView): string =>
  status === 'canceled'
    ? `the purchase ${purchase} was canceled`
    : `the card was declined${reason === null ? '' : ` (${reason.replaceAll('_', ' ')})`}`;

export const purchasesList: CommandModule<{ readonly limit: number | null }> = {
  parse: (input) => ({ limit: readOption(input, 'limit', readLimitCount) }),

  async run(context: Context, { limit }) {
    const ledger = await context.service();
    const purchases = await ledger.purchases(context.account, limit);
    return {
      schema: 'credits.purchases/v1',
      json: () => ({ purchases: purchases.map(purchaseJson) }),
      text: async () =>
        purchases.length === 0
          ? 'Nothing has been bought yet: `credits packages` lists what there is.'
          : renderAttempts(purchases, await styleOfAccount(context, ledger, context.account)),
    };
  },
};

export const purchasesShow: CommandModule<string> = {
  parse: (input) => input.args[0]!,
  async run(context, id) {
    const ledger = await context.service();
    return answer(await ledger.purchase(context.account, id));
  },
};
