/** The fake itself, through the SDK: what the other tests lean on. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProcess, workerOf } from '../helpers/processes.ts';
import { type FakeStripe, startFakeStripe, TEST_KEY } from '../helpers/stripe/fake.ts';
import { API_VERSION } from '../helpers/stripe/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let fake: FakeStripe;
let stripe: Stripe;

const clientOf = (url: string, key = TEST_KEY) => {
  const { hostname: host, port } = new URL(url);
  return new Stripe(key, {
    host,
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    timeout: 2000,
  });
};

beforeEach(async () => {
  fake = await startFakeStripe();
  stripe = clientOf(fake.url);
});
afterEach(async () => {
  await fake.close();
  fake.check();
});

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    ({ type, code, statusCode }) => ({ type, code, status: statusCode }),
  );

const intentParams = (customer: string, method: string): Stripe.PaymentIntentCreateParams => ({
  amount: 500,
  currency: 'usd',
  customer,
  payment_method: method,
  allowed_payment_method_types: ['card'],
});

async function cardOf(magic = 'pm_card_visa') {
  const customer = await stripe.customers.create({ metadata: { account_id: 'a' } });
  const method = await stripe.paymentMethods.attach(magic, { customer: customer.id });
  return { customer: customer.id, method: method.id };
}

describe('requests', () => {
  it('speaks the version that the SDK pins', async () => {
    await stripe.customers.create({});
    expect(fake.log[0]?.version).toBe(API_VERSION);
  });

  it('refuses a wrong key, an unknown path and an unknown parameter', async () => {
    const other = clientOf(fake.url, 'sk_test_other');
    expect(await errorOf(other.customers.create({}))).toMatchObject({ status: 401 });
    expect(await errorOf(stripe.topups.list())).toMatchObject({ status: 404, code: 'resource_missing' });
    const { customer, method } = await cardOf();
    const old = { ...intentParams(customer, method), payment_method_types: ['card'] };
    expect(await errorOf(stripe.paymentIntents.create(old))).toMatchObject({ code: 'parameter_unknown' });
  });

  it('refuses off_session without confirm, and less than half a dollar', async () => {
    const { customer, method } = await cardOf();
    const params = intentParams(customer, method);
    expect(await errorOf(stripe.paymentIntents.create({ ...params, off_session: true }))).toMatchObject({
      status: 400,
    });
    expect(await errorOf(stripe.paymentIntents.create({ ...params, amount: 49 }))).toMatchObject({
      code: 'amount_too_small',
    });
  });

  it('pages through a list with the cursor of the SDK', async () => {
    for (let index = 0; index < 23; index += 1) await stripe.customers.create({});
    const ids: string[] = [];
    for await (const { id } of stripe.customers.list({ limit: 10 })) ids.push(id);
    expect(ids).toHaveLength(23);
    expect(new Set(ids).size).toBe(23);
    expect([...ids].sort().reverse()).toEqual(ids);
    const newer = await stripe.customers.list({ ending_before: ids[5]!, limit: 3 });
    expect(newer.data.map(({ id }) => id)).toEqual(ids.slice(2, 5));
  });
});

describe('idempotency keys', () => {
  it('repeats the first answer, also after things have moved on, and refuses another body', async () => {
    const { customer, method } = await cardOf();
    const params = intentParams(customer, method);
    const key = { idempotencyKey: 'k' };
    const first = await stripe.paymentIntents.create(params, key);
    await stripe.paymentIntents.confirm(first.id, { off_session: true });
    const again = await stripe.paymentIntents.create(params, key);
    expect([again.id, again.status]).toEqual([first.id, 'requires_confirmation']);
    expect(await errorOf(stripe.paymentIntents.create({ ...params, amount: 600 }, key))).toMatchObject({
      type: 'StripeIdempotencyError',
      status: 400,
    });
  });

  it('forgets a key after 24 hours', async () => {
    const { customer, method } = await cardOf();
    const make = () => stripe.paymentIntents.create(intentParams(customer, method), { idempotencyKey: 'k' });
    const { id } = await make();
    fake.advance(DAY - 1);
    expect((await make()).id).toBe(id);
    fake.advance(1);
    expect((await make()).id).not.toBe(id);
  });

  it('forgets a request that was malformed, and keeps a decline and a server error', async () => {
    const { customer, method } = await cardOf('pm_card_chargeCustomerFail');
    const params = intentParams(customer, method);
    const key = { idempotencyKey: 'k' };
    await errorOf(stripe.paymentIntents.create({ ...params, currency: '' }, key));
    const { id } = await stripe.paymentIntents.create(params, key);
    const confirm = () =>
      errorOf(stripe.paymentIntents.confirm(id, { off_session: true }, { idempotencyKey: 'c' }));
    const declined = await confirm();
    fake.behave(method, 'pm_card_visa');
    expect(await confirm()).toEqual(declined);
    fake.fault({ at: 'after', does: 500 });
    const broken = () => errorOf(stripe.customers.create({}, { idempotencyKey: 'e' }));
    expect(await broken()).toMatchObject({ status: 500 });
    expect(await broken()).toMatchObject({ status: 500 });
    expect(fake.log.at(-1)?.replayed).toBe(true);
  });

  it('answers 409 while the first request is under way', async () => {
    const point = fake.fault({ at: 'before', does: 'pause' });
    const first = stripe.customers.create({}, { idempotencyKey: 'k' });
    await point.reached;
    expect(await errorOf(stripe.customers.create({}, { idempotencyKey: 'k' }))).toMatchObject({
      type: 'StripeAPIError',
      code: 'idempotency_key_in_use',
      status: 409,
    });
    point.go();
    expect((await stripe.customers.create({}, { idempotencyKey: 'k' })).id).toBe((await first).id);
  });
});

describe('charges', () => {
  it('puts the payment into the error of a decline', async () => {
    const { customer, method } = await cardOf('pm_fake_advice_do_not_try_again');
    const { id } = await stripe.paymentIntents.create(intentParams(customer, method));
    const error = await stripe.paymentIntents.confirm(id, { off_session: true }).catch((each) => each);
    expect(error).toMatchObject({
      type: 'StripeCardError',
      code: 'card_declined',
      decline_code: 'generic_decline',
      advice_code: 'do_not_try_again',
      payment_intent: { id, status: 'requires_payment_method', payment_method: null },
    });
  });

  it('refuses to confirm twice', async () => {
    const { customer, method } = await cardOf();
    const { id } = await stripe.paymentIntents.create(intentParams(customer, method));
    await stripe.paymentIntents.confirm(id, { off_session: true });
    expect(await errorOf(stripe.paymentIntents.confirm(id, { off_session: true }))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
    expect(fake.books()).toHaveLength(1);
  });

  it('asks for the holder on session, and lets a payment through off session once it was set up', async () => {
    const { customer, method } = await cardOf('pm_card_authenticationRequiredOnSetup');
    const { id } = await stripe.paymentIntents.create(intentParams(customer, method));
    expect((await stripe.paymentIntents.confirm(id)).status).toBe('requires_action');
    const page = await stripe.checkout.sessions.create({
      mode: 'setup',
      currency: 'usd',
      customer,
      success_url: 'https://shop.example/done',
    });
    fake.complete(page.id, 'pm_card_authenticationRequiredOnSetup');
    const done = await stripe.checkout.sessions.retrieve(page.id, { expand: ['setup_intent'] });
    const setup = done.setup_intent as Stripe.SetupIntent;
    const next = await stripe.paymentIntents.create(intentParams(customer, setup.payment_method as string));
    expect((await stripe.paymentIntents.confirm(next.id, { off_session: true })).status).toBe('succeeded');
  });

  it('refunds in parts, and takes a refund back that failed', async () => {
    const { customer, method } = await cardOf('pm_card_refundFail');
    const { id } = await stripe.paymentIntents.create(intentParams(customer, method));
    const paid = await stripe.paymentIntents.confirm(id, { off_session: true });
    fake.refund(id, 200);
    const charge = () => stripe.charges.retrieve(paid.latest_charge as string);
    expect((await charge()).amount_refunded).toBe(200);
    expect(await errorOf(stripe.refunds.create({ payment_intent: id, amount: 301 }))).toMatchObject({
      status: 400,
    });
    fake.later();
    expect((await charge()).amount_refunded).toBe(0);
    expect((await stripe.refunds.list({ payment_intent: id })).data[0]?.status).toBe('failed');
  });

  it('disputes later, as the card says, and gives the money back when it is won', async () => {
    const { customer, method } = await cardOf('pm_card_createDispute');
    const { id } = await stripe.paymentIntents.create(intentParams(customer, method));
    await stripe.paymentIntents.confirm(id, { off_session: true });
    expect(fake.books()[0]?.disputed).toBe(0);
    fake.later();
    expect(fake.books()[0]?.disputed).toBe(500);
    const { data } = await stripe.disputes.list({ payment_intent: id });
    await stripe.disputes.update(data[0]!.id, { evidence: { uncategorized_text: 'winning_evidence' } });
    expect(fake.books()[0]?.disputed).toBe(0);
  });
});

describe('faults', () => {
  it.each(['before', 'after'] as const)('loses an answer %s the effect', async (at) => {
    fake.fault({ at, does: 'hang' });
    expect(await errorOf(stripe.customers.create({}, { timeout: 100 }))).toMatchObject({
      type: 'StripeConnectionError',
    });
    expect(fake.world.customers.size).toBe(at === 'before' ? 0 : 1);
  });

  it('cuts and garbles answers, and asks to slow down', async () => {
    for (const does of ['cut', 'garbage', 429, 503] as const) {
      fake.fault({ at: does === 429 ? 'before' : 'after', does });
      expect(await errorOf(stripe.customers.create({}))).not.toBe('no error');
    }
    expect(fake.world.customers.size).toBe(3);
  });
});

describe('time', () => {
  it('renews a subscription on its day, also after a short month, and stops when it is asked to', async () => {
    await fake.close();
    fake = await startFakeStripe({ startAt: Date.UTC(2026, 0, 31, 12) });
    stripe = clientOf(fake.url);
    const price = fake.price({ cents: 1200, name: 'Pro' });
    const customer = await stripe.customers.create({});
    const page = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price, quantity: 1 }],
      success_url: 'https://shop.example/done',
    });
    fake.complete(page.id);
    const id = fake.world.sessions.get(page.id)!.subscription!;
    const ends = async () => (await stripe.subscriptions.retrieve(id)).items.data[0]!.current_period_end;
    const seen = [await ends()];
    for (const days of [29, 31]) {
      fake.advance(days * DAY);
      seen.push(await ends());
    }
    expect(seen.map((at) => new Date(at * 1000).toISOString())).toEqual([
      '2026-02-28T12:00:00.000Z',
      '2026-03-31T12:00:00.000Z',
      '2026-04-30T12:00:00.000Z',
    ]);
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    fake.advance(60 * DAY);
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('canceled');
    expect(fake.books().map(({ paid }) => paid)).toEqual([1200, 1200, 1200]);
  });

  it('closes a page after a day and forgets events after thirty', async () => {
    const page = await stripe.checkout.sessions.create({
      mode: 'setup',
      currency: 'usd',
      success_url: 'https://x.example',
    });
    fake.advance(DAY);
    expect((await stripe.checkout.sessions.retrieve(page.id)).status).toBe('expired');
    expect((await stripe.events.list()).data).toHaveLength(1);
    fake.advance(30 * DAY);
    expect((await stripe.events.list()).data).toHaveLength(0);
  });
});

describe('webhooks', () => {
  it('signs as the SDK checks, with a mark for each secret', async () => {
    await stripe.customers.create({});
    const { body, signature } = fake.delivery(fake.world.events[0]!, ['whsec_new', 'whsec_old']);
    for (const secret of ['whsec_new', 'whsec_old']) {
      const event = stripe.webhooks.constructEvent(body, signature, secret, 300, undefined, fake.world.nowMs);
      expect(event.type).toBe('customer.created');
    }
    expect(() => stripe.webhooks.constructEvent(body, signature, 'whsec_other', 0)).toThrow('signature');
  });
});

describe('deliveries', () => {
  /** A server that answers a status to each delivery, and remembers types. */
  const receiver = async (statusOf: (count: number) => number) => {
    const got: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        const mark = String(request.headers['stripe-signature']);
        got.push(stripe.webhooks.constructEvent(body, mark, 'whsec_1', 300, undefined, fake.world.nowMs).id);
        response.writeHead(statusOf(got.length)).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    return { got, url, close: () => server.close() };
  };

  it('go out at once, and those that failed are told from the others', async () => {
    const { got, url, close } = await receiver((count) => (count === 2 ? 500 : 200));
    fake.webhooks.to({ url, secrets: ['whsec_1'] });
    for (let each = 0; each < 3; each += 1) await stripe.customers.create({});
    await fake.webhooks.settled();
    const ids = fake.world.events.map(({ id }) => id);
    expect(got).toEqual(ids);
    const failed = await stripe.events.list({ delivery_success: false });
    expect(failed.data.map(({ id }) => id)).toEqual([ids[1]]);
    close();
  });

  it('are held back, then repeated, turned round and lost as a test likes', async () => {
    const { got, url, close } = await receiver(() => 200);
    const endpoint = fake.webhooks.to({ url, secrets: ['whsec_1'], mode: 'held' });
    for (let each = 0; each < 4; each += 1) await stripe.customers.create({});
    expect(got).toEqual([]);
    const ids = fake.world.events.map(({ id }) => id);
    fake.advance(HOUR);
    const statuses = await endpoint.flush(([a, b, , d]) => [d!, b!, b!, a!]);
    expect(got).toEqual([ids[3], ids[1], ids[1], ids[0]]);
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect(endpoint.queue).toEqual([]);
    close();
    expect(await endpoint.flush(() => [fake.world.events[0]!])).toEqual([0]);
  });
});

describe('a fake in a process of its own', () => {
  it('says where it is, takes hooks line by line, and ends with its input', async () => {
    const main = path.resolve(import.meta.dirname, '../helpers/stripe/main.ts');
    const worker = workerOf<{ do: string; with?: unknown[] }>(
      startProcess(process.execPath, [main, String(Date.UTC(2026, 2, 1))]),
    );
    const { url } = await worker.answer<{ url: string }>();
    const ask = async (task: { do: string; with?: unknown[] }) => {
      worker.start(task);
      return worker.answer<unknown>();
    };
    const other = clientOf(url);
    const customer = await other.customers.create({});
    expect(customer.created).toBe(Date.UTC(2026, 2, 1) / 1000);
    await ask({ do: 'fault', with: [{ at: 'after', does: 503, path: '/customers' }] });
    expect(await errorOf(other.customers.create({}))).toMatchObject({ status: 503 });
    await ask({ do: 'advance', with: [DAY] });
    expect((await other.customers.create({})).created).toBe(Date.UTC(2026, 2, 2) / 1000);
    expect(await ask({ do: 'books' })).toEqual({ result: [] });
    expect(await ask({ do: 'complete', with: ['cs_none'] })).toEqual({
      error: expect.stringContaining('cs_none'),
    });
    worker.child.stdin?.end();
    expect(await worker.ended).toMatchObject({ code: 0, stderr: '' });
  });
});
