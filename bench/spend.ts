/** One durable spend through the ledger, one transaction each, over a bare durable INSERT. Bar 0.5, aim 0.65. */
import path from 'node:path';
import { floorSeconds } from './floor.ts';
import { benchLedger, haikuCall } from './ledger.ts';
import { inFolder, median, report } from './lib.ts';

const ROUNDS = 7;
const EACH = 1_000;

await inFolder(async (folder) => {
  const { ledger } = await benchLedger(folder);
  const floor: number[] = [];
  const own: number[] = [];
  for (let round = 0; round < ROUNDS + 1; round++) {
    const bare = floorSeconds(path.join(folder, 'floor.db'), EACH);
    const start = performance.now();
    for (let i = 0; i < EACH; i++)
      await ledger.spend('default', haikuCall(1_000 + i), { key: `k${round}-${i}` });
    const seconds = (performance.now() - start) / 1_000;
    // The first round warms up both sides.
    if (round === 0) continue;
    floor.push(bare);
    own.push(seconds);
  }
  await ledger.close();
  const ratios = floor.map((seconds, index) => seconds / own[index]!);
  const perSecond = (seconds: number) => `${Math.round(EACH / seconds).toLocaleString('en')}/s`;
  report(
    'one durable spend over one durable INSERT',
    median(ratios),
    0.5,
    true,
    `${perSecond(median(own))} against ${perSecond(median(floor))}, aim 0.65`,
  );
});
