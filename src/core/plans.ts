/**
 * Which plan and cycle an account is in, by the clock: nothing here needs a cron to have run.
 * Source: contract 5.8 (cycles), 5.9 (plan changes).
 */
import { type Catalogue, type PlanRow, requirePlan } from './catalogue.ts';
import { MICRO, type Microcredits } from './credits.ts';
import { boundary, cycleAt } from './cycles.ts';
import type { Account, Instant, PlanState } from './types.ts';
import type { ZoneRules } from './zones.ts';

/** Welcome credits: 50, once per account, whatever the plan (contract 4). */
export const WELCOME_CREDITS = (50 * MICRO) as Microcredits;

/** What decisions about plans need from outside: prices by date and the calendar of zones. */
export interface PlanContext {
  readonly catalogue: Catalogue;
  readonly zones: ZoneRules;
}

/** The plan in force at an instant: a pending change counts from its boundary on, booked or not. */
export function planInForce(account: PlanState, at: Instant): string {
  return account.pendingPlan !== null && account.pendingAt !== null && account.pendingAt <= at
    ? account.pendingPlan
    : account.plan;
}

/** The cycle an account is in at an instant, whether or not its credits have been granted. */
export interface Cycle {
  readonly plan: PlanRow;
  readonly start: Instant;
  readonly end: Instant;
  /** True when this cycle's credits have been booked. */
  readonly granted: boolean;
}

/**
 * The running cycle; null where there is none: no anchor, or a period in which the plan in force gives no credits. Such a
 * period is never booked and the anchor stays, so a plan that gives credits again goes on at its next boundary, whether or
 * not anybody looked in between. A change to a plan without credits ends the cycles, by the prices at its own boundary.
 * @throws LedgerError `unknown_plan` when the plan in force is not in the catalogue
 */
export function cycleOf(account: Account, at: Instant, { catalogue, zones }: PlanContext): Cycle | null {
  const { anchorAt, cycleStart, cycleEnd } = account;
  if (anchorAt !== null && at < anchorAt) return null;
  if (cycleStart !== null && cycleEnd !== null && at < cycleEnd) {
    const plan = requirePlan(catalogue, account.plan, at);
    return { plan, start: cycleStart, end: cycleEnd, granted: true };
  }
  // With a subscription there is a period and no anchor: nothing follows it by the clock.
  if (anchorAt === null || changesToNone(account, at, catalogue)) return null;
  const now = cycleAt(anchorAt, at, account.zone, zones);
  const plan = requirePlan(catalogue, planInForce(account, now.start), now.start);
  return plan.monthly === 0 ? null : { plan, start: now.start, end: now.end, granted: false };
}

/** True once a pending change is in force whose plan gave no credits at the boundary it took effect at. */
export function changesToNone(account: PlanState, at: Instant, catalogue: Catalogue): boolean {
  const { pendingPlan, pendingAt } = account;
  if (pendingPlan === null || pendingAt === null || at < pendingAt) return false;
  return requirePlan(catalogue, pendingPlan, pendingAt).monthly === 0;
}

/** End of the calendar's running period, with or without credits; null where no cycle follows by the clock. */
export function nextBoundary(
  account: Account,
  at: Instant,
  { catalogue, zones }: PlanContext,
): Instant | null {
  if (account.anchorAt === null || changesToNone(account, at, catalogue)) return null;
  return cycleAt(account.anchorAt, at, account.zone, zones).end;
}

/** True when no booked cycle runs; a subscription's may be over and waits for its invoice. */
export const hasNoCycle = ({ anchorAt, cycleEnd }: PlanState, at: Instant): boolean =>
  cycleEnd === null || (anchorAt !== null && at >= cycleEnd);

/**
 * Periods that passed with nobody booking them, between the last booked cycle and a later one; one in which the plan in
 * force gave no credits was not missed.
 */
export function missedBefore(
  account: Account,
  { start }: Pick<Cycle, 'start'>,
  { catalogue, zones }: PlanContext,
): number {
  const { anchorAt, cycleEnd, zone } = account;
  if (anchorAt === null || cycleEnd === null) return 0;
  let missed = 0;
  for (let n = cycleAt(anchorAt, cycleEnd, zone, zones).index; ; n += 1) {
    const from = boundary(anchorAt, n, zone, zones);
    if (from >= start) return missed;
    if (requirePlan(catalogue, planInForce(account, from), from).monthly > 0) missed += 1;
  }
}

/** Dearer by price, then by monthly credits. Equal in both: not dearer. */
export function isDearer(plan: PlanRow, than: PlanRow): boolean {
  return plan.priceCents === than.priceCents
    ? plan.monthly > than.monthly
    : plan.priceCents > than.priceCents;
}
