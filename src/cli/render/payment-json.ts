/** Views of payments as the JSON that the contract promises: money in minor units, credits as numbers. Source: contract 1, 6. */
import { toJsonCredits } from '../../core/credits.ts';
import { formatInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import type {
  AttemptView,
  AuditView,
  CardView,
  PurchaseView,
  ReceiptView,
  SyncView,
  TopupRunView,
  TopupView,
} from '../../ledger/service.ts';
import { failureFields } from '../output.ts';
import { dueJson } from '../wire-json.ts';

const instant = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
const credits = (amount: TopupView['threshold']): number | null =>
  amount === null ? null : toJsonCredits(amount);

const receiptFields = (receipt: ReceiptView | null) =>
  receipt === null ? {} : { receipt: receipt.receipt, replayed: receipt.replayed, dryRun: receipt.dryRun };

/** Fields of `credits.topup/v1`. */
export const topupJson = (view: TopupView) => ({
  account: view.account,
  enabled: view.enabled,
  threshold: credits(view.threshold),
  amount: credits(view.amount),
  priceCents: view.priceCents,
  monthlyLimitCents: view.monthlyLimitCents,
  usedThisMonthCents: view.usedThisMonthCents,
  currency: view.currency,
  state: view.state,
  reason: view.reason,
  coolUntil: instant(view.coolUntil),
  paymentMethod: view.paymentMethod,
  available: toJsonCredits(view.available),
  ...receiptFields(view.receipt),
});

/** One row of `credits.attempts/v1`. */
export const attemptJson = (view: AttemptView) => ({
  attempt: view.attempt,
  account: view.account,
  kind: view.kind,
  at: formatInstant(view.at),
  status: view.status,
  credits: toJsonCredits(view.credits),
  amountCents: view.amountCents,
  currency: view.currency,
  reason: view.reason,
  clawedBack: toJsonCredits(view.clawed),
  lot: view.lot,
});

/** Fields of `credits.attempts/v1` after a run. */
export const runJson = (view: TopupRunView) => ({
  accounts: view.accounts,
  attempts: view.attempts.map(attemptJson),
  failed: view.failed.map(({ account, error }) => ({ account, error: failureFields(error) })),
  booked: view.booked.map(({ account, ...due }) => ({ account, ...dueJson(due) })),
  ...(view.state === null ? {} : { state: view.state }),
  simulated: view.simulated,
  dryRun: view.dryRun,
});

/** Fields of `credits.purchase/v1`, and one row of `credits.purchases/v1`. */
export const purchaseJson = (view: PurchaseView) => ({
  purchase: view.purchase,
  account: view.account,
  kind: view.kind,
  at: formatInstant(view.at),
  status: view.status,
  credits: toJsonCredits(view.credits),
  amountCents: view.amountCents,
  currency: view.currency,
  reason: view.reason,
  receipt: view.receipt,
  lot: view.lot,
  clawedBack: toJsonCredits(view.clawed),
  payUrl: view.payUrl,
  simulated: view.simulated,
  replayed: view.replayed,
  dryRun: view.dryRun,
});

/** Fields of `credits.card/v1`. */
export const cardJson = (view: CardView) => ({
  account: view.account,
  status: view.status,
  card: view.card,
  provider: view.provider,
  refused: view.refused,
  consent:
    view.consent === null ? null : { version: view.consent.version, at: formatInstant(view.consent.at) },
  setupUrl: view.setupUrl,
  simulated: view.simulated,
  ...receiptFields(view.receipt),
});

/** Fields of `credits.sync/v1`. */
export const syncJson = (view: SyncView) => ({
  provider: view.provider,
  attempts: view.attempts.map(attemptJson),
  events: view.events,
  granted: toJsonCredits(view.granted),
  clawedBack: toJsonCredits(view.clawed),
  reinstated: toJsonCredits(view.reinstated),
  closed: view.closed,
  failed: view.failed.map(({ what, error }) => ({ what, error: failureFields(error) })),
  dryRun: view.dryRun,
});

/** Fields of `credits.audit/v1`. */
export const auditJson = (view: AuditView) => ({ ...view });
