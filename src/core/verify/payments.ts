/**
 * The money side of an account derived again: each receipt carries the rows it changed, and here is what may follow what.
 * Payments succeed once, credits come with their lot, the month keeps to its limit, and what went back is taken in order.
 *
 * Source: contract 9.
 */
import { localMonth } from '../cycles.ts';
import { returnTarget } from '../ledger/clawback.ts';
import { CURRENCY, FOUND } from '../ledger/payments.ts';
import { isSpendable } from '../lots.ts';
import { isBelow } from '../topup.ts';
import type { Detail } from '../types.ts';
import {
  ACTIVE,
  ATTEMPT_STATUSES,
  type Attempt,
  type Card,
  ownLots,
  type TopupPolicy,
  type Wallet,
} from '../wallet.ts';
import { isObject, numberList } from './facts.ts';
import { expectGrant, grantedLot } from './grants.ts';
import type { Parts } from './prices.ts';
import type { AuditLot, AuditState } from './state.ts';
import type { Step } from './step.ts';
import { TakenAudit } from './taken.ts';
import { amountText, differenceText, instantText, valueText } from './words.ts';

/** Columns of an attempt that never change. */
const FACTS = [
  'kind',
  'credits',
  'amountCents',
  'currency',
  'mix',
  'reservedAt',
  'provider',
  'customer',
  'paymentMethod',
] as const;

const WHOLE: readonly (keyof Attempt)[] = ['no', 'credits', 'amountCents', 'reservedAt', 'clawed'];

/** An attempt in a receipt's detail, with its shape checked. */
export function attemptFacts(value: unknown): Attempt | undefined {
  if (!isObject(value) || !isObject(value.returns) || !isObject(value.clawedFrom)) return undefined;
  const isWhole = WHOLE.every((field) => Number.isSafeInteger(value[field]));
  const { elsewhere, lots } = value;
  const isKept =
    (elsewhere === undefined || Number.isSafeInteger(elsewhere)) &&
    (lots === undefined || numberList(lots) !== undefined);
  const isKnown = (ATTEMPT_STATUSES as readonly unknown[]).includes(value.status);
  return isWhole && isKept && isKnown ? (value as unknown as Attempt) : undefined;
}

/** A policy in a receipt's detail. */
export function policyFacts(value: unknown): TopupPolicy | undefined {
  const fits =
    isObject(value) &&
    typeof value.enabled === 'boolean' &&
    Number.isSafeInteger(value.threshold) &&
    Number.isSafeInteger(value.amount) &&
    Number.isSafeInteger(value.strikes);
  return fits ? (value as unknown as TopupPolicy) : undefined;
}

/** A card in a receipt's detail. */
export function cardFacts(value: unknown): Card | undefined {
  return isObject(value) && typeof value.customer === 'string' ? (value as unknown as Card) : undefined;
}

/** A receipt that a closed account still takes: a payment goes on, and what could charge is switched off. */
export const isAfterClosing = ({ attempt, topup, card }: Detail): boolean =>
  isObject(attempt) ||
  (isObject(topup) && topup.enabled === false) ||
  (isObject(card) && card.paymentMethod === null);

/** What the provider says of a subscription, or an invoice of it that was paid: a closed account hears of it still. */
export const isOfSubscription = ({ invoice, card }: Detail): boolean =>
  isObject(invoice) || (isObject(card) && isObject(card.subscription));

export class PaymentAudit {
  readonly #state: AuditState;
  #policy: TopupPolicy | null = null;
  #card: Card | null = null;
  readonly #attempts = new Map<number, Attempt>();
  readonly #intents = new Map<string, number>();
  readonly #taken = new TakenAudit();

  readonly #mode: string | undefined;

  /** @param mode of the ledger; undefined: not known */
  constructor(state: AuditState, mode: string | undefined) {
    this.#state = state;
    this.#mode = mode;
  }

  #say(name: string, text: string): void {
    this.#state.fault('payment', name, text);
  }

  /** Takes what a receipt says of the wallet, before its entries have been followed. */
  take(step: Step): void {
    const { receipt, detail } = step;
    const name = this.#state.names.receipt(receipt.seq);
    const say = (text: string): void => this.#say(name, text);
    this.#taken.before(step, say);
    if (detail.attempt !== undefined) {
      const attempt = attemptFacts(detail.attempt);
      if (attempt === undefined) this.#say(name, `its attempt cannot be read: ${valueText(detail.attempt)}`);
      else this.#attempt(step, attempt, name);
    } else if (receipt.kind === 'clawback' || receipt.kind === 'reinstate') {
      this.#say(name, 'names no payment');
    }
    if (detail.topup !== undefined) this.#takePolicy(detail.topup, name);
    if (detail.card !== undefined) {
      const card = cardFacts(detail.card);
      if (card === undefined) this.#say(name, `its card cannot be read: ${valueText(detail.card)}`);
      else this.#card = card;
    }
    this.#taken.after(step, say);
  }

  #takePolicy(value: unknown, name: string): void {
    const policy = policyFacts(value);
    if (policy === undefined) this.#say(name, `its policy cannot be read: ${valueText(value)}`);
    else this.#policy = policy;
    if (policy !== undefined && (policy.strikes > 3 || (policy.enabled && policy.strikes === 3))) {
      this.#say(name, `leaves top-up on after ${policy.strikes} declines in a row`);
    }
  }

  #attempt(step: Step, attempt: Attempt, name: string): void {
    const { receipt } = step;
    const before = this.#attempts.get(attempt.no);
    if (before === undefined) this.#reserved(step, attempt, name);
    else this.#changed(step, before, attempt, name);
    if (attempt.changedBy !== receipt.seq)
      this.#say(name, `says that receipt ${attempt.changedBy} changed it`);
    this.#attempts.set(attempt.no, attempt);
  }

  #reserved({ receipt }: Step, attempt: Attempt, name: string): void {
    const isNew =
      attempt.no === receipt.seq &&
      attempt.status === 'reserved' &&
      attempt.reservedAt === receipt.at &&
      attempt.lot === null &&
      attempt.clawed === 0 &&
      receipt.kind === 'setting';
    if (!isNew) this.#say(name, `goes on with payment ${attempt.no}, which no receipt reserved`);
    this.#priced(attempt, name);
    // One that was found after a restore was reserved before it: the policy of then cannot be asked.
    if (attempt.kind !== 'auto' || attempt.mix.startsWith(FOUND)) return;
    this.#reservedByItself(attempt, name);
  }

  /**
   * What it buys and for how much, by the price list. A top-up is priced where it is reserved; a person was told the price
   * before, by another clock perhaps; and when a payment was made that was found at the provider, nobody knows. A provider's
   * payment says itself whether it is live money, and that is compared before it is noted; what stands in the ledger is that
   * simulated money is never live.
   */
  #priced(attempt: Attempt, name: string): void {
    const { kind, mix, credits, amountCents, currency, provider, reservedAt } = attempt;
    const isFound = mix.startsWith(FOUND);
    const parts = partsOf(isFound ? mix.slice(FOUND.length) : mix);
    const { prices } = this.#state.context;
    const from = kind === 'auto' && !isFound ? reservedAt : Number.NEGATIVE_INFINITY;
    const span = { from, to: isFound ? Number.POSITIVE_INFINITY : reservedAt };
    if (parts === undefined || !prices.packagesFit(parts, span, credits, amountCents)) {
      const when = isFound ? 'at any time' : `at ${instantText(reservedAt)}`;
      const text = `buys ${amountText(credits)} for ${amountCents} cents`;
      this.#say(name, `${text}, which is not what ${valueText(mix)} was sold for ${when}`);
    }
    if (currency !== CURRENCY) this.#say(name, `buys for ${valueText(currency)}, prices are in ${CURRENCY}`);
    if (this.#mode === 'live' && provider === 'simulated')
      this.#say(name, 'buys with simulated money in a live ledger');
  }

  #reservedByItself(attempt: Attempt, name: string): void {
    const policy = this.#policy;
    const { available, debt } = this.#state;
    if (policy?.enabled !== true) {
      this.#say(name, 'tops up although it is off');
      return;
    }
    if (!isBelow(policy.threshold, { available, debt } as never)) {
      this.#say(
        name,
        `tops up at ${amountText(available)}, which is not below ${amountText(policy.threshold)}`,
      );
    }
    const others = [...this.#attempts.values()].filter((each) => each.kind === 'auto');
    if (others.some((each) => ACTIVE.has(each.status)))
      this.#say(name, 'tops up while another top-up is under way');
    if (policy.limitCents === null) return;
    const { zone } = this.#state.row.account;
    const month = (at: number): string => localMonth(at, zone, this.#state.context.zones);
    const own = month(attempt.reservedAt);
    let used = attempt.amountCents;
    for (const each of others) {
      const isUsed = each.status !== 'failed' && each.status !== 'canceled';
      if (isUsed && month(each.reservedAt) === own) used += each.amountCents;
    }
    if (used > policy.limitCents)
      this.#say(name, `takes the month to ${used} cents, its limit is ${policy.limitCents}`);
  }

  #changed(step: Step, before: Attempt, attempt: Attempt, name: string): void {
    for (const field of FACTS) {
      if (before[field] === attempt[field]) continue;
      this.#say(name, differenceText(field, attempt[field], before[field], 'it was reserved with'));
    }
    const isSuccess = attempt.status === 'succeeded' && before.status !== 'succeeded';
    if (!mayFollow(before, attempt))
      this.#say(name, `turns a payment from ${before.status} to ${attempt.status}`);
    const { kind } = step.receipt;
    if (isSuccess) this.#succeeded(step, attempt, name);
    else if (kind === 'grant') this.#say(name, `grants credits for a payment that is ${before.status}`);
    const delta =
      kind === 'clawback' ? step.receipt.credits : kind === 'reinstate' ? -step.receipt.credits : 0;
    if (attempt.clawed - before.clawed !== delta) {
      this.#say(
        name,
        `has taken back ${amountText(attempt.clawed)} of ${attempt.no}, before it was ${amountText(before.clawed)}`,
      );
    }
    this.#taken.take(step, before, attempt, (text) => this.#say(name, text));
    for (const lot of ownLots(attempt)) this.#taken.own(lot, attempt.no);
    if (attempt.clawed > returnTarget(attempt, attempt.returns)) {
      this.#say(name, `has taken back ${amountText(attempt.clawed)}, more than went back`);
    }
  }

  #succeeded({ receipt, lot }: Step, attempt: Attempt, name: string): void {
    const isGranted =
      receipt.kind === 'grant' &&
      attempt.lot === receipt.seq &&
      lot?.source === 'purchased' &&
      receipt.credits === attempt.credits;
    if (!isGranted)
      this.#say(name, `says that ${amountText(attempt.credits)} were paid, and does not grant them`);
    if (attempt.intent === null) this.#say(name, 'says that nobody was paid');
    else if (this.#intents.has(attempt.intent)) this.#say(name, `grants ${attempt.intent} a second time`);
    else this.#intents.set(attempt.intent, attempt.no);
  }

  /** Compares the rows when everything has been read. */
  finish(rows: Wallet): void {
    const { names } = this.#state;
    this.#taken.rest((text) => this.#say(names.account, text));
    this.#compare(`topup of ${names.account}`, rows.policy, this.#policy);
    this.#compare(`card of ${names.account}`, rows.card, this.#card);
    for (const no of new Set([...this.#attempts.keys(), ...rows.attempts.keys()])) {
      const name = `attempt ${no} of ${names.account}`;
      this.#compare(name, rows.attempts.get(no) ?? null, this.#attempts.get(no) ?? null);
    }
  }

  #compare(name: string, stored: object | null, folded: object | null): void {
    if (stored === null || folded === null) {
      if (stored !== folded) {
        this.#state.fault('projection', name, stored === null ? 'is missing' : 'no receipt made it');
      }
      return;
    }
    for (const field of new Set([...Object.keys(stored), ...Object.keys(folded)])) {
      const [own, said] = [stored, folded].map((each) => (each as Record<string, unknown>)[field]);
      if (JSON.stringify(own) === JSON.stringify(said)) continue;
      this.#state.fault('projection', name, differenceText(field, own, said, 'its receipts say'));
    }
  }
}

/** The packages that an attempt names, `1×2000 + 1×500`; undefined: it names none. */
function partsOf(mix: unknown): Parts | undefined {
  if (typeof mix !== 'string') return undefined;
  const parts: { id: string; count: number }[] = [];
  for (const part of mix.split(' + ')) {
    const match = /^([1-9]\d{0,15})×([a-z0-9][a-z0-9_-]*)$/.exec(part);
    if (match === null) return undefined;
    parts.push({ id: match[2]!, count: Number(match[1]) });
  }
  return parts;
}

function mayFollow(before: Attempt, after: Attempt): boolean {
  if (ACTIVE.has(before.status)) return after.status !== 'reserved';
  if (before.status === 'succeeded') return after.status === 'succeeded';
  return before.status !== 'mismatch' && (after.status === 'succeeded' || after.status === 'mismatch');
}

/** Taking back: from its own lot, then from other purchased lots in burn order; the rest is owed. */
export function ruleClawback(state: AuditState, step: Step): void {
  const attempt = attemptFacts(step.detail.attempt);
  if (attempt === undefined) {
    step.tape.giveUp();
    return;
  }
  let left = step.receipt.credits as number;
  const expect = (lot: AuditLot): void => {
    const part = Math.min(lot.available, left);
    step.tape.expect('payment', { kind: 'revoked', from: 'available', to: 'revoked', lot: lot.no }, part);
    left -= part;
  };
  const own = state.lots.get(attempt.lot ?? -1);
  if (own !== undefined) expect(own);
  for (const lot of [...state.payers]) {
    if (lot.no === attempt.lot || lot.source !== 'purchased' || !isSpendable(lot, step.receipt.at)) continue;
    expect(lot);
  }
  step.tape.expect('payment', { kind: 'owed', from: 'debt', to: 'revoked', lot: null }, left);
}

/** Giving back: a new purchased lot. */
export function ruleReinstate(state: AuditState, step: Step): void {
  const lot = grantedLot(state, step);
  if (lot === null) return;
  expectGrant(state, step, lot);
  if (lot.source !== 'purchased' || lot.expiresAt !== null) {
    state.fault('payment', state.names.lot(lot.no), 'gives back what is no purchased lot');
  }
}
