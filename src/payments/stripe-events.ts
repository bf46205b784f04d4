/** Events of Stripe: which of them matter and where each says to look; read from the list or from a signed webhook. */
import type { Stripe } from 'stripe';
import { invalid, LedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import type { EventSubject, ProviderEvent } from '../ledger/payments/provider.ts';
import type { LedgerMode } from '../ledger/views.ts';
import { carry, failureOf } from './stripe-failures.ts';
import { idOf, instantOf } from './stripe-fields.ts';

/** The object of an event, by the fields that are read; each kind of object has some of them. */
interface EventObject {
  readonly id?: string;
  readonly customer?: string | { readonly id: string } | null;
  readonly payment_intent?: string | { readonly id: string } | null;
  readonly payment_method?: string | { readonly id: string } | null;
}

type Reading = (object: EventObject, id: string) => EventSubject;

const intent: Reading = (_object, id) => ({ what: 'intent', id });
const returns: Reading = (object) => ({ what: 'returns', intent: idOf(object.payment_intent) });
const checkout: Reading = (_object, id) => ({ what: 'checkout', id });
const card: Reading = (object, id) => ({ what: 'card', paymentMethod: id, customer: idOf(object.customer) });
const invoice: Reading = (_object, id) => ({ what: 'invoice', id });
const subscription: Reading = (_object, id) => ({ what: 'subscription', id });
const setup: Reading = (object) => {
  const paymentMethod = idOf(object.payment_method);
  return paymentMethod === null
    ? { what: 'nothing' }
    : { what: 'card', paymentMethod, customer: idOf(object.customer) };
};

/** One row per event that matters; every other is of no concern. */
const SUBJECTS: Readonly<Record<string, Reading>> = {
  'payment_intent.succeeded': intent,
  'payment_intent.processing': intent,
  'payment_intent.requires_action': intent,
  'payment_intent.payment_failed': intent,
  'payment_intent.canceled': intent,
  'charge.refunded': returns,
  'refund.created': returns,
  'refund.updated': returns,
  'refund.failed': returns,
  'charge.dispute.created': returns,
  'charge.dispute.updated': returns,
  'charge.dispute.funds_withdrawn': returns,
  'charge.dispute.funds_reinstated': returns,
  'charge.dispute.closed': returns,
  'checkout.session.completed': checkout,
  'checkout.session.expired': checkout,
  'checkout.session.async_payment_succeeded': checkout,
  'checkout.session.async_payment_failed': checkout,
  'setup_intent.succeeded': setup,
  'payment_method.attached': card,
  'payment_method.updated': card,
  'payment_method.automatically_updated': card,
  'payment_method.detached': (_object, id) => ({ what: 'card', paymentMethod: id, customer: null }),
  'customer.deleted': (_object, id) => ({ what: 'customer_deleted', customer: id }),
  'invoice.paid': invoice,
  'invoice.payment_failed': invoice,
  'invoice.payment_action_required': invoice,
  'customer.subscription.created': subscription,
  'customer.subscription.updated': subscription,
  'customer.subscription.deleted': subscription,
  'customer.subscription.paused': subscription,
  'customer.subscription.resumed': subscription,
  'radar.early_fraud_warning.created': (object) => ({
    what: 'fraud_warning',
    intent: idOf(object.payment_intent),
  }),
};

/** An event in our words. */
export function eventOf(event: Stripe.Event): ProviderEvent {
  const object = event.data.object as unknown as EventObject;
  const read = Object.hasOwn(SUBJECTS, event.type) ? SUBJECTS[event.type] : undefined;
  return {
    id: event.id,
    type: event.type,
    createdAt: instantOf(event.created),
    livemode: event.livemode,
    subject: read === undefined || object.id === undefined ? { what: 'nothing' } : read(object, object.id),
  };
}

/**
 * Events are read again for so many seconds before the newest one seen: their times are whole seconds, and one that was
 * made earlier may show up later. What was seen already is left out, and would do nothing anyway.
 */
const OVERLAP_S = 60;

/** `<seconds of the newest>~<ids within the overlap>` */
interface Cursor {
  readonly newest: number;
  readonly seen: readonly string[];
}

function readCursor(text: string): Cursor {
  const match = /^(\d{1,12})~([\w,]*)$/.exec(text);
  if (match === null) throw invalid(`${JSON.stringify(text)} is no cursor of Stripe's events`);
  return { newest: Number(match[1]), seen: (match[2] ?? '').split(',').filter((id) => id !== '') };
}

export function stripeEvents(stripe: Stripe, mode: LedgerMode) {
  return {
    async eventsSince(
      after: string | null,
    ): Promise<{ events: readonly ProviderEvent[]; cursor: string | null }> {
      const since = after === null ? null : readCursor(after);
      const filter = since === null ? {} : { created: { gte: since.newest - OVERLAP_S } };
      const events: ProviderEvent[] = [];
      const found: { readonly id: string; readonly created: number }[] = [];
      await carry('reading the events', async () => {
        for await (const event of stripe.events.list({ ...filter, limit: 100 })) {
          found.push({ id: event.id, created: event.created });
          if (since?.seen.includes(event.id) === true) continue;
          const read = eventOf(event);
          if (read.subject.what !== 'nothing') events.push(read);
        }
      });
      const newest = found.reduce((last, { created }) => Math.max(last, created), since?.newest ?? 0);
      const recent = found.filter(({ created }) => created >= newest - OVERLAP_S).map(({ id }) => id);
      const kept = recent.length === 0 ? (since?.seen ?? []) : recent;
      // Oldest first; the list is newest first, and keeps the order of events within one second.
      events.reverse();
      return { events, cursor: newest === 0 ? after : `${newest}~${kept.join(',')}` };
    },

    readWebhook: (input: WebhookInput): ProviderEvent => readWebhook(stripe, mode, input),
  };
}

interface WebhookInput {
  readonly body: string | Uint8Array;
  readonly signature: string | null;
  readonly secrets: readonly string[];
  readonly receivedAt: Instant;
}

/** Signatures older than this many seconds are somebody's recording. */
const TOLERANCE_S = 300;
/** Those ahead of our clock by more were dated so that a recording keeps; the SDK refuses the past alone (23.1.0). */
const AHEAD_S = 60;

/** True where any time of the header lies ahead: of several the SDK takes the last. */
const isAhead = (signature: string, receivedAt: Instant): boolean =>
  signature
    .split(',')
    .filter((part) => part.startsWith('t='))
    .some((part) => Number.parseInt(part.slice(2), 10) * 1_000 - receivedAt > AHEAD_S * 1_000);

function readWebhook(stripe: Stripe, mode: LedgerMode, input: WebhookInput): ProviderEvent {
  const event = verified(stripe, input);
  if (
    typeof event !== 'object' ||
    event === null ||
    event.object !== 'event' ||
    typeof event.id !== 'string'
  ) {
    throw invalid('the webhook carries no event');
  }
  const found = (event.livemode ? 'live' : 'test') satisfies LedgerMode;
  if (found !== mode) {
    throw new LedgerError('mode_mismatch', `a ${found} event does not belong to this ${mode} ledger`);
  }
  if (
    typeof event.type !== 'string' ||
    typeof event.data?.object !== 'object' ||
    event.data.object === null
  ) {
    throw invalid(`the event ${event.id} is about nothing`);
  }
  return eventOf(event);
}

function verified(stripe: Stripe, { body, signature, secrets, receivedAt }: WebhookInput): Stripe.Event {
  const raw = typeof body === 'string' ? body : new TextDecoder().decode(body);
  let why = secrets.length === 0 ? 'no webhook secret is set' : 'it carries no signature';
  const isDated = signature !== null && !isAhead(signature, receivedAt);
  if (signature !== null && secrets.length > 0 && !isDated) why = 'its signature is of the future';
  for (const secret of isDated ? secrets : []) {
    try {
      return stripe.webhooks.constructEvent(raw, signature ?? '', secret, TOLERANCE_S, undefined, receivedAt);
    } catch (error) {
      const { type, message } = failureOf(error);
      // Past the signature: signed by us, but nothing that the SDK can read.
      if (type !== 'StripeSignatureVerificationError')
        throw invalid(`the webhook cannot be read: ${message}`);
      why = /tolerance/.test(message) ? 'its signature is too old' : 'its signature is not ours';
    }
  }
  throw new LedgerError('unauthenticated', `the webhook is refused: ${why}`, {
    ...(secrets.length === 0 ? { hint: 'set STRIPE_WEBHOOK_SECRET' } : {}),
  });
}
