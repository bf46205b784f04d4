/**
 * Payment attempts: reserving one, noting how far it is, and granting what was paid. Whoever talks to the provider calls
 * these between its calls; each is one transaction, so a crash leaves a state from which one can go on.
 *
 * Source: contract 9; docs/PAYMENTS.md (one charge).
 */
import { formatCredits, type Microcredits, micro, ZERO } from '../credits.ts';
import { LedgerError } from '../errors.ts';
import { payId } from '../ids.ts';
import type { PlanContext } from '../plans.ts';
import { cheapestMix, mixText, type Purchase, type TopupState, topupState, usedInMonth } from '../topup.ts';
import type { Receipt } from '../types.ts';
import {
  ACTIVE,
  type Attempt,
  type AttemptStatus,
  type Card,
  isUnheard,
  type TopupPolicy,
  type Wallet,
  type WalletChange,
} from '../wallet.ts';
import { type Booking, type RequestKey, refuseClosed } from './booking.ts';
import { grantLot, requireRoom } from './grant-lot.ts';
import { bookDueCycle } from './plan-change.ts';
import { isRenewing } from './subscriptions.ts';
import { sweep } from './sweep.ts';
import { type Author, requireCard, walletDetail } from './topup.ts';

/** How an attempt is paid. */
export interface Payer {
  readonly provider: Card['provider'];
  readonly customer: string;
  /** Null: on a page of the provider's. */
  readonly paymentMethod: string | null;
}

const NO_KEY: RequestKey = { key: null, request: null };
export const CURRENCY = 'usd';

/** An attempt that was reserved, and the rows that changed with it. */
export interface Reserved {
  readonly attempt: Attempt;
  readonly change: WalletChange;
}

function reserve(
  booking: Booking,
  purchase: Purchase,
  kind: Attempt['kind'],
  payer: Payer,
  key: RequestKey,
  { by }: Author,
  prefix = '',
): Reserved {
  const attempt: Attempt = {
    no: booking.next,
    kind,
    status: 'reserved',
    credits: purchase.credits,
    amountCents: purchase.priceCents,
    currency: CURRENCY,
    mix: prefix + mixText(purchase),
    reservedAt: booking.at,
    ...payer,
    intent: null,
    session: null,
    reason: null,
    lot: null,
    clawed: ZERO,
    clawedFrom: {},
    returns: {},
    changedBy: booking.next,
  };
  const change = { attempts: [attempt] };
  booking.close('setting', { credits: ZERO, detail: { ...walletDetail(change), by } }, key);
  return { attempt, change };
}

/** Room for what is under way too: money that came in is always booked. */
function requireRoomFor(booking: Booking, wallet: Wallet, amount: Microcredits): void {
  let pending = amount as number;
  for (const attempt of wallet.attempts.values()) if (ACTIVE.has(attempt.status)) pending += attempt.credits;
  requireRoom(booking, micro(pending));
}

/**
 * Reserves a purchase that a person asked for.
 * @throws LedgerError in this order: `account_closed`, `payment_unknown` (an earlier outcome is not known yet),
 *   `invalid_argument` (no room); nothing is booked then
 */
export function decidePurchase(
  booking: Booking,
  wallet: Wallet,
  purchase: Purchase,
  payer: Payer,
  key: RequestKey,
  author: Author,
): Reserved {
  refuseClosed(booking.account);
  for (const attempt of wallet.attempts.values()) {
    if (isUnheard(attempt)) throw outcomeUnknown(payId(booking.account, attempt.no));
  }
  sweep(booking);
  requireRoomFor(booking, wallet, purchase.credits);
  return reserve(booking, purchase, 'manual', payer, key, author);
}

/** The refusal while it is not known whether an earlier payment took money. */
export const outcomeUnknown = (attempt: string): LedgerError =>
  new LedgerError('payment_unknown', `it is not known yet whether ${attempt} was paid`, {
    hint: 'nothing is charged until that is settled: `credits payments sync`',
    details: { purchase: attempt },
  });

/** What the automatic top-up came to. */
export interface AutoDecision {
  /** The state before, with everything due booked. */
  readonly state: TopupState;
  readonly reserved: Reserved | null;
}

/** The purchase that a policy makes next; undefined: its amount is no sum of packages any more. */
export const nextPurchase = (
  booking: Pick<Booking, 'at'>,
  policy: TopupPolicy,
  { catalogue }: PlanContext,
): Purchase | undefined => cheapestMix(catalogue.packagesAt(booking.at), policy.amount);

/**
 * Books what is due of cycle and clock, then judges the policy, and reserves a purchase when one is due. The limit is
 * reserved here, in the transaction that inserts the attempt.
 */
export function decideAuto(
  booking: Booking,
  wallet: Wallet,
  context: PlanContext,
  author: Author,
): AutoDecision {
  const { policy } = wallet;
  if (policy === null || booking.account.closedAt !== null) return { state: 'off', reserved: null };
  sweep(booking);
  // Nobody is charged for what the plan gives anyway.
  bookDueCycle(booking, context);
  const purchase = nextPurchase(booking, policy, context);
  const { zone } = booking.account;
  const state = topupState(wallet, {
    at: booking.at,
    available: booking.available,
    debt: booking.account.debt,
    isClosed: false,
    priceCents: purchase?.priceCents ?? null,
    usedCents: usedInMonth(wallet.attempts.values(), booking.at, zone, context.zones),
    isRenewing: isRenewing(wallet.card?.subscription, booking.at),
  });
  if (state !== 'due') return { state, reserved: null };
  requireRoomFor(booking, wallet, purchase!.credits);
  const { provider, customer, paymentMethod } = requireCard(wallet);
  const payer = { provider, customer, paymentMethod };
  return { state, reserved: reserve(booking, purchase!, 'auto', payer, NO_KEY, author) };
}

/** How far an attempt is, as the provider told. */
export interface Progress {
  readonly status: Exclude<AttemptStatus, 'reserved' | 'succeeded'>;
  readonly intent?: string;
  readonly session?: string | null;
  readonly reason?: string | null;
  /** What a failure means for the next automatic attempt. */
  readonly failure?: 'soft' | 'hard' | 'provider_config' | null;
}

export function requireAttempt(wallet: Wallet, no: number): Attempt {
  const attempt = wallet.attempts.get(no);
  if (attempt === undefined) throw new LedgerError('integrity_failure', `attempt ${no} was not loaded`);
  return attempt;
}

/**
 * Notes how far an attempt is. What has ended stays ended: only money that came in after all changes it.
 * @returns undefined when there is nothing to note
 */
export function decideProgress(
  booking: Booking,
  wallet: Wallet,
  no: number,
  progress: Progress,
): WalletChange | undefined {
  const before = requireAttempt(wallet, no);
  const canChange = ACTIVE.has(before.status) || (isEnded(before) && progress.status === 'mismatch');
  if (!canChange) return undefined;
  const attempt: Attempt = {
    ...before,
    status: progress.status,
    intent: progress.intent ?? before.intent,
    session: progress.session === undefined ? before.session : progress.session,
    reason: progress.reason === undefined ? before.reason : progress.reason,
  };
  if (JSON.stringify(attempt) === JSON.stringify(before)) return undefined;
  return close(booking, attempt, afterProgress(booking, wallet, attempt, progress));
}

const isEnded = ({ status }: Attempt): boolean => status === 'failed' || status === 'canceled';

function close(booking: Booking, attempt: Attempt, more: WalletChange): WalletChange {
  sweep(booking);
  const change = { ...more, attempts: [{ ...attempt, changedBy: booking.next }] };
  booking.close('setting', { credits: ZERO, detail: walletDetail(change) });
  return change;
}

const HOUR_MS = 3_600_000;
/** Wait after the first and second soft decline in a row. */
const COOL_MS = [HOUR_MS, 6 * HOUR_MS] as const;
const MOST_STRIKES = 3;

/** What an automatic attempt that did not work out does to the policy and the card. */
function afterProgress(
  booking: Booking,
  { policy, card }: Wallet,
  attempt: Attempt,
  { status, failure }: Progress,
): WalletChange {
  if (policy === null) return {};
  const off = (reason: TopupPolicy['reason']): TopupPolicy => ({
    ...policy,
    enabled: false,
    reason: policy.enabled ? reason : policy.reason,
  });
  if (status === 'mismatch') return { policy: off('mismatch') };
  if (attempt.kind === 'manual' || failure == null) return {};
  if (failure === 'hard') {
    const isSame = card !== null && card.paymentMethod === attempt.paymentMethod;
    // The card may have been exchanged while the bank was asked.
    return isSame ? { policy: off('card_refused'), card: { ...card, refused: true } } : {};
  }
  if (failure === 'provider_config') {
    return {
      policy: { ...policy, coolUntil: booking.at + HOUR_MS, reason: rest(policy, 'provider_config') },
    };
  }
  const strikes = Math.min(MOST_STRIKES, policy.strikes + 1);
  if (strikes === MOST_STRIKES)
    return { policy: { ...off('declined_three_times'), strikes, coolUntil: null } };
  const coolUntil = booking.at + COOL_MS[strikes - 1]!;
  return { policy: { ...policy, strikes, coolUntil, reason: rest(policy, 'declined') } };
}

/** A reason for resting; one that is off keeps the reason why. */
const rest = (policy: TopupPolicy, reason: TopupPolicy['reason']): TopupPolicy['reason'] =>
  policy.enabled ? reason : policy.reason;

/** A success, also one that comes after a failure was noted. @returns undefined when it was granted before */
export function decideSuccess(
  booking: Booking,
  wallet: Wallet,
  no: number,
  intent: string,
): { readonly change: WalletChange; readonly receipt: Receipt } | undefined {
  const before = requireAttempt(wallet, no);
  if (before.status === 'succeeded' || before.status === 'mismatch') return undefined;
  sweep(booking);
  const note = `${before.kind === 'auto' ? 'auto top-up' : 'purchase'} ${payId(booking.account, no)}`;
  const lot = grantLot(booking, { source: 'purchased', amount: before.credits, note, isPaid: true });
  const attempt: Attempt = {
    ...before,
    status: 'succeeded',
    intent,
    reason: null,
    lot: booking.next,
    changedBy: booking.next,
  };
  const { policy } = wallet;
  const change: WalletChange = {
    attempts: [attempt],
    ...(policy === null || isCalm(policy) ? {} : { policy: calmed(policy) }),
  };
  const detail = { lot, ...walletDetail(change) };
  const receipt = booking.close('grant', { credits: before.credits, note, detail });
  return { change, receipt };
}

const isCalm = ({ strikes, coolUntil }: TopupPolicy): boolean => strikes === 0 && coolUntil === null;

/** Success takes strikes away; what switched the policy off stays. */
const calmed = (policy: TopupPolicy): TopupPolicy => ({
  ...policy,
  strikes: 0,
  coolUntil: null,
  reason: policy.enabled ? null : policy.reason,
});

/** Before the packages of an attempt that was found at the provider, and not in a ledger that was restored. */
export const FOUND = 'found ';

/**
 * A payment of ours that succeeded and that the ledger does not know: it was restored from before, or one attempt was paid
 * twice. Books an attempt for it and its grant.
 */
export function decideAdopt(
  booking: Booking,
  wallet: Wallet,
  purchase: Purchase & { readonly kind: Attempt['kind'] },
  payer: Payer & { readonly intent: string },
  author: Author,
): WalletChange {
  sweep(booking);
  const { provider, customer, paymentMethod, intent } = payer;
  const paid = { provider, customer, paymentMethod };
  const { attempt } = reserve(booking, purchase, purchase.kind, paid, NO_KEY, author, FOUND);
  const attempts = new Map([...wallet.attempts, [attempt.no, attempt]]);
  return decideSuccess(booking, { ...wallet, attempts }, attempt.no, intent)!.change;
}

/** `2,000 credits` for the provider's own papers, without grouping: they show it in any language. */
export const purchaseText = (credits: Microcredits): string => `${formatCredits(credits)} credits`;
