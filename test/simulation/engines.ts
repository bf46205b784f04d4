/** The engines of a simulation: each makes a fresh ledger from nothing but a seed. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { defaultRows } from '../../src/catalog/index.ts';
import type { CatalogueRows } from '../../src/core/catalogue.ts';
import { settingRows } from '../../src/ledger/new-ledger.ts';
import type { Store } from '../../src/ledger/store.ts';
import { createPostgres, openPostgres as openPostgresStore } from '../../src/store/postgres-open.ts';
import { SqliteStore, type StoreOptions } from '../../src/store/sqlite.ts';
import { createSqlite, type NewLedger, openSqlite } from '../../src/store/sqlite-open.ts';
import { serviceOver, sha256 } from '../helpers/ledger.ts';
import { testDatabase } from '../helpers/postgres.ts';
import type { Chance } from '../helpers/random.ts';

export interface SimulatedLedger {
  /** As each node of several has it open; what is compared is read through the first. */
  readonly nodes: readonly Store[];
  /** Lets the file of a node grow no further. @returns what lets it grow again */
  squeeze(node: number): () => void;
  /** Verifies it and lets it go. @returns the faults */
  end(now: number): Promise<readonly unknown[]>;
}

export interface Start {
  readonly chance: Chance;
  readonly now: number;
  readonly prices: CatalogueRows;
}

export const ENGINES = {
  memory: openMemory,
  file: openFile,
  postgres: openPostgres,
} as const satisfies Record<string, (start: Start) => Promise<SimulatedLedger>>;

export type EngineName = keyof typeof ENGINES;

const optionsOf = (chance: Chance): StoreOptions => {
  let tags = 0;
  return { sha256, random: chance.next, newTag: () => `sim${(++tags).toString(36)}` };
};

const ledgerOf = ({ now, prices }: Start): NewLedger => ({
  mode: 'test',
  now,
  settings: settingRows({ ...prices, packages: defaultRows().packages }),
  account: null,
});

const folder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'credits-simulation-'));

/** More pages than any test has. */
const BOUNDLESS = 1 << 30;

/** What is asked for less than there is already is the size there is. */
function squeezed(store: Store): () => void {
  const { db } = store as unknown as { db: Database.Database };
  db.pragma('max_page_count = 1');
  return () => void db.pragma(`max_page_count = ${BOUNDLESS}`);
}

async function faultsOf(store: Store, now: number): Promise<readonly unknown[]> {
  const { checks } = await serviceOver(store, () => now).verify();
  return checks.filter(({ ok }) => !ok);
}

async function openFile(start: Start): Promise<SimulatedLedger> {
  const home = folder();
  const file = path.join(home, 'ledger.db');
  const options = optionsOf(start.chance);
  const first = createSqlite(file, ledgerOf(start), options);
  const nodes = [first, openSqlite(file, 'write', options), openSqlite(file, 'write', options)];
  // What dies here are processes, not the machine.
  for (const store of nodes) (store as unknown as { db: Database.Database }).db.pragma('synchronous = OFF');
  return {
    nodes,
    squeeze: (node) => squeezed(nodes[node]!),
    async end(now) {
      const faults = await faultsOf(first, now);
      for (const store of nodes) await store.close();
      fs.rmSync(home, { recursive: true, force: true });
      return faults;
    },
  };
}

/** The same ledger in memory; a file again in the end, which is what `verify` reads. */
async function openMemory(start: Start): Promise<SimulatedLedger> {
  const home = folder();
  const file = path.join(home, 'ledger.db');
  const options = optionsOf(start.chance);
  await createSqlite(file, ledgerOf(start), options).close();
  const bytes = fs.readFileSync(file);
  // Neither reads nor writes through a log: there is no file to keep one beside (SQLite's file format, 1.3.3).
  bytes[18] = 1;
  bytes[19] = 1;
  const db = new Database(bytes);
  db.pragma('foreign_keys = ON');
  const store = new SqliteStore(db, ':memory:', options);
  return {
    nodes: [store],
    squeeze: () => squeezed(store),
    async end(now) {
      fs.writeFileSync(file, db.serialize());
      await store.close();
      const again = openSqlite(file, 'write', options);
      const faults = await faultsOf(again, now);
      await again.close();
      fs.rmSync(home, { recursive: true, force: true });
      return faults;
    },
  };
}

async function openPostgres(start: Start): Promise<SimulatedLedger> {
  const database = await testDatabase();
  const options = optionsOf(start.chance);
  const first = await createPostgres(database, ledgerOf(start), options);
  const nodes = [
    first,
    await openPostgresStore(database, options),
    await openPostgresStore(database, options),
  ];
  return {
    nodes,
    // The disk of a server is not the test's to fill.
    squeeze: () => () => {},
    async end(now) {
      const faults = await faultsOf(first, now);
      for (const store of nodes) await store.close();
      return faults;
    },
  };
}
