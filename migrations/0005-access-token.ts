/**
 * Access tokens of the HTTP API. A row says that a token was made, a row of the other table that it ended: both are added
 * by setting receipts of the ledger's own chain and never change. Of the token itself only its SHA-256 is kept.
 */
import type { Dialect } from './dialect.ts';

const tables = ({ int, text, table }: Dialect) => `
CREATE TABLE access_token (
  no ${int} PRIMARY KEY,
  hash ${text} NOT NULL CHECK (length(hash) = 64),
  role ${text} NOT NULL CHECK (role IN ('read', 'spend', 'admin')),
  account ${text} REFERENCES account (id),
  made_at ${int} NOT NULL
) ${table};

CREATE TABLE access_token_end (
  token ${int} PRIMARY KEY REFERENCES access_token (no),
  at ${int} NOT NULL
) ${table};
`;

/** Statements of this step, in order. */
export function up(dialect: Dialect): string {
  return [tables(dialect), dialect.appendOnly('access_token'), dialect.appendOnly('access_token_end')].join(
    '\n',
  );
}
