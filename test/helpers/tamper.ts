/** Changing a ledger file by hand, as somebody with the file and a SQL shell would: triggers and checks out of the way. */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { genesisText, receiptText } from '../../src/core/chain.ts';
import type { VerifyOptions, VerifyView } from '../../src/ledger/verify-view.ts';
import { accountOf, COLUMNS, entryOf, type Row, receiptOf, usageOf } from '../../src/store/rows.ts';
import { openSqlite } from '../../src/store/sqlite-open.ts';
import { NOON, serviceOver, sha256, storeOptions, type TestLedger } from './ledger.ts';

export { serviceOver };

export type Db = Database.Database;

/** A sound copy of a ledger from which changed ones are made. */
export class Original {
  readonly file: string;
  readonly #folder: string;
  #made = 0;

  constructor(t: TestLedger) {
    this.#folder = path.dirname(t.file);
    this.file = path.join(this.#folder, 'original.db');
    const db = new Database(t.file);
    db.prepare('VACUUM INTO ?').run(this.file);
    db.close();
  }

  /** Changes a copy and verifies it. */
  async changed(change: (db: Db) => void, options: VerifyOptions = {}): Promise<VerifyView> {
    this.#made += 1;
    const file = path.join(this.#folder, `changed-${this.#made}.db`);
    fs.copyFileSync(this.file, file);
    try {
      withDb(file, (db) => byHand(db, change));
      return await verifyFile(file, options);
    } finally {
      fs.rmSync(file, { force: true });
    }
  }

  /** A copy to do anything with. */
  copy(): string {
    this.#made += 1;
    const file = path.join(this.#folder, `copy-${this.#made}.db`);
    fs.copyFileSync(this.file, file);
    return file;
  }

  read<T>(read: (db: Db) => T): T {
    return withDb(this.file, read);
  }
}

export function withDb<T>(file: string, work: (db: Db) => T): T {
  const db = new Database(file);
  try {
    db.pragma('synchronous = OFF');
    return work(db);
  } finally {
    db.close();
  }
}

/** Runs a change without triggers, checks and foreign keys; the triggers are back afterwards. */
export function byHand(db: Db, change: (db: Db) => void): void {
  db.pragma('foreign_keys = OFF');
  db.pragma('ignore_check_constraints = ON');
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as {
    name: string;
    sql: string;
  }[];
  db.exec('BEGIN');
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  change(db);
  for (const { sql } of triggers) db.exec(sql);
  db.exec('COMMIT');
}

/** Computes an account's whole chain again, as the owner of a file can: then only heads saved elsewhere tell. */
export function reseal(db: Db, no: number): void {
  const rows = (table: string, columns: string, order: string): Row[] =>
    db
      .prepare(`SELECT ${columns} FROM ${table} WHERE account = ? ORDER BY ${order}`)
      .raw(true)
      .all(no) as Row[];
  const account = accountOf(
    db.prepare(`SELECT ${COLUMNS.account} FROM account WHERE no = ?`).raw(true).get(no) as Row,
  );
  const entries = rows('entry', COLUMNS.entry, 'seq').map(entryOf);
  const usages = new Map(rows('usage', COLUMNS.usage, 'receipt').map((row) => [row[0], usageOf(row)]));
  let head = sha256(genesisText(account));
  for (const row of rows('receipt', COLUMNS.receipt, 'seq')) {
    const { receipt } = receiptOf(row);
    const own = entries.filter((entry) => entry.receipt === receipt.seq);
    head = sha256(receiptText(head, { receipt, entries: own, usage: usages.get(receipt.seq) ?? null }));
    db.prepare('UPDATE receipt SET hash = ? WHERE account = ? AND seq = ?').run(
      Buffer.from(head, 'hex'),
      no,
      receipt.seq,
    );
  }
  db.prepare('UPDATE account SET head = ? WHERE no = ?').run(Buffer.from(head, 'hex'), no);
}

/**
 * A copy to break through its service. Not made durable and not verified at the end: there are many, and each is wrong.
 */
export function scratch(original: Original): TestLedger {
  const file = original.copy();
  const store = openSqlite(file, 'write', storeOptions);
  (store as unknown as { db: Db }).db.pragma('synchronous = OFF');
  const t: TestLedger = {
    file,
    store,
    ledger: serviceOver(store, () => t.at),
    at: NOON,
    reopen: () => {
      throw new Error('a scratch ledger is opened once');
    },
    ahead: () => {
      throw new Error('a scratch ledger has one clock');
    },
    async done() {
      await store.close();
      fs.rmSync(file, { force: true });
    },
  };
  return t;
}

/** Verifies a file as another process would. */
export async function verifyFile(file: string, options: VerifyOptions = {}): Promise<VerifyView> {
  const store = openSqlite(file, 'read', storeOptions);
  try {
    const ledger = serviceOver(store, () => 0);
    return await ledger.verify(options);
  } finally {
    await store.close();
  }
}

/** Every line that was found, with its check. */
export const findings = (view: VerifyView): string[] =>
  view.checks.flatMap(({ id, detail }) => detail.map((line) => `${id}: ${line}`));

/** Ids of the checks that failed. */
export const failed = (view: VerifyView): string[] => view.checks.filter(({ ok }) => !ok).map(({ id }) => id);
