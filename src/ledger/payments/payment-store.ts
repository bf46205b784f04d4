/**
 * What payments need of a database beside the chain: looking wallets and attempts up, which events were seen, and the books
 * of the simulated provider. Rows of wallets are written by `Store.execute` alone, in the transaction of their receipt.
 */
import type { Account, Instant } from '../../core/types.ts';
import type { Attempt, ProviderId, Wallet } from '../../core/wallet.ts';

/** An event of the provider that was applied, or passed over. */
export interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly createdAt: Instant;
  /** What became of it, in a word or two. */
  readonly outcome: string;
}

/** A row in the books of the simulated provider; rows are numbered in the order in which they were made. */
export interface BookRow {
  readonly no: number;
  readonly id: string;
  readonly body: string;
}

/** The books of the simulated provider. */
export interface Books {
  /**
   * Runs alone among all processes: reads rows by id, decides, writes rows.
   * @param work synchronous; `put` rows are made or replaced
   */
  transact<T>(
    ids: readonly string[],
    work: (found: ReadonlyMap<string, string>) => {
      readonly result: T;
      readonly put: readonly { readonly id: string; readonly body: string }[];
    },
  ): Promise<T>;
  /** Rows whose id starts with a prefix, in the order in which they were made, behind a number. */
  list(prefix: string, after: number, limit: number): Promise<BookRow[]>;
}

/** Ids of accounts in pages, by number. */
export interface AccountPage {
  readonly ids: readonly string[];
  readonly last: number;
}

export interface PaymentStore {
  /** Whether auto top-up is switched on. */
  isTopupOn(account: Account): Promise<boolean>;
  /** Policy, card, and the attempts that a `Wallet` holds at an instant. */
  wallet(account: Account, at: Instant): Promise<Wallet>;
  attempt(account: Account, no: number): Promise<Attempt | null>;
  /** The newest ones, oldest first; `kind` null: every kind. */
  attempts(account: Account, kind: Attempt['kind'] | null, limit: number | null): Promise<Attempt[]>;
  /** The attempt of a payment, by the provider's id of it or of its pay page. */
  attemptOf(reference: { readonly intent: string } | { readonly session: string }): Promise<{
    readonly account: string;
    readonly no: number;
  } | null>;
  /** The account of a customer of the provider. */
  accountOfCustomer(customer: string): Promise<string | null>;
  /** The account that a card is saved for. */
  accountOfCard(paymentMethod: string): Promise<string | null>;
  /** `open`: with an attempt under way or a set-up page that waits; `topup`: with auto top-up on; `paid`: with attempts. */
  accounts(what: 'open' | 'topup' | 'paid', after: number, limit: number): Promise<AccountPage>;
  /** Whether an event was recorded. */
  hasEvent(id: string): Promise<boolean>;
  /** Records events; one that is there already stays as it is. */
  recordEvents(events: readonly EventRow[]): Promise<void>;
  /** How far the provider's events have been read; null: not at all. */
  cursor(provider: ProviderId): Promise<string | null>;
  setCursor(provider: ProviderId, cursor: string): Promise<void>;
  readonly books: Books;
}
