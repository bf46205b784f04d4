/** The money side on PostgreSQL: the same script on both engines, with the simulated provider, comes to the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalLedger } from '../../src/ledger/local.ts';
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { type AnyTestLedger, credits, DAY, localDeps, spendOf, testLedger } from '../helpers/ledger.ts';
import { postgresLedger } from '../helpers/postgres.ts';

interface Paying {
  readonly t: AnyTestLedger;
  readonly ledger: LocalLedger;
  readonly simulated: SimulatedProvider;
}

function paying(t: AnyTestLedger): Paying {
  const simulated = new SimulatedProvider({ books: t.store.payments.books, clock: () => t.at });
  let words = 0;
  const payments = {
    open: async () => simulated,
    webhookSecrets: async () => [],
    planPrices: async () => new Map<string, string>(),
    reference: () => `word${++words}`,
  };
  return { t, simulated, ledger: new LocalLedger({ ...localDeps(t), payments }) };
}

let both: Paying[] = [];
beforeAll(async () => {
  // The same tag on both, so that ids can be compared.
  const options = { plan: 'pro', options: { newTag: () => 'same' } };
  both = [paying(testLedger(options)), paying(await postgresLedger(options))];
});
afterAll(async () => {
  for (const { t } of both) await t.done();
});

type Step = (paying: Paying) => Promise<unknown>;

const BUY = { package: '2000', maxChargeCents: null, checkout: false };
const POLICY = { threshold: credits('1000'), amount: credits('500'), limitCents: 2_000, enabled: true };
const paymentOf = async ({ ledger }: Paying, at: number): Promise<string> =>
  `pi_sim_${(await ledger.purchases('default', null))[at]!.purchase}`;

const SCRIPT: readonly (readonly [string, Step])[] = [
  ['no card', ({ ledger }) => ledger.buy('default', BUY)],
  ['a card', ({ ledger }) => ledger.addCard('default', 'pm_card_visa', { key: 'card' })],
  ['a purchase', ({ ledger }) => ledger.buy('default', BUY, { key: 'buy' })],
  ['its repetition', ({ ledger }) => ledger.buy('default', BUY, { key: 'buy' })],
  ['a policy', ({ ledger }) => ledger.setTopup('default', POLICY)],
  ['a spend that leaves it below', ({ ledger }) => ledger.spend('default', spendOf('2500'))],
  ['a top-up', ({ ledger }) => ledger.runTopup('default')],
  ['twice at once', ({ ledger }) => Promise.all([ledger.runTopup('default'), ledger.runTopup('default')])],
  [
    'a refund',
    async (p) => {
      await p.simulated.happen(await paymentOf(p, 0), (paid) => ({
        ...paid,
        refunds: [{ id: 're_1', amountCents: 700, status: 'succeeded' }],
      }));
      return p.ledger.syncPayments();
    },
  ],
  ['the same once more', ({ ledger }) => ledger.syncPayments()],
  ['a card that is declined', ({ ledger }) => ledger.addCard('default', 'pm_card_chargeCustomerFail')],
  ['a purchase with it', ({ ledger }) => ledger.buy('default', BUY)],
  ['the books', ({ ledger }) => ledger.auditPayments()],
  ['the policy', ({ ledger }) => ledger.topup('default')],
  ['the history', ({ ledger }) => ledger.purchases('default', null)],
  ['the balance', ({ ledger }) => ledger.balance('default')],
];

test.each(SCRIPT)('%s', async (_what, step) => {
  const [here, there] = await Promise.all(
    both.map((each) =>
      step(each).catch((error: Error & { code?: string }) => `${error.code}: ${error.message}`),
    ),
  );
  expect(there).toEqual(here);
  expect(String(here)).not.toMatch(/^undefined|^internal/);
  for (const { t } of both) t.at += DAY / 24;
});

test('the chains end the same', async () => {
  const heads = await Promise.all(both.map(async ({ ledger }) => (await ledger.verify()).heads));
  expect(heads[1]).toEqual(heads[0]);
});
