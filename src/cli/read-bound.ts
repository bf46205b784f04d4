/** Reads the bounds of a report: `--since`, `--until`. Source: contract 6 (`log`, `usage`). */
import { dayStart } from '../core/cycles.ts';
import { parseInstant, parseInstantOrAgo } from '../core/time.ts';
import type { Instant } from '../core/types.ts';
import type { LedgerService, TimeBound } from '../ledger/service.ts';
import type { Context } from './context.ts';

const MIDNIGHT = "midnight in the account's zone";

/**
 * Reads an instant, a span that lies that long ago (`30d`), `now`, or a date alone: its midnight in the zone of the
 * account, which only the ledger knows.
 * @throws LedgerError `invalid_argument`
 */
export function readTimeBound(text: string, now: Instant, what: string): TimeBound {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseInstantOrAgo(text, now, what, MIDNIGHT);
  parseInstant(text, what, MIDNIGHT);
  return { day: text };
}

/**
 * Bounds as instants, where the ledger takes no days.
 * @throws LedgerError `unknown_account` where a day is among them and there is no such account
 */
export async function instantsOf(
  bounds: readonly (TimeBound | null)[],
  { account, zones }: Pick<Context, 'account' | 'zones'>,
  ledger: LedgerService,
): Promise<(Instant | null)[]> {
  const isInstant = (bound: TimeBound | null): bound is Instant | null =>
    bound === null || typeof bound === 'number';
  if (bounds.every(isInstant)) return [...bounds];
  const { zone } = await ledger.account(account);
  const rules = await zones(zone);
  return bounds.map((bound) => (isInstant(bound) ? bound : dayStart(bound.day, zone, rules)));
}
