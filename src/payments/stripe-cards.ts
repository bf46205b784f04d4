/** Customers and saved cards at Stripe. */
import type { Stripe } from 'stripe';
import { invalid, LedgerError } from '../core/errors.ts';
import type { CardFacts, CustomerFacts } from '../ledger/payments/provider.ts';
import type { LedgerMode } from '../ledger/views.ts';
import { carry, carryOrMissing, failureOf, refusalOf } from './stripe-failures.ts';
import { cardOf, idOf } from './stripe-fields.ts';

/** Answers to a detach that mean: it is not attached any more. */
const GONE: ReadonlySet<string> = new Set(['resource_missing', 'payment_method_unexpected_state']);

export function stripeCards(stripe: Stripe, mode: LedgerMode) {
  const useCard = ({ customer, paymentMethod }: { customer: string; paymentMethod: string }): Promise<void> =>
    carry('making a card the default', async () => {
      await stripe.customers.update(customer, {
        invoice_settings: { default_payment_method: paymentMethod },
      });
    });

  return {
    ensureCustomer: ({ account, installation, key }: CustomerFacts & { key: string }): Promise<string> =>
      carry('making a customer', async () => {
        const metadata = { account_id: account, installation };
        return (await stripe.customers.create({ metadata }, { idempotencyKey: key })).id;
      }),

    async hasCustomer(id: string): Promise<boolean> {
      const customer = await carryOrMissing('looking at a customer', () => stripe.customers.retrieve(id));
      return customer !== null && customer.deleted !== true;
    },

    async attachTestMethod(input: { customer: string; method: string; key: string }): Promise<CardFacts> {
      if (mode === 'live') throw new LedgerError('mode_mismatch', 'a live ledger takes no test card');
      const method = await carry(`saving ${input.method}`, () =>
        stripe.paymentMethods.attach(
          input.method,
          { customer: input.customer },
          { idempotencyKey: input.key },
        ),
      );
      const card = cardOf(method);
      if (card === null) throw invalid(`${input.method} is no card`);
      await useCard({ customer: input.customer, paymentMethod: card.paymentMethod });
      return card;
    },

    useCard,

    async describeCard(input: { customer: string; paymentMethod: string }): Promise<CardFacts | null> {
      const method = await carryOrMissing('looking at a card', () =>
        stripe.paymentMethods.retrieve(input.paymentMethod),
      );
      return method === null || idOf(method.customer) !== input.customer ? null : cardOf(method);
    },

    async removeCard(paymentMethod: string): Promise<void> {
      try {
        await stripe.paymentMethods.detach(paymentMethod);
      } catch (error) {
        const failure = failureOf(error);
        if (failure.kind === 'unknown' || !GONE.has(failure.code))
          throw refusalOf(failure, 'removing a card');
      }
    },
  };
}
