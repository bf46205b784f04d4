/**
 * What a batch needs to know, in two round trips: its accounts, locked in the order of their numbers, and then everything
 * that its pieces of work name of them. The accounts stay locked until the transaction ends.
 */
import type { Account, Entry, Hold, Instant, Lot } from '../core/types.ts';
import { type Attempt, asksForClaims, claimsOf, LOOK_BACK_MS, type Wallet } from '../core/wallet.ts';
import type { Replay, Work } from '../ledger/store.ts';
import { attemptOf, cardOf, policyOf } from './payment-rows.ts';
import { type Named, namedBy } from './postgres-batch.ts';
import type { Statements } from './postgres-door.ts';
import { accountOf, entryOf, holdOf, lotOf, type Row, receiptOf, usageOf } from './rows.ts';
import { Session } from './session.ts';

/** What `loadBatch` finds beside the price list. */
export interface Found {
  readonly sessions: Map<string, Session>;
  readonly replays: Map<number, Map<string, Replay>>;
  readonly wallets: Map<number, Wallet>;
  readonly versions: Versions;
}

/** Of the ledger as a whole. */
export interface Versions {
  readonly schema: number;
  /** End of the ledger's own chain: which price list there is. */
  readonly prices: string;
  readonly mode: string;
}

export const versionsOf = ([row]: readonly Row[]): Versions => {
  const [schema, prices, mode] = row as readonly [number, string, string];
  return { schema, prices, mode };
};

/** A hold with the slices that stand behind its columns. */
export function heldOf(row: Row): Hold {
  const slices = JSON.parse((row[7] as string | null) ?? '[]') as [number, number][];
  return { ...holdOf(row), slices: slices.map(([lot, amount]) => ({ lot, amount: amount as never })) };
}

/** Rows of several accounts, whose number comes first, by account. */
function byAccount<T>(rows: readonly Row[], convert: (row: Row) => T): Map<number, T[]> {
  const found = new Map<number, T[]>();
  for (const [account, ...row] of rows) {
    const own = found.get(account as number);
    if (own === undefined) found.set(account as number, [convert(row)]);
    else own.push(convert(row));
  }
  return found;
}

/** Locks the accounts of some work and reads what it asks for. Accounts that are not there are left out. */
export async function loadBatch(sql: Statements, works: readonly Work[]): Promise<Found> {
  const ids = [...new Set(works.map(({ account }) => account))];
  const rows = await sql.rows('lockAccounts', ids);
  const accounts = new Map(rows.map((row) => [row[1] as string, accountOf(row)]));
  const named = namedBy(works, accounts);
  const all = [...accounts.values()];
  const until = Math.max(...works.map(({ now }) => now), ...all.map(({ lastAt }) => lastAt));
  const [versions, lots, holds, replays, wallets] = await Promise.all([
    sql.rows('versions'),
    readLots(sql, all, named),
    readHolds(sql, all, named, until),
    readReplays(sql, named),
    readWallets(sql, named, Math.min(...works.map(({ now }) => now))),
  ]);
  const sessions = new Map<string, Session>();
  for (const account of all) {
    const session = new Session({ account, lots: new Map(), holds: new Map() }, until);
    session.addLots(lots.get(account.no) ?? []);
    session.addHolds(holds.get(account.no) ?? []);
    sessions.set(account.id, session);
  }
  const asked = [...sessions.values()].filter(
    ({ state }) => named.asked.has(state.account.no) || asksForClaims(state.lots.values()),
  );
  await Promise.all(
    asked.map(async (session) => session.addClaims(await readClaims(sql, session.state.account.no))),
  );
  return { sessions, replays, wallets, versions: versionsOf(versions) };
}

/** Live lots of the accounts, and those that are named. A hold's lots are live while it is open. */
async function readLots(
  sql: Statements,
  accounts: readonly Account[],
  { lots, cycles }: Named,
): Promise<Map<number, Lot[]>> {
  const numbers = accounts.map(({ no }) => no);
  const parts = await Promise.all([
    numbers.length === 0 ? [] : sql.rows('liveLotsOf', numbers),
    lots[0].length === 0 ? [] : sql.rows('lotsNamed', ...lots),
    cycles[0].length === 0 ? [] : sql.rows('lotsOfCycles', ...cycles),
  ]);
  return byAccount(parts.flat(), lotOf);
}

async function readHolds(
  sql: Statements,
  accounts: readonly Account[],
  { holds }: Named,
  until: Instant,
): Promise<Map<number, Hold[]>> {
  if (accounts.length === 0) return new Map();
  // Not only where credits are held: a call that the account's own key pays holds none, and lapses all the same.
  const numbers = accounts.map(({ no }) => no);
  return byAccount(await sql.rows('holdsFor', numbers, until, ...holds), heldOf);
}

/** Receipts that keys are bound to, with their entries, usage and lots. Most keys are new: then one look is all. */
async function readReplays(sql: Statements, { keys }: Named): Promise<Map<number, Map<string, Replay>>> {
  const found = new Map<number, Map<string, Replay>>();
  if (keys[0].length === 0) return found;
  const rows = (await sql.rows('receiptsByKeys', ...keys)).map(([account, ...row]) => ({
    account: account as number,
    receipt: receiptOf(row).receipt,
  }));
  if (rows.length === 0) return found;
  const accounts = rows.map(({ account }) => account);
  const [entryRows, usageRows] = await Promise.all([
    sql.rows(
      'entriesBetween',
      accounts,
      rows.map(({ receipt }) => receipt.entryFirst),
      rows.map(({ receipt }) => receipt.entryFirst + receipt.entryCount - 1),
    ),
    sql.rows(
      'usagesOf',
      accounts,
      rows.map(({ receipt }) => receipt.seq),
    ),
  ]);
  const entries = byAccount(entryRows, entryOf);
  const usages = byAccount(usageRows, usageOf);
  const lots = await readLotsOf(sql, entries);
  const entriesOf = new Map([...entries].map(([no, own]) => [no, byReceipt(own)]));
  const usagesOf = new Map([...usages].map(([no, own]) => [no, byReceipt(own)]));
  for (const { account, receipt } of rows) {
    const own = entriesOf.get(account)?.get(receipt.seq) ?? [];
    const usage = usagesOf.get(account)?.get(receipt.seq)?.[0] ?? null;
    const replay = { booked: { receipt, entries: own, usage }, lots: lots.get(account) ?? new Map() };
    const ofAccount = found.get(account) ?? new Map<string, Replay>();
    found.set(account, ofAccount.set(receipt.key!, replay));
  }
  return found;
}

const byReceipt = <T extends { readonly receipt: number }>(rows: readonly T[]): Map<number, T[]> =>
  Map.groupBy(rows, ({ receipt }) => receipt);

async function readLotsOf(
  sql: Statements,
  entries: ReadonlyMap<number, readonly Entry[]>,
): Promise<Map<number, Map<number, Lot>>> {
  const pairs = [...entries].flatMap(([account, own]) =>
    [...new Set(own.map(({ lot }) => lot))].flatMap((lot) => (lot === null ? [] : [[account, lot] as const])),
  );
  const rows =
    pairs.length === 0
      ? []
      : await sql.rows(
          'lotsNamed',
          pairs.map(([account]) => account),
          pairs.map(([, lot]) => lot),
        );
  return new Map(
    [...byAccount(rows, lotOf)].map(([account, lots]) => [
      account,
      new Map(lots.map((lot) => [lot.no, lot])),
    ]),
  );
}

/** The money side of accounts, with every attempt that any piece of work of the batch may be given. */
async function readWallets(
  sql: Statements,
  { wallets, attempts: named }: Named,
  since: Instant,
): Promise<Map<number, Wallet>> {
  const asked = (account: number) => named[1].filter((_, index) => named[0][index] === account);
  const read = async (account: number): Promise<[number, Wallet]> => {
    const [policies, cards, ...attempts] = await Promise.all([
      sql.rows('topupOf', account),
      sql.rows('cardOf', account),
      sql.rows('attemptsAuto', account, since - LOOK_BACK_MS),
      sql.rows('attemptsOpen', account),
      ...asked(account).map((no) => sql.rows('attemptByNo', account, no)),
      sql.rows('attemptsClawing', account),
    ]);
    return [account, walletOf(policies, cards, attempts.flat())];
  };
  return new Map(await Promise.all(wallets.map(read)));
}

/** Payments that took credits back. */
export const readClaims = async (sql: Statements, account: number): Promise<ReadonlyMap<number, Attempt>> =>
  claimsOf((await sql.rows('attemptsClawing', account)).map(attemptOf));

/** A wallet of its rows. */
export function walletOf(policies: readonly Row[], cards: readonly Row[], attempts: readonly Row[]): Wallet {
  const all = new Map<number, Attempt>();
  for (const attempt of attempts.map(attemptOf)) all.set(attempt.no, attempt);
  return {
    policy: policies[0] === undefined ? null : policyOf(policies[0]),
    card: cards[0] === undefined ? null : cardOf(cards[0]),
    attempts: all,
  };
}
