/** Every endpoint of the fake: method, path, white list of parameters, what it does. */
import type { Stripe } from 'stripe';
import { createSession, expireSession, SESSION_CREATE } from './objects/checkout.ts';
import {
  ATTACH,
  attach,
  CUSTOMER_CREATE,
  CUSTOMER_UPDATE,
  createCustomer,
  deleteCustomer,
  detach,
  updateCustomer,
} from './objects/customers.ts';
import { DISPUTE_UPDATE, updateDispute } from './objects/disputes.ts';
import { payInvoice } from './objects/invoices.ts';
import {
  cancelIntent,
  confirmIntent,
  createIntent,
  INTENT_CANCEL,
  INTENT_CONFIRM,
  INTENT_CREATE,
} from './objects/payments.ts';
import { createRefund, REFUND_CREATE } from './objects/refunds.ts';
import { cancelSubscription, SUBSCRIPTION_UPDATE, updateSubscription } from './objects/subscriptions.ts';
import type { Params } from './params.ts';
import { malformed } from './refusal.ts';
import type { WireEvent, WireObject } from './wire.ts';
import { take, type World } from './world.ts';

/** One endpoint. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** `:id` stands for one part. */
  path: string;
  params: readonly string[];
  answer: (world: World, params: Params, id: string) => object;
}

const EXPAND = ['expand'] as const;
const PAGE = ['ending_before', 'expand', 'limit', 'starting_after'] as const;
const LISTED = [...PAGE, 'created'] as const;

/** An endpoint that shows one object. */
const shows = (
  path: string,
  kind: (world: World) => ReadonlyMap<string, WireObject>,
  what: string,
): Route => ({
  method: 'GET',
  path: `${path}/:id`,
  params: EXPAND,
  answer: (world, _params, id) => take(kind(world), what, id),
});

interface Dated {
  id: string;
  created: number;
}

/** An endpoint that lists objects, newest first, by filters that name fields. */
const lists = <Item extends Dated>(
  path: string,
  kind: (world: World) => Iterable<Item>,
  filters: readonly string[],
): Route => ({
  method: 'GET',
  path,
  params: [...LISTED, ...filters],
  answer: (world, params) => {
    const items = [...kind(world)].filter((item) =>
      filters.every(
        (field) =>
          !params.has(field) || (item as unknown as Record<string, unknown>)[field] === params.text(field),
      ),
    );
    return page(path, items.reverse(), params);
  },
});

/** One page of a list that is ordered newest first. */
function page<Item extends Dated>(path: string, items: readonly Item[], params: Params) {
  const limit = params.integer('limit') ?? 10;
  if (limit < 1 || limit > 100)
    throw malformed('parameter_invalid_integer', 'limit must be 1 to 100', 'limit');
  const dated = items.filter(createdIn(params));
  const after = params.text('starting_after');
  const before = params.text('ending_before');
  const at = (id: string): number => {
    const index = dated.findIndex((item) => item.id === id);
    if (index < 0) throw malformed('resource_missing', `No such object: '${id}'`, 'starting_after');
    return index;
  };
  const from = after === null ? 0 : at(after) + 1;
  const until = before === null ? dated.length : at(before);
  const part =
    before === null ? dated.slice(from, from + limit) : dated.slice(Math.max(0, until - limit), until);
  const more = before === null ? from + limit < dated.length : until - limit > 0;
  return { object: 'list', data: part, has_more: more, url: path };
}

function createdIn(params: Params): (item: Dated) => boolean {
  if (!params.has('created')) return () => true;
  let exact: number | null = null;
  try {
    exact = params.integer('created');
  } catch {
    const range = params.inner('created')!.only(['gt', 'gte', 'lt', 'lte']);
    const [gt, gte, lt, lte] = [
      range.integer('gt'),
      range.integer('gte'),
      range.integer('lt'),
      range.integer('lte'),
    ];
    return ({ created }) =>
      (gt === null || created > gt) &&
      (gte === null || created >= gte) &&
      (lt === null || created < lt) &&
      (lte === null || created <= lte);
  }
  return ({ created }) => created === exact;
}

/** Events are kept for 30 days. */
const KEPT = 30 * 86_400;

function listEvents(world: World, params: Params) {
  const types = params.list('types');
  const type = params.text('type');
  const delivered = params.truth('delivery_success');
  const items = world.events.filter(
    (event) =>
      event.created > world.now - KEPT &&
      (types.length === 0 || types.includes(event.type)) &&
      (type === null || event.type === type) &&
      (delivered === null || delivered === (event.pending_webhooks === 0)),
  );
  return page<WireEvent>('/v1/events', items.reverse(), params);
}

function createPortalSession(world: World, params: Params): Stripe.BillingPortal.Session {
  const customer = take(world.customers, 'customer', params.needed('customer'));
  const id = world.id('bps');
  return {
    id,
    object: 'billing_portal.session',
    configuration: 'bpc_fake',
    created: world.now,
    customer: customer.id,
    customer_account: null,
    flow: null,
    livemode: world.livemode,
    locale: null,
    on_behalf_of: null,
    return_url: params.text('return_url'),
    url: `https://portal.example/p/session/${id}`,
  };
}

const writes = (
  path: string,
  params: readonly string[],
  answer: (world: World, params: Params, id: string) => object,
): Route => ({ method: 'POST', path, params, answer });

export const ROUTES: readonly Route[] = [
  writes('/v1/customers', CUSTOMER_CREATE, createCustomer),
  lists('/v1/customers', (world) => world.customers.values(), ['email']),
  shows('/v1/customers', (world) => world.customers, 'customer'),
  writes('/v1/customers/:id', CUSTOMER_UPDATE, (world, params, id) => updateCustomer(world, id, params)),
  {
    method: 'DELETE',
    path: '/v1/customers/:id',
    params: [],
    answer: (world, _params, id) => deleteCustomer(world, id),
  },
  shows('/v1/payment_methods', (world) => world.paymentMethods, 'PaymentMethod'),
  lists('/v1/payment_methods', (world) => world.paymentMethods.values(), ['customer', 'type']),
  writes('/v1/payment_methods/:id/attach', ATTACH, (world, params, id) =>
    attach(world, id, params.needed('customer')),
  ),
  writes('/v1/payment_methods/:id/detach', EXPAND, (world, _params, id) => detach(world, id)),
  writes('/v1/payment_intents', INTENT_CREATE, createIntent),
  lists('/v1/payment_intents', (world) => world.paymentIntents.values(), ['customer']),
  shows('/v1/payment_intents', (world) => world.paymentIntents, 'payment_intent'),
  writes('/v1/payment_intents/:id/confirm', INTENT_CONFIRM, (world, params, id) =>
    confirmIntent(world, id, params),
  ),
  writes('/v1/payment_intents/:id/cancel', INTENT_CANCEL, (world, params, id) =>
    cancelIntent(world, id, params),
  ),
  shows('/v1/setup_intents', (world) => world.setupIntents, 'setupintent'),
  writes('/v1/checkout/sessions', SESSION_CREATE, createSession),
  lists('/v1/checkout/sessions', (world) => world.sessions.values(), ['customer', 'payment_intent']),
  shows('/v1/checkout/sessions', (world) => world.sessions, 'checkout.session'),
  writes('/v1/checkout/sessions/:id/expire', EXPAND, (world, _params, id) => expireSession(world, id)),
  shows('/v1/charges', (world) => world.charges, 'charge'),
  lists('/v1/charges', (world) => world.charges.values(), ['customer', 'payment_intent']),
  writes('/v1/refunds', REFUND_CREATE, createRefund),
  shows('/v1/refunds', (world) => world.refunds, 'refund'),
  lists('/v1/refunds', (world) => world.refunds.values(), ['charge', 'payment_intent']),
  shows('/v1/disputes', (world) => world.disputes, 'dispute'),
  lists('/v1/disputes', (world) => world.disputes.values(), ['charge', 'payment_intent']),
  writes('/v1/disputes/:id', DISPUTE_UPDATE, (world, params, id) => updateDispute(world, id, params)),
  shows('/v1/prices', (world) => world.prices, 'price'),
  lists('/v1/prices', (world) => world.prices.values(), []),
  shows('/v1/subscriptions', (world) => world.subscriptions, 'subscription'),
  lists('/v1/subscriptions', (world) => world.subscriptions.values(), ['customer', 'status']),
  writes('/v1/subscriptions/:id', SUBSCRIPTION_UPDATE, (world, params, id) =>
    updateSubscription(world, id, params),
  ),
  {
    method: 'DELETE',
    path: '/v1/subscriptions/:id',
    params: EXPAND,
    answer: (world, _params, id) => cancelSubscription(world, id),
  },
  shows('/v1/invoices', (world) => world.invoices, 'invoice'),
  {
    ...lists('/v1/invoices', (world) => world.invoices.values(), ['customer', 'status']),
    params: [...LISTED, 'customer', 'status', 'subscription'],
    answer: (world, params) => {
      const of = params.text('subscription');
      const items = [...world.invoices.values()].filter(
        (invoice) =>
          (of === null || invoice.parent?.subscription_details?.subscription === of) &&
          (!params.has('customer') || invoice.customer === params.text('customer')) &&
          (!params.has('status') || invoice.status === params.text('status')),
      );
      return page('/v1/invoices', items.reverse(), params);
    },
  },
  writes('/v1/invoices/:id/pay', EXPAND, (world, _params, id) => payInvoice(world, id, 'off_session')),
  lists('/v1/invoice_payments', (world) => world.invoicePayments.values(), ['invoice', 'status']),
  lists('/v1/balance_transactions', (world) => world.balanceTransactions.values(), ['source', 'type']),
  writes(
    '/v1/billing_portal/sessions',
    ['customer', 'expand', 'flow_data', 'return_url'],
    createPortalSession,
  ),
  {
    method: 'GET',
    path: '/v1/events',
    params: [...LISTED, 'delivery_success', 'type', 'types'],
    answer: listEvents,
  },
  {
    method: 'GET',
    path: '/v1/events/:id',
    params: EXPAND,
    answer: (world, _params, id) =>
      take(new Map(world.events.map((event) => [event.id, event])), 'event', id),
  },
];

/** The endpoint of a request and the id in its path. */
export function findRoute(method: string, pathname: string): { route: Route; id: string } | undefined {
  const parts = pathname.split('/');
  for (const route of ROUTES) {
    const wanted = route.path.split('/');
    if (route.method !== method || wanted.length !== parts.length) continue;
    if (wanted.every((part, index) => part === ':id' || part === parts[index])) {
      return { route, id: decodeURIComponent(parts[wanted.indexOf(':id')] ?? '') };
    }
  }
  return undefined;
}
