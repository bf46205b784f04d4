/** Payments in the books of the simulated provider, and what happens to them. Pure: who keeps the books calls these. */
import type { Instant } from '../core/types.ts';
import type {
  DisputeFacts,
  Intent,
  IntentInput,
  PaymentReturns,
  ProviderEvent,
  RefundFacts,
} from '../ledger/payments/provider.ts';
import { testCard } from './simulated-cards.ts';

/** What of a payment went back. */
export interface Paid {
  readonly refunds: readonly RefundFacts[];
  readonly disputes: readonly DisputeFacts[];
}

export interface SimulatedIntent extends Intent, Paid {
  /** The test method that pays. */
  readonly method: string;
  /** Events there have been about it. */
  readonly events: number;
}

/** A payment after something happened, and what is told of it. Whoever stores them numbers the events. */
export interface Draft {
  readonly intent: SimulatedIntent;
  readonly events: readonly ProviderEvent[];
}

/** A payment that was made and asks for no money yet. */
export function intentOf(
  id: string,
  { metadata, customer, amountCents, currency }: Omit<IntentInput, 'paymentMethod'>,
  method: string,
  createdAt: Instant,
): SimulatedIntent {
  return {
    intent: id,
    status: 'requires_confirmation',
    decline: null,
    amountCents,
    receivedCents: 0,
    currency,
    customer,
    livemode: false,
    createdAt,
    ours: metadata,
    method,
    refunds: [],
    disputes: [],
    events: 0,
  };
}

/** The events that a command line reads later; the id comes with the row. */
export function eventOf(
  type: 'payment_intent.succeeded' | 'payment_intent.payment_failed' | 'charge.updated' | 'fraud_warning',
  { intent, livemode }: Intent,
  createdAt: Instant,
): ProviderEvent {
  const subject =
    type === 'charge.updated'
      ? ({ what: 'returns', intent } as const)
      : type === 'fraud_warning'
        ? ({ what: 'fraud_warning', intent } as const)
        : ({ what: 'intent', id: intent } as const);
  return { id: '', type, createdAt, livemode, subject };
}

/** Asks the bank. */
export function charged(found: SimulatedIntent, at: Instant): Draft {
  const charge = testCard(found.method)?.charge ?? { is: 'paid' };
  if (charge.is === 'processing') return { intent: { ...found, status: 'processing' }, events: [] };
  if (charge.is === 'declined') {
    const intent: SimulatedIntent = { ...found, status: 'declined', decline: charge.decline };
    return { intent, events: [eventOf('payment_intent.payment_failed', intent, at)] };
  }
  if (charge.is === 'holder') {
    const decline = {
      kind: 'holder',
      code: 'authentication_required',
      message: 'The bank wants the card holder to authenticate.',
    } as const;
    const intent: SimulatedIntent = { ...found, status: 'requires_action', decline };
    return { intent, events: [eventOf('payment_intent.payment_failed', intent, at)] };
  }
  const paid: SimulatedIntent = { ...found, status: 'succeeded', receivedCents: found.amountCents };
  return afterwards(paid, charge.after, at);
}

function afterwards(
  paid: SimulatedIntent,
  then: 'dispute' | 'inquiry' | 'fraud_warning' | undefined,
  at: Instant,
): Draft {
  const events = [eventOf('payment_intent.succeeded', paid, at)];
  if (then === undefined) return { intent: paid, events };
  if (then === 'fraud_warning') {
    return { intent: paid, events: [...events, eventOf('fraud_warning', paid, at)] };
  }
  const status = then === 'dispute' ? 'open' : 'flagged';
  const dispute: DisputeFacts = { id: `dp_${paid.intent}`, amountCents: paid.amountCents, status };
  const intent = { ...paid, disputes: [dispute] };
  return { intent, events: [...events, eventOf('charge.updated', intent, at)] };
}

/** True while no money has come in and none may still come. */
export const cancelable = ({ status }: SimulatedIntent): boolean =>
  status === 'requires_confirmation' || status === 'requires_action' || status === 'declined';

export const returnsOf = ({ intent, receivedCents, refunds, disputes }: SimulatedIntent): PaymentReturns => ({
  intent,
  paidCents: receivedCents,
  refunds,
  disputes,
});

/** What is not with us. */
export function sums({ refunds, disputes }: Paid): { refundedCents: number; disputedCents: number } {
  let refundedCents = 0;
  let disputedCents = 0;
  for (const { status, amountCents } of refunds) {
    if (status === 'pending' || status === 'succeeded') refundedCents += amountCents;
  }
  for (const { status, amountCents } of disputes) {
    if (status === 'open' || status === 'lost') disputedCents += amountCents;
  }
  return { refundedCents, disputedCents };
}
