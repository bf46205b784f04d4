/** Making the file of a ledger where that is not simple. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFile, makeFolder } from '../../src/store/sqlite-file.ts';

describe('the file of a new ledger', () => {
  it('makes every folder that is missing, each for its owner alone', () => {
    const base = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-file-'));
    const old = process.umask(0);
    try {
      makeFolder(path.join(base, 'a/b/c'));
      for (const each of ['a', 'a/b', 'a/b/c']) {
        expect(fs.statSync(path.join(base, each)).mode & 0o777, each).toBe(0o700);
      }
      makeFolder(path.join(base, 'a/b/c'));
    } finally {
      process.umask(old);
      fs.rmSync(base, { recursive: true });
    }
  });

  it.skipIf(!fs.existsSync('/proc/self'))(
    'is refused, and soon, where no folder can be made (skipped where there is no /proc)',
    () => {
      expect(() => makeFile('/proc/credits/ledger.db')).toThrowError(
        expect.objectContaining({ code: 'ledger_read_only' }),
      );
    },
  );
});
