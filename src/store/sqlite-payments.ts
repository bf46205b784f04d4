/** The money side in SQLite: wallets inside a batch, and what payments look up and keep beside the chain. */
import type { Account, Instant } from '../core/types.ts';
import { type Attempt, claimsOf, LOOK_BACK_MS, type Wallet, type WalletChange } from '../core/wallet.ts';
import type { Books, PaymentStore } from '../ledger/payments/payment-store.ts';
import { attemptOf, attemptRow, cardOf, cardRow, policyOf, policyRow } from './payment-rows.ts';
import type { Row } from './rows.ts';
import type { Prepared, StatementName } from './sqlite-statements.ts';

type Statements = (name: StatementName) => Prepared;

/** @param named number of an attempt to have in any case, with all that took credits back */
export function readWallet(sql: Statements, account: Account, at: Instant, named: number | null): Wallet {
  const attempts = new Map<number, Attempt>();
  const take = (rows: readonly Row[]): void => {
    for (const attempt of rows.map(attemptOf)) attempts.set(attempt.no, attempt);
  };
  const since = Math.max(at, account.lastAt) - LOOK_BACK_MS;
  take(sql('attemptsAuto').all(account.no, since));
  take(sql('attemptsOpen').all(account.no));
  if (named !== null) {
    take(sql('attemptByNo').all(account.no, named));
    take(sql('attemptsClawing').all(account.no));
  }
  const policy = sql('topupOf').get(account.no);
  const card = sql('cardOf').get(account.no);
  return {
    policy: policy === undefined ? null : policyOf(policy),
    card: card === undefined ? null : cardOf(card),
    attempts,
  };
}

/** Payments that took credits back. */
export const readClaims = (sql: Statements, account: number): ReadonlyMap<number, Attempt> =>
  claimsOf(sql('attemptsClawing').all(account).map(attemptOf));

/** Everything of the money side, for `verify` and export. */
export function wholeWallet(sql: Statements, account: number): Wallet {
  const policy = sql('topupOf').get(account);
  const card = sql('cardOf').get(account);
  const attempts = sql('attemptsAll').all(account).map(attemptOf);
  return {
    policy: policy === undefined ? null : policyOf(policy),
    card: card === undefined ? null : cardOf(card),
    attempts: new Map(attempts.map((attempt) => [attempt.no, attempt])),
  };
}

/** Writes the rows of a decision, behind its receipts. */
export function writeWallet(sql: Statements, account: number, change: WalletChange): void {
  if (change.policy !== undefined) sql('putTopup').run(account, ...policyRow(change.policy));
  if (change.card !== undefined) sql('putCard').run(account, ...cardRow(change.card));
  for (const attempt of change.attempts ?? []) sql('putAttempt').run(account, ...attemptRow(attempt));
}

/** What the store lends: its statements, and its two doors. */
export interface PaymentDoors {
  readonly sql: Statements;
  readonly read: <T>(read: () => T) => T;
  readonly write: <T>(write: () => T) => Promise<T>;
}

const ACCOUNTS = { open: 'accountsOpen', topup: 'accountsTopup', paid: 'accountsPaid' } as const;

export function sqlitePayments({ sql, read, write }: PaymentDoors): PaymentStore {
  const found = (row: Row | undefined) =>
    row === undefined ? null : { account: row[0] as string, no: row[1] as number };
  return {
    wallet: async (account, at) => read(() => readWallet(sql, account, at, null)),
    isTopupOn: async (account) => read(() => sql('topupOf').get(account.no)?.[0] === 1),
    attempt: async (account, no) =>
      read(() => sql('attemptByNo').all(account.no, no).map(attemptOf)[0] ?? null),
    attempts: async (account, kind, limit) =>
      read(() =>
        sql('attemptsNewest')
          .all(account.no, kind, kind, limit ?? -1)
          .map(attemptOf)
          .reverse(),
      ),
    attemptOf: async (reference) =>
      read(() =>
        'intent' in reference
          ? found(sql('attemptOfIntent').get(reference.intent))
          : found(sql('attemptOfSession').get(reference.session)),
      ),
    accountOfCustomer: async (customer) =>
      read(() => (sql('accountOfCustomer').get(customer)?.[0] as string | undefined) ?? null),
    accountOfCard: async (card) =>
      read(() => (sql('accountOfCard').get(card)?.[0] as string | undefined) ?? null),
    accounts: async (what, after, limit) =>
      read(() => {
        const rows = sql(ACCOUNTS[what]).all(after, limit);
        return { ids: rows.map((row) => row[1] as string), last: (rows.at(-1)?.[0] ?? after) as number };
      }),
    hasEvent: async (id) => read(() => sql('eventById').get(id) !== undefined),
    recordEvents: (events) =>
      write(() => {
        for (const { id, type, createdAt, outcome } of events) {
          sql('insertEvent').run(id, type, createdAt, outcome);
        }
      }),
    cursor: async (provider) =>
      read(() => (sql('cursorOf').get(provider)?.[0] as string | undefined) ?? null),
    setCursor: (provider, cursor) => write(() => sql('putCursor').run(provider, cursor)),
    books: sqliteBooks({ sql, read, write }),
  };
}

function sqliteBooks({ sql, read, write }: PaymentDoors): Books {
  return {
    transact: (ids, work) =>
      write(() => {
        const found = new Map<string, string>();
        for (const id of ids) {
          const row = sql('bookById').get(id);
          if (row !== undefined) found.set(id, row[0] as string);
        }
        const { result, put } = work(found);
        for (const { id, body } of put) sql('putBook').run(id, body);
        return result;
      }),
    list: async (prefix, after, limit) =>
      read(() =>
        sql('booksAfter')
          .all(after, prefix.length, prefix, limit)
          .map(([no, id, body]) => ({ no: no as number, id: id as string, body: body as string })),
      ),
  };
}
