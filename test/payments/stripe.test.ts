/** The Stripe provider when things go wrong: every lost answer is unknown, and a look settles it without a second charge. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { IntentAnswer, PaymentProvider } from '../../src/ledger/payments/provider.ts';
import { openStripe } from '../../src/payments/stripe.ts';
import { intentIn, savedCard } from '../contract/payments.ts';
import { TEST_KEY } from '../helpers/stripe/fake.ts';
import type { Fault } from '../helpers/stripe/faults.ts';
import { type FakeRig, openFakeRig, type RigFacts } from '../helpers/stripe/rig.ts';

const root = path.resolve(import.meta.dirname, '../..');

let rig: FakeRig | undefined;
const open = async (facts?: RigFacts): Promise<FakeRig> => {
  rig = await openFakeRig(facts);
  return rig;
};
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const LOST: readonly (readonly [Fault, 'before' | 'after'])[] = [
  ['drop', 'before'],
  ['drop', 'after'],
  ['hang', 'before'],
  ['hang', 'after'],
  [500, 'before'],
  [500, 'after'],
  [503, 'after'],
  [409, 'before'],
  [429, 'before'],
  ['garbage', 'after'],
  ['cut', 'after'],
];

const isCall = (end: string) => (line: { method: string; path: string }) =>
  line.method === 'POST' && line.path.endsWith(end);

/** Lets every try of a call fail: the SDK repeats one whose socket closed, even when told not to. */
const fails = ({ fake }: FakeRig, end: string, does: Fault, at: 'before' | 'after') =>
  fake.fault({ matches: isCall(end), does, at, times: 10 });

describe('a lost answer to step one', () => {
  it.each(LOST)('%s %s its effect: unknown; the list of payments tells', async (does, at) => {
    const here = await open({ timeoutMs: 250 });
    const { provider } = here;
    const { inputOf, customer } = await savedCard(provider);
    const fault = fails(here, '/payment_intents', does, at);
    expect((await provider.createIntent(inputOf('pay_t_1'))).outcome).toBe('unknown');
    fault.clear();
    const found = await provider.findIntent({ attempt: 'pay_t_1', installation: 'inst_contract', customer });
    expect(found.outcome).toBe(at === 'before' ? 'missing' : 'intent');
    // The key gives the same payment again, except where it has kept a server error.
    const again = await provider.createIntent(inputOf('pay_t_1'));
    expect(again.outcome).toBe(does === 500 || does === 503 ? 'unknown' : 'intent');
    if (at === 'after' && again.outcome === 'intent') expect(again).toEqual(found);
    expect(here.fake.world.paymentIntents.size).toBeLessThanOrEqual(1);
  });
});

describe('a lost answer to step two', () => {
  it.each(LOST)('%s %s its effect: unknown; the payment tells', async (does, at) => {
    const here = await open({ timeoutMs: 250 });
    const { provider } = here;
    const { inputOf } = await savedCard(provider);
    const { intent } = intentIn(await provider.createIntent(inputOf('pay_t_1')));
    const confirm = () => provider.confirmIntent({ intent, key: 'topup:pay_t_1:confirm' });
    const fault = fails(here, '/confirm', does, at);
    expect((await confirm()).outcome).toBe('unknown');
    fault.clear();
    const status = at === 'before' ? 'requires_confirmation' : 'succeeded';
    expect(intentIn(await provider.retrieveIntent(intent)).status).toBe(status);
    await confirm();
    await confirm();
    expect(here.fake.books().length).toBeLessThanOrEqual(1);
  });

  it('is asked again with the same key, and found to have been paid', async () => {
    const here = await open({ retries: 2 });
    const { inputOf } = await savedCard(here.provider);
    const { intent } = intentIn(await here.provider.createIntent(inputOf('pay_t_1')));
    here.fake.fault({ matches: isCall('/confirm'), at: 'after', does: 'drop', times: 2 });
    const key = 'topup:pay_t_1:confirm';
    expect(intentIn(await here.provider.confirmIntent({ intent, key })).status).toBe('succeeded');
    const tries = here.fake.log.filter(isCall('/confirm'));
    expect(tries.map((line) => [line.key, line.status, line.replayed])).toEqual([
      [key, 0, false],
      [key, 0, false],
      [key, 200, true],
    ]);
    expect(here.fake.books()).toHaveLength(1);
  });
});

describe('an answer that is not the last word', () => {
  it('is looked up when the key remembers a decline of long ago', async () => {
    const { fake, provider } = await open();
    const { charge, inputOf, card } = await savedCard(provider, 'pm_card_chargeCustomerFail');
    const declined = intentIn(await charge('pay_t_1'));
    expect(declined.status).toBe('declined');
    // The holder paid it elsewhere in the meantime.
    const intent = fake.world.paymentIntents.get(declined.intent)!;
    fake.behave(card.paymentMethod, 'pm_card_visa');
    intent.payment_method = card.paymentMethod;
    intent.status = 'requires_confirmation';
    intent.last_payment_error = null;
    await provider.confirmIntent({ intent: intent.id, key: 'other' });
    expect(intentIn(await charge('pay_t_1')).status).toBe('succeeded');
    expect(inputOf('pay_t_1').amountCents).toBe(fake.books()[0]?.paid);
  });

  it('stays unknown when the look gets no answer either', async () => {
    const { fake, provider } = await open({ timeoutMs: 250 });
    const { inputOf } = await savedCard(provider, 'pm_card_chargeCustomerFail');
    const { intent } = intentIn(await provider.createIntent(inputOf('pay_t_1')));
    fake.fault({ matches: ({ method }) => method === 'GET', at: 'before', does: 'hang', times: 2 });
    expect((await provider.confirmIntent({ intent, key: 'k' })).outcome).toBe('unknown');
  });

  it('takes a status it does not know for unknown, never for a failure', async () => {
    const { fake, provider } = await open();
    const { inputOf } = await savedCard(provider);
    const { intent } = intentIn(await provider.createIntent(inputOf('pay_t_1')));
    for (const status of ['requires_capture', 'a_status_from_the_future', 'constructor']) {
      fake.world.paymentIntents.get(intent)!.status = status;
      expect(intentIn(await provider.retrieveIntent(intent)).status).toBe('unknown');
    }
  });

  it('finds a payment of a customer who was deleted', async () => {
    const { fake, provider } = await open();
    const { charge, customer } = await savedCard(provider);
    const paid = intentIn(await charge('pay_t_1'));
    fake.deleteCustomer(customer);
    const found = await provider.findIntent({ attempt: 'pay_t_1', installation: 'inst_contract', customer });
    expect(intentIn(found)).toEqual(paid);
  });

  it('passes over payments of another installation', async () => {
    const { provider } = await open();
    const { charge, customer } = await savedCard(provider);
    await charge('pay_t_1');
    const found = await provider.findIntent({ attempt: 'pay_t_1', installation: 'another', customer });
    expect(found).toEqual({ outcome: 'missing' });
  });
});

describe('a fault of ours', () => {
  const withKey = async (key: string): Promise<PaymentProvider> => {
    const { fake } = await open();
    const { hostname: host, port } = new URL(fake.url);
    const address = { protocol: 'http', host, port: Number(port) } as const;
    return openStripe({ mode: 'test', secretKey: key, address, returnUrl: 'https://x.example', retries: 0 });
  };

  it('is refused by step one, and says nothing about step two', async () => {
    const provider = await withKey('sk_test_revoked_1234567890');
    const metadata = {
      account: 'a',
      installation: 'i',
      attempt: 'pay_t_1',
      kind: 'auto',
      credits: '1',
    } as const;
    const input = {
      amountCents: 500,
      currency: 'usd',
      description: 'x',
      key: 'k',
      customer: 'cus_1',
      metadata,
    };
    const answers: IntentAnswer[] = [
      await provider.createIntent({ ...input, paymentMethod: 'pm_1' }),
      await provider.confirmIntent({ intent: 'pi_1', key: 'k' }),
    ];
    expect(answers.map(({ outcome }) => outcome)).toEqual(['refused', 'unknown']);
    const error = await provider.retrieveCheckout('cs_1').catch((each) => each);
    expect(error).toMatchObject({
      code: 'payment_declined',
      hint: expect.stringContaining('STRIPE_SECRET_KEY'),
    });
    expect(JSON.stringify([answers, error.message, error.details])).not.toContain('revoked');
    await provider.close();
  });

  it('is refused when the key was used for something else', async () => {
    const { provider } = await open();
    const { inputOf } = await savedCard(provider);
    await provider.createIntent(inputOf('pay_t_1'));
    const other = await provider.createIntent(inputOf('pay_t_1', { amountCents: 600 }));
    expect(other).toMatchObject({ outcome: 'refused', code: 'StripeIdempotencyError' });
  });

  it('is refused before anybody is called when the mode or the key is wrong', async () => {
    const facts = { address: null, returnUrl: 'https://x.example' };
    for (const secretKey of ['sk_live_1', 'rk_live_1']) {
      await expect(openStripe({ ...facts, mode: 'test', secretKey })).rejects.toMatchObject({
        code: 'mode_mismatch',
      });
    }
    for (const secretKey of ['sk_test_1', 'rk_test_1']) {
      await expect(openStripe({ ...facts, mode: 'live', secretKey })).rejects.toMatchObject({
        code: 'mode_mismatch',
      });
    }
    for (const secretKey of ['pk_test_1', 'whsec_1', 'sk_test_', 'sk_test_a b']) {
      const opened = openStripe({ ...facts, mode: 'test', secretKey });
      await expect(opened).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(opened).rejects.not.toThrow(secretKey);
    }
  });

  it.each([
    ['hang', 'payment_unknown'],
    [429, 'payment_unknown'],
    [503, 'payment_unknown'],
  ] as const)('and nobody’s: %s is %s', async (does, code) => {
    const { fake, provider } = await open({ timeoutMs: 250 });
    fake.fault({ at: 'before', does, times: 20 });
    const calls = [
      () => provider.ensureCustomer({ account: 'a', installation: 'i', key: 'k' }),
      () => provider.describeCard({ customer: 'cus_1', paymentMethod: 'pm_1' }),
      () => provider.removeCard('pm_1'),
      () => provider.returnsOf('pi_1'),
      () => provider.eventsSince(null),
      () => provider.expireCheckout('cs_1'),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code });
  });
});

describe('cards', () => {
  it('saves a card on a page and makes it known', async () => {
    const { fake, provider } = await open();
    const customer = await provider.ensureCustomer({ account: 'a', installation: 'i', key: 'k' });
    const input = {
      account: 'a',
      installation: 'i',
      customer,
      reference: 'setup_1',
      currency: 'usd',
      key: 'setup:1',
    };
    const page = await provider.startCardSetup(input);
    expect(page).toMatchObject({
      status: 'open',
      card: null,
      reference: 'setup_1',
      installation: 'i',
      isPaid: false,
    });
    fake.complete(page.session, 'pm_card_amex');
    const done = await provider.retrieveCheckout(page.session);
    expect(done).toMatchObject({
      status: 'complete',
      url: null,
      isPaid: false,
      card: { brand: 'amex', last4: '0005' },
    });
    const { paymentMethod } = done.card!;
    await provider.useCard({ customer, paymentMethod });
    expect(fake.world.customers.get(customer)?.invoice_settings.default_payment_method).toBe(paymentMethod);
    expect(await provider.describeCard({ customer, paymentMethod })).toEqual(done.card);
  });

  it('keeps the card that paid on a page, set up for payments without its holder', async () => {
    const { fake, provider } = await open();
    const { inputOf, customer } = await savedCard(provider, 'pm_card_visa');
    const { paymentMethod: _, ...input } = inputOf('pay_t_1');
    const page = await provider.startPurchase(input);
    fake.complete(page.session, 'pm_card_authenticationRequiredOnSetup');
    const { card } = await provider.retrieveCheckout(page.session);
    expect(card).toMatchObject({ last4: '3155' });
    const next = inputOf('pay_t_2', { paymentMethod: card!.paymentMethod, customer });
    const { intent } = intentIn(await provider.createIntent(next));
    expect(intentIn(await provider.confirmIntent({ intent, key: 'c' })).status).toBe('succeeded');
  });

  it('takes no test card in a live ledger', async () => {
    const { provider } = await open({ livemode: true });
    const customer = await provider.ensureCustomer({ account: 'a', installation: 'i', key: 'k' });
    const attached = provider.attachTestMethod({ customer, method: 'pm_card_visa', key: 'k' });
    await expect(attached).rejects.toMatchObject({ code: 'mode_mismatch' });
  });

  it('names the card holder’s absence in a decline by both of its codes', async () => {
    const { provider } = await open();
    const kinds: unknown[] = [];
    for (const method of ['pm_fake_advice_do_not_try_again', 'pm_fake_advice_try_again_later']) {
      const { charge } = await savedCard(provider, method, method);
      kinds.push(intentIn(await charge(`pay_${method}`)).decline?.kind);
    }
    expect(kinds).toEqual(['hard', 'soft']);
  });
});

describe('money that goes back', () => {
  it('shows a refund that failed, and one that is on its way', async () => {
    const { fake, provider } = await open();
    const failing = await savedCard(provider, 'pm_card_refundFail', 'a');
    const pending = await savedCard(provider, 'pm_card_pendingRefund', 'b');
    const ids = [
      intentIn(await failing.charge('pay_t_1')).intent,
      intentIn(await pending.charge('pay_t_2')).intent,
    ];
    for (const id of ids) fake.refund(id, 200);
    const status = async () =>
      Promise.all(
        ids.map(async (id) => (await provider.returnsOf(id)).refunds.map((refund) => refund.status)),
      );
    expect(await status()).toEqual([['succeeded'], ['pending']]);
    fake.later();
    expect(await status()).toEqual([['failed'], ['succeeded']]);
  });

  it('only flags an inquiry, and goes by the money for a status it does not know', async () => {
    const { fake, provider } = await open();
    const { charge } = await savedCard(provider);
    const { intent } = intentIn(await charge('pay_t_1'));
    const id = fake.dispute(intent, { status: 'warning_needs_response' });
    const status = async () => (await provider.returnsOf(intent)).disputes[0]?.status;
    expect(await status()).toBe('flagged');
    fake.world.disputes.get(id)!.status = 'a_status_from_the_future';
    expect(await status()).toBe('flagged');
    fake.escalateDispute(id);
    fake.world.disputes.get(id)!.status = 'a_status_from_the_future';
    expect(await status()).toBe('open');
    fake.closeDispute(id, 'lost');
    expect(await status()).toBe('lost');
    fake.world.disputes.get(id)!.status = 'appeal_under_review';
    expect(await status()).toBe('open');
  });
});

describe('the SDK', () => {
  it('is loaded by one file, on demand', () => {
    const folder = path.join(root, 'src');
    const loading = fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => {
        const text = fs.readFileSync(path.join(folder, name), 'utf8');
        return /(^import (?!type )[^;]*from|import\() ?'stripe'/m.test(
          text.replace(/typeof import\('stripe'\)/g, ''),
        );
      });
    expect(loading.map((name) => name.replaceAll(path.sep, '/'))).toEqual(['payments/stripe-client.ts']);
    expect(fs.readFileSync(path.join(folder, 'payments/stripe-client.ts'), 'utf8')).not.toMatch(
      /^import (?!type )[^;]*from 'stripe'/m,
    );
  });

  it('prints nothing of its own while it is loaded', () => {
    const script = `const { openStripe } = await import('./src/payments/stripe.ts');
      await openStripe({ mode: 'test', secretKey: 'sk_test_1', address: null, returnUrl: 'https://x.example' });
      console.log(process.env.CLAUDECODE);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', CLAUDECODE: '1', CLAUDE_CODE_CHILD_SESSION: '1' },
    });
    expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: '' });
  });

  it('gives nothing away that opens a payment', async () => {
    const { provider } = await open();
    const { charge, inputOf } = await savedCard(provider);
    const { paymentMethod: _, ...input } = inputOf('pay_t_2');
    const seen = [
      await charge('pay_t_1'),
      await provider.startPurchase(input),
      await provider.eventsSince(null),
    ];
    expect(JSON.stringify(seen)).not.toContain('secret');
  });
});

describe('an interrupt', () => {
  it('ends a call that nobody answers, and its outcome is unknown', async () => {
    const { fake, provider } = await open();
    const { inputOf } = await savedCard(provider);
    const { hostname: host, port } = new URL(fake.url);
    const controller = new AbortController();
    const patient = await openStripe({
      ...{ mode: 'test', secretKey: TEST_KEY, returnUrl: 'https://x.example', timeoutMs: 600_000 },
      ...{ address: { protocol: 'http', host, port: Number(port) }, signal: controller.signal },
    });
    const hung = fake.fault({ matches: isCall('/payment_intents'), at: 'after', does: 'hang', times: 9 });
    const made = patient.createIntent(inputOf('pay_x_1'));
    await hung.reached;
    controller.abort();
    expect(await made).toMatchObject({ outcome: 'unknown' });
    await patient.close();
  });
});
