/** Plans that are paid at Stripe, against the fake one: credits come with invoices and never before. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LedgerError } from '../../../src/core/errors.ts';
import type { LocalLedger } from '../../../src/ledger/local.ts';
import { applyEvent } from '../../../src/ledger/payments/events.ts';
import { PaymentRun } from '../../../src/ledger/payments/payment-run.ts';
import { credits, DAY, spendOf } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';
import { type FakeRig, openFakeRig } from '../../helpers/stripe/rig.ts';

const at = (text: string): number => Date.parse(`${text}T00:00:00Z`);
const START = at('2026-03-01');
const APRIL = at('2026-04-01');

let rig: FakeRig;
let t: PayingLedger;
let ledger: LocalLedger;
let prices: Readonly<Record<string, string>>;
beforeEach(async () => {
  rig = await openFakeRig();
  t = payingLedger();
  t.at = START;
  prices = {
    pro: rig.fake.price({ cents: 1_200, name: 'Pro' }),
    harness: rig.fake.price({ cents: 3_900, name: 'Harness' }),
    team: rig.fake.price({ cents: 7_900, name: 'Team' }),
  };
  ledger = t.another(rig.provider, prices);
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

const available = async (): Promise<number> => (await ledger.balance('default')).available;
const pass = (days: number): void => {
  rig.fake.advance(days * DAY);
  t.at += days * DAY;
};

async function subscribe(plan = 'pro'): Promise<void> {
  const view = await ledger.setPlan('default', { plan, mode: null });
  expect([view.status, view.plan, view.receipt]).toEqual(['pending_payment', 'free', null]);
  const session = /cs_[A-Za-z0-9_]+/.exec(view.payUrl!)![0];
  rig.fake.complete(session, 'pm_card_visa');
  await ledger.syncPayments();
}

describe('a plan that is paid', () => {
  test('starts with its first invoice and the dates of the subscription', async () => {
    const page = await ledger.setPlan('default', { plan: 'pro', mode: null });
    expect(page.payUrl).toContain('http');
    expect(await available()).toBe(credits('50'));
    await ledger.syncPayments();
    expect(await available()).toBe(credits('50'));
    rig.fake.complete(/cs_[A-Za-z0-9_]+/.exec(page.payUrl!)![0], 'pm_card_visa');
    expect(await ledger.syncPayments()).toMatchObject({ granted: credits('1000'), failed: [] });
    expect(await available()).toBe(credits('1050'));
    expect(await ledger.plan('default')).toMatchObject({ plan: 'pro', status: 'active', pending: null });
    expect(await ledger.cycle('default')).toMatchObject({
      start: START,
      end: APRIL,
      granted: credits('1000'),
    });
  });

  const sessionOf = (url: string | undefined | null): string => /cs_[A-Za-z0-9_]+/.exec(url!)![0];
  const paid = (session: string): Promise<string> =>
    Promise.resolve()
      .then(() => rig.fake.complete(session, 'pm_card_visa'))
      .then(
        () => 'paid',
        () => 'closed',
      );

  test('is sold on one page at a time: the page before is closed, and two cannot be paid', async () => {
    const first = await ledger.setPlan('default', { plan: 'pro', mode: null });
    const second = await ledger.setPlan('default', { plan: 'harness', mode: null });
    expect(await paid(sessionOf(first.payUrl))).toBe('closed');
    expect(await paid(sessionOf(second.payUrl))).toBe('paid');
    expect(await ledger.syncPayments()).toMatchObject({ granted: credits('5000') });
    expect(await ledger.plan('default')).toMatchObject({ plan: 'harness', status: 'active' });
  });

  test('a page stays open when what was asked for next is not sold, and is closed for the free plan', async () => {
    const page = await ledger.setPlan('default', { plan: 'pro', mode: null });
    await ledger.definePlan({ plan: 'solo', monthly: credits('10'), priceCents: 100, from: null });
    expect(await codeOf(ledger.setPlan('default', { plan: 'solo', mode: null }))).toBe('invalid_argument');
    expect(await ledger.plan('default')).toMatchObject({ status: 'pending_payment' });
    await ledger.setPlan('default', { plan: 'free', mode: null });
    expect(await ledger.plan('default')).toMatchObject({ plan: 'free', status: 'canceled' });
    expect(await paid(sessionOf(page.payUrl))).toBe('closed');
  });

  test('an invoice that was paid and is not booked is a difference of the books', async () => {
    await subscribe();
    expect((await ledger.auditPayments()).differences).toEqual([]);
    pass(31);
    const { differences, ok } = await ledger.auditPayments();
    expect([ok, differences]).toMatchObject([false, [{ kind: 'paid_not_granted', account: 'default' }]]);
    // A process that does not know the prices of plans cannot book it.
    await t.another(rig.provider).syncPayments();
    expect((await ledger.auditPayments()).ok).toBe(false);
    await ledger.syncPayments();
    expect((await ledger.auditPayments()).differences).toEqual([]);
  });

  test('a page that was paid before the next was asked for is what counts', async () => {
    const first = await ledger.setPlan('default', { plan: 'pro', mode: null });
    rig.fake.complete(sessionOf(first.payUrl), 'pm_card_visa');
    expect(await codeOf(ledger.setPlan('default', { plan: 'harness', mode: null }))).toBe('invalid_argument');
    expect(await available()).toBe(credits('1050'));
    expect(await ledger.plan('default')).toMatchObject({ plan: 'pro', status: 'active' });
  });

  test('two commands at once leave one page that can be paid', async () => {
    const pages = await Promise.allSettled([
      ledger.setPlan('default', { plan: 'pro', mode: null }),
      ledger.setPlan('default', { plan: 'pro', mode: null }),
    ]);
    const [won, ...others] = pages.flatMap((page) => (page.status === 'fulfilled' ? [page.value] : []));
    expect(others).toEqual([]);
    expect(pages.find((page) => page.status === 'rejected')).toMatchObject({
      reason: { code: 'ledger_busy' },
    });
    expect(await paid(sessionOf(won!.payUrl))).toBe('paid');
    await ledger.syncPayments();
    expect(await available()).toBe(credits('1050'));
  });

  test('is granted once for each invoice, however often and late it is heard of', async () => {
    await subscribe();
    await ledger.syncPayments();
    const { events } = await rig.provider.eventsSince(null);
    const run = new PaymentRun(
      { ...t.deps, actor: 'webhook' },
      {
        open: async () => rig.provider,
        webhookSecrets: async () => [],
        planPrices: async () => new Map(Object.entries(prices)),
        reference: () => 'none',
      },
    );
    const own = events.filter(({ subject }) => subject.what === 'invoice' || subject.what === 'subscription');
    expect(own.length).toBeGreaterThan(1);
    for (const event of [...own, ...own.toReversed()]) expect(await applyEvent(run, event)).toBe('nothing');
    expect(await available()).toBe(credits('1050'));
  });

  test('comes again with the next paid invoice; no scheduler grants it', async () => {
    await subscribe();
    await ledger.spend('default', spendOf('400'));
    pass(31);
    const view = await ledger.runCycle('rollover', null);
    expect(view.granted).toBe(0n);
    expect(await available()).toBe(credits('50'));
    await ledger.syncPayments();
    expect(await available()).toBe(credits('1050'));
    expect(await ledger.cycle('default')).toMatchObject({ start: APRIL, end: at('2026-05-01') });
  });

  test('asks before a dearer plan is charged, then grants the difference for the rest of the period', async () => {
    await subscribe();
    pass(10);
    const change = { plan: 'team', mode: null } as const;
    expect(await codeOf(ledger.setPlan('default', change))).toBe('confirmation_needed');
    expect(await available()).toBe(credits('1050'));
    await ledger.setPlan('default', change, { confirmed: true });
    const share = Math.floor((9_000_000_000 * 21) / 31);
    expect(await available()).toBe(credits('1050') + share);
    expect(await ledger.plan('default')).toMatchObject({ plan: 'team', status: 'active' });
    pass(21);
    await ledger.syncPayments();
    expect(await available()).toBe(credits('10050'));
  });

  test('a cheaper plan waits for the next paid invoice, and can be taken back', async () => {
    await subscribe('harness');
    const view = await ledger.setPlan('default', { plan: 'pro', mode: null });
    expect([view.plan, view.pending]).toEqual(['harness', { plan: 'pro', at: APRIL }]);
    await ledger.setPlan('default', { plan: 'harness', mode: null });
    expect(await ledger.plan('default')).toMatchObject({ plan: 'harness', pending: null });
    await ledger.setPlan('default', { plan: 'pro', mode: null });
    expect(await available()).toBe(credits('5050'));
    pass(31);
    await ledger.syncPayments();
    expect(await ledger.plan('default')).toMatchObject({ plan: 'pro', pending: null });
    expect(await available()).toBe(credits('1050'));
  });

  test('a closed account still gets what an invoice paid for, and hears of the end', async () => {
    await subscribe();
    await ledger.closeAccount('default');
    pass(31);
    expect(await ledger.syncPayments()).toMatchObject({ granted: credits('1000'), failed: [] });
    expect(await available()).toBe(credits('1050'));
    const { card } = await t.store.payments.wallet((await t.store.read('default')).state.account, t.at);
    rig.fake.cancelSubscription(card!.subscription!.id!);
    await ledger.syncPayments();
    expect(await ledger.plan('default')).toMatchObject({ plan: 'free', status: 'canceled' });
  });

  test('to free: ends with the period, and what was granted lives until then', async () => {
    await subscribe();
    const view = await ledger.setPlan('default', { plan: 'free', mode: null });
    expect(view.pending).toEqual({ plan: 'free', at: APRIL });
    pass(20);
    await ledger.syncPayments();
    expect(await available()).toBe(credits('1050'));
    pass(11);
    await ledger.syncPayments();
    expect(await ledger.plan('default')).toMatchObject({ plan: 'free', status: 'canceled' });
    expect(await available()).toBe(credits('50'));
  });

  test('while an invoice is awaited nobody is topped up; after 72 hours again', async () => {
    await subscribe();
    await ledger.addCard('default', 'pm_card_visa');
    const policy = { threshold: credits('100'), amount: credits('500'), limitCents: null };
    await ledger.setTopup('default', { ...policy, enabled: true });
    t.at = APRIL;
    expect(await ledger.topup('default')).toMatchObject({ state: 'in_flight' });
    expect((await ledger.runTopup('default')).attempts).toEqual([]);
    t.at = APRIL + 3 * DAY;
    expect(await ledger.topup('default')).toMatchObject({ state: 'due' });
  });

  test('a page that nobody completes ends, and the plan stays', async () => {
    await ledger.setPlan('default', { plan: 'pro', mode: null });
    expect(await ledger.plan('default')).toMatchObject({ status: 'pending_payment', plan: 'free' });
    pass(2);
    await ledger.syncPayments();
    expect(await ledger.plan('default')).toMatchObject({ status: 'canceled', plan: 'free' });
  });
});
