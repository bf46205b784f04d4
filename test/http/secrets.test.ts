/**
 * Secrets planted wherever a secret can stand: environment, addresses, headers, bodies, queries. The built program and its
 * server are then asked for everything, also with CREDITS_DEBUG=1 and by providers that quote what they were sent; no mark
 * may turn up in what they print, log, answer, store, back up or export.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { commandLine } from '../helpers/cli-line.ts';
import { testDatabase } from '../helpers/postgres.ts';
import { newFolder, PATIENCE, type Running, runProgram, startProgram } from '../helpers/processes.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const folder = newFolder();
const home = path.join(folder, 'home');
const ledger = path.join(folder, 'ledger/main.db');

/** Name of the place → what was planted there. */
const marks = new Map<string, string>();

/** A secret that is nowhere else. */
function plant(place: string): string {
  const mark = `canary${randomBytes(9).toString('hex')}`;
  marks.set(place, mark);
  return mark;
}

/** Where a text or a file repeats a mark, as it is or in base 64. */
function found(content: string | Buffer): string[] {
  const bytes = Buffer.from(content);
  return [...marks]
    .filter(([, mark]) => {
      const forms = [mark, Buffer.from(mark).toString('base64').slice(0, 32)];
      return forms.some((form) => bytes.includes(form));
    })
    .map(([place]) => place);
}

const KEYS = {
  STRIPE_SECRET_KEY: `sk_test_${plant('STRIPE_SECRET_KEY')}`,
  STRIPE_WEBHOOK_SECRET: `whsec_${plant('STRIPE_WEBHOOK_SECRET')},whsec_${plant('a second webhook secret')}`,
  PGPASSWORD: plant('PGPASSWORD'),
  OPENAI_API_KEY: `sk-${plant('OPENAI_API_KEY')}`,
  ANTHROPIC_API_KEY: `sk-ant-${plant('ANTHROPIC_API_KEY')}`,
  GEMINI_API_KEY: `AIza${plant('GEMINI_API_KEY')}`,
  OPENROUTER_API_KEY: `sk-or-${plant('OPENROUTER_API_KEY')}`,
  CREDITS_TOKEN: plant('CREDITS_TOKEN'),
};

/** Every provider at once: it refuses all, and quotes headers and body while doing so. */
let quoting: http.Server;
const asked: { readonly url: string; readonly marks: string[] }[] = [];
let env: Record<string, string>;

/** Everything that came out of the program, with what was asked. */
const heard: { readonly what: string; readonly text: string }[] = [];

beforeAll(async () => {
  quoting = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const sent = `${JSON.stringify(request.headers)} ${Buffer.concat(parts).toString()}`;
      asked.push({ url: request.url ?? '', marks: found(sent) });
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ error: { type: 'invalid_request_error', message: `Not this: ${sent}` } }),
      );
    });
  });
  await new Promise<void>((resolve) => quoting.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(quoting.address() as AddressInfo).port}`;
  env = {
    HOME: home,
    CREDITS_DB: ledger,
    CREDITS_DEBUG: '1',
    STRIPE_API_BASE: base,
    OPENAI_BASE_URL: base,
    ANTHROPIC_BASE_URL: base,
    GEMINI_API_BASE: base,
    OPENROUTER_MODELS_URL: `${base}/models`,
    ...KEYS,
  };
});
afterAll(() => {
  quoting.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The program inside this process: more than a hundred lines would take a minute to start. */
const run = commandLine(home);

/** Runs a line; what it prints is kept. */
async function ask(
  line: string | readonly string[],
  {
    env: own = {},
    stdin = '',
  }: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {},
) {
  const argv = typeof line === 'string' ? line.split(' ') : line;
  const end = await run(argv, { env: { ...env, ...own }, stdin });
  heard.push({ what: argv.join(' '), text: `${end.stdout}\n${end.stderr}` });
  return end;
}

/** What was printed and should not have been: a line, and the place of the secret. */
const leaks = (): string[] =>
  heard.flatMap(({ what, text }) => found(text).map((place) => `${what}: ${place}`));

/** Every file below a folder that holds a mark. */
function stained(below: string): string[] {
  return fs
    .readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .flatMap((file) =>
      found(fs.readFileSync(file)).map((place) => `${path.relative(below, file)}: ${place}`),
    );
}

test('of a ledger on this machine, with every variable set and providers that quote', async () => {
  expect((await ask('init --plan pro')).code).toBe(0);
  const lines = [
    ['status', 'doctor', 'doctor --json', 'whoami', 'help environment', 'statusline', 'card --json'],
    ['card add pm_card_visa', 'topup set --threshold 5000 --amount 500', 'spend 1 --key k', 'topup run'],
    ['buy 500 --yes', 'buy 500 --checkout', 'payments sync --json', 'payments audit', 'plan set team --yes'],
    ['byok add openai --env OPENAI_API_KEY', `byok add google --env ${KEYS.GEMINI_API_KEY}`],
    [`byok add google --env ${KEYS.OPENAI_API_KEY}`, 'models sync', 'verify', 'log --json'],
    [
      'estimate words --exact -m 4o',
      'estimate words --exact -m sonnet',
      'estimate words --exact -m flash --json',
    ],
  ].flat();
  for (const line of lines) expect([line, (await ask(line)).code]).not.toEqual([line, 1]);
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
  const stdin = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: [picture] }] });
  expect((await ask('estimate --request - --exact -m 4o', { stdin })).code).toBe(2);
  // Once more as a process of its own, where Node might say something too.
  for (const line of ['buy 500 --yes', 'estimate words --exact -m sonnet --json', 'balance']) {
    const { stdout, stderr } = await runProgram(line.split(' '), { env });
    heard.push({ what: line, text: stdout + stderr });
  }
  expect(leaks()).toEqual([]);
  // The providers did see their keys, each its own and nobody else's, so that they had something to quote.
  const seenBy = (pattern: RegExp) => [
    ...new Set(asked.filter(({ url }) => pattern.test(url)).flatMap((each) => each.marks)),
  ];
  expect(seenBy(/^\/v1\/(payment|customers|checkout|setup)/)).toEqual(['STRIPE_SECRET_KEY']);
  expect(seenBy(/count_tokens/)).toEqual(['ANTHROPIC_API_KEY']);
  expect(seenBy(/countTokens/)).toEqual(['GEMINI_API_KEY']);
  expect(seenBy(/input_tokens/)).toEqual(['OPENAI_API_KEY']);
  expect(seenBy(/^\/models/)).toEqual([]);
  expect(asked.some(({ url }) => url.startsWith('/models'))).toBe(true);
});

test('in addresses, also those with a slip of the pen', async () => {
  const secret = plant('a password in an address');
  const { port } = quoting.address() as AddressInfo;
  const addresses = [
    ...[
      `postgres://me:${secret}@127.0.0.1:1/db`,
      `postgres://me:${secret}@127.0.0.1:${port}/db?sslmode=disable`,
    ],
    ...[`postgres://127.0.0.1:1/db?user=me&password=${secret}`, `postgres://me:${secret}@:x/db`],
    ...[`postgres://me:a/${secret}@127.0.0.1/db`, `postgres://me:a@${secret}@127.0.0.1:1/db`],
    ...[`postgres://me:a#${secret}@127.0.0.1/db`, `postgres://me:%zz${secret}@127.0.0.1:1/db`],
    ...[`postgress://me:${secret}@h/db`, `postgres//me:${secret}@h/db`, `postgres:me:${secret}@h/db`],
    ...[`mysql://me:${secret}@h/db`, `me:${secret}@h/db`],
  ];
  for (const address of addresses) {
    const end = await ask('balance --json', { env: { CREDITS_DB: address } });
    expect([address, [2, 75].includes(end.code!)]).toEqual([address, true]);
    expect([address, (await ask(['balance', '--db', address])).code]).toEqual([address, 2]);
  }
  await ask('balance', { env: { CREDITS_DB: `postgres://me@127.0.0.1:${port}/db?sslmode=disable` } });
  const servers = [
    ...[`https://me:${secret}@h`, `http://127.0.0.1:9/?token=${secret}`, `http://127.0.0.1:9/#${secret}`],
    ...[`https://me:${secret}@`, `me:${secret}@h`, `htps://me:${secret}@h`],
  ];
  for (const address of servers) {
    const own = { CREDITS_DB: '', CREDITS_REMOTE: address };
    expect([address, (await ask('balance', { env: own })).code]).toEqual([address, 2]);
    expect([address, (await ask(['whoami', '--remote', address])).code]).toEqual([address, 2]);
    expect([address, (await ask(['login', address], { stdin: 'credits_1_x\n' })).code]).toEqual([address, 2]);
  }
  expect(leaks()).toEqual([]);
});

test('of a served ledger: its log, its answers, its files, and the client', async () => {
  const made = await runProgram(['tokens', 'create', '--role', 'admin', '--json'], { env });
  const { token } = JSON.parse(made.stdout) as { token: string };
  marks.set('the access token', token.slice(10));
  const { server, url } = await startServing(env);
  const client = { CREDITS_DB: '', CREDITS_REMOTE: url, CREDITS_TOKEN: token };

  const lines = [
    ['balance --json', 'spend 2 --key remote', 'hold 1', 'grant 1 --source promotional', 'whoami', 'status'],
    [
      'card add pm_card_visa --json',
      'buy 500 --yes --json',
      'topup run --all',
      'payments sync',
      'payments audit',
    ],
    [`byok add google --env ${KEYS.GEMINI_API_KEY}`, 'verify', 'log', 'export --what ledger', 'export --all'],
  ].flat();
  for (const line of lines) expect([line, (await ask(line, { env: client })).code]).not.toEqual([line, 1]);
  const wrong = plant('a wrong access token');
  for (const bad of [
    wrong,
    `credits_1_${wrong}`,
    `${wrong} x`,
    `${wrong}\nx`,
    `${wrong}✓`,
    wrong.repeat(200),
  ]) {
    const end = await ask('balance --json', { env: { ...client, CREDITS_TOKEN: bad } });
    expect([end.code, end.failure().code]).toEqual([4, 'unauthenticated']);
    expect((await ask(['login', url], { stdin: `${bad}\n` })).code).not.toBe(1);
  }
  // What `tokens create` prints, kept in a file as it is.
  const { stdout: kept } = await runProgram(['tokens', 'create', '--role', 'spend', '-a', 'default'], {
    env,
  });
  marks.set('another access token', /^credits_\d+_(\S+)$/m.exec(kept)![1]!);
  expect((await ask(['login', url], { stdin: kept })).stdout).toMatch(/: spend on account default of a test/);
  expect((await ask(['login', url], { stdin: `${token}\n` })).code).toBe(0);
  expect((await ask('whoami', { env: { ...client, CREDITS_TOKEN: '' } })).code).toBe(0);

  await sendMarks(url, token);
  // While the server has it open, with what has not been checkpointed yet.
  expect(fs.existsSync(`${ledger}-wal`)).toBe(true);
  expect(stained(path.dirname(ledger))).toEqual([]);
  server.kill('SIGTERM');
  const end = await server.ended;
  expect(end.stderr).toContain('"event":"request"');
  heard.push({ what: 'serve', text: `${end.stdout}\n${end.stderr}` });

  const out = path.join(folder, 'out');
  fs.mkdirSync(out);
  await ask(['backup', path.join(out, 'backup.db')]);
  for (const what of ['usage', 'entries', 'lots', 'ledger']) {
    await ask(['export', '--what', what, '-o', path.join(out, `${what}.jsonl`)]);
  }
  expect(fs.readdirSync(out)).toHaveLength(5);
  expect(leaks()).toEqual([]);
  expect(stained(path.dirname(ledger))).toEqual([]);
  expect(stained(out)).toEqual([]);
  // One file is meant to hold the token, and no other of that user does.
  expect(stained(home)).toEqual(['.config/credits/credentials.json: the access token']);
  expect((await ask('verify')).code).toBe(0);
});

/** Requests that carry secrets where none belongs; what comes back is heard. */
async function sendMarks(url: string, token: string): Promise<void> {
  const secret = plant('a part of a request');
  const own = { authorization: `Bearer ${token}` };
  const post = (body: string, headers: Record<string, string> = own): RequestInit => ({
    method: 'POST',
    body,
    headers,
  });
  const requests: [string, RequestInit][] = [
    ...[`Bearer ${secret}`, `Bearer credits_1_${secret}`, `Basic ${btoa(`me:${secret}`)}`, secret].map(
      (authorization): [string, RequestInit] => ['/v1/balance', { headers: { authorization } }],
    ),
    ['/v1/balance', { headers: { ...own, cookie: `session=${secret}`, 'x-api-key': secret } }],
    [`/v1/balance?token=${secret}`, { headers: own }],
    [`/v1/balance?access_token=${secret}`, {}],
    [`/metrics?token=${secret}`, {}],
    [`/${secret}`, {}],
    [`/v1/${secret}?password=${secret}`, { headers: own }],
    ['/v1/spends', post(`{"credits":1,"apiKey":"${secret}"}`)],
    ['/v1/spends', post(`{"credits":"${secret}"}`)],
    ['/v1/spends', post(`{"credits":1,"note":["${secret}"]}`)],
    ['/v1/spends', post(`{"credits":1,"password":{"a":"${secret}"}} ${secret}`)],
    ['/v1/spends', post(`{"credits":1}`, { ...own, 'credits-now': '2020', 'x-secret': secret })],
    ['/v1/spends', post(`{"credits":1}`, { ...own, authorization: `Bearer ${secret}` })],
    [
      '/v1/spends/batch',
      post(`{"credits":1,"key":"b","apiKey":"${secret}"}\n${secret}\n{"key":{"a":"${secret}"}}\n`),
    ],
    ['/v1/byok', post(`{"action":"add","provider":"openai","env":"sk-${secret}"}`)],
    ['/v1/card', post(`{"method":"4242${secret} ${secret}"}`)],
    ['/v1/ledger/verify', post(`{"heads":["${secret}"]}`)],
    ['/v1/models', post(`{"model":"m","input":["${secret}"],"output":"1","secret":"${secret}"}`)],
    ['/v1/webhooks/stripe', post(`{"id":"${secret}"}`, { 'stripe-signature': `t=1,v1=${secret}` })],
    ['/v1/webhooks/stripe', post(secret, { 'stripe-signature': secret })],
  ];
  for (const [where, init] of requests) {
    const response = await fetch(`${url}${where}`, init);
    const headers = JSON.stringify([...response.headers]);
    const what = `${init.method ?? 'GET'} ${where.replaceAll(secret, '…')}`;
    expect(response.status, what).toBeLessThan(500);
    heard.push({ what, text: `${headers} ${await response.text()}` });
  }
}

/** Starts a server. @returns it and where it listens, once it does */
async function startServing(own: Record<string, string>): Promise<{ server: Running; url: string }> {
  const server = startProgram(['serve', '--port', '0'], { env: own });
  const url = new Promise<string>((resolve) => {
    let text = '';
    server.child.stdout?.on('data', (part) => {
      text += part;
      const said = / at (http:\S+)\n/.exec(text)?.[1];
      if (said !== undefined) resolve(said);
    });
  });
  await server.prints('Serving');
  return { server, url: await url };
}

test('of a ledger on PostgreSQL, whose password stands in its address', async () => {
  const { url } = await testDatabase();
  const { password } = new URL(url);
  expect(password).toHaveLength(24);
  marks.set('the password of the database', password);
  const own = { env: { CREDITS_DB: url } };
  expect((await ask('init', own)).code).toBe(0);
  for (const line of [
    'status',
    'spend 1',
    'balance --json',
    'doctor --json',
    'verify',
    'export --what ledger',
  ]) {
    expect([line, (await ask(line, own)).code]).toEqual([line, 0]);
  }
  const { server } = await startServing({ ...env, ...own.env });
  server.kill('SIGTERM');
  const { stdout, stderr } = await server.ended;
  heard.push({ what: 'serve on PostgreSQL', text: stdout + stderr });
  const refused = new URL(url);
  refused.password = plant('a wrong password of the database');
  await ask('balance --json', { env: { CREDITS_DB: refused.href } });
  expect(leaks()).toEqual([]);
});
