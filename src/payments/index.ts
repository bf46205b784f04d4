/**
 * Which provider a ledger pays with: Stripe where there is a key, simulated in a test ledger without one. Each is loaded when
 * it is opened, so that the SDK costs nothing where nothing is paid.
 *
 * Source: contract 9.
 */
import { LedgerError } from '../core/errors.ts';
import type { Instant } from '../core/types.ts';
import type { Books } from '../ledger/payments/payment-store.ts';
import type { PaymentProvider, ProviderName } from '../ledger/payments/provider.ts';
import type { LedgerMode } from '../ledger/views.ts';
import { readStripeSettings, type StripeSettings } from './stripe-settings.ts';

export interface PaymentsFacts {
  /** Mode of the ledger that pays. */
  readonly mode: LedgerMode;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file of `NAME=value` lines, 0600, for what the environment does not say; null: none. */
  readonly secretsFile: string | null;
  /** Books of the simulated provider. */
  readonly books: Books;
  /** The provider's clock where it is simulated. */
  readonly clock: () => Instant;
  /** Ends calls under way; absent: nothing does. */
  readonly signal?: AbortSignal;
}

type Opening = (facts: PaymentsFacts, settings: StripeSettings) => Promise<PaymentProvider>;

const PROVIDERS = {
  stripe: async ({ mode, signal }, settings) => {
    const { secretKey, address, returnUrl } = settings;
    if (secretKey === null) throw new LedgerError('internal', 'there is no key to open Stripe with');
    const { openStripe } = await import('./stripe.ts');
    return openStripe({
      ...{ mode, secretKey, address, returnUrl },
      ...(signal === undefined ? {} : { signal }),
    });
  },
  simulated: async ({ mode, books, clock }) => {
    if (mode === 'live') {
      throw new LedgerError('mode_mismatch', 'a live ledger is not paid with simulated money', {
        hint: 'set STRIPE_SECRET_KEY to a live key',
      });
    }
    const { SimulatedProvider } = await import('./simulated.ts');
    return new SimulatedProvider({ books, clock });
  },
} as const satisfies Record<ProviderName, Opening>;

/**
 * Opens the provider of a ledger; nobody is called yet.
 * @throws LedgerError `mode_mismatch` (a key of the other mode, or no key for a live ledger), `invalid_argument` (settings)
 */
export async function openPayments(facts: PaymentsFacts): Promise<PaymentProvider> {
  const settings = readStripeSettings({ env: facts.env, file: facts.secretsFile });
  return PROVIDERS[providerName(settings)](facts, settings);
}

/** Which provider the settings mean. */
export const providerName = (settings: Pick<StripeSettings, 'secretKey'>): ProviderName =>
  settings.secretKey === null ? 'simulated' : 'stripe';

/**
 * Secrets that a webhook may be signed with; may be empty.
 * @throws LedgerError `invalid_argument` (settings)
 */
export const webhookSecrets = (facts: Pick<PaymentsFacts, 'env' | 'secretsFile'>): readonly string[] =>
  readStripeSettings({ env: facts.env, file: facts.secretsFile }).webhookSecrets;
