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

type CardSetupInput = CustomerFacts & {
  readonly customer: string;
  readonly reference: string;
  readonly currency: string;
  readonly key: string;
};
type PurchaseInput = Omit<IntentInput, 'paymentMethod'>;
type SubscriptionInput = CustomerFacts & {
  readonly customer: string;
  readonly reference: string;
  readonly price: string;
  readonly key: string;
};
type SessionParams = Stripe.Checkout.SessionCreateParams;

const setupPage = ({
  account,
  installation,
  customer,
  reference,
  currency,
}: CardSetupInput): SessionParams => ({
  mode: 'setup',
  currency,
  customer,
  allowed_payment_method_types: ['card'],
  client_reference_id: reference,
  metadata: { account_id: account, installation, setup_id: reference },
});

function purchasePage({
  metadata: ours,
  customer,
  currency,
  amountCents,
  description,
}: PurchaseInput): SessionParams {
  const metadata = metadataOf(ours);
  const price = { currency, unit_amount: amountCents, product_data: { name: description } };
  return {
    mode: 'payment',
    customer,
    allowed_payment_method_types: ['card'],
    client_reference_id: ours.attempt,
    line_items: [{ quantity: 1, price_data: price }],
    metadata,
    payment_intent_data: { description, metadata, setup_future_usage: 'off_session' },
  };
}

function subscriptionPage({
  account,
  installation,
  customer,
  reference,
  price,
}: SubscriptionInput): SessionParams {
  const metadata = { account_id: account, installation };
  return {
    mode: 'subscription',
    customer,
    allowed_payment_method_types: ['card'],
    client_reference_id: reference,
    line_items: [{ price, quantity: 1 }],
    metadata,
    subscription_data: { metadata },
  };
}

export function stripeCheckout(stripe: Stripe, returnUrl: string) {
  const open = (what: string, params: SessionParams, key: string): Promise<CheckoutSession> =>
    carry(what, async () => {
      const page = { ...params, success_url: returnUrl, cancel_url: returnUrl };
      return sessionOf(await stripe.checkout.sessions.create(page, { idempotencyKey: key }));
    });

  const retrieveCheckout = async (session: string): Promise<CheckoutSession> => {
    const found = await carryOrMissing('looking at a page', () =>
      stripe.checkout.sessions.retrieve(session, { expand: EXPAND }),
    );
    if (found === null) throw invalid(`there is no page ${session} at Stripe`);
    return sessionOf(found);
  };

  return {
    startCardSetup: (input: CardSetupInput) =>
      open('opening a page to save a card', setupPage(input), input.key),
    startPurchase: (input: PurchaseInput) => open('opening a page to pay on', purchasePage(input), input.key),
    startSubscription: (input: SubscriptionInput) =>
      open('opening a page to subscribe on', subscriptionPage(input), input.key),
    retrieveCheckout,
    checkoutUrl: async (session: string): Promise<string | null> => (await retrieveCheckout(session)).url,

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
