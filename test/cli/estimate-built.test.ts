import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMPLETION_SCRIPTS } from '../../src/cli/render/completion-scripts.ts';
import { temporaryFolder } from '../helpers/cli-line.ts';
import { hasShell } from '../helpers/shells.ts';

const root = path.resolve(import.meta.dirname, '../..');
const launcher = path.join(root, 'bin/credits.js');

const isBuilt = existsSync(path.join(root, 'dist/cli-main.cjs'));
if (!isBuilt) console.info('left out: the built program; `npm run build` makes it');

/** The program as it is installed. Needs `npm run build`. */
describe.skipIf(!isBuilt)('the built program', () => {
  const home = temporaryFolder();
  const seen = path.join(home, 'loaded.json');
  const preload = path.join(home, 'preload.cjs');
  writeFileSync(
    preload,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify(Object.keys(require.cache))))`,
  );
  const env = { PATH: process.env.PATH, HOME: home, NO_COLOR: '1', NODE_DISABLE_COMPILE_CACHE: '1' };

  function run(argv: string[], input: string | null = null) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--require', preload, launcher, ...argv],
      {
        encoding: 'utf8',
        env,
        ...(input === null ? {} : { input }),
        timeout: 30_000,
      },
    );
    const loaded = (JSON.parse(readFileSync(seen, 'utf8')) as string[]).map((file) =>
      path.relative(root, file),
    );
    return { status, stdout, stderr, loaded };
  }

  test('estimates given tokens without a tokenizer, a database layer or a schema library', () => {
    const { status, stdout, loaded } = run([
      'estimate',
      '-m',
      'haiku',
      '--input-tokens',
      '1200',
      '--output-tokens',
      '300',
    ]);
    expect([status, stdout]).toEqual([
      0,
      'Claude Haiku   1,200 in + 300 out = 0.675 credits   (0.25 / 1.25 per 1K)\n',
    ]);
    expect(loaded).toContain('dist/cli-commands-estimate.cjs');
    expect(loaded.filter((file) => /tokens-|prompts|kysely|zod|tokenizer/.test(file))).toEqual([]);
  });

  test('counts a text from a pipe', () => {
    const { status, stdout, loaded } = run(
      ['estimate', '-m', '4o', '--output-tokens', '1', '--json'],
      'hello',
    );
    expect([status, JSON.parse(stdout).inputTokens]).toEqual([0, 1]);
    expect(loaded).toContain('dist/tokens-o200k.cjs');
  });

  test('completes from the table of commands alone', () => {
    const { status, stdout, loaded } = run(['complete', '--', 'estimate', '--comp']);
    expect([status, stdout]).toEqual([0, '--compare\tevery model, cheapest first\n:4\n']);
    expect(loaded.filter((file) => /wire|tokens|sqlite|commands-(?!completion)/.test(file))).toEqual([]);
  });

  test.skipIf(!hasShell('bash'))('completes a line in bash', () => {
    const program = `credits() { "$NODE" "$LAUNCHER" "$@"; }
${COMPLETION_SCRIPTS.bash}
COMP_LINE="credits models s" COMP_POINT=16 COMP_WORDS=(credits models s) COMP_CWORD=2
_credits
printf '%s ' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['--norc', '-c', program], {
      encoding: 'utf8',
      env: { ...env, NODE: process.execPath, LAUNCHER: launcher },
    });
    expect(stdout).toBe('show set sync ');
  });
});
