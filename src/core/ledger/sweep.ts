/**
 * What the clock takes: lapsed holds give back what they reserved, lapsed lots expire. A write books it in an `expire`
 * receipt of its own before anything else, and what is given back for it in receipts behind that; a read applies the same
 * function and books nothing, so both always agree.
 *
 * Source: contract 5.3 (a lapsed hold counts as released), 5.4 (what a hold lets go after the lot's end ends with it),
 * 5.5 (expiry is by the clock).
 */
import { type Microcredits, micro, ZERO } from '../credits.ts';
import { endOf, hasEnded } from '../lots.ts';
import type { AccountState, Hold, Instant, Lot, Slice } from '../types.ts';
import { Booking, type Decision } from './booking.ts';
import { goingOf, offsetTaken } from './give-back.ts';

/** What of a hold's slices goes back, last lot first. @param keep what the call used of it */
export function returning(hold: Hold, keep: Microcredits = ZERO): Slice[] {
  let captured = keep;
  const parts = hold.slices.map((slice) => {
    const used = micro(Math.min(captured, slice.amount));
    captured = micro(captured - used);
    return { lot: slice.lot, amount: micro(slice.amount - used) };
  });
  return parts.reverse();
}

/** Gives parts of a hold back, and ends what no longer has a lot to go back to. */
export function giveBack(booking: Booking, parts: readonly Slice[]): Microcredits {
  let released = 0;
  for (const { lot, amount } of parts) {
    if (amount === 0) continue;
    booking.move('returned', 'held', 'available', amount, lot);
    released += amount;
    endRest(booking, lot, amount);
  }
  return micro(released);
}

/** Takes what came back to a lot that has ended meanwhile; the first end of a lot wins. */
function endRest(booking: Booking, no: number, amount: Microcredits): void {
  const lot = booking.lot(no);
  if (!hasEnded(lot, booking.at)) return;
  const kind = endOf(lot)!.kind;
  booking.move(kind, 'available', kind, amount, no);
}

/** What a sweep booked: numbers of the lots that lost credits and of the holds that lapsed. */
export interface Swept {
  readonly lots: readonly number[];
  readonly holds: readonly number[];
  readonly expired: Microcredits;
}

/**
 * Books lapsed holds and lots of the working copy; no receipt when there is nothing to book. Holds go by the time at which
 * they lapsed, lots by number, never by the order in which a store happened to load them: receipts are the same everywhere.
 */
export function sweep(booking: Booking): Swept {
  const lapsed = [...booking.holds.values()].filter(
    (hold) => hold.status === 'open' && hold.expiresAt <= booking.at,
  );
  const isOver = (lot: Lot): boolean => lot.available > 0 && hasEnded(lot, booking.at);
  const all = [...booking.lots.values()];
  if (lapsed.length === 0 && !all.some(isOver)) return NOTHING;
  const before = new Map(all.map((lot) => [lot.no, lot.expired]));
  const going = goingOf(
    booking,
    lapsed.flatMap(({ slices }) => slices),
  );
  lapsed.sort((a, b) => a.expiresAt - b.expiresAt || a.no - b.no);
  for (const hold of lapsed) {
    giveBack(booking, returning(hold));
    booking.putHold({ ...hold, status: 'lapsed', resolvedBy: booking.next });
  }
  for (const lot of byNumber(booking.lots.values())) {
    if (!isOver(lot)) continue;
    const kind = endOf(lot)!.kind;
    booking.move(kind, 'available', kind, lot.available, lot.no);
  }
  const lots = byNumber(booking.lots.values()).filter((lot) => lot.expired > before.get(lot.no)!);
  const expired = micro(lots.reduce((sum, lot) => sum + lot.expired - before.get(lot.no)!, 0));
  const holds = lapsed.map((hold) => hold.no);
  booking.close('expire', { credits: expired, detail: holds.length > 0 ? { holds } : null });
  offsetTaken(booking, going);
  return { lots: lots.map((lot) => lot.no), holds, expired };
}

const NOTHING: Swept = { lots: [], holds: [], expired: ZERO };

/** Lots in the order in which they were granted. */
export const byNumber = (lots: Iterable<Lot>): Lot[] => [...lots].sort((a, b) => a.no - b.no);

/** The account as a read sees it at an instant: everything the clock has taken is gone, nothing is booked. */
export function projectTo(state: AccountState, at: Instant): Decision {
  const booking = new Booking(state, at);
  sweep(booking);
  return booking.done();
}
