/** The engines that a ledger can lie on. What a suite says of one it says of each. */
import { afterEach } from 'vitest';
import { type AnyTestLedger, type TestLedgerOptions, testLedger } from '../helpers/ledger.ts';
import { postgresLedger } from '../helpers/postgres.ts';

export interface Engine {
  readonly name: string;
  /** Requests that are sent together may arrive in any order. */
  readonly isRemote?: boolean;
  make(options?: TestLedgerOptions): Promise<AnyTestLedger>;
}

export const ENGINES: readonly Engine[] = [
  { name: 'SQLite', make: async (options) => testLedger(options) },
  { name: 'PostgreSQL', make: postgresLedger },
];

/** Makes ledgers that are verified and removed after each test of the suite that calls it. */
export function ledgersOn({ make }: Engine): Engine['make'] {
  let open: AnyTestLedger[] = [];
  afterEach(async () => {
    const all = open;
    open = [];
    for (const each of all) await each.done();
  });
  return async (options) => {
    const ledger = await make(options);
    open.push(ledger);
    return ledger;
  };
}
