/** Checkout pages of Stripe: where a person saves a card, pays for one attempt, or subscribes. */
import type { Stripe } from 'stripe';
import { invalid } from '../core/errors.ts';
import type { CardFacts, CheckoutSession, CustomerFacts, IntentInput } from '../ledger/payments/provider.ts';
import { carry, carryOrMissing, failureOf, refusalOf } from './stripe-failures.ts';
import { cardOf, idOf } from './stripe-fields.ts';
import { metadataOf } from './stripe-intents.ts';

/** What is needed to name the card of a finished page. */
const EXPAND = ['setup_intent.payment_method', 'payment_intent.payment_method'];

const STATUS: Readonly<Record<string, CheckoutSession['status']>> = {
  open: 'open',
  complete: 'complete',
  expired: 'expired',
};

/** A session in our words. */
export function sessionOf(session: Stripe.Checkout.Session): CheckoutSession {
  const status = Object.hasOwn(STATUS, session.status ?? '') ? STATUS[session.status ?? '']! : 'unknown';
  return {
    session: session.id,
    status,
    url: status === 'open' ? session.url : null,
    isPaid: session.mode === 'payment' && session.payment_status === 'paid',
    intent: idOf(session.payment_intent),
    customer: idOf(session.customer),
    card: savedCard(session),
    subscription: idOf(session.subscription),
    reference: session.client_reference_id,
    installation: session.metadata?.installation ?? null,
    livemode: session.livemode,
  };
}

/** The card that the page left behind with the customer; null also for a card that only paid. */
function savedCard(session: Stripe.Checkout.Session): CardFacts | null {
  const source = session.mode === 'setup' ? session.setup_intent : session.payment_intent;
  if (source === null || typeof source === 'string') return null;
  const method = source.payment_method;
  if (method === null || typeof method === 'string' || idOf(method.customer) === null) return null;
  return cardOf(method);
}

export function stripeCheckout(stripe: Stripe, returnUrl: string) {
  const open = (what: string, params: Stripe.Checkout.SessionCreateParams, key: string) =>
    carry(what, async () =>
      sessionOf(
        await stripe.checkout.sessions.create(
          { ...params, success_url: returnUrl, cancel_url: returnUrl },
          { idempotencyKey: key },
        ),
      ),
    );

  const retrieveCheckout = async (session: string): Promise<CheckoutSession> => {
    const found = await carryOrMissing('looking at a page', () =>
      stripe.checkout.sessions.retrieve(session, { expand: EXPAND }),
    );
    if (found === null) throw invalid(`there is no page ${session} at Stripe`);
    return sessionOf(found);
  };

  return {
    startCardSetup: (
      input: CustomerFacts & { customer: string; reference: string; currency: string; key: string },
    ): Promise<CheckoutSession> =>
      open(
        'opening a page to save a card',
        {
          mode: 'setup',
          currency: input.currency,
          customer: input.customer,
          allowed_payment_method_types: ['card'],
          client_reference_id: input.reference,
          metadata: {
            account_id: input.account,
            installation: input.installation,
            setup_id: input.reference,
          },
        },
        input.key,
      ),

    startPurchase: (
      input: Omit<IntentInput, 'paymentMethod' | 'customer'> & { customer: string },
    ): Promise<CheckoutSession> => {
      const metadata = metadataOf(input.metadata);
      return open(
        'opening a page to pay on',
        {
          mode: 'payment',
          customer: input.customer,
          allowed_payment_method_types: ['card'],
          client_reference_id: input.metadata.attempt,
          line_items: [
            {
              quantity: 1,
              price_data: {
                currency: input.currency,
                unit_amount: input.amountCents,
                product_data: { name: input.description },
              },
            },
          ],
          metadata,
          payment_intent_data: {
            description: input.description,
            metadata,
            setup_future_usage: 'off_session',
          },
        },
        input.key,
      );
    },

    startSubscription: (
      input: CustomerFacts & { customer: string; reference: string; price: string; key: string },
    ): Promise<CheckoutSession> => {
      const metadata = { account_id: input.account, installation: input.installation };
      return open(
        'opening a page to subscribe on',
        {
          mode: 'subscription',
          customer: input.customer,
          allowed_payment_method_types: ['card'],
          client_reference_id: input.reference,
          line_items: [{ price: input.price, quantity: 1 }],
          metadata,
          subscription_data: { metadata },
        },
        input.key,
      );
    },

    retrieveCheckout,

    async expireCheckout(session: string): Promise<CheckoutSession> {
      try {
        await stripe.checkout.sessions.expire(session);
      } catch (error) {
        const failure = failureOf(error);
        // Already complete or expired: how it stands is the answer.
        if (failure.kind === 'unknown' || failure.kind === 'declined')
          throw refusalOf(failure, 'closing a page');
      }
      return retrieveCheckout(session);
    },
  };
}
