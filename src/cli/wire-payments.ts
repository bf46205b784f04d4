/** How payments are reached from this machine: the provider that environment and ledger mode ask for. */
import path from 'node:path';
import type { PaymentAccess } from '../ledger/payments/payment-run.ts';
import type { Store } from '../ledger/store.ts';
import { openPayments, webhookSecrets } from '../payments/index.ts';
import { configFolder } from './settings.ts';
import type { WireOptions } from './wire-types.ts';

/** Where keys may stand instead of the environment: for cron and services, readable by their owner alone. */
export const secretsFile = (env: WireOptions['env']): string => path.join(configFolder(env), 'stripe.env');

export function paymentAccess(
  store: Pick<Store, 'mode' | 'payments'>,
  { env, clock }: Pick<WireOptions, 'env' | 'clock'>,
): Omit<PaymentAccess, 'reference'> {
  const facts = { env, secretsFile: secretsFile(env) };
  return {
    open: () => openPayments({ ...facts, mode: store.mode, books: store.payments.books, clock }),
    webhookSecrets: async () => webhookSecrets(facts),
  };
}
