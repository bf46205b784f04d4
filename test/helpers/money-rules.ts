/** What holds of an account's money after every step and at rest, by the simulated provider's books; and what goes back. */
import { expect } from 'vitest';
import type { Account } from '../../src/core/types.ts';
import { ACTIVE, type Attempt } from '../../src/core/wallet.ts';
import type { Store } from '../../src/ledger/store.ts';
import type { SimulatedProvider } from '../../src/payments/simulated.ts';
import type { SimulatedIntent } from '../../src/payments/simulated-books.ts';
import type { Chance } from './random.ts';

/** Test cards: most pay, the others decline, ask, wait, or take the money back. */
export const CARDS = [
  'pm_card_visa',
  'pm_card_visa',
  'pm_card_mastercard',
  'pm_card_chargeCustomerFail',
  'pm_fake_decline_insufficient_funds',
  'pm_fake_decline_lost_card',
  'pm_card_authenticationRequired',
  'pm_fake_processing',
  'pm_card_createDispute',
  'pm_card_createDisputeInquiry',
  'pm_card_createIssuerFraudRecord',
];

/** One account's money: at the provider and in the ledger. */
export class Money {
  readonly #store: Store;
  readonly #account: string;
  readonly #tag: string;
  readonly #limitCents: number;

  constructor(store: Store, account: string, tag: string, limitCents: number) {
    this.#store = store;
    this.#account = account;
    this.#tag = tag;
    this.#limitCents = limitCents;
  }

  /** Payments of this account at the provider. */
  async intents(): Promise<SimulatedIntent[]> {
    const rows = await this.#store.payments.books.list(`pi_sim_pay_${this.#tag}_`, 0, 10_000);
    return rows.map(({ body }) => JSON.parse(body) as SimulatedIntent);
  }

  async #paid(chance: Chance): Promise<SimulatedIntent | undefined> {
    const paid = (await this.intents()).filter(({ status }) => status === 'succeeded');
    return paid.length === 0 ? undefined : chance.pick(paid);
  }

  /** A part or all of a payment goes back, or a refund fails after all. */
  async refund(simulated: SimulatedProvider, chance: Chance): Promise<boolean> {
    const intent = await this.#paid(chance);
    if (intent === undefined) return false;
    await simulated.happen(intent.intent, (paid) => {
      if (paid.refunds.length > 0 && chance.oneIn(3)) {
        return { ...paid, refunds: paid.refunds.map((each) => ({ ...each, status: 'failed' as const })) };
      }
      const status = chance.pick(['pending', 'succeeded'] as const);
      const amountCents = chance.pick([1, 100, intent.amountCents, Math.ceil(intent.amountCents / 3)]);
      const id = `re_${intent.intent}_${paid.refunds.length}`;
      return { ...paid, refunds: [...paid.refunds, { id, amountCents, status }] };
    });
    return true;
  }

  /** A payment is disputed, or its dispute won or lost. */
  async dispute(simulated: SimulatedProvider, chance: Chance): Promise<boolean> {
    const intent = await this.#paid(chance);
    if (intent === undefined) return false;
    await simulated.happen(intent.intent, (paid) => {
      if (paid.disputes.length === 0) {
        const id = `dp_${intent.intent}`;
        return { ...paid, disputes: [{ id, amountCents: intent.amountCents, status: 'open' }] };
      }
      const status = chance.pick(['won', 'lost'] as const);
      const isOver = (each: { status: string }): boolean => each.status === 'won' || each.status === 'lost';
      return { ...paid, disputes: paid.disputes.map((each) => (isOver(each) ? each : { ...each, status })) };
    });
    return true;
  }

  async #read(): Promise<{ readonly account: Account; readonly attempts: readonly Attempt[] }> {
    const { account } = (await this.#store.read(this.#account)).state;
    return { account, attempts: await this.#store.payments.attempts(account, null, null) };
  }

  /** What holds after every step: nobody is charged twice, nor beyond the month's limit, nor by two top-ups at once. */
  async check(at: number): Promise<void> {
    const intents = await this.intents();
    const { account, attempts } = await this.#read();
    const paidFor = new Map<string, number>();
    for (const { ours, receivedCents } of intents) {
      paidFor.set(ours!.attempt, (paidFor.get(ours!.attempt) ?? 0) + receivedCents);
    }
    for (const attempt of attempts) {
      const name = `pay_${this.#tag}_${attempt.no}`;
      expect(paidFor.get(name) ?? 0, `money for ${name}`).toBeLessThanOrEqual(attempt.amountCents);
      paidFor.delete(name);
    }
    expect(
      [...paidFor.entries()].filter(([, cents]) => cents > 0),
      'payments of no attempt',
    ).toEqual([]);
    const automatic = attempts.filter(({ kind }) => kind === 'auto');
    expect(automatic.filter(({ status }) => ACTIVE.has(status)).length).toBeLessThanOrEqual(1);
    // By the provider's books and the month of the reservation, whatever the ledger says of it.
    const months = new Map<number, number>();
    for (const { no, reservedAt } of automatic) {
      const paid = intents.filter(({ ours }) => ours!.attempt === `pay_${this.#tag}_${no}`);
      const month = new Date(reservedAt).getUTCFullYear() * 12 + new Date(reservedAt).getUTCMonth();
      const sum = paid.reduce((all, { receivedCents }) => all + receivedCents, 0);
      months.set(month, (months.get(month) ?? 0) + sum);
    }
    for (const cents of months.values()) expect(cents, 'a month').toBeLessThanOrEqual(this.#limitCents);
    const { policy } = await this.#store.payments.wallet(account, at);
    if (policy === null) return;
    expect(policy.strikes).toBeLessThanOrEqual(3);
    if (policy.enabled) expect(policy.strikes).toBeLessThan(3);
  }

  /** Once everything is settled: credits are worth the money that was kept. */
  async checkAtRest(): Promise<void> {
    const intents = new Map((await this.intents()).map((intent) => [intent.intent, intent]));
    const { account, attempts } = await this.#read();
    for (const attempt of attempts) {
      expect(ACTIVE.has(attempt.status), `${attempt.status} of ${attempt.no}`).toBe(false);
      const paid = attempt.intent === null ? undefined : intents.get(attempt.intent);
      expect(attempt.status === 'succeeded', `paid for ${attempt.no}`).toBe(paid?.status === 'succeeded');
      if (paid === undefined || attempt.lot === null) continue;
      const target = Math.floor(
        (attempt.credits * Math.min(goneOf(paid), paid.receivedCents)) / paid.receivedCents,
      );
      let byHand = 0;
      for (const lot of (await this.#store.lots(account, [attempt.lot, ...(attempt.lots ?? [])])).values()) {
        byHand += lot.revoked;
        for (const { clawedFrom } of attempts) byHand -= clawedFrom[lot.no] ?? 0;
      }
      const taken = attempt.clawed + byHand;
      const name = `taken back of ${attempt.no} with what was revoked`;
      expect(attempt.clawed, `taken back of ${attempt.no}`).toBeLessThanOrEqual(target);
      expect(taken, name).toBeGreaterThanOrEqual(target);
      // More than what went back is taken by hand alone, and while nothing is taken elsewhere.
      if (byHand === 0 || (attempt.elsewhere ?? 0) > 0) expect(taken, name).toBe(target);
    }
    const mine = [...intents.values()].filter(({ status }) => status === 'succeeded');
    expect(attempts.filter(({ status }) => status === 'succeeded')).toHaveLength(mine.length);
  }
}

/** Cents of a payment that went back, or are about to. */
function goneOf({ refunds, disputes }: SimulatedIntent): number {
  let gone = 0;
  for (const { amountCents, status } of refunds) {
    if (status === 'pending' || status === 'succeeded') gone += amountCents;
  }
  for (const { amountCents, status } of disputes) {
    if (status === 'open' || status === 'lost') gone += amountCents;
  }
  return gone;
}
