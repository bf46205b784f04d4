import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countExactly, type ExactContent, type ExactWorld } from '../../../src/tokens/index.ts';

const KEY = 'sk-very-secret-0123456789';
const ENV = { ANTHROPIC_API_KEY: KEY, GEMINI_API_KEY: KEY, OPENAI_API_KEY: KEY };
const SONNET = { id: 'claude-sonnet-4', provider: 'anthropic' };
const GEMINI = { id: 'gemini-2.5-pro', provider: 'google' };
const GPT = { id: 'gpt-4o', provider: 'openai' };
const MODELS = [SONNET, GEMINI, GPT];

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A world whose fetch notes what is sent and gives one answer. */
function world(answer: () => Response | Promise<Response>, env: ExactWorld['env'] = ENV) {
  const sent: Sent[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    sent.push({
      url,
      headers: init.headers as Record<string, string>,
      body: JSON.parse(init.body as string),
    });
    return answer();
  };
  return { sent, env, fetch };
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify(body), { status, headers });

const HELLO: ExactContent = { text: 'hello', system: 'Be brief.' };

async function sentFor(model: typeof GPT, content: ExactContent): Promise<Sent> {
  const outside = world(json({ input_tokens: 14, totalTokens: 14 }));
  expect(await countExactly(model, content, outside)).toMatchObject({
    tokens: 14,
    low: 14,
    high: 14,
    method: 'exact',
  });
  expect(outside.sent.length).toBe(1);
  return outside.sent[0]!;
}

describe('what is asked', () => {
  test('Anthropic, a text', async () => {
    expect(await sentFor(SONNET, HELLO)).toMatchObject({
      url: 'https://api.anthropic.com/v1/messages/count_tokens',
      headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
      body: {
        model: 'claude-sonnet-4-20250514',
        system: 'Be brief.',
        messages: [{ role: 'user', content: 'hello' }],
      },
    });
  });

  test('Anthropic, a request: without what shapes the answer only, with everything else', async () => {
    const body = {
      model: 'claude-sonnet-4-20250522',
      max_tokens: 1000,
      temperature: 0,
      stream: true,
      thinking: { type: 'enabled', budget_tokens: 2000 },
      messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', data: 'AAAA' } }] }],
    };
    const { max_tokens: _, temperature: __, stream: ___, ...counted } = body;
    expect((await sentFor(SONNET, { request: body })).body).toEqual(counted);
  });

  test('Gemini, a text and a request', async () => {
    const url = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:countTokens';
    const contents = [{ role: 'user', parts: [{ text: 'hello' }] }];
    expect(await sentFor(GEMINI, { text: 'hello' })).toMatchObject({
      url,
      headers: { 'x-goog-api-key': KEY },
      body: { contents },
    });
    expect((await sentFor(GEMINI, HELLO)).body).toEqual({
      generateContentRequest: {
        model: 'models/gemini-2.5-pro',
        contents,
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
      },
    });
    const request = { contents, tools: [{ functionDeclarations: [{ name: 'f' }] }] };
    expect((await sentFor(GEMINI, { request })).body).toEqual({
      generateContentRequest: { ...request, model: 'models/gemini-2.5-pro' },
    });
  });

  test('OpenAI, a text and a responses request', async () => {
    expect(await sentFor(GPT, HELLO)).toMatchObject({
      url: 'https://api.openai.com/v1/responses/input_tokens',
      headers: { authorization: `Bearer ${KEY}` },
      body: { model: 'gpt-4o', instructions: 'Be brief.', input: 'hello' },
    });
    const request = { input: 'hi', previous_response_id: 'r_1', store: false, max_output_tokens: 9 };
    expect((await sentFor(GPT, { request })).body).toEqual({
      model: 'gpt-4o',
      input: 'hi',
      previous_response_id: 'r_1',
    });
  });

  test('OpenAI, a chat request: as the responses request of the same content', async () => {
    const request = {
      model: 'gpt-4o-2024-08-06',
      temperature: 1,
      messages: [
        { role: 'system', content: 'rules' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'ok' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
    };
    expect((await sentFor(GPT, { request })).body).toEqual({
      model: 'gpt-4o-2024-08-06',
      input: [
        { role: 'system', content: 'rules' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'hi' },
            { type: 'input_image', image_url: 'https://example.org/a.png', detail: 'low' },
          ],
        },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'ok' },
      ],
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }],
      tool_choice: { type: 'function', name: 'f' },
      text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' } } },
    });
  });

  test.each([
    ['https://proxy.example.org', 'https://proxy.example.org/v1/responses/input_tokens'],
    ['https://proxy.example.org/v1/', 'https://proxy.example.org/v1/responses/input_tokens'],
    ['https://proxy.example.org/openai', 'https://proxy.example.org/openai/v1/responses/input_tokens'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/v1/responses/input_tokens'],
    ['http://[::1]:8080', 'http://[::1]:8080/v1/responses/input_tokens'],
  ])('at %s', async (base, url) => {
    const outside = world(json({ input_tokens: 1 }), { ...ENV, OPENAI_BASE_URL: base });
    await countExactly(GPT, HELLO, outside);
    expect(outside.sent[0]!.url).toBe(url);
  });

  test('Gemini takes its key from either variable', async () => {
    const outside = world(json({ totalTokens: 0 }), { GOOGLE_API_KEY: KEY });
    expect((await countExactly(GEMINI, HELLO, outside)).tokens).toBe(0);
  });
});

/** The refusal of a count; nothing of it may show the key or the text. */
async function refusal(
  model: typeof GPT,
  content: ExactContent,
  outside: ExactWorld,
): Promise<Record<string, unknown>> {
  const error: unknown = await countExactly(model, content, outside).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  const { code, message, hint, details, stack } = error as Record<string, unknown>;
  const shown = JSON.stringify({ message, hint, details, stack });
  expect(shown).not.toContain(KEY);
  expect(shown).not.toContain('hello');
  return { code, message, hint, details };
}

describe('failures', () => {
  test.each([
    [401, 'unauthenticated'],
    [403, 'unauthenticated'],
    [429, 'rate_limited'],
    [400, 'invalid_argument'],
    [404, 'invalid_argument'],
    [413, 'invalid_argument'],
    [408, 'remote_unreachable'],
    [500, 'remote_unreachable'],
    [503, 'remote_unreachable'],
    [529, 'remote_unreachable'],
  ])('%i is %s', async (status, code) => {
    for (const model of MODELS) {
      const outside = world(
        json({ error: { message: `bad key ${KEY}\n\u001b[31mred` }, input_tokens: 9 }, status),
      );
      const refused = await refusal(model, HELLO, outside);
      expect(refused).toMatchObject({ code, details: { status } });
      expect(refused.message).not.toMatch(/\p{Cc}/u);
      expect(outside.sent.length).toBe(1);
    }
  });

  test("a refused body is reported in the provider's own words, and a missing model with a hint", async () => {
    const refused = await refusal(GPT, HELLO, world(json({ error: { message: 'input is too long' } }, 400)));
    expect(refused.message).toBe('openai refuses to count this (400): input is too long');
    expect((await refusal(GPT, HELLO, world(json({}, 404)))).hint).toMatch(/dated id/);
  });

  test('a rate limit says how long to wait, if the provider does', async () => {
    const waiting = await refusal(GPT, HELLO, world(json({}, 429, { 'retry-after': '7' })));
    expect(waiting.details).toEqual({ provider: 'openai', status: 429, retryAfterSeconds: 7 });
    const silent = await refusal(GPT, HELLO, world(json({}, 429)));
    expect(silent.details).toEqual({ provider: 'openai', status: 429 });
  });

  test.each([
    ['no JSON', () => new Response('<html>')],
    ['no count', json({ object: 'response.input_tokens' })],
    ['half a token', json({ input_tokens: 1.5, totalTokens: 1.5 })],
    ['less than nothing', json({ input_tokens: -1, totalTokens: -1 })],
    ['text', json({ input_tokens: '14', totalTokens: '14' })],
  ])('an answer that holds %s is no count', async (_, answer) => {
    for (const model of MODELS) {
      expect(await refusal(model, HELLO, world(answer))).toMatchObject({ code: 'remote_unreachable' });
    }
  });

  test('a broken connection names the error code and nothing else', async () => {
    const cause = Object.assign(new Error(`could not send ${KEY}`), { code: 'ECONNREFUSED' });
    const broken = world(() => Promise.reject(new TypeError(`fetch failed for ${KEY}`, { cause })));
    expect((await refusal(GPT, HELLO, broken)).message).toBe(
      'no exact count by openai: the connection failed (ECONNREFUSED)',
    );
  });

  test('an interruption by the user stays what it is', async () => {
    const stopped = new DOMException('stopped', 'AbortError');
    await expect(
      countExactly(
        GPT,
        HELLO,
        world(() => Promise.reject(stopped)),
      ),
    ).rejects.toBe(stopped);
  });

  test.each([
    [SONNET, {}, 'ANTHROPIC_API_KEY'],
    [GEMINI, { GEMINI_API_KEY: ' ' }, 'GEMINI_API_KEY or GOOGLE_API_KEY'],
    [GPT, { ANTHROPIC_API_KEY: KEY }, 'OPENAI_API_KEY'],
    [GPT, { OPENAI_API_KEY: `${KEY}\nx` }, 'OPENAI_API_KEY'],
  ])('without a usable key nothing is sent: %o', async (model, env, names) => {
    const outside = world(json({ input_tokens: 1 }), env);
    const refused = await refusal(model, HELLO, outside);
    expect(refused.code).toBe('invalid_argument');
    expect(refused.message).toContain(names);
    expect(outside.sent).toEqual([]);
  });

  test.each([
    'http://example.org',
    'http://127.0.0.1.example.org',
    'ftp://localhost',
    'no address',
    `https://u:${KEY}@example.org`,
  ])('nothing is sent to %s', async (base) => {
    const outside = world(json({ input_tokens: 1 }), { ...ENV, OPENAI_BASE_URL: base });
    expect(await refusal(GPT, HELLO, outside)).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('OPENAI_BASE_URL'),
    });
    expect(outside.sent).toEqual([]);
  });

  test.each([
    [{ id: 'openrouter/openai/gpt-4o', provider: 'openrouter' }, HELLO],
    [{ id: 'house', provider: 'constructor' }, HELLO],
    [SONNET, { request: { contents: [] } }],
    [SONNET, { request: { messages: [{ role: 'system', content: 'x' }] } }],
    [GEMINI, { request: { messages: [] } }],
    [GPT, { request: { system: 'x', messages: [] } }],
    [GPT, { request: { messages: [{ role: 'function', name: 'f', content: 'x' }] } }],
    [GPT, { request: { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] } }],
    [GPT, { request: 'hi' }],
  ] as [typeof GPT, ExactContent][])('%o refuses %o before anything is sent', async (model, content) => {
    const outside = world(json({ input_tokens: 1 }));
    expect(await refusal(model, content, outside)).toMatchObject({ code: 'invalid_argument' });
    expect(outside.sent).toEqual([]);
  });
});

describe('over a socket', () => {
  let server: Server;
  let base: string;
  const seen: { url: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        seen.push({ url: request.url, headers: request.headers, body });
        if (request.url?.startsWith('/silent') === true) return;
        if (request.url?.startsWith('/moved') === true) {
          response.writeHead(307, { location: `${base}/elsewhere` }).end();
          return;
        }
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":8}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const at = (path: string, more: Partial<ExactWorld> = {}): ExactWorld => ({
    env: { ...ENV, OPENAI_BASE_URL: `${base}${path}` },
    fetch,
    ...more,
  });

  test('a count', async () => {
    expect(await countExactly(GPT, HELLO, at(''))).toEqual({
      tokens: 8,
      low: 8,
      high: 8,
      method: 'exact',
      how: 'api:openai',
    });
    const last = seen.at(-1)!;
    expect([last.url, last.headers.authorization]).toEqual(['/v1/responses/input_tokens', `Bearer ${KEY}`]);
    expect(JSON.parse(last.body)).toEqual({ model: 'gpt-4o', instructions: 'Be brief.', input: 'hello' });
  });

  test('a redirect is not followed: it would carry the key away', async () => {
    const before = seen.length;
    expect(await refusal(GPT, HELLO, at('/moved'))).toMatchObject({ code: 'remote_unreachable' });
    expect(seen.length).toBe(before + 1);
  });

  test('silence ends by the timeout', async () => {
    expect(await refusal(GPT, HELLO, at('/silent', { timeoutMs: 50 }))).toMatchObject({
      code: 'remote_unreachable',
      message: 'no exact count by openai: no answer within 0.05 s',
    });
  });

  test('nobody there', async () => {
    const closed = at('', { env: { ...ENV, OPENAI_BASE_URL: 'http://127.0.0.1:1' } });
    expect(await refusal(GPT, HELLO, closed)).toMatchObject({ code: 'remote_unreachable' });
  });
});
