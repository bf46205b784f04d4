/** The server itself: limits, refusals, streams, its end, and what it tells about itself. */
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import { ROUTES } from '../../src/http/routes.ts';
import type { ServerDeps } from '../../src/http/server/deps.ts';
import { redact } from '../../src/http/server/log.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import type { ReceiptView } from '../../src/ledger/service.ts';
import { accessTokens, localDeps, spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { RawConnection } from '../helpers/raw-socket.ts';
import { type Served, serve } from '../helpers/served.ts';

let t: TestLedger;
let served: Served;
let admin: string;

beforeEach(() => {
  t = testLedger({ plan: 'pro' });
});
afterEach(async () => {
  await served.stop();
  await t.done();
});

async function start(more: Partial<ServerDeps> = {}): Promise<void> {
  served = await serve(t, more);
  admin = await served.token('admin');
}

/** Sends bytes as they are; gives everything that comes back until the other side closes, or time is up. */
function raw(bytes: string, ms = 5_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(served.server.port, '127.0.0.1');
    let text = '';
    const done = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(ms, done);
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('error', done);
    socket.on('close', done);
    socket.write(bytes);
  });
}

const headersOf = (token = admin): Record<string, string> => ({ authorization: `Bearer ${token}` });
const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${served.url}${path}`, { headers: headersOf(), ...init });
const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${served.url}${path}`, { method: 'POST', headers: { ...headersOf(), ...headers }, body });
const codeOf = async (response: Response): Promise<unknown[]> => {
  const { code, status } = (await response.json()) as { code: string; status: number };
  expect(status).toBe(response.status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return [status, code];
};

describe('what it tells about itself', () => {
  test('health, readiness and metrics need no token', async () => {
    await start();
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json']) {
      expect((await fetch(`${served.url}${path}`)).status, path).toBe(200);
    }
    await post('/v1/spends', '{"credits":1}');
    const text = await (await fetch(`${served.url}/metrics`)).text();
    expect(text).toMatch(/credits_http_requests_total\{method="POST",route="spend",status="200"\} 1/);
    expect(text).toMatch(/credits_http_request_seconds_bucket\{route="spend",le="\+Inf"\} 1/);
    expect(text).not.toMatch(/default|tok_|credits_1_/);
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^# (HELP|TYPE) |^[a-z_]+(\{[^}]*\})? [\d.e+-]+$/);
    }
  });

  test('it is not ready when the ledger cannot be reached', async () => {
    await start({
      ready: async () => {
        throw new LedgerError('ledger_busy', 'busy');
      },
    });
    expect((await fetch(`${served.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
  });

  test('the OpenAPI document names every route, with its parameters and bodies', async () => {
    await start();
    const document = (await (await fetch(`${served.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, Record<string, unknown>>>;
    };
    expect(document.openapi).toBe('3.1.0');
    for (const route of ROUTES) {
      const path = `/v1${route.path.replace(/:(\w+)/g, '{$1}')}`;
      const operation = document.paths[path]?.[route.method.toLowerCase()];
      expect(operation, `${route.method} ${path}`).toMatchObject({ operationId: route.name });
      expect('requestBody' in operation!).toBe(route.body !== undefined || route.kind === 'batch');
    }
    const body = JSON.stringify(document.paths['/v1/spends']!.post!.requestBody);
    expect(body).toContain('"additionalProperties":false');
    expect(body).toContain('"inputTokens"');
  });
});

describe('one bad request is its own answer', () => {
  test.each([
    ['no JSON', '{', 400],
    ['a list', '[]', 400],
    ['nothing', '', 400],
    ['an unknown field', '{"credits":1,"source":"welcome"}', 400],
    ['an amount in exponents', '{"credits":1e3}', 400],
    ['seven decimals', '{"credits":0.1234567}', 400],
    ['a long fraction that rounds to one', '{"credits":1.00000000000000000001}', 400],
    ['more than there can be', '{"credits":1000000000.5}', 400],
    ['minus nothing', '{"credits":-0}', 400],
    ['nothing at all', '{"credits":0}', 400],
    ['an amount and a call', '{"credits":1,"model":"haiku","inputTokens":1}', 400],
    ['a call without tokens', '{"model":"haiku"}', 400],
    ['a prototype', '{"__proto__":{"credits":1}}', 400],
    ['nesting', `{"credits":${'['.repeat(30_000)}`, 400],
    ['65 KiB', `{"note":"${'x'.repeat(66_560)}"}`, 413],
  ])('%s', async (_name, body, status) => {
    await start();
    const response = await post('/v1/spends', body);
    expect(await codeOf(response)).toEqual([status, 'invalid_argument']);
    expect((await t.ledger.balance('default')).available / 1e6).toBe(1_050);
  });

  test('a body that is no UTF-8 is refused, not mended', async () => {
    await start();
    const send = (path: string, tail = '') =>
      fetch(`${served.url}${path}`, {
        method: 'POST',
        headers: headersOf(),
        body: Buffer.concat([
          Buffer.from('{"credits":1,"key":"k","note":"'),
          Buffer.of(0xff),
          Buffer.from(`"}${tail}`),
        ]),
      });
    const refused = await send('/v1/spends');
    expect(await refused.clone().json()).toMatchObject({ detail: 'the body is not valid UTF-8' });
    expect(await codeOf(refused)).toEqual([400, 'invalid_argument']);
    for (const tail of ['', '\n{"credits":1,"key":"l"}\n']) {
      expect(await (await send('/v1/spends/batch', tail)).text()).toMatch(
        /^\{"error":\{"message":"the body is not valid UTF-8"/,
      );
    }
    expect((await t.ledger.balance('default')).available / 1e6).toBe(1_050);
  });

  test.each(['authorization', 'idempotency-key', 'credits-now'])(
    'two headers %s are refused',
    async (name) => {
      await start();
      const value: Record<string, string> = {
        authorization: `Bearer ${admin}`,
        'idempotency-key': 'k',
        'credits-now': '2026-02-01',
      };
      const head = [
        'POST /v1/spends HTTP/1.1',
        'host: x',
        'connection: close',
        'content-length: 13',
        `Authorization: ${value.authorization}`,
        ...(name === 'authorization' ? [] : [`${name}: ${value[name]}`]),
        `${name.toUpperCase()}: ${value[name]}`,
      ].join('\r\n');
      expect(await raw(`${head}\r\n\r\n{"credits":1}`)).toMatch(/^HTTP\/1.1 400 .*stands there 2 times/s);
      expect((await t.ledger.balance('default')).available / 1e6).toBe(1_050);
    },
  );

  test('a page under another name, as by DNS rebinding, gets what needs no token and no word to read it across origins', async () => {
    await start();
    const ask = (path: string, more = '') =>
      raw(
        `GET ${path} HTTP/1.1\r\nhost: attacker.example\r\norigin: http://attacker.example\r\nconnection: close\r\n${more}\r\n`,
      );
    for (const { method, path } of ROUTES.filter((route) => route.method === 'GET')) {
      const answer = await ask(`/v1${path.replace(/:\w+/g, 'x')}`);
      expect(answer, `${method} ${path}`).toMatch(/^HTTP\/1.1 401 /);
      expect(answer).not.toMatch(/access-control/i);
    }
    const preflight = await fetch(`${served.url}/v1/spends`, {
      method: 'OPTIONS',
      headers: { origin: 'http://attacker.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([405, null]);
    expect(await ask('/metrics')).not.toMatch(/default|tok_|access-control/i);
  });

  test('unknown paths are 404, other methods 405', async () => {
    await start();
    expect(await codeOf(await get('/v1/nothing'))).toEqual([404, 'invalid_argument']);
    expect(await codeOf(await get('/v1/../etc/passwd'))).toEqual([404, 'invalid_argument']);
    const wrong = await post('/v1/balance', '{}');
    expect(wrong.headers.get('allow')).toBe('GET');
    expect(await codeOf(wrong)).toEqual([405, 'invalid_argument']);
  });

  test.each([
    ['/v1/balance?account=default&account=other'],
    ['/v1/balance?account=@ledger'],
    ['/v1/balance?asof=2026-01-01'],
    ['/v1/balance?asOf=yesterday'],
    ['/v1/balance?dryRun=true'],
    ['/v1/catalogue?account=default'],
    ['/v1/log?limit=-1'],
    ['/v1/accounts?limit=1001'],
    ['/v1/balance?__proto__=1'],
    ['/v1/balance?__proto__=1&__proto__=2'],
    ['/v1/log?constructor=1'],
  ])('a query that nobody understands: %s', async (path) => {
    await start();
    expect(await codeOf(await get(path))).toEqual([400, 'invalid_argument']);
  });

  test('a key that is no UTF-8 is refused: two of them would become one', async () => {
    await start();
    // As `fetch` sends letters beyond ASCII.
    for (const key of ['commande-\u00e9', 'commande-\u00e8']) {
      const answer = await post('/v1/spends', '{"credits":1}', { 'idempotency-key': key });
      expect(await codeOf(answer)).toEqual([400, 'invalid_argument']);
    }
    const utf8 = Buffer.from('commande-\u00e9').toString('latin1');
    expect((await post('/v1/spends', '{"credits":1}', { 'idempotency-key': utf8 })).status).toBe(200);
  });

  test.each(['/v1/spends', '/v1/spends/batch', '/v1/holds', '/v1/balance', '/v1/export/usage'])(
    'a word of the query that %s does not know is refused: it may be a misspelt dryRun',
    async (path) => {
      await start();
      const body = '{"credits":1,"key":"misspelt"}\n';
      const method = /balance|export/.test(path) ? 'GET' : 'POST';
      const url = `${served.url}${path}?dryrun=true`;
      const answer = await fetch(url, {
        method,
        headers: headersOf(),
        ...(method === 'GET' ? {} : { body }),
      });
      expect(await codeOf(answer)).toEqual([400, 'invalid_argument']);
    },
  );

  test('a key where nothing is booked is refused; blanks of a quoted key are kept', async () => {
    await start();
    const read = await get('/v1/balance', { headers: { ...headersOf(), 'idempotency-key': 'k' } });
    expect(await codeOf(read)).toEqual([400, 'invalid_argument']);
    const send = async (key: string) =>
      (await (await post('/v1/spends', '{"credits":1}', { 'idempotency-key': key })).json()) as ReceiptView;
    expect((await send('" k "')).replayed).toBe(false);
    expect((await send('k')).replayed).toBe(false);
    expect((await send('"k"')).replayed).toBe(true);
    const remote = await served.open(admin);
    for (const key of [' k ', '"', '"q"', 'schlüssel ✓', 'a\\"b']) {
      const first = await remote.spend('default', spendOf('1'), { key });
      const again = await remote.spend('default', spendOf('1'), { key });
      expect([again.receipt, again.replayed]).toEqual([first.receipt, true]);
      expect((await t.ledger.spend('default', spendOf('1'), { key })).receipt).toBe(first.receipt);
    }
  });

  test('a defect is 500 without a stack, and the log has it without secrets', async () => {
    const own = localDeps(t);
    await start({
      ledger: () =>
        Object.assign(new LocalLedger(own), {
          balance: async () => {
            throw new TypeError('x is not a function, sk_live_abc123, postgres://me:s3cret@host/db');
          },
        }),
    });
    const response = await get('/v1/balance');
    const text = await response.clone().text();
    expect(await codeOf(response)).toEqual([500, 'internal']);
    expect(text).not.toMatch(/TypeError|at |\.ts/);
    const log = served.log.join('');
    expect(log).toContain('x is not a function');
    expect(log).not.toMatch(/abc123|s3cret/);
    expect((await get('/v1/plan')).status).toBe(200);
  });

  test('what is no HTTP is answered or cut off, and the next request is served', async () => {
    await start();
    const long = 'x'.repeat(20_000);
    for (const bytes of [
      'nonsense\r\n\r\n',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${long}\r\n\r\n`,
      'POST /v1/spends HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      'POST /v1/spends HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde',
      'GET /v1/balance HTTP/1.1\r\n\r\n',
    ]) {
      expect(await raw(bytes, 300)).not.toMatch(/HTTP\/1.1 (2|5)\d\d/);
    }
    expect((await get('/v1/balance')).status).toBe(200);
  });

  test('a body that is cut off books nothing', async () => {
    await start();
    const head = `POST /v1/spends HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${admin}\r\ncontent-length: 200\r\n\r\n`;
    const socket = net.connect(served.server.port, '127.0.0.1');
    socket.write(`${head}{"credits":1}`);
    await sleep(50);
    socket.destroy();
    await sleep(50);
    expect((await t.ledger.balance('default')).available / 1e6).toBe(1_050);
    expect((await get('/v1/balance')).status).toBe(200);
  });
});

describe('many at once', () => {
  test('50 spends of 20 on 480 credits: 24 are booked, the rest refused whole', async () => {
    await start();
    await t.ledger.spend('default', spendOf('570'));
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('/v1/spends', '{"credits":20}')));
    const statuses = answers.map(({ status }) => status);
    expect([
      statuses.filter((each) => each === 200).length,
      statuses.filter((each) => each === 402).length,
    ]).toEqual([24, 26]);
    expect(await codeOf(answers.find(({ status }) => status === 402)!)).toEqual([
      402,
      'insufficient_credits',
    ]);
    expect((await t.ledger.balance('default')).available).toBe(0);
  });

  test('one key sent 20 times at once is one receipt', async () => {
    await start();
    const send = () => post('/v1/spends', '{"credits":1}', { 'idempotency-key': 'k' });
    const receipts = await Promise.all(
      Array.from({ length: 20 }, async () => (await (await send()).json()) as ReceiptView),
    );
    expect(new Set(receipts.map(({ receipt }) => receipt)).size).toBe(1);
    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  test('a head alone is answered without a body', async () => {
    await start();
    const response = await fetch(`${served.url}/v1/balance`, { method: 'HEAD', headers: headersOf() });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect((await get('/v1/balance')).status).toBe(200);
  });
});

describe('limits', () => {
  test('too many requests of one token are 429, of another not', async () => {
    await start({ limits: { perSecond: 2 } });
    const other = await served.token('read');
    const statuses: number[] = [];
    for (let index = 0; index < 8; index++) statuses.push((await get('/v1/plans')).status);
    expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200]);
    const refused = await get('/v1/plans');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await codeOf(refused)).toEqual([429, 'rate_limited']);
    expect((await get('/v1/plans', { headers: headersOf(other) })).status).toBe(200);
  });

  test('an answer that takes too long says that the outcome is not known', async () => {
    const own = localDeps(t);
    await start({
      limits: { perSecond: 0, answerMs: 50 },
      ledger: () => Object.assign(new LocalLedger(own), { spend: () => new Promise(() => {}) }),
    });
    expect(await codeOf(await post('/v1/spends', '{"credits":1}'))).toEqual([503, 'remote_unreachable']);
  });
});

describe('logs', () => {
  test('hold one line a request and no token, key, body or query', async () => {
    await start();
    await post('/v1/spends?account=default', '{"credits":1,"note":"canary-note"}', {
      'idempotency-key': 'canary-key',
    });
    await fetch(`${served.url}/v1/balance?x=canary-query`, {
      headers: { authorization: 'Bearer canary-token' },
    });
    await served.stop();
    const text = served.log.join('');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ event }) => event === 'request')).toMatchObject(
      [
        { route: 'spend', status: 200, account: 'default', actor: /^tok_/ },
        { route: 'balance', status: 401, code: 'unauthenticated' },
      ].map((line) =>
        line.actor === undefined ? line : { ...line, actor: expect.stringMatching(line.actor) },
      ),
    );
    expect(text).not.toMatch(/canary/);
    expect(text).not.toContain(admin);
  });

  test('what looks like a secret is taken out of any text', () => {
    const secrets = [
      'credits_12_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq',
      'Bearer abc.def',
      'sk_test_51abc',
      'whsec_abc',
      'postgres://user:hunter2@host/db',
      'password=hunter2',
      '{"apiKey":"hunter2"}',
    ];
    for (const secret of secrets) {
      expect(redact(`before ${secret} after`)).not.toMatch(/abcdefghij|abc\.def|51abc|whsec_abc|hunter2/);
    }
  });
});

describe('a token that is revoked', () => {
  test('is refused from then on, however often it was used before', async () => {
    await start();
    const token = await served.token('read');
    const use = async () => (await get('/v1/balance', { headers: headersOf(token) })).status;
    expect(await Promise.all([use(), use(), use()])).toEqual([200, 200, 200]);
    const last = (await accessTokens(t).list()).at(-1)!;
    await accessTokens(t).revoke(last.id);
    await sleep(60);
    expect(await use()).toBe(401);
  });
});

describe('its end', () => {
  test('answers what it accepted, then closes', async () => {
    const own = localDeps(t);
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    await start({
      ledger: ({ actor }) => {
        const ledger = new LocalLedger({ ...own, actor });
        const spend = ledger.spend.bind(ledger);
        return Object.assign(ledger, {
          spend: async (...args: Parameters<typeof spend>) => {
            await gate;
            return spend(...args);
          },
        });
      },
    });
    const agent = new http.Agent({ keepAlive: true });
    const answers = Promise.all(Array.from({ length: 5 }, () => post('/v1/spends', '{"credits":1}')));
    while (served.server.metrics.inFlight < 5) await sleep(5);
    const stopping = served.server.stop();
    await sleep(20);
    await expect(fetch(`${served.url}/healthz`)).rejects.toThrow();
    go();
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await answers)[0]!.headers.get('connection')).toBe('close');
    await stopping;
    agent.destroy();
    expect((await t.ledger.balance('default')).available / 1e6).toBe(1_045);
  });
});

describe('its end, with connections that asked for nothing', () => {
  const half = 'POST /v1/spends HTTP/1.1\r\nhost: x\r\n';
  const whole = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';

  test.each([
    ['silent', ''],
    ['half a head', half],
    ['half a head behind an answer', `${whole}${half}`],
  ])('%s: it is closed, and the end waits for none', async (_name, bytes) => {
    await start();
    const connection = new RawConnection(served.server.port);
    await connection.send(bytes);
    if (bytes.startsWith(whole)) await connection.until(({ statuses }) => statuses.length === 1, 5_000);
    else await sleep(50);
    const outcome = await Promise.race([served.server.stop().then(() => 'ended'), sleep(5_000, 'waits')]);
    connection.drop();
    expect(outcome).toBe('ended');
  });

  test('half a body is a request: the rest may come, and it is answered', async () => {
    await start();
    const body = '{"credits":1}';
    const connection = new RawConnection(served.server.port);
    await connection.send(
      `${half}authorization: Bearer ${admin}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    while (served.server.metrics.inFlight < 1) await sleep(5);
    const stopping = served.server.stop();
    await sleep(200);
    await connection.send(body.slice(5));
    const { statuses, text } = await connection.until(({ closed }) => closed, 5_000);
    expect([statuses, /connection: close/i.test(text)]).toEqual([[200], true]);
    await stopping;
    expect((await t.ledger.balance('default')).available / 1e6).toBe(1_049);
  });
});

describe('hooks', () => {
  test('an account is looked after behind each of its writes, not behind reads and dry runs', async () => {
    const seen: string[] = [];
    await start({
      hooks: {
        afterWrite: async (account) => {
          seen.push(account);
          throw new Error('declined');
        },
      },
    });
    await get('/v1/balance');
    await post('/v1/spends?dryRun=true', '{"credits":1}');
    await post('/v1/spends', '{"credits":100000}');
    await sleep(100);
    expect(seen).toEqual([]);
    await post('/v1/spends', '{"credits":1}');
    await vi.waitFor(() => expect(seen).toEqual(['default']));
    await post('/v1/spends/batch', '{"credits":1,"key":"a"}\n');
    await vi.waitFor(() => expect(seen).toEqual(['default', 'default']));
    // What is written meanwhile is looked at once.
    await Promise.all(Array.from({ length: 8 }, () => post('/v1/spends', '{"credits":1}')));
    await served.stop();
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.length).toBeLessThan(10);
    expect(served.log.join('')).toContain('after write failed');
  });

  test('not behind a repeated request, one that asks not to, nor one that changes no credits', async () => {
    const seen: string[] = [];
    await start({ hooks: { afterWrite: async (account) => void seen.push(account) } });
    const key = { 'idempotency-key': 'k' };
    await post('/v1/spends', '{"credits":1}', key);
    await vi.waitFor(() => expect(seen).toEqual(['default']));
    for (let times = 0; times < 3; times++) await post('/v1/spends', '{"credits":1}', key);
    expect((await post('/v1/spends?topup=false', '{"credits":1}')).status).toBe(200);
    expect((await post('/v1/spends/batch?topup=false', '{"credits":1,"key":"b"}\n')).status).toBe(200);
    expect((await post('/v1/expire', '')).status).toBe(200);
    expect((await post('/v1/byok', '{"action":"add","provider":"openai"}')).status).toBe(200);
    await sleep(100);
    expect(seen).toEqual(['default']);
    await post('/v1/spends?topup=true', '{"credits":1}');
    await vi.waitFor(() => expect(seen).toEqual(['default', 'default']));
    expect(await codeOf(await post('/v1/spends?topup=no', '{"credits":1}'))).toEqual([
      400,
      'invalid_argument',
    ]);
    expect(await codeOf(await post('/v1/byok?topup=false', '{}'))).toEqual([400, 'invalid_argument']);
  });

  test('a webhook is handed over with its bytes and signature; without a hook there is none', async () => {
    const seen: unknown[] = [];
    await start({
      hooks: {
        webhook: async ({ body, signature }) => {
          if (signature !== 'good') throw new LedgerError('unauthenticated', 'the signature is not valid');
          seen.push(Buffer.from(body).toString());
        },
      },
    });
    const send = (signature: string): Promise<Response> =>
      fetch(`${served.url}/v1/webhooks/stripe`, {
        method: 'POST',
        headers: { 'stripe-signature': signature },
        body: '{ "id" : "evt" }',
      });
    expect((await send('bad')).status).toBe(401);
    expect((await send('good')).status).toBe(200);
    expect(seen).toEqual(['{ "id" : "evt" }']);
    await served.stop();
    served = await serve(t);
    expect((await send('good')).status).toBe(404);
  });
});
