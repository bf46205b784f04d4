/** What every ledger does, of ledgers reached over HTTP: the same suites, with a server and a client between. */
import { describe } from 'vitest';
import { byokContract } from '../contract/byok.ts';
import { ENGINES, type Engine } from '../contract/engines.ts';
import { forecastContract } from '../contract/forecast.ts';
import { ledgerContract } from '../contract/ledger.ts';
import { usageContract } from '../contract/usage.ts';
import { overHttp } from '../helpers/served.ts';

const SERVED = ENGINES.map(
  ({ name, make }): Engine => ({
    name,
    isRemote: true,
    make: async (options) => overHttp(await make(options)),
  }),
);

describe.each(SERVED)('over HTTP, on $name', (engine) => {
  ledgerContract(engine);
  byokContract(engine);
  usageContract(engine);
  forecastContract(engine);
});
