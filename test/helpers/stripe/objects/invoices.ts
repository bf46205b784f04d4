/** Invoices of subscriptions, and how they are paid. */
import type { Stripe } from 'stripe';
import { Refusal } from '../refusal.ts';
import type {
  WireInvoice,
  WireInvoiceLine,
  WireInvoicePayment,
  WirePrice,
  WireSubscription,
} from '../wire.ts';
import { take, type World } from '../world.ts';
import { chargeIntent, newIntent } from './payments.ts';

/** One line: a price for a period; a credit when negative. */
export interface LineFacts {
  price: WirePrice;
  amount: number;
  start: number;
  end: number;
  proration: boolean;
}

export function createInvoice(
  world: World,
  subscription: WireSubscription,
  reason: Stripe.Invoice.BillingReason,
  lines: readonly LineFacts[],
): WireInvoice {
  const id = world.id('in');
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  // What an invoice gives back stays with the customer as a credit in real life; the fake only keeps the total at zero.
  const due = Math.max(0, total);
  const item = subscription.items.data[0]!;
  const invoice: WireInvoice = {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: null,
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: due,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: reason,
    collection_method: 'charge_automatically',
    created: world.now,
    currency: subscription.currency,
    custom_fields: null,
    customer: subscription.customer,
    customer_account: null,
    customer_address: null,
    customer_email: null,
    customer_name: null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: world.now,
    ending_balance: 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: `https://invoice.example/i/${id}`,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: {
      object: 'list',
      data: lines.map((line) => invoiceLine(world, id, subscription, line)),
      has_more: false,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: world.livemode,
    metadata: {},
    next_payment_attempt: null,
    number: `FAKE-${id}`,
    on_behalf_of: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: { ...subscription.metadata }, subscription: subscription.id },
      type: 'subscription_details',
    },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    // As in real life: an invoice of a renewal names the period that has ended.
    period_end: reason === 'subscription_cycle' ? item.current_period_start : world.now,
    period_start: world.now,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'open',
    status_transitions: {
      finalized_at: world.now,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
  world.invoices.set(id, invoice);
  subscription.latest_invoice = id;
  world.emit('invoice.created', invoice);
  world.emit('invoice.finalized', invoice);
  return invoice;
}

function invoiceLine(
  world: World,
  invoice: string,
  subscription: WireSubscription,
  line: LineFacts,
): WireInvoiceLine {
  return {
    id: world.id('il'),
    object: 'line_item',
    amount: line.amount,
    currency: subscription.currency,
    description: null,
    discount_amounts: [],
    discountable: !line.proration,
    discounts: [],
    invoice,
    livemode: world.livemode,
    metadata: {},
    // Prorations are items of the invoice, whole periods are items of the subscription.
    parent: line.proration
      ? {
          invoice_item_details: {
            invoice_item: world.id('ii'),
            proration: true,
            proration_details: { credited_items: null },
            subscription: subscription.id,
          },
          subscription_item_details: null,
          type: 'invoice_item_details',
        }
      : {
          invoice_item_details: null,
          subscription_item_details: {
            invoice_item: null,
            proration: false,
            proration_details: null,
            subscription: subscription.id,
            subscription_item: subscription.items.data[0]!.id,
          },
          type: 'subscription_item_details',
        },
    period: { start: line.start, end: line.end },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: line.price.id, product: line.price.product },
      type: 'price_details',
      unit_amount_decimal: line.price.unit_amount_decimal,
    },
    quantity: 1,
    quantity_decimal: '1',
    subscription: subscription.id,
    subtotal: line.amount,
    taxes: [],
  };
}

/**
 * Tries to collect an invoice with the subscription's card.
 * @returns the invoice, `paid`, or still `open` when the card was refused or the bank asks for the holder
 */
export function payInvoice(world: World, id: string, session: 'off_session' | 'authenticated'): WireInvoice {
  const invoice = take(world.invoices, 'invoice', id);
  if (invoice.status === 'paid') return invoice;
  invoice.attempted = true;
  invoice.attempt_count += 1;
  if (invoice.amount_due === 0) return markPaid(world, invoice);
  const payment = paymentOf(world, invoice);
  const intent = take(world.paymentIntents, 'payment_intent', payment.payment.payment_intent ?? '');
  const subscription = take(
    world.subscriptions,
    'subscription',
    invoice.parent?.subscription_details?.subscription ?? '',
  );
  const customer = take(world.customers, 'customer', invoice.customer ?? '');
  const card = subscription.default_payment_method ?? customer.invoice_settings.default_payment_method;
  if (card === null) return failed(world, invoice, 'invoice.payment_failed');
  intent.payment_method = card;
  try {
    chargeIntent(world, intent, session);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const asks = error.body.code === 'authentication_required';
    if (asks) world.emit('invoice.payment_action_required', invoice);
    return failed(world, invoice, 'invoice.payment_failed');
  }
  if (intent.status !== 'succeeded') return invoice;
  payment.status = 'paid';
  payment.amount_paid = invoice.amount_due;
  payment.status_transitions.paid_at = world.now;
  return markPaid(world, invoice);
}

function markPaid(world: World, invoice: WireInvoice): WireInvoice {
  invoice.status = 'paid';
  invoice.amount_paid = invoice.amount_due;
  invoice.amount_remaining = 0;
  invoice.status_transitions.paid_at = world.now;
  invoice.next_payment_attempt = null;
  world.emit('invoice.paid', invoice);
  return invoice;
}

function failed(world: World, invoice: WireInvoice, type: 'invoice.payment_failed'): WireInvoice {
  invoice.next_payment_attempt = world.now + 3 * 86_400;
  world.emit(type, invoice);
  return invoice;
}

/** The payment of an invoice, made with its intent at the first try. */
function paymentOf(world: World, invoice: WireInvoice): WireInvoicePayment {
  for (const payment of world.invoicePayments.values()) {
    if (payment.invoice === invoice.id) return payment;
  }
  const intent = newIntent(world, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    paymentMethod: null,
    description: 'Subscription',
    metadata: {},
    setupFutureUsage: null,
  });
  const payment: WireInvoicePayment = {
    id: world.id('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: world.now,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: world.livemode,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  };
  world.invoicePayments.set(payment.id, payment);
  return payment;
}
