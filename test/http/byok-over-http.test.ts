/** The tests of a local ledger, on the same ledger reached over HTTP. */
import { vi } from 'vitest';

vi.mock('../helpers/ledger.ts', async (original) => {
  const real = await original<typeof import('../helpers/ledger.ts')>();
  const { overHttp } = await import('../helpers/served.ts');
  return {
    ...real,
    testLedger: (...args: Parameters<typeof real.testLedger>) => overHttp(real.testLedger(...args)),
  };
});

await import('../ledger/byok.test.ts');
