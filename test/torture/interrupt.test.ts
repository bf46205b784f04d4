/** An import that is told to end stops between two batches: what is booked stays, and the same input books the rest. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { failureOf, newFolder, runProgram, startProgram } from '../helpers/processes.ts';

const LINES = 15_000;

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
  const file = path.join(folder, `${signal}.db`);
  const input = path.join(folder, `${signal}.jsonl`);
  // Lines without keys of their own: the rest is found by the input alone.
  fs.writeFileSync(input, '{"credits":0.001}\n'.repeat(LINES));
  const at = ['--db', file, '--json', '--quiet'];
  expect((await runProgram(['init', '--plan', 'pro', ...at])).code).toBe(0);

  const first = startProgram(['import', input, ...at], { input: '' });
  while (bookedIn(file) === 0) await sleep(2);
  first.kill(signal);
  const end = await first.ended;
  expect([end.code, end.stdout]).toEqual([code, '']);
  expect(failureOf(end).code).toBe('cancelled');
  const booked = bookedIn(file);
  expect(booked).toBeGreaterThan(0);
  expect(booked).toBeLessThan(LINES);
  const verified = await runProgram(['verify', ...at]);
  expect([verified.code, JSON.parse(verified.stdout).ok]).toEqual([0, true]);

  const second = await runProgram(['import', input, ...at]);
  expect(JSON.parse(second.stdout)).toMatchObject({
    read: LINES,
    booked: LINES - booked,
    replayed: booked,
    refused: [],
  });
  expect(bookedIn(file)).toBe(LINES);
  const balance = await runProgram(['balance', '--total', '--db', file]);
  expect(balance.stdout).toBe('1035\n');
  expect((await runProgram(['verify', ...at])).code).toBe(0);
});
