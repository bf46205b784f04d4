/** A ledger in which money has done everything once: every way in which a payment ends, and what went back. */
import { credits, DAY, spendOf } from './ledger.ts';
import { type PayingLedger, payingLedger } from './paying.ts';

const HOUR = 3_600_000;

async function payments(t: PayingLedger): Promise<void> {
  const { ledger } = t;
  await ledger.addCard('default', 'pm_card_visa', { key: 'card-1' });
  const policy = { threshold: credits('100'), amount: credits('500'), limitCents: 5_000 };
  await ledger.setTopup('default', { ...policy, enabled: true }, { key: 'topup-1' });
  await ledger.runTopup('default');
  const input = { package: '2000', maxChargeCents: null, checkout: false };
  await ledger.buy('default', input, { key: 'buy-1' });
  await ledger.buy('default', { ...input, package: '500', checkout: true }, { key: 'buy-2' });
  await ledger.syncPayments();
}

async function returns(t: PayingLedger): Promise<void> {
  const { ledger, simulated } = t;
  const [first, second] = await ledger.purchases('default', null);
  await ledger.spend('default', spendOf('300'));
  await simulated.happen(`pi_sim_${second!.purchase}`, (paid) => ({
    ...paid,
    refunds: [{ id: 're_1', amountCents: 700, status: 'succeeded' }],
  }));
  await ledger.syncPayments();
  await simulated.happen(`pi_sim_${first!.purchase}`, (paid) => ({
    ...paid,
    disputes: [{ id: 'dp_1', amountCents: 500, status: 'open' }],
  }));
  await ledger.syncPayments();
  await simulated.happen(`pi_sim_${first!.purchase}`, (paid) => ({
    ...paid,
    disputes: [{ id: 'dp_1', amountCents: 500, status: 'won' }],
  }));
  await ledger.syncPayments();
}

async function failures(t: PayingLedger): Promise<void> {
  const { ledger } = t;
  await ledger.openAccount({ account: 'poor', plan: 'free', zone: 'Europe/Berlin', anchorAt: null });
  await ledger.addCard('poor', 'pm_card_chargeCustomerFail');
  const policy = { threshold: credits('60'), amount: credits('2500'), limitCents: null };
  await ledger.setTopup('poor', { ...policy, enabled: true });
  await ledger.runTopup('poor');
  t.at += HOUR;
  await ledger.runTopup('poor');
  await ledger.addCard('poor', 'pm_card_authenticationRequired');
  await ledger.runTopup('poor');
  await ledger.openAccount({ account: 'gone', plan: 'free', zone: 'UTC', anchorAt: null });
  await ledger.addCard('gone', 'pm_fake_processing');
  await ledger.buy('gone', { package: '500', maxChargeCents: null, checkout: false });
  await ledger.closeAccount('gone');
  await ledger.removeCard('gone');
  t.at += DAY;
}

/** Makes it. A payment of `gone`, which is closed, is still under way, and `poor` waits for its card holder. */
export async function richMoney(): Promise<PayingLedger> {
  const t = payingLedger({ plan: 'free' });
  await t.ledger.setPackage({ package: 'huge', credits: credits('50000'), priceCents: 30_000, from: null });
  await payments(t);
  await returns(t);
  await failures(t);
  return t;
}
