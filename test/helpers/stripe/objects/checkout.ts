/** Checkout sessions: pages on which a person saves a card, pays or subscribes. Hooks of the fake play the person. */
import type { Stripe } from 'stripe';
import type { Params } from '../params.ts';
import { malformed, notAllowed } from '../refusal.ts';
import type { WireSession, WireSetupIntent } from '../wire.ts';
import { take, type World } from '../world.ts';
import { attach, paymentMethod } from './customers.ts';
import { cancelIntent, chargeIntent, newIntent } from './payments.ts';
import { findPrice } from './prices.ts';
import { startSubscription } from './subscriptions.ts';

export const SESSION_CREATE = [
  'allowed_payment_method_types',
  'cancel_url',
  'client_reference_id',
  'currency',
  'customer',
  'customer_email',
  'expand',
  'expires_at',
  'line_items',
  'metadata',
  'mode',
  'payment_intent_data',
  'setup_intent_data',
  'subscription_data',
  'success_url',
] as const satisfies readonly (keyof Stripe.Checkout.SessionCreateParams)[];

/** What the session was made for, as far as the API does not show it. */
interface Order {
  amount: number;
  price: string | null;
  description: string | null;
  intentMetadata: Record<string, string>;
  subscriptionMetadata: Record<string, string>;
  keepsCard: boolean;
}

const ORDERS = new WeakMap<WireSession, Order>();

const MODES: readonly string[] = ['payment', 'setup', 'subscription'];

export function createSession(world: World, params: Params): WireSession {
  const mode = params.needed('mode');
  if (!MODES.includes(mode)) throw malformed('parameter_invalid', `Invalid mode: ${mode}`, 'mode');
  const customer = params.text('customer');
  if (customer !== null) take(world.customers, 'customer', customer);
  params.needed('success_url');
  const currency = params.text('currency');
  if (mode === 'setup' && currency === null && !params.has('allowed_payment_method_types')) {
    throw malformed('parameter_missing', 'Missing required param: currency.', 'currency');
  }
  const line = mode === 'setup' ? null : readLine(world, params);
  const intentData = params
    .inner('payment_intent_data')
    ?.only(['description', 'metadata', 'setup_future_usage']);
  if (intentData !== null && intentData !== undefined && mode !== 'payment') {
    throw malformed('parameter_invalid', 'payment_intent_data is for payment mode', 'payment_intent_data');
  }
  const session = emptySession(world, params, mode as Stripe.Checkout.Session.Mode, customer);
  session.amount_subtotal = line?.amount ?? null;
  session.amount_total = line?.amount ?? null;
  session.currency = line?.currency ?? currency;
  if (mode === 'setup') session.setup_intent = newSetupIntent(world, customer, params).id;
  ORDERS.set(session, {
    amount: line?.amount ?? 0,
    price: line?.price ?? null,
    description: intentData?.text('description') ?? null,
    intentMetadata: intentData?.texts('metadata') ?? {},
    subscriptionMetadata: params.inner('subscription_data')?.only(['metadata']).texts('metadata') ?? {},
    keepsCard: intentData?.text('setup_future_usage') === 'off_session',
  });
  world.sessions.set(session.id, session);
  return session;
}

function readLine(world: World, params: Params): { amount: number; currency: string; price: string | null } {
  const [item, ...more] = params.items('line_items');
  if (item === undefined || more.length > 0) {
    throw malformed('parameter_invalid', 'the fake knows exactly one line item', 'line_items');
  }
  item.only(['price', 'price_data', 'quantity']);
  const quantity = item.integer('quantity') ?? 1;
  const price = item.text('price');
  if (price !== null) {
    const known = findPrice(world, price);
    return { amount: (known.unit_amount ?? 0) * quantity, currency: known.currency, price };
  }
  const data = item.inner('price_data')?.only(['currency', 'product_data', 'unit_amount']);
  if (data === undefined) throw malformed('parameter_missing', 'One of price or price_data is needed.');
  data.inner('product_data')?.only(['name', 'description']).needed('name');
  return {
    amount: (data.integer('unit_amount') ?? 0) * quantity,
    currency: data.needed('currency'),
    price: null,
  };
}

function emptySession(
  world: World,
  params: Params,
  mode: Stripe.Checkout.Session.Mode,
  customer: string | null,
): WireSession {
  const id = world.id('cs_test');
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: params.has('allowed_payment_method_types')
      ? params.list('allowed_payment_method_types')
      : null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: params.text('cancel_url'),
    client_reference_id: params.text('client_reference_id'),
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: world.now,
    currency: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer,
    customer_account: null,
    customer_creation: customer === null ? 'if_required' : null,
    customer_details: null,
    customer_email: params.text('customer_email'),
    discounts: null,
    expires_at: params.integer('expires_at') ?? world.now + 86_400,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: world.livemode,
    locale: null,
    managed_payments: null,
    metadata: params.texts('metadata'),
    mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    payment_status: mode === 'setup' ? 'no_payment_required' : 'unpaid',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: params.text('success_url'),
    total_details: null,
    ui_mode: 'hosted_page',
    url: `https://checkout.example/c/pay/${id}`,
    wallet_options: null,
  };
}

function newSetupIntent(world: World, customer: string | null, params: Params): WireSetupIntent {
  const data = params.inner('setup_intent_data')?.only(['metadata', 'description']);
  const id = world.id('seti');
  const intent: WireSetupIntent = {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: ['card'],
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_fake`,
    created: world.now,
    customer,
    description: data?.text('description') ?? null,
    excluded_payment_method_types: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: world.livemode,
    mandate: null,
    metadata: data?.texts('metadata') ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
  };
  world.setupIntents.set(id, intent);
  return intent;
}

/** The person fills in the page with this card. @throws Refusal 402 when the card is refused: the page stays open */
export function completeSession(world: World, id: string, card: string): WireSession {
  const session = take(world.sessions, 'checkout.session', id);
  const order = ORDERS.get(session);
  if (order === undefined) throw new Error(`no order for ${id}`);
  if (session.status !== 'open') throw new Error(`${id} is ${session.status}`);
  if (session.mode === 'setup') completeSetup(world, session, card);
  else if (session.mode === 'payment') completePayment(world, session, order, card);
  else {
    if (session.customer === null) throw new Error('the fake subscribes customers only');
    const method = attach(world, card, session.customer);
    world.setUp.add(method.id);
    const subscription = startSubscription(world, {
      customer: session.customer,
      price: order.price ?? '',
      metadata: order.subscriptionMetadata,
      paymentMethod: method.id,
      authenticated: true,
    });
    session.subscription = subscription.id;
    session.invoice = subscription.latest_invoice;
    session.payment_status = 'paid';
  }
  session.status = 'complete';
  session.url = null;
  world.emit('checkout.session.completed', session);
  return session;
}

function completeSetup(world: World, session: WireSession, card: string): void {
  const setup = take(world.setupIntents, 'setup_intent', session.setup_intent ?? '');
  const method =
    session.customer === null ? paymentMethod(world, card) : attach(world, card, session.customer);
  world.setUp.add(method.id);
  setup.payment_method = method.id;
  setup.status = 'succeeded';
  world.emit('setup_intent.succeeded', setup);
}

function completePayment(world: World, session: WireSession, order: Order, card: string): void {
  if (session.payment_intent === null) {
    session.payment_intent = newIntent(world, {
      amount: order.amount,
      currency: session.currency ?? 'usd',
      customer: session.customer,
      paymentMethod: null,
      description: order.description,
      metadata: order.intentMetadata,
      setupFutureUsage: order.keepsCard ? 'off_session' : null,
    }).id;
  }
  const intent = take(world.paymentIntents, 'payment_intent', session.payment_intent);
  intent.payment_method = paymentMethod(world, card).id;
  chargeIntent(world, intent, 'authenticated');
  session.payment_status = intent.status === 'succeeded' ? 'paid' : 'unpaid';
}

/** A delayed payment of a completed page came in, or did not. */
export function settleSession(world: World, id: string): void {
  const session = take(world.sessions, 'checkout.session', id);
  const intent = take(world.paymentIntents, 'payment_intent', session.payment_intent ?? '');
  if (intent.status === 'succeeded') {
    session.payment_status = 'paid';
    world.emit('checkout.session.async_payment_succeeded', session);
  } else {
    world.emit('checkout.session.async_payment_failed', session);
  }
}

export function expireSession(world: World, id: string): WireSession {
  const session = take(world.sessions, 'checkout.session', id);
  if (session.status !== 'open') {
    throw notAllowed(
      'resource_missing',
      `Only open Checkout Sessions can be expired; this one is ${session.status}.`,
    );
  }
  session.status = 'expired';
  session.url = null;
  const intent =
    session.payment_intent === null ? undefined : world.paymentIntents.get(session.payment_intent);
  if (intent?.status === 'requires_payment_method') cancelIntent(world, intent.id, null);
  world.emit('checkout.session.expired', session);
  return session;
}

/** Open pages whose time is over expire by themselves. */
export function expireOldSessions(world: World): void {
  for (const session of world.sessions.values()) {
    if (session.status === 'open' && session.expires_at <= world.now) expireSession(world, session.id);
  }
}
