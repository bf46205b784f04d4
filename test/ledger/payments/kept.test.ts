/**
 * What the money side keeps: changed by hand it is seen and named, and an export makes it again.
 */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCHEMA_VERSION } from '../../../migrations/index.ts';
import { restoreLines } from '../../../src/ledger/export/restore-lines.ts';
import { writeSqlite } from '../../../src/store/sqlite-writer.ts';
import { sha256 } from '../../helpers/ledger.ts';
import type { PayingLedger } from '../../helpers/paying.ts';
import { richMoney } from '../../helpers/rich-money.ts';
import { type Db, failed, findings, Original, verifyFile, withDb } from '../../helpers/tamper.ts';

const TABLES = ['topup', 'card', 'attempt'] as const;

let t: PayingLedger;
let original: Original;
beforeAll(async () => {
  t = await richMoney();
  original = new Original(t);
});
afterAll(() => t.done());

type Value = string | number | null;

const rowsOf = (db: Db, table: string): Record<string, Value>[] =>
  db.prepare(`SELECT * FROM ${table}`).all() as Record<string, Value>[];

const other = (value: Value): Value =>
  typeof value === 'number' ? value + 1 : value === null ? 1 : `${value}x`;

const NUMBERS = /^(?:lot|cool_until|limit_cents|exp_|consent_at)/;

const otherOf = (column: string, value: Value): Value =>
  value === null && !NUMBERS.test(column) ? 'x' : other(value);

describe('what is changed by hand', () => {
  test('every end of a payment is there', () => {
    const statuses = original.read((db) => db.prepare('SELECT DISTINCT status FROM attempt').pluck().all());
    expect(statuses.sort()).toEqual(['failed', 'processing', 'requires_action', 'succeeded']);
    const sums = original.read((db) => db.prepare('SELECT count(*), max(clawed) FROM attempt').raw().get());
    expect(sums).toEqual([7, 777_777_777]);
  });

  test.each(TABLES)('any column of %s is seen, and its row named', async (table) => {
    const columns = original.read((db) =>
      db.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all(),
    ) as string[];
    const unseen: string[] = [];
    // The fullest rows, and of attempts three: each change is verified as a whole.
    const full = (row: object): number => Object.values(row).filter((value) => value !== null).length;
    const rows = original.read((db) => rowsOf(db, table)).sort((a, b) => full(b) - full(a));
    for (const [index, row] of rows.slice(0, 3).entries()) {
      for (const column of columns) {
        const where = table === 'attempt' ? 'account = ? AND no = ?' : 'account = ?';
        const keys = table === 'attempt' ? [row.account, row.no] : [row.account];
        const value = column === 'account' ? 9_999 : column === 'no' ? 9_999 : otherOf(column, row[column]!);
        const view = await original.changed((db) => {
          db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(value, ...keys);
        });
        const isNamed = findings(view).some((line) => line.includes(`${table} `));
        if (view.ok || !isNamed) unseen.push(`${table} ${index}: ${column}: ${findings(view).join('; ')}`);
      }
    }
    expect(unseen).toEqual([]);
  });

  test.each(TABLES)('a row of %s that is deleted, or added', async (table) => {
    const gone = await original.changed((db) => db.prepare(`DELETE FROM ${table} WHERE account = 1`).run());
    expect(findings(gone).some((line) => line.startsWith(`projection: ${table} `))).toBe(true);
    const more = await original.changed((db) => {
      const row = rowsOf(db, table).find((each) => each.account === 1)!;
      const copy = table === 'attempt' ? { ...row, no: 3, intent: 'pi_other' } : { ...row, account: 0 };
      db.prepare(
        `INSERT INTO ${table} VALUES (${Object.keys(copy)
          .map(() => '?')
          .join(', ')})`,
      ).run(...Object.values(copy));
    });
    expect(findings(more).some((line) => line.includes(`${table} `))).toBe(true);
  });

  test('the triggers and indexes of payments belong to the schema', async () => {
    for (const name of [
      'attempt_active',
      'attempt_intent',
      'attempt_no_delete',
      'provider_event_no_update',
    ]) {
      const copy = original.copy();
      withDb(copy, (db) => {
        const { type } = db.prepare('SELECT type FROM sqlite_schema WHERE name = ?').get(name) as {
          type: string;
        };
        db.exec(`DROP ${type} ${name}`);
      });
      const view = await verifyFile(copy);
      expect(failed(view), name).toEqual([name.includes('_no_') ? 'append_only' : 'schema']);
    }
  });

  test('two automatic payments cannot be under way, and no payment belongs to two attempts', () => {
    const copy = original.copy();
    withDb(copy, (db) => {
      const row = rowsOf(db, 'attempt').find(({ status }) => status === 'requires_action')!;
      const insert = (change: object): void => {
        const next = { ...row, ...change };
        const marks = Object.keys(next).map(() => '?');
        db.prepare(`INSERT INTO attempt VALUES (${marks.join(', ')})`).run(...Object.values(next));
      };
      db.pragma('foreign_keys = OFF');
      expect(() => insert({ no: 3, changed_by: 3, intent: null })).toThrow(/attempt.account/);
      expect(() => insert({ no: 3, changed_by: 3, kind: 'manual' })).toThrow(/attempt.intent/);
      expect(() => insert({ no: 3, changed_by: 3, kind: 'manual', intent: 'pi_x' })).not.toThrow();
      expect(() => insert({ no: 4, changed_by: 4, kind: 'manual', intent: null, lot: 4 })).toThrow(/CHECK/);
    });
  });
});

describe('an export', () => {
  const exported = async (): Promise<string[]> => {
    const lines: string[] = [];
    for await (const page of t.ledger.exportLedger())
      for (const line of page) lines.push(JSON.stringify(line));
    return lines;
  };
  const restore = async (texts: readonly string[]): Promise<string> => {
    const file = path.join(path.dirname(t.file), 'books.db');
    fs.rmSync(file, { force: true });
    const lines = texts.map((text, index) => ({ no: index + 1, text }));
    await writeSqlite(file, (writer) =>
      restoreLines(lines, writer, { sha256, schemaVersion: SCHEMA_VERSION }),
    );
    return file;
  };
  const booksIn = (file: string) => withDb(file, (db) => rowsOf(db, 'simulated'));

  test('has the books of the simulated provider, and does without them where it is an older one', async () => {
    const lines = await exported();
    const isBook = (line: string) => line.startsWith('{"simulated"');
    expect(lines.filter(isBook).length).toBeGreaterThan(10);
    expect(booksIn(await restore(lines))).toEqual(booksIn(t.file));
    const older = lines
      .filter((line) => !isBook(line))
      .map((line) => line.replace(/,"simulated":\d+\}\}$/, '}}'));
    expect(booksIn(await restore(older))).toEqual([]);
  });

  test.each<readonly [string, string, (lines: string[], first: number) => string[]]>([
    ['a row is left out', 'row 1', (lines, first) => lines.toSpliced(first, 1)],
    ['the last row is left out', 'are missing', (lines) => lines.toSpliced(-2, 1)],
    [
      'two rows are exchanged',
      'row 1',
      (lines, first) => lines.toSpliced(first, 2, lines[first + 1]!, lines[first]!),
    ],
    ['a row has no body', 'row 1', (lines, first) => lines.with(first, '{"simulated":{"no":1,"id":"x"}}')],
    ['a receipt follows', 'no account', (lines, first) => lines.toSpliced(first + 1, 0, lines[2]!)],
    ['it is live', 'no simulated', (lines) => lines.with(0, lines[0]!.replace('"test"', '"live"'))],
  ])('is refused when %s', async (_name, says, change) => {
    const lines = await exported();
    const first = lines.findIndex((line) => line.startsWith('{"simulated"'));
    await expect(restore(change(lines, first))).rejects.toThrow(says);
  });

  test('makes policies, cards and attempts again, with the same chains', async () => {
    const file = path.join(path.dirname(t.file), 'again.db');
    const lines: { no: number; text: string }[] = [];
    for await (const page of t.ledger.exportLedger()) {
      for (const line of page) lines.push({ no: lines.length + 1, text: JSON.stringify(line) });
    }
    await writeSqlite(file, (writer) =>
      restoreLines(lines, writer, { sha256, schemaVersion: SCHEMA_VERSION }),
    );
    const view = await verifyFile(file);
    expect([view.ok, findings(view)]).toEqual([true, []]);
    expect(view.heads).toEqual((await t.ledger.verify()).heads);
    const contents = (from: string) => {
      const db = new Database(from, { readonly: true });
      try {
        return Object.fromEntries(TABLES.map((table) => [table, rowsOf(db, table)]));
      } finally {
        db.close();
      }
    };
    expect(contents(file)).toEqual(contents(t.file));
    fs.rmSync(file);
  });
});
