/** `credits topup show|set|enable|disable|run|history`. Source: contract 6, 9. */
import { type Microcredits, parseCredits } from '../../core/credits.ts';
import { invalid } from '../../core/errors.ts';
import type { LedgerService, TopupInput, TopupRunView, TopupView } from '../../ledger/service.ts';
import type { CommandInput, CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { flagOption, readOption } from '../read-input.ts';
import { credits, showDollars } from '../render/amounts.ts';
import { dueLine } from '../render/due.ts';
import { attemptJson, runJson, topupJson } from '../render/payment-json.ts';
import { attemptLine, cardText, renderAttempts, renderTopup, SIMULATED } from '../render/payments.ts';
import { styleFor } from '../render/style.ts';
import { accountsFailed } from './batch.ts';
import { readMoney } from './plan-define.ts';
import { styleOfAccount, writeOptions } from './receipt-result.ts';
import { topupAfter } from './topup-after.ts';

function answer(context: Context, ledger: LedgerService, view: TopupView): Result {
  return {
    schema: 'credits.topup/v1',
    json: () => topupJson(view),
    text: async () => renderTopup(view, await styleFor(context, view.zone, ledger.now())),
    unchanged: view.receipt === null || view.receipt.replayed,
  };
}

export const topupShow: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service();
    const view = await ledger.topup(context.account);
    return { ...answer(context, ledger, view), unchanged: false };
  },
};

const WHAT = 'say what to change: --threshold, --amount, --monthly-limit, --enable or --disable';

export const topupSet: CommandModule<TopupInput> = {
  parse(input) {
    const threshold = readOption(input, 'threshold', parseCredits);
    const amount = readOption(input, 'amount', readAmount);
    const limit = readOption(input, 'monthlyLimit', readLimit);
    const enable = flagOption(input, 'enable');
    const disable = flagOption(input, 'disable');
    if (enable && disable) throw invalid('--enable and --disable are opposites: name one of them');
    const request: TopupInput = {
      ...(threshold === null ? {} : { threshold }),
      ...(amount === null ? {} : { amount }),
      ...(limit === null ? {} : { limitCents: limit.cents }),
      ...(enable ? { enabled: true } : disable ? { enabled: false } : {}),
    };
    if (Object.keys(request).length === 0) throw invalid(WHAT);
    return request;
  },
  run: change,
};

function readAmount(text: string, what: string): Microcredits {
  const amount = parseCredits(text, what);
  if (amount === 0) throw invalid(`${what} must be more than 0`);
  return amount;
}

const readLimit = (text: string, what: string): { readonly cents: number | null } => ({
  cents: text === 'none' ? null : readMoney(text, what),
});

const fixed = (request: TopupInput): CommandModule<TopupInput> => ({ parse: () => request, run: change });

export const topupEnable = fixed({ enabled: true });
export const topupDisable = fixed({ enabled: false });

/** Changes the policy. Where it would charge at once, that is said and asked first. */
async function change(context: Context, input: TopupInput): Promise<Result> {
  const ledger = await context.service();
  const options = writeOptions(context);
  if (!context.globals.dryRun && input.enabled !== false) await askFirst(context, ledger, input);
  const view = await ledger.setTopup(context.account, input, options);
  return {
    ...answer(context, ledger, view),
    ...topupAfter(context, ledger, view.receipt?.replayed === true ? [] : [context.account], view.enabled),
  };
}

async function askFirst(context: Context, ledger: LedgerService, input: TopupInput): Promise<void> {
  const { key } = writeOptions(context);
  const view = await ledger.setTopup(context.account, input, { key: key ?? null, dryRun: true });
  if (view.state !== 'due' || view.receipt?.replayed === true) return;
  const card = view.paymentMethod === null ? 'the saved card' : cardText(view.paymentMethod);
  await context.confirm(
    `${credits(view.available)} are left: this charges ${showDollars(view.priceCents!)} to ${card} now. Go on?`,
  );
}

export const topupRun: CommandModule<{ readonly all: boolean }> = {
  parse: (input: CommandInput) => ({ all: flagOption(input, 'all') }),

  async run(context, { all }) {
    const ledger = await context.service(all ? null : undefined);
    const { dryRun } = context.globals;
    const view = await ledger.runTopup(all ? null : context.account, { dryRun });
    if (view.simulated && !dryRun) context.notice(SIMULATED);
    const [failed] = view.failed;
    // Alone, its own failure is the command's; in a batch the answer lists it.
    if (!all && failed !== undefined) throw failed.error;
    return {
      schema: 'credits.attempts/v1',
      json: () => runJson(view),
      text: () => renderRun(view, all),
      unchanged: view.attempts.length === 0 && view.booked.length === 0,
      failure: all ? accountsFailed(view.failed, view.accounts) : undefined,
    };
  },
};

const WHY: Readonly<Record<NonNullable<TopupRunView['state']>, string>> = {
  off: 'auto top-up is off',
  no_card: 'no card can be charged',
  needs_action: 'a payment waits for the card holder',
  in_flight: 'a payment is under way',
  cooling_down: 'it waits after a decline',
  limit_reached: 'the monthly limit is reached',
  due: 'nothing was made',
  ready: 'the credits suffice',
};

function renderRun(view: TopupRunView, all: boolean): string {
  const booked = view.booked.map(({ account, ...due }) => {
    const line = dueLine(due, view.dryRun);
    return all ? `${account}: ${line}` : line;
  });
  return [...booked, ...chargeLines(view, all)].join('\n');
}

function chargeLines(view: TopupRunView, all: boolean): string[] {
  const lines = [
    ...view.attempts.map((attempt) => {
      const line = attemptLine(attempt);
      return all ? `${attempt.account}: ${line}` : line;
    }),
    ...(all ? view.failed.map(({ account, error }) => `${account}: ${error.message}`) : []),
  ];
  if (view.dryRun) {
    const due = view.attempts.map(
      (attempt) =>
        `Dry run: would buy ${credits(attempt.credits)} for ${showDollars(attempt.amountCents)}${all ? ` for ${attempt.account}` : ''}.`,
    );
    if (due.length > 0) return due;
  }
  if (lines.length > 0) return lines;
  const what = view.booked.length === 0 ? 'Nothing is due' : 'No top-up is due';
  return [view.state === null ? `${what}.` : `${what}: ${WHY[view.state]}.`];
}

export const topupHistory: CommandModule<{ readonly limit: number | null }> = {
  parse: (input) => ({ limit: readOption(input, 'limit', readLimitCount) }),

  async run(context, { limit }) {
    const ledger = await context.service();
    const attempts = await ledger.topupHistory(context.account, limit);
    return {
      schema: 'credits.attempts/v1',
      json: () => ({ attempts: attempts.map(attemptJson) }),
      text: async () =>
        attempts.length === 0
          ? 'No top-up has been made yet.'
          : renderAttempts(attempts, await styleOfAccount(context, ledger, context.account)),
    };
  },
};

export function readLimitCount(text: string, what: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw invalid(`${what} ${JSON.stringify(text)} is no number above 0`);
  return Number(text);
}
