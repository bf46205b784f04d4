/** Since when a row of the price list counts, in words. Source: contract 1 (ledger time never runs backwards), 4. */
import type { Instant } from '../../core/types.ts';
import type { Calendar } from '../render/dates.ts';

/** The clock of a served ledger is known from here to within an answer's way. */
const SLACK_MS = 1_000;

interface Asked {
  /** What was asked for; null: from now on. */
  readonly from: Instant | null;
}

/** False also where nothing was asked for, but the price list's own clock is ahead of this one. */
export const isFromNow = (at: Instant, { from }: Asked, now: Instant): boolean =>
  from === null && at < now + SLACK_MS;

/** `from now on`, or `from 28 Feb, in 8 days`. */
export const fromWhen = (at: Instant, asked: Asked, calendar: Calendar, now: Instant): string =>
  isFromNow(at, asked, now) ? 'from now on' : `from ${calendar.until(at)}`;
