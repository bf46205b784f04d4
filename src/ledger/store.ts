/**
 * What the ledger needs of a database, and nothing of how it does it. The store owns concurrency: it runs each piece of
 * work alone for its account, inside one transaction with the others of its batch, and answers only after the commit.
 *
 * Not here: rules. A store loads state, lets `decide` choose, and writes exactly what was chosen.
 */
import type { Catalogue } from '../core/catalogue.ts';
import type { Outcome } from '../core/ledger/decide.ts';
import type { TokenRecord } from '../core/token-corrections.ts';
import type {
  Account,
  AccountState,
  Booked,
  Entry,
  Hold,
  Instant,
  Lot,
  Receipt,
  Usage,
} from '../core/types.ts';
import type { TimeSpan, UsageCell, UsageColumn } from '../core/usage.ts';
import type {
  AccountRow,
  HoldRow,
  LotRow,
  ReceiptRow,
  SettingFacts,
  UsageSumRow,
} from '../core/verify/stored.ts';
import type { Wallet, WalletChange } from '../core/wallet.ts';
import type { AccessRole, AccessTokenRow } from './access-tokens.ts';
import type { BookRow, PaymentStore } from './payments/payment-store.ts';
import type { LedgerMode } from './service.ts';

/** What a piece of work needs beyond the account, its live lots and its lapsed holds. */
export interface Loads {
  readonly key?: string | null;
  readonly hold?: number | null;
  readonly lot?: number | null;
  /** More lots. */
  readonly lots?: readonly number[];
  /** Also the exhausted monthly lots of the running cycle: a plan change ends them. */
  readonly cycleLots?: boolean;
  /** Also the money side, with this attempt in any case. */
  readonly wallet?: { readonly attempt: number | null };
}

/** What `Work.decide` is given. */
export interface Loaded {
  readonly state: AccountState;
  /** The receipt that the key was bound to, with the lots its slices name. */
  readonly replay: Replay | null;
  readonly catalogue: Catalogue;
  /** Empty unless it was asked for. */
  readonly wallet: Wallet;
}

/** A receipt booked earlier. */
export interface Replay {
  readonly booked: Booked;
  readonly lots: ReadonlyMap<number, Lot>;
}

/** A change of a ledger-wide table, written in the transaction of the setting receipt that carries it. */
export type SettingRow =
  | {
      readonly table: 'model';
      readonly id: string;
      readonly name: string;
      readonly provider: string;
      readonly contextWindow: number | null;
      readonly maxOutput: number | null;
    }
  | { readonly table: 'alias'; readonly alias: string; readonly model: string }
  | {
      readonly table: 'rate';
      readonly no: number;
      readonly model: string;
      readonly from: Instant;
      readonly input: string | null;
      readonly output: string | null;
      readonly cacheRead: string | null;
      readonly cacheWrite: string | null;
      /** Prices of long inputs as `core/rate-columns` writes them; absent: none. */
      readonly tiers?: string | null;
    }
  | {
      readonly table: 'plan';
      readonly id: string;
      readonly name: string;
      readonly from: Instant;
      readonly monthly: number;
      readonly priceCents: number;
    }
  | {
      readonly table: 'package';
      readonly id: string;
      readonly from: Instant;
      readonly credits: number;
      readonly priceCents: number;
      readonly retired: boolean;
    }
  | {
      readonly table: 'access_token';
      readonly no: number;
      /** SHA-256 of the token's text, hex. */
      readonly hash: string;
      readonly role: AccessRole;
      readonly account: string | null;
      readonly madeAt: Instant;
    }
  | { readonly table: 'access_token_end'; readonly token: number; readonly at: Instant };

/** What a piece of work decided: new receipts, or the answer to a known key. */
export type Decided =
  | (Outcome & { readonly settings?: readonly SettingRow[]; readonly wallet?: WalletChange | undefined })
  | { readonly replay: Replay };

/** One command for one account. `decide` is synchronous and pure; its refusals end this piece of work alone. */
export interface Work {
  readonly account: string;
  readonly now: Instant;
  readonly loads: Loads;
  readonly dryRun: boolean;
  decide(loaded: Loaded): Decided;
}

/** How a piece of work ended. `account` as it is after it. */
export type WorkResult =
  | { readonly ok: true; readonly decided: Decided }
  | { readonly ok: false; readonly error: Error };

/** Makes a new account inside a transaction; `head` is filled in by the store. */
export interface NewAccountWork {
  readonly account: string;
  readonly dryRun: boolean;
  decide(
    facts: { readonly no: number; readonly tag: string; readonly head: string },
    catalogue: Catalogue,
  ): Outcome;
  /** Account facts that the genesis hash covers. */
  readonly zone: string;
  readonly createdAt: Instant;
}

/** Everything of an account that a read shows: every lot that is unexpired or has something left, and its open holds. */
export interface AccountRead {
  readonly state: AccountState;
}

/** Filters of `log`, all optional; newest `limit` entries are returned oldest first. */
export interface EntryQuery {
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly kind: string | null;
  readonly limit: number | null;
}

/** An entry with what `log` shows beside it. */
export interface EntryRow {
  readonly entry: Entry;
  readonly note: string | null;
}

/** A receipt as stored, with the hash it carries. */
export interface StoredReceipt {
  readonly receipt: Receipt;
  readonly usage: Usage | null;
  /** The detail as stored, to the letter. */
  readonly detailText: string | null;
  readonly hash: string;
}

/** Rows in order of number, in pages of bounded size: a long history needs no more memory than a short one. */
export type Pages<Row> = Iterable<readonly Row[]> | AsyncIterable<readonly Row[]>;

/** An account with everything stored of it. Each call reads from the beginning, all of them the same snapshot. */
export interface AccountDump extends AccountRow {
  receipts(): Pages<ReceiptRow>;
  entries(): Pages<Entry>;
  usages(): Pages<Usage>;
  lots(): Pages<LotRow>;
  holds(): Pages<HoldRow>;
  /** By slot. */
  usageSums(): Pages<UsageSumRow>;
  /** Policy, card and every attempt. */
  wallet(): Wallet | Promise<Wallet>;
}

/** What the ledger was made as. */
export interface LedgerRow {
  readonly mode: string;
  readonly createdAt: Instant;
}

/** A whole ledger in one snapshot. What cannot be read throws `ledger_unreadable` where it is read. */
export interface LedgerDump {
  /** Of the ledger's schema. */
  readonly schemaVersion: number;
  /** The row of the ledger itself; null: it is missing. */
  ledger(): LedgerRow | null | Promise<LedgerRow | null>;
  /** Rows of the price list, as setting receipts name their columns; a plan or package with its number, `no`. */
  settings(): readonly SettingFacts[] | Promise<readonly SettingFacts[]>;
  /** By number: the ledger's own chain first. */
  accounts(): Iterable<AccountDump> | AsyncIterable<AccountDump>;
  /** The books of the simulated provider: payments of a test ledger exist nowhere else. */
  books(): Pages<BookRow>;
  /** Ends the snapshot. */
  close(): void | Promise<void>;
}

/** The database behind a ledger. */
export interface Store {
  readonly location: string;
  readonly mode: LedgerMode;
  readonly payments: PaymentStore;
  /**
   * Runs a batch in one transaction, in order. Refusals undo only their own piece; anything else rolls back all.
   * @throws LedgerError `ledger_busy`, `disk_full`, `integrity_failure`, `ledger_read_only`: nothing was written
   */
  execute(works: readonly Work[]): Promise<WorkResult[]>;
  /** @throws LedgerError `account_exists` and what `decide` refuses */
  openAccount(work: NewAccountWork): Promise<Outcome>;
  catalogue(): Promise<Catalogue>;
  /** @throws LedgerError `unknown_account` */
  read(account: string): Promise<AccountRead>;
  /** Lots and holds by number, whatever their state. */
  lots(account: Account, numbers: readonly number[]): Promise<ReadonlyMap<number, Lot>>;
  holds(account: Account, openOnly: boolean): Promise<Hold[]>;
  /** Of the account's latest holds, as many as said: those for a call that were settled with tokens. The latest first. */
  tokenRecords(account: Account, latestHolds: number): Promise<TokenRecord[]>;
  /** Every lot of the account's cycle; for `cycle show`. */
  cycleLots(account: Account): Promise<Lot[]>;
  entries(account: Account, query: EntryQuery): Promise<EntryRow[]>;
  /** All entries up to an instant, oldest first; for `--as-of` in the past. */
  entriesUntil(account: Account, until: Instant): Promise<Entry[]>;
  receiptsUntil(account: Account, until: Instant): Promise<StoredReceipt[]>;
  /**
   * Sums of an account's usage, by the time of each call. For each span, which are not empty, the cells of the values that
   * occur in it; no cell stands for nothing.
   */
  usage(account: Account, column: UsageColumn, spans: readonly TimeSpan[]): Promise<UsageCell[][]>;
  /** A time at or shortly before the account's first call; null: it has none. */
  usageStart(account: Account): Promise<Instant | null>;
  /** Sums of every account's usage in a span; keys are ids of accounts. */
  usageByAccount(span: TimeSpan): Promise<UsageCell[]>;
  accounts(after: string | null, limit: number): Promise<Account[]>;
  /** How many accounts there are, the ledger's own chain not counted. */
  countAccounts(): Promise<number>;
  /** Ids of accounts for which a rollover (or sweep) may have something to do at an instant, in pages by number. */
  dueAccounts(
    what: 'cycle' | 'sweep',
    at: Instant,
    after: number,
    limit: number,
  ): Promise<{ readonly ids: string[]; readonly last: number }>;
  /** Every access token, by number; with a number that one alone. */
  accessTokens(no?: number): Promise<AccessTokenRow[]>;
  /** Everything, account by account, in one snapshot; for `verify` and export. @throws LedgerError `ledger_unreadable` */
  dump(): LedgerDump | Promise<LedgerDump>;
  /** Faults of the file, schema, triggers and settings tables themselves; empty when sound. */
  inspect(): Promise<readonly { readonly check: string; readonly detail: string }[]>;
  close(): Promise<void>;
}
