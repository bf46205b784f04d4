/**
 * Reading speed of transcripts: `node bench/transcripts.ts [MB]` (500 unless told). Writes a Claude Code log of that size into a
 * temporary folder, once as one file and once as 40, and reads it with our reader and with the native binary of ccusage
 * where npm can install it: whole processes, by turns, the best of three. Ours should reach 0.9 × the speed of ccusage.
 * CPU time and memory of a process are read from /proc, so that they stay unknown on other systems than Linux.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { inFolder, report } from './lib.ts';
import { writeClaudeLogs } from './transcripts/claude-log.ts';

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly output: string;
}

const ROUNDS = 3;
const TICKS_PER_SECOND = 100;

/** What /proc says about a running process; NaN where there is no /proc, undefined once it is gone. */
function sample(pid: number): { cpuMs: number; peakMb: number } | undefined {
  if (!existsSync('/proc/self/stat')) return { cpuMs: Number.NaN, peakMb: Number.NaN };
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (peak === undefined) return undefined;
    return {
      cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
      peakMb: Number(peak) / 1024,
    };
  } catch {
    return undefined;
  }
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let last = { cpuMs: Number.NaN, peakMb: Number.NaN };
    const timer = setInterval(() => {
      last = sample(child.pid ?? 0) ?? last;
    }, 5);
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ wallMs: performance.now() - start, ...last, output });
      else reject(new Error(`${command} ended with ${code}`));
    });
  });
}

const best = (runs: readonly Run[]): Run => runs.reduce((a, b) => (b.wallMs < a.wallMs ? b : a));

function show(name: string, { wallMs, cpuMs, peakMb }: Run): void {
  const number = (value: number): string => (Number.isNaN(value) ? '?' : String(Math.round(value)));
  process.stdout.write(
    `  ${name.padEnd(10)}${number(wallMs)} ms, CPU ${number(cpuMs)} ms, peak ${number(peakMb)} MB\n`,
  );
}

/** The native binary, or undefined when it cannot be had. */
function installCcusage(folder: string): string | undefined {
  const name = `@ccusage/ccusage-${process.platform}-${process.arch}`;
  try {
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', folder, ...quiet, name], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const binary = path.join(
      folder,
      'node_modules',
      name,
      'bin',
      process.platform === 'win32' ? 'ccusage.exe' : 'ccusage',
    );
    chmodSync(binary, 0o755);
    return binary;
  } catch {
    return undefined;
  }
}

/** Our reader as it is shipped: bundled and without types. */
async function bundleReader(folder: string): Promise<string> {
  const outfile = path.join(folder, 'reader.cjs');
  const contents = `
    import { readTranscripts } from './read-transcripts.ts';
    const read = readTranscripts([process.argv[2]]);
    const sums = { calls: 0, input: 0, output: 0 };
    for (const call of read.calls()) {
      sums.calls++;
      sums.input += call.inputTokens;
      sums.output += call.outputTokens;
    }
    process.stdout.write(JSON.stringify(sums));`;
  const resolveDir = path.join(import.meta.dirname, '../src/transcripts');
  await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
  return outfile;
}

/** `calls input output` as each of the two prints them; ccusage does not print calls. */
function sumsOf(ours: Run, theirs: Run): [string, string] {
  const { input, output } = JSON.parse(ours.output) as Record<string, number>;
  const { totals } = JSON.parse(theirs.output) as { totals: Record<string, number> };
  const theirInput =
    (totals.inputTokens ?? 0) + (totals.cacheCreationTokens ?? 0) + (totals.cacheReadTokens ?? 0);
  return [`${input} in, ${output} out`, `${theirInput} in, ${totals.outputTokens} out`];
}

async function measure(home: string, reader: string, ccusage: string | undefined): Promise<void> {
  const env = { ...process.env, HOME: home, CLAUDE_CONFIG_DIR: home };
  const ours: Run[] = [];
  const theirs: Run[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await run(process.execPath, [reader, path.join(home, 'projects')], env));
    if (ccusage !== undefined)
      theirs.push(await run(ccusage, ['claude', 'daily', '--offline', '--json'], env));
  }
  show('ours', best(ours));
  if (ccusage === undefined) return;
  show('ccusage', best(theirs));
  const [own, other] = sumsOf(best(ours), best(theirs));
  process.stdout.write(`  ${own === other ? 'same totals' : `totals differ: ${own}; ccusage ${other}`}\n`);
  const ratio = best(theirs).wallMs / best(ours).wallMs;
  const cpu = best(theirs).cpuMs / best(ours).cpuMs;
  report('speed to ccusage', ratio, 0.9, true, `CPU ${cpu.toFixed(2)} ×`);
  if (ratio < 0.9) process.exitCode = 1;
}

const megabytes = Number(process.argv[2] ?? 500);
await inFolder(async (folder) => {
  const reader = await bundleReader(folder);
  const ccusage = installCcusage(path.join(folder, 'peer'));
  if (ccusage === undefined) process.stdout.write('ccusage could not be installed: no ratio\n');
  for (const files of [1, 40]) {
    const home = path.join(folder, 'home');
    mkdirSync(home);
    const written = writeClaudeLogs(path.join(home, 'projects', 'shop'), megabytes * 1e6, files);
    process.stdout.write(
      `${Math.round(written.bytes / 1e6)} MB, ${written.lines} lines, ${written.calls} calls in ${files} files\n`,
    );
    await measure(home, reader, ccusage);
    rmSync(home, { recursive: true });
  }
});
