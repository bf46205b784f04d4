/**
 * Statements about usage and its stored sums, the same text for every engine. Those that sum give: key, calls, input
 * tokens, output tokens, credits, list credits, calls without a list price.
 */
import { SLOT_MS, type UsageColumn } from '../core/usage.ts';

/** Columns that the stored sums know. */
export const ROLLUP_COLUMNS = ['total', 'model', 'provider'] as const satisfies readonly UsageColumn[];
export type RollupColumn = (typeof ROLLUP_COLUMNS)[number];

/** Tells columns that the stored sums know from those that only the rows do. */
export const isRollupColumn = (column: UsageColumn): column is RollupColumn =>
  (ROLLUP_COLUMNS as readonly UsageColumn[]).includes(column);

const SUMS = `count(*), sum(u.input_tokens), sum(u.output_tokens), sum(u.credits),
    coalesce(sum(u.list_credits), 0), count(*) - count(u.list_credits)`;
const ROLLUP_SUMS =
  'sum(s.calls), sum(s.input_tokens), sum(s.output_tokens), sum(s.credits), sum(s.list_credits), sum(s.unpriced)';

/** Rows of usage by a column. Values: account, first and last receipt, since, until. */
const rowsBy = (column: string): string => `SELECT ${column}, ${SUMS} FROM usage u
  WHERE u.account = ? AND u.receipt BETWEEN ? AND ? AND u.at >= ? AND u.at < ? GROUP BY 1`;

/** The first of the entries that paid, or none of them. */
const FIRST = 'e.seq IS NULL OR e.seq = r.entry_first';
const ofFirst = (value: string): string => `sum(CASE WHEN ${FIRST} THEN ${value} ELSE 0 END)`;

/**
 * By what paid: the sources of the lots that the receipt's entries took from, `debt` for what none covered, `byok` for a
 * call on the account's own key, null for a call that cost nothing. A call that several paid counts with the first of
 * them; its credits are split. Values as in `rowsBy`.
 */
const rowsBySource = `SELECT
    CASE WHEN u.byok = 1 THEN 'byok' WHEN e.kind = 'owed' THEN 'debt' ELSE l.source END,
    ${ofFirst('1')}, ${ofFirst('u.input_tokens')}, ${ofFirst('u.output_tokens')}, coalesce(sum(e.amount), 0),
    ${ofFirst('coalesce(u.list_credits, 0)')}, ${ofFirst('CASE WHEN u.list_credits IS NULL THEN 1 ELSE 0 END')}
  FROM usage u JOIN receipt r ON r.account = u.account AND r.seq = u.receipt
    LEFT JOIN entry e ON e.account = r.account AND e.seq BETWEEN r.entry_first AND r.entry_first + r.entry_count - 1
      AND e.kind IN ('spent', 'owed')
    LEFT JOIN lot l ON l.account = e.account AND l.no = e.lot
  WHERE u.account = ? AND u.receipt BETWEEN ? AND ? AND u.at >= ? AND u.at < ? GROUP BY 1`;

/** Rows of usage, one statement per column. */
export const USAGE_ROWS: Readonly<Record<UsageColumn, string>> = {
  total: rowsBy('NULL'),
  model: rowsBy('u.model'),
  provider: rowsBy('u.provider'),
  activity: rowsBy('u.activity'),
  session: rowsBy('u.session'),
  run: rowsBy('u.run'),
  source: rowsBySource,
};

const rollupBy = (
  column: string,
  group: string,
): string => `SELECT ${column}, ${ROLLUP_SUMS} FROM usage_rollup s
  WHERE s.account = ? AND s.slot >= ? AND s.slot < ?${group}`;

/**
 * Stored sums, one statement per column that they know; empty text stands for none, and sums of nothing are null. Values:
 * account, first slot, slot behind the last.
 */
export const USAGE_ROLLUP: Readonly<Record<RollupColumn, string>> = {
  total: rollupBy('NULL', ''),
  model: rollupBy('s.model', ' GROUP BY s.model'),
  provider: rollupBy('s.provider', ' GROUP BY s.provider'),
};

/** Everything of one folding, and where the rows behind it lie. */
export const USAGE_SQL = {
  foldedUntil: 'SELECT receipt FROM usage_folded WHERE account = ?',
  markFolded: `INSERT INTO usage_folded (account, receipt) VALUES (?, ?)
    ON CONFLICT (account) DO UPDATE SET receipt = excluded.receipt`,
  /** Values: account, the receipt folded last, the last one to fold. */
  foldUsage: `INSERT INTO usage_rollup (account, slot, model, provider, calls, input_tokens, output_tokens, credits,
      list_credits, unpriced, first_receipt, last_receipt)
    SELECT u.account, u.at / ${SLOT_MS}, coalesce(u.model, ''), coalesce(u.provider, ''), ${SUMS},
      min(u.receipt), max(u.receipt)
    FROM usage u WHERE u.account = ? AND u.receipt > ? AND u.receipt <= ? GROUP BY 1, 2, 3, 4
    ON CONFLICT (account, slot, model, provider) DO UPDATE SET
      calls = usage_rollup.calls + excluded.calls,
      input_tokens = usage_rollup.input_tokens + excluded.input_tokens,
      output_tokens = usage_rollup.output_tokens + excluded.output_tokens,
      credits = usage_rollup.credits + excluded.credits,
      list_credits = usage_rollup.list_credits + excluded.list_credits,
      unpriced = usage_rollup.unpriced + excluded.unpriced,
      last_receipt = excluded.last_receipt`,
} as const;

/** What a report asks beside the sums. */
export const USAGE_FACTS = {
  ...USAGE_SQL,
  /** Receipts between which the folded rows of some slots lie. Values: account, first and last slot. */
  reach: `SELECT min(first_receipt), max(last_receipt) FROM usage_rollup
    WHERE account = ? AND slot BETWEEN ? AND ?`,
  firstSlot: 'SELECT min(slot) FROM usage_rollup WHERE account = ?',
  /** Times of the rows that are not folded. Values: account, the receipt folded last. */
  tail: 'SELECT min(at), max(at) FROM usage WHERE account = ? AND receipt > ?',
  /** Whole slots of every account. Values: first slot, slot behind the last. */
  rollupByAccount: `SELECT a.id, ${ROLLUP_SUMS} FROM usage_rollup s JOIN account a ON a.no = s.account
    WHERE s.slot >= ? AND s.slot < ? GROUP BY a.no, a.id`,
  /** Folded rows of a part of one slot, of every account. Values: slot, since, until. */
  partByAccount: `SELECT a.id, ${SUMS}
    FROM (SELECT account, min(first_receipt) AS low, max(last_receipt) AS high FROM usage_rollup
        WHERE slot = ? GROUP BY account) p
      CROSS JOIN usage u CROSS JOIN account a
    WHERE u.account = p.account AND u.receipt BETWEEN p.low AND p.high AND u.at >= ? AND u.at < ?
      AND a.no = p.account GROUP BY a.no, a.id`,
  /** Rows that are not folded, of every account with a receipt since then. Values: since, since, until. */
  tailByAccount: `SELECT a.id, ${SUMS} FROM account a LEFT JOIN usage_folded f ON f.account = a.no CROSS JOIN usage u
    WHERE a.last_at >= ? AND u.account = a.no AND u.receipt > coalesce(f.receipt, 0) AND u.at >= ? AND u.at < ?
    GROUP BY a.no, a.id`,
} as const;
