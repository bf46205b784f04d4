/** Auto top-up as it stands, and changes of its policy. Nothing here talks to a provider. Source: contract 6 (`topup`), 9. */
import { Booking, type Decision } from '../../core/ledger/booking.ts';
import { CURRENCY, nextPurchase } from '../../core/ledger/payments.ts';
import { bookDueCycle } from '../../core/ledger/plan-change.ts';
import { isRenewing } from '../../core/ledger/subscriptions.ts';
import { sweep } from '../../core/ledger/sweep.ts';
import { decideTopup, type TopupInput } from '../../core/ledger/topup.ts';
import type { PlanContext } from '../../core/plans.ts';
import { topupState, usedInMonth } from '../../core/topup.ts';
import type { AccountState, Instant } from '../../core/types.ts';
import { applyChange, bothChanges, type Card, type Wallet } from '../../core/wallet.ts';
import { answerOf, contextOf, type LocalDeps, refuseFuture } from '../local-deps.ts';
import { requireSameRequest } from '../local-keys.ts';
import type { SavedCard, TopupView } from '../payment-views.ts';
import type { ReceiptView, WriteOptions } from '../service.ts';
import type { Work } from '../store.ts';

export function savedCard(card: Card | null): SavedCard | null {
  if (card?.paymentMethod == null) return null;
  const { paymentMethod, brand, last4, expMonth, expYear } = card;
  return { paymentMethod, brand: brand!, last4: last4!, expMonth: expMonth!, expYear: expYear! };
}

/** The policy with everything the clock and a due cycle make of the balance. */
export function topupView(
  state: AccountState,
  wallet: Wallet,
  now: Instant,
  context: PlanContext,
  receipt: ReceiptView | null = null,
): TopupView {
  const booking = new Booking(state, now);
  sweep(booking);
  bookDueCycle(booking, context);
  const { policy, card, attempts } = wallet;
  const { account } = booking;
  const priceCents = policy === null ? null : (nextPurchase(booking, policy, context)?.priceCents ?? null);
  const usedCents = usedInMonth(attempts.values(), booking.at, account.zone, context.zones);
  const isClosed = account.closedAt !== null;
  const facts = { at: booking.at, available: booking.available, debt: account.debt, isClosed };
  return {
    account: account.id,
    zone: account.zone,
    enabled: policy?.enabled === true,
    threshold: policy?.threshold ?? null,
    amount: policy?.amount ?? null,
    priceCents,
    monthlyLimitCents: policy?.limitCents ?? null,
    usedThisMonthCents: usedCents,
    currency: CURRENCY,
    state: topupState(wallet, {
      ...facts,
      priceCents,
      usedCents,
      isRenewing: isRenewing(card?.subscription, booking.at),
    }),
    reason: policy?.reason ?? null,
    coolUntil: policy?.coolUntil ?? null,
    paymentMethod: savedCard(card),
    available: booking.available,
    receipt,
  };
}

/** The context of decisions about one account, with the rules of its zone. */
export async function contextFor(deps: LocalDeps, zone: string): Promise<PlanContext> {
  const context = contextOf(deps, await deps.store.catalogue());
  return deps.zones.isZone(zone) ? context : { ...context, zones: await deps.loadZones() };
}

/** @throws LedgerError `unknown_account` */
export async function readTopup(deps: LocalDeps, id: string): Promise<TopupView> {
  const { state } = await deps.store.read(id);
  const now = deps.now();
  const wallet = await deps.store.payments.wallet(state.account, now);
  return topupView(state, wallet, now, await contextFor(deps, state.account.zone));
}

/**
 * @throws LedgerError `unknown_account`, `account_closed`, `invalid_argument`, `topup_limit_reached`, `no_payment_method`,
 *   `key_reused`
 */
export async function setTopup(
  deps: LocalDeps,
  id: string,
  input: TopupInput,
  { key = null, dryRun = false }: WriteOptions,
): Promise<TopupView> {
  const now = deps.now();
  const { threshold = null, amount = null, limitCents, enabled = null } = input;
  const asked = ['topup', threshold, amount, limitCents === undefined ? 'same' : limitCents, enabled];
  const request = key === null ? null : deps.sha256(JSON.stringify(asked));
  let after: { state: AccountState; wallet: Wallet } | undefined;
  const work: Work = {
    account: id,
    now,
    loads: { key, wallet: { attempt: null } },
    dryRun,
    decide: ({ state, replay, catalogue, wallet }) => {
      after = { state, wallet };
      if (replay !== null) {
        requireSameRequest(replay, request, key);
        return { replay };
      }
      refuseFuture(deps.store.mode, now, deps.wall());
      const booking = new Booking(state, now);
      const packages = catalogue.packagesAt(booking.at);
      const change = decideTopup(booking, wallet, input, packages, { key, request }, { by: deps.actor });
      const done: Decision = change === undefined ? nothing(state) : booking.done();
      const both = bothChanges(done.wallet ?? {}, change ?? {});
      after = { state: done.state, wallet: applyChange(wallet, both) };
      return { ...done, swept: null, change: null, wallet: both };
    },
  };
  const [result] = await deps.store.execute([work]);
  if (!result!.ok) throw result!.error;
  const { decided } = result!;
  const { state, wallet } = after!;
  const receipt =
    'replay' in decided || decided.booked.length > 0 ? answerOf(decided, dryRun, state.account) : null;
  return topupView(state, wallet, now, await contextFor(deps, state.account.zone), receipt);
}

/** A decision that changes nothing. */
export const nothing = (state: AccountState): Decision => ({
  state,
  booked: [],
  lots: new Set<number>(),
  holds: new Set<number>(),
});
