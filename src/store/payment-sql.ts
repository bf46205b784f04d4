/** Statements of the money side. Each is answered by an index: its cost does not grow with an account's history. */
import { PAYMENT_COLUMNS } from './payment-rows.ts';

const marks = (columns: string): string => columns.replace(/[a-z0-9_]+/g, '?');
const replaced = (columns: string): string => columns.replace(/[a-z0-9_]+/g, '$& = excluded.$&');
const { topup, card, attempt } = PAYMENT_COLUMNS;

const ACTIVE = "('reserved', 'created', 'confirming', 'processing', 'unknown', 'requires_action')";

const upsert = (table: string, columns: string, key: string): string =>
  `INSERT INTO ${table} (account, ${columns}) VALUES (?, ${marks(columns)})
    ON CONFLICT (${key}) DO UPDATE SET ${replaced(columns)}`;

const accountsIn = (from: string): string =>
  `SELECT no, id FROM account WHERE no > ? AND no IN (${from}) ORDER BY no LIMIT ?`;

export const PAYMENT_SQL = {
  topupOf: `SELECT ${topup} FROM topup WHERE account = ?`,
  putTopup: upsert('topup', topup, 'account'),
  cardOf: `SELECT ${card} FROM card WHERE account = ?`,
  putCard: upsert('card', card, 'account'),
  attemptByNo: `SELECT ${attempt} FROM attempt WHERE account = ? AND no = ?`,
  attemptsOpen: `SELECT ${attempt} FROM attempt WHERE account = ? AND status IN ${ACTIVE} ORDER BY no`,
  attemptsAuto: `SELECT ${attempt} FROM attempt WHERE account = ? AND kind = 'auto' AND reserved_at >= ? ORDER BY no`,
  attemptsClawing: `SELECT ${attempt} FROM attempt WHERE account = ? AND clawed_from <> '{}' ORDER BY no`,
  attemptsNewest: `SELECT ${attempt} FROM attempt WHERE account = ? AND (? IS NULL OR kind = ?) ORDER BY no DESC LIMIT ?`,
  attemptsAll: `SELECT ${attempt} FROM attempt WHERE account = ? ORDER BY no`,
  putAttempt: upsert('attempt', attempt, 'account, no'),
  attemptOfIntent: `SELECT a.id, t.no FROM attempt t JOIN account a ON a.no = t.account WHERE t.intent = ?`,
  attemptOfSession: `SELECT a.id, t.no FROM attempt t JOIN account a ON a.no = t.account WHERE t.session = ?`,
  accountOfCustomer:
    'SELECT a.id FROM card c JOIN account a ON a.no = c.account WHERE c.customer = ? LIMIT 1',
  accountOfCard:
    'SELECT a.id FROM card c JOIN account a ON a.no = c.account WHERE c.payment_method = ? LIMIT 1',
  accountsOpen: accountsIn(`SELECT account FROM attempt WHERE status IN ${ACTIVE}
    UNION SELECT account FROM card WHERE setup IS NOT NULL OR subscription IS NOT NULL`),
  accountsTopup: accountsIn('SELECT account FROM topup WHERE enabled = 1'),
  accountsPaid: accountsIn('SELECT account FROM attempt'),
  eventById: 'SELECT 1 FROM provider_event WHERE id = ?',
  insertEvent: `INSERT INTO provider_event (id, type, created_at, outcome) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  cursorOf: 'SELECT cursor FROM provider_cursor WHERE provider = ?',
  putCursor: `INSERT INTO provider_cursor (provider, cursor) VALUES (?, ?)
    ON CONFLICT (provider) DO UPDATE SET cursor = excluded.cursor`,
  bookById: 'SELECT body FROM simulated WHERE id = ?',
  putBook: `INSERT INTO simulated (no, id, body) SELECT coalesce(max(no), 0) + 1, ?, ? FROM simulated WHERE true
    ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
  booksAfter: 'SELECT no, id, body FROM simulated WHERE no > ? AND substr(id, 1, ?) = ? ORDER BY no LIMIT ?',
} as const;
