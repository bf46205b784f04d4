/**
 * Rows as they are stored, for who may be looking for what was changed by hand: nothing is taken for granted that a schema
 * would refuse. Shared by the engines.
 */
import type { Account, Detail, Receipt, Usage } from '../core/types.ts';
import type { HoldRow, LotRow, ReceiptRow, SettingFacts, UsageSumRow } from '../core/verify/stored.ts';
import type { BookRow } from '../ledger/payments/payment-store.ts';
import { accountOf, lotOf, type Row, usageOf } from './rows.ts';
import type { StatementName } from './sqlite-statements.ts';

/** Tables of an account's rows and the column that numbers them. */
export const ACCOUNT_TABLES = {
  lot: 'no',
  receipt: 'seq',
  entry: 'seq',
  usage: 'receipt',
  hold: 'no',
  usage_rollup: 'slot',
  usage_folded: 'receipt',
  topup: 'account',
  card: 'account',
  attempt: 'no',
} as const satisfies Record<string, string>;

export function usageSumOf(row: readonly unknown[]): UsageSumRow {
  const [
    slot,
    model,
    provider,
    calls,
    inputTokens,
    outputTokens,
    credits,
    listCredits,
    unpriced,
    ...receipts
  ] = row as never[];
  return {
    slot: Number(slot),
    model: model!,
    provider: provider!,
    calls: Number(calls),
    inputTokens: inputTokens!,
    outputTokens: outputTokens!,
    credits: credits!,
    listCredits: listCredits!,
    unpriced: Number(unpriced),
    firstReceipt: Number(receipts[0]),
    lastReceipt: Number(receipts[1]),
  };
}

export function readableAccount(row: Row): Account {
  try {
    return accountOf(row);
  } catch {
    return accountOf(row.with(19, '{}'));
  }
}

/** @param row with both hashes as text */
export function receiptRowOf(row: Row): ReceiptRow {
  const [seq, kind, at, key, request, credits, available, debt, entryFirst, entryCount, note, text, hash] =
    row as never[];
  const receipt = {
    seq,
    kind,
    at,
    key,
    request,
    credits,
    available,
    debt,
    entryFirst,
    entryCount,
    note,
    detail: text === null ? null : detailOf(text!),
  } as unknown as Receipt;
  return { receipt, detailText: text!, hash: hash! };
}

/** The JSON object in a text; null when there is none. */
function detailOf(text: string): Detail | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Detail | null) : null;
  } catch {
    return null;
  }
}

/** A flag that is neither 0 nor 1 stays what it is. */
const flagOf = (value: unknown): boolean => (value === 0 || value === 1 ? value === 1 : (value as boolean));

export function usageRowOf(row: Row): Usage {
  const usage = usageOf(row);
  return row[13] === 0 || row[13] === 1 ? usage : { ...usage, byok: flagOf(row[13]) };
}

export const lotRowOf = (row: Row): LotRow => ({ ...lotOf(row), live: row[16] as number });

export function holdRowOf(row: Row): HoldRow {
  const [no, amount, status, createdAt, expiresAt, resolvedBy, termsText] = row as never[];
  return {
    no: no!,
    amount: amount!,
    status: status!,
    createdAt: createdAt!,
    expiresAt: expiresAt!,
    resolvedBy: resolvedBy!,
    termsText: termsText!,
  };
}

/** Columns of the price list in the order of their statements, named as in setting receipts. */
export const SETTINGS = {
  model: ['models', ['id', 'name', 'provider', 'contextWindow', 'maxOutput']],
  alias: ['aliases', ['alias', 'model']],
  rate: ['rates', ['no', 'model', 'from', 'input', 'output', 'cacheRead', 'cacheWrite', 'tiers']],
  plan: ['plans', ['no', 'id', 'name', 'from', 'monthly', 'priceCents']],
  package: ['packages', ['no', 'id', 'from', 'credits', 'priceCents', 'retired']],
  access_token: ['accessTokens', ['no', 'hash', 'role', 'account', 'madeAt']],
  access_token_end: ['accessTokenEnds', ['token', 'at']],
} as const satisfies Readonly<Record<string, readonly [StatementName, readonly string[]]>>;

/** Rows of one table of settings with their columns named. */
export function settingFacts(
  table: string,
  columns: readonly string[],
  rows: readonly Row[],
): SettingFacts[] {
  return rows.map((row) => ({
    table,
    ...Object.fromEntries(
      columns.map((column, index) => [column, column === 'retired' ? flagOf(row[index]) : row[index]]),
    ),
  }));
}

/** A row in the books of the simulated provider. */
export const bookOf = (row: Row): BookRow => ({
  no: row[0] as number,
  id: row[1] as string,
  body: row[2] as string,
});
