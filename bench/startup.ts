/**
 * CPU time of short commands over `node -e 0`, interleaved starts. Bar 2.2, whatever the ledger's size: it is grown to a
 * million entries through the store's batches (BENCH_ENTRIES says another number).
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type BenchLedger, benchLedger, haikuCall, START } from './ledger.ts';
import { inFolder, median, report } from './lib.ts';

const STARTS = 41;
const ENTRIES = Number(process.env.BENCH_ENTRIES ?? 1_000_000);
const BATCH = 4_000;
const DAY = 86_400_000;
const root = path.resolve(import.meta.dirname, '..');
const measure = path.join(root, 'bench', 'measure.cjs');
const bin = path.join(root, 'bin', 'credits.js');

/** What a coding agent tells its status line in the last of the conversations below. */
const CLIENT = (session: string): string =>
  JSON.stringify({
    session_id: session,
    model: { id: 'claude-3-haiku-20240307', display_name: 'Haiku' },
    cost: { total_cost_usd: 0.4, total_duration_ms: 3_600_000 },
    context_window: {
      current_usage: {
        input_tokens: 12,
        output_tokens: 300,
        cache_creation_input_tokens: 200,
        cache_read_input_tokens: 9_000,
      },
    },
  });

interface Start {
  readonly args: readonly string[];
  readonly input?: string;
}

function cpuMs({ args, input }: Start, env: NodeJS.ProcessEnv, folder: string): number {
  const out = path.join(folder, 'cpu');
  const fd = fs.openSync(out, 'w');
  const run = spawnSync(process.execPath, ['--require', measure, ...args], {
    env,
    ...(input === undefined ? {} : { input }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', fd],
  });
  fs.closeSync(fd);
  const said = String(run.stdout);
  if (run.status !== 0 || said.startsWith('credits:'))
    throw new Error(`${args.join(' ')}: ${run.stderr}${said}`);
  return Number(fs.readFileSync(out, 'utf8')) / 1_000;
}

/** Fills the ledger with calls over a month, some of them in conversations, and leaves holds open. */
async function grow(bench: BenchLedger): Promise<string> {
  const batches = Math.ceil(ENTRIES / BATCH);
  let session = '';
  for (let no = 0; no < batches; no += 1) {
    bench.at = START + Math.floor((no * 20 * DAY) / batches);
    session = `s${no}`;
    const call = haikuCall(1_200);
    await bench.ledger.spendMany(
      Array.from({ length: Math.min(BATCH, ENTRIES - no * BATCH) }, (_, index) => ({
        account: 'default',
        key: `k${no}-${index}`,
        input: { ...call, call: { ...call.call!, session }, tags: { ...call.tags, session } },
      })),
    );
  }
  for (let no = 0; no < 100; no += 1) {
    const { amount, call, tags, note } = haikuCall(1_200);
    await bench.ledger.hold('default', { amount, call, tags, note, ttlMs: DAY });
  }
  return session;
}

await inFolder(async (folder) => {
  const bench = await benchLedger(folder);
  const start = performance.now();
  const session = await grow(bench);
  await bench.ledger.close();
  console.log(
    `     a ledger of ${ENTRIES.toLocaleString('en')} entries, made in ${((performance.now() - start) / 1_000).toFixed(0)} s`,
  );
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    CREDITS_DB: bench.file,
    CREDITS_NOW: new Date(bench.at).toISOString(),
    NODE_COMPILE_CACHE: path.join(folder, 'cache'),
  };
  const commands: Readonly<Record<string, Start>> = {
    balance: { args: [bin, 'balance'] },
    '--help': { args: [bin, '--help'] },
    statusline: { args: [bin, 'statusline'] },
    'statusline of an agent': { args: [bin, 'statusline'], input: CLIENT(session) },
    'complete, commands': { args: [bin, 'complete', '--', 'bal'] },
    'complete, holds': { args: [bin, 'complete', '--', 'settle', ''] },
    'complete, lots': { args: [bin, 'complete', '--', 'revoke', ''] },
    'complete, accounts': { args: [bin, 'complete', '--', 'balance', '-a', ''] },
    'complete, models': { args: [bin, 'complete', '--', 'spend', '-m', ''] },
  };
  const times = new Map<string, number[]>([
    ['floor', []],
    ...Object.keys(commands).map((name): [string, number[]] => [name, []]),
  ]);
  for (let round = 0; round < STARTS + 2; round++) {
    const row: [string, number][] = [['floor', cpuMs({ args: ['-e', '0'] }, env, folder)]];
    for (const [name, each] of Object.entries(commands)) row.push([name, cpuMs(each, env, folder)]);
    // The first starts fill the compile cache and the page cache.
    if (round >= 2) for (const [name, ms] of row) times.get(name)!.push(ms);
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
