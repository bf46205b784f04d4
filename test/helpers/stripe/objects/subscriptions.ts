/** Subscriptions: one monthly item each, renewed by the virtual clock. */
import type { Stripe } from 'stripe';
import type { Params } from '../params.ts';
import { malformed, notAllowed, Refusal } from '../refusal.ts';
import type { WirePrice, WireSubscription } from '../wire.ts';
import { take, type World } from '../world.ts';
import { createInvoice, type LineFacts, payInvoice } from './invoices.ts';
import { findPrice, planOf } from './prices.ts';

export const SUBSCRIPTION_UPDATE = [
  'billing_cycle_anchor',
  'cancel_at_period_end',
  'default_payment_method',
  'expand',
  'items',
  'metadata',
  'off_session',
  'payment_behavior',
  'proration_behavior',
  'proration_date',
] as const satisfies readonly (keyof Stripe.SubscriptionUpdateParams)[];

/** The instant `months` after an anchor, clamped to the month's last day. Seconds. */
export function monthsAfter(anchor: number, months: number): number {
  const from = new Date(anchor * 1000);
  const last = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months + 1, 0)).getUTCDate();
  const day = Math.min(from.getUTCDate(), last);
  const start = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months, day);
  return Math.floor(start / 1000) + (anchor % 86_400);
}

const ENDED: readonly string[] = ['canceled', 'incomplete_expired'];

/** How many months a subscription has been renewed since its anchor. */
const RENEWALS = new WeakMap<WireSubscription, number>();

export function startSubscription(
  world: World,
  facts: {
    customer: string;
    price: string;
    metadata: Record<string, string>;
    paymentMethod: string | null;
    authenticated: boolean;
  },
): WireSubscription {
  const price = findPrice(world, facts.price);
  const id = world.id('sub');
  const subscription: WireSubscription = {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: world.now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'itemized' }, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: world.now,
    currency: price.currency,
    customer: facts.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: facts.paymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      object: 'list',
      data: [
        {
          id: world.id('si'),
          object: 'subscription_item',
          billing_thresholds: null,
          created: world.now,
          current_period_end: monthsAfter(world.now, 1),
          current_period_start: world.now,
          current_trial: null,
          discounts: [],
          metadata: {},
          plan: planOf(price),
          price: structuredClone(price),
          quantity: 1,
          subscription: id,
          tax_rates: [],
        },
      ],
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: world.livemode,
    managed_payments: null,
    metadata: facts.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: null,
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: world.now,
    status: 'incomplete',
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' },
    },
    trial_start: null,
  };
  world.subscriptions.set(id, subscription);
  RENEWALS.set(subscription, 1);
  world.emit('customer.subscription.created', subscription);
  const invoice = createInvoice(world, subscription, 'subscription_create', [
    wholePeriod(subscription, price),
  ]);
  const paid = payInvoice(world, invoice.id, facts.authenticated ? 'authenticated' : 'off_session');
  if (paid.status === 'paid') setStatus(world, subscription, 'active');
  return subscription;
}

const itemOf = (subscription: WireSubscription) => subscription.items.data[0]!;

function wholePeriod(subscription: WireSubscription, price: WirePrice): LineFacts {
  const item = itemOf(subscription);
  return {
    price,
    amount: price.unit_amount ?? 0,
    start: item.current_period_start,
    end: item.current_period_end,
    proration: false,
  };
}

function setStatus(world: World, subscription: WireSubscription, status: Stripe.Subscription.Status): void {
  if (subscription.status === status) return;
  const before = subscription.status;
  subscription.status = status;
  world.emit('customer.subscription.updated', subscription, { status: before });
}

export function updateSubscription(world: World, id: string, params: Params): WireSubscription {
  const subscription = take(world.subscriptions, 'subscription', id);
  if (ENDED.includes(subscription.status)) {
    throw notAllowed('resource_missing', `No such subscription: '${id}'; it is canceled.`);
  }
  const before = structuredClone(subscription);
  const ends = params.truth('cancel_at_period_end');
  if (ends !== null) {
    subscription.cancel_at_period_end = ends;
    subscription.cancel_at = ends ? itemOf(subscription).current_period_end : null;
    subscription.canceled_at = ends ? world.now : null;
  }
  const card = params.text('default_payment_method');
  if (card !== null)
    subscription.default_payment_method = take(world.paymentMethods, 'PaymentMethod', card).id;
  Object.assign(subscription.metadata, params.texts('metadata'));
  const [item, ...more] = params.items('items');
  if (more.length > 0) throw malformed('parameter_invalid', 'the fake knows one item', 'items');
  const price = item?.only(['id', 'price', 'quantity']).text('price') ?? null;
  if (item !== undefined && item.text('id') !== itemOf(subscription).id) {
    throw malformed(
      'parameter_invalid',
      'Without its id the item would be added to the others.',
      'items[0][id]',
    );
  }
  const restart = params.inner('billing_cycle_anchor')?.only(['type']).text('type') === 'now';
  if (price !== null || restart) changePrice(world, subscription, price, params, restart);
  world.emit('customer.subscription.updated', subscription, { items: before.items });
  return subscription;
}

function changePrice(
  world: World,
  subscription: WireSubscription,
  priceId: string | null,
  params: Params,
  restart: boolean,
): void {
  const item = itemOf(subscription);
  const old = findPrice(world, item.price.id);
  const price = priceId === null ? old : findPrice(world, priceId);
  const behaviour = params.text('proration_behavior') ?? 'create_prorations';
  const at = params.integer('proration_date') ?? world.now;
  const { current_period_start: start, current_period_end: end } = item;
  if (at < start || at > end)
    throw notAllowed('parameter_invalid', 'proration_date is outside of the current period.');
  const backup = structuredClone(subscription);
  const share = restart ? (end - world.now) / (end - start) : (end - at) / (end - start);
  const unused: LineFacts = {
    price: old,
    amount: -Math.round((old.unit_amount ?? 0) * share),
    start: restart ? world.now : at,
    end,
    proration: true,
  };
  item.price = structuredClone(price);
  item.plan = planOf(price);
  const credit = behaviour === 'none' ? [] : [unused];
  if (restart) {
    subscription.billing_cycle_anchor = world.now;
    item.current_period_start = world.now;
    item.current_period_end = monthsAfter(world.now, 1);
    RENEWALS.set(subscription, 1);
    collect(world, subscription, backup, params, [...credit, wholePeriod(subscription, price)]);
    return;
  }
  if (behaviour !== 'always_invoice') return;
  const rest = {
    price,
    amount: Math.round((price.unit_amount ?? 0) * share),
    start: at,
    end,
    proration: true,
  };
  collect(world, subscription, backup, params, [...credit, rest]);
}

function collect(
  world: World,
  subscription: WireSubscription,
  backup: WireSubscription,
  params: Params,
  lines: readonly LineFacts[],
): void {
  const invoice = createInvoice(world, subscription, 'subscription_update', lines);
  const paid = payInvoice(world, invoice.id, 'off_session');
  if (paid.status === 'paid') return;
  if (params.text('payment_behavior') === 'error_if_incomplete') {
    invoice.status = 'void';
    Object.assign(subscription, backup);
    throw new Refusal(
      402,
      {
        type: 'card_error',
        code: 'card_declined',
        decline_code: 'generic_decline',
        message: 'Your card was declined.',
      },
      true,
    );
  }
  setStatus(world, subscription, 'past_due');
}

export function cancelSubscription(world: World, id: string): WireSubscription {
  const subscription = take(world.subscriptions, 'subscription', id);
  if (ENDED.includes(subscription.status))
    throw notAllowed('resource_missing', `No such subscription: '${id}'`);
  subscription.status = 'canceled';
  subscription.canceled_at ??= world.now;
  subscription.ended_at = world.now;
  world.emit('customer.subscription.deleted', subscription);
  return subscription;
}

/** Renews what is due at the virtual clock, one period after the other. */
export function renewSubscriptions(world: World): void {
  for (const subscription of world.subscriptions.values()) {
    while (!ENDED.includes(subscription.status) && itemOf(subscription).current_period_end <= world.now) {
      if (subscription.cancel_at_period_end) cancelSubscription(world, subscription.id);
      else renew(world, subscription);
    }
  }
}

function renew(world: World, subscription: WireSubscription): void {
  const item = itemOf(subscription);
  const months = (RENEWALS.get(subscription) ?? 1) + 1;
  const before = { items: structuredClone(subscription.items), latest_invoice: subscription.latest_invoice };
  item.current_period_start = item.current_period_end;
  item.current_period_end = monthsAfter(subscription.billing_cycle_anchor, months);
  RENEWALS.set(subscription, months);
  const price = findPrice(world, item.price.id);
  const invoice = createInvoice(world, subscription, 'subscription_cycle', [
    wholePeriod(subscription, price),
  ]);
  world.emit('customer.subscription.updated', subscription, before);
  const paid = payInvoice(world, invoice.id, 'off_session');
  setStatus(world, subscription, paid.status === 'paid' ? 'active' : 'past_due');
}

/** The holder pays an open invoice later, or the service tries again. */
export function retryInvoice(world: World, id: string, session: 'off_session' | 'authenticated'): void {
  const invoice = payInvoice(world, id, session);
  const subscription = world.subscriptions.get(invoice.parent?.subscription_details?.subscription ?? '');
  if (invoice.status === 'paid' && subscription !== undefined) setStatus(world, subscription, 'active');
}
