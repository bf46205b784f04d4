/** What a command booked of clock and cycle before its own work, in one line. */
import { ZERO } from '../../core/credits.ts';
import type { DueBooked } from '../../ledger/service.ts';
import { credits } from './amounts.ts';

/** `Booked what was due: 1,000 expired, 1,000 granted for the cycle.` */
export function dueLine({ granted, expired }: DueBooked, dryRun: boolean): string {
  const parts = [
    ...(expired > ZERO ? [`${credits(expired)} expired`] : []),
    ...(granted > ZERO ? [`${credits(granted)} granted for the cycle`] : []),
  ].join(', ');
  return dryRun ? `Dry run: would book what is due: ${parts}.` : `Booked what was due: ${parts}.`;
}
