import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutContent } from '../../src/transcripts/claude-content.ts';
import { readClaudeEntry } from '../../src/transcripts/claude-entry.ts';
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
/** Fields of an answer in any order: only the API's own may take the short way. */
const message = fc
  .tuple(
    fc.record({
      id: lure,
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

/** What does not parse is read whole. */
function parsed(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}

test('a line without its content is the same entry', () => {
  let shortened = 0;
  fc.assert(
    fc.property(line, (text) => {
      const short = withoutContent(Buffer.from(text));
      const value = short === undefined ? undefined : parsed(short);
      if (value === undefined) return;
      shortened++;
      expect(readClaudeEntry(value)).toEqual(readClaudeEntry(JSON.parse(text) as JsonObject));
    }),
    { seed, numRuns: 3000 },
  );
  expect(shortened).toBeGreaterThan(500);
});

test('an answer as the API orders it takes the short way', () => {
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
  expect(withoutContent(Buffer.from(text))?.length).toBeLessThan(300);
});

test.each([
  [
    'usage before the content',
    { id: 'i', model: 'm', usage: { input_tokens: 1 }, content: [], stop_reason: null },
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
  expect(withoutContent(Buffer.from(JSON.stringify({ message, type: 'assistant' })))).toBeUndefined();
});
