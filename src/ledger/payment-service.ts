/**
 * The part of a ledger that takes money, as every front end sees it: packages, auto top-up, cards, purchases, and the books
 * of the provider. Source: contract 6, 9.
 */
import type { Microcredits } from '../core/credits.ts';
import type { Instant } from '../core/types.ts';
import type {
  AttemptView,
  AuditView,
  BuyInput,
  CardView,
  PurchaseView,
  SyncView,
  TopupInput,
  TopupRunView,
  TopupView,
} from './payment-views.ts';
import type { SettingView, WriteOptions } from './views.ts';

/** A dated row of the price list: a package, new or changed. */
export interface PackageInput {
  readonly package: string;
  readonly credits: Microcredits;
  readonly priceCents: number;
  /** Null: now. */
  readonly from: Instant | null;
}

export interface PaymentService {
  /** @throws LedgerError `invalid_argument`, `key_reused` */
  setPackage(input: PackageInput, options?: WriteOptions): Promise<SettingView>;
  /** Takes a package off sale from now on. @throws LedgerError `unknown_package`, `key_reused` */
  retirePackage(id: string, options?: WriteOptions): Promise<SettingView>;

  /** @throws LedgerError `unknown_account` */
  topup(account: string): Promise<TopupView>;
  /**
   * Changes the policy; charges nobody.
   * @throws LedgerError `unknown_account`, `account_closed`, `invalid_argument`, `topup_limit_reached`, `no_payment_method`,
   *   `key_reused`
   */
  setTopup(account: string, input: TopupInput, options?: WriteOptions): Promise<TopupView>;
  /**
   * Makes the top-ups that are due: of one account, or of all (null). What was declined is in `failed`, and never thrown.
   * @throws LedgerError `unknown_account`, `mode_mismatch`, `no_payment_method` (the card is another provider's)
   */
  runTopup(account: string | null, options?: Pick<WriteOptions, 'dryRun'>): Promise<TopupRunView>;
  /** The newest automatic attempts, oldest first; null: all. @throws LedgerError `unknown_account` */
  topupHistory(account: string, limit: number | null): Promise<AttemptView[]>;

  /** @throws LedgerError `unknown_account` */
  card(account: string): Promise<CardView>;
  /**
   * Saves a card: a test method by name, or on a page (`waiting`, with its address).
   * @throws LedgerError `unknown_account`, `account_closed`, `invalid_argument`, `mode_mismatch`, `payment_declined`,
   *   `payment_unknown`, `key_reused`
   */
  addCard(account: string, method: string | null, options?: WriteOptions): Promise<CardView>;
  /** Looks whether the page was completed. @throws LedgerError `unknown_account`, `payment_unknown` */
  finishCard(account: string): Promise<CardView>;
  /** @throws LedgerError `unknown_account`, `no_payment_method`, `payment_unknown`, `key_reused` */
  removeCard(account: string, options?: WriteOptions): Promise<CardView>;

  /**
   * Buys a package. `failed`, `unknown` and `requires_action` are answers.
   * @throws LedgerError `unknown_account`, `account_closed`, `unknown_package`, `max_charge_exceeded`, `no_payment_method`,
   *   `payment_unknown` (an earlier outcome is not known), `mode_mismatch`, `key_reused`
   */
  buy(account: string, input: BuyInput, options?: WriteOptions): Promise<PurchaseView>;
  /** Purchases and top-ups, the newest `limit` (null: all), oldest first. @throws LedgerError `unknown_account` */
  purchases(account: string, limit: number | null): Promise<PurchaseView[]>;
  /** @throws LedgerError `unknown_account`, `unknown_purchase` */
  purchase(account: string, id: string): Promise<PurchaseView>;

  /** Settles what is open with the provider, and reads its events. @throws LedgerError `payment_unknown`, `mode_mismatch` */
  syncPayments(options?: Pick<WriteOptions, 'dryRun'>): Promise<SyncView>;
  /** Compares the provider's books with the ledger's; a difference is an answer. @throws LedgerError `payment_unknown` */
  auditPayments(): Promise<AuditView>;
  /**
   * Takes a webhook: its raw body and signature.
   * @returns what it came to; `known`: it was applied before
   * @throws LedgerError `unauthenticated` (the signature), `invalid_argument`, `mode_mismatch`, `payment_unknown` (send it again)
   */
  receiveWebhook(input: {
    readonly body: string | Uint8Array;
    readonly signature: string | null;
  }): Promise<string>;
}
