/** `plan set` where plans are sold by the payment provider, and how such a plan stands. Source: contract 5.9, 6 (`plan`), 9. */
import { requirePlan } from '../../core/catalogue.ts';
import { LedgerError } from '../../core/errors.ts';
import { refuseClosed } from '../../core/ledger/booking.ts';
import type { ChangeMode } from '../../core/ledger/commands.ts';
import { isDearer } from '../../core/plans.ts';
import type { Subscription } from '../../core/wallet.ts';
import { writeClock } from '../local-deps.ts';
import { readPlan } from '../local-reads.ts';
import type { PlanChangeView, PlanView, WriteOptions } from '../views.ts';
import type { PaymentRun } from './payment-run.ts';
import { isLive, sellPlan } from './subscriptions.ts';

/** How a plan that is paid stands. */
export function paidPlanView(view: PlanView, subscription: Subscription | null | undefined): PlanView {
  if (subscription == null) return view;
  const { status, nextPlan, periodEnd } = subscription;
  const pending = nextPlan !== null && periodEnd !== null ? { plan: nextPlan, at: periodEnd } : view.pending;
  const words = {
    pending: 'pending_payment',
    active: 'active',
    past_due: 'past_due',
    ended: 'canceled',
  } as const;
  return { ...view, status: words[status], pending: isLive(subscription) ? pending : null };
}

/**
 * Changes a plan that is paid at the provider. Credits come with the invoice.
 * @throws LedgerError `account_closed`, `unknown_plan`, `invalid_argument`, `confirmation_needed` (it would charge the saved
 *   card now and nobody has said yes), `payment_declined`, `payment_unknown`
 */
export async function setPaidPlan(
  run: PaymentRun,
  id: string,
  input: { readonly plan: string; readonly mode: ChangeMode },
  { dryRun = false, confirmed = false }: WriteOptions,
): Promise<PlanChangeView> {
  writeClock(run.deps);
  const account = await run.account(id);
  refuseClosed(account);
  const { card } = await run.deps.store.payments.wallet(account, run.now());
  const own = card?.subscription;
  const catalogue = await run.deps.store.catalogue();
  const target = requirePlan(catalogue, input.plan, run.now());
  if (isLive(own) && own.id !== null && !dryRun && !confirmed) {
    const current = requirePlan(catalogue, own.plan, run.now());
    if (input.mode !== 'next-cycle' && isDearer(target, current)) {
      throw new LedgerError(
        'confirmation_needed',
        `Change from ${current.name} to ${target.name}? The saved card is charged for the difference now.`,
      );
    }
  }
  const payUrl = dryRun ? null : await sellPlan(run, id, { plan: target.id, mode: input.mode });
  const view = await readPaidPlan(run, id);
  return { ...view, effectiveAt: view.pending?.at ?? run.now(), receipt: null, booked: null, payUrl };
}

/** @throws LedgerError `unknown_account` */
export async function readPaidPlan(run: Pick<PaymentRun, 'deps'>, id: string): Promise<PlanView> {
  const { account } = (await run.deps.store.read(id)).state;
  const { card } = await run.deps.store.payments.wallet(account, run.deps.now());
  return paidPlanView(await readPlan(run.deps, id), card?.subscription);
}
