/**
 * The payment provider over Stripe. It keeps nothing: keys come in, answers go out, and everything else is asked of Stripe.
 * Loaded only when something is paid.
 */
import { LedgerError } from '../core/errors.ts';
import type { PaymentProvider } from '../ledger/payments/provider.ts';
import type { LedgerMode } from '../ledger/views.ts';
import { stripeCards } from './stripe-cards.ts';
import { stripeCheckout } from './stripe-checkout.ts';
import { type ClientFacts, openClient } from './stripe-client.ts';
import { stripeEvents } from './stripe-events.ts';
import { stripeIntents } from './stripe-intents.ts';
import { stripeReturns } from './stripe-returns.ts';
import { modeOfKey } from './stripe-settings.ts';
import { stripeSubscriptions } from './stripe-subscriptions.ts';

export interface StripeFacts extends ClientFacts {
  /** Mode of the ledger that pays. */
  readonly mode: LedgerMode;
  /** Where a browser goes after a Checkout page. */
  readonly returnUrl: string;
}

/**
 * Opens the provider; nobody is called yet.
 * @throws LedgerError `mode_mismatch` (a live key for a test ledger, or the other way round), `invalid_argument` (no key)
 */
export async function openStripe(facts: StripeFacts): Promise<PaymentProvider> {
  const mode = modeOfKey(facts.secretKey);
  if (mode !== facts.mode) {
    throw new LedgerError(
      'mode_mismatch',
      `the Stripe key is a ${mode} key, and this ledger is a ${facts.mode} ledger`,
      {
        hint: `set STRIPE_SECRET_KEY to a ${facts.mode} key`,
      },
    );
  }
  const client = await openClient(facts);
  const { stripe } = client;
  return {
    name: 'stripe',
    mode,
    ...stripeCards(stripe, mode),
    ...stripeIntents(stripe),
    ...stripeCheckout(stripe, facts.returnUrl),
    ...stripeReturns(stripe),
    ...stripeEvents(stripe, mode),
    ...stripeSubscriptions(stripe),
    close: async () => client.close(),
  };
}
