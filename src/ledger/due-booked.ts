/** What a command booked of clock and cycle before its own work, to say it where the command itself has no receipt for it. */
import { add, type Microcredits, ZERO } from '../core/credits.ts';
import type { Decided } from './store.ts';

/** Credits of the cycle that was due, and credits that had expired. */
export interface DueBooked {
  readonly granted: Microcredits;
  readonly expired: Microcredits;
}

/** @returns null when nothing was due, and for a repeated key */
export function dueBooked(decided: Decided): DueBooked | null {
  if ('replay' in decided) return null;
  let [granted, expired] = [ZERO, ZERO];
  for (const { receipt } of decided.booked) {
    if (receipt.kind === 'rollover') granted = add(granted, receipt.credits);
    else if (receipt.kind === 'expire') expired = add(expired, receipt.credits);
  }
  return granted === ZERO && expired === ZERO ? null : { granted, expired };
}
