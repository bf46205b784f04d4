/** Attempts and purchases as front ends see them. */
import { LedgerError } from '../../core/errors.ts';
import { lotId, payId, receiptId } from '../../core/ids.ts';
import type { Account, AccountState } from '../../core/types.ts';
import type { Attempt } from '../../core/wallet.ts';
import type { AttemptView, PurchaseView } from '../payment-views.ts';

export const attemptView = (account: Account, attempt: Attempt): AttemptView => ({
  attempt: payId(account, attempt.no),
  account: account.id,
  kind: attempt.kind,
  at: attempt.reservedAt,
  status: attempt.status,
  credits: attempt.credits,
  amountCents: attempt.amountCents,
  currency: attempt.currency,
  mix: attempt.mix,
  reason: attempt.reason,
  clawed: attempt.clawed,
  lot: attempt.lot === null ? null : lotId(account, attempt.lot),
  provider: attempt.provider,
});

export interface PurchaseFacts {
  readonly payUrl?: string | null;
  readonly state?: AccountState;
  readonly replayed?: boolean;
  readonly dryRun?: boolean;
}

export function purchaseView(account: Account, attempt: Attempt, facts: PurchaseFacts = {}): PurchaseView {
  const { attempt: purchase, provider, ...view } = attemptView(account, attempt);
  return {
    purchase,
    ...view,
    receipt: attempt.lot === null ? null : receiptId(account, attempt.lot),
    payUrl: facts.payUrl ?? null,
    available: facts.state?.account.available ?? null,
    simulated: provider === 'simulated',
    replayed: facts.replayed === true,
    dryRun: facts.dryRun === true,
  };
}

/**
 * The refusal that an attempt amounts to for who made it; undefined: it went well, or goes its way.
 * @param payUrl where the holder can pay
 */
export function failureOf(view: AttemptView, payUrl: string | null): LedgerError | undefined {
  const details = { purchase: view.attempt, status: view.status, reason: view.reason };
  switch (view.status) {
    case 'failed':
      return new LedgerError(
        'payment_declined',
        `the payment ${view.attempt} was declined (${view.reason ?? 'no reason'})`,
        {
          hint:
            view.reason === null || !CONFIG.test(view.reason)
              ? 'try another card: `credits card add`'
              : 'the provider refused the request itself: check the key and the saved card',
          details,
        },
      );
    case 'requires_action':
      return new LedgerError(
        'payment_action_required',
        `the bank wants the card holder for ${view.attempt}`,
        {
          hint: payUrl === null ? '`credits purchases show` names the pay link' : `pay at ${payUrl}`,
          details: { ...details, payUrl },
        },
      );
    case 'mismatch':
      return new LedgerError(
        'integrity_failure',
        `what came in for ${view.attempt} is not what was asked for`,
        {
          hint: 'run `credits payments audit`; no credits were granted',
          details,
        },
      );
    case 'unknown':
    case 'reserved':
    case 'created':
    case 'confirming':
      return new LedgerError('payment_unknown', `it is not known yet whether ${view.attempt} was paid`, {
        hint: 'nothing else is charged until it is: run `credits payments sync`',
        details,
      });
    case 'canceled':
      return new LedgerError(
        'payment_declined',
        `the payment ${view.attempt} was canceled; nothing was charged`,
        {
          details,
        },
      );
    default:
      return undefined;
  }
}

const CONFIG =
  /^(?:resource_missing|api_key|authentication|permission|idempotency|parameter|invalid_request|mode_mismatch)/;
