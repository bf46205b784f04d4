/**
 * Views of a ledger as the JSON that the contract promises: credits as numbers, instants as RFC 3339, keys in camelCase.
 * Source: contract 1 (numbers and time), 6 (fields).
 */
import { MICRO, type Microcredits, toJsonCredits } from '../core/credits.ts';
import { formatInstant } from '../core/time.ts';
import type { Instant } from '../core/types.ts';
import type {
  AccountView,
  BalanceView,
  CycleView,
  DueBooked,
  EntryView,
  ExpiryView,
  FailedAccount,
  HoldView,
  LotView,
  PlanChangeView,
  PlanView,
  ReceiptView,
  RolloverView,
  SliceView,
  UsageView,
} from '../ledger/service.ts';
import { failureFields } from './output.ts';

const instant = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
const credits = (amount: Microcredits | null): number | null =>
  amount === null ? null : toJsonCredits(amount);
const span = (cycle: { readonly start: Instant; readonly end: Instant } | null) =>
  cycle === null ? null : { start: formatInstant(cycle.start), end: formatInstant(cycle.end) };

/** A sum over a whole ledger; beyond 2^33 credits two neighbouring microcredits print alike. */
export const sumJson = (amount: bigint): number => Number(amount) / MICRO;

const sliceJson = ({ lot, source, credits }: SliceView) => ({ lot, source, credits: toJsonCredits(credits) });

function usageJson(usage: UsageView) {
  const { at, listCredits, ...rest } = usage;
  return { at: formatInstant(at), ...rest, listCredits: credits(listCredits) };
}

/** Fields of `credits.receipt/v1`. `usage` stands for a call only, the last fields for their kinds. */
export function receiptJson(view: ReceiptView) {
  return {
    receipt: view.receipt,
    kind: view.kind,
    account: view.account,
    at: formatInstant(view.at),
    credits: toJsonCredits(view.credits),
    slices: view.slices.map(sliceJson),
    available: toJsonCredits(view.available),
    debt: toJsonCredits(view.debt),
    note: view.note,
    replayed: view.replayed,
    dryRun: view.dryRun,
    ...(view.usage === null || view.usage.model === null ? {} : { usage: usageJson(view.usage) }),
    ...(view.hold === undefined ? {} : { hold: view.hold }),
    ...(view.lot === undefined ? {} : { lot: view.lot }),
    ...(view.expiresAt === undefined ? {} : { expiresAt: instant(view.expiresAt) }),
    ...(view.released === undefined ? {} : { released: toJsonCredits(view.released) }),
    ...(view.overrun === undefined ? {} : { overrun: toJsonCredits(view.overrun) }),
    ...(view.late === undefined ? {} : { late: view.late }),
  };
}

function lotJson(lot: LotView) {
  return {
    lot: lot.lot,
    source: lot.source,
    granted: toJsonCredits(lot.granted),
    spent: toJsonCredits(lot.spent),
    held: toJsonCredits(lot.held),
    expired: toJsonCredits(lot.expired),
    revoked: toJsonCredits(lot.revoked),
    available: toJsonCredits(lot.available),
    grantedAt: formatInstant(lot.grantedAt),
    expiresAt: instant(lot.expiresAt),
    endedAt: instant(lot.endedAt),
    priority: lot.priority,
    note: lot.note,
  };
}

/** Fields of `credits.balance/v1`. */
export function balanceJson(view: BalanceView, facts: { readonly lots: boolean }) {
  return {
    account: view.account,
    plan: view.plan,
    timezone: view.zone,
    asOf: formatInstant(view.asOf),
    available: toJsonCredits(view.available),
    held: toJsonCredits(view.held),
    debt: toJsonCredits(view.debt),
    sources: view.sources.map((row) => ({
      source: row.source,
      granted: toJsonCredits(row.granted),
      spent: toJsonCredits(row.spent),
      held: toJsonCredits(row.held),
      expired: toJsonCredits(row.expired),
      revoked: toJsonCredits(row.revoked),
      available: toJsonCredits(row.available),
      nextExpiry: instant(row.nextExpiry),
    })),
    cycle: span(view.cycle),
    ...(facts.lots ? { lots: view.lots.map(lotJson) } : {}),
    closed: view.closed,
  };
}

/** One row of `credits.holds/v1`. */
export function holdJson(view: HoldView) {
  return {
    hold: view.hold,
    credits: toJsonCredits(view.credits),
    status: view.status,
    createdAt: formatInstant(view.createdAt),
    expiresAt: formatInstant(view.expiresAt),
    model: view.model,
    slices: view.slices.map(sliceJson),
  };
}

const failedJson = ({ account, error }: FailedAccount) => ({ account, error: failureFields(error) });

/** Fields of `credits.expiry/v1`. */
export function expiryJson(view: ExpiryView) {
  return {
    accounts: view.accounts,
    expired: toJsonCredits(view.expired),
    lots: view.lots,
    holds: view.holds,
    failed: view.failed.map(failedJson),
    dryRun: view.dryRun,
    ...(view.receipt === null ? {} : { receipt: view.receipt.receipt, replayed: view.receipt.replayed }),
  };
}

/** Fields of `credits.cycle/v1`. */
export function cycleJson(view: CycleView) {
  return {
    account: view.account,
    plan: view.plan,
    start: instant(view.start),
    end: instant(view.end),
    granted: credits(view.granted),
    next:
      view.next === null
        ? null
        : { at: formatInstant(view.next.at), credits: toJsonCredits(view.next.credits) },
  };
}

/** Fields of `credits.rollover/v1`. */
export function rolloverJson(view: RolloverView) {
  return {
    accounts: view.accounts,
    granted: sumJson(view.granted),
    expired: sumJson(view.expired),
    changes: view.changes.map((change) => ({
      account: change.account,
      plan: change.plan,
      start: instant(change.start),
      end: instant(change.end),
      granted: toJsonCredits(change.granted),
      expired: toJsonCredits(change.expired),
      missed: change.missed,
    })),
    failed: view.failed.map(failedJson),
    dryRun: view.dryRun,
  };
}

/** Fields of `credits.plan/v1`; a change adds when it counts and its receipt. */
export function planJson(view: PlanView | PlanChangeView) {
  const change = 'effectiveAt' in view ? view : null;
  return {
    account: view.account,
    plan: view.plan,
    name: view.name,
    monthlyCredits: toJsonCredits(view.monthly),
    priceCents: view.priceCents,
    currency: 'usd',
    status: view.status,
    pending: view.pending === null ? null : { plan: view.pending.plan, at: formatInstant(view.pending.at) },
    effectiveAt: change === null ? null : formatInstant(change.effectiveAt),
    ...(change === null ? {} : { ...planReceiptJson(change.receipt), booked: dueJson(change.booked) }),
  };
}

/** What was booked of clock and cycle before the command's own work. */
export const dueJson = (due: DueBooked | null) =>
  due === null ? null : { granted: toJsonCredits(due.granted), expired: toJsonCredits(due.expired) };

function planReceiptJson(receipt: ReceiptView | null) {
  if (receipt === null) return { receipt: null, replayed: false };
  const { account: _, ...fields } = receiptJson(receipt);
  return fields;
}

/** Fields of `credits.account/v1`, and a row of `credits.accounts/v1`. */
export function accountJson(view: AccountView) {
  return {
    account: view.account,
    plan: view.plan,
    timezone: view.zone,
    createdAt: formatInstant(view.createdAt),
    closedAt: instant(view.closedAt),
    available: toJsonCredits(view.available),
    held: toJsonCredits(view.held),
    debt: toJsonCredits(view.debt),
    cycle: span(view.cycle),
  };
}

/** One row of `credits.log/v1`. */
export function entryJson(view: EntryView) {
  return {
    seq: view.seq,
    receipt: view.receipt,
    at: formatInstant(view.at),
    kind: view.kind,
    from: view.from,
    to: view.to,
    lot: view.lot,
    source: view.source,
    credits: toJsonCredits(view.credits),
    available: toJsonCredits(view.available),
    note: view.note,
  };
}
