/**
 * What every front end sees of a ledger, whichever way it is reached. Commands in, views out: plain serialisable data,
 * amounts in microcredits, instants in epoch ms, ids as text. A method's docstring lists what it can refuse; every one
 * can also throw `ledger_busy`, `disk_full`, `ledger_unreadable`, and over HTTP `unauthenticated`, `forbidden`,
 * `remote_unreachable` (outcome unknown: repeat with the same key).
 *
 * Source: contract 6.
 */
import type { ListedModel } from '../catalog/openrouter.ts';

import type { Catalogue, PackageRow, PlanRow } from '../core/catalogue.ts';
import type { Microcredits } from '../core/credits.ts';
import type { ChangeMode } from '../core/ledger/commands.ts';
import type { TokenRecord } from '../core/token-corrections.ts';
import type { Instant } from '../core/types.ts';
import type { LedgerLine } from './export/ledger-lines.ts';
import type { ExportRows, ExportWhat } from './export/rows.ts';
import type { PaymentService } from './payment-service.ts';
import type { ForecastView, UsageQuery, UsageReport } from './usage-view.ts';
import type { VerifyOptions, VerifyView } from './verify-view.ts';

export type * from './export/ledger-lines.ts';
export type * from './export/rows.ts';
export type * from './payment-service.ts';
export type * from './payment-views.ts';
export type * from './usage-view.ts';

import type {
  AccountView,
  BalanceView,
  ByokInput,
  ByokView,
  CycleView,
  EntryView,
  ExpiryView,
  GrantInput,
  HoldInput,
  HoldView,
  ItemResult,
  LedgerInfo,
  LogQuery,
  ModelSetInput,
  OpenInput,
  PlanChangeView,
  PlanView,
  ReceiptView,
  RolloverView,
  SettingView,
  SettleInput,
  SpendInput,
  SpendItem,
  WriteOptions,
} from './views.ts';

export type { AccessRole, AccessTokenView } from './access-tokens.ts';
export type * from './views.ts';

/** A ledger: local over a store, or remote over HTTP. */
export interface LedgerService extends PaymentService {
  readonly info: LedgerInfo;
  /** The clock this service books with. */
  now(): Instant;
  /** The price list now. */
  catalogue(): Promise<Catalogue>;

  /** @throws LedgerError `unknown_account`, `key_reused`, and whatever `decideSpend` refuses */
  spend(account: string, input: SpendInput, options?: WriteOptions): Promise<ReceiptView>;
  /** Books many spends in few transactions; each item is booked, replayed or refused by itself. */
  spendMany(items: readonly SpendItem[], options?: { dryRun?: boolean }): Promise<ItemResult[]>;
  /**
   * Reserves for exactly the `outputTokens` of the call, which is the most that it may answer with: 0 reserves for none. The
   * model's own maximum is filled in by who takes requests without that number, the command line and the HTTP API.
   * @throws LedgerError `unknown_account`, `key_reused`, and whatever `decideHold` refuses
   */
  hold(account: string, input: HoldInput, options?: WriteOptions): Promise<ReceiptView>;
  /** @throws LedgerError `unknown_account`, `unknown_hold`, `hold_already_resolved`, `key_reused`, `invalid_argument` */
  settle(account: string, input: SettleInput, options?: WriteOptions): Promise<ReceiptView>;
  /** @throws LedgerError `unknown_account`, `unknown_hold`, `hold_already_resolved`, `key_reused` */
  release(
    account: string,
    input: { readonly hold: string; readonly note: string | null },
    options?: WriteOptions,
  ): Promise<ReceiptView>;
  /** @throws LedgerError `unknown_account`, `account_closed`, `already_granted`, `key_reused`, `invalid_argument` */
  grant(account: string, input: GrantInput, options?: WriteOptions): Promise<ReceiptView>;
  /** @throws LedgerError `unknown_account`, `unknown_lot`, `account_closed`, `key_reused` */
  revoke(
    account: string,
    input: { readonly lot: string; readonly note: string | null },
    options?: WriteOptions,
  ): Promise<ReceiptView>;
  /** `account` null: every account. @throws LedgerError `unknown_account`, `unknown_lot`, `key_reused` */
  expire(account: string | null, lot: string | null, options?: WriteOptions): Promise<ExpiryView>;
  /** `account` null: every account; one account's failure stops no other. @throws LedgerError `unknown_account` */
  runCycle(
    step: 'grant' | 'expire' | 'rollover',
    account: string | null,
    options?: Pick<WriteOptions, 'dryRun'> & { onProgress?: (done: number, of: number) => void },
  ): Promise<RolloverView>;
  /** @throws LedgerError `unknown_account`, `unknown_plan`, `account_closed`, `key_reused`, `invalid_argument` */
  setPlan(
    account: string,
    input: { readonly plan: string; readonly mode: ChangeMode },
    options?: WriteOptions,
  ): Promise<PlanChangeView>;

  /** @throws LedgerError `unknown_account` */
  balance(account: string, asOf?: Instant | null): Promise<BalanceView>;
  /** Open holds, or all of the account's. @throws LedgerError `unknown_account` */
  holds(account: string, all: boolean, asOf?: Instant | null): Promise<HoldView[]>;
  /**
   * What calls were expected to take and took: of the account's latest 1,000 holds those that were settled with tokens, the
   * latest first. @throws LedgerError `unknown_account`
   */
  tokenRecords(account: string): Promise<TokenRecord[]>;
  /** @throws LedgerError `unknown_account` */
  cycle(account: string): Promise<CycleView>;
  /** @throws LedgerError `unknown_account` */
  plan(account: string): Promise<PlanView>;
  /** Plans on sale now, cheapest first. */
  plans(): Promise<PlanRow[]>;
  packages(): Promise<PackageRow[]>;
  /** @throws LedgerError `unknown_account` */
  log(account: string, query: LogQuery): Promise<EntryView[]>;
  /** By account: of all of them, and `account` is not looked at. @throws LedgerError `unknown_account`, `invalid_argument` */
  usage(account: string, query: UsageQuery): Promise<UsageReport>;
  /** `days`: whole days that the burn rate is taken from. @throws LedgerError `unknown_account` */
  forecast(account: string, days: number): Promise<ForecastView>;
  /** Every account by id, in pages. */
  accounts(page?: { readonly after?: string | null; readonly limit?: number }): Promise<AccountView[]>;
  /** @throws LedgerError `unknown_account` */
  account(id: string): Promise<AccountView>;
  /** Opens an account. @throws LedgerError `account_exists`, `unknown_plan`, `invalid_argument` */
  openAccount(
    input: OpenInput,
    options?: WriteOptions,
  ): Promise<AccountView & { readonly receipt: string | null }>;
  /** @throws LedgerError `unknown_account`, `account_closed` */
  closeAccount(account: string, options?: WriteOptions): Promise<ReceiptView>;

  /** @throws LedgerError `unknown_account` */
  byok(account: string): Promise<ByokView>;
  /** @throws LedgerError `unknown_account`, `account_closed`, `unknown_provider`, `key_reused`, `invalid_argument` */
  changeByok(account: string, input: ByokInput, options?: WriteOptions): Promise<ByokView>;

  /** Adds a dated rate row, and the model when it is new. @throws LedgerError `invalid_argument` */
  setModel(input: ModelSetInput, options?: WriteOptions): Promise<SettingView>;
  /** @throws LedgerError `unknown_model`, `invalid_argument` (the alias names another model) */
  aliasModel(
    input: { readonly alias: string; readonly model: string },
    options?: WriteOptions,
  ): Promise<SettingView>;
  /** Adds the listed models that are new, and a dated row from now on for every price that changed. */
  importModels(models: readonly ListedModel[], options?: WriteOptions): Promise<SettingView>;
  /** A plan from an instant on. @throws LedgerError `invalid_argument` */
  definePlan(
    input: {
      readonly plan: string;
      readonly monthly: Microcredits;
      readonly priceCents: number;
      readonly from: Instant | null;
    },
    options?: WriteOptions,
  ): Promise<SettingView>;

  /** Rows of an account, or of all (null), oldest first, in pages. @throws LedgerError `unknown_account` */
  exportRows<What extends ExportWhat>(
    what: What,
    account: string | null,
  ): AsyncIterable<readonly ExportRows[What][]>;
  /** Everything, as lines that make the ledger again, in pages. @throws LedgerError `integrity_failure` */
  exportLedger(): AsyncIterable<readonly LedgerLine[]>;
  /** Re-derives everything from the entries. Never throws for what it finds: `ok` says it. */
  verify(options?: VerifyOptions): Promise<VerifyView>;
  close(): Promise<void>;
}
