/**
 * Reads sums of usage: whole quarters of an hour from the stored sums, everything else from the rows themselves, which are
 * found by number of receipt: there is no index by time, for it would make every spend dearer. Exact for every range.
 *
 * Written as generators that yield statements and are given their rows, so that an engine that answers at once and one
 * that must be waited for share it. Run one inside one snapshot.
 */
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
import { isRollupColumn, type RollupColumn, USAGE_FACTS, USAGE_ROLLUP, USAGE_ROWS } from './usage-sql.ts';

/** A statement with `?` for its values; integers of its rows are wanted as BigInt. */
export interface UsageQuestion {
  readonly sql: string;
  readonly values: readonly number[];
}

/** Rows as an engine gives them. */
export type UsageAnswer = readonly (readonly unknown[])[];

/** Asks, is answered, and comes to a result. */
export type UsageReading<T> = Generator<UsageQuestion, T, UsageAnswer>;

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

/** Sums by a column, for each span the cells of what is in it. */
export function* readUsageSums(
  { no, receiptSeq }: Account,
  column: UsageColumn,
  spans: readonly TimeSpan[],
): UsageReading<UsageCell[][]> {
  const { after, times } = yield* tail(no);
  const unfolded = { first: after + 1, last: receiptSeq };
  const sums: UsageCell[][] = [];
  for (const span of spans) {
    const stored = yield* folded(no, column, span);
    const rest = overlaps(times, span) ? yield* rows(no, column, unfolded, span) : [];
    sums.push(mergeCells([...stored, ...rest]));
  }
  return sums;
}

/** Start of the first slot with usage, or a time in it; null: there is no usage. */
export function* readUsageStart({ no }: Account): UsageReading<Instant | null> {
  const { times } = yield* tail(no);
  const [slot] = yield* one(USAGE_FACTS.firstSlot, no);
  const starts = [
    ...(times === null ? [] : [times.since]),
    ...(slot == null ? [] : [Number(slot) * SLOT_MS]),
  ];
  return starts.length === 0 ? null : Math.min(...starts);
}

/** Sums of each account that has usage in a span; the key is its id. */
export function* readUsageByAccount(span: TimeSpan): UsageReading<UsageCell[]> {
  const { first, end, parts } = cutSpan(span);
  const found = first < end ? yield* cells(USAGE_FACTS.rollupByAccount, first, end) : [];
  for (const { slot, since, until } of parts) {
    found.push(...(yield* cells(USAGE_FACTS.partByAccount, slot, since, until)));
  }
  found.push(...(yield* cells(USAGE_FACTS.tailByAccount, span.since, span.since, span.until)));
  return mergeCells(found);
}

/** What has been folded: from the sums where they know the column and the slot is whole, else from its rows. */
function* folded(account: number, column: UsageColumn, span: TimeSpan): UsageReading<UsageCell[]> {
  const { first, end, parts } = cutSpan(span);
  if (!isRollupColumn(column)) {
    const slots = [...parts.map(({ slot }) => slot), ...(first < end ? [first, end - 1] : [])];
    return yield* within(account, column, { first: Math.min(...slots), last: Math.max(...slots) }, span);
  }
  const found = first < end ? yield* whole(account, column, first, end) : [];
  for (const part of parts satisfies readonly SlotPart[]) {
    found.push(...(yield* within(account, column, { first: part.slot, last: part.slot }, part)));
  }
  return found;
}

function* whole(
  account: number,
  column: RollupColumn,
  first: number,
  end: number,
): UsageReading<UsageCell[]> {
  const found = yield* cells(USAGE_ROLLUP[column], account, first, end);
  return found.filter(({ calls }) => calls > 0).map((cell) => ({ ...cell, key: cell.key || null }));
}

/** Folded rows of some slots that lie in a span. */
function* within(
  account: number,
  column: UsageColumn,
  slots: Range,
  span: TimeSpan,
): UsageReading<UsageCell[]> {
  const [low, high] = yield* one(USAGE_FACTS.reach, account, slots.first, slots.last);
  if (low == null || high == null) return [];
  return yield* rows(account, column, { first: Number(low), last: Number(high) }, span);
}

const rows = (
  account: number,
  column: UsageColumn,
  { first, last }: Range,
  { since, until }: TimeSpan,
): UsageReading<UsageCell[]> => cells(USAGE_ROWS[column], account, first, last, since, until);

function* tail(account: number): UsageReading<Tail> {
  const after = Number((yield* one(USAGE_FACTS.foldedUntil, account))[0] ?? 0n);
  const [since, until] = yield* one(USAGE_FACTS.tail, account, after);
  const times = since == null || until == null ? null : { since: Number(since), until: Number(until) + 1 };
  return { after, times };
}

function* cells(sql: string, ...values: number[]): UsageReading<UsageCell[]> {
  const answer = (yield { sql, values }) as readonly (readonly [string | null, ...(bigint | null)[]])[];
  return answer.map(([key, calls, inputTokens, outputTokens, credits, listCredits, unpriced]) => ({
    key,
    calls: Number(calls ?? 0),
    inputTokens: inputTokens ?? 0n,
    outputTokens: outputTokens ?? 0n,
    credits: credits ?? 0n,
    listCredits: listCredits ?? 0n,
    unpriced: Number(unpriced ?? 0),
  }));
}

function* one(sql: string, ...values: number[]): UsageReading<Facts> {
  return ((yield { sql, values })[0] ?? []) as Facts;
}

const overlaps = (a: TimeSpan | null, b: TimeSpan): boolean =>
  a !== null && a.since < b.until && b.since < a.until;
