/** One receipt while it is audited, with everything that was booked with it. */
import type { Detail, Entry, Receipt, Usage } from '../types.ts';
import type { AuditLot, AuditState } from './state.ts';
import type { HoldRow, LotRow } from './stored.ts';
import type { Tape } from './tape.ts';

/** Rows that carry the receipt's number; null: there is none. */
export interface OwnRows {
  readonly usage: Usage | null;
  readonly lot: LotRow | null;
  readonly hold: HoldRow | null;
}

export interface Step {
  readonly receipt: Receipt;
  readonly detail: Detail;
  readonly entries: readonly Entry[];
  readonly rows: OwnRows;
  readonly tape: Tape;
  /** The lot that the receipt makes, still empty. */
  readonly lot: AuditLot | null;
}

/** What the rules make of a kind of receipt: expects its entries, one by one, and changes what entries do not. */
export type Rule = (state: AuditState, step: Step) => void;
