/** `credits import` of 100,000 spends, as a whole process, over bare durable INSERTs. Bar 6. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { floorSeconds } from './floor.ts';
import { inFolder, report } from './lib.ts';

const N = 100_000;
const FLOOR = 3_000;
const bin = path.join(path.resolve(import.meta.dirname, '..'), 'bin', 'credits.js');

await inFolder(async (folder) => {
  const env = { PATH: process.env.PATH, HOME: folder, CREDITS_DB: path.join(folder, 'ledger.db') };
  const run = (...args: string[]) => {
    const done = spawnSync(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (done.status !== 0) throw new Error(String(done.stderr));
  };
  run('init');
  run('grant', '1000000', '--source', 'purchased');
  const file = path.join(folder, 'calls.jsonl');
  const lines = Array.from({ length: N }, (_, i) =>
    JSON.stringify({
      model: 'claude-haiku',
      inputTokens: 1_000 + (i % 500),
      outputTokens: 300,
      activity: 'chat',
      session: `s${i % 100}`,
    }),
  );
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  const before = floorSeconds(path.join(folder, 'floor.db'), FLOOR) / FLOOR;
  const start = performance.now();
  run('import', file);
  const each = (performance.now() - start) / 1_000 / N;
  const floor = (before + floorSeconds(path.join(folder, 'floor.db'), FLOOR) / FLOOR) / 2;
  const rate = (seconds: number) => `${Math.round(1 / seconds).toLocaleString('en')}/s`;
  report(
    'import of 100,000 spends over durable INSERTs',
    floor / each,
    6,
    true,
    `${rate(each)} against ${rate(floor)}`,
  );
});
