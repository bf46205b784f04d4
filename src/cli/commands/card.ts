/** `credits card show|add|remove`: the saved card. Never a number. Source: contract 6, 9. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CONSENT } from '../../core/consent.ts';
import { invalid } from '../../core/errors.ts';
import type { CardView, LedgerService } from '../../ledger/service.ts';
import type { CommandInput, CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { cardJson } from '../render/payment-json.ts';
import { cardText, renderCard } from '../render/payments.ts';
import { styleOfAccount, writeOptions } from './receipt-result.ts';

function answer(
  context: Context,
  ledger: LedgerService,
  view: CardView,
  lines: readonly string[] = [],
): Result {
  return {
    schema: 'credits.card/v1',
    json: () => cardJson(view),
    async text() {
      const text = renderCard(view, await styleOfAccount(context, ledger, view.account));
      return [...lines, text].join('\n');
    },
    unchanged: view.receipt?.replayed === true,
  };
}

export const cardShow: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service();
    return answer(context, ledger, await ledger.card(context.account));
  },
};

export const cardAdd: CommandModule<{ readonly method: string | null }> = {
  parse(input: CommandInput) {
    const [method] = input.args;
    if (method !== undefined && !/^pm_[A-Za-z0-9_]{1,80}$/.test(method)) {
      throw invalid(
        'that is no test method; a card number is never typed here',
        'for example pm_card_visa, in a test ledger; without one a page is opened',
      );
    }
    return { method: method ?? null };
  },

  async run(context, { method }) {
    const ledger = await context.service();
    const options = writeOptions(context);
    let view = await ledger.addCard(context.account, method, options);
    if (options.dryRun === true) return answer(context, ledger, view, ['Dry run: no card was saved.']);
    context.notice(CONSENT.text);
    if (view.status === 'waiting' && view.setupUrl !== null) view = await waitFor(context, ledger, view);
    const saved = view.status === 'saved' && view.card !== null ? [`Saved ${cardText(view.card)}.`] : [];
    const resumed = view.resumed ? ['Auto top-up is on again.'] : [];
    return answer(context, ledger, view, [...saved, ...resumed]);
  },
};

/** Looks every so often, ms; a page is open for a day at most. */
const LOOK_EVERY_MS = 3_000;
const LOOK_AT_MOST = 600;

/** Waits for the page on a terminal; elsewhere the answer names it, and `payments sync` finishes. */
async function waitFor(context: Context, ledger: LedgerService, first: CardView): Promise<CardView> {
  if (context.globals.json || !context.terminal.canAsk) return first;
  context.warn(
    `Save the card on this page:\n  ${first.setupUrl}\nWaiting for it; Ctrl-C leaves the page open.`,
  );
  let view = first;
  for (let look = 0; look < LOOK_AT_MOST && view.status === 'waiting'; look += 1) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: context.signal });
    view = await ledger.finishCard(context.account);
  }
  return view;
}

export const cardRemove: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service();
    const options = writeOptions(context);
    if (options.dryRun !== true) {
      const { card } = await ledger.card(context.account);
      const what = card === null ? 'the saved card' : cardText(card);
      await context.confirm(`Remove ${what}? Auto top-up cannot charge anything then.`);
    }
    const view = await ledger.removeCard(context.account, options);
    const dry = options.dryRun === true ? 'Dry run: the card would be removed.' : 'The card is removed.';
    return { ...answer(context, ledger, view), text: () => dry };
  },
};
