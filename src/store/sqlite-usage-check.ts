/**
 * Stored sums of usage, derived again from the rows of usage by SQLite itself: grouping sorts on disk, so that memory
 * stays flat whatever the number of sums.
 */
import { instantText } from '../core/verify/words.ts';
import type { Connection } from './sqlite-file.ts';
import type { FileFault } from './sqlite-inspect.ts';

/** Length of the stretch that one stored sum covers, ms. */
const SLOT_MS = 900_000;
/** Sums are folded up to a multiple of so many receipts. */
const FOLD_EVERY = 1_024;
/** Most findings. */
const MOST = 20;

/** Columns of a stored sum, after account, slot, model and provider. */
const COLUMNS = [
  'calls',
  'input_tokens',
  'output_tokens',
  'credits',
  'list_credits',
  'unpriced',
  'first_receipt',
  'last_receipt',
] as const;

const KEY = ['account', 'slot', 'model', 'provider'] as const;

/** Sums that differ, each with both sides; a side that is missing is null throughout. */
const DIFFERENCES = `WITH derived AS MATERIALIZED (
    SELECT u.account, u.at / ${SLOT_MS} AS slot, coalesce(u.model, '') AS model, coalesce(u.provider, '') AS provider,
      count(*) AS calls, sum(u.input_tokens) AS input_tokens, sum(u.output_tokens) AS output_tokens,
      sum(u.credits) AS credits, coalesce(sum(u.list_credits), 0) AS list_credits,
      count(*) - count(u.list_credits) AS unpriced, min(u.receipt) AS first_receipt, max(u.receipt) AS last_receipt
    FROM usage_folded f JOIN usage u ON u.account = f.account AND u.receipt <= f.receipt
    GROUP BY 1, 2, 3, 4)
  SELECT (SELECT id FROM account WHERE no = coalesce(s.account, d.account)),
    ${KEY.map((column) => `coalesce(s.${column}, d.${column})`).join(', ')},
    ${COLUMNS.map((column) => `s.${column}, d.${column}`).join(', ')}
  FROM derived d FULL JOIN usage_rollup s ON ${KEY.map((column) => `s.${column} = d.${column}`).join(' AND ')}
  WHERE ${COLUMNS.map((column) => `s.${column} IS NOT d.${column}`).join(' OR ')} LIMIT ${MOST}`;

/** How far an account is folded, where that cannot be. */
const FOLDED = `SELECT a.id, f.account, f.receipt FROM usage_folded f LEFT JOIN account a ON a.no = f.account
  WHERE a.no IS NULL OR f.receipt % ${FOLD_EVERY} <> 0 OR f.receipt > a.receipt_seq LIMIT ${MOST}`;

type Cell = bigint | string | null;

/** Nothing where the tables are missing: that is for the check of the schema to say. */
export function* usageSumFaults(db: Connection): Generator<FileFault> {
  const tables = db.prepare(
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('usage_rollup', 'usage_folded')",
  );
  if (tables.pluck().get() !== 2) return;
  const rows = (sql: string): Cell[][] => db.prepare(sql).raw(true).safeIntegers(true).all() as Cell[][];
  for (const [id, account, receipt] of rows(FOLDED)) {
    const detail = `usage_folded of ${nameOf(id!, account!)}: sums cannot reach to receipt ${receipt}`;
    yield { check: 'projection', detail };
  }
  for (const row of rows(DIFFERENCES)) yield { check: 'projection', detail: differenceOf(row) };
}

const nameOf = (id: Cell, no: Cell): string => (id === null ? `account no. ${no}` : `account ${id}`);

function differenceOf([id, account, slot, model, provider, ...sides]: Cell[]): string {
  const call = model === '' ? 'amounts' : `${model} of ${provider}`;
  const name = `usage_rollup of ${nameOf(id!, account!)}, ${instantText(Number(slot) * SLOT_MS)}, ${call}`;
  if (sides[0] === null) return `${name}: is missing`;
  if (sides[1] === null) return `${name}: no such usage has been folded`;
  const at = COLUMNS.findIndex((_, index) => sides[2 * index] !== sides[2 * index + 1]);
  return `${name}: ${COLUMNS[at]} is ${sides[2 * at]}, its usage says ${sides[2 * at + 1]}`;
}
