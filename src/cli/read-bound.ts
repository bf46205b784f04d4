/** Reads the bounds of a report: `--since`, `--until`. Source: contract 6 (`usage`). */
import { parseInstant, parseInstantOrAgo } from '../core/time.ts';
import type { Instant } from '../core/types.ts';
import type { TimeBound } from '../ledger/service.ts';

/**
 * Reads an instant, a span that lies that long ago (`30d`), `now`, or a date alone: its midnight in the zone of the
 * account, which only the ledger knows.
 * @throws LedgerError `invalid_argument`
 */
export function readTimeBound(text: string, now: Instant, what: string): TimeBound {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseInstantOrAgo(text, now, what);
  parseInstant(text, what);
  return { day: text };
}
