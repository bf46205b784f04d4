/** What SQLite says, as refusals with their codes. Source: notes on reliability in docs; contract 3. */
import { isLedgerError, LedgerError } from '../core/errors.ts';

/** The code of an error of the driver or the system, such as `SQLITE_BUSY_SNAPSHOT`; empty when it has none. */
export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

/**
 * True when another process holds the lock: waiting helps. `SQLITE_PROTOCOL` is the same after SQLite itself has tried
 * for ten seconds to start reading (its result codes page, on WAL mode).
 */
export const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(codeOf(error));

/**
 * Turns an error of the driver into a refusal; anything unknown stays what it is.
 * @param location the ledger's path, for the message
 */
export function sqliteRefusal(error: unknown, location: string): Error {
  if (isLedgerError(error)) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  if (isBusy(error)) {
    return new LedgerError('ledger_busy', `${location} is busy`, {
      hint: 'another process holds it; nothing was written, try again',
    });
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new LedgerError('disk_full', `no space is left for ${location}`, {
      hint: 'nothing was written; free some space and run it again',
    });
  }
  if (/^SQLITE_(READONLY|PERM|AUTH)/.test(code) || /^(EROFS|EACCES|EPERM)$/.test(code)) {
    return new LedgerError('ledger_read_only', `${location} cannot be written`, {
      hint: 'check the mode and owner of the file and its folder',
    });
  }
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(code)) return unreadable(location, text);
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return new LedgerError('integrity_failure', `the ledger refused a write: ${text}`, {
      hint: 'nothing was written; run `credits verify`',
    });
  }
  if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_IOERR'))
    return unreadable(location, text);
  return error instanceof Error ? error : new Error(text);
}

/** The refusal for a file that is no ledger of ours, or a damaged one. */
export function unreadable(location: string, why: string): LedgerError {
  return new LedgerError('ledger_unreadable', `${location} cannot be read as a ledger: ${why}`, {
    hint: 'choose another with --db, or restore a backup',
  });
}
