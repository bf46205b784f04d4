/**
 * The most memory that each command takes on a large ledger, beside a small one: a command reads what it needs in pages, so
 * that the size of the ledger must not show. Bar 256 MB resident, with 96 MB for what JavaScript keeps: of the rest, 64 MB
 * are SQLite's own cache. Sizes: bench/sizes.ts.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type BenchLedger, START } from './ledger.ts';
import { inFolder } from './lib.ts';
import { sizedLedgers, WHAT } from './sizes.ts';

const root = path.resolve(import.meta.dirname, '..');
const bin = path.join(root, 'bin', 'credits.js');
const hook = path.join(root, 'bench', 'measure-memory.cjs');
/** V8 lets its heap grow while there is memory: what a command needs shows only under a limit. MB. */
const HEAP = '--max-old-space-size=96';
const BAR = 256;
/** After the last call, within the first cycle. */
const SOON = new Date(START + 2 * 86_400_000).toISOString();
/** After the first cycle: every account is due. */
const NEXT_CYCLE = new Date(START + 32 * 86_400_000).toISOString();

/** Reads first; what changes the ledger comes last, the rollover of every account at the end. */
const COMMANDS = [
  ['balance', '-a', 'a7'],
  ['status', '-a', 'a7'],
  ['log', '-a', 'a7', '--limit', '20'],
  ['usage', '-a', 'a7', '--since', '30d'],
  ['usage', '--by', 'account', '--since', '30d', '--json'],
  ['forecast', '-a', 'a7'],
  ['accounts', 'list', '--json'],
  ['holds', '-a', 'a7'],
  ['estimate', '--model', 'haiku', '--input-tokens', '1000', '--output-tokens', '200', '-a', 'a7'],
  ['statusline', '-a', 'a7'],
  ['export', '--what', 'entries', '--all', '--format', 'csv', '-o', 'OUT'],
  ['export', '--format', 'jsonl', '-o', 'OUT'],
  ['doctor'],
  ['verify'],
  ['backup', 'OUT'],
  ['spend', '1', '-a', 'a7'],
  ['expire', '--all'],
  ['cycle', 'rollover', '--all', '--now', NEXT_CYCLE],
] as const;

function peak(args: readonly string[], { file }: BenchLedger, folder: string): number {
  const out = path.join(folder, 'out');
  fs.rmSync(out, { force: true });
  const fd = fs.openSync(path.join(folder, 'peak'), 'w');
  const now = args.includes('--now') ? {} : { CREDITS_NOW: SOON };
  const run = spawnSync(
    process.execPath,
    [HEAP, '--require', hook, bin, ...args.map((word) => (word === 'OUT' ? out : word))],
    {
      env: { PATH: process.env.PATH, HOME: folder, CREDITS_DB: file, ...now },
      stdio: ['ignore', fs.openSync('/dev/null', 'w'), 'pipe', fd],
    },
  );
  fs.closeSync(fd);
  if (run.status !== 0) return Number.NaN;
  return Number(fs.readFileSync(path.join(folder, 'peak'), 'utf8')) / 1_024;
}

await inFolder(async (folder) => {
  const { small, large } = await sizedLedgers(folder);
  await small.ledger.close();
  await large.ledger.close();
  console.log(WHAT);
  for (const args of COMMANDS) {
    const few = peak(args, small, folder);
    const many = peak(args, large, folder);
    const name = args.filter((word) => word !== NEXT_CYCLE && word !== '--now').join(' ');
    const text = Number.isNaN(many) ? 'more than it was given' : `${many.toFixed(0)} MB`;
    console.log(
      `${many <= BAR ? 'ok  ' : 'MISS'} ${name}: ${text} (bar ≤ ${BAR})   small: ${few.toFixed(0)} MB`,
    );
  }
});
