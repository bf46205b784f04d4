/** How payments are reached from this machine: the provider that environment and ledger mode ask for. */
import path from 'node:path';
import { invalid } from '../core/errors.ts';
import type { PaymentAccess } from '../ledger/payments/payment-run.ts';
import type { Store } from '../ledger/store.ts';
import { openPayments, webhookSecrets } from '../payments/index.ts';
import { readPlanPrices } from '../payments/stripe-settings.ts';
import { configFolder } from './settings.ts';
import type { WireOptions } from './wire-types.ts';

/** Where keys may stand instead of the environment: for cron and services, readable by their owner alone. */
export const secretsFile = (env: WireOptions['env']): string => path.join(configFolder(env), 'stripe.env');

/**
 * Prices of plans at the provider: `STRIPE_PRICES=pro=price_1,team=price_2`.
 * @throws LedgerError `invalid_argument`
 */
export function planPrices(env: WireOptions['env']): ReadonlyMap<string, string> {
  const prices = new Map<string, string>();
  for (const pair of readPlanPrices({ env, file: secretsFile(env) }).split(',')) {
    const text = pair.trim();
    if (text === '') continue;
    const match = /^([a-z][a-z0-9_-]{0,31})=(price_[A-Za-z0-9_]+)$/.exec(text);
    if (match === null)
      throw invalid(
        `STRIPE_PRICES: ${JSON.stringify(text)} is no price of a plan`,
        'for example pro=price_123',
      );
    prices.set(match[1]!, match[2]!);
  }
  return prices;
}

export function paymentAccess(
  store: Pick<Store, 'mode' | 'payments'>,
  { env, clock, signal }: Pick<WireOptions, 'env' | 'clock' | 'signal'>,
): Omit<PaymentAccess, 'reference'> {
  const facts = {
    ...{ env, secretsFile: secretsFile(env) },
    ...(signal === undefined ? {} : { signal }),
  };
  return {
    open: () => openPayments({ ...facts, mode: store.mode, books: store.payments.books, clock }),
    webhookSecrets: async () => webhookSecrets(facts),
  };
}
