/**
 * The SDK's types as they travel: decimals as text and references as ids. An object of the fake that lacks a field of the
 * SDK's type, or carries one that the SDK no longer knows, does not compile.
 */
import type { Stripe } from 'stripe';

/** A field that the SDK may expand travels as an id; `expand` puts the object in its place on the way out. */
type Field<Value> =
  string extends Extract<Value, string>
    ? [Extract<Value, { id: string }>] extends [never]
      ? Wire<Value>
      : Exclude<Value, object>
    : Wire<Value>;

/** An object of the SDK as the wire carries it. */
export type Wire<Value> = Value extends string
  ? Value
  : Value extends Stripe.Decimal
    ? string
    : Value extends readonly (infer Item)[]
      ? Field<Item>[]
      : Value extends object
        ? { -readonly [Key in keyof Value]: Field<Value[Key]> }
        : Value;

export type WireCustomer = Wire<Stripe.Customer>;
export type WirePaymentMethod = Wire<Stripe.PaymentMethod>;
export type WirePaymentIntent = Wire<Stripe.PaymentIntent>;
export type WireSetupIntent = Wire<Stripe.SetupIntent>;
export type WireSession = Wire<Stripe.Checkout.Session>;
export type WireCharge = Wire<Stripe.Charge>;
export type WireRefund = Wire<Stripe.Refund>;
export type WireDispute = Wire<Stripe.Dispute>;
export type WireProduct = Wire<Stripe.Product>;
export type WirePrice = Wire<Stripe.Price>;
export type WirePlan = Wire<Stripe.Plan>;
export type WireSubscription = Wire<Stripe.Subscription>;
export type WireSubscriptionItem = Wire<Stripe.SubscriptionItem>;
export type WireInvoice = Wire<Stripe.Invoice>;
export type WireInvoiceLine = Wire<Stripe.InvoiceLineItem>;
export type WireInvoicePayment = Wire<Stripe.InvoicePayment>;
export type WireBalanceTransaction = Wire<Stripe.BalanceTransaction>;
export type WirePortalSession = Wire<Stripe.BillingPortal.Session>;
export type WireFraudWarning = Wire<Stripe.Radar.EarlyFraudWarning>;

/** Everything that has an id of its own. */
export type WireObject =
  | WireCustomer
  | WirePaymentMethod
  | WirePaymentIntent
  | WireSetupIntent
  | WireSession
  | WireCharge
  | WireRefund
  | WireDispute
  | WireProduct
  | WirePrice
  | WireSubscription
  | WireSubscriptionItem
  | WireInvoice
  | WireInvoicePayment
  | WireBalanceTransaction
  | WirePortalSession
  | WireFraudWarning;

/** An event; its object is a snapshot. */
export interface WireEvent {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  data: { object: WireObject; previous_attributes?: Record<string, unknown> };
  livemode: boolean;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null } | null;
  type: Stripe.Event.Type;
}
