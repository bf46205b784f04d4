/** Disputes and early fraud warnings. */
import type { Stripe } from 'stripe';
import type { Params } from '../params.ts';
import type { WireDispute, WireFraudWarning } from '../wire.ts';
import { take, type World } from '../world.ts';

export const DISPUTE_UPDATE = [
  'evidence',
  'expand',
  'metadata',
  'submit',
] as const satisfies readonly (keyof Stripe.DisputeUpdateParams)[];

/** What a dispute is about; a status that starts with `warning_` takes no money. */
export interface DisputeFacts {
  amount?: number;
  reason?: string;
  status?: Stripe.Dispute.Status;
}

export function openDispute(world: World, chargeId: string, facts: DisputeFacts = {}): WireDispute {
  const charge = take(world.charges, 'charge', chargeId);
  const status = facts.status ?? 'needs_response';
  const amount = facts.amount ?? charge.amount;
  const dispute: WireDispute = {
    id: world.id('dp'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: world.now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE(),
    evidence_details: {
      due_by: world.now + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: status.startsWith('warning_'),
    livemode: world.livemode,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason: facts.reason ?? 'fraudulent',
    status,
  };
  world.disputes.set(dispute.id, dispute);
  if (!status.startsWith('warning_') && status !== 'prevented') charge.disputed = true;
  world.emit('charge.dispute.created', dispute);
  if (charge.disputed) withdraw(world, dispute);
  return dispute;
}

function withdraw(world: World, dispute: WireDispute): void {
  const moved = world.move('adjustment', -dispute.amount, dispute.currency, dispute.id);
  dispute.balance_transactions = [moved];
  world.emit('charge.dispute.funds_withdrawn', dispute);
}

/** The bank decides. */
export function closeDispute(world: World, id: string, verdict: 'won' | 'lost'): WireDispute {
  const dispute = take(world.disputes, 'dispute', id);
  const before = dispute.status;
  if (['won', 'lost', 'warning_closed'].includes(before)) throw new Error(`${id} is closed`);
  const wasWarning = before.startsWith('warning_');
  dispute.status = wasWarning ? 'warning_closed' : verdict;
  world.emit('charge.dispute.closed', dispute, { status: before });
  if (!wasWarning && verdict === 'won') {
    world.move('adjustment', dispute.amount, dispute.currency, dispute.id);
    world.emit('charge.dispute.funds_reinstated', dispute);
  }
  return dispute;
}

/** An inquiry becomes a real dispute. */
export function escalateDispute(world: World, id: string): WireDispute {
  const dispute = take(world.disputes, 'dispute', id);
  const before = dispute.status;
  dispute.status = 'needs_response';
  take(world.charges, 'charge', dispute.charge).disputed = true;
  world.emit('charge.dispute.updated', dispute, { status: before });
  withdraw(world, dispute);
  return dispute;
}

/** Evidence that holds a magic text decides at once. */
export function updateDispute(world: World, id: string, params: Params): WireDispute {
  const dispute = take(world.disputes, 'dispute', id);
  const text = params.inner('evidence')?.only(['uncategorized_text']).text('uncategorized_text') ?? null;
  dispute.evidence.uncategorized_text = text;
  if (params.truth('submit') === false) return dispute;
  if (text === 'winning_evidence') return closeDispute(world, id, 'won');
  if (text === 'losing_evidence') return closeDispute(world, id, 'lost');
  return dispute;
}

export function warnOfFraud(world: World, chargeId: string): WireFraudWarning {
  const charge = take(world.charges, 'charge', chargeId);
  const warning: WireFraudWarning = {
    id: world.id('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: charge.id,
    created: world.now,
    fraud_type: 'made_with_stolen_card',
    livemode: world.livemode,
    ...(charge.payment_intent === null ? {} : { payment_intent: charge.payment_intent }),
  };
  world.fraudWarnings.set(warning.id, warning);
  world.emit('radar.early_fraud_warning.created', warning);
  return warning;
}

const NO_EVIDENCE = (): WireDispute['evidence'] => ({
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
});
