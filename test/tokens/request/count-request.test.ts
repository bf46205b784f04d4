import { beforeAll, describe, expect, test } from 'vitest';
import { loadEncoding } from '../../../src/tokens/encoding.ts';
import { countFor, countRequestFor, measure, measureRequest } from '../../../src/tokens/index.ts';

const GPT_4O = { id: 'gpt-4o', provider: 'openai' };
const GPT_4 = { id: 'gpt-4', provider: 'openai' };
const GPT_5 = { id: 'gpt-5', provider: 'openai' };
const SONNET = { id: 'claude-sonnet-4', provider: 'anthropic' };
const OPUS = { id: 'claude-opus-4-7', provider: 'anthropic' };
const HAIKU = { id: 'claude-haiku', provider: 'anthropic' };
const GEMINI = { id: 'gemini-2.5-flash', provider: 'google' };

let o200k: (text: string) => number;
let cl100k: (text: string) => number;
beforeAll(async () => {
  ({ count: o200k } = await loadEncoding('o200k'));
  ({ count: cl100k } = await loadEncoding('cl100k'));
});

const count = async (body: unknown, model = GPT_4O) => countRequestFor(model, await measureRequest(body));
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });

const TALK = {
  messages: [
    { role: 'system', content: 'You keep the books of a small harbour.' },
    { role: 'user', name: 'ines', content: 'How many crates came in on Tuesday?' },
    { role: 'assistant', content: 'Forty-two, and one of them was wet.' },
    { role: 'user', content: 'Which one?' },
  ],
};

const TOOL = {
  type: 'function',
  function: {
    name: 'crates_on',
    description: 'Counts the crates of one day.',
    parameters: {
      type: 'object',
      properties: {
        day: { type: 'string', description: 'The day, for example 2026-03-01.' },
        state: { type: 'string', description: 'Only crates in this state', enum: ['dry', 'wet'] },
      },
      required: ['day'],
    },
  },
};

describe('on OpenAI models', () => {
  test('one short message: its text and 7', async () => {
    expect(await count(user('hello'))).toEqual({
      tokens: 8,
      low: 8,
      high: 8,
      method: 'exact',
      how: 'o200k, with framing',
      textTokens: 1,
      framingTokens: 7,
      notes: [],
    });
  });

  test('messages: 3 and the role each, 1 and the name if named, 3 for the answer', async () => {
    for (const [model, tokensOf] of [
      [GPT_4O, o200k],
      [GPT_4, cl100k],
    ] as const) {
      const text = TALK.messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
      const framing = 4 * (3 + 1) + 1 + tokensOf('ines') + 3;
      const counted = await count(TALK, model);
      expect(counted).toMatchObject({ tokens: text + framing, framingTokens: framing, method: 'exact' });
    }
  });

  test('a tool, by the cookbook: 7 for it (10 on GPT-4), 3 for properties, 3 each, −3 and 3 each for an enum, 12', async () => {
    for (const [model, tokensOf, start] of [
      [GPT_4O, o200k, 7],
      [GPT_4, cl100k, 10],
    ] as const) {
      const plain = await count(TALK, model);
      const tool =
        start +
        tokensOf('crates_on:Counts the crates of one day') +
        3 +
        (3 + tokensOf('day:string:The day, for example 2026-03-01')) +
        (3 +
          tokensOf('state:string:Only crates in this state') -
          3 +
          3 +
          tokensOf('dry') +
          3 +
          tokensOf('wet')) +
        12;
      const counted = await count({ ...TALK, tools: [TOOL] }, model);
      expect(counted).toMatchObject({ tokens: plain.tokens + tool, textTokens: plain.textTokens });
      // The formula was checked on one example, so it is no exact count.
      expect(counted.method).toBe('approximate');
      expect(counted.low).toBeLessThan(counted.tokens);
      expect(counted.high).toBeGreaterThan(counted.tokens);
    }
  });

  test('the properties of nested objects and of list items count too', async () => {
    const nested = (property: unknown) => ({
      ...TALK,
      tools: [
        {
          type: 'function',
          function: { name: 'f', parameters: { type: 'object', properties: { p: property } } },
        },
      ],
    });
    const flat = (await count(nested({ type: 'object' }))).tokens;
    const inner = { type: 'object', properties: { weight: { type: 'number' } } };
    const more = 3 + 3 + o200k('weight:number:');
    expect((await count(nested(inner))).tokens).toBe(flat + more);
    const listed = (await count(nested({ type: 'array', items: inner }))).tokens;
    expect(listed).toBe(flat - o200k('p:object:') + o200k('p:array:') + more);
  });

  test('an assistant that called a tool, and the tool that answered', async () => {
    const body = {
      messages: [
        { role: 'user', content: 'And wet ones?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'crates_on', arguments: '{"state":"wet"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '1' },
      ],
    };
    const text = o200k('And wet ones?') + o200k('crates_on') + o200k('{"state":"wet"}') + o200k('1');
    expect(await count(body)).toMatchObject({
      textTokens: text,
      framingTokens: 3 * 4 + 3 + 3,
      method: 'approximate',
    });
  });

  test('newer chat formats are no exact framing, and say so by a small range', async () => {
    expect(await count(user('hello'), GPT_5)).toMatchObject({
      tokens: 8,
      low: 6,
      high: 10,
      method: 'approximate',
    });
    expect((await count(user('hello'), { id: 'gpt-4-0314', provider: 'openai' })).method).toBe('approximate');
    expect(
      (await count(user('hello'), { id: 'openrouter/openai/gpt-4o', provider: 'openrouter' })).method,
    ).toBe('exact');
  });
});

describe('on other models', () => {
  test('Claude: 7 beside the first message and its system text', async () => {
    const body = { system: 'Be brief.', messages: [{ role: 'user', content: 'Which crate was wet?' }] };
    const { textTokens, framingTokens } = await count(body, SONNET);
    const system = await countFor(SONNET, await measure('Be brief.'));
    expect(framingTokens).toBe(7);
    expect(textTokens).toBeGreaterThan(system.tokens);
    expect((await count(TALK, SONNET)).framingTokens).toBe(7 + 2 * 4);
  });

  test('Claude with tools: the system prompt of tools in place of the 7, by choice and model', async () => {
    const tools = [
      { name: 'crates_on', description: 'Counts crates', input_schema: { type: 'object', properties: {} } },
    ];
    const json = o200k(JSON.stringify(tools[0]));
    const body = { ...user('Which?'), tools };
    const framing = async (model: typeof SONNET, choice: unknown) =>
      (await count({ ...body, tool_choice: choice }, model)).framingTokens;
    expect(await framing(SONNET, { type: 'auto' })).toBe(346 + json);
    expect(await framing(SONNET, { type: 'none' })).toBe(346 + json);
    expect(await framing(SONNET, { type: 'any' })).toBe(313 + json);
    expect(await framing(SONNET, { type: 'tool', name: 'crates_on' })).toBe(313 + json);
    expect(await framing(HAIKU, { type: 'auto' })).toBe(264 + json);
    expect(await framing(HAIKU, { type: 'any' })).toBe(340 + json);
    expect(await framing(OPUS, { type: 'auto' })).toBeGreaterThan(346 + json);
  });

  test('Gemini: one token to start with', async () => {
    const body = { contents: [{ role: 'user', parts: [{ text: 'Which crate was wet?' }] }] };
    expect((await count(body, GEMINI)).framingTokens).toBe(1);
  });

  test('the same talk in any shape has the same text, and low ≤ tokens ≤ high everywhere', async () => {
    const texts = TALK.messages.map(({ content }) => content);
    const bodies = [
      TALK,
      {
        instructions: texts[0],
        input: texts.slice(1).map((content, at) => ({ role: at === 1 ? 'assistant' : 'user', content })),
      },
      {
        system: texts[0],
        messages: texts.slice(1).map((content, at) => ({ role: at === 1 ? 'assistant' : 'user', content })),
      },
      {
        systemInstruction: { parts: [{ text: texts[0] }] },
        contents: texts
          .slice(1)
          .map((text, at) => ({ role: at === 1 ? 'model' : 'user', parts: [{ text }] })),
      },
    ];
    for (const model of [
      GPT_4O,
      GPT_5,
      SONNET,
      OPUS,
      GEMINI,
      { id: 'openrouter/acme/wonder', provider: 'openrouter' },
    ]) {
      const counts = await Promise.all(bodies.map((body) => count(body, model)));
      expect(new Set(counts.map(({ textTokens }) => textTokens)).size).toBe(1);
      for (const { tokens, low, high, textTokens, framingTokens } of counts) {
        expect(low).toBeLessThanOrEqual(tokens);
        expect(tokens).toBeLessThanOrEqual(high);
        expect(textTokens + framingTokens).toBe(tokens);
      }
    }
  });
});

/** A PNG header of this size, as base64; no picture behind it. */
function png(width: number, height: number): string {
  const bytes = Buffer.alloc(33);
  bytes.write('\x89PNG\r\n\x1a\n', 0, 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes.toString('base64');
}

describe('images', () => {
  const openAi = (url: string, detail?: string) =>
    user([{ type: 'image_url', image_url: { url, ...(detail ? { detail } : {}) } }]);
  const inline = (width: number, height: number, detail?: string) =>
    openAi(`data:image/png;base64,${png(width, height)}`, detail);

  test.each([
    [1024, 1024, 765],
    [2048, 4096, 1105],
    [512, 512, 255],
    [64, 64, 255],
    [768, 768, 765],
    [4096, 512, 765],
  ])('%i × %i on GPT-4o cost %i', async (width, height, tokens) => {
    expect((await count(inline(width, height))).tokens).toBe(7 + tokens);
  });

  test('low detail is flat, and GPT-4o mini pays more tokens for the same', async () => {
    const mini = { id: 'gpt-4o-mini', provider: 'openai' };
    expect((await count(inline(3000, 3000, 'low'))).tokens).toBe(7 + 85);
    expect((await count(inline(3000, 3000, 'low'), mini)).tokens).toBe(7 + 2833);
    expect((await count(inline(1024, 1024), mini)).tokens).toBe(7 + 2833 + 4 * 5667);
  });

  test('Claude: pixels by 750, with a ceiling that is three times as high from 4.7 on', async () => {
    const image = (width: number, height: number) =>
      user([
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png(width, height) } },
      ]);
    expect((await count(image(750, 100), SONNET)).tokens).toBe(7 + 100);
    expect((await count(image(4000, 3000), SONNET)).tokens).toBe(7 + 1600);
    expect((await count(image(4000, 3000), OPUS)).tokens).toBe(7 + 4800);
  });

  test('Gemini: 258 for a small one, else 258 a tile', async () => {
    const image = (width: number, height: number) => ({
      contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: png(width, height) } }] }],
    });
    expect((await count(image(384, 384), GEMINI)).tokens).toBe(1 + 258);
    expect((await count(image(1000, 700), GEMINI)).tokens).toBe(1 + 2 * 258);
  });

  test('of unknown size: a range that holds every size', async () => {
    const { tokens, low, high, method } = await count(openAi('https://example.org/crate.png'));
    expect({ tokens, low, high, method }).toEqual({
      tokens: 7 + 765,
      low: 7 + 85,
      high: 7 + 85 + 8 * 170,
      method: 'approximate',
    });
  });

  test('base64 is never counted as text', async () => {
    const data = Buffer.alloc(300_000, 7).toString('base64');
    const { textTokens } = await count(openAi(`data:image/png;base64,${data}`));
    expect(textTokens).toBe(0);
  });
});

test('what the provider adds by itself is a note', async () => {
  const { notes, tokens } = await count({ ...user('hello'), tools: [{ type: 'web_search' }] });
  expect(notes).toEqual([expect.stringMatching(/^tools\[0\] \(web_search\)/)]);
  expect(tokens).toBeGreaterThan(8);
});

test('a request is tokenized once, however many models are asked for', async () => {
  let units = 0;
  const measured = await measureRequest({ ...TALK, tools: [TOOL] }, async (name) => {
    const encoding = await loadEncoding(name);
    const noting = (text: string) => {
      units += text.length;
      return encoding.count(text);
    };
    return { ...encoding, count: noting };
  });
  await countRequestFor(GPT_4O, measured);
  const once = units;
  for (let number = 0; number < 200; number += 1) {
    for (const model of [
      GPT_4O,
      GPT_5,
      SONNET,
      GEMINI,
      { id: `openrouter/acme/m${number}`, provider: 'openrouter' },
    ]) {
      await countRequestFor(model, measured);
    }
  }
  expect(units).toBe(once);
});
