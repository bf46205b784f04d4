/** Customers and their saved payment methods. */
import type { Stripe } from 'stripe';
import { type Decline, magicCard } from '../cards.ts';
import type { Params } from '../params.ts';
import { missing, notAllowed, Refusal } from '../refusal.ts';
import type { WireCustomer, WirePaymentMethod } from '../wire.ts';
import { take, type World } from '../world.ts';

export const CUSTOMER_CREATE = [
  'description',
  'email',
  'expand',
  'invoice_settings',
  'metadata',
  'name',
  'payment_method',
] as const satisfies readonly (keyof Stripe.CustomerCreateParams)[];

export const CUSTOMER_UPDATE = [
  'description',
  'email',
  'expand',
  'invoice_settings',
  'metadata',
  'name',
] as const satisfies readonly (keyof Stripe.CustomerUpdateParams)[];

export const ATTACH = [
  'customer',
  'expand',
] as const satisfies readonly (keyof Stripe.PaymentMethodAttachParams)[];

export function createCustomer(world: World, params: Params): WireCustomer {
  const customer: WireCustomer = {
    id: world.id('cus'),
    object: 'customer',
    address: null,
    balance: 0,
    created: world.now,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: params.text('description'),
    discount: null,
    email: params.text('email'),
    invoice_prefix: 'FAKE',
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: world.livemode,
    metadata: params.texts('metadata'),
    name: params.text('name'),
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
  world.customers.set(customer.id, customer);
  world.emit('customer.created', customer);
  const method = params.text('payment_method');
  if (method !== null) attach(world, method, customer.id);
  setDefault(world, customer, params);
  return customer;
}

export function updateCustomer(world: World, id: string, params: Params): WireCustomer {
  const customer = take(world.customers, 'customer', id);
  const before = structuredClone(customer);
  Object.assign(customer.metadata, params.texts('metadata'));
  for (const field of ['description', 'email', 'name'] as const) {
    if (params.has(field)) customer[field] = params.text(field);
  }
  setDefault(world, customer, params);
  world.emit('customer.updated', customer, { invoice_settings: before.invoice_settings });
  return customer;
}

function setDefault(world: World, customer: WireCustomer, params: Params): void {
  const settings = params.inner('invoice_settings')?.only(['default_payment_method']);
  const id = settings?.text('default_payment_method') ?? null;
  if (id === null) return;
  if (id === '') {
    customer.invoice_settings.default_payment_method = null;
    return;
  }
  const method = take(world.paymentMethods, 'PaymentMethod', id);
  if (method.customer !== customer.id) {
    throw notAllowed(
      'resource_missing',
      `No such PaymentMethod: '${id}'; it must be attached to the customer first`,
    );
  }
  customer.invoice_settings.default_payment_method = id;
}

export function deleteCustomer(world: World, id: string): Stripe.DeletedCustomer {
  const customer = take(world.customers, 'customer', id);
  for (const method of world.paymentMethods.values()) {
    if (method.customer === id) method.customer = null;
  }
  world.customers.delete(id);
  world.emit('customer.deleted', customer);
  return { id, object: 'customer', deleted: true };
}

/**
 * The payment method of an id; a magic name gives a new one each time.
 * @throws Refusal 404 when there is none
 */
export function paymentMethod(world: World, name: string): WirePaymentMethod {
  const known = world.paymentMethods.get(name);
  if (known !== undefined) return known;
  const magic = magicCard(name);
  if (magic === undefined || world.livemode) throw missing('PaymentMethod', name);
  const method: WirePaymentMethod = {
    id: world.id('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    card: {
      brand: magic.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: magic.brand,
      exp_month: 8,
      exp_year: new Date(world.nowMs).getUTCFullYear() + 1,
      fingerprint: `fake${magic.last4}`,
      funding: magic.funding,
      generated_from: null,
      last4: magic.last4,
      networks: { available: [magic.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: world.now,
    customer: null,
    customer_account: null,
    livemode: world.livemode,
    metadata: {},
    type: 'card',
  };
  world.paymentMethods.set(method.id, method);
  world.behaviours.set(method.id, magic);
  if (magic.authentication === 'never_off_session') world.setUp.add(method.id);
  return method;
}

/** @throws Refusal 402 when the card refuses to be saved */
export function attach(world: World, name: string, customerId: string): WirePaymentMethod {
  take(world.customers, 'customer', customerId);
  const method = paymentMethod(world, name);
  const refusal = world.behaviours.get(method.id)?.attach;
  if (refusal !== undefined) throw declinedBy(refusal);
  if (method.customer !== null && method.customer !== customerId) {
    throw notAllowed(
      'payment_method_unexpected_state',
      'The payment method is attached to another customer.',
    );
  }
  method.customer = customerId;
  world.emit('payment_method.attached', method);
  return method;
}

export function detach(world: World, id: string): WirePaymentMethod {
  const method = take(world.paymentMethods, 'PaymentMethod', id);
  const customer = method.customer === null ? undefined : world.customers.get(method.customer);
  if (customer === undefined) {
    throw notAllowed('payment_method_unexpected_state', 'The payment method is not attached to a customer.');
  }
  method.customer = null;
  if (customer.invoice_settings.default_payment_method === id) {
    customer.invoice_settings.default_payment_method = null;
  }
  world.emit('payment_method.detached', method, { customer: customer.id });
  return method;
}

/** The 402 of a decline. */
export const declinedBy = (decline: Decline, more: object = {}): Refusal =>
  new Refusal(
    402,
    {
      type: 'card_error',
      code: decline.code,
      ...(decline.declineCode === undefined ? {} : { decline_code: decline.declineCode }),
      ...(decline.adviceCode === undefined ? {} : { advice_code: decline.adviceCode }),
      message: `Your card was declined (${decline.declineCode ?? decline.code}).`,
      ...more,
    },
    true,
  );
