/** A test ledger that takes money, from the simulated provider or one that a test brings. */
import { LocalLedger } from '../../src/ledger/local.ts';
import type { PaymentProvider } from '../../src/ledger/payments/provider.ts';
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { sha256, type TestLedger, type TestLedgerOptions, testLedger, zones } from './ledger.ts';

export interface PayingLedger extends TestLedger {
  readonly ledger: LocalLedger;
  /** The simulated provider, for what happens on its side. */
  readonly simulated: SimulatedProvider;
  /** Another process on the same ledger, with a provider of its own choice. */
  another(provider?: PaymentProvider): LocalLedger;
}

let words = 0;

/** @param wrap what stands before the simulated provider */
export function payingLedger(
  options: TestLedgerOptions = {},
  wrap: (provider: SimulatedProvider) => PaymentProvider = (provider) => provider,
): PayingLedger {
  const t = testLedger(options);
  const simulated = new SimulatedProvider({ books: t.store.payments.books, clock: () => t.at });
  const another = (provider: PaymentProvider = wrap(simulated)): LocalLedger =>
    new LocalLedger({
      store: t.store,
      zones,
      loadZones: async () => zones,
      sha256,
      now: () => t.at,
      wall: () => t.at,
      actor: 'tester',
      payments: {
        open: async () => provider,
        webhookSecrets: async () => [],
        reference: () => {
          words += 1;
          return `word${words}`;
        },
      },
    });
  const ledger = another();
  return {
    get file() {
      return t.file;
    },
    store: t.store,
    ledger,
    simulated,
    another,
    get at() {
      return t.at;
    },
    set at(instant) {
      t.at = instant;
    },
    reopen: (access) => t.reopen(access),
    ahead: (ms) => t.ahead(ms),
    done: () => t.done(),
  };
}
