/** Small readings of Stripe's fields. */

import type { Stripe } from 'stripe';
import type { Instant } from '../core/types.ts';
import type { CardFacts } from '../ledger/payments/provider.ts';

/** The id of a reference, expanded or not. */
export const idOf = (reference: string | { readonly id: string } | null | undefined): string | null =>
  typeof reference === 'string' ? reference : (reference?.id ?? null);

/** Unix seconds as an instant, and back. */
export const instantOf = (seconds: number): Instant => (seconds * 1000) as Instant;
export const secondsOf = (at: Instant): number => Math.floor(at / 1000);

/** A card as people know it; null for a method that is no card. */
export function cardOf(method: Stripe.PaymentMethod | string | null | undefined): CardFacts | null {
  if (method === null || method === undefined || typeof method === 'string' || method.card === undefined)
    return null;
  const { brand, last4, exp_month: expMonth, exp_year: expYear } = method.card;
  return { paymentMethod: method.id, brand, last4, expMonth, expYear };
}
