/**
 * What the ledger needs of a payment provider, and nothing of how it does it. Two implement it: `stripe` and `simulated`.
 *
 * A provider decides nothing about credits. It answers what it knows about money in words of our own, keeps no state of
 * ours, and never throws for what a bank or a network did to a charge: that is an outcome. Money is integer minor units
 * (`…Cents`), instants are epoch ms of the provider's clock, which is never compared with ledger time.
 *
 * Idempotency: every call that makes something takes a `key`, derived from the id of our own attempt and never from an
 * amount. The same key with the same facts makes nothing twice and gives the first answer again.
 *
 * Source: contract 9; docs/PAYMENTS.md.
 */
import type { Instant } from '../../core/types.ts';
import type { LedgerMode } from '../views.ts';
import type { ProviderEvent } from './provider-events.ts';
import type { SubscriptionProvider } from './provider-subscriptions.ts';

export type * from './provider-events.ts';
export type * from './provider-subscriptions.ts';

export type ProviderName = 'stripe' | 'simulated';

/** A saved card. Never a number: what a person recognises it by. */
export interface CardFacts {
  /** `pm_…` */
  readonly paymentMethod: string;
  readonly brand: string;
  readonly last4: string;
  /** 1 to 12 */
  readonly expMonth: number;
  readonly expYear: number;
}

/** Who pays: our account at one installation, and the provider's name for it. */
export interface CustomerFacts {
  readonly account: string;
  /** The ledger's own id: objects of another ledger carry another. */
  readonly installation: string;
}

/** What a decline means for the next attempt. `holder`: the bank wants the card holder, no strike. */
export type DeclineKind = 'soft' | 'hard' | 'holder';

/** A bank's no. */
export interface Decline {
  readonly kind: DeclineKind;
  /** `decline_code` where there is one, else `code`: `insufficient_funds`, `expired_card`, `authentication_required` … */
  readonly code: string;
  /** In the provider's words; shown, never stored in the ledger. */
  readonly message: string;
}

/**
 * How far a payment is. `requires_confirmation`: made, no money asked for. `requires_action`: waits for the card holder,
 * also where the bank refused with `authentication_required`. `declined`: the bank said no. `unknown`: a status that this
 * program does not know; never to be taken for a failure.
 */
export type IntentStatus =
  | 'requires_confirmation'
  | 'processing'
  | 'requires_action'
  | 'succeeded'
  | 'declined'
  | 'canceled'
  | 'unknown';

/** A payment at the provider (Stripe: a PaymentIntent). It succeeds at most once. */
export interface Intent {
  /** `pi_…` */
  readonly intent: string;
  readonly status: IntentStatus;
  /** Set where `status` is `declined`, for `requires_action` after a refusal off session, and for `canceled` after either. */
  readonly decline: Decline | null;
  readonly amountCents: number;
  /** What has come in: 0 until `succeeded`. */
  readonly receivedCents: number;
  /** Lower case: `usd`. */
  readonly currency: string;
  readonly customer: string | null;
  readonly livemode: boolean;
  readonly createdAt: Instant;
  /** What we sent along; null where it is not of ours. */
  readonly ours: IntentMetadata | null;
}

/** What goes along with a payment, so that it can be recognised and booked from the provider's side alone. */
export interface IntentMetadata extends CustomerFacts {
  /** Id of our attempt: `pay_<tag>_<n>`. */
  readonly attempt: string;
  readonly kind: 'auto' | 'manual';
  /** Microcredits, as decimal text. */
  readonly credits: string;
}

/**
 * The answer to anything about one payment.
 * - `intent`: the provider knows, and this is how it stands; a 402 is here too, with status `declined` or `requires_action`.
 * - `refused`: a definite no before anything was made or changed: a wrong key, a wrong parameter, a detached card.
 * - `missing`: there is no such payment.
 * - `unknown`: no answer, or none that says anything (timeout, closed socket, 409, 429, 5xx, garbage). Look it up later.
 */
export type IntentAnswer =
  | { readonly outcome: 'intent'; readonly intent: Intent }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** A charge to be made. */
export interface IntentInput {
  readonly metadata: IntentMetadata;
  readonly customer: string;
  readonly paymentMethod: string;
  readonly amountCents: number;
  readonly currency: string;
  /** `2,000 credits` */
  readonly description: string;
  readonly key: string;
}

/** A page of the provider's on which a person pays or saves a card. */
export interface CheckoutSession {
  /** `cs_…` */
  readonly session: string;
  readonly status: 'open' | 'complete' | 'expired' | 'unknown';
  /** Null when it is not open. For the caller alone: never stored, never logged. */
  readonly url: string | null;
  /** Payment: true when the money has come in. */
  readonly isPaid: boolean;
  readonly intent: string | null;
  readonly customer: string | null;
  /** Set-up, when complete: the card that was saved. Payment: the card kept with it, if any. */
  readonly card: CardFacts | null;
  readonly subscription: string | null;
  /** `client_reference_id`: our set-up id or attempt id. */
  readonly reference: string | null;
  readonly installation: string | null;
  readonly livemode: boolean;
}

/** What a payment has given back, each with an id of its own, so that reading it twice or out of order counts once. */
export interface PaymentReturns {
  readonly intent: string;
  /** What came in. */
  readonly paidCents: number;
  readonly refunds: readonly RefundFacts[];
  readonly disputes: readonly DisputeFacts[];
}

export interface RefundFacts {
  /** `re_…` */
  readonly id: string;
  readonly amountCents: number;
  /** `pending` counts as given back; `failed` and `canceled` give the credits back. */
  readonly status: 'pending' | 'succeeded' | 'failed' | 'canceled';
}

export interface DisputeFacts {
  /** `dp_…` or `du_…` */
  readonly id: string;
  readonly amountCents: number;
  /** `flagged`: an inquiry, prevented, or a status this program does not know: no money was taken. */
  readonly status: 'flagged' | 'open' | 'won' | 'lost';
}

/** One payment in the provider's books, for the audit. */
export interface PaymentRecord {
  readonly intent: Intent;
  /** Sum of refunds that are pending or succeeded. */
  readonly refundedCents: number;
  /** Sum of disputes that are open or lost. */
  readonly disputedCents: number;
}

/**
 * A payment provider. Calls about one payment answer with `IntentAnswer` and do not throw for what the other side did.
 * The rest throws LedgerError `payment_unknown` (no answer: try again, nothing is lost), `payment_declined` (the card was
 * refused; also a fault of our configuration, which the message says), `mode_mismatch` (key or object of the other
 * mode), `invalid_argument` (what was named is not there or not allowed).
 */
export interface PaymentProvider extends SubscriptionProvider {
  readonly name: ProviderName;
  /** Test or live, as its key says; opening it for a ledger of the other mode is refused before. */
  readonly mode: LedgerMode;

  /** Makes or finds the customer of an account. @returns `cus_…`. `key`: `cust:<installation>:<account>` */
  ensureCustomer(input: CustomerFacts & { readonly key: string }): Promise<string>;

  /** False for a customer that was deleted, or never was one of this provider's account. @throws LedgerError `payment_unknown` */
  hasCustomer(customer: string): Promise<boolean>;
  /** A page to save a card on. `reference`: our own id of the set-up. `key`: `setup:<reference>` */
  startCardSetup(
    input: CustomerFacts & {
      readonly customer: string;
      readonly reference: string;
      readonly currency: string;
      readonly key: string;
    },
  ): Promise<CheckoutSession>;
  /**
   * Attaches a test method such as `pm_card_visa` to a customer and makes it the default. Test mode only.
   * @throws LedgerError `payment_declined` (the method is one that banks refuse at once), `mode_mismatch`,
   *   `invalid_argument` (no such method)
   */
  attachTestMethod(input: {
    readonly customer: string;
    readonly method: string;
    readonly key: string;
  }): Promise<CardFacts>;
  /** Makes a saved card the customer's default. */
  useCard(input: { readonly customer: string; readonly paymentMethod: string }): Promise<void>;
  /** The card as the provider knows it now; null: it is not there any more, or of another customer. */
  describeCard(input: {
    readonly customer: string;
    readonly paymentMethod: string;
  }): Promise<CardFacts | null>;
  /** Detaches a card. One that is gone already is no failure. */
  removeCard(paymentMethod: string): Promise<void>;

  /** Step one of a charge: makes the payment, asks for no money. `key`: `topup:<attempt>:create` */
  createIntent(input: IntentInput): Promise<IntentAnswer>;
  /** Step two: asks the bank, off session. `key`: `topup:<attempt>:confirm` */
  confirmIntent(input: { readonly intent: string; readonly key: string }): Promise<IntentAnswer>;
  /** How a payment stands. Never changes anything. */
  retrieveIntent(intent: string): Promise<IntentAnswer>;
  /**
   * The payment that carries our attempt's id, when its own id got lost with an answer. Reads the provider's list of the
   * customer's payments, never an index that lags behind. `missing`: no such payment was made.
   */
  findIntent(input: {
    readonly attempt: string;
    readonly installation: string;
    readonly customer: string;
  }): Promise<IntentAnswer>;
  /** Ends a payment for which no money has come in. One that succeeded meanwhile answers `succeeded`. */
  cancelIntent(intent: string): Promise<IntentAnswer>;

  /** A pay link for one attempt; it keeps the card. `reference` and metadata are the attempt. `key`: `topup:<attempt>:checkout` */
  startPurchase(
    input: Omit<IntentInput, 'paymentMethod' | 'customer'> & { readonly customer: string },
  ): Promise<CheckoutSession>;
  /** The address of a page; null when it is not open any more. Never makes one. @throws as `retrieveCheckout` */
  checkoutUrl(session: string): Promise<string | null>;
  /** @throws LedgerError `invalid_argument` when there is no such session */
  retrieveCheckout(session: string): Promise<CheckoutSession>;
  /** Closes a page that is still open; what was completed meanwhile is answered as it is. */
  expireCheckout(session: string): Promise<CheckoutSession>;

  /** What a payment has given back so far. `missing` payments have given nothing back and were paid 0. */
  returnsOf(intent: string): Promise<PaymentReturns>;
  /**
   * Events after a cursor, oldest first, all of them that the provider still keeps (30 days).
   * @param after cursor of an earlier answer; null: from the beginning
   */
  eventsSince(after: string | null): Promise<{
    readonly events: readonly ProviderEvent[];
    /** For the next call; the same as before when nothing came. */
    readonly cursor: string | null;
  }>;
  /**
   * Reads a webhook: checks the signature over the raw body with each secret, its age, its mode.
   * @throws LedgerError `unauthenticated` (no signature of ours, too old), `invalid_argument` (signed, but no event we can
   *   read), `mode_mismatch`
   */
  readWebhook(input: {
    readonly body: string | Uint8Array;
    readonly signature: string | null;
    readonly secrets: readonly string[];
    readonly receivedAt: Instant;
  }): ProviderEvent;
  /** Every payment in the provider's books that carries our metadata or succeeded, in pages, any order. */
  payments(): AsyncIterable<readonly PaymentRecord[]>;
  /** Lets go of sockets. */
  close(): Promise<void>;
}
