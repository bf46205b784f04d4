/**
 * What an account has left, of the same 100,000 calls: `credits balance` beside `hledger` and `ledger`, plain-text accounting
 * programs that read a journal from its start each time. Whole processes, in turns. Debian packages: hledger, ledger; one
 * that is not installed is left out. (Transcripts beside ccusage: bench/transcripts.ts.)
 *
 *   BENCH_CALLS=1000000 node bench/peers.ts
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { bookCalls } from './generate.ts';
import { benchLedger } from './ledger.ts';
import { inFolder, median } from './lib.ts';

const CALLS = Number(process.env.BENCH_CALLS ?? 100_000);
const ROUNDS = 5;
const bin = path.join(path.resolve(import.meta.dirname, '..'), 'bin', 'credits.js');

const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

await inFolder(async (folder) => {
  const bench = await benchLedger(folder);
  await bookCalls(bench, CALLS, () => 'default');
  await bench.ledger.close();
  const env = {
    ...process.env,
    HOME: folder,
    CREDITS_DB: bench.file,
    CREDITS_NOW: new Date(bench.at).toISOString(),
  };
  const run = (program: string, args: readonly string[]): { ms: number; out: string } => {
    const start = performance.now();
    const done = spawnSync(program, args, { env, encoding: 'utf8', maxBuffer: 1 << 30 });
    if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr}`);
    return { ms: performance.now() - start, out: done.stdout };
  };
  const credits = (...args: string[]) => run(process.execPath, [bin, ...args]);
  const journal = path.join(folder, 'calls.journal');
  fs.writeFileSync(journal, credits('export', '--what', 'entries', '--format', 'hledger').out);
  const rows: readonly (readonly [string, () => { ms: number; out: string }])[] = [
    ['credits', () => credits('balance', '--total')],
    ['hledger', () => run('hledger', ['-f', journal, 'balance', '-N'])],
    ['ledger', () => run('ledger', ['-f', journal, 'balance'])],
  ];
  const there = rows.filter(([name]) => name === 'credits' || isThere(name));
  const times = new Map(there.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, work] of there) times.get(name)!.push(work().ms);
  }
  const own = median(times.get('credits')!);
  console.log(`the balance after ${CALLS.toLocaleString('en')} calls, whole processes`);
  for (const [name] of rows) {
    const all = times.get(name);
    console.log(
      all === undefined
        ? `     ${name} is not installed (Debian package ${name})`
        : `     ${name}: ${median(all).toFixed(0)} ms, ${(median(all) / own).toFixed(1)} ×`,
    );
  }
});
