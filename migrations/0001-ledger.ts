/**
 * The first schema. Append-only tables keep what happened; account, lot and hold are projections of it that `verify`
 * derives again. Rows are clustered by account, so that one account's history is one stretch of the file and every
 * query by account costs the same at any size of the ledger.
 */
import type { Dialect } from './dialect.ts';

const ledger = ({ int, text, table }: Dialect) => `
CREATE TABLE ledger (
  one ${int} PRIMARY KEY CHECK (one = 1),
  mode ${text} NOT NULL CHECK (mode IN ('test', 'live')),
  created_at ${int} NOT NULL
) ${table};

CREATE TABLE model (
  id ${text} PRIMARY KEY,
  name ${text} NOT NULL,
  provider ${text} NOT NULL,
  context_window ${int},
  max_output ${int}
) ${table};

CREATE TABLE alias (
  alias ${text} PRIMARY KEY,
  model ${text} NOT NULL REFERENCES model (id)
) ${table};

CREATE TABLE rate (
  no ${int} PRIMARY KEY,
  model ${text} NOT NULL REFERENCES model (id),
  from_at ${int} NOT NULL,
  input ${text},
  output ${text},
  cache_read ${text},
  cache_write ${text},
  CHECK ((input IS NULL) = (output IS NULL))
) ${table};

CREATE TABLE plan (
  id ${text} NOT NULL,
  name ${text} NOT NULL,
  from_at ${int} NOT NULL,
  monthly ${int} NOT NULL CHECK (monthly >= 0),
  price_cents ${int} NOT NULL CHECK (price_cents >= 0),
  no ${int} PRIMARY KEY
) ${table};

CREATE TABLE package (
  id ${text} NOT NULL,
  from_at ${int} NOT NULL,
  credits ${int} NOT NULL CHECK (credits > 0),
  price_cents ${int} NOT NULL CHECK (price_cents >= 0),
  retired ${int} NOT NULL CHECK (retired IN (0, 1)),
  no ${int} PRIMARY KEY
) ${table};
`;

const account = ({ int, text, bytes, table }: Dialect) => `
CREATE TABLE account (
  no ${int} PRIMARY KEY,
  id ${text} NOT NULL UNIQUE,
  tag ${text} NOT NULL UNIQUE,
  zone ${text} NOT NULL,
  created_at ${int} NOT NULL,
  closed_at ${int},
  plan ${text} NOT NULL,
  anchor_at ${int},
  cycle ${int} NOT NULL CHECK (cycle >= 0),
  cycle_start ${int},
  cycle_end ${int},
  pending_plan ${text},
  pending_at ${int},
  last_at ${int} NOT NULL,
  receipt_seq ${int} NOT NULL CHECK (receipt_seq >= 0),
  entry_seq ${int} NOT NULL CHECK (entry_seq >= 0),
  available ${int} NOT NULL CHECK (available >= 0),
  held ${int} NOT NULL CHECK (held >= 0),
  debt ${int} NOT NULL CHECK (debt >= 0),
  byok ${text} NOT NULL,
  head ${bytes} NOT NULL,
  CHECK (cycle_end IS NULL OR cycle_start < cycle_end),
  CHECK ((pending_plan IS NULL) = (pending_at IS NULL))
) ${table};
CREATE INDEX account_due ON account (cycle_end) WHERE cycle_end IS NOT NULL AND closed_at IS NULL;

CREATE INDEX account_zoned ON account (zone) WHERE zone <> 'UTC';

CREATE TABLE lot (
  account ${int} NOT NULL REFERENCES account (no),
  no ${int} NOT NULL,
  source ${text} NOT NULL CHECK (source IN ('welcome', 'monthly', 'purchased', 'promotional')),
  priority ${int} NOT NULL,
  granted_at ${int} NOT NULL,
  expires_at ${int},
  ended_at ${int},
  end_kind ${text} CHECK (end_kind IN ('expired', 'revoked')),
  cycle ${int},
  cycle_start ${int},
  granted ${int} NOT NULL CHECK (granted > 0),
  available ${int} NOT NULL CHECK (available >= 0),
  held ${int} NOT NULL CHECK (held >= 0),
  spent ${int} NOT NULL CHECK (spent >= 0),
  expired ${int} NOT NULL CHECK (expired >= 0),
  revoked ${int} NOT NULL CHECK (revoked >= 0),
  note ${text},
  live ${int} NOT NULL,
  PRIMARY KEY (account, no),
  CHECK (granted = available + held + spent + expired + revoked),
  CHECK (live = CASE WHEN available + held > 0 THEN 1 ELSE 0 END),
  CHECK ((ended_at IS NULL) = (end_kind IS NULL))
) ${table}CLUSTERED;
CREATE INDEX lot_live ON lot (account) WHERE live = 1;
CREATE INDEX lot_due ON lot (expires_at) WHERE live = 1 AND expires_at IS NOT NULL;
CREATE UNIQUE INDEX lot_period ON lot (account, cycle_start) WHERE cycle_start IS NOT NULL;
CREATE UNIQUE INDEX lot_welcome ON lot (account) WHERE source = 'welcome';
`;

const history = ({ int, text, bytes, table }: Dialect) => `
CREATE TABLE receipt (
  account ${int} NOT NULL REFERENCES account (no),
  seq ${int} NOT NULL,
  kind ${text} NOT NULL,
  at ${int} NOT NULL,
  key ${text},
  request ${bytes},
  credits ${int} NOT NULL CHECK (credits >= 0),
  available ${int} NOT NULL CHECK (available >= 0),
  debt ${int} NOT NULL CHECK (debt >= 0),
  entry_first ${int} NOT NULL,
  entry_count ${int} NOT NULL CHECK (entry_count >= 0),
  note ${text},
  detail ${text},
  hash ${bytes} NOT NULL,
  PRIMARY KEY (account, seq),
  CHECK ((key IS NULL) = (request IS NULL))
) ${table}CLUSTERED;
CREATE UNIQUE INDEX receipt_key ON receipt (account, key) WHERE key IS NOT NULL;

CREATE TABLE entry (
  account ${int} NOT NULL,
  seq ${int} NOT NULL,
  receipt ${int} NOT NULL,
  at ${int} NOT NULL,
  kind ${text} NOT NULL,
  lot ${int},
  from_place ${text} NOT NULL,
  to_place ${text} NOT NULL,
  amount ${int} NOT NULL CHECK (amount > 0),
  available ${int} NOT NULL CHECK (available >= 0),
  PRIMARY KEY (account, seq),
  FOREIGN KEY (account, receipt) REFERENCES receipt (account, seq),
  CHECK ((lot IS NULL) = (kind = 'owed'))
) ${table}CLUSTERED;

CREATE TABLE usage (
  account ${int} NOT NULL,
  receipt ${int} NOT NULL,
  at ${int} NOT NULL,
  model ${text},
  provider ${text},
  rate ${int},
  input_tokens ${int} NOT NULL CHECK (input_tokens >= 0),
  cached_tokens ${int} NOT NULL CHECK (cached_tokens >= 0),
  cache_write_tokens ${int} NOT NULL CHECK (cache_write_tokens >= 0),
  output_tokens ${int} NOT NULL CHECK (output_tokens >= 0),
  tool_calls ${int} NOT NULL CHECK (tool_calls >= 0),
  activity ${text},
  session ${text},
  run ${text},
  byok ${int} NOT NULL CHECK (byok IN (0, 1)),
  credits ${int} NOT NULL CHECK (credits >= 0),
  list_credits ${int},
  PRIMARY KEY (account, receipt),
  FOREIGN KEY (account, receipt) REFERENCES receipt (account, seq),
  CHECK (byok = 0 OR credits = 0)
) ${table}CLUSTERED;

CREATE TABLE hold (
  account ${int} NOT NULL,
  no ${int} NOT NULL,
  amount ${int} NOT NULL CHECK (amount >= 0),
  status ${text} NOT NULL CHECK (status IN ('open', 'settled', 'released', 'lapsed')),
  created_at ${int} NOT NULL,
  expires_at ${int} NOT NULL CHECK (expires_at > created_at),
  resolved_by ${int},
  terms ${text} NOT NULL,
  PRIMARY KEY (account, no),
  FOREIGN KEY (account, no) REFERENCES receipt (account, seq),
  CHECK ((status = 'open') = (resolved_by IS NULL))
) ${table}CLUSTERED;
CREATE INDEX hold_open ON hold (account, expires_at) WHERE status = 'open';
`;

/** Tables whose rows are never changed or deleted. */
export const APPEND_ONLY = [
  'ledger',
  'model',
  'alias',
  'rate',
  'plan',
  'package',
  'receipt',
  'entry',
  'usage',
];

/** Statements of this step, in order. */
export function up(dialect: Dialect): string {
  return [
    ledger(dialect),
    account(dialect),
    history(dialect),
    ...APPEND_ONLY.map((name) => dialect.appendOnly(name)),
    // The rest of these two may change; that a lot or hold existed may not.
    ...['account', 'lot', 'hold'].map((name) => dialect.noDelete(name)),
  ].join('\n');
}
