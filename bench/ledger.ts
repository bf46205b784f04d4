/** A ledger for benchmarks: many accounts, filled lots, the real code over a real file. */
import { hash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { defaultRows } from '../src/catalog/index.ts';
import { MICRO, type Microcredits } from '../src/core/credits.ts';
import { UTC_RULES } from '../src/core/zones.ts';
import { LocalLedger } from '../src/ledger/local.ts';
import { openWork } from '../src/ledger/local-accounts.ts';
import { settingRows } from '../src/ledger/new-ledger.ts';
import type { SpendInput } from '../src/ledger/service.ts';
import type { SqliteStore } from '../src/store/sqlite.ts';
import { createSqlite, openSqlite } from '../src/store/sqlite-open.ts';

export const START = Date.UTC(2026, 0, 1);
const sha256 = (text: string): string => hash('sha256', text, 'hex');

export interface BenchLedger {
  readonly file: string;
  readonly store: SqliteStore;
  readonly ledger: LocalLedger;
  at: number;
}

const OPTIONS = { sha256, random: Math.random, newTag: () => randomBytes(5).toString('hex') };

function over(store: SqliteStore, file: string, at: number): BenchLedger {
  const bench: BenchLedger = {
    file,
    store,
    at,
    ledger: new LocalLedger({
      store,
      zones: UTC_RULES,
      loadZones: async () => UTC_RULES,
      sha256,
      now: () => bench.at,
      wall: () => bench.at,
      actor: 'bench',
    }),
  };
  return bench;
}

/** Opens a ledger that was made before. @param at the clock to go on with */
export const reopen = (file: string, at: number): BenchLedger =>
  over(openSqlite(file, 'write', OPTIONS), file, at);

/** Makes a ledger whose only account is `default`, with plenty of purchased credits. */
export async function benchLedger(folder: string, plan = 'pro'): Promise<BenchLedger> {
  const file = path.join(folder, 'ledger.db');
  const store = createSqlite(
    file,
    {
      mode: 'test',
      now: START,
      settings: settingRows(defaultRows()),
      account: openWork({ account: 'default', plan, zone: 'UTC', anchorAt: null }, START, UTC_RULES, false),
    },
    OPTIONS,
  );
  const bench = over(store, file, START);
  await bench.ledger.grant('default', {
    source: 'purchased',
    amount: (100_000_000 * MICRO) as Microcredits,
    expires: null,
    priority: 50,
    note: null,
  });
  return bench;
}

const NO_TAGS = { activity: null, session: null, run: null };

/** One call of a chat on Claude Haiku. */
export const haikuCall = (inputTokens: number): SpendInput => ({
  amount: null,
  call: {
    model: 'claude-haiku',
    provider: null,
    inputTokens,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 300,
    toolCalls: 0,
    ...NO_TAGS,
    activity: 'chat',
    noByok: false,
  },
  tags: NO_TAGS,
  note: null,
  at: null,
});
