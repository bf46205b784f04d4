/** Money on every engine: the same payments, one at a time and many at once. */
import { describe, expect, test } from 'vitest';
import { LocalLedger } from '../../../src/ledger/local.ts';
import type { PaymentProvider } from '../../../src/ledger/payments/provider.ts';
import { SimulatedProvider } from '../../../src/payments/simulated.ts';
import { ENGINES, ledgersOn } from '../../contract/engines.ts';
import { type AnyTestLedger, credits, sha256, spendOf, zones } from '../../helpers/ledger.ts';
import { Crash, unreliable } from '../../helpers/unreliable-provider.ts';

let words = 0;

function takingMoney(t: AnyTestLedger, wrap = (provider: SimulatedProvider): PaymentProvider => provider) {
  const simulated = new SimulatedProvider({ books: t.store.payments.books, clock: () => t.at });
  const ledger = new LocalLedger({
    store: t.store,
    zones,
    loadZones: async () => zones,
    sha256,
    now: () => t.at,
    wall: () => t.at,
    actor: 'tester',
    payments: {
      open: async () => wrap(simulated),
      webhookSecrets: async () => [],
      reference: () => `engine${++words}`,
    },
  });
  return { ledger, simulated };
}

const POLICY = { threshold: credits('100'), amount: credits('500'), limitCents: 1_000, enabled: true };
const SMALL = { package: '500', maxChargeCents: null, checkout: false };

describe.each(ENGINES)('money on $name', (engine) => {
  const make = ledgersOn(engine);

  test('a policy, a card, a top-up, a purchase, and both books', async () => {
    const { ledger } = takingMoney(await make());
    await ledger.addCard('default', 'pm_card_visa');
    expect(await ledger.setTopup('default', POLICY)).toMatchObject({ state: 'due', enabled: true });
    expect((await ledger.runTopup('default')).attempts).toMatchObject([{ status: 'succeeded' }]);
    const first = await ledger.buy('default', SMALL, { key: 'k' });
    expect(await ledger.buy('default', SMALL, { key: 'k' })).toMatchObject({
      purchase: first.purchase,
      replayed: true,
    });
    expect((await ledger.balance('default')).available).toBe(credits('1050'));
    expect(await ledger.topup('default')).toMatchObject({ state: 'ready', usedThisMonthCents: 500 });
    expect((await ledger.purchases('default', null)).map(({ kind }) => kind)).toEqual(['auto', 'manual']);
    expect(await ledger.auditPayments()).toMatchObject({ ok: true, payments: 2, paidCents: 1_000 });
    expect(await ledger.syncPayments()).toMatchObject({ failed: [], events: { applied: 2 } });
    expect(await ledger.syncPayments()).toMatchObject({ events: { read: 0, applied: 0 } });
  });

  test('many triggers at once make one top-up', async () => {
    const t = await make();
    const { ledger } = takingMoney(t);
    await ledger.addCard('default', 'pm_card_visa');
    await ledger.setTopup('default', POLICY);
    const others = Array.from({ length: 12 }, () =>
      takingMoney(t)
        .ledger.runTopup('default')
        .catch(() => null),
    );
    await Promise.all(others);
    expect((await ledger.topupHistory('default', null)).map(({ status }) => status)).toEqual(['succeeded']);
    expect((await ledger.auditPayments()).paidCents).toBe(500);
  });

  test('an answer that gets lost, and a process that dies', async () => {
    const t = await make();
    const { ledger } = takingMoney(t);
    await ledger.addCard('default', 'pm_card_visa');
    await ledger.setTopup('default', POLICY);
    const dying = takingMoney(t, (provider) =>
      unreliable(provider, (method) => (method === 'confirmIntent' ? 'crash_after' : 'none')),
    );
    await expect(dying.ledger.runTopup('default')).rejects.toBeInstanceOf(Crash);
    expect(await ledger.topup('default')).toMatchObject({ state: 'in_flight', usedThisMonthCents: 500 });
    expect(await ledger.syncPayments()).toMatchObject({ granted: credits('500') });
    expect((await ledger.balance('default')).available).toBe(credits('550'));
  });

  test('a purchase after one whose outcome nobody heard waits for it', async () => {
    const t = await make();
    const { ledger } = takingMoney(t);
    await ledger.addCard('default', 'pm_card_visa');
    const dying = takingMoney(t, (provider) =>
      unreliable(provider, (method) => (method === 'confirmIntent' ? 'crash_after' : 'none')),
    );
    await expect(dying.ledger.buy('default', SMALL)).rejects.toBeInstanceOf(Crash);
    const deaf = takingMoney(t, (provider) => unreliable(provider, () => 'lost_before'));
    await expect(deaf.ledger.buy('default', SMALL)).rejects.toMatchObject({ code: 'payment_unknown' });
    await ledger.buy('default', SMALL);
    expect((await ledger.auditPayments()).paidCents).toBe(1_000);
    expect((await ledger.balance('default')).available).toBe(credits('1050'));
  });

  test('two purchases that both go back: what the first took from the lot of the second is owed by the second', async () => {
    const t = await make();
    const { ledger, simulated } = takingMoney(t);
    await ledger.addCard('default', 'pm_card_visa');
    const bought = [await ledger.buy('default', SMALL)];
    await ledger.spend('default', spendOf('400'));
    bought.push(await ledger.buy('default', SMALL));
    for (const { purchase } of bought) {
      await simulated.happen(`pi_sim_${purchase}`, (paid) => ({
        ...paid,
        refunds: [{ id: `re_${purchase}`, amountCents: 500, status: 'succeeded' }],
      }));
      await ledger.syncPayments();
    }
    expect(await ledger.balance('default')).toMatchObject({ available: 0, debt: credits('350') });
    expect((await ledger.auditPayments()).differences).toEqual([]);
  });

  test('a dispute, its debt, and the end of it', async () => {
    const t = await make();
    const { ledger, simulated } = takingMoney(t);
    await ledger.addCard('default', 'pm_card_createDispute');
    await ledger.setTopup('default', POLICY);
    const { attempts } = await ledger.runTopup('default');
    await ledger.spend('default', spendOf('540'));
    await ledger.syncPayments();
    expect(await ledger.balance('default')).toMatchObject({ available: 0, debt: credits('490') });
    expect(await ledger.topup('default')).toMatchObject({ state: 'off', reason: 'disputed' });
    await simulated.happen(`pi_sim_${attempts[0]!.attempt}`, (paid) => ({
      ...paid,
      disputes: paid.disputes.map((each) => ({ ...each, status: 'won' })),
    }));
    await ledger.syncPayments();
    await ledger.syncPayments();
    expect(await ledger.balance('default')).toMatchObject({ available: credits('10'), debt: 0 });
    expect((await ledger.auditPayments()).differences).toEqual([]);
  });

  test('a revoke under holds, then a dispute: what a hold lets go pays what the dispute made owed', async () => {
    const t = await make();
    const { ledger } = takingMoney(t);
    const hold = { call: null, tags: { activity: null, session: null, run: null }, note: null };
    await ledger.spend('default', spendOf('50'));
    await ledger.addCard('default', 'pm_card_createDispute');
    await ledger.buy('default', { package: '500', maxChargeCents: null, checkout: false });
    const first = await ledger.hold('default', { ...hold, amount: credits('100'), ttlMs: 60_000 });
    await ledger.hold('default', { ...hold, amount: credits('30'), ttlMs: 1_000 });
    const { lots } = await ledger.balance('default');
    await ledger.revoke('default', { lot: lots.find((lot) => lot.source === 'purchased')!.lot, note: null });
    await ledger.syncPayments();
    expect(await ledger.balance('default')).toMatchObject({ available: 0, debt: credits('130') });
    t.at += 2_000;
    expect(await ledger.balance('default')).toMatchObject({ available: 0, debt: credits('100') });
    await ledger.settle('default', { ...hold, hold: first.hold!, amount: credits('40') });
    expect(await ledger.balance('default')).toMatchObject({ available: 0, held: 0, debt: credits('40') });
    expect((await ledger.auditPayments()).differences).toEqual([]);
    expect((await ledger.verify()).ok).toBe(true);
  });
});
