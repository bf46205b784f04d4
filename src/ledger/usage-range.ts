/** The stretch of time that a report is about. Source: contract 1, 6 (`usage`). */
import { dayStart } from '../core/cycles.ts';
import { invalid } from '../core/errors.ts';
import type { Zone } from '../core/local-spans.ts';
import { DAY_MS } from '../core/time.ts';
import type { Instant } from '../core/types.ts';
import type { TimeSpan } from '../core/usage.ts';
import type { TimeBound, UsageQuery } from './usage-view.ts';

/** Days of a report unless told. */
const STANDARD_DAYS = 30;

/** What is asked for, as instants. `span` is what is summed: without a given end it holds the present millisecond. */
export interface UsageRange {
  readonly since: Instant;
  readonly until: Instant;
  readonly span: TimeSpan;
}

/**
 * @param now the clock of the account, epoch ms
 * @throws LedgerError `invalid_argument` when it is empty, or for text that is no day
 */
export function usageRange(query: Pick<UsageQuery, 'since' | 'until'>, now: Instant, zone: Zone): UsageRange {
  const until = query.until === null ? now : instantOf(query.until, zone);
  const since =
    query.since === null ? Math.max(0, until - STANDARD_DAYS * DAY_MS) : instantOf(query.since, zone);
  const end = query.until === null ? now + 1 : until;
  if (since >= end) {
    throw invalid(`--since must be earlier than ${query.until === null ? 'now' : '--until'}`);
  }
  return { since, until, span: { since, until: end } };
}

const instantOf = (bound: TimeBound, { name, rules }: Zone): Instant =>
  typeof bound === 'number' ? bound : dayStart(bound.day, name, rules);
