/** Real processes for tests: the built program, and workers made from their TypeScript sources. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');

/** The program under test. CREDITS_BIN names another build of it, for example an installed one. */
export const PROGRAM = process.env.CREDITS_BIN ?? path.join(root, 'bin/credits.js');

/** The long versions of the torture tests, with the counts that are published. */
export const LONG = process.env.CREDITS_TORTURE === 'long';

/** How long a test may take, ms: processes that start on a busy machine take their time. */
export const PATIENCE = LONG ? 3_600_000 : 180_000;

/** How a process ended: by its own exit code, or by a signal. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running process. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Writes a line to its standard input. */
  say(line: string): void;
  /** Resolves when its stdout (or stderr) holds the text; rejects when it ends without. */
  prints(text: string, stream?: 'stdout' | 'stderr'): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface StartFacts {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs as this user; only root can. */
  readonly uid?: number;
  /** Everything that standard input holds; without it, stdin stays open until `say` or the end. */
  readonly input?: string;
}

/** Starts a process with pipes. */
export function startProcess(command: string, argv: readonly string[], facts: StartFacts = {}): Running {
  const child = spawn(command, argv, {
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', TZ: 'UTC', ...facts.env },
    cwd: facts.cwd ?? os.tmpdir(),
    stdio: 'pipe',
    ...(facts.uid === undefined ? {} : { uid: facts.uid, gid: facts.uid }),
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  // A process that was killed no longer reads what it is told.
  child.stdin.on('error', () => {});
  if (facts.input !== undefined) child.stdin.end(facts.input);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
  return {
    child,
    ended,
    say: (line) => void child.stdin.write(`${line}\n`),
    prints: (part, stream = 'stdout') =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (text[stream].includes(part)) resolve();
        };
        child[stream].on('data', look);
        look();
        void ended.then(
          (end) => reject(new Error(`ended without "${part}": ${JSON.stringify(end)}`)),
          reject,
        );
      }),
    kill: (signal) => void child.kill(signal),
  };
}

/** Starts the program as built. */
export function startProgram(argv: readonly string[], facts: StartFacts = {}): Running {
  const home = { HOME: path.join(os.tmpdir(), 'credits-test-no-home'), CI: '1' };
  return startProcess(process.execPath, [PROGRAM, ...argv], { ...facts, env: { ...home, ...facts.env } });
}

/** Runs the program to its end. */
export function runProgram(argv: readonly string[], facts: StartFacts = {}): Promise<Ended> {
  return startProgram(argv, { input: '', ...facts }).ended;
}

/** Waits until something is so. @throws when the process that was to bring it about has ended */
export async function until(isSo: () => boolean, by: Running, pauseMs = 3): Promise<void> {
  let end: Ended | undefined;
  void by.ended.then((ended) => {
    end = ended;
  });
  while (!isSo()) {
    if (end !== undefined) throw new Error(`ended too early: ${JSON.stringify(end)}`);
    await sleep(pauseMs);
  }
}

/** The failure document of `--json`: the last line of stderr. */
export function failureOf({ stderr }: Ended): {
  code: string;
  message: string;
  hint?: string;
  details?: unknown;
} {
  return JSON.parse(stderr.trimEnd().split('\n').at(-1)!).error;
}

/** A worker process: it prints `ready`, then answers each task, a line of JSON, with a line of JSON. */
export interface Worker<Task extends object> extends Running {
  ready(): Promise<void>;
  /** Gives it a task. */
  start(task: Task): void;
  /** Its next line: the answer to a task. @throws when it ends without */
  answer<T>(): Promise<T>;
}

/**
 * Makes workers from a TypeScript file. Bundled, since eight processes that each strip the types of all sources take
 * longer to start than to work.
 */
export function workshop<Task extends object>(source: string) {
  const folder = path.join(root, 'node_modules/.cache/credits-test');
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(fs.mkdtempSync(path.join(folder, 'worker-')), 'worker.mjs');
  buildSync({
    entryPoints: [path.join(root, source)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['better-sqlite3', 'pg'],
    logLevel: 'warning',
  });
  return {
    file,
    hire: (facts: StartFacts = {}): Worker<Task> => workerOf(startProcess(process.execPath, [file], facts)),
    close: () => fs.rmSync(path.dirname(file), { recursive: true, force: true }),
  };
}

/** A process that speaks as a worker does. */
export function workerOf<Task extends object>(running: Running): Worker<Task> {
  const lines = createInterface({ input: running.child.stdout! })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the worker is gone: ${JSON.stringify(await running.ended)}`);
    return line.value;
  };
  return {
    ...running,
    async ready() {
      const line = await next();
      if (line !== 'ready') throw new Error(`the worker says ${line}`);
    },
    start: (task) => running.say(JSON.stringify(task)),
    answer: async <T>() => JSON.parse(await next()) as T,
  };
}

/** Hires workers and waits until all are ready. */
export async function crew<Task extends object>(
  shop: { hire(): Worker<Task> },
  size: number,
): Promise<Worker<Task>[]> {
  const workers = Array.from({ length: size }, () => shop.hire());
  await Promise.all(workers.map((worker) => worker.ready()));
  return workers;
}

/** Lets workers go: they end when nobody will ask any more. */
export async function dismiss(workers: readonly Running[]): Promise<void> {
  for (const worker of workers) worker.child.stdin?.end();
  await Promise.all(workers.map((worker) => worker.ended));
}

/** A folder of its own below the system's temporary one; the caller removes it. */
export const newFolder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'credits-torture-'));

/** Chance with a seed, so that a failure can be repeated as far as processes allow (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** True in the long form. Says of a test that is left out why it is. */
export function longOnly(what: string): boolean {
  if (!LONG) console.info(`left out: ${what}; CREDITS_TORTURE=long runs it`);
  return LONG;
}
