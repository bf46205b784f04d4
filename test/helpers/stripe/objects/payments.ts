/** Payment intents and the charges they make. */
import type { Stripe } from 'stripe';
import type { Decline, MagicCard, Sequel } from '../cards.ts';
import type { Params } from '../params.ts';
import { malformed, notAllowed } from '../refusal.ts';
import type { WireCharge, WirePaymentIntent, WirePaymentMethod } from '../wire.ts';
import { take, type World } from '../world.ts';
import { attach, declinedBy, paymentMethod } from './customers.ts';
import { openDispute, warnOfFraud } from './disputes.ts';

export const INTENT_CREATE = [
  'allowed_payment_method_types',
  'amount',
  'confirm',
  'currency',
  'customer',
  'description',
  'error_on_requires_action',
  'expand',
  'metadata',
  'off_session',
  'payment_method',
  'return_url',
  'setup_future_usage',
] as const satisfies readonly (keyof Stripe.PaymentIntentCreateParams)[];

export const INTENT_CONFIRM = [
  'error_on_requires_action',
  'expand',
  'off_session',
  'payment_method',
  'return_url',
] as const satisfies readonly (keyof Stripe.PaymentIntentConfirmParams)[];

export const INTENT_CANCEL = [
  'cancellation_reason',
  'expand',
] as const satisfies readonly (keyof Stripe.PaymentIntentCancelParams)[];

/** Smallest charge, in cents of a dollar. */
const SMALLEST = 50;

/** What a new intent is about. */
export interface IntentFacts {
  amount: number;
  currency: string;
  customer: string | null;
  paymentMethod: string | null;
  description: string | null;
  metadata: Record<string, string>;
  setupFutureUsage: 'off_session' | null;
}

export function newIntent(world: World, facts: IntentFacts): WirePaymentIntent {
  const id = world.id('pi');
  const intent: WirePaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: ['card'],
    amount: facts.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic',
    client_secret: `${id}_secret_fake`,
    confirmation_method: 'automatic',
    created: world.now,
    currency: facts.currency,
    customer: facts.customer,
    customer_account: null,
    description: facts.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: world.livemode,
    managed_payments: null,
    metadata: facts.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: facts.paymentMethod,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: facts.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: facts.paymentMethod === null ? 'requires_payment_method' : 'requires_confirmation',
    transfer_group: null,
  };
  world.paymentIntents.set(id, intent);
  world.emit('payment_intent.created', intent);
  return intent;
}

export function createIntent(world: World, params: Params): WirePaymentIntent {
  const confirm = params.truth('confirm') === true;
  for (const name of ['off_session', 'error_on_requires_action', 'return_url']) {
    if (params.has(name) && !confirm) {
      throw malformed('parameter_invalid', `${name} can only be given together with confirm`, name);
    }
  }
  const amount = params.integer('amount');
  const currency = params.needed('currency');
  if (amount === null) throw malformed('parameter_missing', 'Missing required param: amount.', 'amount');
  if (amount < SMALLEST) throw notAllowed('amount_too_small', 'Amount must be at least $0.50 usd');
  const customer = params.text('customer');
  if (customer !== null) take(world.customers, 'customer', customer);
  const usage = params.text('setup_future_usage');
  const intent = newIntent(world, {
    amount,
    currency,
    customer,
    paymentMethod: usable(world, params.text('payment_method'), customer),
    description: params.text('description'),
    metadata: params.texts('metadata'),
    setupFutureUsage: usage === 'off_session' ? usage : null,
  });
  return confirm ? confirmIntent(world, intent.id, params) : intent;
}

/** A method that this customer can pay with. @throws Refusal when it belongs to somebody else, or to nobody any more */
function usable(world: World, name: string | null, customer: string | null): string | null {
  if (name === null) return null;
  const known = world.paymentMethods.get(name);
  const method = paymentMethod(world, name);
  if (known !== undefined && method.customer !== customer) {
    throw notAllowed(
      'payment_method_unexpected_state',
      'The provided PaymentMethod cannot be used: it is not attached to this customer.',
    );
  }
  return method.id;
}

const CONFIRMABLE: readonly string[] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];

export function confirmIntent(world: World, id: string, params: Params): WirePaymentIntent {
  const intent = take(world.paymentIntents, 'payment_intent', id);
  if (!CONFIRMABLE.includes(intent.status)) throw unexpected(intent, 'confirm');
  if (params.has('payment_method')) {
    intent.payment_method = usable(world, params.text('payment_method'), intent.customer);
  }
  if (intent.payment_method === null) {
    throw unexpected(intent, 'confirm');
  }
  return chargeIntent(world, intent, params.truth('off_session') === true ? 'off_session' : 'on_session');
}

/** Tries to take the money. @throws Refusal 402 when the card or the bank says no */
export function chargeIntent(
  world: World,
  intent: WirePaymentIntent,
  session: 'off_session' | 'on_session' | 'authenticated',
): WirePaymentIntent {
  const method = take(world.paymentMethods, 'PaymentMethod', intent.payment_method ?? '');
  const card = world.behaviours.get(method.id);
  if (card === undefined) throw new Error(`no behaviour for ${method.id}`);
  intent.last_payment_error = null;
  intent.next_action = null;
  if (session !== 'authenticated' && asksHolder(world, card, method, session)) {
    if (session === 'off_session') {
      throw decline(world, intent, method, {
        code: 'authentication_required',
        declineCode: 'authentication_required',
      });
    }
    intent.status = 'requires_action';
    intent.next_action = {
      type: 'redirect_to_url',
      redirect_to_url: { return_url: null, url: `https://hooks.example/authenticate/${intent.id}` },
    };
    world.emit('payment_intent.requires_action', intent);
    return intent;
  }
  if (card.charge.kind === 'declined') throw decline(world, intent, method, card.charge.decline);
  if (card.charge.kind === 'processing') {
    intent.status = 'processing';
    world.emit('payment_intent.processing', intent);
    return intent;
  }
  succeed(world, intent, method, card.charge.sequel);
  return intent;
}

function asksHolder(
  world: World,
  card: MagicCard,
  method: WirePaymentMethod,
  session: 'off_session' | 'on_session',
): boolean {
  if (card.authentication === undefined) return false;
  if (card.authentication === 'always') return true;
  return session === 'on_session' || !world.setUp.has(method.id);
}

/** The bank's answer to a payment that is being processed. */
export function finishProcessing(world: World, id: string): WirePaymentIntent {
  const intent = take(world.paymentIntents, 'payment_intent', id);
  const method = take(world.paymentMethods, 'PaymentMethod', intent.payment_method ?? '');
  if (intent.status !== 'processing') throw new Error(`${id} is not in process`);
  // The card may have been given another behaviour meanwhile.
  const charge = world.behaviours.get(method.id)?.charge;
  if (charge?.kind === 'declined') decline(world, intent, method, charge.decline);
  else if (charge?.kind === 'processing' && charge.verdict !== 'succeeds') {
    decline(world, intent, method, charge.verdict);
  } else succeed(world, intent, method, undefined);
  return intent;
}

export function cancelIntent(world: World, id: string, params: Params | null): WirePaymentIntent {
  const intent = take(world.paymentIntents, 'payment_intent', id);
  if (!CONFIRMABLE.includes(intent.status)) throw unexpected(intent, 'cancel');
  const reason = params?.text('cancellation_reason') ?? null;
  intent.status = 'canceled';
  intent.canceled_at = world.now;
  intent.cancellation_reason = reason === null ? null : (reason as Stripe.PaymentIntent.CancellationReason);
  intent.next_action = null;
  world.emit('payment_intent.canceled', intent);
  return intent;
}

const unexpected = (intent: WirePaymentIntent, verb: string) =>
  notAllowed(
    'payment_intent_unexpected_state',
    `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`,
    { payment_intent: structuredClone(intent) },
  );

function succeed(
  world: World,
  intent: WirePaymentIntent,
  method: WirePaymentMethod,
  sequel: Sequel | undefined,
): void {
  const charge = newCharge(world, intent, method, null);
  charge.balance_transaction = world.move('charge', intent.amount, intent.currency, charge.id).id;
  intent.status = 'succeeded';
  intent.amount_received = intent.amount;
  intent.latest_charge = charge.id;
  intent.processing = null;
  if (intent.setup_future_usage === 'off_session' && intent.customer !== null && method.customer === null) {
    attach(world, method.id, intent.customer);
    world.setUp.add(method.id);
  }
  world.emit('charge.succeeded', charge);
  world.emit('payment_intent.succeeded', intent);
  if (sequel === undefined) return;
  world.sequels.push(() => {
    if (sequel === 'fraud_warning') warnOfFraud(world, charge.id);
    else if (sequel === 'inquiry') openDispute(world, charge.id, { status: 'warning_needs_response' });
    else
      openDispute(world, charge.id, { reason: sequel === 'dispute' ? 'fraudulent' : 'product_not_received' });
  });
}

function decline(world: World, intent: WirePaymentIntent, method: WirePaymentMethod, why: Decline) {
  const charge = newCharge(world, intent, method, why);
  const { message } = declinedBy(why);
  intent.status = 'requires_payment_method';
  intent.latest_charge = charge.id;
  intent.payment_method = null;
  intent.processing = null;
  intent.last_payment_error = {
    type: 'card_error',
    code: why.code,
    charge: charge.id,
    message,
    payment_method: structuredClone(method),
    ...(why.declineCode === undefined ? {} : { decline_code: why.declineCode }),
    ...(why.adviceCode === undefined ? {} : { advice_code: why.adviceCode }),
  };
  world.emit('charge.failed', charge);
  world.emit('payment_intent.payment_failed', intent);
  return declinedBy(why, {
    charge: charge.id,
    payment_intent: structuredClone(intent),
    payment_method: structuredClone(method),
  });
}

function newCharge(
  world: World,
  intent: WirePaymentIntent,
  method: WirePaymentMethod,
  why: Decline | null,
): WireCharge {
  const charge: WireCharge = {
    id: world.id('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: why === null ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: structuredClone(method.billing_details),
    calculated_statement_descriptor: null,
    captured: why === null,
    created: world.now,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: why?.code ?? null,
    failure_message: why === null ? null : declinedBy(why).message,
    fraud_details: {},
    livemode: world.livemode,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: {
      advice_code: why?.adviceCode ?? null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: why === null ? 'approved_by_network' : 'declined_by_network',
      reason: why?.declineCode ?? why?.code ?? null,
      risk_level: 'normal',
      seller_message: null,
      type: why === null ? 'authorized' : 'issuer_declined',
    },
    paid: why === null,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: { type: 'card' },
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: why === null ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  };
  world.charges.set(charge.id, charge);
  return charge;
}
