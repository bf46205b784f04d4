/**
 * The views and inputs of `LedgerService`: plain serialisable data, amounts in microcredits, instants in epoch ms, ids as
 * text. Source: contract 6.
 */

import type { CallInput } from '../core/calls.ts';
import type { Catalogue } from '../core/catalogue.ts';
import type { Microcredits } from '../core/credits.ts';
import type { LedgerError } from '../core/errors.ts';
import type { GrantCommand, HoldCommand, SpendCommand } from '../core/ledger/commands.ts';
import type { RateTier } from '../core/rates.ts';
import type {
  CallTags,
  EntryKind,
  HoldStatus,
  Instant,
  Place,
  ReceiptKind,
  Source,
  Usage,
} from '../core/types.ts';
import type { DueBooked } from './due-booked.ts';

export type { DueBooked } from './due-booked.ts';
export type * from './usage-view.ts';

/** Test or live; chosen when the ledger is made, never changed (contract 9). */
export type LedgerMode = 'test' | 'live';

/** Which ledger this is. `location`: a path or URL without a password. */
export interface LedgerInfo {
  readonly location: string;
  readonly mode: LedgerMode;
  /** The one account that can be reached this way; absent: all of them. */
  readonly ownAccount?: string;
}

/** Beside every write. `key`: idempotency key, per account and for ever; a dry run decides, books nothing, binds no key. */
export interface WriteOptions {
  readonly key?: string | null;
  readonly dryRun?: boolean;
  /** Whoever asks has been told what it charges now, and has said yes. */
  readonly confirmed?: boolean;
  /** False: nobody looks behind it whether a top-up is due. A server does so by itself; a local ledger never. */
  readonly topup?: boolean;
}

/** The part of one lot in a receipt. */
export interface SliceView {
  readonly lot: string;
  readonly source: Source;
  readonly credits: Microcredits;
}

/** A booked command. Optional fields belong to the kinds that have them. */
export interface ReceiptView {
  /** null for a dry run. */
  readonly receipt: string | null;
  readonly kind: ReceiptKind;
  readonly account: string;
  readonly at: Instant;
  readonly credits: Microcredits;
  /** One per lot touched, in booking order. */
  readonly slices: readonly SliceView[];
  readonly available: Microcredits;
  readonly debt: Microcredits;
  readonly note: string | null;
  readonly replayed: boolean;
  readonly dryRun: boolean;
  readonly usage: UsageView | null;
  /** hold, settle, release */
  readonly hold?: string;
  /** hold, and grant (null: never) */
  readonly expiresAt?: Instant | null;
  /** grant, revoke, plan change: the lot made or ended */
  readonly lot?: string;
  /** settle, release: what the hold let go */
  readonly released?: Microcredits;
  /** settle: what was above the reservation */
  readonly overrun?: Microcredits;
  readonly late?: boolean;
}

/** The call of a receipt. For a hold `outputTokens` is the most it may return and nothing has been used yet. */
export type UsageView = Omit<Usage, 'receipt' | 'rate' | 'credits'>;

export type SpendInput = Omit<SpendCommand, 'type'>;
export type HoldInput = Omit<HoldCommand, 'type'>;
export type GrantInput = Omit<GrantCommand, 'type'>;

export interface SettleInput {
  readonly hold: string;
  readonly amount: Microcredits | null;
  /** `model` empty: the hold's own. */
  readonly call: CallInput | null;
  readonly tags: CallTags;
  readonly note: string | null;
}

/** One line of an import: its account and its own key. */
export interface SpendItem {
  readonly account: string;
  readonly key: string;
  readonly input: SpendInput;
}

/** How one item of a batch ended. */
export type ItemResult =
  | { readonly status: 'booked' | 'replayed'; readonly receipt: ReceiptView }
  | { readonly status: 'refused'; readonly error: LedgerError };

export interface SourceView {
  readonly source: Source;
  readonly granted: Microcredits;
  readonly spent: Microcredits;
  readonly held: Microcredits;
  readonly expired: Microcredits;
  readonly revoked: Microcredits;
  readonly available: Microcredits;
  /** Earliest end among the lots with something left, else among all live ones; null: none ends. */
  readonly nextExpiry: Instant | null;
}

export interface LotView {
  readonly lot: string;
  readonly source: Source;
  readonly granted: Microcredits;
  readonly spent: Microcredits;
  readonly held: Microcredits;
  readonly expired: Microcredits;
  readonly revoked: Microcredits;
  readonly available: Microcredits;
  readonly grantedAt: Instant;
  readonly expiresAt: Instant | null;
  /** Set when it was ended before its own expiry. */
  readonly endedAt: Instant | null;
  readonly priority: number;
  readonly note: string | null;
}

/**
 * What an account has at `asOf`. `sources` sum live lots (unexpired, or still held); welcome, monthly and purchased are
 * always there. `lots` are those live lots in burn order.
 */
export interface BalanceView {
  readonly account: string;
  readonly plan: string;
  readonly zone: string;
  readonly asOf: Instant;
  readonly available: Microcredits;
  readonly held: Microcredits;
  readonly debt: Microcredits;
  readonly sources: readonly SourceView[];
  readonly cycle: { readonly start: Instant; readonly end: Instant } | null;
  readonly lots: readonly LotView[];
  readonly byok: Readonly<Record<string, string>>;
  readonly closed: boolean;
}

export interface HoldView {
  readonly hold: string;
  readonly credits: Microcredits;
  readonly status: HoldStatus;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly model: string | null;
  readonly slices: readonly SliceView[];
}

/** What a sweep booked; lots and holds by id. */
export interface ExpiryView {
  readonly accounts: number;
  readonly expired: Microcredits;
  readonly lots: readonly string[];
  readonly holds: readonly string[];
  /** With a lot named: its receipt, when one was booked. */
  readonly receipt: ReceiptView | null;
  readonly failed: readonly FailedAccount[];
  readonly dryRun: boolean;
}

export interface FailedAccount {
  readonly account: string;
  readonly error: LedgerError;
}

/** The running cycle; all null on a plan without one. */
export interface CycleView {
  readonly account: string;
  readonly zone: string;
  readonly plan: string;
  readonly start: Instant | null;
  readonly end: Instant | null;
  /** Credits that this cycle has been granted so far. */
  readonly granted: Microcredits | null;
  /** The next boundary and what it will grant. */
  readonly next: { readonly at: Instant; readonly credits: Microcredits } | null;
}

export interface CycleChangeView {
  readonly account: string;
  readonly plan: string;
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly granted: Microcredits;
  readonly expired: Microcredits;
  readonly missed: number;
}

export interface RolloverView {
  readonly accounts: number;
  readonly granted: bigint;
  readonly expired: bigint;
  readonly changes: readonly CycleChangeView[];
  readonly failed: readonly FailedAccount[];
  readonly dryRun: boolean;
}

export type PlanStatus = 'active' | 'pending_payment' | 'past_due' | 'canceled';

export interface PlanView {
  readonly account: string;
  readonly zone: string;
  readonly plan: string;
  readonly name: string;
  readonly monthly: Microcredits;
  readonly priceCents: number;
  readonly status: PlanStatus;
  readonly pending: { readonly plan: string; readonly at: Instant } | null;
}

/** A plan change. `effectiveAt`: when the new plan counts; `receipt` null when nothing was to be done. */
export interface PlanChangeView extends PlanView {
  readonly effectiveAt: Instant;
  readonly receipt: ReceiptView | null;
  /** What was due before it and was booked with it. */
  readonly booked: DueBooked | null;
  /** Where the plan is paid: its page; absent or null where there is none. */
  readonly payUrl?: string | null;
}

export interface AccountView {
  readonly account: string;
  readonly plan: string;
  readonly zone: string;
  readonly createdAt: Instant;
  readonly closedAt: Instant | null;
  readonly available: Microcredits;
  readonly held: Microcredits;
  readonly debt: Microcredits;
  readonly cycle: { readonly start: Instant; readonly end: Instant } | null;
}

export interface OpenInput {
  readonly account: string;
  readonly plan: string;
  readonly zone: string;
  readonly anchorAt: Instant | null;
}

export interface EntryView {
  readonly seq: number;
  readonly receipt: string;
  readonly at: Instant;
  readonly kind: EntryKind;
  readonly from: Place;
  readonly to: Place;
  readonly lot: string | null;
  readonly source: Source | null;
  readonly credits: Microcredits;
  /** The account's available credits after this entry, as booked. */
  readonly available: Microcredits;
  readonly note: string | null;
}

/** `since` inclusive, `until` exclusive; newest `limit` entries, given oldest first. */
export interface LogQuery {
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly kind: EntryKind | null;
  readonly limit: number | null;
}

/** A dated row for a model, new or known. Rates are exact decimal text. */
export interface ModelSetInput {
  readonly model: string;
  readonly name: string | null;
  readonly provider: string | null;
  readonly input: string;
  readonly output: string;
  readonly cacheRead: string | null;
  readonly cacheWrite: string | null;
  /** Prices of long inputs by rising threshold; absent: length changes nothing. */
  readonly tiers?: readonly RateTier[];
  readonly from: Instant | null;
}

/** A change of the providers that an account pays itself. `env`: name of the variable that holds the key. */
export interface ByokInput {
  readonly action: 'add' | 'remove';
  readonly provider: string;
  readonly env: string | null;
}

/** An account's own provider keys, sorted by provider; never the keys themselves. */
export interface ByokView {
  readonly account: string;
  readonly providers: readonly { readonly provider: string; readonly env: string | null }[];
  /** null for a read, and when nothing was changed. */
  readonly receipt: ReceiptView | null;
}

/** The answer to a change of ledger-wide settings. */
export interface SettingView {
  readonly receipt: ReceiptView;
  readonly catalogue: Catalogue;
}
