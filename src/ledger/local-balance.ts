/** What there is, by source and by lot. Source: contract 6 (`balance`). */
import { add, ZERO } from '../core/credits.ts';
import { lotId } from '../core/ids.ts';
import { compareLots, endOf, hasEnded } from '../core/lots.ts';
import { cycleOf, planInForce } from '../core/plans.ts';
import { SOURCES } from '../core/sources.ts';
import type { Account, Instant, Lot, Source } from '../core/types.ts';
import { stateAt } from './as-of.ts';
import { contextOf, type LocalDeps } from './local-deps.ts';
import type { BalanceView, LotView, SourceView } from './service.ts';

/** These rows are shown also when there is nothing in them. */
const ALWAYS: ReadonlySet<Source> = new Set(['welcome', 'monthly', 'purchased']);

/** @throws LedgerError `unknown_account` */
export async function readBalance(deps: LocalDeps, id: string, asOf: Instant | null): Promise<BalanceView> {
  const { state, at } = await stateAt(deps, id, asOf);
  const { account } = state;
  const live = [...state.lots.values()].filter((lot) => lot.held > 0 || !hasEnded(lot, at)).sort(compareLots);
  const context = contextOf(deps, await deps.store.catalogue());
  const cycle = account.closedAt === null ? cycleOf(account, at, context) : null;
  return {
    account: account.id,
    plan: planInForce(account, at),
    zone: account.zone,
    asOf: at,
    available: account.available,
    held: account.held,
    debt: account.debt,
    sources: (Object.keys(SOURCES) as Source[]).flatMap((source) => sourceView(source, live)),
    cycle: cycle === null ? null : { start: cycle.start, end: cycle.end },
    lots: live.map((lot) => lotView(account, lot)),
    byok: account.byok,
    closed: account.closedAt !== null,
  };
}

function sourceView(source: Source, live: readonly Lot[]): SourceView[] {
  const own = live.filter((lot) => lot.source === source);
  if (own.length === 0 && !ALWAYS.has(source)) return [];
  const total = (place: 'granted' | 'spent' | 'held' | 'expired' | 'revoked' | 'available') =>
    own.reduce((sum, lot) => add(sum, lot[place]), ZERO);
  return [
    {
      source,
      granted: total('granted'),
      spent: total('spent'),
      held: total('held'),
      expired: total('expired'),
      revoked: total('revoked'),
      available: total('available'),
      nextExpiry: nextExpiry(own),
    },
  ];
}

/** The earliest end among lots with something left; where all are used up, among those that have not ended yet. */
function nextExpiry(lots: readonly Lot[]): Instant | null {
  const left = lots.filter((lot) => lot.available + lot.held > 0);
  let first: Instant | null = null;
  for (const lot of left.length > 0 ? left : lots) {
    const end = endOf(lot);
    if (end !== null && (first === null || end.at < first)) first = end.at;
  }
  return first;
}

/** A lot as it is stored. */
export function lotView(account: Account, lot: Lot): LotView {
  return {
    lot: lotId(account, lot.no),
    source: lot.source,
    granted: lot.granted,
    spent: lot.spent,
    held: lot.held,
    expired: lot.expired,
    revoked: lot.revoked,
    available: lot.available,
    grantedAt: lot.grantedAt,
    expiresAt: lot.expiresAt,
    endedAt: lot.endedAt,
    priority: lot.priority,
    note: lot.note,
  };
}
