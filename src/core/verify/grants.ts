/**
 * Grants: the lot a receipt makes, what repays debt first, and which grants there may be once only.
 * Source: contract 4 (sources), 5.6 (a grant repays debt first and from itself), 5.8.
 */
import type { Microcredits } from '../credits.ts';
import { WELCOME_CREDITS } from '../plans.ts';
import type { Detail, Receipt } from '../types.ts';
import { isObject, lotFacts } from './facts.ts';
import { compareNewLot } from './projection.ts';
import type { AuditLot, AuditState } from './state.ts';
import type { Step } from './step.ts';
import type { LotRow } from './stored.ts';
import { amountText, instantText } from './words.ts';

const NONE = 0 as Microcredits;

/** The lot that a receipt's detail tells of, still empty; null: none. */
export function newLot(
  state: AuditState,
  { seq, at, note }: Receipt,
  detail: Detail,
  row: LotRow | null,
): AuditLot | null {
  if (!isObject(detail.lot)) return null;
  const facts = lotFacts(detail.lot);
  if (facts === undefined) {
    state.fault('storage', state.names.receipt(seq), 'its facts of a lot cannot be read');
    return null;
  }
  return {
    no: seq,
    ...facts,
    grantedAt: at,
    endedAt: null,
    endKind: null,
    granted: NONE,
    available: NONE,
    held: NONE,
    spent: NONE,
    expired: NONE,
    revoked: NONE,
    note,
    row,
    isPayer: false,
    isReported: false,
  };
}

/** Expects what fills a lot and repays debt from it. */
export function expectGrant(state: AuditState, step: Step, lot: AuditLot): void {
  const { no } = lot;
  const { credits } = step.receipt;
  const repaid = Math.min(state.debt, credits);
  step.tape.expect('entry_effect', { kind: 'granted', from: 'issued', to: 'available', lot: no }, credits);
  step.tape.expect('not_negative', { kind: 'repaid', from: 'available', to: 'spent', lot: no }, repaid);
}

/** The lot that a receipt grants; says so when there is none. */
export function grantedLot(state: AuditState, { lot, receipt, tape }: Step): AuditLot | null {
  if (lot === null) {
    tape.giveUp();
    state.fault('entry_effect', state.names.receipt(receipt.seq), 'grants no lot');
  }
  return lot;
}

/** A grant by hand or at the opening of an account, and a cycle's. */
export function ruleGrant(state: AuditState, step: Step): void {
  const lot = grantedLot(state, step);
  if (lot === null) return;
  const { receipt } = step;
  expectGrant(state, step, lot);
  const say = (text: string): void => state.fault('grant_once', state.names.lot(lot.no), text);
  if (lot.source === 'welcome') checkWelcome(state, lot, receipt.credits, say);
  if (lot.source !== 'monthly' && (lot.cycle !== null || lot.cycleStart !== null)) {
    say(`is of a cycle, but not monthly: ${lot.source}`);
  }
  if (lot.source === 'purchased' && lot.expiresAt !== null) {
    say(`is purchased and expires at ${instantText(lot.expiresAt)}`);
  }
}

function checkWelcome(state: AuditState, lot: AuditLot, amount: number, say: (text: string) => void): void {
  if (state.hasWelcome) say('is a second welcome');
  state.hasWelcome = true;
  if (amount !== WELCOME_CREDITS) {
    say(`gives ${amountText(amount)}, welcome credits are ${amountText(WELCOME_CREDITS)}`);
  }
  if (lot.expiresAt !== null) say(`is a welcome and expires at ${instantText(lot.expiresAt)}`);
}

/** A lot when its receipt has been read: its row, its life, and its place among the lots of periods. */
export function checkNewLot(state: AuditState, lot: AuditLot): void {
  compareNewLot(state, lot);
  if (lot.expiresAt !== null && lot.expiresAt <= lot.grantedAt) {
    const life = `from ${instantText(lot.grantedAt)} to ${instantText(lot.expiresAt)}`;
    state.fault('not_after_expiry', state.names.lot(lot.no), `lives ${life}`);
  }
  if (lot.cycleStart === null) return;
  if (state.periods.has(lot.cycleStart)) {
    const text = `is a second one for the period from ${instantText(lot.cycleStart)}`;
    state.fault('grant_once', state.names.lot(lot.no), text);
  }
  state.periods.add(lot.cycleStart);
}
