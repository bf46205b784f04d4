/** An import that is told to end stops between two batches: what is booked stays, and the same input books the rest. */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, it, vi } from 'vitest';
import { credits, NOON, testLedger } from '../helpers/ledger.ts';
import { failureOf, newFolder, PATIENCE, runProgram, startProgram, until } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const NOW = ['--now', new Date(NOON).toISOString()];
const LINES = 10_000;

const folder = newFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** How many keyed receipts there are. */
function bookedIn(file: string): number {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare('SELECT count(*) FROM receipt WHERE key IS NOT NULL').pluck().get() as number;
  } finally {
    db.close();
  }
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends an import with %i, and the next run books the rest once', async (signal, code) => {
  const t = testLedger({ plan: 'pro' });
  const input = path.join(folder, `${signal}.jsonl`);
  // Lines without keys of their own: what is booked is known by the input alone.
  fs.writeFileSync(input, '{"credits":0.001}\n'.repeat(LINES));
  const argv = ['import', input, '--db', t.file, '--json', '--quiet', ...NOW];

  const first = startProgram(argv, { input: '' });
  await until(() => bookedIn(t.file) > 0, first, 1);
  first.kill(signal);
  const end = await first.ended;
  expect([end.code, end.stdout]).toEqual([code, '']);
  expect(failureOf(end).code).toBe('cancelled');
  const booked = bookedIn(t.file);
  expect(booked).toBeGreaterThan(0);
  expect(booked).toBeLessThan(LINES);
  expect((await t.ledger.verify()).ok).toBe(true);

  const second = await runProgram(argv);
  const read = { read: LINES, booked: LINES - booked, replayed: booked, refused: [] };
  expect(JSON.parse(second.stdout)).toMatchObject(read);
  expect(bookedIn(t.file)).toBe(LINES);
  expect((await t.ledger.balance('default')).available).toBe(credits('1040'));
  await t.done();
});
