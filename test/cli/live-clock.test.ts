/** A live ledger is not written far ahead of the clock, not even made there. Source: contract 1. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

test('init --live more than 24 hours ahead is refused and leaves nothing behind', async () => {
  const home = temporaryFolder();
  const credits = commandLine(home);
  const db = path.join(home, 'l.db');
  const late = await credits(['init', '--live', '--db', db, '--now', '2026-03-12T12:00:01Z', '--json']);
  expect([late.code, late.stdout, late.failure().code]).toEqual([2, '', 'invalid_argument']);
  expect(existsSync(db)).toBe(false);
  const soon = await credits(['init', '--live', '--db', db, '--now', '2026-03-12T12:00:00Z', '--json']);
  expect([soon.code, soon.json().mode]).toEqual([0, 'live']);
});
