/**
 * The whole model in one page: lots, holds, entries, receipts, usage and the account they belong to, as plain data.
 * Rows are numbered per account; a lot or hold carries the number of the receipt that made it, so ids need no
 * randomness and nothing has to be looked up to build one (see `ids.ts`).
 *
 * Source: contract 3 (kinds), 5.11 (entries), notes on layout in the README's architecture section.
 */
import type { Microcredits } from './credits.ts';
import type { Attempt } from './wallet.ts';

/** Epoch milliseconds. */
export type Instant = number;

/** Where credits of a lot came from. */
export type Source = 'welcome' | 'monthly' | 'purchased' | 'promotional';

/** Where an amount can be. `issued` and `debt` are outside every lot. */
export type Place = 'issued' | 'available' | 'held' | 'spent' | 'expired' | 'revoked' | 'debt';

export type EntryKind = 'granted' | 'held' | 'returned' | 'spent' | 'expired' | 'revoked' | 'owed' | 'repaid';

export type ReceiptKind =
  | 'grant'
  | 'spend'
  | 'hold'
  | 'settle'
  | 'release'
  | 'expire'
  | 'revoke'
  | 'rollover'
  | 'plan_change'
  | 'clawback'
  | 'reinstate'
  | 'setting';

export type HoldStatus = 'open' | 'settled' | 'released' | 'lapsed';

/** How a lot was ended before its own expiry. */
export type LotEnd = 'expired' | 'revoked';

/** What a grant left. `granted = available + held + spent + expired + revoked`, each 0 or more (contract 5.11). */
export interface Lot {
  /** Number of the receipt that granted it. */
  readonly no: number;
  readonly source: Source;
  /** Lower burns first; 50 unless told. */
  readonly priority: number;
  readonly grantedAt: Instant;
  /** First instant at which the lot is gone; null: never expires. */
  readonly expiresAt: Instant | null;
  /** Set when the lot was ended early (`expire --lot`, `restart`, `revoke`); the first end wins. */
  readonly endedAt: Instant | null;
  readonly endKind: LotEnd | null;
  /** Ordinal of the cycle a monthly lot belongs to, else null. */
  readonly cycle: number | null;
  /** Start of the period, for the one lot per period that a cycle grants; null for what a plan change adds. */
  readonly cycleStart: Instant | null;
  readonly granted: Microcredits;
  readonly available: Microcredits;
  readonly held: Microcredits;
  readonly spent: Microcredits;
  readonly expired: Microcredits;
  readonly revoked: Microcredits;
  readonly note: string | null;
}

/** The part of one lot that pays for something. `amount` > 0. */
export interface Slice {
  readonly lot: number;
  readonly amount: Microcredits;
}

/** The call a hold was made for; null fields were not given. */
export interface HeldCall {
  readonly model: string;
  readonly provider: string;
  /** Number of the rate row in force when the hold was made; null for a call that needs no price. */
  readonly rate: number | null;
  readonly byok: boolean;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** The input as it was estimated, before any correction or margin; absent: not told. */
  readonly estimatedTokens?: number;
  /** Price by the rate card of what it may use at most; null without one. */
  readonly listCredits: Microcredits | null;
}

/** Free words beside a call or amount, for analytics; null: not given. */
export interface CallTags {
  readonly activity: string | null;
  readonly session: string | null;
  readonly run: string | null;
}

/** A reservation. `slices` are in burn order, one per lot. */
export interface Hold {
  /** Number of the receipt that made it. */
  readonly no: number;
  readonly amount: Microcredits;
  readonly status: HoldStatus;
  readonly createdAt: Instant;
  /** First instant at which it counts as released. */
  readonly expiresAt: Instant;
  /** Number of the receipt that last changed `status`; null while open. */
  readonly resolvedBy: number | null;
  readonly call: HeldCall | null;
  readonly tags: CallTags;
  readonly slices: readonly Slice[];
}

/** One immutable movement: `amount` > 0 of one lot (none for `owed`) from one place to another. */
export interface Entry {
  readonly seq: number;
  readonly receipt: number;
  readonly at: Instant;
  readonly kind: EntryKind;
  readonly lot: number | null;
  readonly from: Place;
  readonly to: Place;
  readonly amount: Microcredits;
  /** The account's booked available credits after this entry. */
  readonly available: Microcredits;
}

/** A finished call (or a bare spend, with `model` null) as analytics see it. */
export interface Usage {
  /** Number of the receipt that booked it. */
  readonly receipt: number;
  /** When the call took place; never later than the receipt's `at`. */
  readonly at: Instant;
  readonly model: string | null;
  readonly provider: string | null;
  readonly rate: number | null;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly toolCalls: number;
  readonly activity: string | null;
  readonly session: string | null;
  readonly run: string | null;
  readonly byok: boolean;
  readonly credits: Microcredits;
  /** Price by the rate card; null where the model has none (own provider key). */
  readonly listCredits: Microcredits | null;
}

/** JSON object of kind-specific facts of a receipt; amounts in microcredits, instants in epoch ms. */
export type Detail = Readonly<Record<string, unknown>>;

/** One command's effect. Entries `entryFirst … entryFirst + entryCount − 1` belong to it. */
export interface Receipt {
  readonly seq: number;
  readonly kind: ReceiptKind;
  readonly at: Instant;
  readonly key: string | null;
  /** SHA-256 of the request, hex; null without a key. */
  readonly request: string | null;
  readonly credits: Microcredits;
  readonly available: Microcredits;
  readonly debt: Microcredits;
  readonly entryFirst: number;
  readonly entryCount: number;
  readonly note: string | null;
  readonly detail: Detail | null;
}

/** A receipt with everything that was booked with it. */
export interface Booked {
  readonly receipt: Receipt;
  readonly entries: readonly Entry[];
  readonly usage: Usage | null;
}

/**
 * The plan side of an account. Without cycles (`free`) `anchorAt`, `cycleStart` and `cycleEnd` are null; while a plan gives
 * no credits for a time they stay as the last cycle left them.
 */
export interface PlanState {
  readonly plan: string;
  readonly anchorAt: Instant | null;
  /** Ordinal of the last cycle; 0 before the first. */
  readonly cycle: number;
  readonly cycleStart: Instant | null;
  readonly cycleEnd: Instant | null;
  readonly pendingPlan: string | null;
  readonly pendingAt: Instant | null;
}

export interface Account extends PlanState {
  readonly no: number;
  readonly id: string;
  /** Short random word, unique in the ledger; part of every id of the account. */
  readonly tag: string;
  readonly zone: string;
  readonly createdAt: Instant;
  readonly closedAt: Instant | null;
  /** Time of the last receipt: ledger time never runs backwards. */
  readonly lastAt: Instant;
  readonly receiptSeq: number;
  readonly entrySeq: number;
  readonly available: Microcredits;
  readonly held: Microcredits;
  readonly debt: Microcredits;
  /** Providers paid with the account's own key → name of the environment variable, or '' when none was named. */
  readonly byok: Readonly<Record<string, string>>;
  /** Hash of the last receipt, hex; before the first: of the account's own facts. */
  readonly head: string;
}

/** What a decision needs to know of one account. Lots: every live one, and those named by the command. */
export interface AccountState {
  readonly account: Account;
  readonly lots: ReadonlyMap<number, Lot>;
  /** Open holds that may have lapsed, and those named by the command, whatever their status. */
  readonly holds: ReadonlyMap<number, Hold>;
  /** Payments that took credits back, by number: known where credits of a purchased lot may go by hand. */
  readonly claims?: ReadonlyMap<number, Attempt>;
}
