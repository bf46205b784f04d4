/** What a client does when answers are lost, late, or not ours. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RemoteLedger } from '../../src/http/client.ts';
import type { SpendItem } from '../../src/ledger/service.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';
import { spendOf, type TestLedger, testLedger } from '../helpers/ledger.ts';
import { type Lossy, lossyProxy } from '../helpers/lossy.ts';
import { type Served, serve } from '../helpers/served.ts';

let t: TestLedger;
let served: Served;
let lossy: Lossy;
let token: string;
let remote: RemoteLedger;

beforeAll(async () => {
  t = testLedger({ plan: 'pro' });
  served = await serve(t);
  lossy = await lossyProxy(served.url);
  token = await served.token('admin');
  remote = await served.open(token, { url: lossy.url });
  lossy.seen.length = 0;
  lossy.keys.length = 0;
});
afterEach(() => {
  expect(lossy.fates).toEqual([]);
  lossy.seen.length = 0;
  lossy.keys.length = 0;
});
afterAll(async () => {
  await remote.close();
  await lossy.stop();
  await served.stop();
  await t.done();
});

const available = async (): Promise<number> => (await t.ledger.balance('default')).available / 1e6;

describe('a lost answer', () => {
  test('of a spend is asked for again under the same key: booked once, not shown as replayed', async () => {
    const before = await available();
    lossy.fates.push('lose answer', 'lose answer');
    const receipt = await remote.spend('default', spendOf('1'));
    expect([receipt.replayed, await available()]).toEqual([false, before - 1]);
    expect(lossy.seen).toHaveLength(3);
    expect(new Set(lossy.keys).size).toBe(1);
    expect(lossy.keys[0]).toMatch(/^req_/);
  });

  test('of a spend with a key of the user is asked for again as well', async () => {
    const before = await available();
    lossy.fates.push('lose answer');
    await remote.spend('default', spendOf('1'), { key: 'mine' });
    expect([lossy.keys, await available()]).toEqual([['mine', 'mine'], before - 1]);
  });

  test('of a batch is asked for again whole: every line once', async () => {
    const before = await available();
    const items = Array.from(
      { length: 100 },
      (_, index): SpendItem => ({ account: 'default', key: `b${index}`, input: spendOf('0.01') }),
    );
    lossy.fates.push('cut answer');
    const results = await remote.spendMany(items);
    expect(results.map(({ status }) => status)).toEqual(items.map(() => 'replayed'));
    expect(await available()).toBeCloseTo(before - 1, 6);
  });

  test('where a key would change what is booked is told, and not asked for again', async () => {
    lossy.fates.push('lose answer');
    await expect(remote.setPlan('default', { plan: 'harness', mode: null })).rejects.toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('not known'),
    });
    expect(lossy.seen).toHaveLength(1);
    expect((await t.ledger.plan('default')).plan).toBe('harness');
  });

  test('again and again ends with 75 and the key that makes asking again safe', async () => {
    const before = await available();
    lossy.fates.push('lose answer', 'lose answer', 'lose answer', 'lose answer');
    const error = await remote.spend('default', spendOf('1')).catch((each) => each);
    expect(error).toMatchObject({ code: 'remote_unreachable', exitCode: 75 });
    expect(error.hint).toContain(`--key ${error.details.key}`);
    const receipt = await remote.spend('default', spendOf('1'), { key: error.details.key });
    expect([receipt.replayed, await available()]).toEqual([true, before - 1]);
  });

  test('that never comes ends with 75 and the key, too', async () => {
    const impatient = await served.open(token, { url: lossy.url, answerMs: 100, tries: 2 });
    lossy.seen.length = lossy.keys.length = 0;
    const silence = () => {};
    lossy.fates.push(silence, silence);
    const error = await impatient.spend('default', spendOf('1')).catch((each) => each);
    expect(error).toMatchObject({
      code: 'remote_unreachable',
      exitCode: 75,
      details: { key: lossy.keys[0] },
    });
    expect([lossy.keys.length, new Set(lossy.keys).size]).toEqual([2, 1]);
  });

  test('of a read is asked for again; a dry run too', async () => {
    lossy.fates.push('lose answer', 'refuse');
    expect((await remote.balance('default')).available / 1e6).toBe(await available());
    lossy.fates.push('lose answer');
    expect((await remote.spend('default', spendOf('1'), { dryRun: true })).receipt).toBeNull();
    expect(lossy.keys.at(-1)).toBeUndefined();
  });

  test.each([
    [500, 'text/html', '<html>'],
    [520, 'text/html', '<html>'],
    [524, 'text/html', '<html>'],
    [408, 'text/plain', ''],
    [200, 'text/html', '<html>sign in</html>'],
    [200, 'application/json', '{"receipt":1}'],
    [200, 'application/json', '[1]'],
  ])('is one that a proxy gave in its place: %i %s %s', async (status, type, body) => {
    const fate = { status, type, body };
    const before = await available();
    lossy.fates.push(fate);
    expect((await remote.spend('default', spendOf('1'))).replayed).toBe(false);
    expect(await available()).toBe(before - 1);
    lossy.fates.push(fate, fate, fate, fate);
    const error = await remote.spend('default', spendOf('1')).catch((each) => each);
    expect(error).toMatchObject({
      code: 'remote_unreachable',
      exitCode: 75,
      details: { key: lossy.keys.at(-1) },
    });
    expect(error.message).toContain('whether it was booked is not known');
    expect(await available()).toBe(before - 2);
    const item = { account: 'default', key: `proxy ${status} ${body}`, input: spendOf('1') };
    lossy.fates.push(fate);
    expect((await remote.spendMany([item])).map((result) => result.status)).toEqual(['replayed']);
    lossy.fates.push(fate);
    await expect(remote.setPlan('default', { plan: 'pro', mode: null })).rejects.toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('not known'),
    });
  });

  test('in the middle of an export is no end of it', async () => {
    lossy.fates.push('cut answer');
    const read = async () => {
      for await (const page of remote.exportRows('entries', 'default'))
        expect(page.length).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toMatchObject({ code: 'remote_unreachable' });
  });
});

describe('what is no answer of a ledger', () => {
  const say =
    (status: number, headers: Record<string, string>, body: string) =>
    (response: import('node:http').ServerResponse) => {
      response.writeHead(status, headers);
      response.end(body);
    };

  test('a proxy without its server is waited for', async () => {
    lossy.fates.push(say(502, { 'content-type': 'text/html' }, '<html>'), say(504, {}, ''));
    expect((await remote.spend('default', spendOf('1'))).replayed).toBe(false);
  });

  test('a full bucket is waited for as long as it says', async () => {
    lossy.fates.push(say(429, { 'retry-after': '0', 'content-type': 'application/problem+json' }, '{}'));
    expect((await remote.plan('default')).plan).toBe('harness');
  });

  test('a server that gave up waiting is told as a lost answer, with the key that makes asking again safe', async () => {
    const problem = JSON.stringify({
      code: 'remote_unreachable',
      status: 503,
      detail: 'no answer within 60 s',
    });
    const late = say(503, { 'content-type': 'application/problem+json' }, problem);
    lossy.fates.push(late);
    const error = await remote.spend('default', spendOf('1')).catch((each) => each);
    expect(error).toMatchObject({
      code: 'remote_unreachable',
      exitCode: 75,
      details: { key: lossy.keys[0] },
    });
    expect(error.message).toContain('whether it was booked is not known');
    expect(error.hint).toContain(`--key ${lossy.keys[0]}`);
    lossy.fates.push(late);
    await expect(remote.balance('default')).rejects.toMatchObject({
      code: 'remote_unreachable',
      hint: expect.stringContaining('nothing was booked'),
    });
  });

  test.each([
    ['a page', 200, '<html>', 'invalid_argument'],
    ['a page of something else', 404, '<html>', 'invalid_argument'],
    ['a redirect', 302, '', 'invalid_argument'],
    ['a list', 200, '[1]', 'invalid_argument'],
    ['an answer of another version', 200, '{"plan":{"name":"pro"}}', 'invalid_argument'],
  ])('%s is refused', async (_name, status, body, code) => {
    lossy.fates.push(say(status, { location: 'https://elsewhere/' }, body));
    const error = await remote.plan('default').catch((each) => each);
    expect(error.code).toBe(code);
    expect(lossy.seen).toHaveLength(1);
  });

  test('a code of a newer server counts by its status', async () => {
    const problem = JSON.stringify({ code: 'moon_phase', status: 403, detail: 'not tonight', hint: 'wait' });
    lossy.fates.push(say(403, { 'content-type': 'application/problem+json' }, problem));
    await expect(remote.plan('default')).rejects.toMatchObject({
      code: 'forbidden',
      message: 'not tonight',
      exitCode: 4,
    });
  });
});

describe('on the command line', () => {
  const home = temporaryFolder();
  const line = commandLine(home);
  const credentials = path.join(home, '.config/credits/credentials.json');

  test('nobody there is 75, with nothing booked', async () => {
    const end = await line(['spend', '1', '--remote', 'http://127.0.0.1:9', '--json'], {
      env: { CREDITS_TOKEN: token },
    });
    expect([end.code, end.stdout, end.failure().code]).toEqual([75, '', 'remote_unreachable']);
    expect(end.failure().hint).toContain('nothing was booked');
  });

  test('a token does not travel in clear text to another machine', async () => {
    const end = await line(['balance', '--remote', 'http://credits.invalid', '--json'], {
      env: { CREDITS_TOKEN: token },
    });
    expect([end.code, end.failure().code]).toEqual([2, 'invalid_argument']);
  });

  test('without a token it says how to get one', async () => {
    const end = await line(['balance', '--remote', served.url, '--json']);
    expect([end.code, end.failure().code]).toEqual([4, 'unauthenticated']);
    expect(end.failure().hint).toContain('credits login');
  });

  test('login tries the token and keeps it 0600; logout forgets it; whoami says what it may', async () => {
    const bad = await line(['login', served.url, '--json'], { stdin: 'credits_1_nonsense\n' });
    expect([bad.code, fs.existsSync(credentials)]).toEqual([4, false]);
    const empty = await line(['login', served.url, '--json'], { stdin: '\n' });
    expect(empty.failure().code).toBe('invalid_argument');
    for (const none of ['tok_3 (spend, account acme)\n', 'credits_1 _x\n', 'my credits_1_x\n']) {
      const { code, failure } = await line(['login', served.url, '--json'], { stdin: none });
      expect([none, code, failure().code]).toEqual([none, 2, 'invalid_argument']);
    }
    const scoped = await served.token('spend', 'default');
    const end = await line(['login', `${served.url}/`, '--json'], { stdin: `${scoped}\nmore\n` });
    expect(end.json()).toMatchObject({
      schema: 'credits.login/v1',
      role: 'spend',
      account: 'default',
      mode: 'test',
    });
    expect(`${end.stdout}${end.stderr}`).not.toContain(scoped);
    expect(fs.statSync(credentials).mode & 0o777).toBe(0o600);
    expect((await line(['whoami', '--json'])).json()).toMatchObject({
      role: 'spend',
      account: 'default',
      remote: served.url,
    });
    expect((await line(['balance', '--total', '--remote', served.url])).stdout).toBe(
      `${await available()}\n`,
    );
    fs.chmodSync(credentials, 0o644);
    expect((await line(['whoami', '--json'])).failure().code).toBe('invalid_argument');
    fs.chmodSync(credentials, 0o600);
    expect((await line(['logout', '--json'])).json()).toEqual({
      schema: 'credits.logout/v1',
      remote: served.url,
      removed: true,
    });
    expect(fs.readFileSync(credentials, 'utf8')).not.toContain('credits_');
    expect((await line(['whoami', '--json'])).code).toBe(2);
  });

  test('--no-topup is heard by the server, which looks by itself', async () => {
    const seen: string[] = [];
    const looking = await serve(t, { hooks: { afterWrite: async (account) => void seen.push(account) } });
    const env = { CREDITS_TOKEN: token, CREDITS_REMOTE: looking.url };
    const { hold } = (await line(['hold', '1', '--no-topup', '--json'], { env })).json();
    await line(['settle', hold, '--credits', '1', '--no-topup'], { env });
    expect((await line(['spend', '1', '--no-topup'], { env })).code).toBe(0);
    await sleep(100);
    expect(seen).toEqual([]);
    await line(['spend', '1'], { env });
    await vi.waitFor(() => expect(seen).toEqual(['default']));
    await looking.stop();
  });

  test('a token of one account means its own where none is named', async () => {
    await t.ledger.openAccount({ account: 'acme', plan: 'free', zone: 'UTC', anchorAt: null });
    const env = { CREDITS_TOKEN: await served.token('spend', 'acme'), CREDITS_REMOTE: served.url };
    expect((await line(['balance', '--json'], { env })).json().account).toBe('acme');
    expect((await line(['spend', '1', '--json'], { env })).json().account).toBe('acme');
    expect((await line(['holds', '--json'], { env })).json().account).toBe('acme');
    const imported = await line(['import', '-', '--json'], {
      env,
      stdin: '{"credits":1}\n{"credits":1,"account":"default"}\n',
    });
    expect([imported.code, imported.json().booked, imported.json().refused[0].code]).toEqual([
      8,
      1,
      'forbidden',
    ]);
    const other = await line(['balance', '-a', 'default', '--json'], { env });
    expect([other.code, other.failure().code]).toEqual([4, 'forbidden']);
    for (const words of [
      'accounts',
      'verify',
      'usage --by account',
      'cycle rollover --all',
      'grant 1 --source promotional',
      'balance --now 2026-01-01',
    ]) {
      expect([words, (await line(words.split(' '), { env })).code]).toEqual([words, 4]);
    }
  });
});
