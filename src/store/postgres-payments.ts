/** What payments look up and keep beside the chain, in PostgreSQL. Wallets are written in the batch of their receipts. */
import type { Account } from '../core/types.ts';
import { LOOK_BACK_MS } from '../core/wallet.ts';
import type { Books, PaymentStore } from '../ledger/payments/payment-store.ts';
import { attemptOf } from './payment-rows.ts';
import type { PostgresDoor } from './postgres-door.ts';
import { walletOf } from './postgres-load.ts';
import type { Row } from './rows.ts';

const ACCOUNTS = { open: 'accountsOpen', topup: 'accountsTopup', paid: 'accountsPaid' } as const;

/** Doing these twice is the same as once, so a commit whose answer was lost is done again. */
const REPEATABLE = { repeatable: true };

const found = ([row]: readonly Row[]) =>
  row === undefined ? null : { account: row[0] as string, no: row[1] as number };
const textOf = ([row]: readonly Row[]): string | null => (row?.[0] as string | undefined) ?? null;

export function postgresPayments(door: PostgresDoor): PaymentStore {
  return {
    wallet: (account: Account, at) =>
      door.reading(async (sql) => {
        const since = Math.max(at, account.lastAt) - LOOK_BACK_MS;
        const [policies, cards, auto, open] = await Promise.all([
          sql.rows('topupOf', account.no),
          sql.rows('cardOf', account.no),
          sql.rows('attemptsAuto', account.no, since),
          sql.rows('attemptsOpen', account.no),
        ]);
        return walletOf(policies, cards, [...auto, ...open]);
      }),
    isTopupOn: async (account) => (await door.one('topupOf', account.no))[0]?.[0] === 1,
    attempt: async (account, no) => (await door.one('attemptByNo', account.no, no)).map(attemptOf)[0] ?? null,
    attempts: async (account, kind, limit) =>
      (await door.one('attemptsNewest', account.no, kind, kind, limit)).map(attemptOf).reverse(),
    attemptOf: async (reference) =>
      found(
        await ('intent' in reference
          ? door.one('attemptOfIntent', reference.intent)
          : door.one('attemptOfSession', reference.session)),
      ),
    accountOfCustomer: async (customer) => textOf(await door.one('accountOfCustomer', customer)),
    accountOfCard: async (card) => textOf(await door.one('accountOfCard', card)),
    accounts: async (what, after, limit) => {
      const rows = await door.one(ACCOUNTS[what], after, limit);
      return { ids: rows.map((row) => row[1] as string), last: (rows.at(-1)?.[0] ?? after) as number };
    },
    hasEvent: async (id) => (await door.one('eventById', id)).length > 0,
    recordEvents: (events) =>
      door.writing(async (sql) => {
        await Promise.all(
          events.map(({ id, type, createdAt, outcome }) =>
            sql.rows('insertEvent', id, type, createdAt, outcome),
          ),
        );
        return { result: undefined, proof: null };
      }, REPEATABLE),
    cursor: async (provider) => textOf(await door.one('cursorOf', provider)),
    setCursor: (provider, cursor) =>
      door.writing(async (sql) => {
        await sql.rows('putCursor', provider, cursor);
        return { result: undefined, proof: null };
      }, REPEATABLE),
    books: postgresBooks(door),
  };
}

function postgresBooks(door: PostgresDoor): Books {
  return {
    transact: (ids, work) =>
      door.writing(async (sql) => {
        await sql.rows('lockBooks');
        const rows = await Promise.all(ids.map((id) => sql.rows('bookById', id)));
        const bodies = ids.flatMap((id, index) => {
          const body = textOf(rows[index]!);
          return body === null ? [] : [[id, body] as const];
        });
        const { result, put } = work(new Map(bodies));
        for (const { id, body } of put) await sql.rows('putBook', id, body);
        return { result, proof: null };
      }),
    list: async (prefix, after, limit) =>
      (await door.one('booksAfter', after, prefix.length, prefix, limit)).map(([no, id, body]) => ({
        ...{ no: no as number, id: id as string, body: body as string },
      })),
  };
}
