/** What `usage` and `forecast` ask and answer. Amounts in microcredits, instants in epoch ms. Source: contract 6. */
import type { Microcredits } from '../core/credits.ts';
import type { Instant, Source } from '../core/types.ts';

/** What a report of usage goes by. */
export type UsageBy =
  | 'model'
  | 'day'
  | 'month'
  | 'session'
  | 'run'
  | 'source'
  | 'activity'
  | 'account'
  | 'provider';

/** An instant, or the midnight of a date (`YYYY-MM-DD`) in the zone that the report is about. */
export type TimeBound = Instant | { readonly day: string };

/** `since` inclusive, `until` exclusive; null: the last 30 days (of 24 hours) before `until`, and up to now. */
export interface UsageQuery {
  readonly by: UsageBy;
  readonly since: TimeBound | null;
  readonly until: TimeBound | null;
  /** Also the periods that the range has, and what each row used in them; not by account. */
  readonly trend?: boolean;
}

export interface UsageAmounts {
  /** Calls and bare amounts. */
  readonly calls: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly credits: bigint;
  /** By the rate cards, of the calls that have such a price; null: none of them has. */
  readonly listCredits: bigint | null;
  /** Calls without a price by a rate card. */
  readonly unpriced: number;
}

export interface UsageRow extends UsageAmounts {
  /**
   * The model's id, `YYYY-MM-DD`, `YYYY-MM`, or the name; by source also `debt` and `byok`. null: what has none, such as a
   * bare amount by model, or by source a call that cost nothing.
   */
  readonly key: string | null;
  /** Credits by day, in the order of the report's `periods`; null where not asked for, and in a report along time. */
  readonly trend: readonly bigint[] | null;
}

/**
 * Usage of one account, or by account of all. Days and months in ascending order, only those with usage; else the most
 * credits first. `until` is the report's clock where none was given; calls of that very millisecond then count.
 */
export interface UsageReport {
  /** null: all accounts; days are then those of UTC. */
  readonly account: string | null;
  readonly zone: string;
  readonly by: UsageBy;
  readonly since: Instant;
  readonly until: Instant;
  readonly rows: readonly UsageRow[];
  readonly total: UsageAmounts;
  /**
   * Local days of the range (by month: months), also those without usage, but none before the first usage of the account;
   * null where no trend was asked for.
   */
  readonly periods: readonly string[] | null;
}

export interface ForecastView {
  readonly account: string;
  readonly plan: string;
  readonly zone: string;
  readonly at: Instant;
  readonly available: Microcredits;
  readonly debt: Microcredits;
  readonly closed: boolean;
  /** The days that the burn rate is of: whole local days, from the first's start to before the end of the last. */
  readonly window: {
    readonly days: number;
    readonly asked: number;
    readonly since: Instant;
    readonly until: Instant;
    /** It begins before the account was opened, with its first usage: calls of an earlier time were imported. */
    readonly beforeOpening: boolean;
    /** Today counts as one of them: none before it has usage. */
    readonly today: boolean;
    readonly credits: bigint;
  };
  /** Credits a day, to the next microcredit. */
  readonly perDay: Microcredits;
  /** Start of the local day on which nothing is left to spend; null: not within ten years, or nothing is used. */
  readonly runsOutAt: Instant | null;
  /** The running cycle's credits are due and not booked; the forecast counts them. */
  readonly cycleDue: boolean;
  /** By time, then in burn order. */
  readonly expiringUnspent: readonly {
    /** null: of the running cycle's credits, where they are due and not booked. */
    readonly lot: string | null;
    readonly source: Source;
    readonly credits: Microcredits;
    readonly at: Instant;
  }[];
}
