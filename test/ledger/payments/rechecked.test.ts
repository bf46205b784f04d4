/**
 * What a second look must not do: charge in a dry run, open a second way to pay, undo what was written meanwhile, or keep an
 * account waiting for a payment that can never take money. Over the Stripe provider and its fake.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LedgerError } from '../../../src/core/errors.ts';
import type { LocalLedger } from '../../../src/ledger/local.ts';
import { PaymentRun } from '../../../src/ledger/payments/payment-run.ts';
import type { PaymentProvider } from '../../../src/ledger/payments/provider.ts';
import type { BuyInput } from '../../../src/ledger/service.ts';
import { credits, spendOf } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';
import type { FakeStripe } from '../../helpers/stripe/fake.ts';
import { type FakeRig, openFakeRig } from '../../helpers/stripe/rig.ts';
import { Crash } from '../../helpers/unreliable-provider.ts';

const HOUR = 3_600_000;
const SMALL: BuyInput = { package: '500', maxChargeCents: null, checkout: false };
const PAGE: BuyInput = { ...SMALL, checkout: true };

let t: PayingLedger;
let rig: FakeRig;
let fake: FakeStripe;
let ledger: LocalLedger;

beforeEach(async () => {
  t = payingLedger();
  t.at = Date.UTC(2026, 2, 1, 12);
  rig = await openFakeRig({ startAt: t.at, timeoutMs: 1_000 });
  fake = rig.fake;
  ledger = t.another(rig.provider);
});
afterEach(async () => {
  await rig.close();
  await t.done();
});

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: LedgerError) => error.code,
  );

/** A process that dies at a call. */
const dying = (method: keyof PaymentProvider, when: 'before' | 'after' = 'before'): LocalLedger =>
  t.another(
    new Proxy(rig.provider, {
      get(target, name) {
        const own: unknown = Reflect.get(target, name);
        if (name !== method || typeof own !== 'function') return own;
        return async (...facts: unknown[]) => {
          if (when === 'after') await own.apply(target, facts);
          throw new Crash(method);
        };
      },
    }),
  );

const pass = (ms: number): void => {
  t.at += ms;
  fake.advance(ms);
};

/** The id that objects of a ledger's account carry. */
const installationOf = (own: PayingLedger, tag: string): Promise<string> =>
  new PaymentRun(own.deps, {
    open: async () => rig.provider,
    webhookSecrets: async () => [],
    reference: () => 'none',
  }).installation({ tag });

const topUpOn = async (card = 'pm_card_visa'): Promise<void> => {
  await ledger.addCard('default', card);
  const policy = { threshold: credits('100'), amount: credits('500'), limitCents: null };
  await ledger.setTopup('default', { ...policy, enabled: true });
};

describe('a key of a purchase that a process left behind', () => {
  test('charges nobody in a dry run', async () => {
    await ledger.addCard('default', 'pm_card_visa');
    await expect(dying('createIntent').buy('default', SMALL, { key: 'k' })).rejects.toThrow(Crash);
    const asked = fake.log.length;
    expect(await ledger.buy('default', SMALL, { key: 'k', dryRun: true })).toMatchObject({
      status: 'reserved',
      replayed: true,
    });
    expect(fake.log.length).toBe(asked);
    expect(await ledger.buy('default', SMALL, { key: 'k' })).toMatchObject({ status: 'succeeded' });
    expect(fake.books().length).toBe(1);
  });
});

describe('a pay link', () => {
  test('is asked for again without a second page, also when it has ended or was paid', async () => {
    const first = await ledger.buy('default', PAGE, { key: 'k' });
    expect(first.payUrl).not.toBeNull();
    expect(await ledger.purchase('default', first.purchase)).toMatchObject({ payUrl: first.payUrl });
    fake.complete([...fake.world.sessions.keys()][0]!);
    pass(25 * HOUR);
    expect(await ledger.purchase('default', first.purchase)).toMatchObject({ payUrl: null });
    expect(fake.world.sessions.size).toBe(1);
    expect(await ledger.buy('default', PAGE, { key: 'k' })).toMatchObject({ status: 'succeeded' });
    expect(fake.books().length).toBe(1);
  });

  test('stays open when a card is refused on it', async () => {
    const { purchase } = await ledger.buy('default', PAGE, { key: 'k' });
    const [session] = [...fake.world.sessions.keys()];
    expect(() => fake.complete(session!, 'pm_card_visa_chargeDeclined')).toThrow('declined');
    await ledger.syncPayments();
    expect(await ledger.purchase('default', purchase)).toMatchObject({ status: 'requires_action' });
    fake.complete(session!, 'pm_card_visa');
    await ledger.syncPayments();
    expect(await ledger.purchase('default', purchase)).toMatchObject({ status: 'succeeded' });
    expect((await ledger.auditPayments()).differences).toEqual([]);
  });
});

describe('a payment that was never made', () => {
  test('holds a top-up back for a minute, not for a day', async () => {
    await topUpOn();
    fake.fault({ method: 'POST', path: '/v1/payment_intents', at: 'before', does: 500 });
    const [attempt] = (await ledger.runTopup('default')).attempts;
    expect(attempt).toMatchObject({ status: 'unknown' });
    await ledger.runTopup('default');
    expect(await ledger.topup('default')).toMatchObject({ state: 'in_flight' });
    pass(61_000);
    await ledger.runTopup('default');
    expect(await ledger.topupHistory('default', null)).toMatchObject([
      { status: 'canceled', reason: 'not_made' },
      { status: 'succeeded' },
    ]);
    expect(fake.books().length).toBe(1);
  });

  test('takes no money when its request turns up late', async () => {
    await topUpOn();
    const late = fake.fault({ method: 'POST', path: '/v1/payment_intents', at: 'before', does: 'pause' });
    const slow = ledger.runTopup('default');
    await late.reached;
    await slow;
    pass(61_000);
    fake.fault({ method: 'POST', path: '/v1/payment_intents', at: 'before', does: 409 });
    await ledger.runTopup('default');
    late.go();
    await ledger.runTopup('default');
    await ledger.syncPayments();
    expect(fake.books().length).toBe(1);
    expect((await ledger.auditPayments()).differences).toEqual([]);
  });
});

describe('what may have been asked of the bank', () => {
  test('still blocks a purchase after somebody has looked', async () => {
    await ledger.addCard('default', 'pm_card_visa');
    await expect(dying('confirmIntent').buy('default', SMALL)).rejects.toThrow(Crash);
    expect(await codeOf(ledger.buy('default', SMALL))).toBe('payment_unknown');
    expect(await codeOf(ledger.buy('default', SMALL))).toBe('payment_unknown');
    pass(61_000);
    expect(await codeOf(ledger.buy('default', SMALL))).toBe('done');
    expect(fake.books().length).toBe(1);
  });

  test('is no reason to refuse a draft: the purchase itself looks it up', async () => {
    await ledger.addCard('default', 'pm_card_visa');
    fake.fault({ method: 'POST', path: '/confirm', at: 'after', does: 500 });
    expect(await ledger.buy('default', SMALL)).toMatchObject({ status: 'unknown' });
    expect(await ledger.buy('default', SMALL, { dryRun: true })).toMatchObject({ amountCents: 500 });
    expect(await ledger.purchases('default', null)).toMatchObject([{ status: 'unknown' }]);
    expect(await ledger.buy('default', SMALL)).toMatchObject({ status: 'succeeded' });
    expect(fake.books().length).toBe(2);
    expect((await ledger.balance('default')).available).toBe(credits('1050'));
  });

  test('is not called a failure while it is in process', async () => {
    await topUpOn('pm_fake_processing');
    const confused = t.another(
      new Proxy(rig.provider, {
        get(target, name) {
          const own: unknown = Reflect.get(target, name);
          if (name === 'confirmIntent') return async () => ({ outcome: 'refused', code: 'odd', message: '' });
          if (name !== 'cancelIntent' || typeof own !== 'function') return own;
          // Another process has asked the bank between the refusal and this.
          return async (intent: string) => {
            await target.confirmIntent({ intent, key: 'another' });
            return own.apply(target, [intent]) as unknown;
          };
        },
      }),
    );
    const [attempt] = (await confused.runTopup('default')).attempts;
    expect(attempt).toMatchObject({ status: 'unknown' });
    await ledger.syncPayments();
    expect(await ledger.topup('default')).toMatchObject({ state: 'in_flight', usedThisMonthCents: 500 });
  });
});

describe('a payment that the ledger has lost', () => {
  test('is booked once, however many hear of it at once', async () => {
    await ledger.addCard('default', 'pm_card_visa');
    await ledger.buy('default', SMALL);
    const restored = payingLedger();
    try {
      restored.at = t.at;
      const [intent] = fake.world.paymentIntents.values();
      const { account } = (await restored.store.read('default')).state;
      const run = restored.another(rig.provider);
      intent!.metadata.attempt_id = `pay_${account.tag}_77`;
      intent!.metadata.installation = await installationOf(restored, account.tag);
      // Two that have both looked before either books.
      const store = restored.store.payments;
      const looked = Promise.withResolvers<void>();
      let left = 2;
      const { attemptOf } = store;
      store.attemptOf = async (reference) => {
        const found = await attemptOf(reference);
        left -= 1;
        if (left === 0) looked.resolve();
        if (left >= 0) await looked.promise;
        return found;
      };
      await Promise.all([run.syncPayments(), run.syncPayments()]);
      expect((await run.balance('default')).available).toBe(credits('550'));
      expect((await run.auditPayments()).differences).toEqual([]);
    } finally {
      await restored.done();
    }
  });
});

describe('a card', () => {
  test('that is saved while another is found to be gone stays', async () => {
    await topUpOn();
    const old = (await ledger.card('default')).card!.paymentMethod;
    fake.detach(old);
    const slow = t.another(
      new Proxy(rig.provider, {
        get(target, name) {
          const own: unknown = Reflect.get(target, name);
          if (name !== 'describeCard' || typeof own !== 'function') return own;
          return async (...facts: unknown[]) => {
            const answer: unknown = await own.apply(target, facts);
            await ledger.addCard('default', 'pm_card_mastercard');
            return answer;
          };
        },
      }),
    );
    await slow.syncPayments();
    expect((await ledger.card('default')).card).toMatchObject({ brand: 'mastercard' });
  });

  test('can be saved, and paid on a page, after the customer was deleted there', async () => {
    await topUpOn();
    for (const customer of [...fake.world.customers.keys()]) fake.deleteCustomer(customer);
    await ledger.syncPayments();
    expect(await ledger.card('default')).toMatchObject({ status: 'none' });
    expect(await ledger.buy('default', PAGE)).toMatchObject({ status: 'requires_action' });
    await ledger.addCard('default', 'pm_card_visa');
    expect(await ledger.buy('default', SMALL)).toMatchObject({ status: 'succeeded' });
    expect((await ledger.auditPayments()).differences).toEqual([]);
  });

  test('that is removed while a top-up is under way is not charged', async () => {
    await topUpOn();
    await expect(dying('confirmIntent').runTopup('default')).rejects.toThrow(Crash);
    await ledger.removeCard('default');
    await ledger.syncPayments();
    expect(await ledger.topupHistory('default', null)).toMatchObject([{ status: 'canceled' }]);
    expect(await ledger.topup('default')).toMatchObject({ state: 'no_card', usedThisMonthCents: 0 });
    expect(fake.books()).toEqual([]);
  });

  test('does not switch on what a person has switched off', async () => {
    await topUpOn('pm_fake_decline_lost_card');
    await ledger.runTopup('default');
    expect(await ledger.topup('default')).toMatchObject({ enabled: false, reason: 'card_refused' });
    await ledger.setTopup('default', { enabled: false });
    await ledger.addCard('default', 'pm_card_visa');
    expect(await ledger.topup('default')).toMatchObject({ enabled: false, reason: 'disabled' });
  });
});

test('a spend of all there is leaves the books alike', async () => {
  await topUpOn();
  await ledger.spend('default', spendOf('50'));
  await ledger.runTopup('default');
  expect((await ledger.auditPayments()).differences).toEqual([]);
});
