/**
 * Rows as they are stored, as far as they differ from the model's objects: with text to the letter and columns that only
 * the database needs. An auditor trusts none of them; a value may have any type.
 */
import type { Account, Hold, Lot, Receipt } from '../types.ts';

export interface AccountRow {
  /** `byok` is empty where its text cannot be read. */
  readonly account: Account;
  readonly byokText: string;
  /** Number of the receipt up to which usage is in stored sums; null: of none. */
  readonly foldedUntil: number | null;
}

export interface ReceiptRow {
  /** `detail` is null where its text is no JSON object. */
  readonly receipt: Receipt;
  /** The detail as stored, to the letter. */
  readonly detailText: string | null;
  readonly hash: string;
}

export interface LotRow extends Lot {
  /** 1 while something is available or held, else 0: what indexes look at. */
  readonly live: number;
}

/** A hold without its slices, which are the `held` entries of its receipt. */
export interface HoldRow
  extends Pick<Hold, 'no' | 'amount' | 'status' | 'createdAt' | 'expiresAt' | 'resolvedBy'> {
  /** JSON of `call` and `tags`, to the letter. */
  readonly termsText: string;
}

/** A row of a table of settings: its table and its columns, named as in the receipt that carries it. */
export interface SettingFacts {
  readonly table: string;
  readonly [column: string]: unknown;
}

/** A stored sum of usage. Sums pass what a number counts exactly. */
export interface UsageSumRow {
  /** Quarter of an hour, counted from 1970 in UTC. */
  readonly slot: number;
  /** Empty: amounts without a model. */
  readonly model: string;
  readonly provider: string;
  readonly calls: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly credits: bigint;
  readonly listCredits: bigint;
  /** Calls without a list price. */
  readonly unpriced: number;
  readonly firstReceipt: number;
  readonly lastReceipt: number;
}
