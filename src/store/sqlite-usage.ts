/**
 * Reads sums of usage from a SQLite ledger: whole quarters of an hour from the stored sums, everything else from the rows
 * themselves, which are found by number of receipt: there is no index by time, for it would make every spend dearer.
 * Exact for every range. Call it inside one snapshot.
 */
import type { Statement } from 'better-sqlite3';
import type { Account, Instant } from '../core/types.ts';
import {
  cutSpan,
  mergeCells,
  SLOT_MS,
  type SlotPart,
  type TimeSpan,
  type UsageCell,
  type UsageColumn,
} from '../core/usage.ts';
import type { Connection } from './sqlite-file.ts';
import { isRollupColumn, type RollupColumn, USAGE_FACTS, USAGE_ROLLUP, USAGE_ROWS } from './usage-sql.ts';

type Facts = readonly (bigint | null)[];

/** The rows of an account that are in no stored sum yet. */
interface Tail {
  /** The receipt that was folded last; 0: none. */
  readonly after: number;
  /** First and last time of them; null: there is none. */
  readonly times: TimeSpan | null;
}

/** Numbers from `first` to `last`, both included. */
interface Range {
  readonly first: number;
  readonly last: number;
}

export class SqliteUsage {
  readonly #db: Connection;
  readonly #prepared = new Map<string, Statement>();

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Sums by a column, for each span the cells of what is in it. */
  sums({ no, receiptSeq }: Account, column: UsageColumn, spans: readonly TimeSpan[]): UsageCell[][] {
    const { after, times } = this.#tail(no);
    const unfolded = { first: after + 1, last: receiptSeq };
    return spans.map((span) =>
      mergeCells([
        ...this.#folded(no, column, span),
        ...(overlaps(times, span) ? this.#rows(no, column, unfolded, span) : []),
      ]),
    );
  }

  /** Start of the first slot with usage, or a time in it; null: there is no usage. */
  start({ no }: Account): Instant | null {
    const { times } = this.#tail(no);
    const [slot] = this.#one(USAGE_FACTS.firstSlot, no);
    const starts = [
      ...(times === null ? [] : [times.since]),
      ...(slot == null ? [] : [Number(slot) * SLOT_MS]),
    ];
    return starts.length === 0 ? null : Math.min(...starts);
  }

  /** Sums of each account that has usage in a span; the key is its id. */
  byAccount(span: TimeSpan): UsageCell[] {
    const { first, end, parts } = cutSpan(span);
    return mergeCells([
      ...(first < end ? this.#cells(USAGE_FACTS.rollupByAccount, first, end) : []),
      ...parts.flatMap(({ slot, since, until }) =>
        this.#cells(USAGE_FACTS.partByAccount, slot, since, until),
      ),
      ...this.#cells(USAGE_FACTS.tailByAccount, span.since, span.since, span.until),
    ]);
  }

  /** What has been folded: from the sums where they know the column and the slot is whole, else from its rows. */
  #folded(account: number, column: UsageColumn, span: TimeSpan): UsageCell[] {
    const { first, end, parts } = cutSpan(span);
    if (!isRollupColumn(column)) {
      const slots = [...parts.map(({ slot }) => slot), ...(first < end ? [first, end - 1] : [])];
      return this.#within(account, column, { first: Math.min(...slots), last: Math.max(...slots) }, span);
    }
    return [
      ...(first < end ? this.#whole(account, column, first, end) : []),
      ...parts.flatMap((part: SlotPart) =>
        this.#within(account, column, { first: part.slot, last: part.slot }, part),
      ),
    ];
  }

  #whole(account: number, column: RollupColumn, first: number, end: number): UsageCell[] {
    return this.#cells(USAGE_ROLLUP[column], account, first, end)
      .filter(({ calls }) => calls > 0)
      .map((cell) => ({ ...cell, key: cell.key || null }));
  }

  /** Folded rows of some slots that lie in a span. */
  #within(account: number, column: UsageColumn, slots: Range, span: TimeSpan): UsageCell[] {
    const [low, high] = this.#one(USAGE_FACTS.reach, account, slots.first, slots.last);
    if (low == null || high == null) return [];
    return this.#rows(account, column, { first: Number(low), last: Number(high) }, span);
  }

  #rows(
    account: number,
    column: UsageColumn,
    { first, last }: Range,
    { since, until }: TimeSpan,
  ): UsageCell[] {
    return this.#cells(USAGE_ROWS[column], account, first, last, since, until);
  }

  #tail(account: number): Tail {
    const after = Number(this.#one(USAGE_FACTS.foldedUntil, account)[0] ?? 0n);
    const [since, until] = this.#one(USAGE_FACTS.tail, account, after);
    const times = since == null || until == null ? null : { since: Number(since), until: Number(until) + 1 };
    return { after, times };
  }

  #cells(sql: string, ...values: number[]): UsageCell[] {
    return (this.#statement(sql).all(...values) as [string | null, ...(bigint | null)[]][]).map(
      ([key, calls, inputTokens, outputTokens, credits, listCredits, unpriced]) => ({
        key,
        calls: Number(calls ?? 0),
        inputTokens: inputTokens ?? 0n,
        outputTokens: outputTokens ?? 0n,
        credits: credits ?? 0n,
        listCredits: listCredits ?? 0n,
        unpriced: Number(unpriced ?? 0),
      }),
    );
  }

  #one(sql: string, ...values: number[]): Facts {
    return (this.#statement(sql).get(...values) ?? []) as Facts;
  }

  /** Sums pass 2^53, so every integer comes as BigInt. */
  #statement(sql: string): Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql).raw(true).safeIntegers(true);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

const overlaps = (a: TimeSpan | null, b: TimeSpan): boolean =>
  a !== null && a.since < b.until && b.since < a.until;
