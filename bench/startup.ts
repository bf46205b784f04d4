/** CPU time of short commands over `node -e 0`, interleaved starts. Bar 2.2. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { inFolder, median, report } from './lib.ts';

const STARTS = 41;
const root = path.resolve(import.meta.dirname, '..');
const measure = path.join(root, 'bench', 'measure.cjs');
const bin = path.join(root, 'bin', 'credits.js');

function cpuMs(args: readonly string[], env: NodeJS.ProcessEnv, folder: string): number {
  const out = path.join(folder, 'cpu');
  const fd = fs.openSync(out, 'w');
  const run = spawnSync(process.execPath, ['--require', measure, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', fd],
  });
  fs.closeSync(fd);
  if (run.status !== 0) throw new Error(`${args.join(' ')}: ${run.stderr}`);
  return Number(fs.readFileSync(out, 'utf8')) / 1_000;
}

await inFolder(async (folder) => {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    CREDITS_DB: path.join(folder, 'ledger.db'),
    NODE_COMPILE_CACHE: path.join(folder, 'cache'),
  };
  spawnSync(process.execPath, [bin, 'init', '--plan', 'pro'], { env });
  const commands = { balance: ['balance'], help: ['--help'], completion: ['complete', '--', 'bal'] };
  const times = new Map<string, number[]>([
    ['floor', []],
    ...Object.keys(commands).map((name): [string, number[]] => [name, []]),
  ]);
  for (let start = 0; start < STARTS + 2; start++) {
    const row: [string, number][] = [['floor', cpuMs(['-e', '0'], env, folder)]];
    for (const [name, args] of Object.entries(commands)) row.push([name, cpuMs([bin, ...args], env, folder)]);
    // The first starts fill the compile cache and the page cache.
    if (start >= 2) for (const [name, ms] of row) times.get(name)!.push(ms);
  }
  const floor = median(times.get('floor')!);
  for (const name of Object.keys(commands)) {
    const own = median(times.get(name)!);
    report(
      `CPU of credits ${name} over node -e 0`,
      own / floor,
      2.2,
      false,
      `${own.toFixed(1)} ms against ${floor.toFixed(1)} ms`,
    );
  }
});
