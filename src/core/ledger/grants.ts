/** Adding lots and ending them. Source: contract 4 (sources), 5.4, 5.12; 6 (`grant`, `revoke`, `expire`). */
import { formatCredits, type Microcredits, micro, ZERO } from '../credits.ts';
import { invalid, LedgerError } from '../errors.ts';
import { lotId } from '../ids.ts';
import { hasEnded } from '../lots.ts';
import { cycleOf, type PlanContext, WELCOME_CREDITS } from '../plans.ts';
import { MAX_INSTANT } from '../time.ts';
import type { Instant, LotEnd } from '../types.ts';
import { type Booking, type RequestKey, refuseClosed } from './booking.ts';
import type { ExpireCommand, GrantCommand, RevokeCommand } from './commands.ts';
import { offsetTaken } from './give-back.ts';
import { grantLot } from './grant-lot.ts';
import { sweep } from './sweep.ts';

/**
 * An operator's grant.
 * @throws LedgerError in this order: `account_closed`, `invalid_argument`, `already_granted`; nothing is booked then
 */
export function decideGrant(
  booking: Booking,
  command: GrantCommand,
  context: PlanContext,
  key: RequestKey,
): void {
  // A closed account still takes what was paid for (contract 5.12).
  if (command.source !== 'purchased') refuseClosed(booking.account);
  if (command.amount === ZERO) throw invalid('the amount must be more than 0');
  sweep(booking);
  const facts =
    command.source === 'monthly'
      ? monthlyByHand(booking, command, context)
      : command.source === 'welcome'
        ? welcomeByHand(booking, command)
        : { expiresAt: expiryOf(booking, command) };
  const { source, amount, priority, note } = command;
  const lot = grantLot(booking, { source, amount, priority, note, ...facts });
  const detail = { lot, ...('plan' in facts ? { plan: facts.plan } : {}) };
  booking.close('grant', { credits: amount, note, detail }, key);
}

function expiryOf(booking: Booking, { source, expires }: GrantCommand): Instant | null {
  if (expires === null || expires === 'never') return null;
  if (source === 'purchased') throw invalid('purchased credits never expire: leave --expires out');
  const at = 'at' in expires ? expires.at : booking.at + expires.afterMs;
  if (at <= booking.at) throw invalid('a lot must expire later than now');
  if (at > MAX_INSTANT) throw invalid('a lot must expire before the year 10000, or never');
  return at;
}

function welcomeByHand(booking: Booking, command: GrantCommand): never {
  if (command.amount !== WELCOME_CREDITS) {
    throw invalid(`welcome credits are exactly ${formatCredits(WELCOME_CREDITS)}`);
  }
  // Every account is created with its welcome lot.
  throw new LedgerError('already_granted', `account ${booking.account.id} has had its welcome credits`);
}

function monthlyByHand(booking: Booking, command: GrantCommand, context: PlanContext) {
  if (command.expires !== null) {
    throw invalid('monthly credits expire with their cycle: leave --expires out');
  }
  const cycle = cycleOf(booking.account, booking.at, context);
  if (cycle === null) {
    throw invalid(`account ${booking.account.id} is on a plan without monthly credits`);
  }
  if (command.amount !== cycle.plan.monthly) {
    throw invalid(`the ${cycle.plan.id} plan gives exactly ${formatCredits(cycle.plan.monthly)} a month`);
  }
  if (cycle.granted) {
    throw new LedgerError('already_granted', 'the credits of this cycle have been granted');
  }
  return enterCycle(booking, cycle.plan.id, cycle.start, cycle.end);
}

/** Moves the account into a cycle and returns the facts of its lot. */
export function enterCycle(
  booking: Booking,
  plan: string,
  start: Instant,
  end: Instant,
  anchorAt: Instant | null = booking.account.anchorAt,
) {
  const { account } = booking;
  const state = {
    plan,
    anchorAt,
    cycle: account.cycle + 1,
    cycleStart: start,
    cycleEnd: end,
    pendingPlan: null,
    pendingAt: null,
  };
  // Two cycles may start at one instant (`restart` right after a grant); the period then has its lot already.
  const cycleStart = account.cycleStart === start ? null : start;
  booking.account = { ...account, ...state };
  return { expiresAt: end, cycle: state.cycle, cycleStart, plan: state };
}

/** Ends a lot now: what is free of it goes at once, what a hold has goes when the hold lets it go. */
export function endLot(booking: Booking, no: number, kind: LotEnd): Microcredits {
  const lot = booking.lot(no);
  if (hasEnded(lot, booking.at)) return ZERO;
  booking.move(kind, 'available', kind, lot.available, no);
  booking.putLot({ ...booking.lot(no), endedAt: booking.at, endKind: kind });
  return lot.available;
}

function requireLot(booking: Booking, no: number): void {
  if (booking.lots.has(no)) return;
  throw new LedgerError(
    'unknown_lot',
    `account ${booking.account.id} has no lot ${lotId(booking.account, no)}`,
    { hint: 'list them with `credits balance --lots`' },
  );
}

/**
 * Takes back what is left of a lot: the free part now, the held part when its hold lets it go. A lot that has ended
 * already loses nothing more; the receipt then says 0.
 * @throws LedgerError `account_closed`, `unknown_lot`: nothing is booked then
 */
export function decideRevoke(booking: Booking, command: RevokeCommand, key: RequestKey): void {
  refuseClosed(booking.account);
  requireLot(booking, command.lot);
  sweep(booking);
  const ended = !hasEnded(booking.lot(command.lot), booking.at);
  if (ended) offsetTaken(booking, new Map([[command.lot, booking.lot(command.lot).available]]));
  const taken = endLot(booking, command.lot, 'revoked');
  booking.close('revoke', { credits: taken, note: command.note, detail: { lot: command.lot, ended } }, key);
}

/**
 * Books lapsed lots and holds; with a lot, ends that one now. Nothing to book leaves no receipt.
 * @returns numbers of the lots that lost credits or were ended and of the holds that lapsed, and the credits expired
 * @throws LedgerError `unknown_lot`: nothing is booked then
 */
export function decideExpire(booking: Booking, command: ExpireCommand, key: RequestKey) {
  if (command.lot !== null) {
    refuseClosed(booking.account);
    requireLot(booking, command.lot);
  }
  const swept = sweep(booking);
  if (command.lot === null) return swept;
  if (hasEnded(booking.lot(command.lot), booking.at) && key.key === null) return swept;
  const ended = !hasEnded(booking.lot(command.lot), booking.at);
  const taken = endLot(booking, command.lot, 'expired');
  booking.close('expire', { credits: taken, detail: { lot: command.lot, ended } }, key);
  return {
    lots: ended ? [...new Set([...swept.lots, command.lot])] : swept.lots,
    holds: swept.holds,
    expired: micro(swept.expired + taken),
  };
}
