/**
 * Plants each bug of test/planted/bugs.ts in a copy of the project and runs the tests that have to notice. A bug is seen
 * when a test of them fails. One that does not build, or that keeps the test files from being loaded, is no bug but a wrong
 * edit, and is named as that; tests that do not end in time have seen nothing. Ends with 1 unless every bug is seen, and
 * when the tests are red without any. Whatever the tests have started ends with the run.
 *
 *   npm run planted                 every bug
 *   npm run planted -- lock debt    those whose name holds one of the words
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stopServer } from '../test/helpers/postgres-server.ts';
import { PLANTED, type PlantedBug } from '../test/planted/bugs.ts';

const root = path.resolve(import.meta.dirname, '..');
const COPIED = ['bin', 'docs', 'examples', 'migrations', 'scripts', 'src', 'test'];

const MINUTE_MS = 60_000;
/** For the tests of one bug, and for those of all without any. */
const PATIENCE_MS = { one: 10 * MINUTE_MS, all: 60 * MINUTE_MS };

/** What came of a bug, or of the tests without one. */
type Outcome =
  | { readonly status: 'green' | 'late' }
  | { readonly status: 'red'; readonly by: string }
  | { readonly status: 'wrong'; readonly why: string };

/** What of vitest's report in JSON is read. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

let running: ChildProcess | undefined;
let stoppedBy: NodeJS.Signals | undefined;

/** Ends a process and everything it has started. */
function endAll({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stoppedBy = signal;
    if (running !== undefined) endAll(running);
  });
}

interface Ended {
  readonly code: number | null;
  readonly isLate: boolean;
  readonly stderr: string;
}

/** Runs a script in a folder, as the head of a group of processes that ends with it. */
function run(folder: string, argv: readonly string[], patienceMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, TMPDIR: path.join(folder, 'tmp') };
    const child = spawn(process.execPath, argv, {
      ...{ cwd: folder, env, detached: true },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running = child;
    let isLate = false;
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4_000);
    });
    const timer = setTimeout(() => {
      isLate = true;
      endAll(child);
    }, patienceMs);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      endAll(child);
      running = undefined;
      if (stoppedBy === undefined) resolve({ code, isLate, stderr });
      else reject(new Error(`stopped by ${stoppedBy}`));
    });
  });
}

/** @returns the first test that failed, and why files could not be run at all */
function read(report: string): { by: string | undefined; why: string | undefined } {
  const { testResults } = JSON.parse(fs.readFileSync(report, 'utf8')) as Report;
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName.trim()),
  );
  return { by: failed[0], why: testResults.find(({ message }) => message !== '')?.message };
}

/** Builds the copy and runs test files in it. */
async function outcomeOf(folder: string, tests: readonly string[], patienceMs: number): Promise<Outcome> {
  const build = await run(folder, [path.join(folder, 'scripts', 'build.mjs')], patienceMs);
  if (build.code !== 0) return { status: 'wrong', why: `it does not build: ${build.stderr}` };
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const report = path.join(folder, 'report.json');
  fs.rmSync(report, { force: true });
  const reporter = ['--reporter=json', `--outputFile=${report}`];
  const end = await run(folder, [vitest, 'run', '--bail', '1', ...reporter, ...tests], patienceMs);
  if (end.isLate) return { status: 'late' };
  if (end.code === 0) return { status: 'green' };
  if (!fs.existsSync(report)) return { status: 'wrong', why: `the tests did not run: ${end.stderr}` };
  const { by, why = end.stderr } = read(report);
  return by === undefined ? { status: 'wrong', why: `no test failed: ${why}` } : { status: 'red', by };
}

/** Plants one bug, looks whether the tests notice, and takes it out again. */
async function plant(folder: string, { file, find, replace, tests }: PlantedBug): Promise<Outcome> {
  const name = path.join(folder, file);
  const text = fs.readFileSync(name, 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2) return { status: 'wrong', why: `${file} has no single ${JSON.stringify(find)}` };
  fs.writeFileSync(name, parts.join(replace));
  try {
    return await outcomeOf(folder, tests, PATIENCE_MS.one);
  } finally {
    fs.writeFileSync(name, text);
    endServers(folder);
  }
}

/** Databases that tests have left running: they are no children of whoever started them. */
function endServers(folder: string): void {
  const home = path.join(folder, 'tmp');
  for (const name of fs.readdirSync(home)) {
    try {
      stopServer(path.join(home, name), 'immediate');
    } catch {
      // It had ended by itself.
    }
  }
}

function copyTo(folder: string): void {
  // The database runs as another user, who has to come through to its own folder.
  fs.chmodSync(folder, 0o711);
  fs.mkdirSync(path.join(folder, 'tmp'), { mode: 0o777 });
  for (const name of COPIED) fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  for (const name of fs.readdirSync(root, { withFileTypes: true })) {
    if (name.isFile()) fs.copyFileSync(path.join(root, name.name), path.join(folder, name.name));
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
}

const LINES: Readonly<Record<Outcome['status'], string>> = {
  red: 'seen  ',
  green: 'UNSEEN',
  late: 'LATE  ',
  wrong: 'WRONG ',
};

const words = process.argv.slice(2);
const chosen = PLANTED.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-planted-'));
try {
  copyTo(folder);
  const all = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const sound = await outcomeOf(folder, all, PATIENCE_MS.all);
  if (sound.status !== 'green') {
    throw new Error(`the tests are not green without a planted bug: ${JSON.stringify(sound)}`);
  }
  let seen = 0;
  for (const bug of chosen) {
    const outcome = await plant(folder, bug);
    if (outcome.status === 'red') seen += 1;
    const more = 'by' in outcome ? ` (${outcome.by})` : 'why' in outcome ? `\n${outcome.why}` : '';
    console.log(`${LINES[outcome.status]} ${bug.name}${more}`);
  }
  console.log(`${seen} of ${chosen.length} planted bugs turned the tests red`);
  if (seen < chosen.length) process.exitCode = 1;
} catch (error) {
  if (stoppedBy === undefined) throw error;
  process.exitCode = stoppedBy === 'SIGINT' ? 130 : 143;
} finally {
  endServers(folder);
  fs.rmSync(folder, { recursive: true, force: true });
}
