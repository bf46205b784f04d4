import { describe, expect, test } from 'vitest';
import { readRequest } from '../../../src/tokens/request/read-request.ts';

const messages = [{ role: 'user', content: 'hi' }];

describe('the shape of a body', () => {
  test.each([
    ['openai-chat', { messages }],
    ['openai-chat', { model: 'claude-sonnet-4', messages: [{ role: 'system', content: 'x' }, ...messages] }],
    ['openai-chat', { messages, tools: [{ type: 'function', function: { name: 'f' } }] }],
    [
      'openai-chat',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: {} }] }] },
    ],
    ['openai-responses', { input: 'hi' }],
    [
      'openai-responses',
      { input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi' }] }], instructions: 'x' },
    ],
    ['anthropic', { messages, system: 'x' }],
    ['anthropic', { messages, system: [{ type: 'text', text: 'x' }], max_tokens: 10 }],
    ['anthropic', { messages, tools: [{ name: 'f', input_schema: { type: 'object' } }] }],
    [
      'anthropic',
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'ok' }] }] },
    ],
    ['gemini', { contents: [{ parts: [{ text: 'hi' }] }] }],
    [
      'gemini',
      { contents: { role: 'user', parts: [{ text: 'hi' }] }, system_instruction: { parts: { text: 'x' } } },
    ],
    ['gemini', { contents: 'hi' }],
  ])('%s', (shape, body) => {
    const request = readRequest(body);
    expect(request.shape).toBe(shape);
    expect(request.turns.flatMap(({ texts }) => texts)).not.toEqual([]);
  });
});

describe('content', () => {
  test('Anthropic: text, tools, results and search results count; thinking of earlier turns does not', () => {
    const { turns } = readRequest({
      system: [{ type: 'text', text: 'rules' }],
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'document',
              title: 'Log',
              source: { type: 'text', media_type: 'text/plain', data: 'day one' },
            },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 's' },
            { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'done' }] },
            {
              type: 'search_result',
              source: 'book',
              title: 'Ledger',
              content: [{ type: 'text', text: 'page' }],
            },
          ],
        },
      ],
    });
    expect(turns.map(({ role, texts, calls }) => ({ role, texts, calls }))).toEqual([
      { role: 'system', texts: ['rules'], calls: [] },
      { role: 'user', texts: ['Log', 'day one'], calls: [] },
      { role: 'assistant', texts: [], calls: [{ name: 'f', arguments: '{"a":1}' }] },
      { role: 'user', texts: ['done', 'Ledger', 'book', 'page'], calls: [] },
    ]);
  });

  test('OpenAI responses: items of every kind that holds text', () => {
    const { turns, tools } = readRequest({
      instructions: 'rules',
      input: [
        { role: 'user', content: 'hi' },
        {
          type: 'reasoning',
          id: 'r',
          encrypted_content: 'AAAA',
          summary: [{ type: 'summary_text', text: 'thought' }],
        },
        {
          type: 'message',
          role: 'assistant',
          content: [
            { type: 'output_text', text: 'well' },
            { type: 'refusal', refusal: 'no' },
          ],
        },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'ok' },
      ],
      tools: [{ type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } }],
    });
    expect(turns.map(({ role, texts, calls }) => [role, texts, calls.length])).toEqual([
      ['system', ['rules'], 0],
      ['user', ['hi'], 0],
      ['assistant', ['thought'], 0],
      ['assistant', ['well', 'no'], 0],
      ['assistant', [], 1],
      ['tool', ['ok'], 0],
    ]);
    expect(tools).toEqual([{ name: 'f', description: 'd', parameters: { type: 'object' } }]);
  });

  test('Gemini: both spellings, calls and responses, declarations and hosted tools', () => {
    const { turns, tools, extras, toolChoice } = readRequest({
      system_instruction: { parts: [{ text: 'rules' }] },
      contents: [
        { role: 'user', parts: [{ text: 'hi' }, { inline_data: { mime_type: 'image/png', data: 'AAAA' } }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'f', response: { ok: true } } }] },
      ],
      tools: [
        { function_declarations: [{ name: 'f', parameters: { type: 'OBJECT' } }] },
        { googleSearch: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    });
    expect(turns.map(({ role, texts, images, calls }) => [role, texts, images.length, calls.length])).toEqual(
      [
        ['system', ['rules'], 0, 0],
        ['user', ['hi'], 1, 0],
        ['assistant', [], 0, 1],
        ['user', ['f', '{"ok":true}'], 0, 0],
      ],
    );
    expect(tools.map(({ name }) => name)).toEqual(['f']);
    expect(extras).toEqual([{ googleSearch: {} }]);
    expect(toolChoice).toBe('required');
  });
});

describe('refusals', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`) as unknown;
  test.each([
    ['no object', null, /the body must be a JSON object/],
    ['a list', [], /the body must be a JSON object/],
    ['no known field', { prompt: 'hi' }, /none of the known shapes/],
    ['two shapes', { messages, contents: [] }, /mixes the shapes gemini and openai-chat/],
    [
      'two shapes of messages',
      { system: 'x', messages: [{ role: 'tool', content: 'x' }] },
      /mixes the shapes anthropic and openai-chat/,
    ],
    ['messages that are none', { messages: 'hi' }, /messages must be a list/],
    ['a message that is text', { messages: ['hi'] }, /messages\[0\] must be an object/],
    ['a message without a role', { messages: [{ content: 'hi' }] }, /messages\[0\]\.role must be text/],
    [
      'a number as content',
      { messages: [{ role: 'user', content: 5 }] },
      /messages\[0\]\.content must be a list/,
    ],
    [
      'audio',
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
      /messages\[0\]\.content\[0\] has the type "input_audio"/,
    ],
    [
      'a part of a strange type',
      { messages: [{ role: 'user', content: [{ type: 'constructor' }] }] },
      /type "constructor"/,
    ],
    [
      'a PDF',
      {
        system: '',
        messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', data: '' } }] }],
      },
      /content\[0\] is a document/,
    ],
    [
      'a strange block',
      { system: '', messages: [{ role: 'user', content: [{ type: 'toString' }] }] },
      /type "toString"/,
    ],
    [
      'a strange role',
      { system: '', messages: [{ role: 'narrator', content: '' }] },
      /messages\[0\]\.role must be "user" or "assistant"/,
    ],
    [
      'earlier turns elsewhere',
      { input: 'hi', previous_response_id: 'r' },
      /previous_response_id points at text that lies with the provider/,
    ],
    [
      'a reference',
      { input: [{ type: 'item_reference', id: 'i' }] },
      /input\[0\] has the type "item_reference"/,
    ],
    [
      'a video',
      { contents: [{ parts: [{ fileData: { fileUri: 'gs://x' } }] }] },
      /contents\[0\]\.parts\[0\] \(fileData\)/,
    ],
    [
      'a sound',
      { contents: [{ parts: [{ inlineData: { mimeType: 'audio/wav', data: '' } }] }] },
      /holds audio\/wav/,
    ],
    ['cached text', { contents: [], cachedContent: 'c' }, /cachedContent points at text/],
    [
      'a tool without a name',
      { messages, tools: [{ type: 'function', function: {} }] },
      /tools\[0\]\.function\.name must be text/,
    ],
    ['a bottomless body', { messages: [deep] }, /nests deeper than 200 levels/],
  ])('%s', (_, body, message) => {
    expect(() => readRequest(body)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });
});
