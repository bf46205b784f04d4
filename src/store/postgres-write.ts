/** Writes the rows of a batch, table by table, in an order in which every row finds what it refers to. */
import type { Account } from '../core/types.ts';
import { MOST_FOLDED } from '../core/usage.ts';
import type { SettingRow } from '../ledger/store.ts';
import { attemptRow, cardRow, policyRow } from './payment-rows.ts';
import type { BatchRows } from './postgres-batch.ts';
import type { Proof, Statements } from './postgres-door.ts';
import type { Session } from './session.ts';
import { settingInsert } from './settings.ts';

/** Sends everything at once and waits for all of it. */
export async function writeRows(sql: Statements, rows: BatchRows): Promise<void> {
  await Promise.all([
    sql.write('insertAccounts', rows.accounts),
    sql.write('insertReceipts', rows.receipts),
    sql.write('insertEntries', rows.entries),
    sql.write('insertUsages', rows.usages),
    sql.write('insertLots', rows.newLots),
    sql.write('updateLots', rows.lots),
    sql.write('insertHolds', rows.newHolds),
    sql.write('updateHolds', rows.holds),
    sql.write('updateAccounts', rows.changedAccounts),
    ...rows.settings.map((row) => writeSetting(sql, row)),
    ...rows.wallets.map((wallet) => writeWallet(sql, wallet)),
  ]);
  for (const [account, receipt] of rows.foldable) await fold(sql, account, receipt);
}

export async function writeSetting(sql: Statements, row: SettingRow): Promise<void> {
  const { statement, values } = settingInsert(row);
  await sql.rows(statement, ...values);
}

/** Writes rows of a wallet, behind the receipts that carry them. */
export async function writeWallet(sql: Statements, { account, change }: BatchRows['wallets'][number]) {
  const { policy, card, attempts = [] } = change;
  await Promise.all([
    policy === undefined ? undefined : sql.rows('putTopup', account, ...policyRow(policy)),
    card === undefined ? undefined : sql.rows('putCard', account, ...cardRow(card)),
    ...attempts.map((attempt) => sql.rows('putAttempt', account, ...attemptRow(attempt))),
  ]);
}

/** Adds the usage of receipts up to one to the stored sums. */
async function fold(sql: Statements, account: number, receipt: number): Promise<void> {
  const [row] = await sql.rows('foldedUntil', account);
  const after = (row?.[0] ?? 0) as number;
  const until = Math.min(receipt, after + MOST_FOLDED);
  await Promise.all([sql.rows('foldUsage', account, after, until), sql.rows('markFolded', account, until)]);
}

/** How to find out later whether a transaction was committed: the last receipt of every account that it changed. */
export const proofOf = (changed: readonly Session[], lockedBy: (account: Account) => number): Proof[] =>
  changed.map(({ state: { account } }) => ({
    account: account.no,
    seq: account.receiptSeq,
    hash: account.head,
    locked: lockedBy(account),
  }));
