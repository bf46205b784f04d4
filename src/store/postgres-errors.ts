/**
 * What PostgreSQL and its driver say, as refusals with their codes.
 *
 * A connection that is lost is `remote_unreachable`, with what became of the write in `details.outcome`: `nothing_written`,
 * or `unknown` where the commit had been sent and its fate could not be looked up either. Never `ledger_busy` for the
 * second: a script repeats that without a key, and the money would be spent twice.
 *
 * Source: contract 3; PostgreSQL's appendix of error codes.
 */
import { invalid, isLedgerError, LedgerError } from '../core/errors.ts';
import { tlsRefusal } from './postgres-tls.ts';
import { codeOf, unreadable } from './sqlite-errors.ts';

/** Another transaction was in the way: waiting and trying again helps. */
const BUSY = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  '55006', // object_in_use
  '57014', // query_canceled: a statement that took too long
  '53300', // too_many_connections
]);

/** The server ended the connection, or does not take one now. */
const LOST = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '55000', // the database takes no connections now (object_not_in_prerequisite_state)
  '25P03', // idle_in_transaction_session_timeout
]);

const NETWORK =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|ENOENT|ERR_SOCKET\w*|ERR_STREAM\w*)$/;
const BY_TEXT =
  /connection (?:terminated|error|timeout)|read timeout|timeout exceeded|client was closed|not queryable/i;

/** True when another transaction was in the way. */
export const isPostgresBusy = (error: unknown): boolean => BUSY.has(codeOf(error));

/** True when there is no connection any more, or none could be made. The driver names some of these by text alone. */
export function isLost(error: unknown): boolean {
  if (isLedgerError(error)) return false;
  const code = codeOf(error);
  if (LOST.has(code) || /^08/.test(code) || NETWORK.test(code)) return true;
  return code === '' && error instanceof Error && BY_TEXT.test(error.message);
}

/** The refusal after a commit whose fate nobody could tell. */
export const outcomeUnknown = (location: string): LedgerError =>
  new LedgerError('remote_unreachable', `the connection to ${location} was lost while it committed`, {
    hint: 'whether it was booked is unknown: run it again with the same --key, or look at `credits log` first',
    details: { outcome: 'unknown' },
  });

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where nothing but the class of the code matters. */
const BY_CLASS: readonly (readonly [RegExp, (location: string, text: string) => LedgerError])[] = [
  [
    /^(53100|53200|ENOSPC)/,
    (location) =>
      new LedgerError('disk_full', `no space is left for ${location}`, {
        hint: 'nothing was written; free some space on the server and run it again',
      }),
  ],
  [
    /^28/,
    (location, text) =>
      new LedgerError('unauthenticated', `${location} does not let this user in: ${text}`, {
        hint: 'the password belongs into CREDITS_DB, PGPASSWORD or a passfile',
      }),
  ],
  [
    /^3D000/,
    (location) =>
      new LedgerError('no_ledger', `there is no database at ${location}`, {
        hint: 'make it with `createdb`, then the ledger in it with `credits init`',
      }),
  ],
  [
    /^(25006|42501)/,
    (location, text) =>
      new LedgerError('ledger_read_only', `${location} cannot be written: ${text}`, {
        hint: 'it may be a replica, or the user lacks rights on the schema',
      }),
  ],
  [
    /^(22021|22P05)/,
    () => invalid('a text holds a character that PostgreSQL cannot store', 'leave out the NUL character'),
  ],
  [
    /^(23|P0001)/,
    (_, text) =>
      new LedgerError('integrity_failure', `the ledger refused a write: ${text}`, {
        hint: 'nothing was written; run `credits verify`',
      }),
  ],
  [/^(XX|42P01|42703|3F000|58)/, (location, text) => unreadable(location, text)],
];

/**
 * Turns an error of the driver into a refusal; anything unknown stays what it is.
 * @param location the ledger's address, without a password
 */
export function postgresRefusal(error: unknown, location: string): Error {
  if (isLedgerError(error)) return error;
  if (isPostgresBusy(error)) {
    return new LedgerError('ledger_busy', `${location} is busy`, {
      hint: 'other transactions are in the way; nothing was written, try again',
    });
  }
  const tls = tlsRefusal(error, location);
  if (tls !== null) return tls;
  if (isLost(error)) {
    return new LedgerError('remote_unreachable', `${location} cannot be reached: ${textOf(error)}`, {
      hint: 'nothing was written; try again when the server is back',
      details: { outcome: 'nothing_written' },
    });
  }
  // What the driver itself finds wrong with a login has no code.
  const code = /^SASL/.test(textOf(error)) ? '28P01' : codeOf(error);
  for (const [pattern, refusal] of BY_CLASS) if (pattern.test(code)) return refusal(location, textOf(error));
  return error instanceof Error ? error : new Error(String(error));
}
