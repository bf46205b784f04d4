/** A ledger as a worker process opens it: the real store and service, with a clock that stands still. */
import { hash, randomBytes } from 'node:crypto';
import { parseCredits } from '../../src/core/credits.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import type { SpendInput } from '../../src/ledger/service.ts';
import type { SqliteStore, StoreOptions } from '../../src/store/sqlite.ts';
import { openSqlite } from '../../src/store/sqlite-open.ts';

const sha256 = (text: string): string => hash('sha256', text, 'hex');

export const workerOptions = (busyBudgetMs?: number): StoreOptions => ({
  sha256,
  random: Math.random,
  newTag: () => randomBytes(4).toString('hex'),
  ...(busyBudgetMs === undefined ? {} : { busyBudgetMs }),
});

export interface WorkerLedger {
  readonly store: SqliteStore;
  readonly ledger: LocalLedger;
}

/** The service over a store. @param at the clock, epoch ms */
export function ledgerOver(store: SqliteStore, at: number): LocalLedger {
  return new LocalLedger({
    store,
    zones: UTC_RULES,
    loadZones: async () => UTC_RULES,
    sha256,
    now: () => at,
    wall: () => at,
    actor: 'worker',
  });
}

/** Opens a ledger for writing. */
export function openLedger(file: string, at: number, busyBudgetMs?: number): WorkerLedger {
  const store = openSqlite(file, 'write', workerOptions(busyBudgetMs));
  return { store, ledger: ledgerOver(store, at) };
}

const NO_TAGS = { activity: null, session: null, run: null };

/** A spend of a bare amount. */
export const spendInput = (amount: string, note: string | null = null): SpendInput => ({
  amount: parseCredits(amount),
  call: null,
  tags: NO_TAGS,
  note,
  at: null,
});

/** A hold of a bare amount, for an hour. */
export const holdInput = (amount: string, note: string | null = null) => ({
  amount: parseCredits(amount),
  call: null,
  tags: NO_TAGS,
  ttlMs: 3_600_000,
  note,
});
