/** What every ledger does, of ledgers reached over HTTP: the same suites, with a server and a client between. */
import { describe } from 'vitest';
import { byokContract } from '../contract/byok.ts';
import { forecastContract } from '../contract/forecast.ts';
import { ledgerContract } from '../contract/ledger.ts';
import { SERVED_ENGINES } from '../contract/served-engines.ts';
import { usageContract } from '../contract/usage.ts';

describe.each(SERVED_ENGINES)('on $name', (engine) => {
  ledgerContract(engine);
  byokContract(engine);
  usageContract(engine);
  forecastContract(engine);
});
