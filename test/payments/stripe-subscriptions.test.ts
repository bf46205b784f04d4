/** Plans that are paid every month: pages, invoices, changes and ends. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instant } from '../../src/core/types.ts';
import { type FakeRig, openFakeRig } from '../helpers/stripe/rig.ts';

const DAY = 86_400_000;
const at = (text: string) => Date.parse(text) as Instant;

let rig: FakeRig;
let pro: string;
let team: string;
beforeEach(async () => {
  rig = await openFakeRig();
  pro = rig.fake.price({ cents: 1200, name: 'Pro' });
  team = rig.fake.price({ cents: 7900, name: 'Team' });
});
afterEach(() => rig.close());

async function subscribed(price = pro, card = 'pm_card_visa') {
  const { fake, provider } = rig;
  const who = { account: 'a', installation: 'i' };
  const customer = await provider.ensureCustomer({ ...who, key: 'cust:i:a' });
  const page = await provider.startSubscription({
    ...who,
    customer,
    reference: 'ref_1',
    price,
    key: 'plan:ref_1',
  });
  expect(page).toMatchObject({ status: 'open', subscription: null, reference: 'ref_1', isPaid: false });
  fake.complete(page.session, card);
  const done = await provider.retrieveCheckout(page.session);
  return { customer, subscription: done.subscription! };
}

describe('a subscription', () => {
  it('begins on a page, with a paid invoice for its first month', async () => {
    const { subscription, customer } = await subscribed();
    const facts = await rig.provider.describeSubscription(subscription);
    expect(facts).toEqual({
      subscription,
      status: 'active',
      customer,
      price: pro,
      periodStart: at('2026-03-01T00:00:00Z'),
      periodEnd: at('2026-04-01T00:00:00Z'),
      cancelsAtEnd: false,
      latestInvoice: expect.stringMatching(/^in_/),
      account: 'a',
      installation: 'i',
      livemode: false,
    });
    expect(await rig.provider.describeInvoice(facts!.latestInvoice!)).toEqual({
      invoice: facts!.latestInvoice,
      isPaid: true,
      hasFailed: false,
      reason: 'create',
      subscription,
      customer,
      price: pro,
      periodStart: facts!.periodStart,
      periodEnd: facts!.periodEnd,
      paidCents: 1200,
      currency: 'usd',
      intent: expect.stringMatching(/^pi_/),
      payUrl: null,
      livemode: false,
    });
  });

  it('is paid again every month, for the period that begins', async () => {
    const { subscription } = await subscribed();
    rig.fake.advance(62 * DAY);
    const invoices = await rig.provider.invoicesOf(subscription);
    expect(invoices.map(({ reason, isPaid, periodStart }) => [reason, isPaid, periodStart])).toEqual([
      ['cycle', true, at('2026-05-01T00:00:00Z')],
      ['cycle', true, at('2026-04-01T00:00:00Z')],
      ['create', true, at('2026-03-01T00:00:00Z')],
    ]);
  });

  it('falls behind when the card no longer pays, and catches up', async () => {
    const { fake, provider } = rig;
    const { subscription } = await subscribed();
    const card = fake.world.subscriptions.get(subscription)!.default_payment_method!;
    fake.behave(card, 'pm_card_chargeCustomerFail');
    fake.advance(31 * DAY);
    expect(await provider.describeSubscription(subscription)).toMatchObject({
      status: 'past_due',
      periodStart: at('2026-04-01T00:00:00Z'),
    });
    const [failed] = await provider.invoicesOf(subscription);
    expect(failed).toMatchObject({
      isPaid: false,
      hasFailed: true,
      paidCents: 0,
      payUrl: expect.stringMatching(/^https/),
    });
    fake.behave(card, 'pm_card_visa');
    fake.payInvoice(failed!.invoice);
    expect(await provider.describeSubscription(subscription)).toMatchObject({ status: 'active' });
    expect(await provider.describeInvoice(failed!.invoice)).toMatchObject({
      isPaid: true,
      hasFailed: false,
      payUrl: null,
    });
  });

  it('says what it does not know', async () => {
    const { provider, fake } = rig;
    expect(await provider.describeSubscription('sub_none')).toBeNull();
    expect(await provider.describeInvoice('in_none')).toBeNull();
    expect(await provider.describePrice('price_none')).toBeNull();
    expect(await provider.describePrice(team)).toEqual({ amountCents: 7900, currency: 'usd' });
    const { subscription } = await subscribed();
    fake.world.subscriptions.get(subscription)!.status = 'a_status_from_the_future';
    expect(await provider.describeSubscription(subscription)).toMatchObject({ status: 'unknown' });
  });
});

describe('a change', () => {
  it('to a dearer plan is invoiced for the rest of the period', async () => {
    const { fake, provider } = rig;
    const { subscription } = await subscribed();
    fake.advance(15.5 * DAY);
    const change = { how: 'prorate', price: team, at: fake.world.nowMs as Instant } as const;
    const input = { subscription, change, key: 'plan:ref_2' };
    expect(await provider.changeSubscription(input)).toMatchObject({
      price: team,
      periodStart: at('2026-03-01T00:00:00Z'),
      periodEnd: at('2026-04-01T00:00:00Z'),
    });
    await provider.changeSubscription(input);
    const [invoice, ...others] = await provider.invoicesOf(subscription);
    expect(others).toHaveLength(1);
    // Half of 7,900 less half of 1,200.
    expect(invoice).toMatchObject({
      reason: 'change',
      isPaid: true,
      price: team,
      paidCents: 3350,
      periodStart: fake.world.nowMs,
      periodEnd: at('2026-04-01T00:00:00Z'),
    });
  });

  it('with a new period starts it now, less what is left of the old one', async () => {
    const { fake, provider } = rig;
    const { subscription } = await subscribed();
    fake.advance(15.5 * DAY);
    const change = { how: 'restart', price: team } as const;
    const facts = await provider.changeSubscription({ subscription, change, key: 'plan:ref_2' });
    expect(facts).toMatchObject({
      price: team,
      periodStart: fake.world.nowMs,
      periodEnd: at('2026-04-16T12:00:00Z'),
    });
    const [invoice] = await provider.invoicesOf(subscription);
    expect(invoice).toMatchObject({
      reason: 'change',
      price: team,
      paidCents: 7900 - 600,
      periodStart: facts.periodStart,
      periodEnd: facts.periodEnd,
    });
  });

  it('to a cheaper plan costs nothing before the next period', async () => {
    const { fake, provider } = rig;
    const { subscription } = await subscribed(team);
    const change = { how: 'next-cycle', price: pro } as const;
    await provider.changeSubscription({ subscription, change, key: 'plan:ref_2' });
    expect(await provider.invoicesOf(subscription)).toHaveLength(1);
    fake.advance(31 * DAY);
    expect((await provider.invoicesOf(subscription))[0]).toMatchObject({
      reason: 'cycle',
      price: pro,
      paidCents: 1200,
    });
  });

  it('that the card does not pay for changes nothing', async () => {
    const { fake, provider } = rig;
    const { subscription } = await subscribed();
    fake.behave(
      fake.world.subscriptions.get(subscription)!.default_payment_method!,
      'pm_card_chargeCustomerFail',
    );
    for (const change of [
      { how: 'prorate', price: team, at: fake.world.nowMs as Instant },
      { how: 'restart', price: team },
    ] as const) {
      const changed = provider.changeSubscription({ subscription, change, key: `plan:${change.how}` });
      await expect(changed).rejects.toMatchObject({ code: 'payment_declined' });
      expect(await provider.describeSubscription(subscription)).toMatchObject({
        price: pro,
        status: 'active',
      });
    }
  });

  it('to an end is kept until the period is over, and can be taken back', async () => {
    const { fake, provider } = rig;
    const { subscription } = await subscribed();
    const change = (how: 'cancel-at-end' | 'keep', key: string) =>
      provider.changeSubscription({ subscription, change: { how }, key });
    expect(await change('cancel-at-end', 'k1')).toMatchObject({ cancelsAtEnd: true, status: 'active' });
    expect(await change('keep', 'k2')).toMatchObject({ cancelsAtEnd: false });
    expect(await change('cancel-at-end', 'k3')).toMatchObject({ cancelsAtEnd: true });
    fake.advance(31 * DAY);
    expect(await provider.describeSubscription(subscription)).toMatchObject({ status: 'ended' });
    expect(await provider.invoicesOf(subscription)).toHaveLength(1);
  });

  it('of what is not there is refused', async () => {
    const { provider } = rig;
    const keep = { how: 'keep' } as const;
    const missing = provider.changeSubscription({ subscription: 'sub_none', change: keep, key: 'k' });
    await expect(missing).rejects.toMatchObject({ code: 'invalid_argument' });
    const { subscription } = await subscribed();
    const change = { how: 'next-cycle', price: 'price_none' } as const;
    const unknown = provider.changeSubscription({ subscription, change, key: 'k' });
    await expect(unknown).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('events of a subscription', () => {
  it('name the subscription and its invoices', async () => {
    const { fake, provider } = rig;
    const { subscription } = await subscribed();
    const { cursor } = await provider.eventsSince(null);
    fake.behave(
      fake.world.subscriptions.get(subscription)!.default_payment_method!,
      'pm_card_authenticationRequired',
    );
    fake.advance(31 * DAY);
    const { events } = await provider.eventsSince(cursor);
    const [invoice] = await provider.invoicesOf(subscription);
    const about = events.filter(
      ({ subject }) => subject.what === 'invoice' || subject.what === 'subscription',
    );
    expect(about.map(({ type, subject }) => [type, 'id' in subject ? subject.id : null])).toEqual([
      ['customer.subscription.updated', subscription],
      ['invoice.payment_action_required', invoice?.invoice],
      ['invoice.payment_failed', invoice?.invoice],
      ['customer.subscription.updated', subscription],
    ]);
  });
});
