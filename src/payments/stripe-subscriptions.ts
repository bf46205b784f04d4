/** Subscriptions and invoices of Stripe. Dates are those of the subscription's one item. */
import type { Stripe } from 'stripe';
import { invalid } from '../core/errors.ts';
import type {
  InvoiceFacts,
  InvoiceReason,
  SubscriptionChange,
  SubscriptionFacts,
  SubscriptionStatus,
} from '../ledger/payments/provider.ts';
import { carry, carryOrMissing } from './stripe-failures.ts';
import { idOf, instantOf, secondsOf } from './stripe-fields.ts';

const STATUS: Readonly<Record<string, SubscriptionStatus>> = {
  incomplete: 'pending',
  active: 'active',
  trialing: 'active',
  past_due: 'past_due',
  unpaid: 'past_due',
  paused: 'past_due',
  canceled: 'ended',
  incomplete_expired: 'ended',
};

const REASON: Readonly<Record<string, InvoiceReason>> = {
  subscription_create: 'create',
  subscription_cycle: 'cycle',
  subscription_update: 'change',
};

function subscriptionOf(subscription: Stripe.Subscription): SubscriptionFacts {
  const item = subscription.items.data[0];
  if (item === undefined) throw invalid(`${subscription.id} has no item`);
  return {
    subscription: subscription.id,
    status:
      (Object.hasOwn(STATUS, subscription.status) ? STATUS[subscription.status] : undefined) ?? 'unknown',
    customer: idOf(subscription.customer) ?? '',
    price: item.price.id,
    periodStart: instantOf(item.current_period_start),
    periodEnd: instantOf(item.current_period_end),
    cancelsAtEnd: subscription.cancel_at_period_end,
    latestInvoice: idOf(subscription.latest_invoice),
    account: subscription.metadata.account_id ?? null,
    installation: subscription.metadata.installation ?? null,
    livemode: subscription.livemode,
  };
}

function invoiceOf(invoice: Stripe.Invoice): InvoiceFacts {
  const reason =
    (Object.hasOwn(REASON, invoice.billing_reason ?? '')
      ? REASON[invoice.billing_reason ?? '']
      : undefined) ?? 'other';
  const line = ownLine(invoice.lines.data, reason);
  const isPaid = invoice.status === 'paid';
  return {
    invoice: invoice.id,
    isPaid,
    hasFailed: invoice.status === 'open' && invoice.attempted,
    reason,
    subscription: idOf(invoice.parent?.subscription_details?.subscription),
    customer: idOf(invoice.customer),
    price: idOf(line?.pricing?.price_details?.price),
    periodStart: line === undefined ? null : instantOf(line.period.start),
    periodEnd: line === undefined ? null : instantOf(line.period.end),
    paidCents: isPaid ? invoice.amount_paid : 0,
    currency: invoice.currency,
    intent: idOf(
      invoice.payments?.data.find(({ is_default: isDefault }) => isDefault)?.payment.payment_intent,
    ),
    payUrl: invoice.status === 'open' ? (invoice.hosted_invoice_url ?? null) : null,
    livemode: invoice.livemode,
  };
}

/**
 * The line that says what is paid for: of a whole period; of a change, where every line is a proration, what it changed to,
 * which is charged for and stands last. Prorations come as items of the invoice, whole periods as items of the subscription.
 */
function ownLine(
  lines: readonly Stripe.InvoiceLineItem[],
  reason: InvoiceReason,
): Stripe.InvoiceLineItem | undefined {
  const own = lines.filter(
    ({ parent }) =>
      parent !== null &&
      ((parent.subscription_item_details ?? null) !== null ||
        (parent.invoice_item_details?.subscription ?? null) !== null),
  );
  const whole = own.filter(({ parent }) => parent?.subscription_item_details?.proration === false);
  const chosen = reason === 'change' && whole.length === 0 ? own.filter(({ amount }) => amount > 0) : whole;
  return chosen.at(-1) ?? own.at(-1);
}

/** What is sent for a change. Dearer ones are refused whole when the card does not pay for them. */
function changeParams(change: SubscriptionChange, item: string): Stripe.SubscriptionUpdateParams {
  switch (change.how) {
    case 'prorate':
      return {
        items: [{ id: item, price: change.price }],
        proration_behavior: 'always_invoice',
        proration_date: secondsOf(change.at),
        payment_behavior: 'error_if_incomplete',
      };
    case 'restart':
      return {
        items: [{ id: item, price: change.price }],
        billing_cycle_anchor: { type: 'now' },
        proration_behavior: 'always_invoice',
        payment_behavior: 'error_if_incomplete',
      };
    case 'next-cycle':
      return { items: [{ id: item, price: change.price }], proration_behavior: 'none' };
    case 'cancel-at-end':
      return { cancel_at_period_end: true };
    case 'keep':
      return { cancel_at_period_end: false };
    default:
      return change satisfies never;
  }
}

export function stripeSubscriptions(stripe: Stripe) {
  return {
    changeSubscription: (input: {
      subscription: string;
      change: SubscriptionChange;
      key: string;
    }): Promise<SubscriptionFacts> =>
      carry('changing a subscription', async () => {
        const now = await stripe.subscriptions.retrieve(input.subscription);
        const item = now.items.data[0];
        if (item === undefined) throw invalid(`${input.subscription} has no item`);
        const changed = await stripe.subscriptions.update(
          input.subscription,
          changeParams(input.change, item.id),
          { idempotencyKey: input.key },
        );
        return subscriptionOf(changed);
      }),

    async describeSubscription(subscription: string): Promise<SubscriptionFacts | null> {
      const found = await carryOrMissing('looking at a subscription', () =>
        stripe.subscriptions.retrieve(subscription),
      );
      return found === null ? null : subscriptionOf(found);
    },

    async describeInvoice(invoice: string): Promise<InvoiceFacts | null> {
      const found = await carryOrMissing('looking at an invoice', () =>
        stripe.invoices.retrieve(invoice, { expand: ['payments'] }),
      );
      return found === null ? null : invoiceOf(found);
    },

    invoicesOf: (subscription: string): Promise<readonly InvoiceFacts[]> =>
      carry('looking at invoices', async () => {
        const page = await stripe.invoices.list({ subscription, limit: 24, expand: ['data.payments'] });
        return page.data.map(invoiceOf);
      }),

    async describePrice(price: string): Promise<{ amountCents: number; currency: string } | null> {
      const found = await carryOrMissing('looking at a price', () => stripe.prices.retrieve(price));
      if (found === null) return null;
      const isMonthly = found.recurring?.interval === 'month' && found.recurring.interval_count === 1;
      if (!isMonthly || found.unit_amount === null) throw invalid(`${price} is no fixed price a month`);
      return { amountCents: found.unit_amount, currency: found.currency };
    },
  };
}
