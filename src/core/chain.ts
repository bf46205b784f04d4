/**
 * The text that a receipt's hash covers: every field of the receipt, its entries and its usage, and the hash before it.
 * A JSON array of scalars is unambiguous: no two different receipts share a text.
 *
 * Source: contract 5.11 (each receipt is chained to the account's previous one by SHA-256).
 */
import type { Account, Booked, Detail, Entry, Usage } from './types.ts';

const DOMAIN = 'credits/receipt/1';
const GENESIS = 'credits/account/1';

/** SHA-256 of a text as lower-case hex; passed in, since the core imports nothing. */
export type Sha256 = (text: string) => string;

/** Text of the hash before an account's first receipt: its own facts, which never change. */
export const genesisText = (account: Pick<Account, 'id' | 'tag' | 'zone' | 'createdAt'>): string =>
  JSON.stringify([GENESIS, account.id, account.tag, account.zone, account.createdAt]);

/** Detail as stored and hashed: keys in the order in which they were written. */
export const detailText = (detail: Detail | null): string | null =>
  detail === null ? null : JSON.stringify(detail);

const entryFields = (entry: Entry): unknown[] => [
  entry.seq,
  entry.kind,
  entry.lot,
  entry.from,
  entry.to,
  entry.amount,
  entry.available,
];

const usageFields = (usage: Usage): unknown[] => [
  usage.at,
  usage.model,
  usage.provider,
  usage.rate,
  usage.inputTokens,
  usage.cachedTokens,
  usage.cacheWriteTokens,
  usage.outputTokens,
  usage.toolCalls,
  usage.activity,
  usage.session,
  usage.run,
  usage.byok ? 1 : 0,
  usage.credits,
  usage.listCredits,
];

/**
 * Text of a receipt's hash.
 * @param previous hash of the account's previous receipt, hex
 * @param detail the detail as it is stored; `verify` passes the stored text itself, so that not a blank goes unseen
 */
export function receiptText(
  previous: string,
  { receipt, entries, usage }: Booked,
  detail = detailText(receipt.detail),
): string {
  return JSON.stringify([
    DOMAIN,
    previous,
    receipt.seq,
    receipt.kind,
    receipt.at,
    receipt.key,
    receipt.request,
    receipt.credits,
    receipt.available,
    receipt.debt,
    receipt.note,
    detail,
    entries.map(entryFields),
    usage === null ? null : usageFields(usage),
  ]);
}
