/**
 * Stored rows of lots, holds and the account itself against what the entries make of them.
 * Source: contract 5.11 (counters are a projection of entries).
 */
import { lotPlaces } from './lot-places.ts';
import type { AuditHold, AuditLot, AuditState } from './state.ts';
import type { HoldRow, LotRow } from './stored.ts';
import { differenceText } from './words.ts';

/** Columns that never change after the lot was granted. */
const LOT_FACTS = [
  'source',
  'priority',
  'grantedAt',
  'expiresAt',
  'cycle',
  'cycleStart',
  'granted',
  'note',
] as const;
const LOT_CHANGES = ['available', 'held', 'spent', 'expired', 'revoked', 'endedAt', 'endKind'] as const;

/** A lot's row when the lot is made: what never changes. */
export function compareNewLot(state: AuditState, lot: AuditLot): void {
  const { row } = lot;
  if (row === null) {
    state.fault('projection', state.names.lot(lot.no), 'is missing');
    return;
  }
  for (const field of LOT_FACTS) {
    if (Object.is(row[field], lot[field])) continue;
    state.fault('projection', state.names.lot(lot.no), differenceText(field, row[field], lot[field]));
  }
}

/** True when nothing of a lot differs from its row. */
export function isLotAsStored(lot: AuditLot): boolean {
  const { row } = lot;
  return row !== null && LOT_CHANGES.every((field) => row[field] === lot[field]) && row.live === liveOf(lot);
}

const liveOf = ({ available, held }: AuditLot): number => (available + held > 0 ? 1 : 0);

/** A lot's row when everything has been read. */
export function compareLot(state: AuditState, lot: AuditLot): void {
  const { row } = lot;
  if (row === null) return;
  const say = (field: string, stored: unknown, folded: unknown): void =>
    state.fault('projection', state.names.lot(lot.no), differenceText(field, stored, folded));
  for (const field of LOT_CHANGES) {
    if (row[field] !== lot[field]) say(field, row[field], lot[field]);
  }
  if (row.live !== liveOf(lot)) say('live', row.live, liveOf(lot));
}

/** A row of the lot table by itself. */
export function checkLotRow(state: AuditState, row: LotRow): void {
  const wrong = lotPlaces(row);
  if (wrong !== undefined) state.fault('lot_places', state.names.lot(row.no), wrong);
  const { lots } = state.context.totals;
  for (const name of ['granted', 'available', 'held', 'spent', 'expired', 'revoked'] as const) {
    lots[name].add(row[name]);
  }
}

/** A lot that no receipt made. */
export function strayLot(state: AuditState, row: LotRow): void {
  checkLotRow(state, row);
  state.fault('projection', state.names.lot(row.no), 'no receipt made it');
}

/** A hold that no receipt made. */
export function strayHold(state: AuditState, row: HoldRow): void {
  state.fault('projection', state.names.hold(row.no), 'no receipt made it');
}

/** A hold's row when the hold is made: what never changes. @param terms the text that its row must have */
export function compareNewHold(state: AuditState, hold: AuditHold, terms: string): void {
  const { row } = hold;
  if (row === null) {
    state.fault('projection', state.names.hold(hold.no), 'is missing');
    return;
  }
  const say = (field: string, stored: unknown, folded: unknown): void =>
    state.fault('projection', state.names.hold(hold.no), differenceText(field, stored, folded));
  for (const field of ['amount', 'createdAt', 'expiresAt'] as const) {
    if (row[field] !== hold[field]) say(field, row[field], hold[field]);
  }
  if (row.termsText !== terms) say('termsText', row.termsText, terms);
}

/** A hold's row when nothing more happens to it. */
export function compareHold(state: AuditState, hold: AuditHold): void {
  const { row } = hold;
  if (row === null) return;
  for (const field of ['status', 'resolvedBy'] as const) {
    if (row[field] === hold[field]) continue;
    state.fault('projection', state.names.hold(hold.no), differenceText(field, row[field], hold[field]));
  }
}

const PLAN_FIELDS = [
  'plan',
  'anchorAt',
  'cycle',
  'cycleStart',
  'cycleEnd',
  'pendingPlan',
  'pendingAt',
] as const;

/** The account's row when everything has been read. */
export function compareAccount(state: AuditState): void {
  const { account, byokText } = state.row;
  const compare = (
    check: 'projection' | 'sequence',
    field: string,
    stored: unknown,
    folded: unknown,
  ): void => {
    if (Object.is(stored, folded)) return;
    state.fault(check, state.names.account, differenceText(field, stored, folded, 'its receipts say'));
  };
  for (const field of PLAN_FIELDS) compare('projection', field, account[field], state.plan[field]);
  compare('projection', 'closedAt', account.closedAt, state.closedAt);
  compare('projection', 'byok', byokText, JSON.stringify(state.byok));
  for (const field of ['available', 'held', 'debt'] as const) {
    compare('projection', field, account[field], state[field]);
    state.context.totals.accounts[field].add(account[field]);
  }
  for (const field of ['receiptSeq', 'entrySeq', 'lastAt'] as const) {
    compare('sequence', field, account[field], state[field]);
  }
}
