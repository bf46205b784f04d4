/**
 * The money side of an account as plain data: what it pays with, when it tops up by itself, and every payment it tried.
 * Each row is carried whole by the receipt that changed it, so the chain covers it and `verify` derives it again.
 *
 * Source: contract 3 (statuses), 9.
 */
import type { Microcredits } from './credits.ts';
import type { Instant, Lot } from './types.ts';

export type ProviderId = 'stripe' | 'simulated';

/** Why auto top-up is off although it was on, or rests. */
export type TopupReason =
  /** A person switched it off, or never on. */
  | 'disabled'
  /** The bank refused the card for good; another card switches it on again. */
  | 'card_refused'
  /** Three soft declines in a row. */
  | 'declined_three_times'
  /** Money went back. */
  | 'refunded'
  | 'disputed'
  /** An early warning of fraud by the bank. */
  | 'fraud_warning'
  /** What came in is not what was asked for. */
  | 'mismatch'
  /** Resting: a soft decline. */
  | 'declined'
  /** Resting: our own configuration was refused. */
  | 'provider_config';

/** When to buy by itself. Amounts in microcredits, money in minor units. */
export interface TopupPolicy {
  readonly enabled: boolean;
  readonly threshold: Microcredits;
  readonly amount: Microcredits;
  /** Most of a calendar month of the account's zone; null: no limit. */
  readonly limitCents: number | null;
  /** Soft declines in a row, 0 to 3; the third switches it off. */
  readonly strikes: number;
  /** No attempt before this instant. */
  readonly coolUntil: Instant | null;
  readonly reason: TopupReason | null;
}

/**
 * A plan that is paid at the provider every month. `plan` is what the last paid invoice bought, or what the open page sells.
 */
export interface Subscription {
  /** `sub_…`; null while its page is open. */
  readonly id: string | null;
  readonly session: string | null;
  readonly status: 'pending' | 'active' | 'past_due' | 'ended';
  readonly plan: string;
  readonly price: string;
  /** Of the last paid period. */
  readonly periodStart: Instant | null;
  readonly periodEnd: Instant | null;
  /** Cheaper, from the next paid invoice on; `free`: it ends then. */
  readonly nextPlan: string | null;
  /** Dearer, waiting for its invoice; `at` on the provider's clock. */
  readonly change: { readonly plan: string; readonly at: Instant } | null;
}

/**
 * How an account pays. Without a card the provider's customer stays, and a set-up page that waits may be named. Never a
 * number of a card.
 */
export interface Card {
  readonly provider: ProviderId;
  readonly customer: string;
  readonly paymentMethod: string | null;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expMonth: number | null;
  readonly expYear: number | null;
  /** A bank refused it for good: top-up wants another one. */
  readonly refused: boolean;
  /** Version of the text that was agreed to, and when. */
  readonly consent: string | null;
  readonly consentAt: Instant | null;
  /** Session of a set-up page that is waited for. */
  readonly setup: string | null;
  readonly subscription: Subscription | null;
}

export type AttemptKind = 'auto' | 'manual';

/** Status of an attempt, and of the purchase it is. */
export const ATTEMPT_STATUSES = [
  'reserved',
  'created',
  'confirming',
  'processing',
  'requires_action',
  'unknown',
  'succeeded',
  'failed',
  'canceled',
  'mismatch',
] as const;
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];

/** May still take money. */
export const ACTIVE: ReadonlySet<AttemptStatus> = new Set<AttemptStatus>([
  'reserved',
  'created',
  'confirming',
  'processing',
  'requires_action',
  'unknown',
]);

/** The bank was asked, and nobody has heard its answer: nothing else is charged before that is known. */
export const isUnheard = ({ status }: Pick<Attempt, 'status'>): boolean =>
  status === 'unknown' || status === 'confirming';

/** What of a payment went back: id of the refund or dispute → its status and its money. Merged, never replaced. */
export type Returns = Readonly<Record<string, { readonly status: ReturnStatus; readonly cents: number }>>;

/** Refunds and disputes in the order in which they can follow one another; a later one is never undone by an earlier. */
export type ReturnStatus =
  | 'pending'
  | 'succeeded'
  | 'failed'
  | 'canceled'
  | 'flagged'
  | 'open'
  | 'lost'
  | 'won';

/** One try to buy credits. `no` is the number of the receipt that reserved it. */
export interface Attempt {
  readonly no: number;
  readonly kind: AttemptKind;
  readonly status: AttemptStatus;
  readonly credits: Microcredits;
  readonly amountCents: number;
  readonly currency: string;
  /** Packages and how many of each, as bought: `1×2000 + 1×500`. */
  readonly mix: string;
  readonly reservedAt: Instant;
  readonly provider: ProviderId;
  readonly customer: string;
  /** Null: paid on a page of the provider's. */
  readonly paymentMethod: string | null;
  /** The payment at the provider, once it is known. */
  readonly intent: string | null;
  /** The pay page, where one was opened. */
  readonly session: string | null;
  /** A decline's code, or why it is unknown or mismatched. */
  readonly reason: string | null;
  /** Number of the lot it granted. */
  readonly lot: number | null;
  /** Taken back so far for refunds and disputes, less what was given back again. */
  readonly clawed: Microcredits;
  /** All that was ever taken back for it, by the number of the lot it came from; what became debt is in none. */
  readonly clawedFrom: Readonly<Record<string, Microcredits>>;
  /**
   * Of `clawed`, what came from no lot of its own: from lots of other purchases, or as debt. Whatever its own lots lose by
   * hand later counts against this first. Absent: not kept yet when it was last taken back or given back.
   */
  readonly elsewhere?: Microcredits;
  /** Numbers of the lots in which something was given back because less of the money had gone: its own beside `lot`. */
  readonly lots?: readonly number[];
  readonly returns: Returns;
  /** Number of the receipt that last changed it. */
  readonly changedBy: number;
}

/**
 * The money side as far as a decision needs it. `attempts`: those that may still take money, the automatic ones of the
 * last 32 days, and those that were asked for, with every one that took credits back from a lot beside them.
 */
export interface Wallet {
  readonly policy: TopupPolicy | null;
  readonly card: Card | null;
  readonly attempts: ReadonlyMap<number, Attempt>;
}

export const NO_WALLET: Wallet = { policy: null, card: null, attempts: new Map() };

/** Rows of a wallet that a decision made or changed. */
export interface WalletChange {
  readonly policy?: TopupPolicy;
  readonly card?: Card;
  readonly attempts?: readonly Attempt[];
}

/** The wallet after a change. */
export function applyChange(wallet: Wallet, change: WalletChange): Wallet {
  const attempts = new Map(wallet.attempts);
  for (const attempt of change.attempts ?? []) attempts.set(attempt.no, attempt);
  return { policy: change.policy ?? wallet.policy, card: change.card ?? wallet.card, attempts };
}

/** Two changes as one: where both name a row, the second has it. */
export function bothChanges(first: WalletChange, second: WalletChange): WalletChange {
  const attempts = new Map(
    [...(first.attempts ?? []), ...(second.attempts ?? [])].map((row) => [row.no, row]),
  );
  return { ...first, ...second, ...(attempts.size > 0 ? { attempts: [...attempts.values()] } : {}) };
}

/** True once it has taken credits back from a lot, or has kept from where. */
export const isClaim = ({ clawedFrom, elsewhere }: Attempt): boolean =>
  elsewhere !== undefined || Object.keys(clawedFrom).length > 0;

/** A part of a wallet's payments: those that took credits back. */
export const claimsOf = (attempts: Iterable<Attempt>): ReadonlyMap<number, Attempt> =>
  new Map([...attempts].filter(isClaim).map((attempt) => [attempt.no, attempt]));

/** True where what a hold lets go may be of a purchase that was taken back: a purchased lot was revoked under it. */
export function asksForClaims(lots: Iterable<Lot>): boolean {
  for (const { source, endKind, held } of lots) {
    if (endKind === 'revoked' && source === 'purchased' && held > 0) return true;
  }
  return false;
}

/** Lots of a payment: what it granted, and what came back of it with its money. */
export const ownLots = ({ lot, lots = [] }: Attempt): number[] => (lot === null ? [] : [lot, ...lots]);

/** How long a wallet looks back for automatic attempts: longer than any month. */
export const LOOK_BACK_MS = 32 * 86_400_000;

/**
 * The part of a wallet that a decision is given, where more of it is at hand: the same rows whichever engine reads them.
 * @param at of the decision, at least the account's last time
 * @param named number of the attempt that it is about; null: none
 */
export function walletFor(whole: Wallet, at: Instant, named: number | null): Wallet {
  const since = at - LOOK_BACK_MS;
  const attempts = [...whole.attempts.values()].filter(
    (attempt) =>
      attempt.no === named ||
      ACTIVE.has(attempt.status) ||
      (attempt.kind === 'auto' && attempt.reservedAt >= since) ||
      // What it took from other lots counts where one of these is asked about.
      (named !== null && isClaim(attempt)),
  );
  return { ...whole, attempts: new Map(attempts.map((attempt) => [attempt.no, attempt])) };
}
