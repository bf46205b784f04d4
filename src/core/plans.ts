/**
 * Which plan and cycle an account is in, by the clock: nothing here needs a cron to have run.
 * Source: contract 5.8 (cycles), 5.9 (plan changes).
 */
import { type Catalogue, type PlanRow, requirePlan } from './catalogue.ts';
import { MICRO, type Microcredits } from './credits.ts';
import { cycleAt } from './cycles.ts';
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
  /** Whole periods that passed between the last booked cycle and this one. */
  readonly missed: number;
  /** True when this cycle's credits have been booked. */
  readonly granted: boolean;
}

/**
 * The running cycle; null where the plan in force has none (no anchor, or no monthly credits).
 * @throws LedgerError `unknown_plan` when the plan in force is not in the catalogue
 */
export function cycleOf(account: Account, at: Instant, { catalogue, zones }: PlanContext): Cycle | null {
  const { anchorAt, cycleStart, cycleEnd } = account;
  if (anchorAt !== null && at < anchorAt) return null;
  if (cycleStart !== null && cycleEnd !== null && at < cycleEnd) {
    const plan = requirePlan(catalogue, account.plan, at);
    return { plan, start: cycleStart, end: cycleEnd, missed: 0, granted: true };
  }
  // With a subscription there is a period and no anchor: nothing follows it by the clock.
  if (anchorAt === null) return null;
  const now = cycleAt(anchorAt, at, account.zone, zones);
  const plan = requirePlan(catalogue, planInForce(account, now.start), now.start);
  if (plan.monthly === 0) return null;
  const last = cycleEnd === null ? now.index : cycleAt(anchorAt, cycleEnd, account.zone, zones).index;
  return { plan, start: now.start, end: now.end, missed: now.index - last, granted: false };
}

/** Dearer by price, then by monthly credits. Equal in both: not dearer. */
export function isDearer(plan: PlanRow, than: PlanRow): boolean {
  return plan.priceCents === than.priceCents
    ? plan.monthly > than.monthly
    : plan.priceCents > than.priceCents;
}
