/**
 * PostgreSQL, on a server of its own with fsync on. Spends through the ledger in batches of 256 over bare one-row INSERT
 * transactions on one connection: bar 5. One hot account, 32 callers at once, over one call at a time on 32 connections:
 * bar 15.
 */
import { hash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { defaultRows } from '../src/catalog/index.ts';
import { MICRO, type Microcredits } from '../src/core/credits.ts';
import { UTC_RULES } from '../src/core/zones.ts';
import { LocalLedger } from '../src/ledger/local.ts';
import { settingRows } from '../src/ledger/new-ledger.ts';
import type { PostgresStore } from '../src/store/postgres.ts';
import { createPostgres, openPostgres } from '../src/store/postgres-open.ts';
import type { StoreOptions } from '../src/store/sqlite.ts';
import { startServer, stopServer } from '../test/helpers/postgres-server.ts';
import { haikuCall, START } from './ledger.ts';
import { inFolder, report } from './lib.ts';

const sha256 = (text: string): string => hash('sha256', text, 'hex');
const storeOptions: StoreOptions = {
  sha256,
  random: Math.random,
  newTag: () => randomBytes(5).toString('hex'),
};
const ledgerOver = (store: PostgresStore): LocalLedger =>
  new LocalLedger({
    store,
    zones: UTC_RULES,
    loadZones: async () => UTC_RULES,
    sha256,
    now: () => START,
    wall: () => START,
    actor: 'bench',
  });

const ACCOUNTS = 64;
const BATCH = 256;
const BATCHES = 60;
const CONNECTIONS = 32;
/** Calls under way at once on the hot account. */
const CALLERS = 256;
const FLOOR = 4_000;

let keys = 0;

/** Wall times of repeated work, ms. */
interface Times {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

function timesOf(each: readonly number[], count: number, ms: number): Times {
  const sorted = [...each].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { perSecond: (count / ms) * 1_000, p50: at(0.5), p99: at(0.99) };
}

const words = ({ perSecond, p50, p99 }: Times, what: string): string =>
  `${Math.round(perSecond).toLocaleString('en')}/s (${what} p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms)`;

/** Does something again and again, one after the other. */
async function repeat(
  times: number,
  perTime: number,
  work: (no: number) => Promise<unknown>,
): Promise<Times> {
  const each: number[] = [];
  const start = performance.now();
  for (let no = 0; no < times; no += 1) {
    const begun = performance.now();
    await work(no);
    each.push(performance.now() - begun);
  }
  return timesOf(each, times * perTime, performance.now() - start);
}

/** The floor: transactions of one INSERT, each a round trip, on one connection. */
async function floor(url: string): Promise<Times> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(
    'CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, account bigint, amount bigint, note text)',
  );
  const insert = { name: 'bare', text: 'INSERT INTO bare (account, amount, note) VALUES ($1, $2, $3)' };
  const times = await repeat(FLOOR, 1, (no) =>
    client.query({ ...insert, values: [no % 97, no, 'a row of a floor'] }),
  );
  await client.end();
  return times;
}

/** One call at a time on each of many connections, all on one account: what a service without batches does. */
async function oneAtATime(stores: readonly PostgresStore[], ledgers: readonly LocalLedger[]): Promise<Times> {
  const until = performance.now() + 8_000;
  const each: number[] = [];
  const start = performance.now();
  await Promise.all(
    ledgers.map(async (ledger, lane) => {
      for (let no = 0; performance.now() < until; no += 1) {
        const begun = performance.now();
        await ledger.spend('a0', haikuCall(100), { key: `one-${lane}-${no}` });
        each.push(performance.now() - begun);
      }
    }),
  );
  const times = timesOf(each, each.length, performance.now() - start);
  for (const store of stores) await store.close();
  return times;
}

/** Many callers of one store, which share its transactions, on one account. */
async function allAtOnce(ledger: LocalLedger): Promise<Times> {
  const until = performance.now() + 8_000;
  const each: number[] = [];
  const start = performance.now();
  const caller = async (lane: number): Promise<void> => {
    for (let no = 0; performance.now() < until; no += 1) {
      const begun = performance.now();
      await ledger.spend('a0', haikuCall(100), { key: `all-${lane}-${no}` });
      each.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, lane) => caller(lane)));
  return timesOf(each, each.length, performance.now() - start);
}

await inFolder(async (folder) => {
  const { url } = await startServer(folder, { max_connections: '100', shared_buffers: '256MB' });
  try {
    const place = { url, location: 'postgres://bench' };
    const store = await createPostgres(
      place,
      { mode: 'test', now: START, settings: settingRows(defaultRows()), account: null },
      storeOptions,
    );
    const ledger = ledgerOver(store);
    for (let no = 0; no < ACCOUNTS; no += 1) {
      const account = `a${no}`;
      await ledger.openAccount({ account, plan: 'free', zone: 'UTC', anchorAt: null });
      await ledger.grant(account, {
        source: 'purchased',
        amount: (100_000_000 * MICRO) as Microcredits,
        expires: null,
        priority: 50,
        note: null,
      });
    }
    const batches = (many: (index: number) => string) => (round: number) =>
      ledger
        .spendMany(
          Array.from({ length: BATCH }, (_, index) => ({
            account: many(index),
            key: `batch-${++keys}-${round}`,
            input: haikuCall(1_000 + index),
          })),
        )
        .then((results) => {
          if (results.some(({ status }) => status !== 'booked')) throw new Error('a spend was not booked');
        });
    // Warms both sides up.
    await floor(url);
    await repeat(
      10,
      BATCH,
      batches((index) => `a${index % ACCOUNTS}`),
    );
    const before = await floor(url);
    const spread = await repeat(
      BATCHES,
      BATCH,
      batches((index) => `a${index % ACCOUNTS}`),
    );
    const hot = await repeat(
      BATCHES,
      BATCH,
      batches(() => 'a0'),
    );
    const after = await floor(url);
    const bare = (before.perSecond + after.perSecond) / 2;
    const beside = `against ${words(after, 'each')}`;
    report(
      `batches of ${BATCH} on ${ACCOUNTS} accounts over one-row INSERTs`,
      spread.perSecond / bare,
      5,
      true,
      `${words(spread, 'a batch')} ${beside}`,
    );
    report(
      `batches of ${BATCH} on one account over one-row INSERTs`,
      hot.perSecond / bare,
      5,
      true,
      `${words(hot, 'a batch')} ${beside}`,
    );
    const singles = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => openPostgres(place, { ...storeOptions, groupLimit: 1 })),
    );
    const one = await oneAtATime(singles, singles.map(ledgerOver));
    const all = await allAtOnce(ledger);
    report(
      `a hot account over one call at a time on ${CONNECTIONS} connections`,
      all.perSecond / one.perSecond,
      15,
      true,
      `${words(all, 'a call')} against ${words(one, 'a call')}`,
    );
    await store.close();
  } finally {
    stopServer(folder, 'fast');
  }
});
