/**
 * Random and mutated command lines over every command, in this process, on a ledger with a bit of everything. Whatever is
 * typed: no exit code 1, no stack trace, nothing on stdout after a failure, and a refusal leaves the ledger's bytes alone.
 * CREDITS_TORTURE=long runs 50,000; CREDITS_TEST_LINES says how many, CREDITS_TEST_SEED which.
 */
import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { wire } from '../../src/cli/wire.ts';
import type { Wire } from '../../src/cli/wire-types.ts';
import { LedgerError } from '../../src/core/errors.ts';
import { RandomArgv } from '../helpers/argv.ts';
import { commandLine, type Ended, temporaryFolder } from '../helpers/cli-line.ts';
import { LONG, PATIENCE } from '../helpers/processes.ts';
import { type Chance, chanceOf } from '../helpers/random.ts';

const LINES = Number(process.env.CREDITS_TEST_LINES ?? (LONG ? 50_000 : 1_000));
const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_261_125);
vi.setConfig({ testTimeout: PATIENCE + LINES * 300 });

/** A ledger is put back after so many lines, lest an early line spoils it for the others. */
const FRESH_AFTER = 40;
/** Exit codes of contract 3; 130: a line that took too long was interrupted. */
const CODES: readonly number[] = [0, 2, 3, 4, 5, 6, 7, 8, 75, 130];
/** After these nothing was written. Of the others a payment keeps its attempt, and a batch what it could do. */
const WITHOUT_TRACE: readonly number[] = [2, 3, 4, 7];
const STACK = /^\s+at .+:\d+:\d+\)?$/m;

const away = (): never => {
  throw new LedgerError('remote_unreachable', 'no network in this test');
};

/** Real ledgers, no network: nothing is served and nobody is reached. */
const offline: Wire = {
  ...wire,
  serve: async () => away(),
  remoteAccess: async () => away(),
  open: async (options) => (options.remote === null ? wire.open(options) : away()),
  tokens: async (options) => (options.remote === null ? wire.tokens(options) : away()),
};

const home = temporaryFolder();
const line = commandLine(home);
const work = path.join(home, 'work');
const ledger = path.join(home, '.local/share/credits/ledger.db');
const before = process.cwd();
let sound: Buffer;
let ids: string[] = [];
let files: string[] = [];

const CALL = '{"model":"haiku","inputTokens":10,"outputTokens":5,"key":"l1"}\n';
const PIPES = [
  ...[
    '',
    CALL,
    `${CALL}{"credits":1}\n`,
    '{"credits":1e400}\n',
    '[1]',
    '{',
    '\u0000\u0001',
    'hello',
    '\ufeff{"credits":1}',
  ],
  ...['null\n', '{"__proto__":{"credits":1}}\n', 'y\n', 'x'.repeat(100_000), `${'['.repeat(20_000)}\n`],
];

beforeAll(async () => {
  fs.mkdirSync(work);
  process.chdir(work);
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('fetch failed');
  });
  const lines = [
    ...[
      'init --plan pro',
      'accounts create acme',
      'accounts create poor',
      'spend 45 -a poor',
      'grant 500 --source purchased',
      'card add pm_card_visa',
    ],
    ...[
      'spend -m haiku --input-tokens 1000 --output-tokens 100 --key k1',
      'hold 20 --ttl 24h',
      'hold 5 --key k2',
    ],
    ...[
      'settle HOLD --credits 3',
      'topup set --threshold 10 --amount 500 --monthly-limit 50',
      'buy 500 --yes',
    ],
    ...['tokens create --role read', 'byok add openai', `backup ${path.join(home, 'copy.db')}`],
    ...[`export --what ledger --output ${path.join(home, 'lines.jsonl')}`],
  ];
  for (const text of lines) {
    const argv = text
      .split(' ')
      .map((word) => (word === 'HOLD' ? ids.find((id) => id.startsWith('hold_'))! : word));
    const end = await line([...argv, '--json'], { wire: offline });
    expect([text, end.code, end.stderr], end.stderr).toMatchObject([text, 0, expect.any(String)]);
    ids = [...new Set([...ids, ...(end.stdout.match(/(?:rcp|lot|hold|pay|tok)_\w+/g) ?? [])])];
  }
  const calls = path.join(home, 'calls.jsonl');
  fs.writeFileSync(calls, CALL.repeat(3));
  files = [
    calls,
    path.join(home, 'copy.db'),
    ledger,
    work,
    path.join(work, 'new.out'),
    'none',
    '-',
    'new.html',
  ];
  sound = fs.readFileSync(ledger);
});

afterAll(() => {
  process.chdir(before);
  vi.unstubAllGlobals();
});

/** The ledger as it lies on the disk, or that it is not there. */
const state = (): string => {
  const all = [ledger, `${ledger}-wal`].filter((file) => fs.existsSync(file) && fs.statSync(file).size > 0);
  return all.map((file) => `${path.basename(file)} ${hash('sha256', fs.readFileSync(file))}`).join(' ');
};

function renew(): void {
  for (const file of [`${ledger}-wal`, `${ledger}-shm`]) fs.rmSync(file, { force: true });
  fs.writeFileSync(ledger, sound);
  fs.rmSync(work, { recursive: true, force: true });
  fs.mkdirSync(work);
  process.chdir(work);
}

/** With `--json`, stdout is one document that says what it is. */
function documentFault(stdout: string): string | null {
  try {
    return /^credits\.[a-z]+(?:-[a-z]+)*\/v1$/.test(JSON.parse(stdout).schema)
      ? null
      : 'a document without a schema';
  } catch {
    return 'an answer that is no JSON';
  }
}

/** What is wrong with how a line ended; null: nothing. */
function faultOf(argv: readonly string[], end: Ended, was: string): string | null {
  const { code, stdout, stderr } = end;
  if (!CODES.includes(code)) return `exit code ${code}`;
  if (STACK.test(stderr) || STACK.test(stdout)) return 'a stack trace';
  if (code === 0) return argv[0] === '--json' ? documentFault(stdout) : null;
  if (stderr.trim() === '') return 'a failure without a word';
  const answersCheck =
    code === 8 || ((code === 3 || code === 7) && stderr.includes('check_failed')) || code === 7;
  const isCheck =
    /^(?:verify|doctor|payments audit|balance|estimate|simulate|forecast|accounts|models|status)/;
  if (stdout !== '' && !answersCheck && !(code === 3 && isCheck.test(argv.join(' '))))
    return 'stdout after a failure';
  if (WITHOUT_TRACE.includes(code) && state() !== was) return 'a refusal that wrote';
  if (argv[0] === '--json') {
    try {
      if (typeof end.failure().code !== 'string') return 'a failure without a code';
    } catch {
      return 'a failure that is no JSON';
    }
  }
  return null;
}

const pipeOf = (chance: Chance): string | null => (chance.oneIn(12) ? null : chance.pick(PIPES));

test(`${LINES} command lines of seed ${SEED}`, async () => {
  const codes = new Map<number, number>();
  const faults: string[] = [];
  const chance = chanceOf(SEED);
  const random = new RandomArgv(chance, { ids, files });
  for (let no = 0; no < LINES; no += 1) {
    if (no % FRESH_AFTER === 0) renew();
    const argv = chance.oneIn(3) ? ['--json', ...random.next()] : random.next();
    const stdin = pipeOf(chance) ?? '';
    const was = state();
    const end = await line(argv, {
      wire: offline,
      stdin,
      env: { CI: '1', CREDITS_ACCOUNT: chance.pick(['', '', 'poor']) },
      signal: AbortSignal.timeout(5_000),
    });
    codes.set(end.code, (codes.get(end.code) ?? 0) + 1);
    const fault = faultOf(argv, end, was);
    if (fault !== null) {
      faults.push(
        `${no}: ${fault}: ${JSON.stringify(argv).slice(0, 500)} < ${JSON.stringify(stdin.slice(0, 60))}\n    ${end.stdout.slice(0, 100)}\n    ${end.stderr.slice(0, 400)}`,
      );
    }
  }
  expect(faults, faults.slice(0, 20).join('\n')).toEqual([]);
  // Lines that all fail at the first word would prove nothing.
  expect([...codes.keys()], JSON.stringify([...codes])).toEqual(expect.arrayContaining([0, 2, 3]));
  expect(codes.get(0)!).toBeGreaterThan(LINES / 10);
});

test('a name that no file can have is refused by every command that takes one', async () => {
  const name = 'x'.repeat(5_000);
  const lines = [
    ...[
      ['import', name],
      ['replay', name],
      ['restore', name, '--yes'],
      ['backup', name],
      ['models', 'import', name],
    ],
    ...[
      ['estimate', '-m', 'haiku', '--file', name],
      ['export', '--what', 'lots', '--output', name],
      ['balance', '--db', name],
    ],
    ...[
      ['usage', '--html', name],
      ['simulate', '--profile', name],
      ['simulate', '-m', 'haiku', '--html', name],
    ],
  ];
  for (const argv of lines) {
    const { code, stdout, stderr } = await line(argv, { wire: offline, stdin: '' });
    expect([argv.slice(0, -1), [2, 7].includes(code), stdout], stderr).toEqual([argv.slice(0, -1), true, '']);
  }
});
