/**
 * What the command line asks of the code that opens ledgers. Its own file, so that nothing heavy is loaded before a
 * command needs a ledger (`wire.ts` is loaded by `context.ts` on demand).
 */
import type { RefusalCode } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import type { AccessRole, AccessTokens } from '../ledger/access-tokens.ts';
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
  /** Ends waiting for other processes; absent: nothing does. */
  readonly signal?: AbortSignal;
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

/** What is in a ledger file. */
export interface LedgerFileFacts {
  readonly mode: string;
  readonly accounts: number;
  readonly entries: number;
  readonly lastAt: Instant;
}

/** A finished backup. */
export interface BackupView extends LedgerFileFacts {
  readonly file: string;
  readonly bytes: number;
}

/** What is at the ledger's place. `damaged`: what cannot be read as a database. */
export type OccupantView =
  | { readonly is: 'nothing' | 'blank' | 'damaged' }
  | ({ readonly is: 'ledger' } & LedgerFileFacts);

/** A backup or export, copied, checked and ready. */
export interface PreparedRestore {
  readonly view: LedgerFileFacts & { readonly kind: 'backup' | 'export'; readonly bytes: number };
  /**
   * Puts it in place. @returns the file that keeps what was there, or null
   * @throws LedgerError `ledger_busy`, `disk_full`, `ledger_read_only`: nothing was changed
   */
  commit(): string | null | Promise<string | null>;
  /** Removes the copy; after a commit it does nothing. */
  discard(): void | Promise<void>;
}

export interface RestoreOptions {
  readonly onProgress: (done: number, of: number) => void;
  readonly signal: AbortSignal;
}

/** What `doctor` finds about a file. */
export interface DoctorView {
  readonly findings: readonly {
    readonly id: string;
    readonly level: 'ok' | 'warn' | 'fail';
    readonly detail: readonly string[];
  }[];
  /** Test or live; null where no ledger can be read. */
  readonly mode: string | null;
  /** What every other command would be refused with. */
  readonly refusal: { readonly code: RefusalCode; readonly message: string; readonly hint?: string } | null;
}

/** A ledger as something that is copied and looked over: a file on this machine, or a PostgreSQL database. */
export interface LedgerFiles {
  /** Its path, or its address without a password. */
  readonly ledger: string;
  /** @throws LedgerError `invalid_argument` (a file is there), `no_ledger`, `ledger_unreadable`, `disk_full`, `ledger_busy` */
  backup(file: string): BackupView;
  /** @throws LedgerError `ledger_unreadable`, `ledger_read_only`, `ledger_busy`: nothing can be restored there */
  occupant(): OccupantView | Promise<OccupantView>;
  /** @throws LedgerError `invalid_argument`, `ledger_unreadable`, `ledger_newer`, `integrity_failure`, `disk_full` */
  prepareRestore(file: string, options: RestoreOptions): Promise<PreparedRestore>;
  doctor(): DoctorView | Promise<DoctorView>;
}

/** Access tokens of an open ledger. */
export interface TokenAdmin extends AccessTokens {
  readonly info: LedgerInfo;
  close(): Promise<void>;
}

/** What a served ledger says of a token. `account` null: it is for all of them. */
export interface RemoteAccess {
  readonly mode: LedgerMode;
  readonly token: string;
  readonly role: AccessRole;
  readonly account: string | null;
}

export interface ServeInput {
  readonly host: string;
  readonly port: number;
  /** Other machines may reach it, in clear text. */
  readonly allowRemote: boolean;
  /** Requests a second for each token; 0: no limit. */
  readonly perSecond: number;
  /** Logs warnings and errors alone. */
  readonly quiet: boolean;
  readonly stderr: { write(text: string): unknown };
  /** Aborted: it ends, after answering what it accepted. */
  readonly signal: AbortSignal;
}

export interface ServedLedger {
  readonly url: string;
  readonly info: LedgerInfo;
  /** Access tokens that are in force. */
  readonly tokens: number;
  /** Resolves when everything accepted has been answered after `signal`. */
  readonly ended: Promise<void>;
}

/** Opens and makes ledgers. */
export interface Wire {
  /** @throws LedgerError as `open` */
  tokens(options: WireOptions): Promise<TokenAdmin>;
  /** @throws LedgerError as `open`, `invalid_argument` (the address) */
  serve(options: WireOptions, input: ServeInput): Promise<ServedLedger>;
  /** @throws LedgerError `unauthenticated`, `remote_unreachable`, `invalid_argument` */
  remoteAccess(options: WireOptions): Promise<RemoteAccess>;
  /** The ledger as a file. @throws LedgerError `invalid_argument` when it is none */
  files(options: WireOptions): Promise<LedgerFiles>;
  /** @throws LedgerError `no_ledger`, `ledger_newer`, `ledger_unreadable`, `ledger_busy`, `ledger_read_only` */
  open(options: WireOptions): Promise<LedgerService>;
  /** @throws LedgerError `ledger_exists`, `unknown_plan`, `invalid_argument`; nothing is left behind then */
  create(options: WireOptions, input: InitInput): Promise<InitView>;
}
