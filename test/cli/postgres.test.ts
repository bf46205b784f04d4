/** The program as built, on a ledger in PostgreSQL: the same commands, and a password that nobody gets to see. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../helpers/postgres.ts';
import { type Ended, failureOf, newFolder, PATIENCE, runProgram } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const folder = newFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

let place: TestDatabase;
let password: string;
const seen: Ended[] = [];

/** Runs a command with the address, password and all, in the environment. */
async function run(line: string, env: Record<string, string> = {}): Promise<Ended> {
  const end = await runProgram(line.split(' '), { env: { CREDITS_DB: place.url, ...env } });
  seen.push(end);
  return end;
}

const json = ({ stdout }: Ended) => JSON.parse(stdout) as Record<string, unknown>;

beforeAll(async () => {
  place = await testDatabase();
  password = new URL(place.url).password;
  expect(password.length).toBeGreaterThan(10);
});

describe('a ledger in PostgreSQL', () => {
  it('is not there at first, is made once, and then refuses to be made', async () => {
    expect([(await run('balance')).code, failureOf(await run('balance --json')).code]).toEqual([
      2,
      'no_ledger',
    ]);
    expect((await run('doctor')).code).toBe(2);
    expect((await run('init --plan pro --dry-run')).stdout).toMatch(/^Dry run: a test ledger at postgres:/);
    const made = await run('init --plan pro --json');
    expect(json(made)).toMatchObject({ schema: 'credits.init/v1', mode: 'test', available: 1050 });
    expect(failureOf(await run('init --json')).code).toBe('ledger_exists');
    expect(failureOf(await run('init --dry-run --json')).code).toBe('ledger_exists');
  });

  it('takes every kind of command, with its exit codes', async () => {
    expect(json(await run('spend 10 --key a --json'))).toMatchObject({ credits: 10, replayed: false });
    expect(json(await run('spend 10 --key a --json'))).toMatchObject({ credits: 10, replayed: true });
    expect(failureOf(await run('spend 11 --key a --json')).code).toBe('key_reused');
    const short = await run('spend 5000 --json');
    expect([short.code, failureOf(short).code]).toEqual([3, 'insufficient_credits']);
    const hold = json(await run('hold 20 --json')).hold as string;
    expect(json(await run(`settle ${hold} --credits 5 --json`))).toMatchObject({ credits: 5, released: 15 });
    expect(json(await run('balance --json'))).toMatchObject({ available: 1035 });
    expect((await run('accounts create acme')).code).toBe(0);
    expect((await run('cycle rollover --all')).code).toBe(0);
    expect((await run('usage --by model')).stdout).toContain('Total');
    expect((await run('log --limit 2')).stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(json(await run('verify --json'))).toMatchObject({ ok: true, accounts: 2 });
    const doctor = json(await run('doctor --json')) as { ok: boolean; checks: { id: string }[] };
    expect(doctor.ok).toBe(true);
    expect(doctor.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['server', 'access', 'durability', 'time', 'schema', 'leftovers', 'clock']),
    );
  });

  it('gives eight programs at once exactly what is there', async () => {
    const ends = await Promise.all(
      Array.from({ length: 8 }, (_, no) => run(`spend 10 -a acme --key p${no} --json`)),
    );
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 0, 0, 0, 0, 3, 3, 3]);
  });

  it('is exported, restored beside, and over itself only with a yes', async () => {
    const file = path.join(folder, 'ledger.jsonl');
    expect((await run(`export --what ledger -o ${file}`)).code).toBe(0);
    const other = await testDatabase();
    const there = { CREDITS_DB: other.url };
    expect(json(await run(`restore ${file} --dry-run --json`, there))).toMatchObject({ dryRun: true });
    expect(failureOf(await run('balance --json', there)).code).toBe('no_ledger');
    expect(json(await run(`restore ${file} --json`, there))).toMatchObject({ from: 'export', kept: null });
    const heads = (end: Ended) => json(end).heads;
    expect(heads(await run('verify --json', there))).toEqual(heads(await run('verify --json')));
    const again = await run(`restore ${file} --json`, there);
    expect([again.code, failureOf(again).code]).toEqual([2, 'confirmation_needed']);
    expect(json(await run(`restore ${file} --yes --json`, there)).kept).toMatch(/^schema credits_replaced_/);
    expect((await run('verify', there)).code).toBe(0);
  });

  it('and back into a file', async () => {
    const file = path.join(folder, 'ledger.jsonl');
    const there = { CREDITS_DB: path.join(folder, 'ledger.db') };
    expect((await run(`restore ${file}`, there)).code).toBe(0);
    expect(json(await run('verify --json', there)).heads).toEqual(json(await run('verify --json')).heads);
    expect((await run(`backup ${path.join(folder, 'copy.db')}`, there)).code).toBe(0);
    const backup = await run(`restore ${path.join(folder, 'copy.db')} --yes --json`);
    expect(failureOf(backup)).toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringContaining('export'),
    });
    expect(failureOf(await run('backup x.db --json')).hint).toContain('pg_dump');
  });

  it('refuses a password in the flag, takes one from the environment or a passfile', async () => {
    const bare = new URL(place.url);
    bare.password = '';
    expect(failureOf(await run(`balance --json --db ${place.url}`)).code).toBe('invalid_argument');
    const without = await run(`balance --json --db ${bare.href}`);
    expect([without.code, failureOf(without).code]).toEqual([4, 'unauthenticated']);
    expect((await run(`balance --db ${bare.href}`, { PGPASSWORD: password })).code).toBe(0);
    const file = path.join(folder, 'passfile');
    fs.writeFileSync(file, `*:*:*:credits:${password}\n`, { mode: 0o600 });
    const end = await run(`balance --db ${bare.href}`, { PGPASSFILE: file });
    expect([end.code, end.stderr]).toEqual([0, '']);
  });

  it.each([
    ['postgres://credits:SECRET@127.0.0.1:1/postgres', 75, 'remote_unreachable'],
    ['postgres://credits:SECRET@no-such-host.invalid/postgres', 75, 'remote_unreachable'],
    ['postgres://credits:SECRET/2@127.0.0.1:1/postgres', 2, 'invalid_argument'],
    ['postgres://credits:1#SECRET@127.0.0.1:1/postgres', 2, 'invalid_argument'],
    ['postgres://credits:1?SECRET@127.0.0.1:1/postgres', 2, 'invalid_argument'],
    ['postgres://credits@127.0.0.1:1/postgres?password=SECRET', 75, 'remote_unreachable'],
  ])('%s is refused without showing the password', async (db, code, refusal) => {
    const end = await run('balance --json', { CREDITS_DB: db });
    expect([end.code, failureOf(end).code, end.stdout]).toEqual([code, refusal, '']);
    expect(end.stderr).not.toContain('SECRET');
  });

  it('has shown its password to nobody', () => {
    expect(seen.length).toBeGreaterThan(40);
    for (const { stdout, stderr } of seen) expect(stdout + stderr).not.toContain(password);
  });
});
