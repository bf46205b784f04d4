/**
 * A bank says no, the payment is ended, and the process dies before it has noted either: what the bank said counts all the
 * same. Whoever comes next must not try the card as if nothing had been.
 */
import { afterEach, expect, test } from 'vitest';
import { credits } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';
import { Crash, unreliable } from '../../helpers/unreliable-provider.ts';

let t: PayingLedger;
afterEach(() => t.done());

/** A due top-up on a card, by a process that dies right after it has ended the payment. */
async function died(card: string): Promise<void> {
  t = payingLedger();
  await t.ledger.addCard('default', card);
  const policy = { threshold: credits('100'), amount: credits('500'), limitCents: null };
  await t.ledger.setTopup('default', { ...policy, enabled: true });
  const mortal = t.another(
    unreliable(t.simulated, (method) => (method === 'cancelIntent' ? 'crash_after' : 'none')),
  );
  await expect(mortal.runTopup('default')).rejects.toBeInstanceOf(Crash);
}

const attempts = async () =>
  (await t.ledger.topupHistory('default', null)).map(({ status, reason }) => `${status} ${reason}`);

test('a soft decline is a strike, and rests', async () => {
  await died('pm_card_chargeCustomerFail');
  expect((await t.ledger.runTopup('default')).state).toBe('cooling_down');
  expect(await attempts()).toEqual(['failed generic_decline']);
  t.at += 3_600_000;
  await t.ledger.runTopup('default');
  expect(await attempts()).toHaveLength(2);
});

test('a card that was refused for good is not tried again', async () => {
  await died('pm_fake_decline_lost_card');
  expect((await t.ledger.runTopup('default')).state).toBe('off');
  expect(await t.ledger.topup('default')).toMatchObject({ enabled: false, reason: 'card_refused' });
  expect(await attempts()).toEqual(['failed lost_card']);
});

test('a holder who was asked for gets the page', async () => {
  await died('pm_card_authenticationRequired');
  await t.ledger.runTopup('default');
  expect(await attempts()).toEqual(['requires_action authentication_required']);
  await t.ledger.syncPayments();
  expect(await attempts()).toEqual(['succeeded null']);
});

test('a payment that nobody declined is canceled without a strike', async () => {
  t = payingLedger();
  await t.ledger.addCard('default', 'pm_card_visa');
  const policy = { threshold: credits('100'), amount: credits('500'), limitCents: null };
  await t.ledger.setTopup('default', { ...policy, enabled: true });
  const mortal = t.another(
    unreliable(t.simulated, (method) => (method === 'confirmIntent' ? 'crash_before' : 'none')),
  );
  await expect(mortal.runTopup('default')).rejects.toBeInstanceOf(Crash);
  const attempt = (await t.ledger.topupHistory('default', null))[0]!.attempt;
  await t.simulated.cancelIntent(`pi_sim_${attempt}`);
  await t.ledger.syncPayments();
  expect(await attempts()).toEqual(['canceled null']);
  expect((await t.ledger.runTopup('default')).attempts).toMatchObject([{ status: 'succeeded' }]);
});
