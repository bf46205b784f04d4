/**
 * Every statement of the SQLite engine's hot paths, prepared once per connection and run with positional values.
 * Written by hand: reads that must start fast load no query builder (docs/PERFORMANCE.md).
 */
import type { Statement } from 'better-sqlite3';
import { PAYMENT_SQL } from './payment-sql.ts';
import { COLUMNS, type Row, type Value } from './rows.ts';
import type { Connection } from './sqlite-file.ts';
import { USAGE_SQL } from './usage-sql.ts';

/** A prepared statement over arrays. */
export interface Prepared {
  all(...values: Value[]): Row[];
  get(...values: Value[]): Row | undefined;
  run(...values: Value[]): void;
  iterate(...values: Value[]): IterableIterator<Row>;
}

const marks = (columns: string): string => columns.replace(/[a-z_]+/g, '?');
const prefixed = (alias: string, columns: string): string => columns.replace(/[a-z_]+/g, `${alias}.$&`);
const assigned = (columns: string): string => columns.replace(/[a-z_]+/g, '$& = ?');

/** Columns of an account that a batch may change; the rest are facts. */
export const ACCOUNT_CHANGES =
  'closed_at, plan, anchor_at, cycle, cycle_start, cycle_end, pending_plan, pending_at, last_at, receipt_seq, entry_seq, available, held, debt, byok, head';
/** Columns of a lot that a batch may change. */
export const LOT_CHANGES = 'available, held, spent, expired, revoked, ended_at, end_kind, live';

/** Rows that one statement for many writes. */
export const ROWS_AT_ONCE = 16;
const many = (insert: string): string => {
  const row = insert.slice(insert.lastIndexOf('('));
  return insert + `, ${row}`.repeat(ROWS_AT_ONCE - 1);
};

const { account, lot, receipt, entry, usage, hold } = COLUMNS;
const INSERT_LOT = `INSERT INTO lot (account, ${lot}, live) VALUES (?, ${marks(lot)}, ?)`;
const INSERT_RECEIPT = `INSERT INTO receipt (account, ${receipt}) VALUES (?, ${marks(receipt)})`;
const INSERT_ENTRY = `INSERT INTO entry (account, ${entry}) VALUES (?, ${marks(entry)})`;
const INSERT_USAGE = `INSERT INTO usage (account, ${usage}) VALUES (?, ${marks(usage)})`;
const UNENDED = '(live = 1 OR (ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?)))';

/** SQL by name. */
export const SQL = {
  accountById: `SELECT ${account} FROM account WHERE id = ?`,
  accountsAfter: `SELECT ${account} FROM account WHERE id > ? AND no > 0 ORDER BY id LIMIT ?`,
  accountsByNo: `SELECT ${account} FROM account WHERE no > ? ORDER BY no LIMIT ?`,
  accountCount: 'SELECT count(*) FROM account WHERE no > 0',
  accountNextNo: 'SELECT coalesce(max(no), -1) + 1 FROM account',
  zoned: "SELECT 1 FROM account WHERE zone <> 'UTC' LIMIT 1",
  tagTaken: 'SELECT 1 FROM account WHERE tag = ?',
  insertAccount: `INSERT INTO account (${account}) VALUES (${marks(account)})`,
  updateAccount: `UPDATE account SET ${assigned(ACCOUNT_CHANGES)} WHERE no = ?`,
  dueCycles: `SELECT no, id FROM account WHERE cycle_end IS NOT NULL AND closed_at IS NULL AND cycle_end <= ? AND no > ? ORDER BY no LIMIT ?`,
  dueSweeps: `SELECT no, id FROM account WHERE no > ? AND no IN (
    SELECT account FROM lot WHERE live = 1 AND expires_at IS NOT NULL AND expires_at <= ?
    UNION SELECT account FROM hold WHERE status = 'open' AND expires_at <= ?) ORDER BY no LIMIT ?`,
  liveLots: `SELECT ${lot} FROM lot WHERE account = ? AND live = 1`,
  unendedLots: `SELECT ${lot} FROM lot WHERE account = ? AND ${UNENDED}`,
  lotByNo: `SELECT ${lot} FROM lot WHERE account = ? AND no = ?`,
  cycleLots: `SELECT ${lot} FROM lot WHERE account = ? AND cycle = ? AND source = 'monthly'`,
  allLots: `SELECT ${lot} FROM lot WHERE account = ? ORDER BY no`,
  insertLot: INSERT_LOT,
  insertLots: many(INSERT_LOT),
  updateLot: `UPDATE lot SET ${assigned(LOT_CHANGES)} WHERE account = ? AND no = ?`,
  lapsedHolds: `SELECT ${hold} FROM hold WHERE account = ? AND status = 'open' AND expires_at <= ?`,
  openHolds: `SELECT ${hold} FROM hold WHERE account = ? AND status = 'open'`,
  holdByNo: `SELECT ${hold} FROM hold WHERE account = ? AND no = ?`,
  allHolds: `SELECT ${hold} FROM hold WHERE account = ? ORDER BY no`,
  insertHold: `INSERT INTO hold (account, ${hold}) VALUES (?, ${marks(hold)})`,
  updateHold: 'UPDATE hold SET status = ?, resolved_by = ? WHERE account = ? AND no = ?',
  slices: `SELECT e.lot, e.amount FROM receipt r JOIN entry e ON e.account = r.account
    AND e.seq BETWEEN r.entry_first AND r.entry_first + r.entry_count - 1
    WHERE r.account = ? AND r.seq = ? AND e.kind = 'held' ORDER BY e.seq`,
  receiptByKey: `SELECT ${receipt} FROM receipt WHERE account = ? AND key = ?`,
  receipts: `SELECT ${receipt} FROM receipt WHERE account = ? ORDER BY seq`,
  receiptsUntil: `SELECT ${receipt} FROM receipt WHERE account = ? AND at <= ? ORDER BY seq`,
  insertReceipt: INSERT_RECEIPT,
  insertReceipts: many(INSERT_RECEIPT),
  entriesOf: `SELECT ${entry} FROM entry WHERE account = ? AND seq BETWEEN ? AND ? ORDER BY seq`,
  entries: `SELECT ${entry} FROM entry WHERE account = ? ORDER BY seq`,
  entriesUntil: `SELECT ${entry} FROM entry WHERE account = ? AND at <= ? ORDER BY seq`,
  entryAt: 'SELECT at FROM entry WHERE account = ? AND seq = ?',
  logBackwards: `SELECT ${prefixed('e', entry)}, r.note FROM entry e JOIN receipt r
    ON r.account = e.account AND r.seq = e.receipt
    WHERE e.account = ? AND e.seq BETWEEN ? AND ? AND (? IS NULL OR e.kind = ?)
    ORDER BY e.seq DESC LIMIT ?`,
  insertEntry: INSERT_ENTRY,
  insertEntries: many(INSERT_ENTRY),
  settledHolds: `SELECT h.terms, u.input_tokens
    FROM (SELECT no, status, resolved_by, terms FROM hold WHERE account = ? ORDER BY no DESC LIMIT ?) h
    JOIN usage u ON u.account = ? AND u.receipt = h.resolved_by
    WHERE h.status = 'settled' AND u.input_tokens > 0 ORDER BY h.no DESC`,
  usageOf: `SELECT ${usage} FROM usage WHERE account = ? AND receipt = ?`,
  usages: `SELECT ${usage} FROM usage WHERE account = ? ORDER BY receipt`,
  insertUsage: INSERT_USAGE,
  insertUsages: many(INSERT_USAGE),
  ...USAGE_SQL,
  ...PAYMENT_SQL,
  ledger: 'SELECT mode, created_at FROM ledger',
  insertLedger: 'INSERT INTO ledger (one, mode, created_at) VALUES (1, ?, ?)',
  settingsVersion: 'SELECT receipt_seq FROM account WHERE no = 0',
  models: 'SELECT id, name, provider, context_window, max_output FROM model ORDER BY id',
  aliases: 'SELECT alias, model FROM alias ORDER BY alias',
  rates: 'SELECT no, model, from_at, input, output, cache_read, cache_write, tiers FROM rate ORDER BY no',
  plans: 'SELECT no, id, name, from_at, monthly, price_cents FROM plan ORDER BY no',
  packages: 'SELECT no, id, from_at, credits, price_cents, retired FROM package ORDER BY no',
  accessTokens: 'SELECT no, hash, role, account, made_at FROM access_token ORDER BY no',
  accessTokenEnds: 'SELECT token, at FROM access_token_end ORDER BY token',
  accessTokensEnded: `SELECT no, hash, role, account, made_at, at FROM access_token LEFT JOIN access_token_end ON token = no
    ORDER BY no`,
  accessTokenByNo: `SELECT no, hash, role, account, made_at, at FROM access_token LEFT JOIN access_token_end ON token = no
    WHERE no = ?`,
  insertAccessToken: 'INSERT INTO access_token (no, hash, role, account, made_at) VALUES (?, ?, ?, ?, ?)',
  insertAccessTokenEnd: 'INSERT INTO access_token_end (token, at) VALUES (?, ?)',
  insertModel: 'INSERT INTO model (id, name, provider, context_window, max_output) VALUES (?, ?, ?, ?, ?)',
  insertAlias: 'INSERT INTO alias (alias, model) VALUES (?, ?)',
  insertRate:
    'INSERT INTO rate (no, model, from_at, input, output, cache_read, cache_write, tiers) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  insertPlan:
    'INSERT INTO plan (no, id, name, from_at, monthly, price_cents) SELECT coalesce(max(no), 0) + 1, ?, ?, ?, ?, ? FROM plan',
  insertPackage:
    'INSERT INTO package (no, id, from_at, credits, price_cents, retired) SELECT coalesce(max(no), 0) + 1, ?, ?, ?, ?, ? FROM package',
} as const;

export type StatementName = keyof typeof SQL;

/** Prepares on first use: a command that reads a balance compiles five statements, not fifty. */
export function statements(db: Connection): (name: StatementName) => Prepared {
  const prepared = new Map<StatementName, Prepared>();
  return (name) => {
    let statement = prepared.get(name);
    if (statement === undefined) {
      const raw: Statement = db.prepare(SQL[name]);
      if (raw.reader) raw.raw(true);
      statement = raw as unknown as Prepared;
      prepared.set(name, statement);
    }
    return statement;
  };
}
