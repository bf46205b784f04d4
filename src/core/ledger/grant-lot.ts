/**
 * Adding a lot. Every grant repays debt first and from itself.
 * Source: contract 1 (8 billion), 5.6.
 */
import { least, MAX_ACCOUNT, MAX_ACCOUNT_TEXT, type Microcredits, ZERO } from '../credits.ts';
import { invalid } from '../errors.ts';
import { DEFAULT_PRIORITY } from '../sources.ts';
import type { Instant, Lot, Source } from '../types.ts';
import type { Booking } from './booking.ts';

/** The facts of a new lot that never change; they stand in the receipt's detail, so the chain covers them. */
export interface LotFacts {
  readonly source: Source;
  readonly amount: Microcredits;
  readonly priority?: number;
  readonly expiresAt?: Instant | null;
  readonly cycle?: number | null;
  readonly cycleStart?: Instant | null;
  readonly note?: string | null;
  /** The money for it has come in: it is booked also past what an account may hold. */
  readonly isPaid?: boolean;
}

/**
 * Refuses a grant that would take the account past what can be counted exactly.
 * @throws LedgerError `invalid_argument`. Source: contract 1.
 */
export function requireRoom(booking: Booking, amount: Microcredits): void {
  const { available, held, debt } = booking.account;
  // What repays debt makes nothing larger.
  if (amount > debt && available + held + amount - debt > MAX_ACCOUNT) {
    throw invalid(`account ${booking.account.id} would hold more than ${MAX_ACCOUNT_TEXT}`, undefined, {
      account: booking.account.id,
    });
  }
}

/**
 * Adds a lot to the receipt being booked and repays debt from it.
 * @returns the lot's unchanging facts, for the receipt's detail
 * @throws LedgerError `invalid_argument` (no room)
 */
export function grantLot(booking: Booking, facts: LotFacts): Record<string, unknown> {
  if (facts.isPaid !== true) requireRoom(booking, facts.amount);
  const lot: Lot = {
    no: booking.next,
    source: facts.source,
    priority: facts.priority ?? DEFAULT_PRIORITY,
    grantedAt: booking.at,
    expiresAt: facts.expiresAt ?? null,
    endedAt: null,
    endKind: null,
    cycle: facts.cycle ?? null,
    cycleStart: facts.cycleStart ?? null,
    granted: facts.amount,
    available: ZERO,
    held: ZERO,
    spent: ZERO,
    expired: ZERO,
    revoked: ZERO,
    note: facts.note ?? null,
  };
  booking.putLot(lot);
  booking.move('granted', 'issued', 'available', facts.amount, lot.no);
  booking.move('repaid', 'available', 'spent', least(booking.account.debt, facts.amount), lot.no);
  const { source, priority, expiresAt, cycle, cycleStart } = lot;
  return { source, priority, expiresAt, cycle, cycleStart };
}
