/** Runs every benchmark, one process each, and prints their rows. `npm run bench -- spend import` runs some. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const SHARED = new Set(['lib.ts', 'floor.ts', 'generate.ts', 'ledger.ts', 'run.ts', 'sizes.ts']);
const wanted = process.argv.slice(2);
const all = fs
  .readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !SHARED.has(name))
  .map((name) => name.replace(/\.ts$/, ''))
  .sort();
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : all) {
    console.log(`\n${name}`);
    const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, `${name}.ts`)], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
}
