/** A test ledger that takes money, from the simulated provider or one that a test brings. */
import { LocalLedger } from '../../src/ledger/local.ts';
import type { LocalDeps } from '../../src/ledger/local-deps.ts';
import type { PaymentProvider } from '../../src/ledger/payments/provider.ts';
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { sha256, type TestLedger, type TestLedgerOptions, testLedger, zones } from './ledger.ts';

export interface PayingLedger extends TestLedger {
  readonly ledger: LocalLedger;
  /** The simulated provider, for what happens on its side. */
  readonly simulated: SimulatedProvider;
  /** What a ledger is made with, without payments. */
  readonly deps: LocalDeps;
  /** Another process on the same ledger, with a provider of its own choice. */
  another(provider?: PaymentProvider, prices?: Readonly<Record<string, string>>): LocalLedger;
}

let words = 0;

/** @param wrap what stands before the simulated provider */
export function payingLedger(
  options: TestLedgerOptions = {},
  wrap: (provider: SimulatedProvider) => PaymentProvider = (provider) => provider,
): PayingLedger {
  const t = testLedger(options);
  const simulated = new SimulatedProvider({ books: t.store.payments.books, clock: () => t.at });
  const deps: LocalDeps = {
    store: t.store,
    zones,
    loadZones: async () => zones,
    sha256,
    now: () => t.at,
    wall: () => t.at,
    actor: 'tester',
  };
  const another = (
    provider: PaymentProvider = wrap(simulated),
    prices: Readonly<Record<string, string>> = {},
  ): LocalLedger =>
    new LocalLedger({
      ...deps,
      payments: {
        open: async () => provider,
        webhookSecrets: async () => [],
        planPrices: async () => new Map(Object.entries(prices)),
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
    deps,
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
