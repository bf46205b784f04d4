/** `credits plan set`: changes the plan. Source: contract 5.9, 6. */
import { ZERO } from '../../core/credits.ts';
import { isLedgerError } from '../../core/errors.ts';
import type { ChangeMode } from '../../core/ledger/commands.ts';
import type { LedgerService, PlanChangeView } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { choiceOption } from '../read-input.ts';
import { credits } from '../render/amounts.ts';
import { dueLine } from '../render/due.ts';
import { renderState } from '../render/receipt.ts';
import { type Style, styleFor } from '../render/style.ts';
import { planJson } from '../wire-json.ts';
import { terms } from './plan.ts';
import { writeOptions } from './receipt-result.ts';

export interface PlanSetRequest {
  readonly plan: string;
  readonly mode: ChangeMode;
}

export const planSet: CommandModule<PlanSetRequest> = {
  parse: (input) => ({
    plan: input.args[0]!,
    mode: choiceOption(input, 'mode', ['prorate', 'restart', 'next-cycle']),
  }),

  async run(context, request) {
    const ledger = await context.service();
    const view = await change(context, ledger, request);
    return {
      schema: 'credits.plan/v1',
      json: () => ({ ...planJson(view), ...(view.payUrl == null ? {} : { payUrl: view.payUrl }) }),
      text: async () => renderChange(context, view, await styleFor(context, view.zone, ledger.now())),
      unchanged:
        view.payUrl == null && view.booked === null && (view.receipt === null || view.receipt.replayed),
    };
  },
};

/** Asks where the ledger says that it charges the saved card now. */
async function change(
  context: Context,
  ledger: LedgerService,
  request: PlanSetRequest,
): Promise<PlanChangeView> {
  const options = writeOptions(context);
  try {
    return await ledger.setPlan(context.account, request, options);
  } catch (error) {
    if (!isLedgerError(error) || error.code !== 'confirmation_needed') throw error;
    await context.confirm(error.message);
    return ledger.setPlan(context.account, request, { ...options, confirmed: true });
  }
}

function renderChange(context: Context, view: PlanChangeView, style: Style): string {
  if (view.payUrl != null) return `The plan starts when it is paid.\nPay at ${view.payUrl}`;
  if (view.payUrl === null && view.receipt === null) return renderPaid(view, style);
  const { receipt, pending } = view;
  const { calendar } = style;
  if (receipt === null) {
    const stands =
      pending === null
        ? `${view.account} is on ${view.plan} already`
        : `${view.account} changes to ${pending.plan} on ${calendar.until(pending.at)} already`;
    if (view.booked === null) return `${stands}: nothing changed.`;
    return [dueLine(view.booked, context.globals.dryRun), `${stands}: nothing else changed.`].join('\n');
  }
  const dry = receipt.dryRun ? 'Dry run: ' : '';
  const lines = view.booked === null ? [] : [dueLine(view.booked, receipt.dryRun)];
  lines.push(
    pending === null
      ? `${dry}${view.account} is on ${view.plan} now: ${terms(view)}.`
      : `${dry}${view.account} changes to ${pending.plan} on ${calendar.until(pending.at)}; until then ${view.plan}.`,
  );
  if (receipt.credits > ZERO) {
    const end = receipt.slices.length === 0 ? '' : ' for the rest of the cycle';
    lines.push(`Granted ${credits(receipt.credits)}${end}.`);
  }
  lines.push(renderState(receipt, style));
  if (receipt.replayed) lines.push('This key was booked before: nothing changed.');
  if (receipt.dryRun) lines.push('Nothing was booked.');
  return lines.join('\n');
}

/** A plan that is paid at the provider: its credits come with the invoice. */
function renderPaid({ account, plan, pending, status }: PlanChangeView, { calendar }: Style): string {
  if (pending !== null)
    return `${account} changes to ${pending.plan} on ${calendar.until(pending.at)}; until then ${plan}.`;
  return `${account} is on ${plan} (${status.replaceAll('_', ' ')}); credits come with its paid invoice.`;
}
