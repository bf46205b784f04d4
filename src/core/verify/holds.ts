/**
 * Holds and how they are closed: captured along the recorded slices, the rest returned last slice first, an overrun
 * burned in burn order, what no lot covers owed.
 * Source: contract 5.3, 5.4, 5.6, 5.10.
 */
import { HOLD_TTL_MS } from '../ledger/holds.ts';
import { holdFacts } from './facts.ts';
import { expectGiveBack } from './lapses.ts';
import { compareNewHold } from './projection.ts';
import { resolve } from './resolve.ts';
import { expectBurn, expectPayment } from './spending.ts';
import type { AuditHold, AuditState } from './state.ts';
import type { Step } from './step.ts';
import { differenceText, instantText } from './words.ts';

/** A reservation from lots in burn order; for a call on the account's own key from none. */
export function ruleHold(state: AuditState, step: Step): void {
  const { seq, at, credits } = step.receipt;
  const facts = holdFacts(step.detail);
  if (facts === undefined) {
    step.tape.giveUp();
    state.fault('storage', state.names.receipt(seq), 'its facts of a hold cannot be read');
    return;
  }
  const ttl = facts.expiresAt - at;
  if (!(ttl >= HOLD_TTL_MS.least && ttl <= HOLD_TTL_MS.most)) {
    const text = `holds from ${instantText(at)} to ${instantText(facts.expiresAt)}`;
    state.fault('hold_lapse', state.names.receipt(seq), text);
  }
  if (facts.call?.byok !== true) expectPayment(state, step, 'held');
  const slices = step.entries.flatMap(({ kind, lot, amount }) =>
    kind === 'held' && lot !== null ? [{ lot, amount }] : [],
  );
  const hold: AuditHold = {
    no: seq,
    amount: credits,
    createdAt: at,
    expiresAt: facts.expiresAt,
    call: facts.call,
    slices,
    row: step.rows.hold,
    status: 'open',
    resolvedBy: null,
    isReported: false,
  };
  state.addHold(hold);
  compareNewHold(state, hold, JSON.stringify({ call: facts.call, tags: facts.tags }));
}

/** The hold that a receipt closes; says what is wrong when it cannot be closed. */
function closing(state: AuditState, step: Step, verb: string): AuditHold | undefined {
  const no = step.detail.hold;
  const hold = typeof no === 'number' ? state.holds.get(no) : undefined;
  if (hold !== undefined) return hold;
  step.tape.giveUp();
  const which = typeof no === 'number' ? state.names.holdId(no) : 'a hold without a number';
  const text = `${verb} ${which}, which no receipt made or another has closed`;
  state.fault('hold_once', state.names.receipt(step.receipt.seq), text);
  return undefined;
}

/** @returns the hold that is settled, as it was before; undefined: there is none */
export function ruleSettle(state: AuditState, step: Step): void {
  const hold = closing(state, step, 'settles');
  if (hold === undefined) return;
  const { seq, at, credits } = step.receipt;
  const late = hold.status === 'lapsed';
  if (!late && hold.expiresAt <= at) {
    const text = `settles ${state.names.holdId(hold.no)}, which had lapsed at ${instantText(hold.expiresAt)}`;
    state.fault('hold_lapse', state.names.receipt(seq), text);
  }
  const captured = late ? 0 : expectCapture(step, hold, credits);
  const released = late ? 0 : expectGiveBack(state, step, hold, captured);
  const overrun = credits - captured;
  const short = expectBurn(state, step, overrun, 'spent');
  step.tape.expect('burn_order', { kind: 'owed', from: 'debt', to: 'spent', lot: null }, short);
  requireSays(state, step, { released, overrun, late });
  resolve(state, hold, 'settled', seq);
}

function expectCapture(step: Step, hold: AuditHold, cost: number): number {
  let left = cost;
  for (const { lot, amount } of hold.slices) {
    const part = Math.min(left, amount);
    step.tape.expect('release_home', { kind: 'spent', from: 'held', to: 'spent', lot }, part);
    left -= part;
  }
  return cost - left;
}

/** All of an open hold goes back. */
export function ruleRelease(state: AuditState, step: Step): void {
  const hold = closing(state, step, 'releases');
  if (hold === undefined) return;
  const { seq, at } = step.receipt;
  if (hold.status !== 'open') {
    const text = `releases ${state.names.holdId(hold.no)}, which is ${hold.status}`;
    state.fault('hold_once', state.names.receipt(seq), text);
    step.tape.giveUp();
    return;
  }
  if (hold.expiresAt <= at) {
    const text = `releases ${state.names.holdId(hold.no)}, which had lapsed at ${instantText(hold.expiresAt)}`;
    state.fault('hold_lapse', state.names.receipt(seq), text);
  }
  requireSays(state, step, { released: expectGiveBack(state, step, hold, 0) });
  resolve(state, hold, 'released', seq);
}

function requireSays(state: AuditState, { receipt, detail }: Step, facts: Record<string, unknown>): void {
  for (const [field, value] of Object.entries(facts)) {
    if (detail[field] === value) continue;
    const text = differenceText(field, detail[field], value);
    state.fault('release_home', state.names.receipt(receipt.seq), text);
  }
}
