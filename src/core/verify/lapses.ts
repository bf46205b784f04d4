/**
 * What the clock takes and what is ended by hand: sweeps, `expire --lot`, `revoke`.
 * Source: contract 5.3, 5.4, 5.5; every write first books what has lapsed.
 */
import type { Microcredits } from '../credits.ts';
import { endOf, hasEnded } from '../lots.ts';
import type { Instant, LotEnd } from '../types.ts';
import { numberList } from './facts.ts';
import { resolve } from './resolve.ts';
import type { AuditHold, AuditLot, AuditState } from './state.ts';
import type { Step } from './step.ts';
import { amountText, instantText } from './words.ts';

/** Expects what a hold lets go: back to its lots, last first, and out of those that have ended meanwhile. */
export function expectGiveBack(state: AuditState, step: Step, hold: AuditHold, captured: number): number {
  let kept = captured;
  let released = 0;
  const parts = hold.slices.map(({ lot, amount }) => {
    const used = Math.min(kept, amount);
    kept -= used;
    return { lot, amount: amount - used };
  });
  for (const { lot: no, amount } of parts.reverse()) {
    released += amount;
    step.tape.expect('release_home', { kind: 'returned', from: 'held', to: 'available', lot: no }, amount);
    const lot = state.lots.get(no);
    if (lot !== undefined) expectRest(state, step, lot, amount);
  }
  return released;
}

/** What came back to a lot that has ended ends in the same receipt. */
function expectRest(_state: AuditState, step: Step, lot: AuditLot, amount: number): void {
  const { at } = step.receipt;
  if (!hasEnded(lot, at)) return;
  const { kind } = endOf(lot)!;
  step.tape.expect('release_home', { kind, from: 'available', to: kind, lot: lot.no }, amount);
}

/** An `expire` receipt: with a lot, that one ends now; without, everything that has lapsed goes. */
export function ruleExpire(state: AuditState, step: Step): void {
  if (typeof step.detail.lot === 'number') {
    expectEnd(state, step, 'expired');
    return;
  }
  const holds = step.detail.holds === undefined ? [] : numberList(step.detail.holds);
  if (holds === undefined) {
    step.tape.giveUp();
    state.fault('storage', state.names.receipt(step.receipt.seq), 'its list of holds cannot be read');
    return;
  }
  expectLapses(state, step, holds);
  expectExpiries(state, step);
}

function expectLapses(state: AuditState, step: Step, holds: readonly number[]): void {
  const { seq, at } = step.receipt;
  const say = (text: string): void => state.fault('hold_lapse', state.names.receipt(seq), text);
  let before: AuditHold | undefined;
  for (const no of holds) {
    const hold = state.holds.get(no);
    if (hold?.status !== 'open') {
      state.fault(
        'hold_once',
        state.names.receipt(seq),
        `lets ${state.names.holdId(no)} lapse, which is not open`,
      );
      step.tape.giveUp();
      continue;
    }
    if (hold.expiresAt > at) {
      say(
        `lets ${state.names.holdId(no)} lapse at ${instantText(at)}, before ${instantText(hold.expiresAt)}`,
      );
    }
    if (before !== undefined && isLater(before, hold)) say('lets holds lapse in another order than they end');
    before = hold;
    expectGiveBack(state, step, hold, 0);
    resolve(state, hold, 'lapsed', seq);
  }
}

const isLater = (a: AuditHold, b: AuditHold): boolean =>
  a.expiresAt > b.expiresAt || (a.expiresAt === b.expiresAt && a.no > b.no);

/** Lots may be swept in any order; each whole, and each that has ended. */
function expectExpiries(state: AuditState, step: Step): void {
  const { at } = step.receipt;
  for (let entry = step.tape.next; entry !== undefined; entry = step.tape.next) {
    const lot = entry.lot === null ? undefined : state.lots.get(entry.lot);
    if (lot === undefined || !hasEnded(lot, at)) break;
    const { kind } = endOf(lot)!;
    step.tape.expect('entry_effect', { kind, from: 'available', to: kind, lot: lot.no }, lot.available);
    if (step.tape.next === entry) break;
  }
}

/** Says what has lapsed by a receipt that was not booked before it. */
export function requireSwept(state: AuditState, seq: number, at: Instant): void {
  state.eachLapsed(
    at,
    (lot) => {
      if (lot.isReported) return;
      lot.isReported = true;
      const left = `${amountText(lot.available)} of ${state.names.lotId(lot.no)}`;
      const text = `leaves ${left}, which ended at ${instantText(endOf(lot)?.at ?? null)}`;
      state.fault('not_after_expiry', state.names.receipt(seq), text);
    },
    (hold) => {
      if (hold.isReported) return;
      hold.isReported = true;
      const text = `leaves ${state.names.holdId(hold.no)} open, which lapsed at ${instantText(hold.expiresAt)}`;
      state.fault('hold_lapse', state.names.receipt(seq), text);
    },
  );
}

/** Taking back what is left of a lot. */
export function ruleRevoke(state: AuditState, step: Step): void {
  expectEnd(state, step, 'revoked');
}

/** One lot named by its number ends now; one that has ended already loses nothing more. */
function expectEnd(state: AuditState, step: Step, kind: LotEnd): void {
  const { seq, at, credits } = step.receipt;
  const no = step.detail.lot as number;
  const lot = state.lots.get(no);
  if (lot === undefined) {
    // One that is finished can be named again, but nothing happens to it.
    if (state.wasLot(no) && step.detail.ended === false) return;
    step.tape.giveUp();
    const text = `ends ${state.names.lotId(no)}, ${state.wasLot(no) ? 'which is finished' : 'which no receipt made'}`;
    state.fault('entry_effect', state.names.receipt(seq), text);
    return;
  }
  const ends = !hasEnded(lot, at);
  if (step.detail.ended !== ends) {
    const text = `says that ${state.names.lotId(no)} ${ends ? 'had ended before' : 'ends now'}`;
    state.fault('entry_effect', state.names.receipt(seq), text);
  }
  if (ends) endLot(state, step, lot, kind);
  else if (credits !== 0) {
    const text = `takes ${amountText(credits)} of ${state.names.lotId(no)}, which had ended`;
    state.fault('entry_effect', state.names.receipt(seq), text);
  }
}

/** Ends a lot: what is free of it goes now. @returns what went */
export function endLot(state: AuditState, step: Step, lot: AuditLot, kind: LotEnd): Microcredits {
  const taken = lot.available;
  step.tape.expect('entry_effect', { kind, from: 'available', to: kind, lot: lot.no }, taken);
  lot.endedAt = step.receipt.at;
  lot.endKind = kind;
  state.touched.push(lot);
  return taken;
}
