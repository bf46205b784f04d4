/** The installed program as people and scripts use it: a process for every line, every stream given. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const bin = path.join(root, 'bin/credits.js');
const home = mkdtempSync(path.join(tmpdir(), 'credits-transcripts-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeAll(() => {
  if (!existsSync(path.join(root, 'dist/cli-main.cjs')))
    throw new Error('build the program first: npm run build');
});

interface Facts {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

async function credits(line: string | readonly string[], { input = '', env = {} }: Facts = {}) {
  const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
  const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, ...argv], {
    reject: false,
    input,
    stripFinalNewline: false,
    extendEnv: false,
    env: { HOME: home, PATH: process.env.PATH, NO_COLOR: '1', COLUMNS: '80', TZ: 'UTC', ...env },
  });
  return {
    code: exitCode,
    stdout,
    stderr,
    json: () => JSON.parse(stdout),
    failure: () => JSON.parse(stderr.trimEnd().split('\n').at(-1)!).error,
  };
}

/** A ledger of its own, on a plan, at an instant that its lines share. */
async function ledger(name: string, init = '--plan pro') {
  const db = path.join(home, `${name}.db`);
  const at =
    (now: string) =>
    (line: string, facts: Facts = {}) =>
      credits([...line.split(' '), '--db', db, '--now', now], facts);
  const made = await at('2026-01-31T00:00:00Z')(`init ${init}`);
  expect([made.code, made.stderr]).toEqual([0, '']);
  return { db, at };
}

describe('a first day', () => {
  test('no ledger: a status that says how to start, and refusals that say the same', async () => {
    const env = { XDG_DATA_HOME: path.join(home, 'empty') };
    const status = await credits('', { env });
    expect([status.code, status.stderr]).toEqual([0, '']);
    expect(status.stdout).toContain('credits init');
    expect((await credits('--json', { env })).json()).toMatchObject({
      schema: 'credits.status/v1',
      ledger: null,
    });
    const balance = await credits('balance --json', { env });
    expect([balance.code, balance.stdout, balance.failure().code]).toEqual([2, '', 'no_ledger']);
    expect(existsSync(path.join(home, 'empty'))).toBe(false);
  });

  test('init, spend, hold, settle, balance, log, verify', async () => {
    const { db, at } = await ledger('day');
    const now = at('2026-02-20T12:00:00Z');
    expect(statSync(db).mode & 0o777).toBe(0o600);
    expect((await now('grant 500 --source purchased')).stdout).toMatch(
      /^Granted 500 purchased credits as lot_\w+, never/,
    );
    expect((await now('spend -m haiku --input-tokens 1200 --output-tokens 300')).stdout).toMatch(
      /^Spent 0\.675 credits on claude-haiku \(1,200 in \+ 300 out\)\.\nAvailable 1,549\.325 · receipt rcp_/,
    );
    expect((await now('spend 411.825 --key a')).code).toBe(0);
    const hold = (await now('hold 20 --ttl 1h --json')).json();
    expect(hold).toMatchObject({
      schema: 'credits.receipt/v1',
      kind: 'hold',
      expiresAt: '2026-02-20T13:00:00.000Z',
    });
    expect((await now('balance')).stdout).toBe(`default · pro · cycle 31 Jan – 28 Feb, resets in 8 days
Source      Granted     Spent    Held   Available   Expires
Monthly       1,000     412.5      20       567.5   28 Feb, in 8 days
Welcome          50         0       0          50   never
Purchased       500         0       0         500   never
Available   1,117.5
`);
    expect((await now('holds')).stdout).toContain('1 open hold, 20 held');
    expect((await now(`capture ${hold.hold} --credits 5`)).stdout).toContain('5 credits; 15 went back.');
    const again = await now(`release ${hold.hold} --json`);
    expect([again.code, again.failure().code]).toEqual([2, 'hold_already_resolved']);
    expect((await now('balance --total')).stdout).toBe('1132.5\n');
    const entries = (await now('log --json')).json().entries;
    expect(entries.map((entry: { kind: string }) => entry.kind)).toEqual([
      ...['granted', 'granted', 'granted', 'spent', 'spent', 'held', 'spent', 'returned'],
    ]);
    const verified = await now('verify --json');
    expect([verified.code, verified.json().ok]).toEqual([0, true]);
    const heads = path.join(home, 'heads.json');
    writeFileSync(heads, verified.stdout);
    expect((await now(`verify --heads ${heads}`)).stdout).toMatch(/everything adds up\.\n$/);
    // Heads of nothing would be found whole in any ledger.
    for (const none of ['{}', '{"heads":{}}']) {
      writeFileSync(heads, none);
      const end = await now(`verify --heads ${heads} --json`);
      expect([end.code, end.stdout, end.failure().code]).toEqual([2, '', 'invalid_argument']);
    }
    for (let times = 0; times < 8; times += 1) {
      const full = await now('grant 1000000000 --source purchased --json');
      if (full.code === 0) continue;
      expect(full.failure().message).toContain('more than 8,000,000,000 credits');
    }
    expect((await now('grant 1000000000 --source purchased')).code).toBe(2);
  });

  test('a ledger that is there is not made again', async () => {
    const { at } = await ledger('twice');
    const again = await at('2026-02-01T00:00:00Z')('init --json');
    expect([again.code, again.stdout, again.failure().code]).toEqual([2, '', 'ledger_exists']);
  });
});

describe('import', () => {
  const good =
    '{"model":"haiku","inputTokens":1200,"outputTokens":300,"at":"2026-02-19T10:00:00Z"}\n{"credits":1.5}\n';

  test('books a file once, from a file or a pipe, and leaves no copy', async () => {
    const { at } = await ledger('import');
    const now = at('2026-02-20T12:00:00Z');
    const file = path.join(home, 'usage.jsonl');
    writeFileSync(file, good);
    expect((await now(`import ${file} -n --json`)).json()).toMatchObject({
      read: 2,
      booked: 2,
      dryRun: true,
    });
    expect((await now(`import ${file}`)).stdout).toBe('2 lines read: 2 booked (2.175 credits).\n');
    const temporary = mkdtempSync(path.join(home, 'tmp-'));
    const piped = await now('import - --json', { input: good, env: { TMPDIR: temporary } });
    expect(piped.json()).toMatchObject({ read: 2, booked: 0, replayed: 2, refused: [] });
    expect(readdirSync(temporary).filter((name) => name.startsWith('credits'))).toEqual([]);
    expect((await now('balance --total')).stdout).toBe('1047.825\n');
  });
});

describe('streams and signals', () => {
  test('a reader that has seen enough is no failure', async () => {
    const { at, db } = await ledger('pipes');
    const lines = `${'{"credits":0.001}\n'.repeat(2_000)}`;
    expect((await at('2026-02-20T12:00:00Z')('import - -q', { input: lines })).code).toBe(0);
    const command = `"${process.execPath}" "${bin}" log --db "${db}" --json | head -c 10; echo " $\{PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execa('bash', ['-c', command], {
      stdin: 'ignore',
      env: { NO_COLOR: '1' },
    });
    expect([stdout, stderr]).toEqual(['{"schema": 0', '']);
  });

  test('Ctrl-C ends a command that waits, with 130; a request to end with 143', async () => {
    const { db } = await ledger('signals');
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const child = execa(process.execPath, [bin, 'import', '-', '--db', db, '--json'], {
        reject: false,
        stdin: 'pipe',
        env: { NO_COLOR: '1' },
      });
      // More than a pipe holds: when it is gone, the command is reading, and listens.
      child.stdin.write('{"credits":1}\n'.repeat(20_000), () => child.kill(signal));
      const { exitCode, stdout, stderr } = await child;
      expect([exitCode, stdout, JSON.parse(stderr.split('\n').at(-1)!).error.message]).toEqual([
        code,
        '',
        'interrupted',
      ]);
    }
    const left = await credits(['balance', '--db', db, '--total', '--now', '2026-01-31T00:00:00Z']);
    expect(left.stdout).toBe('1050\n');
  });

  test('FORCE_COLOR colours a pipe, and NO_COLOR beats it without a warning', async () => {
    const { db } = await ledger('colours');
    const line = ['balance', '--db', db];
    expect((await credits(line, { env: { NO_COLOR: '', FORCE_COLOR: '1' } })).stdout).toContain('\u001b[');
    const plain = await credits(line, { env: { FORCE_COLOR: '1' } });
    expect([plain.stdout.includes('\u001b'), plain.stderr]).toEqual([false, '']);
  });
});

describe('what a start loads', () => {
  const seen = path.join(home, 'loaded.json');
  const preload = path.join(home, 'preload.cjs');
  writeFileSync(
    preload,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify(Object.keys(require.cache))))`,
  );
  const loaded = async (...argv: readonly string[]): Promise<string[]> => {
    const { exitCode } = await execa(process.execPath, ['--require', preload, bin, ...argv], {
      stdin: 'ignore',
      env: { HOME: home, NO_COLOR: '1' },
    });
    expect(exitCode).toBe(0);
    const files = JSON.parse(readFileSync(seen, 'utf8')) as string[];
    return files
      .filter((file) => file.startsWith(path.join(root, 'dist')))
      .map((file) => path.basename(file));
  };

  test('help loads the table of commands alone', async () => {
    expect(await loaded('--help')).toEqual(['cli-main.cjs']);
    expect(await loaded('spend', '--help')).toEqual(['cli-main.cjs']);
  });

  test('a balance loads its own code and the store: no prompts, no time zones, no tokenizers, no colours', async () => {
    const { db } = await ledger('loads');
    expect(await loaded('balance', '--db', db)).toEqual([
      'cli-main.cjs',
      'cli-commands-balance.cjs',
      'cli-wire.cjs',
    ]);
  });
});
