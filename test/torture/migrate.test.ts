/**
 * A ledger of any older schema is brought up to date once, whoever opens it first and whenever that process dies, and a copy
 * of it as it was lies beside it. A newer one is left alone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import { migrationBackup, openSqlite } from '../../src/store/sqlite-open.ts';
import { serviceOver, sha256, spendOf, storeOptions, testLedger } from '../helpers/ledger.ts';
import { asSchema, BUSY, ledgerFor, OLD_SCHEMAS } from '../helpers/old-schema.ts';
import {
  crew,
  dismiss,
  LONG,
  longOnly,
  newFolder,
  PATIENCE,
  seeded,
  until,
  type Worker,
  workshop,
} from '../helpers/processes.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { openLedger, workerOptions } from '../helpers/worker-ledger.ts';
import type { RaceAnswer, Task, WriteAnswer } from './worker.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const SEED = 20_260_202;
/** Kills at random from each schema; beside them those before a certain statement. */
const KILLS = LONG ? 50 : 3;

const shop = workshop<Task>('test/torture/worker.ts');
const folder = newFolder();
afterAll(() => {
  shop.close();
  fs.rmSync(folder, { recursive: true });
});

const dumpOf = (file: string, sql: string): unknown[] => {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(sql).raw().all();
  } finally {
    db.close();
  }
};

/** Schema version, number of receipts, and whether SQLite finds the file sound. */
function factsOf(file: string): { version: number; receipts: number; sound: string } {
  // Not read-only: what a killed process left half done is for the next one to undo.
  const db = new Database(file);
  const facts = {
    version: db.pragma('user_version', { simple: true }) as number,
    receipts: db.prepare('SELECT count(*) FROM receipt').pluck().get() as number,
    sound: db.pragma('integrity_check', { simple: true }) as string,
  };
  db.close();
  return facts;
}

/** A hash of the schema and all rows. */
function contentOf(file: string): string {
  const tables = dumpOf(file, 'SELECT name, sql FROM sqlite_schema ORDER BY name') as [string, string][];
  const rows = tables
    .filter(([, sql]) => sql?.startsWith('CREATE TABLE'))
    .map(([name]) => dumpOf(file, `SELECT * FROM ${name}`));
  const text = JSON.stringify([dumpOf(file, 'PRAGMA user_version'), tables, rows], (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
  return sha256(text);
}

/** What stored sums of usage there are. */
const sumsOf = (file: string): unknown[] => [
  dumpOf(file, 'SELECT * FROM usage_rollup ORDER BY 1, 2, 3, 4'),
  dumpOf(file, 'SELECT * FROM usage_folded'),
];

const usageOf = (ledger: LocalLedger): Promise<unknown> =>
  ledger.usage(BUSY, { by: 'day', since: 0, until: null });

/** An older ledger, and what the one of today that it was copied from says. */
interface Old {
  readonly version: number;
  readonly file: string;
  /** The clock, after its last receipt. */
  readonly at: number;
  readonly receipts: number;
  readonly content: string;
  readonly sums: unknown[];
  readonly usage: unknown;
}

const made = new Map<number, Promise<Old>>();
/** The ledger of a schema, made once. */
function oldOf(version: number): Promise<Old> {
  const old = made.get(version) ?? makeOld(version);
  made.set(version, old);
  return old;
}

async function makeOld(version: number): Promise<Old> {
  const t = await ledgerFor(version);
  const file = path.join(folder, `schema-${version}.db`);
  asSchema(version, t.file, file);
  const stored = { ...factsOf(file), content: contentOf(file) };
  const old = { ...stored, file, at: t.at, sums: sumsOf(t.file), usage: await usageOf(t.ledger) };
  await t.done();
  return old;
}

const copyOf = ({ file, version }: Old, name: string, at = folder): string => {
  const copy = path.join(at, `${version}-${name}.db`);
  fs.copyFileSync(file, copy);
  return copy;
};

const partOf = (old: Old, file: string): string => `${migrationBackup(file, old.version)}.part`;

/** One spend, by which a worker opens a ledger. */
const spend = { role: 'race', what: 'spend', amount: '0.001', tries: 1, everyMs: 0 } as const;

/** It is one of today with so many receipts more, says what was said before, and a copy of the old one is beside it. */
async function expectMigrated(old: Old, file: string, more: number): Promise<void> {
  const { version, receipts } = old;
  expect(factsOf(file)).toEqual({ version: SCHEMA_VERSION, receipts: receipts + more, sound: 'ok' });
  const backup = migrationBackup(file, version);
  expect(contentOf(backup)).toBe(old.content);
  expect(fs.statSync(backup).mode & 0o777).toBe(0o600);
  expect(fs.existsSync(partOf(old, file))).toBe(false);
  expect(sumsOf(file)).toEqual(old.sums);
  const ledger = serviceOver(openSqlite(file, 'write', storeOptions), () => old.at);
  expect(await usageOf(ledger)).toEqual(old.usage);
  const { ok, checks } = await ledger.verify();
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  expect(ok).toBe(true);
  await ledger.close();
}

describe.each(OLD_SCHEMAS)('a ledger of schema %i', (version) => {
  /** Steps of its migration and what stands around them: BEGIN, the steps, COMMIT. */
  const commit = SCHEMA_VERSION - version + 2;
  let old: Old;
  beforeAll(async () => {
    old = await oldOf(version);
  });

  const isLongest = version === 1;

  it.runIf(isLongest || longOnly(`eight processes at schema ${version}`))(
    'opened by eight processes at once is migrated once; all book',
    async () => {
      const file = copyOf(old, 'many');
      const workers = await crew(shop, 8);
      for (const [no, worker] of workers.entries())
        worker.start({ ...spend, at: old.at, file, name: `w${no}` });
      for (const worker of workers) {
        expect(await worker.answer<RaceAnswer>()).toEqual({ done: 1, insufficient: 0, errors: [] });
      }
      await dismiss(workers);
      await expectMigrated(old, file, workers.length);
      const names = fs.readdirSync(folder).filter((name) => name.startsWith(path.basename(file)));
      expect(names.sort()).toEqual(
        [path.basename(file), path.basename(migrationBackup(file, version))].sort(),
      );
    },
  );

  const moments = Array.from({ length: commit - 1 }, (_, no) => no + 2);
  // Between two steps where there are two, and when all is done but the commit.
  const exact = LONG ? moments : [moments[1]!, moments.at(-1)!];

  it(`killed ${exact.length} times before a step or the commit is old, and opens`, async () => {
    const victims = await crew(shop, exact.length);
    for (const [no, dieBefore] of exact.entries()) {
      const file = copyOf(old, `step-${no}`);
      victims[no]!.start({ role: 'migrate', file, at: old.at, dieBefore });
      expect(await victims[no]!.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      expect(fs.existsSync(migrationBackup(file, version))).toBe(true);
      expect(factsOf(file)).toEqual({ version, receipts: old.receipts, sound: 'ok' });
      expect(contentOf(file)).toBe(old.content);
      await openLedger(file, old.at).ledger.close();
      await expectMigrated(old, file, 0);
    }
  });

  it(`killed ${KILLS} times at random (seed ${SEED + version}) is old or new, and opens`, async () => {
    const random = seeded(SEED + version);
    const counts = { old: 0, new: 0 };
    const first = copyOf(old, 'first');
    const began = performance.now();
    await openLedger(first, old.at).ledger.close();
    const usualMs = performance.now() - began;
    let next = shop.hire();
    for (let no = 0; no < KILLS; no += 1) {
      const victim = next;
      await victim.ready();
      if (no + 1 < KILLS) next = shop.hire();
      const file = copyOf(old, `killed-${no}`);
      victim.start({ ...spend, at: old.at, file, name: 'victim' });
      const isUnderWay = () =>
        fs.existsSync(partOf(old, file)) || fs.existsSync(migrationBackup(file, version));
      const waits = random() < 0.9;
      while (waits && !isUnderWay()) await sleep(0);
      await sleep(random() * usualMs);
      victim.kill('SIGKILL');
      await victim.ended;
      const found = factsOf(file);
      expect([version, SCHEMA_VERSION]).toContain(found.version);
      counts[found.version === version ? 'old' : 'new'] += 1;
      expect(found.sound).toBe('ok');
      const { ledger } = openLedger(file, old.at);
      await ledger.spend('default', spendOf('0.001'), { key: 'victim-0' });
      await ledger.close();
      await expectMigrated(old, file, 1);
      for (const name of [file, migrationBackup(file, version)]) fs.rmSync(name);
    }
    console.info(`migration from ${version} killed: ${JSON.stringify({ exact: exact.length, ...counts })}`);
    expect(counts.old + counts.new).toBe(KILLS);
  });

  it.runIf(isLongest || longOnly(`a writer at schema ${version}`))(
    'waits for a process that is writing',
    async () => {
      const file = copyOf(old, 'locked');
      const [writer, opener] = (await crew(shop, 2)) as [Worker<Task>, Worker<Task>];
      writer.start({ role: 'lock', file, mode: 'IMMEDIATE' });
      await writer.answer();
      opener.start({ ...spend, at: old.at, file, name: 'opener' });
      // Longer than SQLite itself waits.
      await sleep(350);
      expect(dumpOf(file, 'PRAGMA user_version')).toEqual([[version]]);
      expect(fs.existsSync(migrationBackup(file, version))).toBe(false);
      writer.say('');
      expect(await opener.answer<RaceAnswer>()).toEqual({ done: 1, insufficient: 0, errors: [] });
      await dismiss([writer, opener]);
      await expectMigrated(old, file, 1);
    },
  );

  it('is read by a command that only reads', async () => {
    const file = copyOf(old, 'read');
    const store = openSqlite(file, 'read', workerOptions());
    expect((await store.read(BUSY)).state.account.receiptSeq).toBeGreaterThan(1_024);
    await store.close();
    await expectMigrated(old, file, 0);
  });
});

/** Keys with a mark in a journal. */
function marked(journal: string, mark: 'try' | 'ack'): string[] {
  const lines = fs.existsSync(journal) ? fs.readFileSync(journal, 'utf8').split('\n') : [];
  return lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(4));
}

/** The program of today as it was one schema ago: what it books in between has no place for anything of the last step. */
function olderWorkshop() {
  const older = workshop<Task>('test/torture/worker.ts');
  const text = fs.readFileSync(older.file, 'utf8');
  const version = 'SCHEMA_VERSION = MIGRATIONS.length';
  expect(text.split(version)).toHaveLength(2);
  fs.writeFileSync(older.file, text.replace(version, `SCHEMA_VERSION = ${SCHEMA_VERSION - 1}`));
  return older;
}

describe('a ledger that is migrated while older programs write to it', () => {
  it('keeps what they acknowledged, and takes nothing more from them', async () => {
    const olderShop = olderWorkshop();
    const old = await oldOf(SCHEMA_VERSION - 1);
    const totals = { rounds: LONG ? 20 : 1, acknowledged: 0, unanswered: 0, unansweredButKept: 0 };
    for (let round = 0; round < totals.rounds; round += 1) {
      const file = copyOf(old, `written-${round}`);
      const journals = Array.from({ length: 4 }, (_, no) => path.join(folder, `r${round}-w${no}.journal`));
      const writers = await crew(olderShop, journals.length);
      const tasks = journals.map((journal, no) => {
        writers[no]!.start({
          role: 'write',
          file,
          at: old.at,
          name: `w${no}`,
          journal,
          until: 'ledger_newer',
        });
        return until(() => marked(journal, 'ack').length > 0, writers[no]!);
      });
      await Promise.all(tasks);
      expect(factsOf(file).version).toBe(old.version);
      await openLedger(file, old.at, 60_000).ledger.close();
      for (const writer of writers) {
        expect(await writer.answer<WriteAnswer>()).toEqual({ refused: 'ledger_newer' });
      }
      await dismiss(writers);
      const rows = dumpOf(file, 'SELECT key, count(*) FROM receipt WHERE key IS NOT NULL GROUP BY key');
      const kept = new Map(rows as [string, number][]);
      const acknowledged = new Set(journals.flatMap((journal) => marked(journal, 'ack')));
      const tried = journals.flatMap((journal) => marked(journal, 'try'));
      expect([...acknowledged].filter((key) => kept.get(key) !== 1)).toEqual([]);
      const rest = tried.filter((key) => !acknowledged.has(key));
      totals.acknowledged += acknowledged.size;
      totals.unanswered += rest.length;
      totals.unansweredButKept += rest.filter((key) => kept.has(key)).length;
      const { ledger } = openLedger(file, old.at);
      for (const key of rest) {
        const again = await ledger.spend('default', spendOf('0.001'), { key });
        expect(again.replayed, key).toBe(kept.has(key));
      }
      await ledger.close();
      expect(factsOf(file).receipts).toBe(old.receipts + tried.length);
      const backup = factsOf(migrationBackup(file, old.version));
      expect(backup).toMatchObject({ version: old.version, sound: 'ok' });
      expect(backup.receipts).toBeGreaterThan(old.receipts);
      const migrated = serviceOver(openSqlite(file, 'write', storeOptions), () => old.at);
      expect((await migrated.verify()).checks.filter((check) => !check.ok)).toEqual([]);
      await migrated.close();
    }
    olderShop.close();
    console.info(`migrated under older writers: ${JSON.stringify(totals)}`);
    expect(totals.acknowledged).toBeGreaterThan(0);
  });
});

const disk = smallDisk('8m');
afterAll(() => disk?.remove());

describe.skipIf(disk === undefined)('on a full disk', () => {
  it.each(OLD_SCHEMAS)('a ledger of schema %i stays as it was until there is space', async (version) => {
    const old = await oldOf(version);
    const file = copyOf(old, 'disk', disk!.folder);
    let refused = 0;
    for (let leave = 0; ; leave += LONG ? 8_192 : 262_144) {
      const { free } = disk!.fill(leave);
      try {
        await openLedger(file, old.at).ledger.close();
        free();
        break;
      } catch (error) {
        expect(error).toMatchObject({ code: 'disk_full' });
        expect(fs.existsSync(partOf(old, file))).toBe(false);
        free();
        refused += 1;
        expect(contentOf(file)).toBe(old.content);
      }
    }
    console.info(`migration from ${version} refused without space: ${refused} times`);
    expect(refused).toBeGreaterThan(1);
    await expectMigrated(old, file, 0);
    for (const name of fs.readdirSync(disk!.folder)) fs.rmSync(path.join(disk!.folder, name));
  });
});

describe('a ledger that a newer program migrates while this one has it open', () => {
  it('is not written any more', async () => {
    const t = testLedger();
    const raw = new Database(t.file);
    raw.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    const writes = [
      () => t.ledger.spend('default', spendOf('1'), { key: 'k' }),
      () => t.ledger.openAccount({ account: 'second', plan: 'free', zone: 'UTC', anchorAt: null }),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'ledger_newer' });
    expect(raw.prepare('SELECT count(*) FROM receipt WHERE key IS NOT NULL').pluck().get()).toBe(0);
    raw.pragma(`user_version = ${SCHEMA_VERSION}`);
    raw.close();
    await t.ledger.spend('default', spendOf('1'), { key: 'k' });
    await t.done();
  });
});
