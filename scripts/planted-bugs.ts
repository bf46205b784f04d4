/**
 * Plants each bug of test/planted/bugs.ts in a copy of the project and runs the tests that have to notice. Ends with 1 when
 * one of them goes unseen, or when the tests are red without any.
 *
 *   npm run planted                 every bug
 *   npm run planted -- lock debt    those whose name holds one of the words
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PLANTED, type PlantedBug } from '../test/planted/bugs.ts';

const root = path.resolve(import.meta.dirname, '..');
const COPIED = ['bin', 'docs', 'examples', 'migrations', 'scripts', 'src', 'test'];

const MINUTE_MS = 60_000;

/** Runs test files in a folder. @returns true when all are green in time: a bug may make a test wait for ever */
function isGreen(folder: string, tests: readonly string[], minutes: number): boolean {
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--bail', '1', ...tests], {
    cwd: folder,
    stdio: 'ignore',
    timeout: minutes * MINUTE_MS,
  });
  return status === 0;
}

function build(folder: string): boolean {
  const script = path.join(folder, 'scripts', 'build.mjs');
  return spawnSync(process.execPath, [script], { cwd: folder, stdio: 'ignore' }).status === 0;
}

/** Plants one bug, looks whether the tests notice, and takes it out again. */
function isSeen(folder: string, { file, find, replace, tests }: PlantedBug): boolean {
  const name = path.join(folder, file);
  const text = fs.readFileSync(name, 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file} has no single ${JSON.stringify(find)}`);
  fs.writeFileSync(name, parts.join(replace));
  try {
    return !build(folder) || !isGreen(folder, tests, 10);
  } finally {
    fs.writeFileSync(name, text);
  }
}

const words = process.argv.slice(2);
const chosen = PLANTED.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-planted-'));
try {
  for (const name of COPIED) fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  for (const name of fs.readdirSync(root, { withFileTypes: true })) {
    if (name.isFile()) fs.copyFileSync(path.join(root, name.name), path.join(folder, name.name));
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const all = [...new Set(chosen.flatMap(({ tests }) => tests))];
  if (!build(folder) || !isGreen(folder, all, 60)) throw new Error('the tests are red without a planted bug');
  let unseen = 0;
  for (const bug of chosen) {
    const seen = isSeen(folder, bug);
    if (!seen) unseen += 1;
    console.log(`${seen ? 'seen  ' : 'UNSEEN'} ${bug.name}`);
  }
  console.log(`${chosen.length - unseen} of ${chosen.length} planted bugs turned the tests red`);
  if (unseen > 0) process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
