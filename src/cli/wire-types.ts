/**
 * What the command line asks of the code that opens ledgers. Its own file, so that nothing heavy is loaded before a
 * command needs a ledger (`wire.ts` is loaded by `context.ts` on demand).
 */
import type { Instant } from '../core/types.ts';
import type { AccountView, LedgerInfo, LedgerMode, LedgerService, OpenInput } from '../ledger/service.ts';

/** Where the ledger is, and the clock and randomness to use on it. */
export interface WireOptions {
  /** A path, or a `postgres://` URL. */
  readonly db: string;
  /** Base URL of a remote ledger and the access token for it; null: the ledger in `db`. */
  readonly remote: { readonly url: string; readonly token: string | null } | null;
  /** `--now`; null: the wall clock. */
  readonly now: Instant | null;
  /** The wall clock, epoch ms. */
  readonly clock: () => Instant;
  /** Random bytes for tags. */
  readonly random: (bytes: number) => Uint8Array;
  /** The command changes nothing. */
  readonly readOnly: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A new ledger and its first account. */
export interface InitInput {
  readonly mode: LedgerMode;
  readonly account: OpenInput;
}

export interface InitView {
  readonly info: LedgerInfo;
  readonly account: AccountView;
}

/** Opens and makes ledgers. */
export interface Wire {
  /** @throws LedgerError `no_ledger`, `ledger_newer`, `ledger_unreadable`, `ledger_busy`, `ledger_read_only` */
  open(options: WireOptions): Promise<LedgerService>;
  /** @throws LedgerError `ledger_exists`, `unknown_plan`, `invalid_argument`; nothing is left behind then */
  create(options: WireOptions, input: InitInput): Promise<InitView>;
}
