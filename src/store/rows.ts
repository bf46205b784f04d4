/**
 * Rows of the tables as arrays in a fixed order of columns, and the model's objects: the one place that converts.
 * `COLUMNS` is the order that every statement of either engine uses.
 */

import type { Microcredits } from '../core/credits.ts';
import type { Account, Entry, Hold, HoldStatus, Lot, Receipt, Usage } from '../core/types.ts';

/** A value as both engines take and give it. */
export type Value = string | number | Uint8Array | null;
export type Row = readonly Value[];

/** Columns of each table, in the order of the arrays below. */
export const COLUMNS = {
  account:
    'no, id, tag, zone, created_at, closed_at, plan, anchor_at, cycle, cycle_start, cycle_end, pending_plan, pending_at, last_at, receipt_seq, entry_seq, available, held, debt, byok, head',
  lot: 'no, source, priority, granted_at, expires_at, ended_at, end_kind, cycle, cycle_start, granted, available, held, spent, expired, revoked, note',
  receipt:
    'seq, kind, at, key, request, credits, available, debt, entry_first, entry_count, note, detail, hash',
  entry: 'seq, receipt, at, kind, lot, from_place, to_place, amount, available',
  usage:
    'receipt, at, model, provider, rate, input_tokens, cached_tokens, cache_write_tokens, output_tokens, tool_calls, activity, session, run, byok, credits, list_credits',
  hold: 'no, amount, status, created_at, expires_at, resolved_by, terms',
} as const;

const hex = (value: Value): string => Buffer.from(value as Uint8Array).toString('hex');
const bytes = (text: string): Buffer => Buffer.from(text, 'hex');

export function accountOf(row: Row): Account {
  const [no, id, tag, zone, createdAt, closedAt, plan, anchorAt, cycle, cycleStart, cycleEnd, ...more] =
    row as [number, string, string, string, number, number | null, string, ...never[]];
  const [pendingPlan, pendingAt, lastAt, receiptSeq, entrySeq, available, held, debt, byok, head] =
    more as never[];
  return {
    no,
    id,
    tag,
    zone,
    createdAt,
    closedAt,
    plan,
    anchorAt: anchorAt!,
    cycle: cycle!,
    cycleStart: cycleStart!,
    cycleEnd: cycleEnd!,
    pendingPlan: pendingPlan!,
    pendingAt: pendingAt!,
    lastAt: lastAt!,
    receiptSeq: receiptSeq!,
    entrySeq: entrySeq!,
    available: available!,
    held: held!,
    debt: debt!,
    byok: byok === '{}' ? {} : JSON.parse(byok!),
    head: hex(head!),
  };
}

export function accountRow(account: Account): Value[] {
  return [
    account.no,
    account.id,
    account.tag,
    account.zone,
    account.createdAt,
    account.closedAt,
    account.plan,
    account.anchorAt,
    account.cycle,
    account.cycleStart,
    account.cycleEnd,
    account.pendingPlan,
    account.pendingAt,
    account.lastAt,
    account.receiptSeq,
    account.entrySeq,
    account.available,
    account.held,
    account.debt,
    JSON.stringify(account.byok),
    bytes(account.head),
  ];
}

export function lotOf(row: Row): Lot {
  const r = row as never[];
  return {
    no: r[0]!,
    source: r[1]!,
    priority: r[2]!,
    grantedAt: r[3]!,
    expiresAt: r[4]!,
    endedAt: r[5]!,
    endKind: r[6]!,
    cycle: r[7]!,
    cycleStart: r[8]!,
    granted: r[9]!,
    available: r[10]!,
    held: r[11]!,
    spent: r[12]!,
    expired: r[13]!,
    revoked: r[14]!,
    note: r[15]!,
  };
}

export const isLive = (lot: Lot): number => (lot.available + lot.held > 0 ? 1 : 0);

export function lotRow(lot: Lot): Value[] {
  return [
    lot.no,
    lot.source,
    lot.priority,
    lot.grantedAt,
    lot.expiresAt,
    lot.endedAt,
    lot.endKind,
    lot.cycle,
    lot.cycleStart,
    lot.granted,
    lot.available,
    lot.held,
    lot.spent,
    lot.expired,
    lot.revoked,
    lot.note,
  ];
}

/** A receipt and the hash stored with it. */
export function receiptOf(row: Row): { receipt: Receipt; hash: string } {
  const r = row as never[];
  return {
    receipt: {
      seq: r[0]!,
      kind: r[1]!,
      at: r[2]!,
      key: r[3]!,
      request: r[4] === null ? null : hex(r[4]!),
      credits: r[5]!,
      available: r[6]!,
      debt: r[7]!,
      entryFirst: r[8]!,
      entryCount: r[9]!,
      note: r[10]!,
      detail: r[11] === null ? null : JSON.parse(r[11]!),
    },
    hash: hex(r[12]!),
  };
}

/** @param detail the receipt's detail as it was hashed */
export function receiptRow(receipt: Receipt, detail: string | null, hash: string): Value[] {
  return [
    receipt.seq,
    receipt.kind,
    receipt.at,
    receipt.key,
    receipt.request === null ? null : bytes(receipt.request),
    receipt.credits,
    receipt.available,
    receipt.debt,
    receipt.entryFirst,
    receipt.entryCount,
    receipt.note,
    detail,
    bytes(hash),
  ];
}

export function entryOf(row: Row): Entry {
  const r = row as never[];
  return {
    seq: r[0]!,
    receipt: r[1]!,
    at: r[2]!,
    kind: r[3]!,
    lot: r[4]!,
    from: r[5]!,
    to: r[6]!,
    amount: r[7]!,
    available: r[8]!,
  };
}

export function entryRow(entry: Entry): Value[] {
  return [
    entry.seq,
    entry.receipt,
    entry.at,
    entry.kind,
    entry.lot,
    entry.from,
    entry.to,
    entry.amount,
    entry.available,
  ];
}

export function usageOf(row: Row): Usage {
  const r = row as never[];
  return {
    receipt: r[0]!,
    at: r[1]!,
    model: r[2]!,
    provider: r[3]!,
    rate: r[4]!,
    inputTokens: r[5]!,
    cachedTokens: r[6]!,
    cacheWriteTokens: r[7]!,
    outputTokens: r[8]!,
    toolCalls: r[9]!,
    activity: r[10]!,
    session: r[11]!,
    run: r[12]!,
    byok: r[13] === 1,
    credits: r[14]!,
    listCredits: r[15]!,
  };
}

export function usageRow(usage: Usage): Value[] {
  return [
    usage.receipt,
    usage.at,
    usage.model,
    usage.provider,
    usage.rate,
    usage.inputTokens,
    usage.cachedTokens,
    usage.cacheWriteTokens,
    usage.outputTokens,
    usage.toolCalls,
    usage.activity,
    usage.session,
    usage.run,
    usage.byok ? 1 : 0,
    usage.credits,
    usage.listCredits,
  ];
}

/** A hold without its slices: these are the `held` entries of the receipt that made it. */
export function holdOf(row: Row): Omit<Hold, 'slices'> {
  const r = row as never[];
  const terms = JSON.parse(r[6]!) as Pick<Hold, 'call' | 'tags'>;
  return {
    no: r[0]!,
    amount: r[1]! as Microcredits,
    status: r[2]! as HoldStatus,
    createdAt: r[3]!,
    expiresAt: r[4]!,
    resolvedBy: r[5]!,
    call: terms.call,
    tags: terms.tags,
  };
}

export function holdRow(hold: Omit<Hold, 'slices'>): Value[] {
  return [
    hold.no,
    hold.amount,
    hold.status,
    hold.createdAt,
    hold.expiresAt,
    hold.resolvedBy,
    JSON.stringify({ call: hold.call, tags: hold.tags }),
  ];
}
