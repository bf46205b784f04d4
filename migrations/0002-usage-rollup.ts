/**
 * Sums of usage by quarter of an hour, so that a report over millions of calls reads thousands of rows. A projection:
 * `verify` derives it again from `usage`.
 *
 * A quarter of an hour, counted in UTC, is the largest unit of which every day of every time zone of today is made. So
 * the table knows no calendar: a change of a zone's rules changes reports, never rows that are stored. `first_receipt`
 * and `last_receipt` say where the rows of a quarter lie, for a range that cuts one.
 */
import type { Dialect } from './dialect.ts';

const tables = ({ int, text, table }: Dialect) => `
CREATE TABLE usage_rollup (
  account ${int} NOT NULL REFERENCES account (no),
  slot ${int} NOT NULL,
  model ${text} NOT NULL,
  provider ${text} NOT NULL,
  calls ${int} NOT NULL CHECK (calls > 0),
  input_tokens ${int} NOT NULL CHECK (input_tokens >= 0),
  output_tokens ${int} NOT NULL CHECK (output_tokens >= 0),
  credits ${int} NOT NULL CHECK (credits >= 0),
  list_credits ${int} NOT NULL CHECK (list_credits >= 0),
  unpriced ${int} NOT NULL CHECK (unpriced BETWEEN 0 AND calls),
  first_receipt ${int} NOT NULL,
  last_receipt ${int} NOT NULL CHECK (last_receipt >= first_receipt),
  PRIMARY KEY (account, slot, model, provider)
) ${table}CLUSTERED;

CREATE TABLE usage_folded (
  account ${int} PRIMARY KEY REFERENCES account (no),
  receipt ${int} NOT NULL CHECK (receipt > 0)
) ${table};
`;

/** What is there already, up to the last whole 1,024 receipts of each account, as later writes leave it. */
const backfill = `
INSERT INTO usage_folded (account, receipt)
SELECT no, receipt_seq - receipt_seq % 1024 FROM account WHERE no > 0 AND receipt_seq >= 1024;

INSERT INTO usage_rollup (account, slot, model, provider, calls, input_tokens, output_tokens, credits, list_credits,
  unpriced, first_receipt, last_receipt)
SELECT u.account, u.at / 900000, coalesce(u.model, ''), coalesce(u.provider, ''), count(*), sum(u.input_tokens),
  sum(u.output_tokens), sum(u.credits), coalesce(sum(u.list_credits), 0), count(*) - count(u.list_credits),
  min(u.receipt), max(u.receipt)
FROM usage_folded f JOIN usage u ON u.account = f.account AND u.receipt <= f.receipt
GROUP BY u.account, u.at / 900000, coalesce(u.model, ''), coalesce(u.provider, '');
`;

/** Statements of this step, in order. */
export function up(dialect: Dialect): string {
  return [tables(dialect), backfill, dialect.noDelete('usage_rollup'), dialect.noDelete('usage_folded')].join(
    '\n',
  );
}
