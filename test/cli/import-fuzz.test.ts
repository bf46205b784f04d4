/**
 * Imports of which every third line is spoiled: bits flipped, numbers far too large, values of another kind, nesting without
 * end, bytes that are no text. Every line that holds something is booked, was booked before, or is refused by its number;
 * a good line is booked whatever stands around it; the same input again books nothing; the ledger is right afterwards. 40
 * inputs of 30 lines; 1,200 with CREDITS_TORTURE=long.
 */
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { mutate } from '../helpers/mutate.ts';
import { LONG, PATIENCE } from '../helpers/processes.ts';
import { type Chance, chanceOf } from '../helpers/random.ts';

const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_261_125);
const INPUTS = Number(process.env.CREDITS_TEST_INPUTS ?? (LONG ? 1_200 : 40));
const LINES = 30;
vi.setConfig({ testTimeout: PATIENCE + INPUTS * 1_000 });

const home = temporaryFolder();
const line = commandLine(home);
const ledger = path.join(home, '.local/share/credits/ledger.db');

beforeAll(async () => {
  for (const argv of [
    ['init', '--plan', 'team'],
    ['accounts', 'create', 'acme'],
    ['grant', '1000000', '--source', 'purchased'],
    ['grant', '1000000', '--source', 'purchased', '-a', 'acme'],
  ]) {
    const { code, stderr } = await line(argv);
    expect([argv, code], stderr).toEqual([argv, 0]);
  }
});

interface Good {
  readonly account: string;
  readonly key: string;
  /** Microcredits it must cost. */
  readonly cost: number;
}

/** A line that is right in itself, and what it must become. */
function goodLine(chance: Chance, key: string): { readonly text: string; readonly good: Good } {
  const account = chance.oneIn(3) ? 'acme' : 'default';
  const micro = 1 + chance.whole(5_000_000);
  const words = {
    ...(account === 'acme' ? { account } : {}),
    ...(chance.oneIn(3)
      ? { note: chance.pick(['a note', 'ünï', '"credits": 7', '\\u0000 not', '🙂'.repeat(20)]) }
      : {}),
    ...(chance.oneIn(3) ? { at: '2026-03-10T09:10:00Z', session: 's-1', run: 'r' } : {}),
    key,
  };
  if (chance.oneIn(2)) {
    return { text: JSON.stringify({ credits: micro / 1e6, ...words }), good: { account, key, cost: micro } };
  }
  const [inputTokens, outputTokens] = [chance.whole(10_000), chance.whole(2_000)];
  const call = { model: chance.pick(['haiku', 'claude-haiku']), inputTokens, outputTokens };
  // 0.25 and 1.25 credits for 1,000 tokens.
  const cost = inputTokens * 250 + outputTokens * 1_250;
  return { text: JSON.stringify({ ...call, ...words }), good: { account, key, cost } };
}

function inputOf(chance: Chance, no: number): { readonly bytes: Buffer; readonly good: readonly Good[] } {
  const parts: Buffer[] = [];
  const good: Good[] = [];
  for (let each = 0; each < LINES; each += 1) {
    const made = goodLine(chance, `input ${no} line ${each} ${chance.whole(1e9)}`);
    if (chance.oneIn(3)) parts.push(mutate(Buffer.from(made.text), chance));
    else {
      parts.push(Buffer.from(made.text));
      good.push(made.good);
    }
    parts.push(Buffer.from(chance.oneIn(10) ? '\r\n' : '\n'));
  }
  return { bytes: Buffer.concat(parts), good };
}

interface Answer {
  readonly read: number;
  readonly booked: number;
  readonly replayed: number;
  readonly refused: readonly { readonly line: number; readonly code: string; readonly message: string }[];
}

async function imported(bytes: Buffer): Promise<Answer> {
  const { code, stdout, stderr } = await line(['import', '-', '--json'], { stdin: bytes });
  expect([0, 8], stderr).toContain(code);
  expect(stderr).not.toMatch(/\n\s+at /);
  const answer = JSON.parse(stdout) as Answer;
  const { read, booked, replayed, refused } = answer;
  expect(read).toBe(booked + replayed + refused.length);
  expect(code).toBe(refused.length === 0 ? 0 : 8);
  const lines = bytes.toString('latin1').split('\n').length;
  for (const { line: no, code: why, message } of refused) {
    expect([Number.isInteger(no) && no >= 1 && no <= lines, why === 'internal', message === '']).toEqual([
      true,
      false,
      false,
    ]);
  }
  return answer;
}

/** What stands in the ledger under each key, microcredits. */
function booked(good: readonly Good[]): (number | undefined)[] {
  const db = new Database(ledger, { readonly: true });
  try {
    const find = db
      .prepare(
        'SELECT r.credits FROM receipt r JOIN account a ON a.no = r.account WHERE a.id = ? AND r.key = ?',
      )
      .pluck();
    return good.map(({ account, key }) => find.get(account, key) as number | undefined);
  } finally {
    db.close();
  }
}

describe(`${INPUTS} spoiled inputs (seed ${SEED})`, () => {
  test('every line is accounted for, and good ones are booked', async () => {
    const chance = chanceOf(SEED);
    const sums = { read: 0, booked: 0, refused: 0 };
    const codes = new Set<string>();
    for (let no = 0; no < INPUTS; no += 1) {
      const { bytes, good } = inputOf(chance, no);
      try {
        const first = await imported(bytes);
        expect(booked(good)).toEqual(good.map(({ cost }) => cost));
        const again = await imported(bytes);
        expect([again.read, again.booked]).toEqual([first.read, 0]);
        // The same lines; of two with one key the second may have taken it, and then that is why the first is refused.
        expect(again.refused.map((each) => each.line)).toEqual(first.refused.map((each) => each.line));
        sums.read += first.read;
        sums.booked += first.booked;
        sums.refused += first.refused.length;
        for (const { code } of first.refused) codes.add(code);
      } catch (error) {
        throw new Error(`input ${no}: ${String(error)}\n${bytes.toString('latin1').slice(0, 6_000)}`, {
          cause: error,
        });
      }
    }
    const verified = await line(['verify', '--json']);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    // Spoiling must hit, and not everything.
    expect(sums.refused).toBeGreaterThan(INPUTS * LINES * 0.1);
    expect(sums.booked).toBeGreaterThan(INPUTS * LINES * 0.5);
    expect([...codes]).toContain('invalid_argument');
    if (LONG) process.stdout.write(`${INPUTS} inputs: ${JSON.stringify({ ...sums, codes: [...codes] })}\n`);
  });
});
