/** The programs in examples/ that say how they ended. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from './helpers/cli-line.ts';

const example = path.resolve(import.meta.dirname, '../examples/reserve-and-settle.mjs');

it('reserve-and-settle without a ledger ends with a refusal, not with a trace', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [example, 'none.db'], {
    cwd: temporaryFolder(),
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^refused: no_ledger: .*\n$/);
});
