/**
 * A purchase is taken back once. What a refund or dispute did not find in the purchase's own lots it took elsewhere, from
 * other purchases or as debt. When credits of its own lots go by hand after all (`revoke`, or a hold that lets go of a lot
 * that was revoked), as much of what was taken elsewhere is given back: as a new purchased lot, which repays debt first.
 *
 * So a payment with something still taken elsewhere has lost exactly what went back of its money, and one that has lost more
 * has lost it from its own lots. Source: contract 9 (what `revoke` took counts), 5.4, 5.6 (only a grant repays debt).
 */
import { least, type Microcredits, micro, ZERO } from '../credits.ts';
import { endOf, hasEnded } from '../lots.ts';
import { type Attempt, ownLots } from '../wallet.ts';
import type { Booking } from './booking.ts';
import { grantLot } from './grant-lot.ts';

/**
 * Of what was taken back, what came from no lot of its own. Where it was not kept, the least that it can be: all that was
 * ever taken from its lot is counted as still taken from there.
 */
export const takenElsewhere = ({ clawed, clawedFrom, elsewhere, lot }: Attempt): Microcredits =>
  elsewhere ?? micro(Math.max(0, clawed - (clawedFrom[lot ?? 0] ?? ZERO)));

/**
 * The payment after something of it was given back: what was taken elsewhere comes back first.
 * @param by number of the receipt that gives it back
 * @param lot number of the lot when it is the payment's own from now on; null: it stands for what was taken elsewhere
 */
export function afterGivingBack(
  attempt: Attempt,
  amount: Microcredits,
  by: number,
  lot: number | null,
): Attempt {
  const elsewhere = takenElsewhere(attempt);
  return {
    ...attempt,
    clawed: micro(attempt.clawed - amount),
    elsewhere: micro(elsewhere - least(elsewhere, amount)),
    ...(lot === null ? {} : { lots: [...(attempt.lots ?? []), lot] }),
    changedBy: by,
  };
}

/** What goes by hand of each lot, microcredits by number. */
export type Going = ReadonlyMap<number, number>;

/** Of what returns to lots from their holds, what goes at once because they were revoked. */
export function goingOf(
  booking: Booking,
  parts: readonly { readonly lot: number; readonly amount: Microcredits }[],
): Going {
  const going = new Map<number, number>();
  for (const { lot: no, amount } of parts) {
    const lot = booking.lot(no);
    if (amount === 0 || !hasEnded(lot, booking.at) || endOf(lot)!.kind !== 'revoked') continue;
    going.set(no, (going.get(no) ?? 0) + amount);
  }
  return going;
}

/** Gives back what was taken elsewhere, as far as own lots lose credits by hand; a receipt for each payment, by number. */
export function offsetTaken(booking: Booking, going: Going): void {
  if (going.size === 0) return;
  for (const no of [...booking.claims.keys()].sort((a, b) => a - b)) {
    const attempt = booking.claims.get(no)!;
    const lost = ownLots(attempt).reduce((sum, lot) => sum + (going.get(lot) ?? 0), 0);
    const amount = least(takenElsewhere(attempt), micro(lost));
    if (amount === ZERO) continue;
    const changed = afterGivingBack(attempt, amount, booking.next, null);
    const lot = grantLot(booking, { source: 'purchased', amount, isPaid: true });
    booking.putClaim(changed);
    booking.close('reinstate', { credits: amount, detail: { lot, attempt: changed } });
  }
}
