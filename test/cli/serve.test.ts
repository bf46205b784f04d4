/** `credits serve` and `credits tokens`, as far as the command line goes; the server itself is tested in test/http. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { tokenSecret } from '../helpers/token-secret.ts';

const home = temporaryFolder();
const line = commandLine(home);
const db = path.join(home, 'ledger.db');

beforeAll(async () => {
  expect((await line(['init', '--db', db])).code).toBe(0);
});

describe('serve', () => {
  test.each([
    ['another address without saying so', ['--host', '0.0.0.0'], '--allow-remote'],
    ['a name that other machines know', ['--host', 'credits.example.com'], '--allow-remote'],
    ['a port that is none', ['--port', '65536'], undefined],
    ['a clock that stands', ['--now', '2026-01-01'], '--now'],
  ])('refuses %s', async (_name, words, hint) => {
    const end = await line(['serve', ...words, '--db', db, '--json']);
    expect([end.code, end.stdout, end.failure().code]).toEqual([2, '', 'invalid_argument']);
    if (hint !== undefined) expect(end.failure().hint).toContain(hint);
  });

  test('refuses a port that is taken, and leaves the ledger closed', async () => {
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as net.AddressInfo;
    const end = await line(['serve', '--port', String(port), '--db', db, '--json']);
    expect([end.code, end.failure().message]).toEqual([2, expect.stringContaining('EADDRINUSE')]);
    other.close();
    expect(fs.existsSync(`${db}-wal`)).toBe(false);
  });

  test('serves what is on this machine: a remote ledger is refused', async () => {
    const end = await line(['serve', '--json'], { env: { CREDITS_REMOTE: 'http://127.0.0.1:1' } });
    expect([end.code, end.failure().code]).toEqual([2, 'invalid_argument']);
  });

  test('needs a ledger', async () => {
    const end = await line(['serve', '--db', path.join(home, 'none.db'), '--json']);
    expect([end.code, end.failure().code]).toEqual([2, 'no_ledger']);
  });
});

describe('tokens', () => {
  test('create shows the token once; list never does', async () => {
    const made = await line(['tokens', 'create', '--role', 'spend', '-a', 'default', '--db', db, '--json']);
    expect(made.json()).toMatchObject({ schema: 'credits.token/v1', role: 'spend', account: 'default' });
    const { id, token } = made.json();
    expect(token).toMatch(/^credits_\d+_[\w-]{43}$/);
    const list = await line(['tokens', '--db', db, '--json']);
    expect(list.json()).toMatchObject({
      schema: 'credits.tokens/v1',
      tokens: [{ id, role: 'spend', revokedAt: null }],
    });
    expect(list.stdout).not.toContain(tokenSecret(token));
    expect((await line(['tokens', 'list', '--db', db])).stdout).toContain(id);
    expect(made.stderr).not.toContain(token);
  });

  test('the token is a line of its own, for a pipe', async () => {
    const { stdout, stderr } = await line(['tokens', 'create', '--role', 'admin', '--db', db]);
    expect(stdout).toMatch(/^tok_\d+ \(admin, every account\)\ncredits_\d+_[\w-]{43}\n$/);
    expect(stderr).toContain('shown once');
  });

  test('revoke asks, or takes --yes; the second time changes nothing', async () => {
    const { id } = (await line(['tokens', 'create', '--role', 'read', '--db', db, '--json'])).json();
    const asked = await line(['tokens', 'revoke', id, '--db', db, '--json']);
    expect([asked.code, asked.failure().code]).toEqual([2, 'confirmation_needed']);
    const dry = await line(['tokens', 'revoke', id, '-n', '--db', db, '--json']);
    expect([dry.code, dry.json().receipt]).toEqual([0, null]);
    const done = await line(['tokens', 'revoke', id, '--yes', '--db', db, '--json']);
    expect(done.json()).toMatchObject({ id, revokedAt: expect.any(String), receipt: expect.any(String) });
    expect((await line(['tokens', 'revoke', id, '-q', '--db', db])).stdout).toBe('');
    expect((await line(['tokens', 'revoke', 'tok_99', '--yes', '--db', db, '--json'])).failure().code).toBe(
      'unknown_token',
    );
  });

  test('a role must be named, and be one', async () => {
    expect((await line(['tokens', 'create', '--db', db, '--json'])).failure().message).toContain('--role');
    expect((await line(['tokens', 'create', '--role', 'root', '--db', db])).code).toBe(2);
    expect(
      (await line(['tokens', 'create', '--role', 'read', '-a', 'nobody', '--db', db, '--json'])).failure()
        .code,
    ).toBe('unknown_account');
  });

  test('the ledger with its tokens verifies, and comes back from an export', async () => {
    expect((await line(['verify', '--db', db])).code).toBe(0);
    const file = path.join(home, 'all.jsonl');
    await line(['export', '--what', 'ledger', '-o', file, '--db', db]);
    const again = path.join(home, 'again.db');
    expect((await line(['restore', file, '--db', again])).code).toBe(0);
    const tokensOf = async (from: string) => (await line(['tokens', '--db', from, '--json'])).json().tokens;
    expect(await tokensOf(again)).toEqual(await tokensOf(db));
    expect((await line(['verify', '--db', again])).code).toBe(0);
  });

  test('they are about this machine', async () => {
    const end = await line(['tokens', '--remote', 'http://127.0.0.1:1', '--json']);
    expect([end.code, end.failure().code]).toEqual([2, 'invalid_argument']);
    const env = { CREDITS_REMOTE: 'http://127.0.0.1:1' };
    expect((await line(['tokens', '--json'], { env })).failure().code).toBe('invalid_argument');
  });
});
