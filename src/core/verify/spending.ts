/**
 * Spends and what a settle takes beyond its hold: lots in burn order, derived again from the state before.
 * Source: contract 5.1, 5.2, 5.6.
 */
import { type AuditState, takeFrom } from './state.ts';
import type { Step } from './step.ts';
import { amountText } from './words.ts';

/** Expects an amount from lots in burn order. @returns what no lot covers */
export function expectBurn(state: AuditState, step: Step, amount: number, kind: 'spent' | 'held'): number {
  const { slices, short } = takeFrom(state.payers, amount, step.receipt.at);
  for (const { lot, amount: part } of slices) {
    step.tape.expect('burn_order', { kind, from: 'available', to: kind, lot }, part);
  }
  return short;
}

/** Expects what a spend or hold takes: all of it, and nothing in debt. */
export function expectPayment(state: AuditState, step: Step, kind: 'spent' | 'held'): void {
  const { seq, credits } = step.receipt;
  if (state.debt > 0) {
    const text = `is booked while the account owes ${amountText(state.debt)}`;
    state.fault('not_negative', state.names.receipt(seq), text);
  }
  const short = expectBurn(state, step, credits, kind);
  if (short > 0) {
    const text = `takes ${amountText(credits)}, of which ${amountText(short)} are in no lot`;
    state.fault('not_negative', state.names.receipt(seq), text);
  }
}

/** A finished call or amount. A call on the account's own key takes nothing, whatever there is. */
export function ruleSpend(state: AuditState, step: Step): void {
  if (step.rows.usage?.byok === true) return;
  expectPayment(state, step, 'spent');
}
