/** What a local ledger is wired with, and the small things its parts share. */
import type { Catalogue } from '../core/catalogue.ts';
import type { Sha256 } from '../core/chain.ts';
import { invalid, LedgerError } from '../core/errors.ts';
import type { PlanContext } from '../core/plans.ts';
import type { Account, Instant } from '../core/types.ts';
import type { ZoneRules } from '../core/zones.ts';
import type { PaymentAccess } from './payments/payment-run.ts';
import { receiptView } from './receipt-view.ts';
import type { LedgerMode, ReceiptView } from './service.ts';
import type { Decided, Store } from './store.ts';

export interface LocalDeps {
  readonly store: Store;
  /** Rules that know the zone of every account there is. */
  readonly zones: ZoneRules;
  /** Rules that know every zone; loading them takes time. */
  readonly loadZones: () => Promise<ZoneRules>;
  readonly sha256: Sha256;
  /** The clock to book with; `--now` sets it. */
  readonly now: () => Instant;
  /** The wall clock. */
  readonly wall: () => Instant;
  /** Who changes settings, for their receipts. */
  readonly actor: string;
  /** How payments are reached; absent where there are none. */
  readonly payments?: PaymentAccess;
}

export const contextOf = (deps: LocalDeps, catalogue: Catalogue): PlanContext => ({
  catalogue,
  zones: deps.zones,
});

const DAY_MS = 86_400_000;

/**
 * The instant to write at.
 * @throws LedgerError `invalid_argument` in a live ledger more than 24 h ahead of the wall clock. Source: contract 1.
 */
export function writeClock(deps: LocalDeps): Instant {
  const at = deps.now();
  refuseFuture(deps.store.mode, at, deps.wall());
  return at;
}

/**
 * Refuses to write a live ledger ahead of the clock. Where a request has a key, this comes after the look-up of the key.
 * @throws LedgerError `invalid_argument`. Source: contract 1, 5.7.
 */
export function refuseFuture(mode: LedgerMode, at: Instant, wall: Instant): void {
  if (mode === 'live' && at > wall + DAY_MS) {
    throw invalid(
      'a live ledger is not written more than 24 hours ahead of the clock',
      'check --now and CREDITS_NOW',
    );
  }
}

/** The answer to a piece of work: its last receipt, or the one its key was bound to. */
export function answerOf(decided: Decided, dryRun: boolean, account?: Account): ReceiptView {
  if ('replay' in decided) {
    const { booked, lots } = decided.replay;
    return receiptView(account!, booked, lots, { replayed: true, dryRun });
  }
  const last = decided.booked.at(-1);
  if (last === undefined) throw new LedgerError('integrity_failure', 'a command booked no receipt');
  return receiptView(decided.state.account, last, decided.state.lots, { replayed: false, dryRun });
}
