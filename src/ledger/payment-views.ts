/** What payments answer: plain serialisable data, money in minor units, amounts in microcredits. Source: contract 6, 9. */
import type { Microcredits } from '../core/credits.ts';
import type { LedgerError } from '../core/errors.ts';
import type { TopupInput } from '../core/ledger/topup.ts';
import type { TopupState } from '../core/topup.ts';
import type { Instant } from '../core/types.ts';
import type { AttemptKind, AttemptStatus, ProviderId, TopupReason } from '../core/wallet.ts';
import type { DueBooked } from './due-booked.ts';
import type { ReceiptView } from './views.ts';

export type { AttemptKind, AttemptStatus, ProviderId, TopupInput, TopupReason, TopupState };

/** A saved card, as a person recognises it. */
export interface SavedCard {
  readonly paymentMethod: string;
  readonly brand: string;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
}

/** Auto top-up of an account; all null before the first `set`. */
export interface TopupView {
  readonly account: string;
  readonly zone: string;
  readonly enabled: boolean;
  readonly threshold: Microcredits | null;
  readonly amount: Microcredits | null;
  /** Of the next purchase; null: its amount is no sum of packages any more. */
  readonly priceCents: number | null;
  readonly monthlyLimitCents: number | null;
  readonly usedThisMonthCents: number;
  readonly currency: string;
  readonly state: TopupState;
  readonly reason: TopupReason | null;
  /** End of a wait after a decline. */
  readonly coolUntil: Instant | null;
  readonly paymentMethod: SavedCard | null;
  readonly available: Microcredits;
  /** Null for a read, and when nothing was changed. */
  readonly receipt: ReceiptView | null;
}

export interface AttemptView {
  readonly attempt: string;
  readonly account: string;
  readonly kind: AttemptKind;
  readonly at: Instant;
  readonly status: AttemptStatus;
  readonly credits: Microcredits;
  readonly amountCents: number;
  readonly currency: string;
  readonly mix: string;
  readonly reason: string | null;
  /** What refunds and disputes took back. */
  readonly clawed: Microcredits;
  readonly lot: string | null;
  readonly provider: ProviderId;
}

/** What `topup run` made. `failed`: accounts whose own charge was declined, or that could not be looked at. */
export interface TopupRunView {
  /** Accounts looked at. */
  readonly accounts: number;
  readonly attempts: readonly AttemptView[];
  readonly failed: readonly { readonly account: string; readonly error: LedgerError }[];
  /** True when a simulated provider was asked. */
  /** Accounts of which clock or cycle had something due, which was booked first. */
  readonly booked: readonly ({ readonly account: string } & DueBooked)[];
  readonly simulated: boolean;
  /** The account's state where one account was named. */
  readonly state: TopupState | null;
  readonly dryRun: boolean;
}

/** A purchase. `receipt`: of the grant, once there is one; `payUrl`: where the holder has to go. */
export interface PurchaseView {
  readonly purchase: string;
  readonly account: string;
  readonly kind: AttemptKind;
  readonly at: Instant;
  readonly status: AttemptStatus;
  readonly credits: Microcredits;
  readonly amountCents: number;
  readonly currency: string;
  readonly mix: string;
  readonly reason: string | null;
  readonly receipt: string | null;
  readonly lot: string | null;
  readonly clawed: Microcredits;
  readonly payUrl: string | null;
  readonly available: Microcredits | null;
  readonly simulated: boolean;
  readonly replayed: boolean;
  readonly dryRun: boolean;
}

export interface BuyInput {
  readonly package: string;
  /** Most it may cost; null: whatever it costs. */
  readonly maxChargeCents: number | null;
  /** True: with a pay link, whether or not a card is saved. */
  readonly checkout: boolean;
}

/** The saved card of an account. */
export interface CardView {
  readonly account: string;
  /** `waiting`: a set-up page is open. */
  readonly status: 'saved' | 'waiting' | 'none';
  readonly card: SavedCard | null;
  readonly provider: ProviderId | null;
  readonly refused: boolean;
  readonly consent: { readonly version: string; readonly at: Instant } | null;
  /** For the caller alone. */
  readonly setupUrl: string | null;
  /** True when saving it switched a waiting top-up on again. */
  readonly resumed: boolean;
  readonly simulated: boolean;
  readonly receipt: ReceiptView | null;
}

/** What a sync did. */
export interface SyncView {
  readonly provider: ProviderId;
  /** Attempts that were looked up, as they are now. */
  readonly attempts: readonly AttemptView[];
  /** Events read, and how many of them were new. A dry run reads the new ones alone and applies none. */
  readonly events: { readonly read: number; readonly applied: number };
  /** Credits granted, taken back and given back. */
  readonly granted: Microcredits;
  readonly clawed: Microcredits;
  readonly reinstated: Microcredits;
  /** Accounts that were granted paid credits although they are closed. */
  readonly closed: readonly string[];
  readonly failed: readonly { readonly what: string; readonly error: LedgerError }[];
  readonly dryRun: boolean;
}

export type AuditDifference =
  /** Paid, and no credits. */
  | 'paid_not_granted'
  /** Credits, and no payment in the provider's books. */
  | 'granted_not_paid'
  /** Amount, currency or customer is another. */
  | 'amount_differs'
  /** Money went back, and credits did not, or the other way round. */
  | 'returns_differ'
  /** The provider knows how it ended, we do not. */
  | 'unsettled';

export interface AuditView {
  readonly ok: boolean;
  readonly provider: ProviderId;
  readonly payments: number;
  readonly paidCents: number;
  readonly returnedCents: number;
  readonly differences: readonly {
    readonly kind: AuditDifference;
    readonly account: string | null;
    readonly attempt: string | null;
    readonly intent: string | null;
    readonly detail: string;
  }[];
}
