/** 100,000 spends through `spendMany` in batches of 1,000, over bare durable INSERTs. Bar 6 (without the parsing: see import.ts). */
import path from 'node:path';
import { floorSeconds } from './floor.ts';
import { benchLedger, haikuCall } from './ledger.ts';
import { inFolder, report } from './lib.ts';

const N = 100_000;
const BATCH = 1_000;
const FLOOR = 5_000;

await inFolder(async (folder) => {
  const { ledger } = await benchLedger(folder);
  const before = floorSeconds(path.join(folder, 'floor.db'), FLOOR) / FLOOR;
  const start = performance.now();
  for (let from = 0; from < N; from += BATCH) {
    const items = Array.from({ length: BATCH }, (_, i) => ({
      account: 'default',
      key: `import:0123456789abcdef:${from + i}`,
      input: haikuCall(1_000 + i),
    }));
    const results = await ledger.spendMany(items);
    if (results.some((result) => result.status !== 'booked')) throw new Error('a spend was not booked');
  }
  const each = (performance.now() - start) / 1_000 / N;
  const after = floorSeconds(path.join(folder, 'floor.db'), FLOOR) / FLOOR;
  await ledger.close();
  const floor = (before + after) / 2;
  report(
    'spends in batches over one durable INSERT each',
    floor / each,
    6,
    true,
    `${Math.round(1 / each).toLocaleString('en')}/s against ${Math.round(1 / floor).toLocaleString('en')}/s`,
  );
});
