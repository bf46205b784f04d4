/** TLS to a PostgreSQL server: what is refused before anything is tried, what when it fails, and what the driver says. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isLedgerError } from '../../src/core/errors.ts';
import { isLost, postgresRefusal } from '../../src/store/postgres-errors.ts';
import { withTlsMode } from '../../src/store/postgres-tls.ts';
import { failureOf, newFolder, PATIENCE, runProgram } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE });

const PEM = path.resolve(import.meta.dirname, '../fixtures/tls/localhost.pem');
const folder = newFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));
const nonsense = path.join(folder, 'nonsense.pem');
fs.writeFileSync(nonsense, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');

/** What a server says when there is no such database: enough to know that the connection was made. */
function noDatabase(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C3D000\0Mno such database\0\0');
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** A server that answers the wish for TLS, and whoever comes through with `no_ledger`. */
function listen(answer: 'S' | 'N'): Promise<net.Server> {
  const pem = fs.readFileSync(PEM, 'utf8');
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(answer);
      if (answer === 'N') return;
      const secure = new tls.TLSSocket(socket, { isServer: true, key: pem, cert: pem });
      secure.on('error', () => {});
      secure.once('data', () => secure.end(noDatabase()));
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const servers: Record<'S' | 'N', string> = { S: '', N: '' };
const listening: net.Server[] = [];
beforeAll(async () => {
  for (const answer of ['S', 'N'] as const) {
    const server = await listen(answer);
    listening.push(server);
    servers[answer] =
      `postgres://me:secret-word@127.0.0.1:${(server.address() as net.AddressInfo).port}/books`;
  }
});
afterAll(() => {
  for (const server of listening) server.close();
});

async function balance(url: string, env: Record<string, string> = {}) {
  const end = await runProgram(['balance', '--json'], { env: { CREDITS_DB: url, ...env } });
  // Nothing but the refusal: no warning of the driver, and no password.
  expect(end.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(`${end.stdout}${end.stderr}`).not.toContain('secret-word');
  const { code, message, hint } = failureOf(end) as { code: string; message: string; hint: string };
  return { exit: end.code, code, message, hint };
}

describe('the program', () => {
  it.each(['require', 'prefer', 'verify-ca', 'verify-full'])(
    'sslmode=%s takes a certificate whose signer is named',
    async (mode) => {
      const end = await balance(`${servers.S}?sslmode=${mode}&sslrootcert=${PEM}`);
      expect([end.exit, end.code]).toEqual([2, 'no_ledger']);
    },
  );

  it('refuses one that signed itself: another try may do', async () => {
    const end = await balance(`${servers.S}?sslmode=require`);
    expect([end.exit, end.code]).toEqual([75, 'remote_unreachable']);
    expect([end.message, end.hint]).toEqual([
      expect.stringContaining('certificate is not accepted'),
      expect.stringContaining('sslrootcert'),
    ]);
  });

  it.each([
    ['a server without TLS', 'N', '?sslmode=require', 'takes no TLS'],
    ['a file that is not there', 'S', '?sslmode=verify-full&sslrootcert=/none/ca.pem', '/none/ca.pem'],
    ['a file that is no certificate', 'S', `?sslmode=verify-full&sslcert=${nonsense}`, 'cannot be used'],
    ['a mode that is none', 'S', '?sslmode=verify-fill', 'verify-fill'],
  ] as const)('refuses %s: it must be said otherwise', async (_what, server, query, words) => {
    const end = await balance(`${servers[server]}${query}`);
    expect([end.exit, end.code]).toEqual([2, 'invalid_argument']);
    expect(end.message).toContain(words);
  });

  it('reads the mode of the environment too', async () => {
    const end = await balance(servers.N, { PGSSLMODE: 'requier' });
    expect([end.code, end.message]).toEqual(['invalid_argument', expect.stringContaining('requier')]);
    expect((await balance(servers.N, { PGSSLMODE: 'require' })).message).toContain('takes no TLS');
  });
});

const failed = (code: string): Error => Object.assign(new Error(code), { code });

it.each([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH', 'ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO'],
])('%s is a refusal, and nothing to wait for', (code) => {
  const error = postgresRefusal(failed(code), 'postgres://there');
  expect(isLedgerError(error) && [error.code, error.details]).toEqual([
    'remote_unreachable',
    { outcome: 'nothing_written' },
  ]);
  expect(isLost(failed(code))).toBe(false);
});

describe('the mode', () => {
  const modeOf = (query: string): string | null =>
    new URL(withTlsMode(`postgres://h/d${query}`, undefined)).searchParams.get('sslmode');

  it.each([
    ['', null],
    ['?sslmode=require', 'verify-full'],
    ['?sslmode=disable', 'disable'],
    ['?sslmode=no-verify', 'no-verify'],
    ['?sslmode=disable&sslmode=prefer', 'verify-full'],
    ['?uselibpqcompat=true&sslmode=require', 'require'],
  ])('of %j is %j for the driver', (query, mode) => {
    expect(modeOf(query)).toBe(mode);
  });

  it('leaves everything else in the address as it means', () => {
    const url = new URL(withTlsMode('postgres://a:%40b@h/d?options=-c%20x%3Dy&sslmode=require', undefined));
    expect([url.password, url.searchParams.get('options')]).toEqual(['%40b', '-c x=y']);
  });

  it.each(['?sslmode=allow', '?sslmode=', '?sslmode=Require', '?uselibpqcompat=true&sslmode=verify-ca'])(
    'of %j is refused',
    (query) => {
      expect(() => modeOf(query)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    },
  );
});
