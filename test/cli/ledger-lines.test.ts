/** Lines against a real ledger, inside the test's own process: what a process adds is in the transcripts. */
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, type LineFacts, temporaryFolder } from '../helpers/cli-line.ts';

const home = temporaryFolder();
const credits = commandLine(home);

/** A ledger of its own, on a plan, at an instant that its lines share. */
async function ledger(name: string, init = '--plan pro') {
  const db = path.join(home, `${name}.db`);
  const at =
    (now: string) =>
    (line: string, facts: LineFacts = {}) =>
      credits([...line.split(' '), '--db', db, '--now', now], facts);
  const made = await at('2026-01-31T00:00:00Z')(`init ${init}`);
  expect([made.code, made.stderr]).toEqual([0, '']);
  return { db, at };
}

describe('a dry run', () => {
  test('of init refuses what making the ledger would refuse', async () => {
    for (const [line, code] of [
      ['init --plan gold', 'unknown_plan'],
      ['init --plan pro --anchor 2999-01-01', 'invalid_argument'],
    ] as const) {
      const argv = [...line.split(' '), '--json', '--db', path.join(home, 'never-made.db')];
      const ends = await Promise.all([credits([...argv, '-n']), credits(argv)]);
      expect(ends.map((end) => [line, end.code, end.stdout, end.failure().code])).toEqual(
        ends.map(() => [line, 2, '', code]),
      );
      expect(ends[0]!.failure()).toEqual(ends[1]!.failure());
    }
    const named = await credits([
      'init',
      '-n',
      '--json',
      '--plan',
      'PRO',
      '--db',
      path.join(home, 'never.db'),
    ]);
    expect(named.json()).toMatchObject({ plan: 'pro', dryRun: true });
  });

  test('of an import does not say that lines are booked', async () => {
    const { at } = await ledger('dry-import');
    const facts = { stdin: '{"credits":1}\nnothing\n' };
    const now = at('2026-02-20T12:00:00Z');
    const dry = await now('import - -n --json', facts);
    expect([dry.code, dry.json().booked, dry.failure().hint]).toEqual([
      8,
      1,
      'this was a dry run: nothing was booked',
    ]);
    expect((await now('import - --json', facts)).failure().hint).toContain('the others are booked');
  });

  test('of an import refuses what the import refuses, over thousands of lines', async () => {
    const { at } = await ledger('long-dry-import');
    const now = at('2026-02-20T12:00:00Z');
    // The credits end behind the first part, and keys of the first part are repeated in the last.
    const one = Array.from({ length: 1_500 }, (_, no) => `{"credits":1,"key":"k${no}"}`);
    const facts = { stdin: [...one, one[3], '{"credits":2,"key":"k4"}'].join('\n') };
    const dry = (await now('import - -n --json', facts)).json();
    const real = (await now('import - --json', facts)).json();
    expect(dry).toEqual({ ...real, dryRun: true });
    expect([real.booked, real.replayed, real.refused.length]).toEqual([1_050, 1, 451]);
  });
});

test('a closed account shows the day of its closing in its own zone', async () => {
  const { at } = await ledger('closed-day');
  await at('2026-02-01T02:00:00Z')('accounts create acme --timezone America/New_York');
  await at('2026-02-03T02:00:00Z')('accounts close acme --yes');
  expect((await at('2026-02-04T00:00:00Z')('accounts show acme')).stdout).toContain(
    'Created 31 Jan, time zone America/New_York, closed 2 Feb\n',
  );
});

describe('refusals', () => {
  test('come whole: exit code, empty stdout, the reason last on stderr', async () => {
    const { at } = await ledger('refusals');
    const now = at('2026-02-20T12:00:00Z');
    for (const [line, code, reason] of [
      ['spend 1050.000001', 3, 'insufficient_credits'],
      ['spend -m nope --input-tokens 1', 2, 'unknown_model'],
      ['spend 1 -a ghost', 2, 'unknown_account'],
      ['release hold_zzzz_1', 2, 'unknown_hold'],
      ['revoke lot_zzzz_1', 2, 'unknown_lot'],
      ['plan set gold', 2, 'unknown_plan'],
      ['grant 50 --source welcome', 2, 'already_granted'],
      ['accounts create default', 2, 'account_exists'],
      ['balance --min 1051', 3, 'check_failed'],
      ['accounts close', 2, 'confirmation_needed'],
    ] as const) {
      const end = await now(`${line} --json`);
      expect([line, end.code, end.failure().code]).toEqual([line, code, reason]);
      if (reason !== 'check_failed') expect(end.stdout).toBe('');
    }
    const short = await now('spend 2000 -q');
    expect(short.stderr).toMatch(/^error: .*2,000 needed, 1,050 available\nhint: /);
    expect((await now('log --json')).json().entries).toHaveLength(2);
  });

  test('a key books once, and only for its own request', async () => {
    const { at } = await ledger('keys');
    const now = at('2026-02-20T12:00:00Z');
    const first = (await now('spend 5 --key k --json')).json();
    expect((await at('2026-03-20T12:00:00Z')('spend 5.0 --key k --json')).json()).toEqual({
      ...first,
      replayed: true,
    });
    const other = await now('spend 6 --key k --json');
    expect([other.code, other.failure().code]).toEqual([2, 'key_reused']);
    const quiet = await now('spend 5 --key k -q');
    expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, '', '']);
  });

  test('a file that is no ledger', async () => {
    const file = path.join(home, 'no-ledger.db');
    writeFileSync(file, 'hello\n'.repeat(1_000));
    chmodSync(file, 0o600);
    for (const db of [file, home]) {
      const end = await credits(['balance', '--db', db, '--json']);
      expect([end.code, end.failure().code]).toEqual([7, 'ledger_unreadable']);
    }
  });
});

describe('the monthly cycle', () => {
  test('rolls over once, whoever runs it again', async () => {
    const { at } = await ledger('cycle');
    await at('2026-02-01T00:00:00Z')('accounts create acme --plan team --timezone Asia/Tokyo');
    const march = at('2026-03-31T12:00:00Z');
    expect((await march('cycle rollover --all -n')).stdout).toMatch(/Dry run: nothing was booked\.\n$/);
    const run = (await march('cycle rollover --all --json')).json();
    expect(run).toMatchObject({
      schema: 'credits.rollover/v1',
      accounts: 2,
      granted: 11_000,
      expired: 11_000,
      failed: [],
    });
    const quiet = await march('cycle rollover --all -q');
    expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, '', '']);
    expect((await march('cycle rollover --all')).stdout).toBe('2 accounts checked: nothing due.\n');
    expect((await march('cycle -a acme')).stdout).toContain('cycle 1 Mar – 1 Apr');
  });

  test('plans change up at once and down at the boundary', async () => {
    const { at } = await ledger('plans');
    const middle = at('2026-02-14T00:00:00Z');
    expect((await middle('plan set team --json')).json()).toMatchObject({
      schema: 'credits.plan/v1',
      plan: 'team',
      credits: 4_500,
      effectiveAt: '2026-02-14T00:00:00.000Z',
    });
    expect((await middle('plan set free')).stdout).toContain(
      'changes to free on 28 Feb, in 14 days; until then team.',
    );
    expect((await middle('plan')).stdout).toContain('Changes to free on 28 Feb');
    expect((await at('2026-02-28T00:00:00Z')('balance --total')).stdout).toBe('50\n');
  });
});

describe('import', () => {
  const good =
    '{"model":"haiku","inputTokens":1200,"outputTokens":300,"at":"2026-02-19T10:00:00Z"}\n{"credits":1.5}\n';

  test('of calls before the first price of their model says so, and what gives them one', async () => {
    const { at } = await ledger('late-price');
    const now = at('2026-02-20T12:00:00Z');
    const set = 'models set brand-new --provider acme --input 1 --output 1';
    expect((await now(set)).code).toBe(0);
    const stdin = '{"model":"brand-new","inputTokens":1000,"at":"2026-02-19T10:00:00Z"}\n';
    const { json, failure } = await now('import - --json', { stdin });
    expect(json().refused).toMatchObject([{ line: 1, code: 'unpriced_model' }]);
    expect(json().refused[0].message).toMatch(
      /no price at the time of the call, .*: one begins 2026-02-20T12:00/,
    );
    expect(failure().hint).toMatch(/`credits models set … --from T` gives a model a price for earlier calls/);
    expect((await now(`${set} --from 2026-02-19`)).code).toBe(0);
    expect((await now('import - --json', { stdin })).json()).toMatchObject({ booked: 1, credits: 1 });
  });

  test('bad input of every kind is refused by its line; the rest is booked', async () => {
    const { at } = await ledger('bad-import');
    const now = at('2026-02-20T12:00:00Z');
    const input = Buffer.concat([
      Buffer.from(`\ufeff${good}\r\n\nno json\n[1]\n{"credits":1,"foo":2}\n{"credits":1e3}\n{"credits":0}\n`),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
      Buffer.from(`{"credits":1,"note":"${'x'.repeat(1 << 20)}"}\n`),
      Buffer.from('{"credits":1,"at":"2026-02-21"}\n{"credits":9999}\n{"credits":1,"account":"ghost"}\n'),
      Buffer.from('{"model":"nope","inputTokens":1}\n{"credits":2,"note":"last, no line feed"}'),
    ]);
    const end = await now('import - --json', { stdin: input });
    expect([end.code, end.failure().code]).toEqual([8, 'partly_refused']);
    const { refused, ...counts } = end.json();
    expect(counts).toMatchObject({ read: 14, booked: 3, replayed: 0, credits: 4.175 });
    expect(refused.map(({ line, code }: { line: number; code: string }) => [line, code])).toEqual([
      [5, 'invalid_argument'],
      [6, 'invalid_argument'],
      [7, 'invalid_argument'],
      [8, 'invalid_argument'],
      [9, 'invalid_argument'],
      [10, 'invalid_argument'],
      [11, 'invalid_argument'],
      [12, 'invalid_argument'],
      [13, 'insufficient_credits'],
      [14, 'unknown_account'],
      [15, 'unknown_model'],
    ]);
  });
});
