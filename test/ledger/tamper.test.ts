/**
 * Every column of every table changed by hand, rows deleted, added, doubled and swapped: `verify` must see it and name
 * the row. CREDITS_TEST_ROWS sets how many rows of each table are tried (default 2).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifyView } from '../../src/ledger/verify-view.ts';
import { callOf, callSpend, DAY, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { giveAccess, richLedger } from '../helpers/rich-ledger.ts';
import { type Db, failed, findings, Original, verifyFile, withDb } from '../helpers/tamper.ts';

type Value = string | number | Buffer | null;
type Row = Record<string, Value>;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
}

const ROWS = Number(process.env.CREDITS_TEST_ROWS ?? 2);

let t: TestLedger;
let original: Original;
let accounts: Map<number, { id: string; tag: string }>;

beforeAll(async () => {
  t = await richLedger();
  await giveAccess(t);
  original = new Original(t);
  accounts = original.read(
    (db) =>
      new Map(
        (
          db.prepare('SELECT no, id, tag FROM account').all() as { no: number; id: string; tag: string }[]
        ).map((row) => [row.no, row]),
      ),
  );
});
afterAll(() => t.done());

/** Columns that tell the rows of a table apart. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  account: ['no'],
  lot: ['account', 'no'],
  receipt: ['account', 'seq'],
  entry: ['account', 'seq'],
  usage: ['account', 'receipt'],
  hold: ['account', 'no'],
  ledger: ['one'],
  model: ['id'],
  alias: ['alias'],
  rate: ['no'],
  plan: ['no'],
  package: ['no'],
  usage_rollup: ['account', 'slot', 'model', 'provider'],
  usage_folded: ['account'],
  access_token: ['no'],
  access_token_end: ['token'],
  topup: ['account'],
  card: ['account'],
  attempt: ['account', 'no'],
};
/** What is kept beside the chain: nothing in it decides about credits. */
const BESIDE = ['provider_cursor', 'provider_event', 'simulated'];
/** The money side. */
const MONEY = ['topup', 'card', 'attempt'];
/** Sums that long accounts alone have. */
const SUMS = ['usage_rollup', 'usage_folded'];
const TABLES = Object.keys(KEYS).filter((table) => !SUMS.includes(table) && !MONEY.includes(table));

const columnsOf = (db: Db, table: string): Column[] =>
  db.prepare(`SELECT name, type, "notnull" FROM pragma_table_info('${table}')`).all() as Column[];

/** Other values for a column: near, far, of another row of its kind, and none. */
function otherValues(table: string, { name, type }: Column, value: Value): Value[] {
  if (name === 'account') return [9_999];
  if (KEYS[table]!.includes(name) && typeof value === 'number') return [value + FAR];
  if (type === 'BLOB') return [flipped(value as Buffer | null)];
  if (type === 'INTEGER') return value === null ? [1] : [(value as number) + 1];
  const words = WORDS[name]?.filter((word) => word !== value);
  if (words !== undefined) return words.slice(0, 2);
  return [value === null ? 'x' : `${value as string} `];
}

/** Far enough from every number there is. */
const FAR = 5_000;

/** Columns that hold one of few words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  kind: ['spent', 'returned', 'grant', 'spend'],
  from_place: ['available', 'held'],
  to_place: ['spent', 'expired', 'available'],
  status: ['open', 'settled', 'released', 'lapsed'],
  end_kind: ['expired', 'revoked'],
  source: ['promotional', 'purchased', 'welcome'],
  mode: ['test', 'live'],
  role: ['read', 'admin'],
  zone: ['UTC', 'Europe/Paris', 'No/Where'],
};

function flipped(value: Buffer | null): Buffer {
  if (value === null) return Buffer.from('00', 'hex');
  const copy = Buffer.from(value);
  copy[0]! ^= 1;
  return copy;
}

/** Rows to change: spread over the table, those with few empty columns first. */
function sample(db: Db, table: string): Row[] {
  const rows = db.prepare(`SELECT * FROM "${table}"`).all() as Row[];
  const full = (row: Row): number => Object.values(row).filter((value) => value !== null).length;
  return [...rows]
    .sort((a, b) => full(b) - full(a))
    .filter((_, index) => index % 3 === 0)
    .slice(0, ROWS);
}

const where = (table: string): string => KEYS[table]!.map((key) => `${key} = ?`).join(' AND ');
const keyOf = (table: string, row: Row): Value[] => KEYS[table]!.map((key) => row[key]!);

/** How a finding may name a row. An entry or usage that only the chain covers is named by its receipt. */
function namesOf(table: string, row: Row): string[] {
  const { id, tag } = accounts.get(row.account as number) ?? { id: '', tag: '' };
  const receipt = (seq: Value): string => `receipt rcp_${tag}_${String(seq)} of account ${id}:`;
  const homeless = `${table} ${String(row.no ?? row.seq ?? row.receipt)} of account no. ${String(row.account)}:`;
  switch (table) {
    case 'account':
      return [
        `account ${String(row.id)}:`,
        `account ${String(row.id)} is missing`,
        `rcp_${String(row.tag)}_1 of account ${String(row.id)}: its hash`,
      ];
    case 'lot':
    case 'hold':
      return [`${table} ${table}_${tag}_${String(row.no)} of account ${id}:`, homeless];
    case 'receipt':
      return [receipt(row.seq!), homeless];
    case 'entry':
      return [`entry ${String(row.seq)} of account ${id}:`, receipt(row.receipt!), homeless];
    case 'usage':
      return [
        `usage of rcp_${tag}_${String(row.receipt)} of account ${id}:`,
        receipt(row.receipt!),
        homeless,
      ];
    case 'ledger':
      return ['ledger:'];
    case 'usage_rollup':
    case 'usage_folded':
      return [
        ...SUMS.map((sums) => `${sums} of account default`),
        `${table} ${String(row.slot ?? row.receipt)} of account no. 9999:`,
      ];
    default:
      return [`${table} ${String(row[KEYS[table]![0]!])}`];
  }
}

const isNamed = (view: VerifyView, table: string, rows: readonly Row[]): boolean => {
  const names = rows.flatMap((row) => namesOf(table, row));
  return view.checks.some(({ detail }) => detail.some((line) => names.some((name) => line.includes(name))));
};

/** What is wrong with how a change was seen; undefined: nothing. */
async function unseen(
  from: Original,
  what: string,
  table: string,
  rows: readonly Row[],
  change: (db: Db) => void,
): Promise<string | undefined> {
  let view: VerifyView;
  try {
    view = await from.changed(change);
  } catch (error) {
    return `${what}: threw ${String(error)}`;
  }
  if (view.ok) return `${what}: not seen`;
  return isNamed(view, table, rows) ? undefined : `${what}: not named in\n  ${findings(view).join('\n  ')}`;
}

/** Changes of one column of one row. */
function changesOf(db: Db, table: string): { what: string; rows: Row[]; sql: string; values: Value[] }[] {
  return sample(db, table).flatMap((row) =>
    columnsOf(db, table).flatMap((column) => {
      const value = row[column.name]!;
      const others = otherValues(table, column, value);
      if (column.notnull === 0 && value !== null && !KEYS[table]!.includes(column.name)) others.push(null);
      return others.map((other) => ({
        what: `${table} ${keyOf(table, row).join(' ')}: ${column.name} ${String(value)} → ${String(other)}`,
        rows: [row, { ...row, [column.name]: other }],
        sql: `UPDATE "${table}" SET ${column.name} = ? WHERE ${where(table)}`,
        values: [other, ...keyOf(table, row)],
      }));
    }),
  );
}

/** What cannot be seen by what a file alone says. */
const unseeable = (): RegExp[] => {
  const seed = original.read((db) =>
    JSON.parse(
      db.prepare('SELECT detail FROM receipt WHERE account = 0 AND seq = 1').pluck().get() as string,
    ),
  ) as { mode?: string };
  // A ledger whose first receipt does not say whether it is a test one.
  return seed.mode === undefined ? [/^ledger 1: mode/] : [];
};

const expectSeen = (wrong: readonly string[]): void =>
  expect(wrong.filter((text) => !unseeable().some((known) => known.test(text)))).toEqual([]);

describe('a column changed by hand is seen and its row named', () => {
  it.each(TABLES)('%s', async (table) => {
    const changes = original.read((db) => changesOf(db, table));
    const wrong: string[] = [];
    for (const { what, rows, sql, values } of changes) {
      const text = await unseen(original, what, table, rows, (db) => {
        expect(db.prepare(sql).run(...values).changes, what).toBe(1);
      });
      if (text !== undefined) wrong.push(text);
    }
    expect(changes.length).toBeGreaterThan(0);
    expectSeen(wrong);
  });

  it('tries every column that there is', () => {
    const tables = original.read((db) =>
      db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all(),
    );
    expect([...TABLES, ...SUMS, ...MONEY, ...BESIDE].sort()).toEqual(tables);
  });
});

describe('stored sums of usage', () => {
  let long: TestLedger;
  let copies: Original;
  beforeAll(async () => {
    long = testLedger({ plan: 'pro' });
    const items = Array.from({ length: 1_100 }, (_, index) => ({
      account: 'default',
      key: `key ${index}`,
      input: index % 3 === 0 ? spendOf('0.1') : callSpend(callOf(index % 2 === 0 ? 'haiku' : '4o', 10, 1)),
    }));
    await long.ledger.spendMany(items);
    long.at += DAY;
    copies = new Original(long);
  });
  afterAll(() => long.done());

  it.each(SUMS)('%s: every column, and a row deleted or doubled', async (table) => {
    const changes = copies.read((db) => changesOf(db, table));
    expect(changes.length).toBeGreaterThan(1);
    const wrong: string[] = [];
    const tried = async (what: string, rows: Row[], change: (db: Db) => void): Promise<void> => {
      const text = await unseen(copies, what, table, rows, change);
      if (text !== undefined) wrong.push(text);
    };
    for (const { what, rows, sql, values } of changes) {
      await tried(what, rows, (db) => void db.prepare(sql).run(...values));
    }
    const [row] = copies.read((db) => sample(db, table));
    await tried(`${table}: deleted`, [row!], (db) => {
      db.prepare(`DELETE FROM "${table}" WHERE ${where(table)}`).run(...keyOf(table, row!));
    });
    await tried(`${table}: doubled`, [row!], (db) => {
      const copy = { ...row!, account: 9_999 };
      const columns = Object.keys(copy);
      db.prepare(`INSERT INTO "${table}" VALUES (${columns.map(() => '?').join(', ')})`).run(
        ...Object.values(copy),
      );
    });
    expect(wrong).toEqual([]);
  });
});

describe('whole rows', () => {
  // Without its one row a ledger cannot be opened at all.
  const tables = TABLES.filter((table) => table !== 'ledger');

  it.each(tables)('%s: a row deleted', async (table) => {
    const rows = original.read((db) => sample(db, table));
    const wrong: string[] = [];
    for (const row of rows) {
      const text = await unseen(original, `${table} ${keyOf(table, row).join(' ')}`, table, [row], (db) => {
        db.prepare(`DELETE FROM "${table}" WHERE ${where(table)}`).run(...keyOf(table, row));
      });
      if (text !== undefined) wrong.push(text);
    }
    expectSeen(wrong);
  });

  it.each(tables)('%s: a row doubled under another number', async (table) => {
    const [row] = original.read((db) => sample(db, table));
    const last = KEYS[table]!.at(-1)!;
    const copy = { ...row!, [last]: typeof row![last] === 'number' ? row![last] + FAR : `${row![last]}x` };
    const text = await unseen(original, `${table} ${keyOf(table, copy).join(' ')}`, table, [copy], (db) => {
      // A second key, welcome lot or id needs the index that refuses it out of the way.
      const unique = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%'")
        .all() as { name: string; sql: string }[];
      for (const { name } of unique) db.exec(`DROP INDEX ${name}`);
      if (table === 'account') Object.assign(copy, { id: 'another', tag: 'another' });
      const columns = Object.keys(copy);
      db.prepare(
        `INSERT INTO "${table}" (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      ).run(...Object.values(copy));
    });
    expectSeen(text === undefined ? [] : [text]);
  });

  it.each(['receipt', 'entry', 'usage', 'lot', 'hold'])('%s: two rows swapped', async (table) => {
    const key = KEYS[table]!.at(-1)!;
    const rows = original.read((db) =>
      db.prepare(`SELECT * FROM "${table}" WHERE account = 1 ORDER BY ${key} LIMIT 2 OFFSET 1`).all(),
    ) as Row[];
    const [a, b] = rows.map((row) => row[key]!);
    const text = await unseen(original, `${table}: ${String(a)} and ${String(b)}`, table, rows, (db) => {
      const renumber = db.prepare(`UPDATE "${table}" SET ${key} = ? WHERE account = 1 AND ${key} = ?`);
      renumber.run(-1, a!);
      renumber.run(a!, b!);
      renumber.run(b!, -1);
    });
    expectSeen(text === undefined ? [] : [text]);
  });

  it('a key bound twice is seen also where the index that refuses it is gone', async () => {
    const view = await original.changed((db) => {
      db.exec('DROP INDEX receipt_key');
      db.exec("UPDATE receipt SET key = 'grant-1' WHERE key = 'spend-1'");
    });
    expect(view.checks.find(({ id }) => id === 'key_once')!.detail).toEqual([
      'account default: the key grant-1 has 2 receipts',
    ]);
  });
});

describe('the file', () => {
  it('every trigger dropped, and one that does nothing', async () => {
    const triggers = original.read((db) =>
      db.prepare("SELECT name, tbl_name AS tableName FROM sqlite_schema WHERE type = 'trigger'").all(),
    ) as { name: string; tableName: string }[];
    expect(triggers.length).toBeGreaterThan(10);
    for (const { name, tableName } of triggers) {
      const file = original.copy();
      withDb(file, (db) => db.exec(`DROP TRIGGER ${name}`));
      expect(findings(await verifyFile(file))).toEqual([`append_only: trigger ${name} is missing`]);
      withDb(file, (db) =>
        db.exec(`CREATE TRIGGER ${name} BEFORE UPDATE ON ${tableName} BEGIN SELECT 1; END`),
      );
      expect(findings(await verifyFile(file))).toEqual([`append_only: trigger ${name} was changed`]);
    }
  });

  it('an index dropped, a table added, a rule taken out of the schema', async () => {
    const dropped = await original.changed((db) => void db.exec('DROP INDEX lot_period'));
    expect(findings(dropped)).toEqual(['schema: index lot_period is missing']);
    const added = await original.changed((db) => void db.exec('CREATE TABLE mine (x)'));
    expect(findings(added)).toEqual(['schema: table mine is not ours']);
    const file = original.copy();
    withDb(file, (db) => {
      db.unsafeMode(true);
      db.pragma('writable_schema = ON');
      db.exec("UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (amount > 0)', '') WHERE name = 'entry'");
    });
    expect(findings(await verifyFile(file))).toEqual(['schema: table entry was changed']);
  });

  it('an index that says something else than its table', async () => {
    const file = original.copy();
    withDb(file, (db) => {
      db.unsafeMode(true);
      db.pragma('writable_schema = ON');
      // Filled under another condition, the index lacks rows that its own text promises.
      const sql = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'hold_open'").pluck().get();
      db.exec(
        "DROP INDEX hold_open; CREATE INDEX hold_open ON hold (account, expires_at) WHERE status = 'none'",
      );
      db.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'hold_open'").run(sql);
    });
    const view = await verifyFile(file);
    expect(failed(view)).toEqual(['storage']);
  });

  it('a text that is no JSON', async () => {
    for (const [table, column] of [
      ['receipt', 'detail'],
      ['hold', 'terms'],
      ['account', 'byok'],
    ] as const) {
      const view = await original.changed((db) => {
        db.prepare(`UPDATE ${table} SET ${column} = '{"half'`).run();
      });
      expect(view.ok, table).toBe(false);
      expect(
        findings(view).some((line) => line.includes('{"half')),
        table,
      ).toBe(true);
    }
  });
});
