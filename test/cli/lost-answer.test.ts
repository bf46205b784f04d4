import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const program = path.join(import.meta.dirname, '../../bin/credits.js');
/** Takes no byte: every write fails as on a full disk. */
const FULL = '/dev/full';

test.runIf(existsSync(FULL)).each([[['--json']], [[]]])(
  'an answer that cannot be written is a failure, in the form that was asked for: %j',
  (flags) => {
    const full = openSync(FULL, 'w');
    try {
      const argv = [program, 'models', ...flags];
      const end = spawnSync(process.execPath, argv, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
      expect(end.status).toBe(1);
      if (flags.length === 0) expect(end.stderr).toBe('error: the answer could not be written: ENOSPC\n');
      else
        expect(JSON.parse(end.stderr)).toEqual({
          error: { code: 'internal', message: 'the answer could not be written: ENOSPC' },
        });
    } finally {
      closeSync(full);
    }
  },
);
