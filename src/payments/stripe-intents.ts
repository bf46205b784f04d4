/**
 * Payments at Stripe: a charge in two steps, and how one stands. A PaymentIntent succeeds at most once; whatever is not a
 * clear answer is looked up, never tried again with another key.
 */
import type { Stripe } from 'stripe';
import type {
  Intent,
  IntentAnswer,
  IntentInput,
  IntentMetadata,
  IntentStatus,
} from '../ledger/payments/provider.ts';
import { type DeclineCodes, declineOf } from './declines.ts';
import { type Failure, failureOf, unanswered } from './stripe-failures.ts';
import { idOf, instantOf } from './stripe-fields.ts';

/** Where the money stands by status; `requires_payment_method` depends on what happened before. */
const STATUS: Readonly<Record<string, IntentStatus>> = {
  requires_confirmation: 'requires_confirmation',
  processing: 'processing',
  requires_action: 'requires_action',
  succeeded: 'succeeded',
  canceled: 'canceled',
};

/** Metadata of a payment as Stripe keeps it. */
export const metadataOf = (ours: IntentMetadata): Record<string, string> => ({
  account_id: ours.account,
  attempt_id: ours.attempt,
  credits: ours.credits,
  installation: ours.installation,
  kind: ours.kind,
});

function oursOf(metadata: Stripe.Metadata | null): IntentMetadata | null {
  const { account_id: account, attempt_id: attempt, credits, installation, kind } = metadata ?? {};
  if (!account || !attempt || !credits || !installation || (kind !== 'auto' && kind !== 'manual'))
    return null;
  return { account, attempt, credits, installation, kind };
}

/** A PaymentIntent in our words. */
export function intentOf(intent: Stripe.PaymentIntent): Intent {
  const { status, decline } = standingOf(intent);
  return {
    intent: intent.id,
    status,
    decline,
    amountCents: intent.amount,
    receivedCents: intent.amount_received,
    currency: intent.currency,
    customer: idOf(intent.customer),
    livemode: intent.livemode,
    createdAt: instantOf(intent.created),
    ours: oursOf(intent.metadata),
  };
}

function standingOf(intent: Stripe.PaymentIntent): Pick<Intent, 'status' | 'decline'> {
  const error = intent.last_payment_error;
  const decline = error === null ? null : declineOf(codesOf(error));
  if (intent.status === 'requires_payment_method') {
    // A payment of a Checkout page has no card yet, and nobody has refused one.
    if (decline === null) return { status: 'requires_action', decline: null };
    return { status: decline.kind === 'holder' ? 'requires_action' : 'declined', decline };
  }
  const status = Object.hasOwn(STATUS, intent.status) ? STATUS[intent.status]! : 'unknown';
  // One that was declined and then canceled still says why.
  const isTold = status === 'requires_action' || status === 'canceled';
  return { status, decline: isTold ? decline : null };
}

const codesOf = (error: Stripe.PaymentIntent.LastPaymentError): DeclineCodes => ({
  code: error.code,
  declineCode: error.decline_code,
  adviceCode: error.advice_code,
  message: error.message,
});

/** The calls of a provider that are about one payment. */
export function stripeIntents(stripe: Stripe) {
  const retrieveIntent = (id: string): Promise<IntentAnswer> =>
    answer(() => stripe.paymentIntents.retrieve(id));

  /** How a payment stands after a call that did not go through; `failure` where it shows that nothing was done. */
  const lookUp = async (id: string, failure: Failure): Promise<IntentAnswer> => {
    const now = await retrieveIntent(id);
    if (now.outcome === 'missing') return now;
    if (now.outcome !== 'intent')
      return { outcome: 'unknown', reason: `${failure.code}: and no answer to a look` };
    if (failure.kind === 'unknown') return unanswered(failure);
    return now.intent.status === 'requires_confirmation' ? unanswered(failure) : now;
  };

  return {
    createIntent: ({ metadata, key, ...input }: IntentInput): Promise<IntentAnswer> =>
      // A customer or card that is gone is a refusal of this payment, not a payment that is gone.
      answer(
        () =>
          stripe.paymentIntents.create(
            {
              amount: input.amountCents,
              currency: input.currency,
              customer: input.customer,
              payment_method: input.paymentMethod,
              allowed_payment_method_types: ['card'],
              description: input.description,
              metadata: metadataOf(metadata),
            },
            { idempotencyKey: key },
          ),
        async (failure) => unanswered(failure),
      ),

    confirmIntent: ({ intent, key }: { intent: string; key: string }): Promise<IntentAnswer> =>
      // The answer of an error is a memory of the key, which may be older than the payment: so the payment is looked at.
      answer(
        () => stripe.paymentIntents.confirm(intent, { off_session: true }, { idempotencyKey: key }),
        (failure) =>
          failure.kind === 'unknown' ? Promise.resolve(unanswered(failure)) : lookUp(intent, failure),
      ),

    retrieveIntent,

    cancelIntent: (intent: string): Promise<IntentAnswer> =>
      answer(
        () => stripe.paymentIntents.cancel(intent),
        (failure) => {
          if (failure.kind === 'missing') return Promise.resolve({ outcome: 'missing' });
          return failure.kind === 'unknown' ? Promise.resolve(unanswered(failure)) : lookUp(intent, failure);
        },
      ),

    async findIntent(input: {
      attempt: string;
      installation: string;
      customer: string;
    }): Promise<IntentAnswer> {
      const found = await listed(stripe, input, { customer: input.customer });
      // Payments stay in the books when their customer is deleted, but can no longer be listed by it.
      return found.outcome === 'refused' && found.code === 'resource_missing'
        ? listed(stripe, input, {})
        : found;
    },
  };
}

async function answer(
  call: () => Promise<Stripe.PaymentIntent>,
  failed: (failure: Failure) => Promise<IntentAnswer> = async (failure) =>
    failure.kind === 'missing' ? { outcome: 'missing' } : unanswered(failure),
): Promise<IntentAnswer> {
  try {
    return { outcome: 'intent', intent: intentOf(await call()) };
  } catch (error) {
    return failed(failureOf(error));
  }
}

/** How much one of several payments for an attempt matters: where money is or may be comes first. */
const WEIGHT: Readonly<Record<IntentStatus, number>> = {
  succeeded: 6,
  processing: 5,
  unknown: 4,
  requires_action: 3,
  requires_confirmation: 2,
  declined: 1,
  canceled: 0,
};

async function listed(
  stripe: Stripe,
  { attempt, installation }: { attempt: string; installation: string },
  filter: Stripe.PaymentIntentListParams,
): Promise<IntentAnswer> {
  let best: Intent | null = null;
  try {
    for await (const item of stripe.paymentIntents.list({ ...filter, limit: 100 })) {
      const intent = intentOf(item);
      if (intent.ours?.attempt !== attempt || intent.ours.installation !== installation) continue;
      if (best === null || WEIGHT[intent.status] > WEIGHT[best.status]) best = intent;
    }
  } catch (error) {
    return unanswered(failureOf(error));
  }
  return best === null ? { outcome: 'missing' } : { outcome: 'intent', intent: best };
}
