/**
 * Events of a provider, cut down to what they are good for: they say where to look. How things stand is then read from
 * the provider, so that duplicates, reordered and late events have one effect. No amounts, no raw bodies.
 */
import type { Instant } from '../../core/types.ts';

/** What an event is about. `id` is the provider's; null where the event does not tell. */
export type EventSubject =
  /** A payment: look at the intent. */
  | { readonly what: 'intent'; readonly id: string }
  /** Refunds or disputes of a payment: look at its returns. `intent` null: of a charge without one. */
  | { readonly what: 'returns'; readonly intent: string | null }
  | { readonly what: 'checkout'; readonly id: string }
  /** A saved card was changed or renewed: describe it again. `customer` null: it is attached to nobody any more. */
  | { readonly what: 'card'; readonly paymentMethod: string; readonly customer: string | null }
  /** The customer is gone, and its cards with it. */
  | { readonly what: 'customer_deleted'; readonly customer: string }
  | { readonly what: 'invoice'; readonly id: string }
  | { readonly what: 'subscription'; readonly id: string }
  /** A bank's early warning of fraud: top-up pauses. */
  | { readonly what: 'fraud_warning'; readonly intent: string | null }
  /** Of no concern. */
  | { readonly what: 'nothing' };

export interface ProviderEvent {
  /** `evt_…`, unique. */
  readonly id: string;
  /** The provider's own name: `payment_intent.succeeded`. */
  readonly type: string;
  readonly createdAt: Instant;
  readonly livemode: boolean;
  readonly subject: EventSubject;
}
