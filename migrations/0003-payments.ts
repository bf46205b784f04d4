/**
 * Money in: the top-up policy, the saved card and the payment attempts of each account, events of the payment provider,
 * and the books of the simulated one.
 *
 * `topup`, `card` and `attempt` are projections of setting, grant, clawback and reinstate receipts, which carry each row as
 * they leave it; `verify` derives them again. Two indexes stand guard beside the rules: an account has one automatic
 * payment under way at most, and a payment of the provider belongs to one attempt.
 */
import type { Dialect } from './dialect.ts';

/** An automatic payment in one of these may still take money. */
const ACTIVE = "('reserved', 'created', 'confirming', 'processing', 'unknown', 'requires_action')";

const policy = ({ int, text, table }: Dialect) => `
CREATE TABLE topup (
  account ${int} PRIMARY KEY REFERENCES account (no),
  enabled ${int} NOT NULL CHECK (enabled IN (0, 1)),
  threshold ${int} NOT NULL CHECK (threshold >= 0),
  amount ${int} NOT NULL CHECK (amount > 0),
  limit_cents ${int} CHECK (limit_cents >= 0),
  strikes ${int} NOT NULL CHECK (strikes BETWEEN 0 AND 3),
  cool_until ${int},
  reason ${text},
  CHECK (enabled = 0 OR strikes < 3)
) ${table};
CREATE INDEX topup_on ON topup (account) WHERE enabled = 1;

CREATE TABLE card (
  account ${int} PRIMARY KEY REFERENCES account (no),
  provider ${text} NOT NULL CHECK (provider IN ('stripe', 'simulated')),
  customer ${text} NOT NULL,
  payment_method ${text},
  brand ${text},
  last4 ${text} CHECK (length(last4) = 4),
  exp_month ${int} CHECK (exp_month BETWEEN 1 AND 12),
  exp_year ${int},
  refused ${int} NOT NULL CHECK (refused IN (0, 1)),
  consent ${text},
  consent_at ${int},
  setup ${text},
  subscription ${text},
  CHECK ((payment_method IS NULL) = (last4 IS NULL)),
  CHECK ((payment_method IS NULL) = (consent IS NULL)),
  CHECK ((consent IS NULL) = (consent_at IS NULL))
) ${table};
CREATE INDEX card_customer ON card (customer);
CREATE INDEX card_waiting ON card (account) WHERE setup IS NOT NULL OR subscription IS NOT NULL;
CREATE INDEX card_method ON card (payment_method) WHERE payment_method IS NOT NULL;
`;

const attempt = ({ int, text, table }: Dialect) => `
CREATE TABLE attempt (
  account ${int} NOT NULL,
  no ${int} NOT NULL,
  kind ${text} NOT NULL CHECK (kind IN ('auto', 'manual')),
  status ${text} NOT NULL CHECK (status IN ('reserved', 'created', 'confirming', 'processing', 'requires_action', 'unknown',
    'succeeded', 'failed', 'canceled', 'mismatch')),
  credits ${int} NOT NULL CHECK (credits > 0),
  amount_cents ${int} NOT NULL CHECK (amount_cents >= 0),
  currency ${text} NOT NULL,
  mix ${text} NOT NULL,
  reserved_at ${int} NOT NULL,
  provider ${text} NOT NULL CHECK (provider IN ('stripe', 'simulated')),
  customer ${text} NOT NULL,
  payment_method ${text},
  intent ${text},
  session ${text},
  reason ${text},
  lot ${int},
  clawed ${int} NOT NULL CHECK (clawed BETWEEN 0 AND credits),
  clawed_from ${text} NOT NULL,
  returns ${text} NOT NULL,
  changed_by ${int} NOT NULL CHECK (changed_by >= no),
  PRIMARY KEY (account, no),
  FOREIGN KEY (account, no) REFERENCES receipt (account, seq),
  CHECK ((status = 'succeeded') = (lot IS NOT NULL)),
  CHECK (clawed = 0 OR status = 'succeeded')
) ${table}CLUSTERED;
CREATE UNIQUE INDEX attempt_active ON attempt (account) WHERE kind = 'auto' AND status IN ${ACTIVE};
CREATE UNIQUE INDEX attempt_intent ON attempt (intent) WHERE intent IS NOT NULL;
CREATE INDEX attempt_session ON attempt (session) WHERE session IS NOT NULL;
CREATE INDEX attempt_open ON attempt (account) WHERE status IN ${ACTIVE};
CREATE INDEX attempt_clawing ON attempt (account) WHERE clawed_from <> '{}';
CREATE INDEX attempt_auto ON attempt (account, reserved_at) WHERE kind = 'auto';
`;

const provider = ({ int, text, table }: Dialect) => `
CREATE TABLE provider_event (
  id ${text} PRIMARY KEY,
  type ${text} NOT NULL,
  created_at ${int} NOT NULL,
  outcome ${text} NOT NULL
) ${table};

CREATE TABLE provider_cursor (
  provider ${text} PRIMARY KEY CHECK (provider IN ('stripe', 'simulated')),
  cursor ${text} NOT NULL
) ${table};

CREATE TABLE simulated (
  no ${int} PRIMARY KEY,
  id ${text} NOT NULL UNIQUE,
  body ${text} NOT NULL
) ${table};
`;

/** Statements of this step, in order. */
export function up(dialect: Dialect): string {
  return [
    policy(dialect),
    attempt(dialect),
    provider(dialect),
    dialect.appendOnly('provider_event'),
    ...['topup', 'card', 'attempt', 'provider_cursor', 'simulated'].map((name) => dialect.noDelete(name)),
  ].join('\n');
}
