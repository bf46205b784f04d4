/** Money that went back at Stripe, and its books of payments. */
import type { Stripe } from 'stripe';
import type {
  DisputeFacts,
  PaymentRecord,
  PaymentReturns,
  RefundFacts,
} from '../ledger/payments/provider.ts';
import { carry, carryOrMissing } from './stripe-failures.ts';
import { intentOf } from './stripe-intents.ts';

const REFUND: Readonly<Record<string, RefundFacts['status']>> = {
  pending: 'pending',
  requires_action: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

/** While money is withheld a dispute is open: an appeal follows one that was lost. */
const DISPUTE: Readonly<Record<string, DisputeFacts['status']>> = {
  needs_response: 'open',
  under_review: 'open',
  appeal_needs_response: 'open',
  appeal_under_review: 'open',
  won: 'won',
  lost: 'lost',
  prevented: 'flagged',
  warning_needs_response: 'flagged',
  warning_under_review: 'flagged',
  warning_closed: 'flagged',
};

/** A status that this program does not know counts as given back, as the money is on its way. */
const refundOf = (refund: Stripe.Refund): RefundFacts => ({
  id: refund.id,
  amountCents: refund.amount,
  status: (Object.hasOwn(REFUND, refund.status ?? '') ? REFUND[refund.status ?? ''] : undefined) ?? 'pending',
});

function disputeOf(dispute: Stripe.Dispute): DisputeFacts {
  const known = Object.hasOwn(DISPUTE, dispute.status) ? DISPUTE[dispute.status] : undefined;
  // Of a status that this program does not know, the money tells.
  const moved = dispute.balance_transactions.reduce((sum, transaction) => sum + transaction.amount, 0);
  return { id: dispute.id, amountCents: dispute.amount, status: known ?? (moved < 0 ? 'open' : 'flagged') };
}

export function stripeReturns(stripe: Stripe) {
  const disputesOf = async (intent: string): Promise<DisputeFacts[]> => {
    const disputes: DisputeFacts[] = [];
    for await (const dispute of stripe.disputes.list({ payment_intent: intent, limit: 100 })) {
      disputes.push(disputeOf(dispute));
    }
    return disputes;
  };

  return {
    async returnsOf(intent: string): Promise<PaymentReturns> {
      const what = 'looking at what was given back';
      const payment = await carryOrMissing(what, () => stripe.paymentIntents.retrieve(intent));
      if (payment === null) return { intent, paidCents: 0, refunds: [], disputes: [] };
      return carry(what, async () => {
        const refunds: RefundFacts[] = [];
        for await (const refund of stripe.refunds.list({ payment_intent: intent, limit: 100 })) {
          refunds.push(refundOf(refund));
        }
        return { intent, paidCents: payment.amount_received, refunds, disputes: await disputesOf(intent) };
      });
    },

    async *payments(): AsyncGenerator<readonly PaymentRecord[]> {
      let after: string | undefined;
      for (;;) {
        const page = await carry('reading the payments', () =>
          stripe.paymentIntents.list({
            limit: 100,
            expand: ['data.latest_charge'],
            ...(after === undefined ? {} : { starting_after: after }),
          }),
        );
        const records: PaymentRecord[] = [];
        for (const payment of page.data) {
          const intent = intentOf(payment);
          if (intent.ours === null && intent.status !== 'succeeded') continue;
          const charge = typeof payment.latest_charge === 'string' ? null : payment.latest_charge;
          const disputes = charge?.disputed
            ? await carry('reading disputes', () => disputesOf(intent.intent))
            : [];
          records.push({
            intent,
            refundedCents: charge?.amount_refunded ?? 0,
            disputedCents: disputes
              .filter(({ status }) => status === 'open' || status === 'lost')
              .reduce((sum, dispute) => sum + dispute.amountCents, 0),
          });
        }
        yield records;
        after = page.data.at(-1)?.id;
        if (!page.has_more || after === undefined) return;
      }
    },
  };
}
