/** Pays for one finished call at once, or refuses it whole. Source: contract 5.1, 5.2, 5.6, 5.10; 6 (`spend`). */
import { type CallInput, type CallPrice, priceOn, termsOf } from '../calls.ts';
import type { Catalogue } from '../catalogue.ts';
import { type Microcredits, ZERO } from '../credits.ts';
import { invalid } from '../errors.ts';
import { selectLots } from '../lots.ts';
import type { CallTags, Instant, Usage } from '../types.ts';
import { type Booking, type RequestKey, refuseClosed, refuseDebt } from './booking.ts';
import type { SpendCommand } from './commands.ts';
import { sweep } from './sweep.ts';

/** Usage of a bare amount: no model, no tokens, list price equal to what was paid. */
export function bareUsage(amount: Microcredits, tags: CallTags, at: Instant): Omit<Usage, 'receipt'> {
  return {
    at,
    model: null,
    provider: null,
    rate: null,
    inputTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    toolCalls: 0,
    activity: tags.activity,
    session: tags.session,
    run: tags.run,
    byok: false,
    credits: amount,
    listCredits: amount,
  };
}

/** Usage of a priced call. */
export function callUsage(
  call: Omit<CallInput, 'model' | 'provider' | 'noByok'>,
  price: CallPrice,
  at: Instant,
): Omit<Usage, 'receipt'> {
  return {
    at,
    model: price.model,
    provider: price.provider,
    rate: price.rate?.no ?? null,
    inputTokens: call.inputTokens,
    cachedTokens: call.cachedTokens,
    cacheWriteTokens: call.cacheWriteTokens,
    outputTokens: call.outputTokens,
    toolCalls: call.toolCalls,
    activity: call.activity,
    session: call.session,
    run: call.run,
    byok: price.byok,
    credits: price.credits,
    listCredits: price.listCredits,
  };
}

/**
 * Books a spend: the receipt of what lapsed, then one `spent` entry per lot touched.
 * @throws LedgerError in this order: `account_closed`, `invalid_argument`, `unknown_model`, `unpriced_model`, `in_debt`,
 *   `insufficient_credits`; nothing is booked then. A call on the account's own key skips the last two.
 */
export function decideSpend(
  booking: Booking,
  command: SpendCommand,
  catalogue: Catalogue,
  now: Instant,
  key: RequestKey,
): void {
  refuseClosed(booking.account);
  refuseBoth(command);
  const at = command.at ?? booking.at;
  if (at > Math.max(now, booking.at)) throw invalid('a call cannot have taken place later than now');
  const usage =
    command.call === null
      ? bareUsage(requireAmount(command.amount), command.tags, at)
      : callUsage(
          command.call,
          priceOn(termsOf(catalogue, booking.account, command.call, at), command.call),
          at,
        );
  sweep(booking);
  if (!usage.byok) {
    refuseDebt(booking);
    for (const slice of selectLots(booking.lots.values(), usage.credits, booking.at)) {
      booking.move('spent', 'available', 'spent', slice.amount, slice.lot);
    }
  }
  booking.close('spend', { credits: usage.credits, note: command.note, usage }, key);
}

/**
 * Refuses an amount beside a call: which of them was meant is not to be guessed.
 * @throws LedgerError `invalid_argument`. Source: contract 6 (`spend`).
 */
export function refuseBoth({ amount, call }: Pick<SpendCommand, 'amount' | 'call'>): void {
  if (amount !== null && call !== null) throw invalid('name an amount or a call, not both');
}

/** A bare amount: more than 0. */
export function requireAmount(amount: Microcredits | null): Microcredits {
  if (amount === null) throw invalid('name an amount of credits, or a call with -m and its tokens');
  if (amount === ZERO) throw invalid('the amount must be more than 0');
  return amount;
}
