/**
 * Cycles and plan changes. A cycle touches only the monthly lots of its own account, never a total.
 * Source: contract 5.8, 5.9; 6 (`cycle`, `plan`).
 */
import { type PlanRow, requirePlan } from '../catalogue.ts';
import { type Microcredits, micro, ZERO } from '../credits.ts';
import { boundary, prorate } from '../cycles.ts';
import { invalid } from '../errors.ts';
import { hasEnded } from '../lots.ts';
import {
  changesToNone,
  cycleOf,
  hasNoCycle,
  isDearer,
  missedBefore,
  type PlanContext,
  planInForce,
} from '../plans.ts';
import type { Instant, PlanState } from '../types.ts';
import { type Booking, type RequestKey, refuseClosed } from './booking.ts';
import type { ChangeMode, CycleCommand, PlanSetCommand } from './commands.ts';
import { grantLot } from './grant-lot.ts';
import { endLot, enterCycle } from './grants.ts';
import { byNumber, sweep } from './sweep.ts';

/** What a rollover did to one account. */
export interface CycleChange {
  readonly plan: string;
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly granted: Microcredits;
  readonly expired: Microcredits;
  readonly missed: number;
}

const NO_CYCLE = {
  anchorAt: null,
  cycleStart: null,
  cycleEnd: null,
  pendingPlan: null,
  pendingAt: null,
} as const;

/**
 * Books the cycle that is due: the running period's credits, once, with the plan in force at its start. Missed periods
 * are counted, never granted. A period without credits is not booked; a change to a plan without any ends the cycles.
 * @returns what was booked, or null when nothing is due
 */
export function bookDueCycle(booking: Booking, context: PlanContext): Omit<CycleChange, 'expired'> | null {
  const { account, at } = booking;
  if (account.closedAt !== null || account.anchorAt === null || at < account.anchorAt) return null;
  if (account.cycleEnd !== null && at < account.cycleEnd) return null;
  const cycle = cycleOf(account, at, context);
  if (cycle === null) return bookDueChange(booking, context);
  const missed = missedBefore(account, cycle, context);
  const { plan, ...facts } = enterCycle(booking, cycle.plan.id, cycle.start, cycle.end);
  const amount = cycle.plan.monthly;
  const lot = grantLot(booking, { source: 'monthly', amount, ...facts });
  booking.close('rollover', { credits: amount, detail: { lot, plan, missed } });
  return {
    plan: cycle.plan.id,
    start: cycle.start,
    end: cycle.end,
    granted: amount,
    missed,
  };
}

/** Books a pending change that has come into force in a period without credits. */
function bookDueChange(booking: Booking, { catalogue }: PlanContext): Omit<CycleChange, 'expired'> | null {
  const { account, at } = booking;
  const plan = planInForce(account, at);
  if (account.pendingPlan === null) return null;
  const rest = changesToNone(account, at, catalogue) ? NO_CYCLE : { pendingPlan: null, pendingAt: null };
  booking.account = { ...account, ...rest, plan };
  booking.close('plan_change', { credits: ZERO, detail: { plan: planState(booking) } });
  return { plan, start: null, end: null, granted: ZERO, missed: 0 };
}

/**
 * `cycle grant | expire | rollover` for one account.
 * @returns what changed, or null when nothing was due
 */
export function decideCycle(
  booking: Booking,
  command: CycleCommand,
  context: PlanContext,
): CycleChange | null {
  const swept = sweep(booking);
  const due = command.step === 'expire' ? null : bookDueCycle(booking, context);
  if (due === null && swept.lots.length === 0 && swept.holds.length === 0) return null;
  const { plan, cycleStart, cycleEnd } = booking.account;
  // What `expire` leaves due has its old dates still; where nothing is due, an old cycle is none.
  const isOver = command.step !== 'expire' && hasNoCycle(booking.account, booking.at);
  const dates = isOver ? { start: null, end: null } : { start: cycleStart, end: cycleEnd };
  const now = due ?? { plan, ...dates, granted: ZERO, missed: 0 };
  return { ...now, expired: swept.expired };
}

/** The plan side of the working copy, as it stands in a receipt's detail. */
export function planState({ account }: Booking): PlanState {
  const { plan, anchorAt, cycle, cycleStart, cycleEnd, pendingPlan, pendingAt } = account;
  return { plan, anchorAt, cycle, cycleStart, cycleEnd, pendingPlan, pendingAt };
}

/**
 * Changes the plan: dearer at once, cheaper at the next boundary; a due cycle is booked first.
 * @throws LedgerError in this order: `account_closed`, `unknown_plan`, `invalid_argument` (a mode that does not fit):
 *   nothing is booked then
 */
export function decidePlan(
  booking: Booking,
  command: PlanSetCommand,
  context: PlanContext,
  key: RequestKey,
): void {
  refuseClosed(booking.account);
  const target = requirePlan(context.catalogue, command.plan, booking.at);
  sweep(booking);
  bookDueCycle(booking, context);
  const current = requirePlan(context.catalogue, booking.account.plan, booking.at);
  const mode = modeOf(command.mode, target, current, booking);
  const change = { from: current.id, to: target.id, mode };
  // A plan without a cycle has no boundary to wait for: whatever comes after it starts now, be it that plan itself with
  // the credits it gives by now.
  const isIdle = hasNoCycle(booking.account, booking.at);
  const startsNow = isIdle || mode === 'restart';
  if (target.id === current.id) {
    if (isIdle && target.monthly > 0) restart(booking, target, context, { ...change, mode: 'restart' }, key);
    else keepPlan(booking, key);
  } else if (startsNow) restart(booking, target, context, change, key);
  else if (mode === 'next-cycle') schedule(booking, target, change, key);
  else prorateNow(booking, target, current, change, key);
}

type Change = { readonly from: string; readonly to: string; readonly mode: Exclude<ChangeMode, null> };

function modeOf(
  asked: ChangeMode,
  target: PlanRow,
  current: PlanRow,
  booking: Booking,
): Exclude<ChangeMode, null> {
  const dearer = isDearer(target, current);
  if (asked !== null && asked !== 'next-cycle' && !dearer) {
    throw invalid(
      `--mode ${asked} is for a dearer plan, and ${target.id} is not dearer than ${current.id}`,
      'leave --mode out: a cheaper plan starts at the next boundary',
    );
  }
  const isKept = target.id === current.id && target.monthly === 0;
  if (asked === 'next-cycle' && hasNoCycle(booking.account, booking.at) && !isKept) {
    throw invalid(`the ${current.id} plan has no cycle to wait for`, 'leave --mode out to start now');
  }
  if (asked !== null) return asked;
  return dearer ? 'prorate' : 'next-cycle';
}

/** Setting the plan whose cycle runs: cancels a pending change; otherwise only a key leaves a receipt. */
function keepPlan(booking: Booking, key: RequestKey): void {
  if (booking.account.pendingPlan === null && key.key === null) return;
  booking.account = { ...booking.account, pendingPlan: null, pendingAt: null };
  booking.close('plan_change', { credits: ZERO, detail: { plan: planState(booking) } }, key);
}

function schedule(booking: Booking, target: PlanRow, change: Change, key: RequestKey): void {
  const { cycleEnd } = booking.account;
  booking.account = { ...booking.account, pendingPlan: target.id, pendingAt: cycleEnd };
  booking.close('plan_change', { credits: ZERO, detail: { plan: planState(booking), change } }, key);
}

function prorateNow(
  booking: Booking,
  target: PlanRow,
  current: PlanRow,
  change: Change,
  key: RequestKey,
): void {
  const { cycle, cycleStart, cycleEnd } = booking.account;
  const difference = micro(Math.max(0, target.monthly - current.monthly));
  const amount = prorate(difference, cycleStart!, cycleEnd!, booking.at);
  booking.account = { ...booking.account, plan: target.id, pendingPlan: null, pendingAt: null };
  const lot =
    amount > 0 ? grantLot(booking, { source: 'monthly', amount, expiresAt: cycleEnd, cycle }) : null;
  booking.close(
    'plan_change',
    { credits: amount, detail: { ...(lot ? { lot } : {}), plan: planState(booking), change } },
    key,
  );
}

/** A new cycle from now on: the running one's monthly lots end, the full allocation starts. */
function restart(
  booking: Booking,
  target: PlanRow,
  { zones }: PlanContext,
  change: Change,
  key: RequestKey,
): void {
  const ended: number[] = [];
  for (const lot of byNumber(booking.lots.values())) {
    if (lot.source !== 'monthly' || hasEnded(lot, booking.at)) continue;
    endLot(booking, lot.no, 'expired');
    ended.push(lot.no);
  }
  const { at } = booking;
  const facts =
    target.monthly > 0
      ? enterCycle(booking, target.id, at, boundary(at, 1, booking.account.zone, zones), at)
      : null;
  if (facts === null) booking.account = { ...booking.account, ...NO_CYCLE, plan: target.id };
  const lot =
    facts === null
      ? null
      : grantLot(booking, {
          source: 'monthly',
          amount: target.monthly,
          expiresAt: facts.expiresAt,
          cycle: facts.cycle,
          cycleStart: facts.cycleStart,
        });
  const detail = { ...(lot ? { lot } : {}), ended, plan: planState(booking), change };
  booking.close('plan_change', { credits: lot ? target.monthly : ZERO, detail }, key);
}
