/** Ledgers in PostgreSQL, for `wire.ts`. Loaded, with the driver, only where the ledger is one. */
import { invalid } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { PostgresStore } from '../store/postgres.ts';
import { createPostgres, openPostgres } from '../store/postgres-open.ts';
import { withTlsMode } from '../store/postgres-tls.ts';
import type { StoreOptions } from '../store/sqlite.ts';
import type { NewLedger } from '../store/sqlite-open.ts';
import { withPassword } from './passfile.ts';
import { createPostgresFiles } from './postgres-files.ts';
import { safeLocation } from './secrets.ts';
import type { Environment } from './settings.ts';
import type { LedgerFiles } from './wire-types.ts';

/** What `wire.ts` lends to look a ledger over or to restore one. */
export interface PostgresTools {
  readonly sha256: (text: string) => string;
  readonly store: StoreOptions;
  readonly over: (store: PostgresStore) => Promise<LedgerService>;
}

export interface PostgresAt {
  open(options: StoreOptions): Promise<PostgresStore>;
  create(start: NewLedger, options: StoreOptions): Promise<PostgresStore>;
  files(facts: { readonly clock: () => Instant }, tools: PostgresTools): LedgerFiles;
}

/**
 * @param db `postgres://…`, with a password or without
 * @throws LedgerError `invalid_argument`; the message never repeats what may be a password
 */
export function postgresAt(db: string, env: Environment): PostgresAt {
  // A character that ends the part it stands in would show the rest of a password as a host or a path.
  if (!URL.canParse(db) || /^[a-z]+:\/\/[^/?#]*[/?#].*@/i.test(db)) {
    throw invalid(
      'the address of the PostgreSQL ledger cannot be read',
      'it is postgres://user@host:5432/database; special characters of a password are written as %40 and so on',
    );
  }
  // The driver reads the process's own environment, whatever this program was lent.
  const url = withTlsMode(withPassword(db, env), env.PGSSLMODE || process.env.PGSSLMODE);
  const place = { url, location: safeLocation(db) };
  return {
    open: (options) => openPostgres(place, options),
    create: (start, options) => createPostgres(place, start, options),
    files: ({ clock }, tools) => createPostgresFiles(place, clock, tools),
  };
}
