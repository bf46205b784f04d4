/**
 * Money that went back: refunds and disputes take credits back, a dispute that is won or a refund that fails gives them
 * back. What counts is how a payment stands, never how many events told of it.
 *
 * Source: contract 9 (refund or dispute), 5.6 (debt), 5.12 (closed accounts).
 */
import { least, type Microcredits, micro, ZERO } from '../credits.ts';
import { compareLots, isSpendable } from '../lots.ts';
import {
  type Attempt,
  isClaim,
  ownLots,
  type ReturnStatus,
  type Returns,
  type TopupPolicy,
  type TopupReason,
  type Wallet,
  type WalletChange,
} from '../wallet.ts';
import type { Booking } from './booking.ts';
import { afterGivingBack, takenElsewhere } from './give-back.ts';
import { grantLot } from './grant-lot.ts';
import { requireAttempt } from './payments.ts';
import { sweep } from './sweep.ts';
import { walletDetail } from './topup.ts';

/** A later status is never undone by an earlier one, however late the earlier one is heard of. */
const RANK: Readonly<Record<ReturnStatus, number>> = {
  pending: 0,
  succeeded: 1,
  failed: 2,
  canceled: 2,
  flagged: 0,
  open: 1,
  lost: 2,
  won: 3,
};

/** Status in which the money is not with us. */
const IS_GONE: ReadonlySet<ReturnStatus> = new Set<ReturnStatus>(['pending', 'succeeded', 'open', 'lost']);

/** What is known before, and what was heard now: order and repetition make no difference. */
export function mergeReturns(before: Returns, found: Returns): Returns {
  const merged = { ...before };
  for (const [id, one] of Object.entries(found)) {
    const known = merged[id];
    if (known === undefined || RANK[one.status] > RANK[known.status]) merged[id] = one;
  }
  // In order of id, so that what is the same has the same text.
  return Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** ⌊granted × min(refunded + disputed, paid) / paid⌋, microcredits. */
export function returnTarget(
  { credits, amountCents }: Pick<Attempt, 'credits' | 'amountCents'>,
  returns: Returns,
): Microcredits {
  if (amountCents === 0) return ZERO;
  let gone = 0n;
  for (const { status, cents } of Object.values(returns)) if (IS_GONE.has(status)) gone += BigInt(cents);
  const paid = BigInt(amountCents);
  return micro(Number((BigInt(credits) * (gone < paid ? gone : paid)) / paid));
}

/**
 * Takes back or gives back what a payment's returns ask for. The same returns again change nothing.
 * @param booking with every lot of the purchase loaded
 * @returns undefined when there is nothing new
 */
export function decideReturns(
  booking: Booking,
  wallet: Wallet,
  no: number,
  found: Returns,
): WalletChange | undefined {
  const before = requireAttempt(wallet, no);
  if (before.lot === null) return undefined;
  const returns = mergeReturns(before.returns, found);
  if (JSON.stringify(returns) === JSON.stringify(before.returns)) return undefined;
  sweep(booking);
  const policy = switchedOff(wallet.policy, before.returns, returns);
  // What the sweep gave back counts.
  const attempts = new Map([...wallet.attempts, ...booking.claims]);
  const attempt = { ...attempts.get(no)!, returns };
  const { clawed } = attempt;
  const taken = micro(clawed + revokedByHand(booking, attempts, ownLots(attempt)));
  const target = returnTarget(before, returns);
  if (target > taken) return take(booking, attempt, micro(target - taken), policy);
  const isLess = target < returnTarget(before, before.returns);
  const back = least(isLess ? clawed : takenElsewhere(attempt), micro(taken - target));
  return back > ZERO ? giveBack(booking, attempt, back, isLess, policy) : note(booking, attempt, policy);
}

/** What `revoke` took from lots: all that was revoked of them, less what payments took back from there, their own and others. */
function revokedByHand(
  booking: Booking,
  attempts: ReadonlyMap<number, Attempt>,
  lots: readonly number[],
): number {
  let byHand = 0;
  for (const lot of lots) {
    byHand += booking.lot(lot).revoked;
    for (const { clawedFrom } of attempts.values()) byHand -= clawedFrom[lot] ?? ZERO;
  }
  return byHand;
}

type PolicyChange = { readonly policy?: TopupPolicy };

/** New money that is gone switches top-up off, whatever it took. */
function switchedOff(policy: TopupPolicy | null, before: Returns, after: Returns): PolicyChange {
  if (policy === null || !policy.enabled) return {};
  for (const [id, { status }] of Object.entries(after)) {
    const known = before[id];
    if (!IS_GONE.has(status) || (known !== undefined && IS_GONE.has(known.status))) continue;
    const reason: TopupReason = status === 'open' || status === 'lost' ? 'disputed' : 'refunded';
    return { policy: { ...policy, enabled: false, reason } };
  }
  return {};
}

/** From what is free of its own lot, then of other purchased lots in burn order; the rest is debt at once. */
function take(booking: Booking, attempt: Attempt, amount: Microcredits, policy: PolicyChange): WalletChange {
  const own = booking.lot(attempt.lot!);
  const others = [...booking.lots.values()]
    .filter((lot) => lot.source === 'purchased' && lot.no !== own.no && isSpendable(lot, booking.at))
    .sort(compareLots);
  const ownOnes = ownLots(attempt);
  let left = amount;
  let fromOwn = ZERO;
  const clawedFrom = { ...attempt.clawedFrom };
  for (const lot of [own, ...others]) {
    const part = least(lot.available, left);
    booking.move('revoked', 'available', 'revoked', part, lot.no);
    left = micro(left - part);
    if (ownOnes.includes(lot.no)) fromOwn = micro(fromOwn + part);
    if (part > ZERO) clawedFrom[lot.no] = micro((clawedFrom[lot.no] ?? ZERO) + part);
  }
  booking.move('owed', 'debt', 'revoked', left, null);
  const changed: Attempt = {
    ...attempt,
    clawed: micro(attempt.clawed + amount),
    clawedFrom,
    elsewhere: micro(takenElsewhere(attempt) + amount - fromOwn),
    changedBy: booking.next,
  };
  booking.putClaim(changed);
  const change = { ...policy, attempts: [changed] };
  booking.close('clawback', { credits: amount, detail: walletDetail(change) });
  return change;
}

/** As a new purchased lot: it repays debt first, as every grant does. */
function giveBack(
  booking: Booking,
  attempt: Attempt,
  amount: Microcredits,
  isOwn: boolean,
  policy: PolicyChange,
): WalletChange {
  const lot = grantLot(booking, { source: 'purchased', amount, isPaid: true });
  const { next } = booking;
  const changed = afterGivingBack(attempt, amount, next, isOwn ? next : null);
  booking.putClaim(changed);
  const change = { ...policy, attempts: [changed] };
  booking.close('reinstate', { credits: amount, detail: { lot, ...walletDetail(change) } });
  return change;
}

/** Nothing is taken (a flag, or it was revoked before), but it is known now. */
function note(booking: Booking, attempt: Attempt, policy: PolicyChange): WalletChange {
  const changed = { ...attempt, changedBy: booking.next };
  if (isClaim(changed)) booking.putClaim(changed);
  const change = { ...policy, attempts: [changed] };
  booking.close('setting', { credits: ZERO, detail: walletDetail(change) });
  return change;
}

/** An early warning of fraud: top-up rests until a person switches it on again. */
export function decideFraudWarning(booking: Booking, { policy }: Wallet): WalletChange | undefined {
  if (policy === null || !policy.enabled) return undefined;
  sweep(booking);
  const change: WalletChange = { policy: { ...policy, enabled: false, reason: 'fraud_warning' } };
  booking.close('setting', { credits: ZERO, detail: walletDetail(change) });
  return change;
}
