/**
 * Cycles and plan changes: periods against the calendar of the anchor in force, what each grants, and what a change of
 * plan does to the plan side of an account.
 * Source: contract 5.8, 5.9.
 */

import type { Microcredits } from '../credits.ts';
import { boundary, type Cycle, cycleAt, prorate } from '../cycles.ts';
import { isLedgerError } from '../errors.ts';
import { hasEnded } from '../lots.ts';
import { planInForce } from '../plans.ts';
import type { PlanState } from '../types.ts';
import { isObject, numberList, planFacts } from './facts.ts';
import { expectGrant } from './grants.ts';
import { endLot } from './lapses.ts';
import type { AuditLot, AuditState } from './state.ts';
import type { Step } from './step.ts';
import { checkSubscription, isOfSubscription } from './subscriptions.ts';
import { amountText, differenceText, fieldText, instantText } from './words.ts';

type Say = (text: string) => void;

const sayer =
  (state: AuditState, seq: number): Say =>
  (text) =>
    state.fault('cycle_tiling', state.names.receipt(seq), text);

/** Says where the plan side after a receipt is not what it must be. */
function comparePlan(say: Say, next: PlanState, wanted: PlanState): void {
  for (const field of Object.keys(wanted) as (keyof PlanState)[]) {
    if (next[field] === wanted[field]) continue;
    say(`says ${differenceText(field, next[field], wanted[field], 'by the rules it is')}`);
  }
}

/** A receipt that may move the account into a new cycle, with its lot: opening, grant by hand, rollover. */
export function checkCycle(state: AuditState, step: Step): void {
  if (isOfSubscription(step.detail)) {
    checkSubscription(state, step, false);
    return;
  }
  const { lot, receipt, detail } = step;
  const say = sayer(state, receipt.seq);
  const next = planFacts(detail.plan);
  if (lot?.source !== 'monthly') {
    if (detail.plan !== undefined) say('changes the plan without a monthly lot');
    return;
  }
  if (next === undefined) {
    say('grants a monthly lot and names no cycle');
    return;
  }
  const before = state.plan;
  const isOpening = before.cycle === 0;
  if (before.cycleEnd !== null && receipt.at < before.cycleEnd) {
    say(
      `starts a cycle at ${instantText(receipt.at)}, before the one until ${instantText(before.cycleEnd)} ended`,
    );
  }
  const start = enterCycle(state, step, lot, next, isOpening ? next.anchorAt : before.anchorAt, say);
  if (start === undefined) return;
  const plan = planInForce(before, start);
  if (next.plan !== plan) say(`grants for the plan ${next.plan}, in force is ${plan}`);
  // An account is opened by the prices of that moment, also when its period began before.
  requireMonthly(state, step, plan, isOpening ? receipt.at : start, say);
  if (receipt.kind === 'rollover') checkMissed(state, step, start, say);
}

function requireMonthly(state: AuditState, { receipt }: Step, plan: string, at: number, say: Say): void {
  if (state.context.prices.planFits(plan, at, receipt.credits)) return;
  say(`grants ${amountText(receipt.credits)}, which the plan ${plan} did not give at ${instantText(at)}`);
}

/**
 * Checks a new period and its lot against the calendar.
 * @returns the start of the period; undefined: there is none to go by
 */
function enterCycle(
  state: AuditState,
  { receipt }: Step,
  lot: AuditLot,
  next: PlanState,
  anchorAt: number | null,
  say: Say,
): number | undefined {
  if (anchorAt === null) {
    say('starts a cycle without an anchor');
    return undefined;
  }
  const before = state.plan;
  const period = periodAt(state, anchorAt, receipt.at, say);
  if (period === undefined) return undefined;
  const { start, end } = period;
  comparePlan(say, next, {
    plan: next.plan,
    anchorAt,
    cycle: before.cycle + 1,
    cycleStart: start,
    cycleEnd: end,
    pendingPlan: null,
    pendingAt: null,
  });
  requireLot(state, lot, {
    expiresAt: end,
    cycle: before.cycle + 1,
    cycleStart: before.cycleStart === start ? null : start,
  });
  return start;
}

/** A zone that nobody knows, or times before the anchor, are findings and not failures. */
function periodAt(state: AuditState, anchorAt: number, at: number, say: Say) {
  const { zone } = state.row.account;
  try {
    return cycleAt(anchorAt, at, zone, state.context.zones);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    say(error.message);
    return undefined;
  }
}

function requireLot(
  state: AuditState,
  lot: AuditLot,
  wanted: Pick<AuditLot, 'expiresAt' | 'cycle' | 'cycleStart'>,
): void {
  for (const field of ['expiresAt', 'cycle', 'cycleStart'] as const) {
    if (lot[field] === wanted[field]) continue;
    const text = differenceText(field, lot[field], wanted[field], 'by the calendar it is');
    state.fault('cycle_tiling', state.names.lot(lot.no), text);
  }
}

function checkMissed(state: AuditState, { detail }: Step, start: number, say: Say): void {
  const { anchorAt, cycleEnd } = state.plan;
  if (anchorAt === null || cycleEnd === null) return;
  const last = periodAt(state, anchorAt, cycleEnd, say);
  const now = periodAt(state, anchorAt, start, say);
  if (last === undefined || now === undefined) return;
  const passed = now.index - last.index;
  // Nothing was missed where the plan gave nothing; older books count such a period.
  if (passed > 0 && isBetween(detail.missed, countMissed(state, anchorAt, last, start), passed)) return;
  if (detail.missed !== passed)
    say(`says ${fieldText('missed', detail.missed)} cycles were missed, it were ${passed}`);
}

const isBetween = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

/** Periods before the one that starts at an instant whose plan must have given credits. */
function countMissed(state: AuditState, anchorAt: number, from: Cycle, start: number): number {
  const { zone } = state.row.account;
  const { prices, zones } = state.context;
  let count = 0;
  for (let { index, start: at } = from; at < start; at = boundary(anchorAt, ++index, zone, zones)) {
    if (!prices.planFits(planInForce(state.plan, at), at, 0)) count += 1;
  }
  return count;
}

/** A change of plan: entries of lots that end and of the lot that is added, and the plan side afterwards. */
export function rulePlanChange(state: AuditState, step: Step): void {
  if (isOfSubscription(step.detail)) {
    checkSubscription(state, step, true);
    return;
  }
  const { lot, receipt, detail } = step;
  const say = sayer(state, receipt.seq);
  const next = planFacts(detail.plan);
  const ended = detail.ended === undefined ? undefined : numberList(detail.ended);
  if (next === undefined || (detail.ended !== undefined && ended === undefined)) {
    step.tape.giveUp();
    state.fault('storage', state.names.receipt(receipt.seq), 'its facts of a plan cannot be read');
    return;
  }
  if (ended !== undefined) expectEnds(state, step, ended, say);
  if (lot !== null) expectGrant(state, step, lot);
  if (lot !== null && lot.source !== 'monthly') say(`adds a lot that is not monthly: ${lot.source}`);
  if (isObject(detail.change)) checkChange(state, step, next, detail.change, say);
  else checkUnasked(state, step, next, say);
}

/** A restart ends every monthly lot that has not ended. */
function expectEnds(state: AuditState, step: Step, ended: readonly number[], say: Say): void {
  const { at } = step.receipt;
  for (const no of ended) {
    const lot = state.lots.get(no);
    if (lot === undefined || lot.source !== 'monthly' || hasEnded(lot, at)) {
      say(`ends ${state.names.lotId(no)}, which is no running monthly lot`);
      step.tape.giveUp();
    } else endLot(state, step, lot, 'expired');
  }
  for (const lot of state.lots.values()) {
    if (lot.source !== 'monthly' || lot === step.lot || hasEnded(lot, at)) continue;
    say(`leaves ${state.names.lotId(lot.no)}, a running monthly lot`);
  }
}

/**
 * Without a change asked for: one that was pending took effect, in a period without credits, or the plan in force was
 * set again.
 */
function checkUnasked(state: AuditState, step: Step, next: PlanState, say: Say): void {
  const before = state.plan;
  const { at } = step.receipt;
  if (next.anchorAt === null && before.anchorAt !== null) {
    if (before.cycleEnd !== null && at < before.cycleEnd) {
      say(`ends the cycles before ${instantText(before.cycleEnd)}`);
    }
    const period = periodAt(state, before.anchorAt, at, say);
    if (period === undefined) return;
    checkEnd(state, step, period.start, say);
    comparePlan(say, next, withoutCycle(before, planInForce(before, at)));
    return;
  }
  comparePlan(say, next, { ...before, plan: planInForce(before, at), pendingPlan: null, pendingAt: null });
}

/** Cycles end where a plan without credits takes effect; older books say so of any period without credits. */
function checkEnd(state: AuditState, step: Step, start: number, say: Say): void {
  const { plan, pendingPlan, pendingAt } = state.plan;
  const { prices } = state.context;
  if (pendingPlan !== null && pendingAt !== null && pendingAt <= step.receipt.at) {
    if (prices.planFits(pendingPlan, pendingAt, step.receipt.credits)) return;
    requireMonthly(state, step, pendingPlan, start, say);
  } else requireMonthly(state, step, plan, start, say);
}

const withoutCycle = (before: PlanState, plan: string): PlanState => ({
  plan,
  anchorAt: null,
  cycle: before.cycle,
  cycleStart: null,
  cycleEnd: null,
  pendingPlan: null,
  pendingAt: null,
});

function checkChange(
  state: AuditState,
  step: Step,
  next: PlanState,
  { from, to, mode }: Readonly<Record<string, unknown>>,
  say: Say,
): void {
  const before = state.plan;
  if (from !== before.plan) say(`changes from ${String(from)}, the plan was ${before.plan}`);
  if (typeof to !== 'string') {
    say('names no plan to change to');
    return;
  }
  if (step.detail.ended !== undefined) {
    checkRestart(state, step, next, to, say);
    return;
  }
  if (mode === 'next-cycle') {
    if (step.receipt.credits !== 0) say(`grants ${amountText(step.receipt.credits)} before the next cycle`);
    comparePlan(say, next, { ...before, pendingPlan: to, pendingAt: before.cycleEnd });
    return;
  }
  comparePlan(say, next, { ...before, plan: to, pendingPlan: null, pendingAt: null });
  checkShare(state, step, to, say);
}

function checkRestart(state: AuditState, step: Step, next: PlanState, to: string, say: Say): void {
  const { lot, receipt } = step;
  if (next.plan !== to) say(`changes to ${to} and says ${next.plan}`);
  if (lot === null) {
    comparePlan(say, next, withoutCycle(state.plan, to));
    requireMonthly(state, step, to, receipt.at, say);
    return;
  }
  if (next.cycleStart !== receipt.at)
    say(`restarts at ${instantText(receipt.at)}, not at ${instantText(next.cycleStart)}`);
  enterCycle(state, step, lot, next, receipt.at, say);
  requireMonthly(state, step, to, receipt.at, say);
}

/** The remaining share of the difference, by prices that can have been in force together. */
function checkShare(state: AuditState, step: Step, to: string, say: Say): void {
  const { lot, receipt } = step;
  const { cycle, cycleStart, cycleEnd, plan } = state.plan;
  if (cycleStart === null || cycleEnd === null) {
    say('prorates without a cycle');
    return;
  }
  if (lot !== null) requireLot(state, lot, { expiresAt: cycleEnd, cycle, cycleStart: null });
  for (const [less, more] of state.context.prices.planPairs(plan, to, receipt.at)) {
    const difference = Math.max(0, more.monthly - less.monthly) as Microcredits;
    if (prorate(difference, cycleStart, cycleEnd, receipt.at) === receipt.credits) return;
  }
  say(`grants ${amountText(receipt.credits)}, which is not the remaining share from ${plan} to ${to}`);
}
