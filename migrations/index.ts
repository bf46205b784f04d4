/**
 * Every forward step of the schema, in order. The version of a ledger is the number of steps it has had. An ordered map
 * and not a directory scan: a bundle cannot lose a step.
 */
import { up as ledger } from './0001-ledger.ts';
import { up as usageRollup } from './0002-usage-rollup.ts';
import { up as payments } from './0003-payments.ts';
import { up as rateTiers } from './0004-rate-tiers.ts';
import { up as accessToken } from './0005-access-token.ts';
import { type Dialect, POSTGRES, SQLITE } from './dialect.ts';

/** A step: its name and the text that takes a ledger there. */
export interface Migration {
  readonly name: string;
  up(dialect: Dialect): string;
}

export const MIGRATIONS: readonly Migration[] = [
  { name: '0001-ledger', up: ledger },
  { name: '0002-usage-rollup', up: usageRollup },
  { name: '0003-payments', up: payments },
  { name: '0004-rate-tiers', up: rateTiers },
  { name: '0005-access-token', up: accessToken },
];

/** Version that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** SQLite text of every step after a version. */
export function sqliteSteps(after: number): string[] {
  return MIGRATIONS.slice(after).map((step) =>
    step.up(SQLITE).replaceAll('STRICTCLUSTERED', 'STRICT, WITHOUT ROWID'),
  );
}

/** What a PostgreSQL ledger has beside the steps: its version, which SQLite keeps in the file's header, and a function. */
const POSTGRES_START = `
CREATE TABLE credits_schema (
  one bigint PRIMARY KEY CHECK (one = 1),
  version bigint NOT NULL
);

CREATE FUNCTION credits_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
`;

/** PostgreSQL text of every step after a version. */
export function postgresSteps(after: number): string[] {
  const steps = MIGRATIONS.slice(after).map((step) => step.up(POSTGRES).replaceAll(') CLUSTERED', ')'));
  return after === 0 ? [POSTGRES_START, ...steps] : steps;
}
