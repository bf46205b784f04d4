/** Both providers keep the same promises. */
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { paymentsContract } from '../contract/payments.ts';
import { memoryBooks } from '../helpers/books.ts';
import { openFakeRig } from '../helpers/stripe/rig.ts';

paymentsContract('stripe', async () => {
  const { fake, provider, close } = await openFakeRig();
  const disputes = new Map<string, string>();
  return {
    provider,
    refund: async (intent, amount) => void fake.refund(intent, amount),
    dispute: async (intent) => void disputes.set(intent, fake.dispute(intent)),
    winDispute: async (intent) => fake.closeDispute(disputes.get(intent)!, 'won'),
    payOnPage: async (session) => fake.complete(session),
    decide: async (intent) => fake.finish(intent),
    close,
  };
});

paymentsContract('simulated', async () => {
  const provider = new SimulatedProvider({ books: memoryBooks(), clock: () => Date.UTC(2026, 2, 1) });
  let refunds = 0;
  return {
    provider,
    refund: (intent, amountCents) =>
      provider.happen(intent, (paid) => {
        refunds += 1;
        return {
          ...paid,
          refunds: [...paid.refunds, { id: `re_${refunds}`, amountCents, status: 'succeeded' }],
        };
      }),
    dispute: (intent) =>
      provider.happen(intent, (paid) => ({
        ...paid,
        disputes: [{ id: 'dp_1', amountCents: 500, status: 'open' }],
      })),
    winDispute: (intent) =>
      provider.happen(intent, (paid) => ({
        ...paid,
        disputes: paid.disputes.map((dispute) => ({ ...dispute, status: 'won' })),
      })),
    payOnPage: async () => {},
    decide: async () => {},
    close: () => provider.close(),
  };
});
