/** Auto top-up from its policy to the credits, over a real ledger and the simulated provider. */
import { afterEach, describe, expect, test } from 'vitest';
import type { LedgerError } from '../../../src/core/errors.ts';
import { credits, DAY, spendOf } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';

const HOUR = 3_600_000;
let t: PayingLedger;
afterEach(() => t.done());

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: LedgerError) => error.code,
  );

const POLICY = { threshold: credits('100'), amount: credits('500'), limitCents: 5_000 };

/** A ledger with a card and a policy that is on; 50 welcome credits are below the threshold of 100. */
async function ready(method = 'pm_card_visa', policy: object = {}): Promise<PayingLedger> {
  t = payingLedger();
  await t.ledger.addCard('default', method);
  await t.ledger.setTopup('default', { ...POLICY, enabled: true, ...policy });
  return t;
}

describe('the policy', () => {
  test('is stored without a card, and enabled only with one', async () => {
    t = payingLedger();
    const view = await t.ledger.setTopup('default', POLICY);
    expect(view).toMatchObject({ enabled: false, state: 'off', priceCents: 500, usedThisMonthCents: 0 });
    expect(view.receipt?.kind).toBe('setting');
    expect(await codeOf(t.ledger.setTopup('default', { enabled: true }))).toBe('no_payment_method');
    await t.ledger.addCard('default', 'pm_card_visa');
    expect(await t.ledger.setTopup('default', { enabled: true })).toMatchObject({
      enabled: true,
      state: 'due',
    });
  });

  test('the first set needs threshold and amount; what is not named stays', async () => {
    t = payingLedger();
    expect(await codeOf(t.ledger.setTopup('default', { threshold: credits('1') }))).toBe('invalid_argument');
    await t.ledger.setTopup('default', POLICY);
    const view = await t.ledger.setTopup('default', { threshold: credits('70') });
    expect(view).toMatchObject({
      threshold: credits('70'),
      amount: credits('500'),
      monthlyLimitCents: 5_000,
    });
    expect(await t.ledger.setTopup('default', { limitCents: null })).toMatchObject({
      monthlyLimitCents: null,
    });
    const again = await t.ledger.setTopup('default', { limitCents: null });
    expect(again.receipt).toBeNull();
  });

  test.each([
    [{ amount: credits('700') }, 'invalid_argument'],
    [{ amount: credits('0') }, 'invalid_argument'],
    [{ limitCents: 499 }, 'topup_limit_reached'],
    [{ amount: credits('2500'), limitCents: 2_299 }, 'topup_limit_reached'],
  ])('refuses %j with %s, and stores nothing', async (input, code) => {
    t = payingLedger();
    expect(await codeOf(t.ledger.setTopup('default', { ...POLICY, ...input }))).toBe(code);
    expect(await t.ledger.topup('default')).toMatchObject({ threshold: null });
  });

  test('a key is bound to the words of the request', async () => {
    t = payingLedger();
    const first = await t.ledger.setTopup('default', POLICY, { key: 'k' });
    const again = await t.ledger.setTopup('default', POLICY, { key: 'k' });
    expect([again.receipt?.receipt, again.receipt?.replayed]).toEqual([first.receipt?.receipt, true]);
    const other = t.ledger.setTopup('default', { ...POLICY, limitCents: null }, { key: 'k' });
    expect(await codeOf(other)).toBe('key_reused');
  });
});

describe('a top-up', () => {
  test('is made below the threshold, once, and its credits come with it', async () => {
    await ready();
    const run = await t.ledger.runTopup('default');
    expect(run.attempts).toMatchObject([{ status: 'succeeded', amountCents: 500, credits: credits('500') }]);
    expect((await t.ledger.balance('default')).available).toBe(credits('550'));
    expect((await t.ledger.runTopup('default')).attempts).toEqual([]);
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'ready', usedThisMonthCents: 500 });
    expect((await t.ledger.auditPayments()).differences).toEqual([]);
  });

  test('is not made at the threshold, and is made just below it', async () => {
    await ready('pm_card_visa', { threshold: credits('50') });
    expect((await t.ledger.runTopup('default')).attempts).toEqual([]);
    await t.ledger.spend('default', spendOf('0.000001'));
    expect((await t.ledger.runTopup('default')).attempts).toHaveLength(1);
  });

  test('keeps to the limit of the month of the account, and goes on in the next', async () => {
    await ready('pm_card_visa', { threshold: credits('2000'), limitCents: 1_000 });
    await t.ledger.runTopup('default');
    await t.ledger.runTopup('default');
    const third = await t.ledger.runTopup('default');
    expect([third.attempts, third.state]).toEqual([[], 'limit_reached']);
    t.at += DAY;
    expect((await t.ledger.runTopup('default')).attempts).toHaveLength(1);
  });

  test('a cycle grant that is due comes first', async () => {
    t = payingLedger({ plan: 'pro' });
    await t.ledger.addCard('default', 'pm_card_visa');
    await t.ledger.setTopup('default', { ...POLICY, enabled: true });
    await t.ledger.spend('default', spendOf('1000'));
    t.at += 40 * DAY;
    expect((await t.ledger.runTopup('default')).attempts).toEqual([]);
    expect((await t.ledger.balance('default')).available).toBe(credits('1050'));
  });

  test('soft declines cool down 1 h, then 6 h; the third switches it off', async () => {
    await ready('pm_card_chargeCustomerFail');
    const first = await t.ledger.runTopup('default');
    expect(first.failed.map(({ error }) => error.code)).toEqual(['payment_declined']);
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'cooling_down', reason: 'declined' });
    t.at += HOUR - 1;
    expect((await t.ledger.runTopup('default')).attempts).toEqual([]);
    t.at += 1;
    expect((await t.ledger.runTopup('default')).attempts).toHaveLength(1);
    t.at += 6 * HOUR;
    await t.ledger.runTopup('default');
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'off', reason: 'declined_three_times' });
    expect(await t.ledger.topup('default')).toMatchObject({ usedThisMonthCents: 0 });
    await t.ledger.setTopup('default', { enabled: true });
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'due', reason: null });
  });

  test('a hard decline switches it off until another card is saved', async () => {
    await ready('pm_fake_decline_lost_card');
    await t.ledger.runTopup('default');
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'off', reason: 'card_refused' });
    expect(await codeOf(t.ledger.setTopup('default', { enabled: true }))).toBe('no_payment_method');
    expect(await t.ledger.addCard('default', 'pm_card_visa')).toMatchObject({ resumed: true });
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'due', reason: null });
  });

  test('authentication waits for the holder with a pay link, without a strike', async () => {
    await ready('pm_card_authenticationRequired');
    const run = await t.ledger.runTopup('default');
    expect(run.failed.map(({ error }) => error.code)).toEqual(['payment_action_required']);
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'needs_action' });
    const [attempt] = run.attempts;
    expect(await t.ledger.purchase('default', attempt!.attempt)).toMatchObject({
      status: 'requires_action',
      payUrl: expect.stringContaining('https://'),
    });
    expect((await t.ledger.runTopup('default')).state).not.toBe('due');
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'ready', usedThisMonthCents: 500 });
    expect((await t.ledger.auditPayments()).differences).toEqual([]);
  });

  test('a payment that takes its time blocks the next one', async () => {
    await ready('pm_fake_processing');
    await t.ledger.runTopup('default');
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'in_flight', usedThisMonthCents: 500 });
    const sync = await t.ledger.syncPayments();
    expect(sync).toMatchObject({ granted: credits('500') });
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'ready' });
  });

  test('a dispute takes the credits back, and switches it off; won, it gives them back once', async () => {
    await ready('pm_card_createDispute');
    await t.ledger.runTopup('default');
    await t.ledger.spend('default', spendOf('450'));
    const sync = await t.ledger.syncPayments();
    expect(sync).toMatchObject({ clawed: credits('500') });
    const owed = await t.ledger.balance('default');
    expect([owed.available, owed.debt]).toEqual([credits('0'), credits('400')]);
    expect(await t.ledger.topup('default')).toMatchObject({ state: 'off', reason: 'disputed' });
    expect((await t.ledger.syncPayments()).clawed).toBe(0);
    const [attempt] = await t.ledger.topupHistory('default', null);
    await t.simulated.happen(`pi_sim_${attempt!.attempt}`, (paid) => ({
      ...paid,
      disputes: paid.disputes.map((dispute) => ({ ...dispute, status: 'won' })),
    }));
    expect(await t.ledger.syncPayments()).toMatchObject({ reinstated: credits('500') });
    const back = await t.ledger.balance('default');
    expect([back.available, back.debt]).toEqual([credits('100'), credits('0')]);
    expect((await t.ledger.auditPayments()).differences).toEqual([]);
  });
});
