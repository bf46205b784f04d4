/** Events of Stripe: signatures, what each is about, and reading on from where one was. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instant } from '../../src/core/types.ts';
import type { ProviderEvent } from '../../src/ledger/payments/provider.ts';
import { intentIn, savedCard } from '../contract/payments.ts';
import { type FakeRig, openFakeRig } from '../helpers/stripe/rig.ts';
import { signature, signed } from '../helpers/stripe/webhooks.ts';

const SECRET = 'whsec_current';

let rig: FakeRig;
beforeEach(async () => {
  rig = await openFakeRig();
});
afterEach(() => rig.close());

const nowOf = () => rig.fake.world.nowMs as Instant;
const codeOf = (call: () => unknown): string => {
  try {
    call();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a webhook', () => {
  const paidEvent = async () => {
    const { charge } = await savedCard(rig.provider);
    const { intent } = intentIn(await charge('pay_t_1'));
    const event = rig.fake.world.events.find(({ type }) => type === 'payment_intent.succeeded')!;
    return { intent, event, at: Math.floor(nowOf() / 1000) };
  };
  const read = (
    body: string | Uint8Array,
    mark: string | null,
    secrets: readonly string[] = [SECRET],
    receivedAt = nowOf(),
  ) => rig.provider.readWebhook({ body, signature: mark, secrets, receivedAt });

  it('says where to look, and nothing else', async () => {
    const { intent, event, at } = await paidEvent();
    const { body, signature: mark } = signed(event, [SECRET], at);
    const expected: ProviderEvent = {
      id: event.id,
      type: 'payment_intent.succeeded',
      createdAt: (event.created * 1000) as Instant,
      livemode: false,
      subject: { what: 'intent', id: intent },
    };
    expect(read(body, mark)).toEqual(expected);
    expect(read(new TextEncoder().encode(body), mark)).toEqual(expected);
  });

  it('is taken with any of several secrets, and with one mark of several', async () => {
    const { event, at } = await paidEvent();
    const rolling = signed(event, ['whsec_other', SECRET], at);
    expect(read(rolling.body, rolling.signature, ['whsec_next', SECRET]).id).toBe(event.id);
    const old = signed(event, [SECRET], at);
    expect(read(old.body, old.signature, ['whsec_next', SECRET]).id).toBe(event.id);
  });

  it('is refused without a signature of ours', async () => {
    const { event, at } = await paidEvent();
    const { body, signature: mark } = signed(event, [SECRET], at);
    const forged = signature(body, ['whsec_forged'], at);
    const v0 = mark.replaceAll('v1=', 'v0=');
    const refused: (readonly [string, string | null, (readonly string[])?])[] = [
      [body, null],
      [body, ''],
      [body, 'nonsense'],
      [body, forged],
      [body, v0],
      [body, `t=${at}`],
      [`${body} `, mark],
      [body.replace('500', '501'), mark],
      ['', mark],
      [body, mark, []],
      [body, mark, ['']],
      [body, mark.replace(`t=${at}`, `t=${at + 1}`)],
    ];
    for (const each of refused)
      expect([each[1], codeOf(() => read(...each))]).toEqual([each[1], 'unauthenticated']);
  });

  it('is refused when its signature is older than five minutes', async () => {
    const { event, at } = await paidEvent();
    const { body, signature: mark } = signed(event, [SECRET], at);
    const later = (seconds: number) => ((at + seconds) * 1000) as Instant;
    expect(codeOf(() => read(body, mark, [SECRET], later(300)))).toBe('accepted');
    expect(codeOf(() => read(body, mark, [SECRET], later(301)))).toBe('unauthenticated');
  });

  it('is refused when its signature is more than a minute ahead of our clock', async () => {
    const { event, at } = await paidEvent();
    const ahead = (seconds: number, more = '') => {
      const { body, signature: mark } = signed(event, [SECRET], at + seconds);
      return codeOf(() => read(body, mark + more));
    };
    expect([ahead(60), ahead(61), ahead(365 * 86_400)]).toEqual([
      'accepted',
      'unauthenticated',
      'unauthenticated',
    ]);
    // A second time beside it does not make it younger.
    expect(ahead(3_600, `,t=${at}`)).toBe('unauthenticated');
    const { body, signature: mark } = signed(event, [SECRET], at + 3_600);
    expect(() => read(body, mark)).toThrow(/of the future/);
    expect(() => read(body, mark, [])).toThrow(/no webhook secret is set/);
  });

  it('is refused when it is signed, but no event of this ledger', async () => {
    const { event, at } = await paidEvent();
    const sign = (body: string) => {
      const mac = createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex');
      return codeOf(() => read(body, `t=${at},v1=${mac}`));
    };
    expect(sign(JSON.stringify({ ...event, livemode: true }))).toBe('mode_mismatch');
    for (const body of ['no json', '{}', '[]', 'null', '1', '{"object":"v2.core.event","id":"evt_1"}']) {
      expect([body, sign(body)]).toEqual([body, 'invalid_argument']);
    }
    expect(sign(JSON.stringify({ ...event, data: null }))).toBe('invalid_argument');
    expect(sign(JSON.stringify({ ...event, type: 'constructor' }))).toBe('accepted');
  });
});

describe('what events are about', () => {
  const subjectsOf = async () => {
    const { events } = await rig.provider.eventsSince(null);
    return events.map(({ type, subject }) => `${type} ${Object.values(subject).join(' ')}`);
  };

  it('names cards, pages, payments and what went back', async () => {
    const { fake, provider } = rig;
    const { charge, customer, card, inputOf } = await savedCard(provider);
    const { intent } = intentIn(await charge('pay_t_1'));
    const refund = fake.refund(intent, 100);
    fake.warnOfFraud(intent);
    const { paymentMethod: _, ...input } = inputOf('pay_t_2');
    const page = await provider.startPurchase(input);
    await provider.expireCheckout(page.session);
    const setup = await provider.startCardSetup({
      account: 'default',
      installation: 'i',
      customer,
      reference: 'setup_1',
      currency: 'usd',
      key: 'setup:1',
    });
    fake.complete(setup.session);
    fake.detach(card.paymentMethod);
    fake.deleteCustomer(customer);
    const saved = fake.world.setupIntents.get(
      fake.world.sessions.get(setup.session)!.setup_intent!,
    )!.payment_method;
    expect(refund).toMatch(/^re_/);
    expect(await subjectsOf()).toEqual([
      `payment_method.attached card ${card.paymentMethod} ${customer}`,
      `payment_intent.succeeded intent ${intent}`,
      `charge.refunded returns ${intent}`,
      `refund.created returns ${intent}`,
      `radar.early_fraud_warning.created fraud_warning ${intent}`,
      `checkout.session.expired checkout ${page.session}`,
      `payment_method.attached card ${saved} ${customer}`,
      `setup_intent.succeeded card ${saved} ${customer}`,
      `checkout.session.completed checkout ${setup.session}`,
      `payment_method.detached card ${card.paymentMethod} `,
      `customer.deleted customer_deleted ${customer}`,
    ]);
  });

  it('names disputes and declines', async () => {
    const { fake, provider } = rig;
    const good = await savedCard(provider, 'pm_card_visa', 'a');
    const bad = await savedCard(provider, 'pm_card_chargeCustomerFail', 'b');
    const { intent } = intentIn(await good.charge('pay_t_1'));
    const declined = intentIn(await bad.charge('pay_t_2')).intent;
    fake.closeDispute(fake.dispute(intent), 'won');
    expect((await subjectsOf()).slice(2)).toEqual([
      `payment_intent.succeeded intent ${intent}`,
      `payment_intent.payment_failed intent ${declined}`,
      `charge.dispute.created returns ${intent}`,
      `charge.dispute.funds_withdrawn returns ${intent}`,
      `charge.dispute.closed returns ${intent}`,
      `charge.dispute.funds_reinstated returns ${intent}`,
    ]);
  });
});

describe('reading on', () => {
  it('misses nothing of one second, repeats nothing, and pages to the end', async () => {
    const { fake, provider } = rig;
    const { charge } = await savedCard(provider);
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let step = 0; step < 6; step += 1) {
      // Every other step comes within the second of the one before.
      fake.advance(step % 2 === 0 ? 40_000 : 0);
      for (let each = 0; each < 12; each += 1) await charge(`pay_t_${step}_${each}`);
      const { events, cursor: next }: { events: readonly ProviderEvent[]; cursor: string | null } =
        await provider.eventsSince(cursor);
      seen.push(...events.map(({ id }) => id));
      cursor = next;
    }
    const all = await provider.eventsSince(null);
    expect(all.events.length).toBe(73);
    expect(seen).toEqual(all.events.map(({ id }) => id));
    expect(await provider.eventsSince(cursor)).toEqual({ events: [], cursor });
  });

  it('finds an event that shows up later than a newer one', async () => {
    const { fake, provider } = rig;
    const { charge } = await savedCard(provider);
    await charge('pay_t_1');
    const late = fake.world.events.pop()!;
    fake.advance(30_000);
    await charge('pay_t_2');
    const { cursor } = await provider.eventsSince(null);
    const place = fake.world.events.findIndex(({ created }) => created > late.created);
    fake.world.events.splice(place, 0, late);
    const { events } = await provider.eventsSince(cursor);
    expect(events.map(({ id }) => id)).toEqual([late.id]);
  });

  it('refuses a cursor of another kind, and keeps none where nothing happened', async () => {
    await expect(rig.provider.eventsSince('12')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await rig.provider.eventsSince(null)).toEqual({ events: [], cursor: null });
  });
});
