/** What was used, by model, day, source and more. Reads only. Source: contract 6 (`usage`). */
import { type LocalSpan, localSpans, type Zone } from '../core/local-spans.ts';
import { MAX_INSTANT } from '../core/time.ts';
import type { Account, Instant } from '../core/types.ts';
import {
  addUsage,
  mergeCells,
  NO_USAGE,
  type TimeSpan,
  type UsageCell,
  type UsageColumn,
  type UsageSums,
} from '../core/usage.ts';
import { UTC, UTC_RULES } from '../core/zones.ts';
import type { LocalDeps } from './local-deps.ts';
import { readClock } from './local-reads.ts';
import { usageRange } from './usage-range.ts';
import type { UsageAmounts, UsageBy, UsageQuery, UsageReport, UsageRow } from './usage-view.ts';

/**
 * @param id of the account; not looked at by account
 * @throws LedgerError `unknown_account`, `invalid_argument` (an empty range)
 */
export function readUsage(deps: LocalDeps, id: string, query: UsageQuery): Promise<UsageReport> {
  return query.by === 'account' ? ofAll(deps, query) : ofAccount(deps, id, query);
}

async function ofAll(deps: LocalDeps, query: UsageQuery): Promise<UsageReport> {
  const { since, until, span } = usageRange(query, deps.now(), { name: UTC, rules: UTC_RULES });
  // Without an end each account is read to its own clock, which may be ahead of ours: no call is later than that.
  const used = query.until === null ? { ...span, until: MAX_INSTANT + 1 } : span;
  const rows = (await deps.store.usageByAccount(used)).map((cell) => rowOf(cell)).sort(mostFirst);
  return reportOf({ account: null, zone: UTC, by: query.by, since, until, periods: null }, rows);
}

async function ofAccount(deps: LocalDeps, id: string, query: UsageQuery): Promise<UsageReport> {
  const { account } = (await deps.store.read(id)).state;
  const zone: Zone = { name: account.zone, rules: deps.zones };
  const clock = readClock(account, deps.now());
  const { since, until, span } = usageRange(query, clock, zone);
  const facts = { account: account.id, zone: account.zone, by: query.by, since, until };
  const used = await usedSpan(deps, account, span, clock);
  const { by } = query;
  if (by === 'day' || by === 'month') {
    const spans = used === null ? [] : [...localSpans(used, by, zone)];
    const periods = query.trend === true ? namesOf(spans) : null;
    return reportOf({ ...facts, periods }, await byTime(deps, account, spans));
  }
  const column = by as Exclude<UsageBy, 'day' | 'month' | 'account'>;
  if (query.trend !== true) {
    const cells = used === null ? [] : (await deps.store.usage(account, column, [used]))[0]!;
    return reportOf({ ...facts, periods: null }, cells.map((cell) => rowOf(cell)).sort(mostFirst));
  }
  const days = used === null ? [] : [...localSpans(used, 'day', zone)];
  const rows = await withTrend(deps, account, column, days);
  return reportOf({ ...facts, periods: namesOf(days) }, rows.sort(mostFirst));
}

const namesOf = (spans: readonly LocalSpan[]): string[] => spans.map(({ name }) => name);

/** The part of a stretch from the first usage to the clock: a range that goes far beyond it costs no more. */
async function usedSpan(
  deps: LocalDeps,
  account: Account,
  span: TimeSpan,
  clock: Instant,
): Promise<TimeSpan | null> {
  const start = await deps.store.usageStart(account);
  if (start === null) return null;
  // No call takes place later than the receipt that books it.
  const used = { since: Math.max(span.since, start), until: Math.min(span.until, clock + 1) };
  return used.since < used.until ? used : null;
}

async function byTime(deps: LocalDeps, account: Account, spans: readonly LocalSpan[]): Promise<UsageRow[]> {
  const cells = await deps.store.usage(account, 'total', spans);
  return spans.flatMap(({ name }, index) => cells[index]!.map((cell) => rowOf({ ...cell, key: name })));
}

async function withTrend(
  deps: LocalDeps,
  account: Account,
  column: UsageColumn,
  days: readonly LocalSpan[],
): Promise<UsageRow[]> {
  const cells = await deps.store.usage(account, column, days);
  const trends = new Map<string | null, bigint[]>();
  for (const [day, ofDay] of cells.entries()) {
    for (const { key, credits } of ofDay) {
      const trend = trends.get(key) ?? new Array<bigint>(days.length).fill(0n);
      trend[day] = credits;
      trends.set(key, trend);
    }
  }
  return mergeCells(cells.flat()).map((cell) => rowOf(cell, trends.get(cell.key)!));
}

const rowOf = ({ key, ...sums }: UsageCell, trend: readonly bigint[] | null = null): UsageRow => ({
  key,
  ...amountsOf(sums),
  trend,
});

const amountsOf = (sums: UsageSums): UsageAmounts => ({
  ...sums,
  listCredits: sums.unpriced > 0 && sums.unpriced === sums.calls ? null : sums.listCredits,
});

function reportOf(facts: Omit<UsageReport, 'rows' | 'total'>, rows: readonly UsageRow[]): UsageReport {
  const total = rows.reduce<UsageSums>(
    (sum, row) => addUsage(sum, { ...row, listCredits: row.listCredits ?? 0n }),
    NO_USAGE,
  );
  return { ...facts, rows, total: amountsOf(total) };
}

/** Most credits first, then highest list price, then most calls, then by name; what has no name last. */
function mostFirst(a: UsageRow, b: UsageRow): number {
  if (a.credits !== b.credits) return a.credits > b.credits ? -1 : 1;
  const [aList, bList] = [a.listCredits ?? 0n, b.listCredits ?? 0n];
  if (aList !== bList) return aList > bList ? -1 : 1;
  if (a.calls !== b.calls) return b.calls - a.calls;
  if (a.key === null || b.key === null) return a.key === null ? 1 : -1;
  return a.key < b.key ? -1 : 1;
}
