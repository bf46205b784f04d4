import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectedOutput } from '../../src/cli/commands/estimate.ts';
import { parseEstimate } from '../../src/cli/commands/estimate-flags.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const folder = temporaryFolder();
const credits = commandLine(folder);
const file = (name: string, content: string | Uint8Array): string => {
  const where = path.join(folder, name);
  writeFileSync(where, content);
  return where;
};

const parse = (
  options: Record<string, string | boolean | string[]>,
  args: string[] = [],
  model: string | null = null,
) => parseEstimate({ args, options, now: 0, key: null, model });

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isLedgerError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('the flags of estimate', () => {
  test('tokens that are given', () => {
    expect(parse({ model: 'haiku', inputTokens: '1200', outputTokens: '300' })).toEqual({
      model: 'haiku',
      source: { kind: 'given', tokens: 1200 },
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 300,
      maxOutputTokens: null,
      compare: false,
      budget: null,
      check: false,
      exact: false,
    });
  });

  test.each([
    ['a prompt', { args: ['hi'] }, { prompt: 'hi', files: [], system: null, asksPrompt: false }],
    ['an empty prompt', { args: [''] }, { prompt: '', files: [], system: null, asksPrompt: false }],
    ['nothing', {}, { prompt: null, files: [], system: null, asksPrompt: true }],
    [
      'system text alone',
      { options: { system: 's' } },
      { prompt: null, files: [], system: 's', asksPrompt: true },
    ],
    [
      'files',
      { options: { file: ['a', 'b'] } },
      { prompt: null, files: ['a', 'b'], system: null, asksPrompt: false },
    ],
    [
      'files beside a prompt',
      { args: ['hi'], options: { file: ['a'] } },
      { prompt: 'hi', files: ['a'], system: null, asksPrompt: false },
    ],
  ])('%s', (_, { args = [], options = {} }: { args?: string[]; options?: object }, source) => {
    expect(parse({ model: 'm', ...options }, args).source).toEqual({ kind: 'texts', ...source });
  });

  test('CREDITS_MODEL stands for -m, and -m beats it', () => {
    expect(parse({ inputTokens: '1' }, [], 'mini').model).toBe('mini');
    expect(parse({ inputTokens: '1', model: 'haiku' }, [], 'mini').model).toBe('haiku');
  });

  test.each<[Record<string, string | boolean | string[]>, string[], RegExp]>([
    [{ inputTokens: '1' }, [], /name one with -m/],
    [{ model: 'm', inputTokens: '1' }, ['hi'], /--input-tokens .* prompt/],
    [{ model: 'm', inputTokens: '1', file: ['a'] }, [], /--input-tokens .* --file/],
    [{ model: 'm', inputTokens: '1', request: 'r' }, [], /--input-tokens .* --request/],
    [{ model: 'm', request: 'r' }, ['hi'], /--request is the whole input; a prompt/],
    [{ model: 'm', request: 'r', system: 's' }, [], /--request is the whole input; --system/],
    [
      { model: 'm', inputTokens: '10', cachedTokens: '6', cacheWriteTokens: '5' },
      [],
      /11 cached tokens .* 10/,
    ],
    [
      { model: 'm', inputTokens: '1', outputTokens: '5', maxOutputTokens: '4' },
      [],
      /5 expected .* 4 allowed/,
    ],
    [{ model: 'm', inputTokens: '1', exact: true }, [], /--exact counts a text/],
    [{ compare: true, exact: true }, ['hi'], /--exact counts for one model/],
    [{ model: 'm', file: ['-'] }, ['-'], /stdin .* once/],
    [{ model: 'm', system: '-' }, [], /stdin is read as the prompt/],
    [{ model: 'm', inputTokens: '1e3' }, [], /--input-tokens "1e3"/],
    [{ model: 'm', inputTokens: '-5' }, [], /--input-tokens "-5"/],
    [{ model: 'm', inputTokens: '1000000001' }, [], /no token count/],
    [{ model: 'm', inputTokens: '1', budget: '1,000' }, [], /--budget "1,000"/],
    [{ model: 'm', inputTokens: '1', budget: '-5' }, [], /--budget "-5"/],
  ])('%j %j is refused', (options, args, message) => {
    const said = refusal(() => parse(options, args));
    expect(said).toMatch(/^invalid_argument: /);
    expect(said).toMatch(message);
  });

  test('a request may name its model, and a comparison needs none', () => {
    expect(refusal(() => parse({ request: 'r' }))).toBe('accepted');
    expect(refusal(() => parse({ compare: true }, ['hi']))).toBe('accepted');
  });
});

describe('estimate without a ledger', () => {
  test('reads as the contract prints it, and reads no stdin', async () => {
    const line = ['estimate', '--model', 'haiku', '--input-tokens', '1200', '--output-tokens', '300'];
    expect(await credits(line)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: 'Claude Haiku   1,200 in + 300 out = 0.675 credits   (0.25 / 1.25 per 1K)\n',
    });
  });

  test('gives every field of the document', async () => {
    const { json, stderr } = await credits([
      'est',
      '-m',
      'haiku',
      '--input-tokens',
      '1200',
      '--output-tokens',
      '300',
      '--json',
    ]);
    expect(stderr).toBe('');
    expect(json()).toEqual({
      schema: 'credits.estimate/v1',
      model: 'claude-haiku',
      provider: 'anthropic',
      inputTokens: 1200,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 300,
      inputMethod: 'given',
      method: 'given',
      rates: { input: 0.25, output: 1.25 },
      inputCredits: 0.3,
      outputCredits: 0.375,
      credits: 0.675,
      low: 0.675,
      high: 0.675,
      worstCase: 5.42,
      listCredits: 0.675,
      byok: false,
      available: null,
      affordable: null,
    });
  });

  test('says the output it assumed, each time, and less where less is allowed', async () => {
    const { stderr, json } = await credits(['estimate', '-m', 'haiku', '--input-tokens', '0', '--json']);
    expect(stderr).toMatch(/^assumed 500 output tokens/);
    expect(json()).toMatchObject({ outputTokens: 500, credits: 0.625 });
    const capped = await credits([
      'estimate',
      '-m',
      'haiku',
      '--input-tokens',
      '0',
      '--max-output-tokens',
      '200',
      '--json',
    ]);
    expect(capped.stderr).toMatch(/^assumed 200 output tokens, the most that is allowed/);
    expect(capped.json()).toMatchObject({ outputTokens: 200, credits: 0.25, worstCase: 0.25 });
    expect((await credits(['estimate', '-m', 'haiku', '--input-tokens', '0', '-q'])).stderr).toBe('');
  });

  test('counts GPT-4o exactly and a Claude model with a range', async () => {
    const exact = (await credits(['estimate', 'hello', '-m', 'gpt-4o', '--json'])).json();
    expect(exact).toMatchObject({ inputTokens: 1, inputMethod: 'exact', method: 'o200k' });
    expect([exact.low, exact.high]).toEqual([exact.credits, exact.credits]);
    const prompt = 'The quick brown fox jumps over the lazy dog, and then it sleeps in the sun for a while.';
    const range = await credits(['estimate', prompt, '-m', 'sonnet', '--output-tokens', '10']);
    expect(range.stdout).toMatch(/^Claude Sonnet 4 {3}~\d+ in \+ 10 out = [\d.]+ credits/);
    expect(range.stdout).toMatch(
      /\nBetween [\d.]+ and [\d.]+: the input is counted approximately \(o200k × claude/,
    );
    const json = (await credits(['estimate', prompt, '-m', 'sonnet', '--json'])).json();
    expect(json.inputMethod).toBe('approximate');
    expect(json.low).toBeLessThan(json.credits);
    expect(json.high).toBeGreaterThan(json.credits);
    expect(json.worstCase).toBeGreaterThan(json.high);
  });

  test('adds up system text, files and prompt', async () => {
    const count = async (...more: string[]): Promise<number> =>
      (await credits(['estimate', '-m', '4o', '--json', ...more])).json().inputTokens;
    const [one, two, system] = [
      file('one.txt', 'One file of text.\r\n'),
      file('two.txt', 'Another.'),
      file('s.txt', 'Be brief.'),
    ];
    const parts = [
      await count('--file', one),
      await count('--file', two),
      await count('hi', '--system', system),
      await count('hi'),
    ];
    expect(parts.every((part) => part > 0)).toBe(true);
    expect(await count('hi', '--file', one, '--file', two, '--system', system)).toBe(
      parts[0]! + parts[1]! + parts[2]!,
    );
  });

  test('reads stdin where nothing else was given, and `-` always', async () => {
    const stdin = 'hello world';
    const implied = await credits(['estimate', '-m', '4o', '--json'], { stdin });
    expect(implied.json().inputTokens).toBe(2);
    expect((await credits(['estimate', '-', '-m', '4o', '--json'], { stdin })).stdout).toBe(implied.stdout);
    const empty = await credits(['estimate', '-m', 'haiku', '--json'], { stdin: '' });
    expect(empty.json()).toMatchObject({ inputTokens: 0, inputMethod: 'given', credits: 0.625 });
  });

  test.each([
    ['a folder', () => folder, /it is a folder/],
    ['no such file', () => path.join(folder, 'nope'), /there is no such file/],
    ['a picture', () => file('a.png', Buffer.from('89504e470d0a1a0a', 'hex')), /no text: it is a PNG image/],
    ['bytes that are no text', () => file('b.bin', Buffer.from([0xc3, 0x28])), /no text: .*UTF-8/],
  ])('refuses %s with the reason', async (_, where, reason) => {
    const { code, stdout, failure } = await credits(['estimate', '-m', '4o', '--file', where(), '--json']);
    expect([code, stdout]).toEqual([2, '']);
    expect(failure()).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(reason) });
  });

  test('counts the framing of a request, on the model that it names', async () => {
    const body = JSON.stringify({
      model: 'gpt-4o-2024-08-06',
      messages: [{ role: 'user', content: 'hello' }],
    });
    const named = await credits(['estimate', '--request', file('body.json', body), '--json']);
    expect(named.json()).toMatchObject({
      model: 'gpt-4o',
      inputTokens: 8,
      framingTokens: 7,
      inputMethod: 'exact',
    });
    expect(named.stderr).toMatch(/of the 8 input tokens, 7 are not text/);
    const other = await credits(['estimate', '--request', '-', '-m', 'haiku', '--json'], { stdin: body });
    expect(other.json()).toMatchObject({ model: 'claude-haiku', inputMethod: 'approximate' });
    const broken = await credits(['estimate', '--request', '-', '-m', 'haiku', '--json'], { stdin: 'hello' });
    expect(broken.failure().message).toMatch(/is no JSON/);
    const nameless = await credits(['estimate', '--request', '-', '--json'], { stdin: '{"messages":[]}' });
    expect(nameless.failure()).toMatchObject({ code: 'invalid_argument' });
  });

  test('compares every model, cheapest first', async () => {
    const { json, stdout } = await credits([
      'estimate',
      '--compare',
      '--input-tokens',
      '1000',
      '--output-tokens',
      '1000',
      '--json',
    ]);
    expect(stdout).not.toMatch(/\n./);
    expect(
      json().estimates.map((each: { model: string; credits: number }) => [each.model, each.credits]),
    ).toEqual([
      ['gemini-2.5-flash', 0.75],
      ['gpt-4o-mini', 0.75],
      ['claude-haiku', 1.5],
      ['gemini-2.5-pro', 11.25],
      ['gpt-4o', 12.5],
      ['claude-sonnet-4', 18],
    ]);
    const table = await credits([
      'estimate',
      '--compare',
      '--input-tokens',
      '1000',
      '--output-tokens',
      '1000',
    ]);
    expect(table.stdout.split('\n').map((line) => line.trimEnd())).toContain(
      'Claude Haiku       1,000   1,000       1.5         5.37   0.25 / 1.25',
    );
  });

  test.each([
    ['over', ['-m', 'haiku', '--budget', '0.674999'], 3],
    ['exactly', ['-m', 'haiku', '--budget', '0.675'], 0],
    [
      'the worst case, where the most output is told',
      ['-m', 'haiku', '--max-output-tokens', '301', '--budget', '0.675'],
      3,
    ],
    ['the cheapest of a comparison', ['--compare', '--budget', '0.36'], 0],
    ['the named one of a comparison', ['--compare', '-m', 'haiku', '--budget', '0.36'], 3],
  ])('--budget: %s', async (_, more, expected) => {
    const line = ['estimate', '--input-tokens', '1200', '--output-tokens', '300', '--json', ...more];
    const { code, json, failure } = await credits(line);
    expect(code).toBe(expected);
    expect(json().schema).toBe('credits.estimate/v1');
    if (code === 3)
      expect(failure()).toMatchObject({ code: 'check_failed', details: { budget: Number(more.at(-1)) } });
  });

  test('--check without a ledger is no_ledger', async () => {
    const { code, stdout, failure } = await credits(['estimate', 'hi', '-m', 'haiku', '--check', '--json']);
    expect([code, stdout, failure().code]).toEqual([2, '', 'no_ledger']);
  });

  test('an unknown model is refused before anything is read, with near names', async () => {
    const { code, failure } = await credits(['estimate', '-m', 'sonet', '--json']);
    expect(code).toBe(2);
    expect(failure()).toMatchObject({
      code: 'unknown_model',
      hint: expect.stringContaining('claude-sonnet-4'),
    });
  });

  test.each([
    [['-m', 'flash'], /Gemini 2.5 Flash is priced below its provider: input 0.15, output 0.6/],
    [
      ['-m', 'gemini-pro', '--input-tokens', '200001'],
      /above 200,000 input tokens the provider asks 2.5 \/ 15/,
    ],
    [['-m', '4o', '--input-tokens', '128001'], /longer than GPT-4o takes: 128,000/],
    [['-m', 'haiku', '--output-tokens', '5000'], /Claude Haiku answers with 4,096 output tokens at most/],
  ])('%j is warned of on stderr, and not with -q', async (more, warning) => {
    const line = ['estimate', '--input-tokens', '10', '--json', ...more];
    const { code, stderr, json } = await credits(line);
    expect(code).toBe(0);
    expect(stderr).toMatch(warning);
    expect(json().schema).toBe('credits.estimate/v1');
    expect((await credits([...line, '-q'])).stderr).toBe('');
  });

  test('--exact needs nobody for a model whose tokenizer is here, and a key for others', async () => {
    expect((await credits(['estimate', 'hello', '--exact', '-m', '4o', '--json'])).json().inputMethod).toBe(
      'exact',
    );
    const { code, failure } = await credits(['estimate', 'hello', '--exact', '-m', 'haiku', '--json']);
    expect(code).toBe(2);
    expect(failure().message).toMatch(/ANTHROPIC_API_KEY/);
  });

  test('--exact asks the provider, and takes its count alone', async () => {
    const bodies: unknown[] = [];
    let status = 200;
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(JSON.parse(body));
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"input_tokens":14}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const env = {
      ANTHROPIC_API_KEY: 'sk-test',
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
    try {
      const line = [
        'estimate',
        'Hello',
        '--system',
        file('system.txt', 'Be brief.'),
        '--exact',
        '-m',
        'haiku',
        '--json',
      ];
      const { json, stderr } = await credits(line, { env });
      expect(json()).toMatchObject({ inputTokens: 14, inputMethod: 'exact', method: 'api:anthropic' });
      expect([json().low, json().high]).toEqual([json().credits, json().credits]);
      expect(stderr).toMatch(/counts a text as one message, framing included/);
      expect(bodies).toMatchObject([{ system: 'Be brief.', messages: [{ role: 'user', content: 'Hello' }] }]);
      status = 500;
      const failed = await credits(line, { env });
      expect([failed.code, failed.stdout, failed.failure().code]).toEqual([75, '', 'remote_unreachable']);
    } finally {
      server.close();
    }
  });
});

describe('what a request body allows the model to answer', () => {
  const hello = [{ role: 'user', content: 'hello' }];
  test.each([
    ['OpenAI chat', { messages: hello, max_tokens: 40 }, 40],
    ['OpenAI chat, the newer field wins', { messages: hello, max_tokens: 9, max_completion_tokens: 40 }, 40],
    ['OpenAI responses', { input: 'hello', max_output_tokens: 40 }, 40],
    ['Anthropic', { system: 'x', messages: hello, max_tokens: 40 }, 40],
    ['Gemini', { contents: [{ parts: [{ text: 'hello' }] }], generationConfig: { maxOutputTokens: 40 } }, 40],
    ['null says nothing', { messages: hello, max_tokens: null }, null],
  ])('%s', async (name, body, most) => {
    const request = file(`max ${name}.json`, JSON.stringify(body));
    const line = ['estimate', '-m', '4o', '--request', request, '--budget', '0.5', '--json'];
    const { code, json, stderr } = await credits(line);
    const { outputTokens, inputTokens, worstCase } = json();
    expect(outputTokens).toBe(most ?? 500);
    expect(worstCase).toBe((inputTokens * 2.5 + (most ?? 16_384) * 10) / 1000);
    expect(code).toBe(most === null ? 3 : 0);
    expect(stderr).toMatch(
      most === null ? /assumed 500 output tokens:/ : /assumed 40 .* the most that is allowed/,
    );
    // The flag wins over the body.
    const told = await credits([...line, '--max-output-tokens', '200']);
    expect([told.json().outputTokens, told.code]).toEqual([200, 3]);
  });

  test.each([[0], [1.5], ['40'], [-1]])('%j is no such number', async (max_tokens) => {
    const request = file('bad max.json', JSON.stringify({ messages: hello, max_tokens }));
    const { code, failure } = await credits(['estimate', '-m', '4o', '--request', request, '--json']);
    expect([code, failure().message]).toEqual([
      2,
      expect.stringMatching(/request: max_tokens must be a whole/),
    ]);
  });

  test('more cannot be expected', async () => {
    const request = file('max.json', JSON.stringify({ messages: hello, max_tokens: 40 }));
    const { code, failure } = await credits([
      'estimate',
      '-m',
      '4o',
      '--request',
      request,
      '--output-tokens',
      '41',
      '--json',
    ]);
    expect([code, failure().message]).toEqual([
      2,
      '41 expected output tokens are more than the 40 allowed by the request',
    ]);
  });
});

test('no more output is assumed than the model gives', () => {
  const request = parse({ model: 'm', inputTokens: '1' });
  expect([
    expectedOutput(request, 100),
    expectedOutput(request, 4_096),
    expectedOutput(request, null),
  ]).toEqual([100, 500, 500]);
  expect(expectedOutput(parse({ model: 'm', inputTokens: '1', outputTokens: '200' }), 100)).toBe(200);
});

test('a comparison names the models whose tariff is below their provider for so long an input', async () => {
  const line = (tokens: string) => [
    'estimate',
    '--compare',
    '--input-tokens',
    tokens,
    '--output-tokens',
    '1',
  ];
  expect((await credits(line('200001'))).stderr).toMatch(
    /for so long an input: gemini-2.5-pro, claude-sonnet-4\n/,
  );
  expect((await credits(line('200000'))).stderr).not.toMatch(/so long an input/);
});
