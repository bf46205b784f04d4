/**
 * What every payment provider promises, as a suite that each of them runs. Only what both sides of the interface share is
 * here: pages to save a card, webhooks and subscriptions are Stripe's alone.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  Intent,
  IntentAnswer,
  IntentInput,
  PaymentProvider,
  PaymentRecord,
} from '../../src/ledger/payments/provider.ts';

/** A provider and the world behind it: banks, card holders, time. */
export interface PaymentsRig {
  readonly provider: PaymentProvider;
  /** Gives money back. */
  refund(intent: string, amountCents: number): Promise<void>;
  dispute(intent: string): Promise<void>;
  winDispute(intent: string): Promise<void>;
  /** The holder pays on a page. */
  payOnPage(session: string): Promise<void>;
  /** A payment in process is decided. */
  decide(intent: string): Promise<void>;
  close(): Promise<void>;
}

const INSTALLATION = 'inst_contract';

/** What each method leads to when it is saved and then charged without its holder. */
const METHODS: readonly (readonly [
  string,
  Intent['status'],
  'soft' | 'hard' | 'holder' | null,
  string | null,
])[] = [
  ['pm_card_visa', 'succeeded', null, null],
  ['pm_card_mastercard_prepaid', 'succeeded', null, null],
  ['pm_card_amex', 'succeeded', null, null],
  ['pm_card_authenticationRequiredSetupForOffSession', 'succeeded', null, null],
  ['pm_card_chargeCustomerFail', 'declined', 'soft', 'generic_decline'],
  ['pm_fake_decline_insufficient_funds', 'declined', 'soft', 'insufficient_funds'],
  ['pm_fake_decline_processing_error', 'declined', 'soft', 'processing_error'],
  ['pm_fake_decline_a_code_from_the_future', 'declined', 'soft', 'a_code_from_the_future'],
  ['pm_fake_decline_expired_card', 'declined', 'hard', 'expired_card'],
  ['pm_fake_decline_lost_card', 'declined', 'hard', 'lost_card'],
  ['pm_fake_decline_stolen_card', 'declined', 'hard', 'stolen_card'],
  ['pm_card_radarBlock', 'declined', 'hard', 'fraudulent'],
  ['pm_card_authenticationRequired', 'requires_action', 'holder', 'authentication_required'],
  ['pm_card_authenticationRequiredOnSetup', 'requires_action', 'holder', 'authentication_required'],
  ['pm_card_threeDSecureRequiredChargeDeclined', 'requires_action', 'holder', 'authentication_required'],
  ['pm_fake_processing', 'processing', null, null],
];

/** Methods that a bank refuses when they are saved. */
const REFUSED_AT_ONCE = [
  'pm_card_visa_chargeDeclined',
  'pm_card_chargeDeclinedInsufficientFunds',
  'pm_card_visa_chargeDeclinedLostCard',
  'pm_card_chargeDeclinedExpiredCard',
  'pm_card_chargeDeclinedProcessingError',
];

/** The payment of an answer. */
export function intentIn(answer: IntentAnswer): Intent {
  if (answer.outcome !== 'intent') throw new Error(`no payment: ${JSON.stringify(answer)}`);
  return answer.intent;
}

/** A saved card, and what it takes to charge it. */
export async function savedCard(provider: PaymentProvider, method = 'pm_card_visa', account = 'default') {
  const key = `cust:${INSTALLATION}:${account}`;
  const customer = await provider.ensureCustomer({ account, installation: INSTALLATION, key });
  const card = await provider.attachTestMethod({ customer, method, key: `attach:${account}:${method}` });
  const inputOf = (attempt: string, more: Partial<IntentInput> = {}): IntentInput => ({
    metadata: { account, installation: INSTALLATION, attempt, kind: 'auto', credits: '500000000' },
    customer,
    paymentMethod: card.paymentMethod,
    amountCents: 500,
    currency: 'usd',
    description: '500 credits',
    key: `topup:${attempt}:create`,
    ...more,
  });
  const charge = async (attempt: string, more: Partial<IntentInput> = {}) => {
    const { intent } = intentIn(await provider.createIntent(inputOf(attempt, more)));
    return provider.confirmIntent({ intent, key: `topup:${attempt}:confirm` });
  };
  return { customer, card, inputOf, charge };
}

async function recordsOf(provider: PaymentProvider): Promise<PaymentRecord[]> {
  const records: PaymentRecord[] = [];
  for await (const page of provider.payments()) records.push(...page);
  return records;
}

/** Runs the suite on a provider; `open` gives each test a world of its own. */
export function paymentsContract(name: string, open: () => Promise<PaymentsRig>): void {
  let rig: PaymentsRig;
  let provider: PaymentProvider;
  beforeEach(async () => {
    rig = await open();
    provider = rig.provider;
  });
  afterEach(() => rig.close());
  const world = (): PaymentsRig => rig;

  describe(`${name}: cards`, () => cards(() => provider));
  describe(`${name}: a charge in two steps`, () => charges(world));
  describe(`${name}: money that goes back`, () => goingBack(world));
  describe(`${name}: pages`, () => pages(world));
  describe(`${name}: events and books`, () => books(world));
}

function cards(provider: () => PaymentProvider): void {
  it('finds the customer of an account again by its key', async () => {
    const input = { account: 'a', installation: INSTALLATION, key: `cust:${INSTALLATION}:a` };
    const first = await provider().ensureCustomer(input);
    expect(await provider().ensureCustomer(input)).toBe(first);
  });

  it('knows a card by brand, last four digits and expiry', async () => {
    const { customer, card } = await savedCard(provider(), 'pm_card_mastercard');
    expect(card).toMatchObject({ brand: 'mastercard', last4: '4444' });
    expect(card.expMonth).toBeGreaterThanOrEqual(1);
    expect(card.expMonth).toBeLessThanOrEqual(12);
    const { paymentMethod } = card;
    expect(await provider().describeCard({ customer, paymentMethod })).toEqual(card);
    expect(await provider().describeCard({ customer: 'cus_other', paymentMethod })).toBeNull();
    expect(await provider().describeCard({ customer, paymentMethod: 'pm_none' })).toBeNull();
  });

  it('forgets a card that was removed, and removes it twice without complaint', async () => {
    const { customer, card } = await savedCard(provider());
    await provider().removeCard(card.paymentMethod);
    await provider().removeCard(card.paymentMethod);
    expect(await provider().describeCard({ customer, paymentMethod: card.paymentMethod })).toBeNull();
  });

  it('refuses what is no method', async () => {
    const { customer } = await savedCard(provider());
    await expect(
      provider().attachTestMethod({ customer, method: 'pm_card_none', key: 'k' }),
    ).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  it.each(REFUSED_AT_ONCE)('does not save %s', async (method) => {
    await expect(savedCard(provider(), method)).rejects.toMatchObject({ code: 'payment_declined' });
  });
}

function charges(world: () => PaymentsRig): void {
  it('asks for no money in step one', async () => {
    const { provider } = world();
    const { inputOf, customer } = await savedCard(provider);
    const input = inputOf('pay_t_1');
    expect(intentIn(await provider.createIntent(input))).toMatchObject({
      status: 'requires_confirmation',
      decline: null,
      amountCents: 500,
      receivedCents: 0,
      currency: 'usd',
      customer,
      livemode: false,
      ours: input.metadata,
    });
  });

  it.each(METHODS)('%s: %s %s %s', async (method, status, kind, code) => {
    const { provider } = world();
    const { charge } = await savedCard(provider, method);
    const answer = intentIn(await charge('pay_t_1'));
    expect(answer.status).toBe(status);
    expect(answer.receivedCents).toBe(status === 'succeeded' ? 500 : 0);
    expect(answer.decline).toEqual(kind === null ? null : { kind, code, message: expect.any(String) });
    if (status !== 'processing')
      expect(intentIn(await provider.retrieveIntent(answer.intent))).toEqual(answer);
  });

  it('makes one payment of one key, and takes the money once', async () => {
    const { provider } = world();
    const { inputOf, charge } = await savedCard(provider);
    const first = intentIn(await charge('pay_t_1'));
    expect(intentIn(await provider.createIntent(inputOf('pay_t_1'))).intent).toBe(first.intent);
    for (const key of ['topup:pay_t_1:confirm', 'another'])
      await provider.confirmIntent({ intent: first.intent, key });
    expect(intentIn(await provider.retrieveIntent(first.intent))).toEqual(first);
    expect(await recordsOf(provider)).toEqual([{ intent: first, refundedCents: 0, disputedCents: 0 }]);
  });

  it('takes the money once when many ask at the same time', async () => {
    const { provider } = world();
    const { inputOf } = await savedCard(provider);
    const made = await Promise.all(
      Array.from({ length: 8 }, () => provider.createIntent(inputOf('pay_t_1'))),
    );
    const ids = new Set(
      made.flatMap((answer) => (answer.outcome === 'intent' ? [answer.intent.intent] : [])),
    );
    expect(ids.size).toBe(1);
    const [intent] = [...ids];
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        provider.confirmIntent({ intent: intent!, key: `confirm:${index % 2}` }),
      ),
    );
    const records = await recordsOf(provider);
    expect(records.map(({ intent: { status, receivedCents } }) => [status, receivedCents])).toEqual([
      ['succeeded', 500],
    ]);
  });

  it('finds a payment by the attempt when its id got lost', async () => {
    const { provider } = world();
    const { customer, inputOf, charge } = await savedCard(provider);
    const made = intentIn(await provider.createIntent(inputOf('pay_t_1')));
    const paid = intentIn(await charge('pay_t_2'));
    const find = (attempt: string) => provider.findIntent({ attempt, installation: INSTALLATION, customer });
    expect(intentIn(await find('pay_t_1'))).toEqual(made);
    expect(intentIn(await find('pay_t_2'))).toEqual(paid);
    expect(await find('pay_t_3')).toEqual({ outcome: 'missing' });
  });

  it('cancels what is not paid, and never what is', async () => {
    const { provider } = world();
    const { inputOf, charge } = await savedCard(provider);
    const { intent } = intentIn(await provider.createIntent(inputOf('pay_t_1')));
    expect(intentIn(await provider.cancelIntent(intent)).status).toBe('canceled');
    expect(intentIn(await provider.cancelIntent(intent)).status).toBe('canceled');
    await provider.confirmIntent({ intent, key: 'topup:pay_t_1:confirm' });
    expect(intentIn(await provider.retrieveIntent(intent))).toMatchObject({
      status: 'canceled',
      receivedCents: 0,
    });
    const paid = intentIn(await charge('pay_t_2'));
    expect(intentIn(await provider.cancelIntent(paid.intent))).toEqual(paid);
  });

  it('cancels a payment that was declined or waits for its holder, and still says why', async () => {
    const { provider } = world();
    for (const method of ['pm_card_chargeCustomerFail', 'pm_card_authenticationRequired']) {
      const { charge } = await savedCard(provider, method, method);
      const { intent, decline } = intentIn(await charge(`pay_t_${method}`));
      expect(decline).not.toBeNull();
      expect(intentIn(await provider.cancelIntent(intent))).toMatchObject({ status: 'canceled', decline });
      expect(intentIn(await provider.retrieveIntent(intent))).toMatchObject({ status: 'canceled', decline });
    }
  });

  it('says that a payment is missing', async () => {
    const { provider } = world();
    const answers = await Promise.all([
      provider.retrieveIntent('pi_none'),
      provider.confirmIntent({ intent: 'pi_none', key: 'k' }),
      provider.cancelIntent('pi_none'),
    ]);
    expect(answers).toEqual(Array(3).fill({ outcome: 'missing' }));
  });

  it('refuses to charge a card that is gone or belongs to somebody else', async () => {
    const { provider } = world();
    const { card, inputOf } = await savedCard(provider);
    const other = await savedCard(provider, 'pm_card_visa', 'other');
    const stolen = other.inputOf('pay_t_1', { paymentMethod: card.paymentMethod });
    expect((await provider.createIntent(stolen)).outcome).toBe('refused');
    await provider.removeCard(card.paymentMethod);
    expect((await provider.createIntent(inputOf('pay_t_2'))).outcome).toBe('refused');
    expect(await recordsOf(provider)).toEqual([]);
  });

  it('tells how a payment in process ended', async () => {
    const { provider, decide } = world();
    const { charge } = await savedCard(provider, 'pm_fake_processing');
    const { intent } = intentIn(await charge('pay_t_1'));
    await decide(intent);
    expect(intentIn(await provider.retrieveIntent(intent))).toMatchObject({
      status: 'succeeded',
      receivedCents: 500,
    });
  });
}

function goingBack(world: () => PaymentsRig): void {
  it('counts each refund by itself', async () => {
    const { provider, refund } = world();
    const { charge } = await savedCard(provider);
    const { intent } = intentIn(await charge('pay_t_1'));
    expect(await provider.returnsOf(intent)).toEqual({ intent, paidCents: 500, refunds: [], disputes: [] });
    await refund(intent, 200);
    await refund(intent, 300);
    const { paidCents, refunds } = await provider.returnsOf(intent);
    expect(paidCents).toBe(500);
    expect(refunds.map(({ amountCents, status }) => [amountCents, status]).sort()).toEqual([
      [200, 'succeeded'],
      [300, 'succeeded'],
    ]);
    expect(new Set(refunds.map(({ id }) => id)).size).toBe(2);
    expect((await recordsOf(provider))[0]).toMatchObject({ refundedCents: 500, disputedCents: 0 });
  });

  it('follows a dispute to its end', async () => {
    const { provider, dispute, winDispute } = world();
    const { charge } = await savedCard(provider);
    const { intent } = intentIn(await charge('pay_t_1'));
    const status = async () =>
      (await provider.returnsOf(intent)).disputes.map((each) => [each.amountCents, each.status]);
    await dispute(intent);
    expect(await status()).toEqual([[500, 'open']]);
    expect((await recordsOf(provider))[0]).toMatchObject({ disputedCents: 500 });
    await winDispute(intent);
    expect(await status()).toEqual([[500, 'won']]);
    expect((await recordsOf(provider))[0]).toMatchObject({ disputedCents: 0 });
  });

  it('knows of nothing that a missing payment gave back', async () => {
    expect(await world().provider.returnsOf('pi_none')).toEqual({
      intent: 'pi_none',
      paidCents: 0,
      refunds: [],
      disputes: [],
    });
  });
}

function pages(world: () => PaymentsRig): void {
  const open = async (attempt: string) => {
    const { provider } = world();
    const { inputOf } = await savedCard(provider);
    const { paymentMethod: _, ...input } = inputOf(attempt, { key: `topup:${attempt}:checkout` });
    return { input, page: await provider.startPurchase(input) };
  };

  it('opens one page for one attempt', async () => {
    const { input, page } = await open('pay_t_1');
    expect(page).toMatchObject({
      status: 'open',
      isPaid: false,
      customer: input.customer,
      reference: 'pay_t_1',
      installation: INSTALLATION,
      livemode: false,
    });
    expect(page.url).toMatch(/^https:\/\//);
    expect((await world().provider.startPurchase(input)).session).toBe(page.session);
  });

  it('names the payment once it is paid', async () => {
    const { provider, payOnPage } = world();
    const { input, page } = await open('pay_t_1');
    await payOnPage(page.session);
    const paid = await provider.retrieveCheckout(page.session);
    expect(paid).toMatchObject({ status: 'complete', isPaid: true, url: null, reference: 'pay_t_1' });
    expect(intentIn(await provider.retrieveIntent(paid.intent!))).toMatchObject({
      status: 'succeeded',
      receivedCents: 500,
      ours: input.metadata,
    });
    expect(await provider.expireCheckout(page.session)).toMatchObject({ status: 'complete', isPaid: true });
  });

  it('closes a page that nobody paid on', async () => {
    const { provider } = world();
    const { page } = await open('pay_t_1');
    const closed = { status: 'expired', isPaid: false, url: null };
    expect(await provider.expireCheckout(page.session)).toMatchObject(closed);
    expect(await provider.retrieveCheckout(page.session)).toMatchObject(closed);
  });

  it('refuses a page that is not there', async () => {
    await expect(world().provider.retrieveCheckout('cs_none')).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });
}

function books(world: () => PaymentsRig): void {
  it('tells of payments and of what went back, each event once', async () => {
    const { provider, refund } = world();
    const { charge } = await savedCard(provider);
    const { intent } = intentIn(await charge('pay_t_1'));
    const first = await provider.eventsSince(null);
    expect(first.events.map(({ subject }) => subject)).toContainEqual({ what: 'intent', id: intent });
    expect(first.events.every(({ livemode }) => !livemode)).toBe(true);
    expect(await provider.eventsSince(first.cursor)).toEqual({ events: [], cursor: first.cursor });
    await refund(intent, 500);
    const { events } = await provider.eventsSince(first.cursor);
    expect(events.map(({ subject }) => subject)).toContainEqual({ what: 'returns', intent });
    const ids = [...first.events, ...events].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('lists every payment of ours', async () => {
    const { provider } = world();
    const { charge, inputOf } = await savedCard(provider);
    const attempts = Array.from({ length: 12 }, (_, index) => `pay_t_${index + 1}`);
    for (const attempt of attempts) await charge(attempt);
    await provider.createIntent(inputOf('pay_t_open'));
    const records = await recordsOf(provider);
    expect(records.map(({ intent }) => intent.ours?.attempt).sort()).toEqual(
      [...attempts, 'pay_t_open'].sort(),
    );
    expect(records.reduce((sum, { intent }) => sum + intent.receivedCents, 0)).toBe(12 * 500);
  });
}
