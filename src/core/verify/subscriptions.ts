/**
 * What a paid invoice did to an account: the provider's dates and not the calendar's, and credits that a plan gave.
 * Source: contract 5.8, 5.9 (with a Stripe subscription).
 */
import type { Detail } from '../types.ts';
import { isObject, planFacts } from './facts.ts';
import { expectGrant } from './grants.ts';
import type { AuditState } from './state.ts';
import type { Step } from './step.ts';
import { amountText, instantText } from './words.ts';

/** True for a receipt that a subscription made: it carries the card's row with it. */
export const isOfSubscription = ({ invoice, card, plan }: Detail): boolean =>
  plan !== undefined && (isObject(invoice) || (isObject(card) && isObject(card.subscription)));

/** Checks it, and expects the entries of its lot where its own rule does not. */
export function checkSubscription(state: AuditState, step: Step, expectsLot: boolean): void {
  const { lot, receipt, detail } = step;
  const say = (text: string): void => state.fault('cycle_tiling', state.names.receipt(receipt.seq), text);
  if (lot !== null && expectsLot) expectGrant(state, step, lot);
  const next = planFacts(detail.plan);
  if (next === undefined || next.anchorAt !== null) {
    say('is of a subscription and counts from an anchor');
    return;
  }
  if (lot === null) {
    if (receipt.credits !== 0) say(`grants ${amountText(receipt.credits)} in no lot`);
    return;
  }
  if (lot.source !== 'monthly') say(`grants ${lot.source} credits for a subscription`);
  if (lot.expiresAt !== next.cycleEnd) {
    say(`grants credits until ${instantText(lot.expiresAt)}, its period ends ${instantText(next.cycleEnd)}`);
  }
  if (lot.cycleStart !== null && lot.cycleStart !== next.cycleStart) {
    say(`is of the period from ${instantText(next.cycleStart)}, its lot of ${instantText(lot.cycleStart)}`);
  }
  const isMonth = isObject(detail.invoice) && detail.invoice.is === 'month';
  if (isMonth && !state.context.prices.planFits(next.plan, receipt.at, receipt.credits)) {
    say(`grants ${amountText(receipt.credits)}, which the plan ${next.plan} did not give`);
  }
}
