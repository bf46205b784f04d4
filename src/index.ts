/**
 * The library entry: the same ledger that the command line uses, for another program. The second place that wires clock
 * and randomness (the first is `cli/context.ts`).
 */
import { randomBytes } from 'node:crypto';
import { wire } from './cli/wire.ts';
import type { LedgerService } from './ledger/service.ts';

export { formatCredits, type Microcredits, parseCredits } from './core/credits.ts';
export { isLedgerError, LedgerError, type RefusalCode } from './core/errors.ts';
export type * from './ledger/service.ts';

/**
 * Opens a ledger that `credits serve` serves: the same service, over HTTP.
 * @param url its address; plain http only on this machine
 * @param token an access token; what it may do is its role's
 * @returns the service; end with `close()`
 * @throws LedgerError `unauthenticated`, `remote_unreachable`, `invalid_argument`
 */
export function openRemoteLedger(url: string, token: string): Promise<LedgerService> {
  return wire.open({
    db: '',
    remote: { url, token },
    now: null,
    clock: Date.now,
    random: randomBytes,
    readOnly: false,
    env: {},
  });
}

/** How a ledger is opened from a program. */
export interface OpenOptions {
  /** True: nothing can be written, and no lock is ever taken. */
  readonly readOnly?: boolean;
  /** The clock, epoch ms; default: the machine's. */
  readonly clock?: () => number;
}

/**
 * Opens a ledger that `credits init` made.
 * @param path the file, or `postgres://…` without a password (`PGPASSWORD` or a passfile has it) or with one
 * @returns the service; end with `close()`
 * @throws LedgerError `no_ledger`, `ledger_unreadable`, `ledger_newer`, `ledger_read_only`, `ledger_busy`
 */
export function openLedger(path: string, options: OpenOptions = {}): Promise<LedgerService> {
  return wire.open({
    db: path,
    remote: null,
    now: null,
    clock: options.clock ?? Date.now,
    random: randomBytes,
    readOnly: options.readOnly === true,
    env: {},
  });
}
