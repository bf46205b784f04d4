/**
 * The one decision: state, command and time in, receipts and next state out. No clock, no randomness, no database; the
 * dry run, both engines, the simulation and the tests run this same function.
 */
import type { PlanContext } from '../plans.ts';
import type { AccountState, Instant } from '../types.ts';
import { decideClose, decideSetting } from './accounts.ts';
import { Booking, type Decision, type RequestKey } from './booking.ts';
import type { Command } from './commands.ts';
import { decideExpire, decideGrant, decideRevoke } from './grants.ts';
import { decideHold, decideRelease, decideSettle } from './holds.ts';
import { type CycleChange, decideCycle, decidePlan } from './plan-change.ts';
import { decideSpend } from './spend.ts';
import type { Swept } from './sweep.ts';

/** What a command did beyond its receipt. */
export interface Outcome extends Decision {
  /** For `expire`: what was booked. */
  readonly swept: Swept | null;
  /** For `cycle`: what changed; null when nothing was due. */
  readonly change: CycleChange | null;
}

/**
 * Decides a command.
 * @param state the account with every lot and hold the command may need
 * @param now the caller's clock; booked at max(now, the account's last time)
 * @returns the next state and the receipts in booking order, the command's own last; none when nothing was to be done
 * @throws LedgerError whatever the command's own decision refuses: nothing has changed then
 */
export function decide(
  state: AccountState,
  command: Command,
  now: Instant,
  context: PlanContext,
  key: RequestKey,
): Outcome {
  const booking = new Booking(state, now);
  let swept: Swept | null = null;
  let change: CycleChange | null = null;
  switch (command.type) {
    case 'spend':
      decideSpend(booking, command, context.catalogue, now, key);
      break;
    case 'hold':
      decideHold(booking, command, context.catalogue, key);
      break;
    case 'settle':
      decideSettle(booking, command, context.catalogue, key);
      break;
    case 'release':
      decideRelease(booking, command, key);
      break;
    case 'grant':
      decideGrant(booking, command, context, key);
      break;
    case 'revoke':
      decideRevoke(booking, command, key);
      break;
    case 'expire':
      swept = decideExpire(booking, command, key);
      break;
    case 'cycle':
      change = decideCycle(booking, command, context);
      break;
    case 'plan':
      decidePlan(booking, command, context, key);
      break;
    case 'close':
      decideClose(booking, key);
      break;
    case 'setting':
      decideSetting(booking, command, key);
      break;
    default:
      command satisfies never;
  }
  return { ...booking.done(), swept, change };
}
