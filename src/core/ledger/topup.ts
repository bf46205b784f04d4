/**
 * The top-up policy and the saved card of an account: settings, each booked as a receipt that carries the row whole.
 * Source: contract 6 (`topup`, `card`), 9.
 */
import type { PackageRow } from '../catalogue.ts';
import { type Microcredits, ZERO } from '../credits.ts';
import { invalid, LedgerError } from '../errors.ts';
import { type Purchase, requireMix } from '../topup.ts';
import type { Detail } from '../types.ts';
import type { Card, TopupPolicy, Wallet, WalletChange } from '../wallet.ts';
import { type Booking, type RequestKey, refuseClosed } from './booking.ts';
import { sweep } from './sweep.ts';

/** What a person changes of the policy; what is undefined stays as it was. */
export interface TopupInput {
  readonly threshold?: Microcredits;
  readonly amount?: Microcredits;
  /** Null: no limit. */
  readonly limitCents?: number | null;
  readonly enabled?: boolean;
}

/** Who changes it, for the receipt. */
export interface Author {
  readonly by: string;
}

/** The detail of a receipt that changes rows of a wallet: each row whole, as it is afterwards. */
export function walletDetail({ policy, card, attempts = [] }: WalletChange): Detail {
  const [attempt] = attempts;
  return {
    ...(policy === undefined ? {} : { topup: policy }),
    ...(card === undefined ? {} : { card }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

const NEW_POLICY = { enabled: false, limitCents: null, strikes: 0, coolUntil: null, reason: null } as const;

/**
 * Changes the policy.
 * @param packages on sale now
 * @returns what changed; undefined: it was so already, and nothing is booked without a key
 * @throws LedgerError in this order: `account_closed`, `invalid_argument` (threshold or amount missing, amount no sum of
 *   packages), `topup_limit_reached` (the limit is below one purchase), `no_payment_method`; nothing is booked then
 */
export function decideTopup(
  booking: Booking,
  wallet: Wallet,
  input: TopupInput,
  packages: readonly PackageRow[],
  key: RequestKey,
  { by }: Author,
): WalletChange | undefined {
  refuseClosed(booking.account);
  const policy = changedPolicy(wallet, input);
  // What is on may be switched off also when its package has been retired.
  if (input.enabled !== false || input.amount !== undefined) {
    refuseTooSmallLimit(policy, requireMix(packages, policy.amount));
  }
  if (policy.enabled) requireCard(wallet);
  const isSame = JSON.stringify(policy) === JSON.stringify(wallet.policy);
  sweep(booking);
  if (isSame && key.key === null) return undefined;
  const change = { policy };
  booking.close('setting', { credits: ZERO, detail: { ...walletDetail(change), by } }, key);
  return change;
}

function changedPolicy({ policy }: Wallet, input: TopupInput): TopupPolicy {
  const threshold = input.threshold ?? policy?.threshold;
  const amount = input.amount ?? policy?.amount;
  if (threshold === undefined || amount === undefined) {
    throw invalid(
      'auto top-up has no threshold and amount yet',
      'for example `credits topup set --threshold 100 --amount 500`',
    );
  }
  if (amount === ZERO) throw invalid('the amount must be more than 0');
  const before = policy ?? NEW_POLICY;
  const limitCents = input.limitCents === undefined ? before.limitCents : input.limitCents;
  const next = { ...before, threshold, amount, limitCents };
  const ordered = (more: Partial<TopupPolicy>): TopupPolicy => {
    const { enabled, strikes, coolUntil, reason } = { ...next, ...more };
    return { enabled, threshold, amount, limitCents, strikes, coolUntil, reason };
  };
  if (input.enabled === true && !before.enabled) {
    return ordered({ enabled: true, strikes: 0, coolUntil: null, reason: null });
  }
  // Also one that only waits for another card: who has said off is asked before it goes on.
  if (input.enabled === false) {
    return ordered({ enabled: false, reason: 'disabled' });
  }
  return ordered({});
}

function refuseTooSmallLimit({ limitCents }: TopupPolicy, { priceCents }: Purchase): void {
  if (limitCents === null || limitCents >= priceCents) return;
  throw new LedgerError(
    'topup_limit_reached',
    `a monthly limit of ${money(limitCents)} is below one purchase of ${money(priceCents)}`,
    {
      hint: 'raise the limit, or buy less at a time',
      details: { monthlyLimitCents: limitCents, priceCents },
    },
  );
}

const money = (cents: number): string =>
  `$${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

/** A card that can be charged. @throws LedgerError `no_payment_method` */
export function requireCard({ card }: Wallet): Card & { readonly paymentMethod: string } {
  if (card?.paymentMethod == null) {
    throw new LedgerError('no_payment_method', 'no card is saved', {
      hint: 'save one with `credits card add`',
    });
  }
  if (card.refused) {
    throw new LedgerError('no_payment_method', 'the bank has refused the saved card for good', {
      hint: 'save another one with `credits card add`',
    });
  }
  return { ...card, paymentMethod: card.paymentMethod };
}

/**
 * Stores how the account pays. Another card than before takes strikes and waiting away, and switches a top-up on again
 * that only waited for one (contract 9: a hard decline switches it off until another card is saved).
 * @throws LedgerError `account_closed` where a card is added; a card goes also from a closed account
 */
export function decideCard(
  booking: Booking,
  wallet: Wallet,
  card: Card,
  key: RequestKey,
  { by }: Author,
): WalletChange {
  if (card.paymentMethod !== null) refuseClosed(booking.account);
  sweep(booking);
  const isOther = card.paymentMethod !== null && card.paymentMethod !== wallet.card?.paymentMethod;
  const { policy } = wallet;
  const change: WalletChange = {
    card,
    ...(isOther && policy !== null ? { policy: withNewCard(policy) } : {}),
  };
  booking.close('setting', { credits: ZERO, detail: { ...walletDetail(change), by } }, key);
  return change;
}

function withNewCard(policy: TopupPolicy): TopupPolicy {
  const waited = !policy.enabled && policy.reason === 'card_refused';
  const reason = policy.enabled || waited ? null : policy.reason;
  return { ...policy, enabled: policy.enabled || waited, strikes: 0, coolUntil: null, reason };
}
