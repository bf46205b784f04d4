/**
 * Subscriptions at a provider: a plan that is paid every month. Credits come with a paid invoice and never before; dates
 * are those of the subscription's own item.
 */
import type { Instant } from '../../core/types.ts';
import type { CheckoutSession, CustomerFacts } from './provider.ts';

/** `pending`: its first invoice is not paid. `ended`: canceled, or its first invoice was never paid. */
export type SubscriptionStatus = 'pending' | 'active' | 'past_due' | 'ended' | 'unknown';

export interface SubscriptionFacts {
  /** `sub_…` */
  readonly subscription: string;
  readonly status: SubscriptionStatus;
  readonly customer: string;
  /** Price of its item: `price_…` */
  readonly price: string;
  readonly periodStart: Instant;
  readonly periodEnd: Instant;
  readonly cancelsAtEnd: boolean;
  readonly latestInvoice: string | null;
  readonly account: string | null;
  readonly installation: string | null;
  readonly livemode: boolean;
}

/** What an invoice is for. `change`: the difference of a plan change. */
export type InvoiceReason = 'create' | 'cycle' | 'change' | 'other';

export interface InvoiceFacts {
  /** `in_…` */
  readonly invoice: string;
  readonly isPaid: boolean;
  /** `open` and due, but the payment failed or waits for the holder. */
  readonly hasFailed: boolean;
  readonly reason: InvoiceReason;
  readonly subscription: string | null;
  readonly customer: string | null;
  /** Price and period of the subscription's own line (the last one, for a change). */
  readonly price: string | null;
  readonly periodStart: Instant | null;
  readonly periodEnd: Instant | null;
  readonly paidCents: number;
  readonly currency: string;
  /** The payment behind it; null for an invoice of 0. */
  readonly intent: string | null;
  /** Where the holder can pay it; for the caller alone. */
  readonly payUrl: string | null;
  readonly livemode: boolean;
}

/** How a subscription goes over to another price. */
export type SubscriptionChange =
  /** Dearer, now: the difference is invoiced from `at` on. */
  | { readonly how: 'prorate'; readonly price: string; readonly at: Instant }
  /** Dearer, now, with a new period. */
  | { readonly how: 'restart'; readonly price: string }
  /** Cheaper: the next invoice is of this price. */
  | { readonly how: 'next-cycle'; readonly price: string }
  | { readonly how: 'cancel-at-end' }
  /** Takes a planned end back. */
  | { readonly how: 'keep' };

/** The part of a provider that sells plans. */
export interface SubscriptionProvider {
  /** A page to subscribe on. `key`: `plan:<reference>` */
  startSubscription(
    input: CustomerFacts & {
      readonly customer: string;
      readonly reference: string;
      readonly price: string;
      readonly key: string;
    },
  ): Promise<CheckoutSession>;
  /** @throws LedgerError `payment_declined`, `payment_action_required`, `payment_unknown` */
  changeSubscription(input: {
    readonly subscription: string;
    readonly change: SubscriptionChange;
    readonly key: string;
  }): Promise<SubscriptionFacts>;
  /** Null: there is no such subscription. */
  describeSubscription(subscription: string): Promise<SubscriptionFacts | null>;
  /** Null: there is no such invoice. */
  describeInvoice(invoice: string): Promise<InvoiceFacts | null>;
  /** Invoices of a subscription, newest first, at most 24: for the sync of a command line without webhooks. */
  invoicesOf(subscription: string): Promise<readonly InvoiceFacts[]>;
  /** Price id → amount a month, for a check of the configuration; null: there is no such price. */
  describePrice(price: string): Promise<{ readonly amountCents: number; readonly currency: string } | null>;
}
