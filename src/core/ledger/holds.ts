/**
 * Reserving before a call and closing after it. A hold takes from specific lots; closing follows its recorded slices,
 * never today's order. Source: contract 5.3, 5.4, 5.6, 5.10; 6 (`hold`, `settle`, `release`).
 */
import { type CallInput, type CallPrice, priceOn, termsOf } from '../calls.ts';
import type { Catalogue } from '../catalogue.ts';
import { least, MAX_ACCOUNT, MAX_ACCOUNT_TEXT, type Microcredits, subtract, ZERO } from '../credits.ts';
import { invalid, LedgerError } from '../errors.ts';
import { holdId } from '../ids.ts';
import { selectLots, takeUpTo } from '../lots.ts';
import type { CallTags, HeldCall, Hold, Usage } from '../types.ts';
import { type Booking, type RequestKey, refuseClosed, refuseDebt } from './booking.ts';
import type { HoldCommand, ReleaseCommand, SettleCommand } from './commands.ts';
import { goingOf, offsetTaken } from './give-back.ts';
import { bareUsage, callUsage, refuseBoth, requireAmount } from './spend.ts';
import { giveBack, returning, sweep } from './sweep.ts';

/** Shortest and longest life of a hold: 1 s to 24 h (contract 5.3). */
export const HOLD_TTL_MS = { least: 1_000, most: 86_400_000, standard: 600_000 } as const;

/** Most output tokens that a hold reserves for without being told. Source: contract 6 (`hold`). */
const MOST_ASSUMED_OUTPUT = 16_384;

/**
 * Output tokens to reserve for where nobody says how many there may be: the model's maximum, within reason.
 * @param model an id, name or alias; of an unknown one nothing is known, and refusing it is the ledger's business
 */
export function assumedOutput(catalogue: Catalogue, model: string): number {
  return Math.min(catalogue.findModel(model)?.maxOutput ?? MOST_ASSUMED_OUTPUT, MOST_ASSUMED_OUTPUT);
}

/**
 * Reserves credits from specific lots.
 * @throws LedgerError in this order: `account_closed`, `invalid_argument`, `unknown_model`, `unpriced_model`, `in_debt`,
 *   `insufficient_credits`; nothing is booked then
 */
export function decideHold(
  booking: Booking,
  command: HoldCommand,
  catalogue: Catalogue,
  key: RequestKey,
): void {
  refuseClosed(booking.account);
  refuseBoth(command);
  if (command.estimatedTokens !== undefined && command.call === null) {
    throw invalid('a hold by amount has no input to be estimated', 'name the call it is for');
  }
  const { ttlMs } = command;
  if (ttlMs < HOLD_TTL_MS.least || ttlMs > HOLD_TTL_MS.most) {
    throw invalid('a hold lives for 1 second to 24 hours', 'for example --ttl 10m');
  }
  const price =
    command.call === null
      ? null
      : priceOn(termsOf(catalogue, booking.account, command.call, booking.at), command.call);
  const amount = price === null ? requireAmount(command.amount) : price.credits;
  sweep(booking);
  const free = price?.byok === true;
  if (!free) refuseDebt(booking);
  const slices = free ? [] : selectLots(booking.lots.values(), amount, booking.at);
  for (const slice of slices) booking.move('held', 'available', 'held', slice.amount, slice.lot);
  const hold: Hold = {
    no: booking.next,
    amount,
    status: 'open',
    createdAt: booking.at,
    expiresAt: booking.at + ttlMs,
    resolvedBy: null,
    call: price === null ? null : heldCall(command.call!, price, command.estimatedTokens),
    tags: command.tags,
    slices,
  };
  booking.putHold(hold);
  const detail = { expiresAt: hold.expiresAt, call: hold.call, tags: hold.tags };
  booking.close('hold', { credits: amount, note: command.note, detail }, key);
}

function heldCall(call: CallInput, price: CallPrice, estimatedTokens: number | undefined): HeldCall {
  return {
    model: price.model,
    provider: price.provider,
    rate: price.rate?.no ?? null,
    byok: price.byok,
    inputTokens: call.inputTokens,
    cachedTokens: call.cachedTokens,
    cacheWriteTokens: call.cacheWriteTokens,
    outputTokens: call.outputTokens,
    ...(estimatedTokens === undefined ? {} : { estimatedTokens }),
    listCredits: price.listCredits,
  };
}

/** @throws LedgerError `unknown_hold` when the account has no such hold */
function requireHold(booking: Booking, no: number): Hold {
  const hold = booking.holds.get(no);
  if (hold === undefined) {
    const id = holdId(booking.account, no);
    throw new LedgerError('unknown_hold', `account ${booking.account.id} has no hold ${id}`, {
      hint: 'list them with `credits holds --all`',
    });
  }
  return hold;
}

function resolvedAlready(booking: Booking, hold: Hold): LedgerError {
  const id = holdId(booking.account, hold.no);
  return new LedgerError('hold_already_resolved', `hold ${id} is ${hold.status} already`, {
    details: { hold: id, status: hold.status },
  });
}

/**
 * Closes a hold with what the call used. Less: the rest returns to the same lots, last slice first. More: the excess
 * burns in burn order, and what no lot covers becomes debt. After the time to live: one direct debit, marked `late`.
 * @throws LedgerError `unknown_hold`, `hold_already_resolved`, `invalid_argument` (also a debt past 8 billion credits),
 *   `unknown_model`, `unpriced_model`: nothing is booked then
 */
export function decideSettle(
  booking: Booking,
  command: SettleCommand,
  catalogue: Catalogue,
  key: RequestKey,
): void {
  const found = requireHold(booking, command.hold);
  if (found.status === 'settled' || found.status === 'released') throw resolvedAlready(booking, found);
  refuseBoth(command);
  const usage = settledUsage(booking, found, command, catalogue);
  sweep(booking);
  const hold = booking.holds.get(found.no)!;
  const late = hold.status === 'lapsed';
  const cost = usage.credits;
  const back = late ? [] : returning(hold, least(cost, hold.amount));
  offsetTaken(booking, goingOf(booking, back));
  const captured = late ? ZERO : capture(booking, hold, cost);
  const released = giveBack(booking, back);
  const overrun = subtract(cost, captured);
  burnOverrun(booking, overrun);
  booking.putHold({ ...hold, status: 'settled', resolvedBy: booking.next });
  const detail = { hold: hold.no, released, overrun, late };
  booking.close('settle', { credits: cost, note: command.note, detail, usage }, key);
}

function capture(booking: Booking, hold: Hold, cost: Microcredits): Microcredits {
  let left = cost;
  for (const slice of hold.slices) {
    const part = least(left, slice.amount);
    booking.move('spent', 'held', 'spent', part, slice.lot);
    left = subtract(left, part);
  }
  return subtract(cost, left);
}

function burnOverrun(booking: Booking, overrun: Microcredits): void {
  if (overrun === ZERO) return;
  const { slices, short } = takeUpTo(booking.lots.values(), overrun, booking.at);
  // Far below what can be counted exactly, so that a refund or dispute always finds room to be owed.
  if (short > ZERO && booking.account.debt + short > MAX_ACCOUNT) {
    throw invalid(
      `account ${booking.account.id} would owe more than ${MAX_ACCOUNT_TEXT}`,
      'the hold stays as it is: add credits first, with `credits grant` or `credits buy`',
      { account: booking.account.id },
    );
  }
  for (const slice of slices) booking.move('spent', 'available', 'spent', slice.amount, slice.lot);
  booking.move('owed', 'debt', 'spent', short, null);
}

/** What a settle books: the hold's own choice of payer and rate, whatever has changed since (contract 1, 5.10). */
function settledUsage(
  booking: Booking,
  hold: Hold,
  command: SettleCommand,
  catalogue: Catalogue,
): Omit<Usage, 'receipt'> {
  const tags = mergeTags(command.tags, hold.tags);
  if (command.call === null) return settledByAmount(booking, hold, command.amount, tags);
  const own = hold.call;
  if (own === null && command.call.model === '') {
    throw invalid('this hold was made by amount: name the model with -m, or the cost with --credits');
  }
  if (own !== null && command.call.model !== '' && !sameModel(catalogue, own, command.call.model)) {
    throw invalid(`this hold was made for ${own.model}`, 'a settle is priced by the model of its hold');
  }
  if (own?.byok === true && command.call.noByok) {
    throw invalid(
      `this hold was made on the account's own key for ${own.provider ?? own.model}`,
      'a hold keeps the choice it was made with: leave --no-byok out',
    );
  }
  const terms =
    own === null
      ? termsOf(catalogue, booking.account, command.call, hold.createdAt)
      : {
          model: own.model,
          provider: own.provider,
          rate: own.rate === null ? null : (catalogue.rateByNo(own.rate) ?? null),
          byok: own.byok,
        };
  return callUsage({ ...command.call, ...tags }, priceOn(terms, command.call), booking.at);
}

function sameModel(catalogue: Catalogue, own: HeldCall, text: string): boolean {
  return (catalogue.findModel(text)?.id ?? text) === own.model;
}

function settledByAmount(
  booking: Booking,
  hold: Hold,
  amount: Microcredits | null,
  tags: CallTags,
): Omit<Usage, 'receipt'> {
  if (amount === null)
    throw invalid('say what the call used: --credits, or --input-tokens and --output-tokens');
  const bare = bareUsage(amount, tags, booking.at);
  if (hold.call === null) return bare;
  const { model, provider, byok } = hold.call;
  return { ...bare, model, provider, byok, credits: byok ? ZERO : amount };
}

function mergeTags(given: CallTags, held: CallTags): CallTags {
  return {
    activity: given.activity ?? held.activity,
    session: given.session ?? held.session,
    run: given.run ?? held.run,
  };
}

/**
 * Closes a hold with nothing: all of it goes back to its lots.
 * @throws LedgerError `unknown_hold`, `hold_already_resolved` (also for a lapsed one): nothing is booked then
 */
export function decideRelease(booking: Booking, command: ReleaseCommand, key: RequestKey): void {
  const found = requireHold(booking, command.hold);
  const lapsed = found.status === 'open' && found.expiresAt <= booking.at;
  if (found.status !== 'open' || lapsed) {
    throw resolvedAlready(booking, lapsed ? { ...found, status: 'lapsed' } : found);
  }
  sweep(booking);
  const hold = booking.holds.get(found.no)!;
  const back = returning(hold);
  offsetTaken(booking, goingOf(booking, back));
  const released = giveBack(booking, back);
  booking.putHold({ ...hold, status: 'released', resolvedBy: booking.next });
  booking.close(
    'release',
    { credits: released, note: command.note, detail: { hold: hold.no, released } },
    key,
  );
}
