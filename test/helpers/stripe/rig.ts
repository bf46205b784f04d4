/** The Stripe provider in front of a fake, for one test. */
import type { PaymentProvider } from '../../../src/ledger/payments/provider.ts';
import { openStripe } from '../../../src/payments/stripe.ts';
import { readStripeSettings } from '../../../src/payments/stripe-settings.ts';
import { type FakeFacts, type FakeStripe, LIVE_KEY, startFakeStripe, TEST_KEY } from './fake.ts';

export interface FakeRig {
  readonly fake: FakeStripe;
  readonly provider: PaymentProvider;
  /** Ends both, after the books were checked. */
  close(): Promise<void>;
}

/** How patient the provider is; calls are not repeated unless told, since the SDK rests half a second before. */
export interface RigFacts extends FakeFacts {
  retries?: number;
  timeoutMs?: number;
}

export async function openFakeRig({
  retries = 0,
  timeoutMs = 5000,
  ...facts
}: RigFacts = {}): Promise<FakeRig> {
  const fake = await startFakeStripe(facts);
  const provider = await openProvider(fake, { retries, timeoutMs });
  return {
    fake,
    provider,
    async close() {
      await provider.close();
      await fake.close();
      fake.check();
    },
  };
}

/** The provider in front of a fake, as patient as told; the caller closes it. */
export async function openProvider(
  fake: FakeStripe,
  { retries = 0, timeoutMs = 5000 }: Pick<RigFacts, 'retries' | 'timeoutMs'>,
): Promise<PaymentProvider> {
  const mode = fake.world.livemode ? 'live' : 'test';
  const key = mode === 'live' ? LIVE_KEY : TEST_KEY;
  const env = { STRIPE_SECRET_KEY: key, STRIPE_API_BASE: fake.url };
  const { address, returnUrl } = readStripeSettings({ env, file: null });
  return openStripe({ mode, secretKey: key, address, returnUrl, retries, timeoutMs });
}
