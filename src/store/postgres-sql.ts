/**
 * Statements of the PostgreSQL engine: those of SQLite with numbered parameters, and its own for batches, which read and
 * write the rows of many accounts in one round trip each.
 */
import { COLUMNS } from './rows.ts';
import { ACCOUNT_CHANGES, LOT_CHANGES, SQL } from './sqlite-statements.ts';

/** A statement with `?` for its values, with `$1`, `$2` … instead. A value that is only compared to null needs a type. */
export function numbered(sql: string): string {
  let no = 0;
  return sql.replaceAll('(? IS NULL', '(CAST(? AS text) IS NULL').replace(/\?/g, () => `$${++no}`);
}

const list = (columns: string): string[] => columns.split(', ');
const prefixed = (alias: string, columns: string): string =>
  list(columns)
    .map((column) => `${alias}.${column}`)
    .join(', ');

/** Columns that are no integers, by table. */
const TYPES: Readonly<Record<string, Readonly<Record<'text' | 'bytea', string>>>> = {
  account: { text: 'id tag zone plan pending_plan byok', bytea: 'head' },
  lot: { text: 'source end_kind note', bytea: '' },
  receipt: { text: 'kind key note detail', bytea: 'request hash' },
  entry: { text: 'kind from_place to_place', bytea: '' },
  usage: { text: 'model provider activity session run', bytea: '' },
  hold: { text: 'status terms', bytea: '' },
};

export type ColumnType = 'bigint' | 'text' | 'bytea';

function typeOf(table: string, column: string): ColumnType {
  const { text, bytea } = TYPES[table]!;
  if (text.split(' ').includes(column)) return 'text';
  return bytea.split(' ').includes(column) ? 'bytea' : 'bigint';
}

/** A statement over many rows, which are given as one array for each column. */
export interface BulkStatement {
  readonly text: string;
  readonly types: readonly ColumnType[];
}

const arrays = (types: readonly ColumnType[]): string =>
  types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');

function insertMany(table: string, columns: string): BulkStatement {
  const types = list(columns).map((column) => typeOf(table, column));
  return { text: `INSERT INTO ${table} (${columns}) SELECT * FROM unnest(${arrays(types)})`, types };
}

/** @param key columns that say which row; they come first in the rows that are given */
function updateMany(table: string, key: string, changes: string): BulkStatement {
  const columns = `${key}, ${changes}`;
  const types = list(columns).map((column) => typeOf(table, column));
  const set = list(changes).map((column) => `${column} = v.${column}`);
  const where = list(key).map((column) => `t.${column} = v.${column}`);
  return {
    text: `UPDATE ${table} AS t SET ${set.join(', ')} FROM unnest(${arrays(types)}) AS v (${columns}) WHERE ${where.join(' AND ')}`,
    types,
  };
}

/** What a batch writes, in an order in which every row finds what it refers to. */
export const BULK = {
  insertAccounts: insertMany('account', COLUMNS.account),
  insertReceipts: insertMany('receipt', `account, ${COLUMNS.receipt}`),
  insertEntries: insertMany('entry', `account, ${COLUMNS.entry}`),
  insertUsages: insertMany('usage', `account, ${COLUMNS.usage}`),
  insertLots: insertMany('lot', `account, ${COLUMNS.lot}, live`),
  updateLots: updateMany('lot', 'account, no', LOT_CHANGES),
  insertHolds: insertMany('hold', `account, ${COLUMNS.hold}`),
  updateHolds: updateMany('hold', 'account, no', 'status, resolved_by'),
  updateAccounts: updateMany('account', 'no', ACCOUNT_CHANGES),
} as const satisfies Readonly<Record<string, BulkStatement>>;

export type BulkName = keyof typeof BULK;

const { account, lot, receipt, entry, usage, hold } = COLUMNS;

/** What a hold reserves, as a JSON list of lot and amount in the order of the entries. */
const SLICES = `(SELECT json_agg(json_build_array(e.lot, e.amount) ORDER BY e.seq)::text
    FROM receipt r JOIN entry e ON e.account = r.account AND e.seq BETWEEN r.entry_first AND r.entry_first + r.entry_count - 1
    WHERE r.account = h.account AND r.seq = h.no AND e.kind = 'held')`;
const HELD = `${prefixed('h', hold)}, ${SLICES}`;

/** Statements that the engine has of its own, or words otherwise. Pairs are given as one array for each half. */
const OWN = {
  /** In the order of their numbers, so that two batches never wait for each other. */
  lockAccounts: `SELECT ${account} FROM account WHERE id = ANY($1::text[]) ORDER BY no FOR UPDATE`,
  lockNumbers: 'SELECT no FROM account WHERE no = ANY($1::bigint[]) ORDER BY no FOR UPDATE',
  /** Of the schema and of the price list, which the end of the ledger's own chain names, and the mode. */
  versions: `SELECT (SELECT version FROM credits_schema), (SELECT encode(head, 'hex') FROM account WHERE no = 0),
    (SELECT mode FROM ledger)`,
  idsOf: 'SELECT id FROM account WHERE id = ANY($1::text[])',
  liveLotsOf: `SELECT account, ${lot} FROM lot WHERE account = ANY($1::bigint[]) AND live = 1`,
  lotsNamed: `SELECT l.account, ${prefixed('l', lot)} FROM unnest($1::bigint[], $2::bigint[]) AS w (account, no)
    JOIN lot l ON l.account = w.account AND l.no = w.no`,
  lotsOfCycles: `SELECT l.account, ${prefixed('l', lot)} FROM unnest($1::bigint[], $2::bigint[]) AS w (account, cycle)
    JOIN lot l ON l.account = w.account AND l.cycle = w.cycle AND l.source = 'monthly'`,
  /** Values: accounts, until when holds may have lapsed; accounts and numbers of holds that are named. */
  holdsFor: `WITH wanted AS (
      SELECT account, no FROM hold WHERE account = ANY($1::bigint[]) AND status = 'open' AND expires_at <= $2
      UNION SELECT h.account, h.no FROM unnest($3::bigint[], $4::bigint[]) AS w (account, no)
        JOIN hold h ON h.account = w.account AND h.no = w.no)
    SELECT h.account, ${HELD} FROM wanted w JOIN hold h ON h.account = w.account AND h.no = w.no`,
  receiptsByKeys: `SELECT r.account, ${prefixed('r', receipt)} FROM unnest($1::bigint[], $2::text[]) AS w (account, key)
    JOIN receipt r ON r.account = w.account AND r.key = w.key AND r.key IS NOT NULL`,
  /** Values: accounts, first and last numbers. */
  entriesBetween: `SELECT e.account, ${prefixed('e', entry)}
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS w (account, low, high)
    JOIN entry e ON e.account = w.account AND e.seq BETWEEN w.low AND w.high ORDER BY e.account, e.seq`,
  usagesOf: `SELECT u.account, ${prefixed('u', usage)} FROM unnest($1::bigint[], $2::bigint[]) AS w (account, receipt)
    JOIN usage u ON u.account = w.account AND u.receipt = w.receipt`,
  /** Everything of an account that a read shows, by its id. */
  lotsShown: `SELECT ${prefixed('l', lot)} FROM account a JOIN lot l ON l.account = a.no
    WHERE a.id = $1 AND (l.live = 1 OR (l.ended_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > a.last_at)))`,
  holdsShown: `SELECT ${HELD} FROM account a JOIN hold h ON h.account = a.no WHERE a.id = $1 AND h.status = 'open'`,
  openHolds: `SELECT ${HELD} FROM hold h WHERE account = $1 AND status = 'open' ORDER BY no`,
  allHolds: `SELECT ${HELD} FROM hold h WHERE account = $1 ORDER BY no`,
  hashOf: 'SELECT hash FROM receipt WHERE account = $1 AND seq = $2',
  schemaVersion: 'SELECT version FROM credits_schema',
  setVersion: 'UPDATE credits_schema SET version = $1',
  lockBooks: 'LOCK TABLE simulated IN EXCLUSIVE MODE',
} as const;

export type PostgresName = keyof typeof SQL | keyof typeof OWN;

/** Text of every statement by its name. */
export const POSTGRES_SQL: Readonly<Record<PostgresName, string>> = {
  ...(Object.fromEntries(Object.entries(SQL).map(([name, text]) => [name, numbered(text)])) as Record<
    keyof typeof SQL,
    string
  >),
  ...OWN,
};
