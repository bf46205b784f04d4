/**
 * Plans that are paid at the provider. A page sells one; from then on its invoices decide, whenever and however often they
 * are heard of: each is booked once, by its own key.
 *
 * Source: contract 5.9, 9 (subscriptions).
 */
import { requirePlan } from '../../core/catalogue.ts';
import { invalid, LedgerError } from '../../core/errors.ts';
import type { ChangeMode } from '../../core/ledger/commands.ts';
import {
  decideEnd,
  decideInvoice,
  decideSubscription,
  type PaidInvoice,
} from '../../core/ledger/subscriptions.ts';
import { isDearer } from '../../core/plans.ts';
import type { Card, Subscription } from '../../core/wallet.ts';
import { customerOf } from './cards.ts';
import type { EventOutcome } from './events.ts';
import type { PaymentRun } from './payment-run.ts';
import type { InvoiceFacts, SubscriptionChange, SubscriptionFacts } from './provider.ts';

/** True while a subscription is, or may become, one that is paid. */
export const isLive = (subscription: Subscription | null | undefined): subscription is Subscription =>
  subscription != null && subscription.status !== 'ended';

async function cardOf(run: PaymentRun, id: string): Promise<Card | null> {
  return (await run.deps.store.payments.wallet(await run.account(id), run.now())).card;
}

async function note(run: PaymentRun, id: string, card: Card, subscription: Subscription): Promise<boolean> {
  const { value } = await run.decide(id, {}, ({ booking, wallet }) => {
    const change = decideSubscription(booking, wallet, { card, subscription }, run.author);
    return { change, value: change !== undefined };
  });
  return value;
}

async function priceOf(run: PaymentRun, plan: string): Promise<string> {
  const price = (await run.planPrices()).get(plan);
  if (price !== undefined) return price;
  throw invalid(
    `the plan ${plan} has no price at the payment provider`,
    `add it to STRIPE_PRICES: ${plan}=price_…`,
  );
}

async function planOf(run: PaymentRun, price: string | null): Promise<string | undefined> {
  for (const [plan, own] of await run.planPrices()) if (own === price) return plan;
  return undefined;
}

/**
 * Sells a plan: opens the page, or changes the subscription there is.
 * @returns the page to pay on, or null
 * @throws LedgerError `unknown_plan`, `invalid_argument`, `payment_declined`, `payment_unknown`
 */
export async function sellPlan(
  run: PaymentRun,
  id: string,
  { plan, mode }: { readonly plan: string; readonly mode: ChangeMode },
): Promise<string | null> {
  const catalogue = await run.deps.store.catalogue();
  const target = requirePlan(catalogue, plan, run.now());
  const card = await cardOf(run, id);
  const own = card?.subscription;
  if (!isLive(own) || own.id === null) {
    // What cannot be sold is refused before the page that is waited for is closed.
    if (target.id !== 'free') await priceOf(run, target.id);
    if (isLive(own) && own.session !== null) await closePage(run, own.session);
    if (target.id !== 'free') return openPage(run, id, target.id, card);
    // Nothing is bought any more: the plan was free all the time.
    if (isLive(own)) await note(run, id, card!, { ...own, session: null, status: 'ended' });
    return null;
  }
  const current = requirePlan(catalogue, own.plan, run.now());
  const change = await changeOf(run, own, target.id, mode, {
    isSame: target.id === current.id,
    isDearer: isDearer(target, current),
  });
  if (change === null) return null;
  await note(run, id, card!, change.next);
  const provider = await run.provider();
  const key = `plan:${own.id}:${own.periodStart}:${change.next.change?.plan ?? change.next.nextPlan ?? 'keep'}:${run.reference()}`;
  try {
    await provider.changeSubscription({ subscription: own.id, change: change.ask, key });
  } catch (error) {
    // A definite no leaves everything as it was; without an answer the invoices will tell.
    if (error instanceof Error && (error as LedgerError).code === 'payment_declined')
      await note(run, id, card!, own);
    throw error;
  }
  await applySubscription(run, own.id);
  return null;
}

/**
 * Closes the page that is waited for before another one opens: two that are paid would be two subscriptions.
 * @throws LedgerError `invalid_argument` when it has been paid meanwhile, `payment_unknown` when that cannot be told
 */
async function closePage(run: PaymentRun, session: string): Promise<void> {
  const page = await (await run.provider()).expireCheckout(session);
  if (page.subscription !== null) {
    await applySubscription(run, page.subscription);
    throw invalid(
      'the page that was opened before has been paid meanwhile',
      'see `credits plan`, then change it',
    );
  }
  if (page.status === 'expired') return;
  throw new LedgerError('payment_unknown', 'it is not known yet whether the page opened before is paid', {
    hint: '`credits payments sync` finds out',
  });
}

async function openPage(
  run: PaymentRun,
  id: string,
  plan: string,
  card: Card | null,
): Promise<string | null> {
  const price = await priceOf(run, plan);
  const provider = await run.provider();
  const { customer, installation, card: base } = await customerOf(run, provider, id, card);
  const reference = `plan_${run.reference()}`;
  const page = await provider.startSubscription({
    account: id,
    installation,
    customer,
    reference,
    price,
    key: `plan:${reference}`,
  });
  const none = { periodStart: null, periodEnd: null, nextPlan: null, change: null };
  const subscription: Subscription = {
    id: null,
    session: page.session,
    status: 'pending',
    plan,
    price,
    ...none,
  };
  const before = JSON.stringify(card?.subscription ?? null);
  const { value: isOurs } = await run.decide(id, {}, ({ booking, wallet }) => {
    const isSame = JSON.stringify(wallet.card?.subscription ?? null) === before;
    const next = { card: base, subscription };
    return {
      change: isSame ? decideSubscription(booking, wallet, next, run.author) : undefined,
      value: isSame,
    };
  });
  if (isOurs) return page.url;
  await provider.expireCheckout(page.session);
  throw new LedgerError('ledger_busy', 'another command is selling this account a plan', {
    hint: 'see `credits plan`, then repeat this',
  });
}

async function changeOf(
  run: PaymentRun,
  own: Subscription,
  plan: string,
  mode: ChangeMode,
  facts: { readonly isSame: boolean; readonly isDearer: boolean },
): Promise<{ readonly next: Subscription; readonly ask: SubscriptionChange } | null> {
  if (facts.isSame) {
    if (own.nextPlan === null) return null;
    const ask: SubscriptionChange =
      own.nextPlan === 'free' ? { how: 'keep' } : { how: 'next-cycle', price: own.price };
    return { next: { ...own, nextPlan: null }, ask };
  }
  if (!facts.isDearer || mode === 'next-cycle') {
    if (mode === 'prorate' || mode === 'restart') {
      throw invalid(
        `--mode ${mode} is for a dearer plan`,
        'leave --mode out: a cheaper plan starts with the next invoice',
      );
    }
    const next = { ...own, nextPlan: plan };
    if (plan === 'free') return { next, ask: { how: 'cancel-at-end' } };
    return { next, ask: { how: 'next-cycle', price: await priceOf(run, plan) } };
  }
  const price = await priceOf(run, plan);
  const at = Math.floor(run.deps.wall() / 1_000) * 1_000;
  const next = { ...own, nextPlan: null, change: { plan, at } };
  return { next, ask: mode === 'restart' ? { how: 'restart', price } : { how: 'prorate', price, at } };
}

/** How a subscription stands, and what its invoices paid for. @returns what it came to */
export async function applySubscription(run: PaymentRun, subscription: string): Promise<EventOutcome> {
  const provider = await run.provider();
  const facts = await provider.describeSubscription(subscription);
  if (facts === null) return 'nothing';
  const id = await run.deps.store.payments.accountOfCustomer(facts.customer);
  if (id === null || facts.installation !== (await run.installation(await run.account(id)))) return 'foreign';
  const card = await cardOf(run, id);
  const own = card?.subscription;
  // An ended one says nothing of the one that came after it.
  if (card === null || (own?.id != null && own.id !== subscription)) return 'foreign';
  return applyFacts(run, id, card, facts);
}

async function applyFacts(
  run: PaymentRun,
  id: string,
  card: Card,
  facts: SubscriptionFacts,
): Promise<EventOutcome> {
  const plan = await planOf(run, facts.price);
  const before = card.subscription;
  const base: Subscription = {
    id: facts.subscription,
    session: null,
    status: facts.status === 'unknown' ? (before?.status ?? 'pending') : facts.status,
    plan: before?.plan ?? plan ?? 'free',
    price: before?.price ?? facts.price,
    periodStart: before?.periodStart ?? null,
    periodEnd: before?.periodEnd ?? null,
    nextPlan: before?.nextPlan ?? null,
    change: before?.change ?? null,
  };
  let outcome: EventOutcome = 'nothing';
  const invoices = await (await run.provider()).invoicesOf(facts.subscription);
  for (const invoice of invoices.toReversed()) {
    if (invoice.isPaid && (await applyInvoice(run, id, invoice, base, facts))) outcome = 'granted';
  }
  const now = (await cardOf(run, id))?.subscription ?? base;
  const stands = { ...now, id: facts.subscription, session: null, status: base.status };
  if (base.status === 'ended') {
    const { value } = await run.decide(id, {}, ({ booking, wallet }) => {
      const change = decideEnd(booking, wallet, { ...stands, nextPlan: null, change: null });
      return { change, value: change !== undefined };
    });
    return value ? 'noted' : outcome;
  }
  const isNew = await note(run, id, card, stands);
  return outcome === 'nothing' && isNew ? 'noted' : outcome;
}

/** The key under which an invoice is booked, whatever it brought. */
export const invoiceKey = (invoice: string): string => `invoice:${invoice}`;

/** True for an invoice of a new month. */
const isOfMonth = (reason: InvoiceFacts['reason']): boolean => reason === 'create' || reason === 'cycle';

/** True for an invoice that is booked once it is paid. */
export const isBooked = (reason: InvoiceFacts['reason']): boolean => isOfMonth(reason) || reason === 'change';

/** Books a paid invoice once. @returns true when it was not booked before */
async function applyInvoice(
  run: PaymentRun,
  id: string,
  invoice: InvoiceFacts,
  base: Subscription,
  facts: SubscriptionFacts,
): Promise<boolean> {
  const plan = await planOf(run, invoice.price);
  if (plan === undefined || !isBooked(invoice.reason)) return false;
  const isMonth = isOfMonth(invoice.reason);
  if (invoice.periodStart === null || invoice.periodEnd === null) return false;
  const key = invoiceKey(invoice.invoice);
  const request = run.deps.sha256(JSON.stringify(['invoice', invoice.invoice]));
  const { value } = await run.decide(id, { key }, ({ booking, wallet, context, replay }) => {
    if (replay !== null) return { change: undefined, value: false };
    const now = wallet.card?.subscription;
    const known = now?.id === base.id || now?.id == null ? (now ?? base) : base;
    const paid = paidInvoice(invoice, isMonth, plan, known, facts);
    const next: Subscription = {
      ...known,
      id: base.id,
      session: null,
      status: base.status,
      plan,
      price: invoice.price!,
      periodStart: paid.start,
      periodEnd: paid.end,
      nextPlan: isMonth ? null : known.nextPlan,
      change: null,
    };
    const change = decideInvoice(booking, wallet, paid, next, context, { key, request });
    return { change, value: true };
  });
  return value;
}

function paidInvoice(
  invoice: InvoiceFacts,
  isMonth: boolean,
  plan: string,
  known: Subscription,
  facts: SubscriptionFacts,
): PaidInvoice {
  const { invoice: id, paidCents } = invoice;
  const [from, until] = [invoice.periodStart!, invoice.periodEnd!];
  if (isMonth) return { invoice: id, is: 'month', plan, start: from, end: until, from, paidCents };
  // A restart begins a whole period; a change lies inside the one that runs.
  const isRestart = known.periodEnd !== null && until > known.periodEnd && from === facts.periodStart;
  if (isRestart) return { invoice: id, is: 'month', plan, start: from, end: until, from, paidCents };
  const start = known.periodStart ?? facts.periodStart;
  const end = known.periodEnd ?? facts.periodEnd;
  return { invoice: id, is: 'change', plan, start, end, from: known.change?.at ?? from, paidCents };
}

/** Looks at what an account waits for: its page, then its subscription. For `payments sync`. */
export async function syncSubscription(run: PaymentRun, id: string): Promise<EventOutcome> {
  const card = await cardOf(run, id);
  const own = card?.subscription;
  const provider = await run.provider();
  if (card === null || !isLive(own) || card.provider !== provider.name) return 'nothing';
  if (own.id !== null) return applySubscription(run, own.id);
  const page = await provider.retrieveCheckout(own.session!);
  if (page.subscription !== null) return applySubscription(run, page.subscription);
  if (page.status !== 'expired') return 'nothing';
  await note(run, id, card, { ...own, session: null, status: 'ended' });
  return 'dropped';
}

/** An invoice was paid, or could not be. */
export async function applyInvoiceEvent(run: PaymentRun, invoice: string): Promise<EventOutcome> {
  const facts = await (await run.provider()).describeInvoice(invoice);
  if (facts === null) return 'nothing';
  return facts.subscription === null ? 'foreign' : applySubscription(run, facts.subscription);
}
