/** Refunds, whole or in part, and those that fail later. */
import type { Stripe } from 'stripe';
import type { Params } from '../params.ts';
import { malformed, missing, notAllowed } from '../refusal.ts';
import type { WireCharge, WireRefund } from '../wire.ts';
import { take, type World } from '../world.ts';

export const REFUND_CREATE = [
  'amount',
  'charge',
  'expand',
  'metadata',
  'payment_intent',
  'reason',
] as const satisfies readonly (keyof Stripe.RefundCreateParams)[];

export function createRefund(world: World, params: Params): WireRefund {
  const intent = params.text('payment_intent');
  const id =
    params.text('charge') ??
    (intent === null ? null : take(world.paymentIntents, 'payment_intent', intent).latest_charge);
  if (id === null)
    throw malformed('parameter_missing', 'One of charge or payment_intent is needed.', 'charge');
  return refund(world, id, params.integer('amount'), params.texts('metadata'));
}

/** A dispute that was won leaves the money here, and it can be given back then. */
const isChargedBack = (world: World, { id, disputed }: WireCharge): boolean =>
  disputed &&
  [...world.disputes.values()].some((dispute) => dispute.charge === id && dispute.status !== 'won');

/** Gives money back. @param amount minor units; all that is left when null */
export function refund(
  world: World,
  chargeId: string,
  amount: number | null = null,
  metadata: Record<string, string> = {},
): WireRefund {
  const charge = world.charges.get(chargeId);
  if (charge === undefined) throw missing('charge', chargeId);
  const left = charge.amount_captured - charge.amount_refunded;
  if (!charge.paid || left === 0)
    throw notAllowed('charge_already_refunded', `${chargeId} has nothing to refund.`);
  if (isChargedBack(world, charge)) throw notAllowed('charge_disputed', `${chargeId} has been charged back.`);
  const part = amount ?? left;
  if (part <= 0 || part > left)
    throw notAllowed('amount_too_large', `${part} is more than the ${left} left.`);
  const behaviour = behaviourOf(world, charge);
  const item: WireRefund = {
    id: world.id('re'),
    object: 'refund',
    amount: part,
    balance_transaction: world.move('refund', -part, charge.currency, charge.id).id,
    charge: charge.id,
    created: world.now,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    metadata,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: behaviour === 'pending' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  };
  world.refunds.set(item.id, item);
  const before = charge.amount_refunded;
  setRefunded(charge, before + part);
  world.emit('charge.refunded', charge, { amount_refunded: before });
  world.emit('refund.created', item);
  if (behaviour === 'pending') world.sequels.push(() => finishRefund(world, item.id));
  if (behaviour === 'fails') world.sequels.push(() => failRefund(world, item.id));
  return item;
}

const behaviourOf = (world: World, charge: WireCharge): 'pending' | 'fails' | undefined => {
  const outcome = world.behaviours.get(charge.payment_method ?? '')?.charge;
  return outcome?.kind === 'succeeds' ? outcome.refund : undefined;
};

function setRefunded(charge: WireCharge, amount: number): void {
  charge.amount_refunded = amount;
  charge.refunded = amount === charge.amount;
}

export function finishRefund(world: World, id: string): void {
  const item = take(world.refunds, 'refund', id);
  item.status = 'succeeded';
  world.emit('refund.updated', item, { status: 'pending' });
}

/** The bank sent the money back: the charge is refunded by so much less. */
export function failRefund(world: World, id: string): void {
  const item = take(world.refunds, 'refund', id);
  if (item.status === 'failed') throw new Error(`${id} failed already`);
  const charge = take(world.charges, 'charge', item.charge ?? '');
  const before = item.status;
  item.status = 'failed';
  item.failure_reason = 'expired_or_canceled_card';
  item.failure_balance_transaction = world.move('refund_failure', item.amount, item.currency, charge.id).id;
  const refunded = charge.amount_refunded;
  setRefunded(charge, refunded - item.amount);
  world.emit('charge.updated', charge, { amount_refunded: refunded });
  world.emit('refund.updated', item, { status: before });
  world.emit('refund.failed', item);
}
