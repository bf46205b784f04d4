import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const price = (prompt: unknown, completion: unknown, more: object = {}) => ({ prompt, completion, ...more });
const GPT = {
  id: 'openai/gpt-5.4',
  name: 'OpenAI: GPT-5.4',
  context_length: 1050000,
  pricing: price('0.0000025', '0.000015'),
};
const AUTO = { id: 'openrouter/auto', pricing: price('-1', '-1') };
const FREE = { id: 'some/model:free', pricing: price('0', '0') };
const BAD = { id: 'acme/bad', pricing: price('-1', '-1', { input_cache_read: 'garbage' }) };
const TIERED = {
  id: 'acme/long',
  pricing: price('0.01', '0.02', { overrides: [{ min_prompt_tokens: 100, prompt: '0.03' }] }),
};

async function withLedger() {
  const home = temporaryFolder();
  const credits = commandLine(home);
  expect((await credits(['init'])).code).toBe(0);
  const load = (rows: unknown[], ...more: string[]) => {
    const file = path.join(home, 'models.json');
    writeFileSync(file, JSON.stringify({ data: rows }));
    return credits(['models', 'import', file, '--json', ...more]);
  };
  return { credits, load };
}

/** A price list that was last written after the moment of the clock. */
const AHEAD = '2026-05-01T09:00:00Z';
const setAhead = ['models', 'set', 'haiku', '--input', '0.25', '--output', '1.25', '--now', AHEAD];

describe('a price list ahead of the clock', () => {
  test('an import says from when its prices hold', async () => {
    const { credits, load } = await withLedger();
    expect((await load([GPT])).stderr).not.toContain('these prices');
    expect((await credits(setAhead)).code).toBe(0);
    expect((await load([GPT, FREE])).stderr).toContain('these prices hold from 2026-05-01T09:00:00.000Z on');
  });

  test.each([
    ['models set gpt-4o --input 2.5 --output 10', 'from 1 May 09:00 UTC.'],
    ['plan define studio --credits 3000 --price 29', 'from 1 May, in 51 days:'],
    ['packages set 5000 --credits 5000 --price 40', 'from 1 May, in 51 days:'],
  ])('%s says from when it holds', async (line, words) => {
    const { credits } = await withLedger();
    expect((await credits([...line.split(' '), '-n'])).stdout).toContain('from now on');
    expect((await credits(setAhead)).code).toBe(0);
    const { code, stdout } = await credits(line.split(' '));
    expect([code, stdout]).toEqual([0, expect.stringContaining(words)]);
  });

  test.each([
    ['models set gpt-4o --input 2.5 --output 10', 'from 1 Feb 00:00 UTC.'],
    ['plan define studio --credits 3000 --price 29', 'from 1 Feb, 38 days ago:'],
    ['packages set 5000 --credits 5000 --price 40', 'from 1 Feb, 38 days ago:'],
  ])('%s from an earlier day on says that day', async (line, words) => {
    const { credits } = await withLedger();
    const { code, stdout } = await credits([...line.split(' '), '--from', '2026-02-01']);
    expect([code, stdout]).toEqual([0, expect.stringContaining(words)]);
  });
});

describe('models import', () => {
  test('makes every listed model usable under its full id, at its exact price', async () => {
    const { credits, load } = await withLedger();
    const { code, json } = await load([GPT, FREE, AUTO]);
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      schema: 'credits.models/v1',
      read: 3,
      added: 3,
      changed: 0,
      unchanged: 0,
      unpriced: ['openrouter/openrouter/auto'],
      refused: [],
      receipt: expect.any(String),
    });
    const cost = async (model: string): Promise<number> =>
      (
        await credits(['estimate', '-m', model, '--input-tokens', '1000', '--output-tokens', '100', '--json'])
      ).json().credits;
    expect(await cost('openrouter/openai/gpt-5.4')).toBe(4);
    expect(await cost('OpenRouter/OpenAI/GPT-5.4-20260305')).toBe(4);
    expect(await cost('openrouter/some/model:free')).toBe(0);
    const compare = await credits([
      'estimate',
      '--compare',
      '--input-tokens',
      '10',
      '--output-tokens',
      '10',
      '--json',
    ]);
    expect(compare.json().estimates[0].model).toBe('openrouter/some/model:free');
    expect(compare.stderr).toMatch(/left out, without a price: openrouter\/openrouter\/auto/);
    expect((await credits(['verify'])).code).toBe(0);
  });

  test.each([
    ['openrouter/openrouter/auto', 'unpriced_model'],
    ['openrouter/some/model', 'unknown_model'],
    ['openrouter/openai/gpt-5.4:free', 'unknown_model'],
  ])('%s is refused: %s', async (model, refused) => {
    const { credits, load } = await withLedger();
    await load([GPT, FREE, AUTO]);
    const { code, failure } = await credits([
      'spend',
      '-m',
      model,
      '--input-tokens',
      '1',
      '--output-tokens',
      '1',
      '--json',
    ]);
    expect([code, failure().code]).toEqual([2, refused]);
  });

  test('a bad row ends with 8, is listed, and keeps no other out', async () => {
    const { credits, load } = await withLedger();
    const { code, json, failure } = await load([BAD, GPT]);
    expect(code).toBe(8);
    expect(json()).toMatchObject({
      added: 1,
      refused: [{ row: 'acme/bad', message: expect.stringMatching(/input_cache_read/) }],
    });
    expect(failure()).toMatchObject({ code: 'partly_refused', details: { refused: 1, read: 2 } });
    expect(failure().hint).toBe('the others are booked');
    const dry = await (await withLedger()).load([GPT, BAD], '--dry-run');
    expect([dry.code, dry.failure().hint]).toEqual([8, 'the others would be booked']);
    expect((await credits(['models', 'show', 'openrouter/openai/gpt-5.4', '--json'])).code).toBe(0);
  });

  test('a model whose id is an alias is refused by itself; a name that is taken gives way to the id', async () => {
    const { credits, load } = await withLedger();
    await credits(['models', 'alias', 'openrouter/some/model:free', 'haiku']);
    const { code, json } = await load([{ ...GPT, name: 'Claude Haiku' }, FREE]);
    expect([code, json().added, json().refused]).toEqual([
      8,
      1,
      [{ row: 'openrouter/some/model:free', message: 'claude-haiku is called so already' }],
    ]);
    const cost = async (model: string) =>
      (
        await credits(['estimate', '-m', model, '--input-tokens', '1000', '--output-tokens', '0', '--json'])
      ).json().credits;
    expect(await cost('Claude Haiku')).toBe(0.25);
    expect(await cost('openrouter/some/model:free')).toBe(0.25);
    expect(await cost('openrouter/openai/gpt-5.4')).toBe(2.5);
  });

  test('the same list again changes nothing; a new price is a dated row', async () => {
    const { credits, load } = await withLedger();
    await load([GPT, AUTO]);
    expect((await load([GPT, AUTO])).json()).toMatchObject({
      added: 0,
      changed: 0,
      unchanged: 2,
      receipt: null,
    });
    const dearer = { ...GPT, pricing: price('0.00003', '0.00018') };
    const { json, stderr } = await load([dearer, AUTO], '--now', '2026-04-01');
    expect(json()).toMatchObject({
      changed: 1,
      unchanged: 1,
      models: [{ model: 'openrouter/openai/gpt-5.4', input: 30 }],
    });
    expect(stderr).toMatch(/1 model moved more than tenfold: openrouter\/openai\/gpt-5.4/);
    const { history } = (await credits(['models', 'show', 'openrouter/openai/gpt-5.4', '--json'])).json();
    expect(history.map((row: { input: number }) => row.input)).toEqual([2.5, 30]);
    const gone = { ...GPT, pricing: price('-1', '-1') };
    await load([gone], '--now', '2026-05-01');
    const late = await credits([
      'estimate',
      '-m',
      'openrouter/openai/gpt-5.4',
      '--input-tokens',
      '1',
      '--json',
      '--now',
      '2026-05-02',
    ]);
    expect(late.failure().code).toBe('unpriced_model');
  });

  test('a key books once, a dry run nothing', async () => {
    const { credits, load } = await withLedger();
    const dry = await load([GPT], '--dry-run');
    expect(dry.json()).toMatchObject({ added: 1, receipt: null, dryRun: true });
    expect((await credits(['models', '--json'])).json().models).toHaveLength(6);
    const first = await load([GPT], '--key', 'k');
    expect((await load([GPT], '--key', 'k')).json()).toMatchObject({
      replayed: true,
      receipt: first.json().receipt,
    });
    expect((await load([FREE], '--key', 'k')).failure().code).toBe('key_reused');
  });

  test('says what a rate card cannot hold, and where the own tariff is cheaper', async () => {
    const { load } = await withLedger();
    const flash = {
      id: 'google/gemini-2.5-flash',
      pricing: price('0.0000003', '0.0000025', { request: '0.001' }),
    };
    const hours = {
      id: 'acme/night',
      pricing: price('0.01', '0.02', { overrides: [{ utc_start: '0000', utc_end: '0600', prompt: '1' }] }),
    };
    const { stderr } = await load([hours, flash]);
    expect(stderr).toMatch(/1 model with prices by day or hour.*: openrouter\/acme\/night/);
    expect(stderr).toMatch(/1 model with a fee per call.*: openrouter\/google\/gemini-2.5-flash/);
    expect(stderr).toMatch(
      /gemini-2.5-flash is priced 0.15 \/ 0.6 .* below the 0.3 \/ 2.5 of openrouter\/google\/gemini-2.5-flash/,
    );
  });

  test('a long input pays its tier in estimate, spend and settle, and the books agree', async () => {
    const { credits, load } = await withLedger();
    const { stderr, json } = await load([TIERED]);
    expect(stderr).toMatch(/1 model with prices of their own for long inputs: openrouter\/acme\/long/);
    expect(json().models[0].tiers).toEqual([
      { aboveInputTokens: 100, input: 30_000, output: 20_000, cacheRead: null, cacheWrite: null },
    ]);
    await credits(['grant', '1000000', '--source', 'promotional']);
    const call = (input: string) => [
      '-m',
      'openrouter/acme/long',
      '--input-tokens',
      input,
      '--output-tokens',
      '10',
    ];
    const cost = async (...args: string[]) => (await credits([...args, '--json'])).json().credits;
    for (const [input, expected] of [
      ['100', 1_200],
      ['101', 3_230],
    ] as const) {
      expect(await cost('estimate', ...call(input))).toBe(expected);
      expect(await cost('spend', ...call(input))).toBe(expected);
    }
    const held = (
      await credits([
        'hold',
        '-m',
        'openrouter/acme/long',
        '--input-tokens',
        '90',
        '--max-output-tokens',
        '10',
        '--json',
      ])
    ).json();
    const settled = (
      await credits(['settle', held.hold, '--input-tokens', '101', '--output-tokens', '10', '--json'])
    ).json();
    expect([held.credits, settled.credits, settled.overrun]).toEqual([1_100, 3_230, 2_130]);
    expect((await credits(['verify', '--json'])).json().ok).toBe(true);
    const near = await credits(['estimate', ...call('101')]);
    expect(near.stderr).toMatch(/above 100 input tokens every token of a call of .* costs 30000 \/ 20000/);
  });

  test.each([
    ['no JSON', 'hello', 'invalid_argument'],
    ['no list', '{"models":[]}', 'invalid_argument'],
  ])('%s on stdin is refused', async (_, stdin, refused) => {
    const { credits } = await withLedger();
    const { code, stdout, failure } = await credits(['models', 'import', '-', '--json'], { stdin });
    expect([code, stdout, failure().code]).toEqual([2, '', refused]);
  });
});

describe('models sync', () => {
  interface Page {
    readonly status?: number;
    readonly body: string;
    readonly location?: string;
  }
  const answers = new Map<string, Page>();
  const server = createServer((request, response) => {
    const { status = 200, body, location }: Page = answers.get(request.url!) ?? { status: 404, body: '' };
    const headers = { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) };
    response.writeHead(status, headers).end(body);
  });
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test('follows the pages to the last one', async () => {
    const { credits } = await withLedger();
    answers.set('/models', { body: JSON.stringify({ data: [GPT], links: { next: '/models?page=2' } }) });
    answers.set('/models?page=2', { body: JSON.stringify({ data: [FREE], links: { next: null } }) });
    const { json } = await credits(['models', 'sync', '--json'], {
      env: { OPENROUTER_MODELS_URL: `${base}/models` },
    });
    expect(json()).toMatchObject({ read: 2, added: 2 });
  });

  test.each<[string, string, Page | null, RegExp]>([
    ['a server error', '/broken', { status: 502, body: '' }, /it answered 502/],
    ['no JSON', '/text', { body: '<html>' }, /the answer is no JSON/],
    ['another document', '/other', { body: '{"models":[]}' }, /no list of models/],
    [
      'a page elsewhere',
      '/away',
      { body: '{"data":[],"links":{"next":"https://example.com/2"}}' },
      /another server/,
    ],
    // `/models` is a list: who followed would find one.
    ['a redirect', '/moved', { status: 302, body: '', location: '/models' }, /it redirects elsewhere/],
    ['a lasting redirect', '/gone', { status: 308, body: '', location: '/models' }, /it redirects elsewhere/],
    ['pages without end', '/loop', { body: '{"data":[],"links":{"next":"/loop"}}' }, /no last page/],
  ])('%s changes nothing and can be tried again', async (_, url, answer, message) => {
    const { credits } = await withLedger();
    if (answer !== null) answers.set(url, answer);
    const { code, stdout, failure } = await credits(['models', 'sync', '--json'], {
      env: { OPENROUTER_MODELS_URL: base + url },
    });
    expect([code, stdout]).toEqual([75, '']);
    expect(failure()).toMatchObject({ code: 'remote_unreachable', message: expect.stringMatching(message) });
    expect(failure().hint).toMatch(/nothing was changed; .*models import FILE/);
  });

  test('nobody there is said as it is; plain http goes to loopback only', async () => {
    const { credits } = await withLedger();
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const sync = (address: string) =>
      credits(['models', 'sync', '--json'], { env: { OPENROUTER_MODELS_URL: address } });
    expect((await sync(`http://127.0.0.1:${port}/`)).failure().message).toMatch(/ECONNREFUSED/);
    for (const address of [
      'http://example.com/models',
      'ftp://localhost/',
      'https://user:secret@example.com/',
      'nonsense',
    ]) {
      const { code, failure } = await sync(address);
      expect([address, code, failure().code]).toEqual([address, 2, 'invalid_argument']);
      expect(failure().message).not.toMatch(/secret/);
    }
  });
});
