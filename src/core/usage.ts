/**
 * Sums of usage, and the quarters of an hour that stored sums are kept by. What a report is made of; which rows belong
 * to it is the store's to know.
 *
 * Stored sums go by quarters of an hour in UTC and not by days: every day of every time zone of today is made of whole
 * ones, so that no calendar is needed where they are written, and new rules of a zone never make them wrong.
 */
import type { Instant } from './types.ts';

/** A quarter of an hour: the unit of stored sums. */
export const SLOT_MS = 900_000;
/** Receipts of an account between two foldings: what lies behind the last multiple of it is summed when it is read. */
export const FOLD_EVERY = 1_024;
/** Most receipts that one folding takes, so that no spend waits for a long history. */
export const MOST_FOLDED = 64 * FOLD_EVERY;

/** A stretch of time, half-open. */
export interface TimeSpan {
  readonly since: Instant;
  readonly until: Instant;
}

/** Sums over calls. They go past what a number counts exactly, so all but counts of calls are BigInt. */
export interface UsageSums {
  /** Rows of usage: calls, and bare amounts among them. */
  readonly calls: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  /** Microcredits paid. */
  readonly credits: bigint;
  /** Microcredits by the rate cards, of the calls that have such a price. */
  readonly listCredits: bigint;
  /** Calls without such a price: some of those on an account's own provider key. */
  readonly unpriced: number;
}

/** Sums under one value of what they go by; null: the calls that have none. */
export interface UsageCell extends UsageSums {
  readonly key: string | null;
}

/** What usage can be summed by; `total`: all of it in one cell. */
export type UsageColumn = 'total' | 'model' | 'provider' | 'activity' | 'session' | 'run' | 'source';

/** Sums of nothing. */
export const NO_USAGE: UsageSums = {
  calls: 0,
  inputTokens: 0n,
  outputTokens: 0n,
  credits: 0n,
  listCredits: 0n,
  unpriced: 0,
};

/** Both together. */
export function addUsage(a: UsageSums, b: UsageSums): UsageSums {
  return {
    calls: a.calls + b.calls,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    credits: a.credits + b.credits,
    listCredits: a.listCredits + b.listCredits,
    unpriced: a.unpriced + b.unpriced,
  };
}

/** Cells with the same key as one, in order of first appearance. */
export function mergeCells(cells: Iterable<UsageCell>): UsageCell[] {
  const merged = new Map<string | null, UsageSums>();
  for (const { key, ...sums } of cells) merged.set(key, addUsage(merged.get(key) ?? NO_USAGE, sums));
  return [...merged].map(([key, sums]) => ({ key, ...sums }));
}

/** A part of one slot. */
export interface SlotPart extends TimeSpan {
  readonly slot: number;
}

/** A stretch of time as whole slots, `first` to before `end` (equal: none), and the parts of slots at its edges. */
export interface CutSpan {
  readonly first: number;
  readonly end: number;
  readonly parts: readonly SlotPart[];
}

/** Cuts a stretch of time at the edges of slots. The pieces are disjoint and together the stretch. */
export function cutSpan({ since, until }: TimeSpan): CutSpan {
  const first = Math.ceil(since / SLOT_MS);
  const end = Math.floor(until / SLOT_MS);
  if (until <= since) return { first, end: first, parts: [] };
  // Both edges inside one slot.
  if (first > end) return { first, end: first, parts: [{ slot: end, since, until }] };
  const parts: SlotPart[] = [];
  if (since < first * SLOT_MS) parts.push({ slot: first - 1, since, until: first * SLOT_MS });
  if (until > end * SLOT_MS) parts.push({ slot: end, since: end * SLOT_MS, until });
  return { first, end, parts };
}
