/** The end of a hold, once and for all but for a late settle. Source: contract 5.3. */
import type { HoldStatus } from '../types.ts';
import { compareHold } from './projection.ts';
import type { AuditHold, AuditState } from './state.ts';

/**
 * Changes a hold's status. One that can change no more is compared with its row and dropped; a lapsed one is kept only
 * while its row tells of a settle still to come.
 */
export function resolve(
  state: AuditState,
  hold: AuditHold,
  status: Exclude<HoldStatus, 'open'>,
  receipt: number,
): void {
  hold.status = status;
  hold.resolvedBy = receipt;
  const isAsStored = hold.row?.status === status && hold.row.resolvedBy === receipt;
  if (status === 'lapsed' && !isAsStored) return;
  if (!isAsStored) compareHold(state, hold);
  state.holds.delete(hold.no);
}
