/** A real ledger in a folder of its own for a test: clock in hand, verified and removed at the end. */
import { hash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { defaultRows } from '../../src/catalog/index.ts';
import { createZoneRules } from '../../src/cli/zone-rules.ts';
import type { CallInput } from '../../src/core/calls.ts';
import { type Microcredits, parseCredits } from '../../src/core/credits.ts';
import { type AccessTokens, createAccessTokens } from '../../src/ledger/access-tokens.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import type { LocalDeps } from '../../src/ledger/local-deps.ts';
import { settingRows } from '../../src/ledger/new-ledger.ts';
import type { LedgerMode, SpendInput } from '../../src/ledger/service.ts';
import type { Store } from '../../src/ledger/store.ts';
import type { SqliteStore, StoreOptions } from '../../src/store/sqlite.ts';
import { createSqlite, openSqlite } from '../../src/store/sqlite-open.ts';

export const NOON = Date.UTC(2026, 0, 31, 12);
export const DAY = 86_400_000;

export const sha256 = (text: string): string => hash('sha256', text, 'hex');

export const storeOptions: StoreOptions = {
  sha256,
  random: Math.random,
  newTag: () => randomBytes(4).toString('hex'),
};

export const zones = createZoneRules();

/** On whichever engine. */
export interface AnyTestLedger {
  readonly store: Store;
  readonly ledger: LocalLedger;
  /** The clock: set it. */
  at: number;
  /** The same ledger under a clock that is ahead of the wall's. */
  ahead(ms: number): LocalLedger;
  /** Opens it again, as another process would. */
  reopen(): Reopened | Promise<Reopened>;
  /** Verifies and removes it. */
  done(): Promise<void>;
}

export interface Reopened {
  readonly store: Store;
  readonly ledger: LocalLedger;
}

export interface TestLedger extends AnyTestLedger {
  readonly file: string;
  readonly store: SqliteStore;
  /** Opens the same file again, as another process would. */
  reopen(access?: 'read' | 'write'): { store: SqliteStore; ledger: LocalLedger };
}

/** A ledger over a store that is open. */
export const serviceOver = (store: Store, now: () => number, wall = now): LocalLedger =>
  new LocalLedger({ store, zones, loadZones: async () => zones, sha256, now, wall, actor: 'tester' });

export interface TestLedgerOptions {
  readonly plan?: string;
  readonly zone?: string;
  readonly mode?: LedgerMode;
  readonly anchorAt?: number | null;
  readonly options?: Partial<StoreOptions>;
}

/** Makes a ledger with the account `default`. */
export function testLedger({
  plan = 'free',
  zone = 'UTC',
  mode = 'test',
  anchorAt = null,
  options = {},
}: TestLedgerOptions = {}): TestLedger {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-test-'));
  const file = path.join(folder, 'ledger.db');
  const all = { ...storeOptions, ...options };
  const account = openWork({ account: 'default', plan, zone, anchorAt }, NOON, zones, false);
  const settings = settingRows(defaultRows());
  const store = createSqlite(file, { mode, now: NOON, settings, account }, all);
  const opened: SqliteStore[] = [store];
  const over = (of: SqliteStore) => serviceOver(of, () => test.at);
  const test: TestLedger = {
    file,
    store,
    at: NOON,
    ledger: over(store),
    reopen(access = 'write') {
      const again = openSqlite(file, access, all);
      opened.push(again);
      return { store: again, ledger: over(again) };
    },
    ahead: (ms) =>
      serviceOver(
        store,
        () => test.at + ms,
        () => test.at,
      ),
    async done() {
      const view = await test.ledger.verify();
      for (const each of opened) await each.close();
      fs.rmSync(folder, { recursive: true, force: true });
      const faults = view.checks.filter((check) => !check.ok);
      if (!view.ok) throw new Error(`verify found faults: ${JSON.stringify(faults)}`);
    },
  };
  return test;
}

/** The access tokens of a test's ledger. */
export const accessTokens = (
  t: AnyTestLedger,
  secret = (): string => randomBytes(32).toString('base64url'),
): AccessTokens => createAccessTokens(localDeps(t), secret);

/** What a service over a test's ledger is wired with. */
export const localDeps = (t: AnyTestLedger): LocalDeps => ({
  store: t.store,
  zones,
  loadZones: async () => zones,
  sha256,
  now: () => t.at,
  wall: () => t.at,
  actor: 'tester',
});

export const credits = (text: string): Microcredits => parseCredits(text);

const NO_TAGS = { activity: null, session: null, run: null };

export const spendOf = (amount: string, more: Partial<SpendInput> = {}): SpendInput => ({
  amount: credits(amount),
  call: null,
  tags: NO_TAGS,
  note: null,
  at: null,
  ...more,
});

export const callOf = (
  model: string,
  inputTokens: number,
  outputTokens: number,
  more: Partial<CallInput> = {},
): CallInput => ({
  model,
  provider: null,
  inputTokens,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens,
  toolCalls: 0,
  ...NO_TAGS,
  noByok: false,
  ...more,
});

export const callSpend = (call: CallInput): SpendInput => ({
  amount: null,
  call,
  tags: NO_TAGS,
  note: null,
  at: null,
});
