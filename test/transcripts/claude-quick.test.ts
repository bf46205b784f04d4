import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readClaudeEntry } from '../../src/transcripts/claude-entry.ts';
import { quickAnswer } from '../../src/transcripts/claude-quick.ts';
import type { JsonObject } from '../../src/transcripts/json.ts';

const seed = 20_260_302;

/** Texts and objects that look like the fields around them. */
const lure = fc.constantFrom(
  'x',
  '"usage":{"input_tokens":9}',
  '],"stop_reason":"end_turn","usage":{"output_tokens":9}',
  '"content":[',
  '\\',
  '\\"',
  '{"type":"tool_use"}',
);
const lureObject = fc.constantFrom<unknown>(
  { usage: { input_tokens: 99 } },
  { stop_reason: 'x', usage: { input_tokens: 98 } },
  { content: [], stop_reason: null, usage: { input_tokens: 97 } },
  { type: 'tool_use' },
  { a: [1], stop_reason: 2 },
);
const block = fc.oneof(
  fc.record({ type: fc.constant('text'), text: lure }),
  fc.record({
    type: fc.constant('tool_use'),
    id: fc.constant('t'),
    input: fc.oneof(lureObject, fc.record({ text: lure })),
  }),
);
const usage = fc.record({ input_tokens: fc.nat(50), output_tokens: fc.nat(50) });
/** Fields of an answer in any order: only the API's own take the quick way. */
const message = fc
  .tuple(
    fc.record({
      id: fc.constantFrom('msg_1', 'msg_2', 'x\\'),
      model: fc.constant('m'),
      content: fc.array(block, { maxLength: 3 }),
      stop_reason: fc.constantFrom(null, 'end_turn'),
      usage,
    }),
    fc.boolean(),
    fc.nat(),
  )
  .map(([fields, inOrder, shift]) => {
    const names = Object.keys(fields) as (keyof typeof fields)[];
    const order = inOrder
      ? names
      : names.map((_, index) => names[(index * 2 + shift) % names.length] as keyof typeof fields);
    return Object.fromEntries(order.map((name) => [name, fields[name]]));
  });
const line = fc
  .record({
    parentUuid: lure,
    message,
    requestId: fc.constantFrom('r', undefined),
    timestamp: fc.constant('2026-03-01T10:00:00Z'),
  })
  .map((found) => JSON.stringify(found));

test('a line that is read the quick way is the same entry', () => {
  let quick = 0;
  fc.assert(
    fc.property(line, (text) => {
      const found = quickAnswer(Buffer.from(text));
      if (found === undefined) return;
      quick++;
      expect(readClaudeEntry(found)).toEqual(readClaudeEntry(JSON.parse(text) as JsonObject));
    }),
    { seed, numRuns: 3000 },
  );
  expect(quick).toBeGreaterThan(500);
});

test('an answer as the API orders it takes the quick way', () => {
  const content = [
    { type: 'text', text: 'x'.repeat(5000) },
    { type: 'tool_use', id: 't', name: 'Bash', input: {} },
  ];
  const answer = {
    model: 'm',
    id: 'msg',
    type: 'message',
    role: 'assistant',
    content,
    stop_reason: null,
    usage: { input_tokens: 1 },
  };
  const text = JSON.stringify({ parentUuid: null, message: answer, type: 'assistant' });
  expect(quickAnswer(Buffer.from(text))).toEqual({
    message: { model: 'm', id: 'msg', content: [{ type: 'tool_use' }], usage: { input_tokens: 1 } },
  });
});

test.each([
  [
    'a model that the jump would lose',
    { id: 'i', content: [], model: 'm', other: [], stop_reason: null, usage: { input_tokens: 1 } },
  ],
  [
    'a model behind the content',
    { id: 'i', content: [], model: 'm', stop_reason: null, usage: { input_tokens: 1 } },
  ],
  [
    'two tool calls',
    {
      id: 'i',
      model: 'm',
      content: [{ type: 'tool_use' }, { type: 'tool_use' }],
      stop_reason: null,
      usage: {},
    },
  ],
  ['content that is a text', { id: 'i', model: 'm', content: 'x', stop_reason: null, usage: {} }],
  ['no stop reason', { id: 'i', model: 'm', content: [], usage: {} }],
])('%s goes the long way', (_, message) => {
  expect(quickAnswer(Buffer.from(JSON.stringify({ message, type: 'assistant' })))).toBeUndefined();
});
