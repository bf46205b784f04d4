/** Reads of one account or of all: nothing here writes, and the clock is applied to everything shown. */
import { type Catalogue, requirePlan } from '../core/catalogue.ts';
import { micro } from '../core/credits.ts';
import { holdId, lotId, receiptId } from '../core/ids.ts';
import { projectTo } from '../core/ledger/sweep.ts';
import { cycleOf, type PlanContext, planInForce } from '../core/plans.ts';
import type { Account, AccountState, Hold, Instant, Source } from '../core/types.ts';
import { stateAt } from './as-of.ts';
import { contextOf, type LocalDeps } from './local-deps.ts';
import { sliceViews } from './receipt-view.ts';
import type { AccountView, CycleView, EntryView, HoldView, LogQuery, PlanView } from './service.ts';
import type { Store } from './store.ts';

const zoned = async (deps: LocalDeps): Promise<PlanContext> => contextOf(deps, await deps.store.catalogue());

/** Reads use the account's clock: max(now, its last time). */
export const readClock = (account: Account, now: Instant): Instant => Math.max(now, account.lastAt);

/** @throws LedgerError `unknown_account` */
export async function readHolds(
  deps: LocalDeps,
  id: string,
  all: boolean,
  asOf: Instant | null,
): Promise<HoldView[]> {
  const { state, at } = await stateAt(deps, id, asOf);
  const past = asOf !== null && asOf < state.account.lastAt;
  const holds = past || !all ? [...state.holds.values()] : await deps.store.holds(state.account, false);
  const lots = await lotsOf(deps.store, state, holds);
  return holds
    .map((hold) => lapsedAt(hold, at))
    .filter((hold) => all || hold.status === 'open')
    .sort((a, b) => a.no - b.no)
    .map((hold) => ({
      hold: holdId(state.account, hold.no),
      credits: hold.amount,
      status: hold.status,
      createdAt: hold.createdAt,
      expiresAt: hold.expiresAt,
      model: hold.call?.model ?? null,
      slices: sliceViews(state.account, hold.slices, (lot) => lots.get(lot)!),
    }));
}

const lapsedAt = (hold: Hold, at: Instant): Hold =>
  hold.status === 'open' && hold.expiresAt <= at ? { ...hold, status: 'lapsed' } : hold;

async function lotsOf(
  store: Store,
  state: AccountState,
  holds: readonly Hold[],
): Promise<ReadonlyMap<number, Source>> {
  const wanted = new Set(holds.flatMap((hold) => hold.slices.map((slice) => slice.lot)));
  const missing = [...wanted].filter((no) => !state.lots.has(no));
  const found = await store.lots(state.account, missing);
  return new Map([...state.lots, ...found].map(([no, lot]) => [no, lot.source]));
}

/** @throws LedgerError `unknown_account` */
export async function readLog(deps: LocalDeps, id: string, query: LogQuery): Promise<EntryView[]> {
  const { state } = await deps.store.read(id);
  const rows = await deps.store.entries(state.account, query);
  const numbers = [...new Set(rows.flatMap(({ entry }) => entry.lot ?? []))];
  const lots = await deps.store.lots(state.account, numbers);
  return rows.map(({ entry, note }) => ({
    seq: entry.seq,
    receipt: receiptId(state.account, entry.receipt),
    at: entry.at,
    kind: entry.kind,
    from: entry.from,
    to: entry.to,
    lot: entry.lot === null ? null : lotId(state.account, entry.lot),
    source: entry.lot === null ? null : (lots.get(entry.lot)?.source ?? null),
    credits: entry.amount,
    available: entry.available,
    note,
  }));
}

/** @throws LedgerError `unknown_account` */
export async function readCycle(deps: LocalDeps, id: string): Promise<CycleView> {
  const { state } = await deps.store.read(id);
  const context = await zoned(deps);
  const { account } = state;
  const at = readClock(account, deps.now());
  const shown = { account: id, zone: account.zone, plan: planInForce(account, at) };
  const cycle = account.closedAt === null ? cycleOf(account, at, context) : null;
  if (cycle === null) return { ...shown, start: null, end: null, granted: null, next: null };
  const granted = cycle.granted
    ? (await deps.store.cycleLots(account)).reduce((sum, lot) => sum + lot.granted, 0)
    : 0;
  return {
    ...shown,
    start: cycle.start,
    end: cycle.end,
    granted: micro(granted),
    next: nextOf(account, cycle.end, context.catalogue),
  };
}

/** The next boundary and what it grants: a pending change takes effect there. */
function nextOf(account: Account, end: Instant, catalogue: Catalogue): CycleView['next'] {
  const plan = requirePlan(catalogue, planInForce(account, end), end);
  return { at: end, credits: plan.monthly };
}

/** @param known the account as a write left it, and when; null: as it is now. @throws LedgerError `unknown_account` */
export async function readPlan(
  deps: LocalDeps,
  id: string,
  known: { readonly account: Account; readonly at: Instant } | null = null,
): Promise<PlanView> {
  const account = known?.account ?? (await deps.store.read(id)).state.account;
  const { catalogue } = await zoned(deps);
  const at = known?.at ?? readClock(account, deps.now());
  const plan = requirePlan(catalogue, planInForce(account, at), at);
  const pending =
    account.pendingPlan !== null && account.pendingAt !== null && account.pendingAt > at
      ? { plan: account.pendingPlan, at: account.pendingAt }
      : null;
  return {
    account: account.id,
    zone: account.zone,
    plan: plan.id,
    name: plan.name,
    monthly: plan.monthly,
    priceCents: plan.priceCents,
    status: 'active',
    pending,
  };
}

/** An account's facts and totals by the clock. */
export function accountView(state: AccountState, now: Instant, context: PlanContext): AccountView {
  const at = readClock(state.account, now);
  const { account } = projectTo(state, at).state;
  const cycle = account.closedAt === null ? cycleOf(account, at, context) : null;
  return {
    account: account.id,
    plan: planInForce(account, at),
    zone: account.zone,
    createdAt: account.createdAt,
    closedAt: account.closedAt,
    available: account.available,
    held: account.held,
    debt: account.debt,
    cycle: cycle === null ? null : { start: cycle.start, end: cycle.end },
  };
}

/** @throws LedgerError `unknown_account` */
export async function readAccount(deps: LocalDeps, id: string): Promise<AccountView> {
  const { state } = await deps.store.read(id);
  return accountView(state, deps.now(), await zoned(deps));
}

export async function readAccounts(
  deps: LocalDeps,
  page: { readonly after?: string | null; readonly limit?: number },
): Promise<AccountView[]> {
  const context = await zoned(deps);
  const found = await deps.store.accounts(page.after ?? null, page.limit ?? 1_000);
  const views: AccountView[] = [];
  for (const { id } of found) {
    const { state } = await deps.store.read(id);
    views.push(accountView(state, deps.now(), context));
  }
  return views;
}
