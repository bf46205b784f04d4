/** Rollover of 100,000 accounts in batches over one transaction for each account, the latter on a sample. Bar 20. */
import { UTC_RULES } from '../src/core/zones.ts';
import { openWork } from '../src/ledger/local-accounts.ts';
import { benchLedger, START } from './ledger.ts';
import { inFolder, report } from './lib.ts';

const ACCOUNTS = 100_000;
const SAMPLE = 2_000;
const CHUNK = 5_000;
const DAY = 86_400_000;

await inFolder(async (folder) => {
  const bench = await benchLedger(folder);
  const id = (i: number) => `${i < SAMPLE ? 'single' : 'many'}-${i}`;
  for (let from = 0; from < ACCOUNTS + SAMPLE; from += CHUNK) {
    const size = Math.min(CHUNK, ACCOUNTS + SAMPLE - from);
    const works = Array.from({ length: size }, (_, i) =>
      openWork({ account: id(from + i), plan: 'pro', zone: 'UTC', anchorAt: null }, START, UTC_RULES, false),
    );
    await bench.store.openAccounts(works);
  }
  bench.at = START + 32 * DAY;
  let start = performance.now();
  for (let i = 0; i < SAMPLE; i++) {
    const { changes } = await bench.ledger.runCycle('rollover', id(i));
    if (changes.length !== 1) throw new Error('a cycle was not granted');
  }
  const single = (performance.now() - start) / SAMPLE;
  const memory = process.memoryUsage().rss;
  start = performance.now();
  const { changes } = await bench.ledger.runCycle('rollover', null);
  // The ledger's own account is due too.
  if (changes.length !== ACCOUNTS + 1) throw new Error(`${changes.length} accounts changed`);
  const many = (performance.now() - start) / ACCOUNTS;
  const grown = (process.memoryUsage().rss - memory) / 2 ** 20;
  await bench.ledger.close();
  report(
    'rollover of 100,000 accounts over one transaction each',
    single / many,
    20,
    true,
    `${((many * ACCOUNTS) / 1_000).toFixed(2)} s in all, ${single.toFixed(2)} ms each alone, ${grown.toFixed(0)} MiB more memory`,
  );
});
