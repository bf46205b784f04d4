/**
 * Plans that are paid at the provider: a month's credits come with its paid invoice and with the provider's dates, and the
 * clock grants nothing. An account that is subscribed has a cycle and no anchor, so no scheduler finds anything due.
 *
 * Source: contract 5.8, 5.9 (with a Stripe subscription), 9.
 */
import { requirePlan } from '../catalogue.ts';
import { type Microcredits, micro, ZERO } from '../credits.ts';
import { prorate } from '../cycles.ts';
import type { PlanContext } from '../plans.ts';
import type { Instant, PlanState } from '../types.ts';
import type { Card, Subscription, Wallet, WalletChange } from '../wallet.ts';
import type { Booking, RequestKey } from './booking.ts';
import { grantLot } from './grant-lot.ts';
import { enterCycle } from './grants.ts';
import { planState } from './plan-change.ts';
import { sweep } from './sweep.ts';
import { type Author, walletDetail } from './topup.ts';

/** A paid invoice, in words of ours. */
export interface PaidInvoice {
  readonly invoice: string;
  /** `month`: a whole period begins; `change`: the difference to a dearer plan, from an instant on. */
  readonly is: 'month' | 'change';
  readonly plan: string;
  readonly start: Instant;
  readonly end: Instant;
  /** For a change: from when. */
  readonly from: Instant;
  readonly paidCents: number;
}

/** Notes how a subscription stands. @returns undefined when it is so already */
export function decideSubscription(
  booking: Booking,
  { card }: Wallet,
  next: { readonly card: Card; readonly subscription: Subscription },
  { by }: Author,
): WalletChange | undefined {
  const own = card ?? next.card;
  if (card !== null && JSON.stringify(card.subscription) === JSON.stringify(next.subscription))
    return undefined;
  sweep(booking);
  const change: WalletChange = { card: { ...own, subscription: next.subscription } };
  booking.close('setting', { credits: ZERO, detail: { ...walletDetail(change), by } });
  return change;
}

/**
 * Books what an invoice paid for, once: the key is the invoice's. A period that is over, or whose credits are there, is
 * noted without credits. A closed account still takes what was paid for (contract 5.12).
 */
export function decideInvoice(
  booking: Booking,
  { card }: Wallet,
  invoice: PaidInvoice,
  subscription: Subscription,
  { catalogue }: PlanContext,
  key: RequestKey,
): WalletChange {
  const change: WalletChange = { card: { ...card!, subscription } };
  sweep(booking);
  const plan = requirePlan(catalogue, invoice.plan, booking.at);
  const before = booking.account;
  const facts = { invoice: { id: invoice.invoice, is: invoice.is, paidCents: invoice.paidCents } };
  const isOver = invoice.end <= booking.at;
  const isThere = invoice.is === 'month' && before.cycleStart === invoice.start && before.anchorAt === null;
  if (isOver || isThere) {
    booking.close('setting', { credits: ZERO, detail: { ...facts, ...walletDetail(change) } }, key);
    return change;
  }
  if (invoice.is === 'month') {
    const { plan: state, ...period } = enterCycle(booking, plan.id, invoice.start, invoice.end, null);
    const lot =
      plan.monthly > 0
        ? grantLot(booking, { source: 'monthly', amount: plan.monthly, isPaid: true, ...period })
        : null;
    const detail = { ...(lot === null ? {} : { lot }), plan: state, ...facts, ...walletDetail(change) };
    booking.close(lot === null ? 'plan_change' : 'grant', { credits: plan.monthly, detail }, key);
    return change;
  }
  const less = requirePlan(catalogue, before.plan, booking.at);
  const amount = prorate(difference(plan.monthly, less.monthly), invoice.start, invoice.end, invoice.from);
  booking.account = { ...before, plan: plan.id, pendingPlan: null, pendingAt: null };
  const { cycle } = before;
  const lot =
    amount > 0
      ? grantLot(booking, { source: 'monthly', amount, isPaid: true, expiresAt: invoice.end, cycle })
      : null;
  const detail = {
    ...(lot === null ? {} : { lot }),
    plan: planState(booking),
    ...facts,
    ...walletDetail(change),
  };
  booking.close('plan_change', { credits: amount, detail }, key);
  return change;
}

const difference = (more: number, less: number): Microcredits => micro(Math.max(0, more - less));

/** A subscription that has ended: the plan is free, what was granted still lives until its date. */
export function decideEnd(
  booking: Booking,
  { card }: Wallet,
  subscription: Subscription,
): WalletChange | undefined {
  if (card?.subscription?.status === 'ended') return undefined;
  sweep(booking);
  const change: WalletChange = { card: { ...card!, subscription } };
  const { cycle } = booking.account;
  const free: PlanState = {
    plan: 'free',
    anchorAt: null,
    cycle,
    cycleStart: null,
    cycleEnd: null,
    pendingPlan: null,
    pendingAt: null,
  };
  booking.account = { ...booking.account, ...free };
  booking.close('plan_change', { credits: ZERO, detail: { plan: free, ...walletDetail(change) } });
  return change;
}

/** How long a renewal may take before auto top-up stops waiting for it, ms. */
const RENEWAL_MS = 72 * 3_600_000;

/** True between a period's end and its invoice being paid, failed or 72 h old: nobody is charged twice for one lack. */
export const isRenewing = (subscription: Subscription | null | undefined, at: Instant): boolean =>
  subscription?.status === 'active' &&
  subscription.periodEnd !== null &&
  at >= subscription.periodEnd &&
  at < subscription.periodEnd + RENEWAL_MS;
