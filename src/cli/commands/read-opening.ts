/** Reads the flags that open an account. Source: contract 5.8 (anchor, zone), 6 (`init`, `accounts create`). */
import { parseInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import { UTC, unknownZone } from '../../core/zones.ts';
import type { CommandInput } from '../command.ts';
import type { Context } from '../context.ts';
import { readOption, textOption } from '../read-input.ts';

/** Null: not given. */
export interface Opening {
  readonly plan: string | null;
  readonly zone: string | null;
  readonly anchorAt: Instant | null;
}

export const readOpening = (input: CommandInput): Opening => ({
  plan: textOption(input, 'plan'),
  zone: textOption(input, 'timezone'),
  anchorAt: readOption(input, 'anchor', parseInstant),
});

/** A zone's own spelling; UTC when none is named. @throws LedgerError `invalid_argument` */
export async function requireZone(context: Context, zone: string | null): Promise<string> {
  if (zone === null || zone.toUpperCase() === UTC) return UTC;
  const name = (await context.zones(zone)).canonicalZone(zone);
  if (name === undefined) throw unknownZone(zone);
  return name;
}
