/** Purchases, what a payment meets on its way, and events of every kind, over a real ledger and the simulated provider. */
import { afterEach, describe, expect, test } from 'vitest';
import type { LedgerError } from '../../../src/core/errors.ts';
import type { Intent, PaymentProvider } from '../../../src/ledger/payments/provider.ts';
import type { BuyInput } from '../../../src/ledger/service.ts';
import type { SimulatedProvider } from '../../../src/payments/simulated.ts';
import { credits } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';
import { Crash, type Fault, unreliable } from '../../helpers/unreliable-provider.ts';

let t: PayingLedger;
afterEach(() => t.done());

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: LedgerError) => error.code,
  );

const SMALL: BuyInput = { package: '500', maxChargeCents: null, checkout: false };
const available = async (): Promise<number> => (await t.ledger.balance('default')).available;
const paidCents = async (): Promise<number> => (await t.ledger.auditPayments()).paidCents;

/** A provider of which one method answers otherwise. */
const altered = (base: SimulatedProvider, methods: Partial<PaymentProvider>): PaymentProvider =>
  new Proxy(base, {
    get(target, name) {
      const own = methods[name as keyof PaymentProvider];
      if (own !== undefined) return own;
      const value = target[name as keyof SimulatedProvider] as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as PaymentProvider;

/** Fails once at a call. */
const failing = (method: string, fault: Fault): PaymentProvider => {
  let isLeft = true;
  return unreliable(t.simulated, (called) => {
    if (called !== method || !isLeft) return 'none';
    isLeft = false;
    return fault;
  });
};

describe('buying', () => {
  test('grants with the payment, which is in both books once', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    const view = await t.ledger.buy('default', SMALL);
    expect(view).toMatchObject({ status: 'succeeded', amountCents: 500, replayed: false });
    expect([await available(), await paidCents()]).toEqual([credits('550'), 500]);
    expect(view.receipt).toMatch(/^rcp_/);
  });

  test('a key buys once, whatever else is asked with it is refused, and a refusal binds none', async () => {
    t = payingLedger();
    expect(await codeOf(t.ledger.buy('default', SMALL, { key: 'k' }))).toBe('no_payment_method');
    await t.ledger.addCard('default', 'pm_card_visa');
    const first = await t.ledger.buy('default', SMALL, { key: 'k' });
    const again = await t.ledger.buy('default', SMALL, { key: 'k' });
    expect([again.purchase, again.replayed, await paidCents()]).toEqual([first.purchase, true, 500]);
    expect(await codeOf(t.ledger.buy('default', { ...SMALL, package: '2000' }, { key: 'k' }))).toBe(
      'key_reused',
    );
    expect(await codeOf(t.ledger.grant('default', GIFT, { key: 'k' }))).toBe('key_reused');
  });

  test.each([
    [{ package: '77' }, 'unknown_package'],
    [{ maxChargeCents: 499 }, 'max_charge_exceeded'],
  ])('%j is %s', async (input, code) => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    expect(await codeOf(t.ledger.buy('default', { ...SMALL, ...input }))).toBe(code);
    expect(await t.ledger.purchases('default', null)).toEqual([]);
  });

  test('never switches top-up on, and does not count against its limit', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    await t.ledger.setTopup('default', { threshold: credits('10'), amount: credits('500'), limitCents: 500 });
    await t.ledger.buy('default', SMALL);
    expect(await t.ledger.topup('default')).toMatchObject({ enabled: false, usedThisMonthCents: 0 });
  });

  test('is declined without a trace in the balance', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_chargeCustomerFail');
    expect(await t.ledger.buy('default', SMALL)).toMatchObject({
      status: 'failed',
      reason: 'generic_decline',
    });
    expect([await available(), await paidCents()]).toEqual([credits('50'), 0]);
  });

  test('a dry run asks nobody and stores nothing', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    expect(await t.ledger.buy('default', SMALL, { dryRun: true })).toMatchObject({ dryRun: true });
    expect(await t.ledger.purchases('default', null)).toEqual([]);
    expect(await paidCents()).toBe(0);
  });
});

const GIFT = {
  source: 'promotional',
  amount: credits('1'),
  expires: null,
  priority: 50,
  note: null,
} as const;

describe('a stop between any two steps', () => {
  const STOPS: readonly (readonly [string, Fault, number])[] = [
    ['createIntent', 'crash_before', 0],
    ['createIntent', 'crash_after', 0],
    ['createIntent', 'lost_before', 0],
    ['createIntent', 'lost_after', 0],
    ['confirmIntent', 'crash_before', 0],
    ['confirmIntent', 'crash_after', 500],
    ['confirmIntent', 'lost_before', 0],
    ['confirmIntent', 'lost_after', 500],
  ];

  test.each(STOPS)(
    '%s %s of a purchase: the same key goes on, and it is paid once',
    async (method, fault) => {
      t = payingLedger();
      await t.ledger.addCard('default', 'pm_card_visa');
      const stopped = t.another(failing(method, fault)).buy('default', SMALL, { key: 'k' });
      await stopped.catch((error) => expect(error).toBeInstanceOf(Crash));
      const view = await t.ledger.buy('default', SMALL, { key: 'k' });
      expect([view.status, await available(), await paidCents()]).toEqual(['succeeded', credits('550'), 500]);
    },
  );

  test.each(STOPS)(
    '%s %s of a purchase that nobody asks for again: %i cents',
    async (method, fault, cents) => {
      t = payingLedger();
      await t.ledger.addCard('default', 'pm_card_visa');
      const stopped = t.another(failing(method, fault)).buy('default', SMALL);
      await stopped.catch((error) => expect(error).toBeInstanceOf(Crash));
      t.at += 61_000;
      await t.ledger.syncPayments();
      const [purchase] = await t.ledger.purchases('default', null);
      expect(purchase!.status).toBe(cents > 0 ? 'succeeded' : 'canceled');
      expect([await available(), await paidCents()]).toEqual([credits(String(50 + cents)), cents]);
      expect((await t.ledger.auditPayments()).differences).toEqual([]);
    },
  );

  test.each(STOPS)('%s %s of a top-up: the next run goes on, and it is paid once', async (method, fault) => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    const policy = { threshold: credits('100'), amount: credits('500'), limitCents: 500 };
    await t.ledger.setTopup('default', { ...policy, enabled: true });
    const stopped = t.another(failing(method, fault)).runTopup('default');
    await stopped.catch((error) => expect(error).toBeInstanceOf(Crash));
    await t.ledger.runTopup('default');
    expect([await available(), await paidCents()]).toEqual([credits('550'), 500]);
    expect(await t.ledger.topup('default')).toMatchObject({ usedThisMonthCents: 500 });
  });

  test('an unknown outcome blocks purchases and top-ups until it is settled', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    const policy = { threshold: credits('100'), amount: credits('500'), limitCents: null };
    await t.ledger.setTopup('default', { ...policy, enabled: true });
    const dead = t.another(
      unreliable(t.simulated, (method) => (method === 'createIntent' ? 'none' : 'lost_after')),
    );
    expect(await dead.buy('default', SMALL)).toMatchObject({ status: 'unknown' });
    expect(await codeOf(dead.buy('default', SMALL))).toBe('payment_unknown');
    expect(await dead.topup('default')).toMatchObject({ state: 'in_flight' });
    expect((await dead.runTopup('default')).attempts).toEqual([]);
    expect(await t.ledger.buy('default', SMALL)).toMatchObject({ status: 'succeeded' });
    expect([await available(), await paidCents()]).toEqual([credits('1050'), 1_000]);
  });
});

describe('what comes in', () => {
  const wrong: readonly (readonly [string, Partial<Intent>])[] = [
    ['amount', { receivedCents: 499 }],
    ['currency', { currency: 'eur' }],
    ['customer', { customer: 'cus_other' }],
    ['livemode', { livemode: true }],
  ];

  test.each(wrong)(
    'with another %s is a mismatch: no credits, top-up off, found by the audit',
    async (reason, change) => {
      t = payingLedger();
      await t.ledger.addCard('default', 'pm_card_visa');
      const policy = { threshold: credits('100'), amount: credits('500'), limitCents: null };
      await t.ledger.setTopup('default', { ...policy, enabled: true });
      const other = altered(t.simulated, {
        async confirmIntent(input) {
          const answer = await t.simulated.confirmIntent(input);
          return answer.outcome === 'intent'
            ? { ...answer, intent: { ...answer.intent, ...change } }
            : answer;
        },
      });
      const run = await t.another(other).runTopup('default');
      expect(run.attempts).toMatchObject([{ status: 'mismatch', reason }]);
      expect(await available()).toBe(credits('50'));
      expect(await t.ledger.topup('default')).toMatchObject({ state: 'off', reason: 'mismatch' });
      expect((await t.ledger.auditPayments()).differences).toMatchObject([{ kind: 'amount_differs' }]);
    },
  );

  test('for an account that was closed meanwhile is booked', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_fake_processing');
    await t.ledger.buy('default', SMALL);
    await t.ledger.closeAccount('default');
    expect(await t.ledger.syncPayments()).toMatchObject({
      granted: credits('500'),
      failed: [],
      closed: ['default'],
    });
    expect(await codeOf(t.ledger.buy('default', SMALL))).toBe('account_closed');
    expect(await available()).toBe(credits('550'));
  });

  test('that went back is an event that a dry run of sync counts and does not take', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    const { purchase } = await t.ledger.buy('default', SMALL);
    await t.ledger.syncPayments();
    await t.simulated.happen(`pi_sim_${purchase}`, (paid) => ({
      ...paid,
      refunds: [{ id: 're_1', amountCents: 500, status: 'succeeded' }],
    }));
    const dry = { events: { read: 1, applied: 0 }, clawed: 0, dryRun: true };
    expect(await t.ledger.syncPayments({ dryRun: true })).toMatchObject(dry);
    expect(await t.ledger.syncPayments({ dryRun: true })).toMatchObject(dry);
    expect(await t.ledger.syncPayments()).toMatchObject({ events: { applied: 1 }, clawed: credits('500') });
    expect(await t.ledger.syncPayments({ dryRun: true })).toMatchObject({ events: { read: 0 } });
  });

  test('past 8 billion credits is booked, though no more can be reserved', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_fake_processing');
    await t.ledger.buy('default', SMALL);
    const gift = { ...GIFT, amount: credits('999999990') };
    for (let no = 0; no < 8; no += 1) await t.ledger.grant('default', gift);
    expect(await codeOf(t.ledger.buy('default', SMALL))).toBe('invalid_argument');
    await t.ledger.syncPayments();
    expect(await available()).toBe(credits('50') + 8 * credits('999999990') + credits('500'));
  });

  test('for a ledger that was restored from before is booked all the same, once', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    const { account } = (await t.store.read('default')).state;
    const card = (await t.ledger.card('default')).card!;
    const { createdAt } = (await t.store.read('@ledger')).state.account;
    const { sha256 } = await import('../../helpers/ledger.ts');
    const text = JSON.stringify(['credits/installation/1', createdAt, account.tag]);
    const make = async (attempt: string, installation: string, cents: number) => {
      await t.simulated.createIntent({
        metadata: { account: 'default', installation, attempt, kind: 'auto', credits: '500000000' },
        customer: 'cus_sim_default',
        paymentMethod: card.paymentMethod,
        amountCents: cents,
        currency: 'usd',
        description: '500 credits',
        key: `topup:${attempt}:create`,
      });
      await t.simulated.confirmIntent({ intent: `pi_sim_${attempt}` });
    };
    const installation = sha256(text).slice(0, 32);
    await make(`pay_${account.tag}_900`, installation, 500);
    await make(`pay_${account.tag}_901`, 'another ledger', 500);
    await make(`pay_${account.tag}_902`, installation, 1);
    expect((await t.ledger.auditPayments()).differences).toHaveLength(2);
    await t.ledger.syncPayments();
    await t.ledger.syncPayments();
    expect(await available()).toBe(credits('550'));
    expect(await t.ledger.purchases('default', null)).toMatchObject([{ kind: 'auto', mix: 'found 1×500' }]);
    expect((await t.ledger.auditPayments()).differences).toMatchObject([{ kind: 'paid_not_granted' }]);
  });
});

describe('who pays', () => {
  test('a card kept by another provider is not charged', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    const other = t.another(altered(t.simulated, { name: 'stripe' }));
    expect(await codeOf(other.buy('default', SMALL))).toBe('no_payment_method');
    const policy = { threshold: credits('100'), amount: credits('500'), limitCents: null };
    await t.ledger.setTopup('default', { ...policy, enabled: true });
    expect(await codeOf(other.runTopup('default'))).toBe('no_payment_method');
    expect((await other.runTopup(null)).failed).toMatchObject([{ account: 'default' }]);
  });

  test('a card that is removed or detached there is gone here', async () => {
    t = payingLedger();
    await t.ledger.addCard('default', 'pm_card_visa');
    expect(await t.ledger.removeCard('default')).toMatchObject({ status: 'none', card: null });
    expect(await codeOf(t.ledger.removeCard('default'))).toBe('no_payment_method');
    expect(await codeOf(t.ledger.buy('default', SMALL))).toBe('no_payment_method');
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'payment_declined'],
    ['pm_card_nobody', 'invalid_argument'],
    ['4242424242424242', 'invalid_argument'],
  ])('%s is refused as a card: %s', async (method, code) => {
    t = payingLedger();
    expect(await codeOf(t.ledger.addCard('default', method))).toBe(code);
    expect(await t.ledger.card('default')).toMatchObject({ status: 'none' });
  });

  test('without payments set up, everything else still answers', async () => {
    t = payingLedger();
    const bare = t.reopen().ledger;
    expect(await bare.topup('default')).toMatchObject({ state: 'off' });
    expect(await codeOf(bare.addCard('default', 'pm_card_visa'))).toBe('invalid_argument');
  });
});
