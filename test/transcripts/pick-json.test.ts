import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPicker } from '../../src/transcripts/pick-json.ts';

const seed = 20_260_303;

const pick = createPicker({ id: true, n: true, deep: { er: true, still: { n: true } } });
const read = (text: string) => pick(Buffer.from(text));

const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    7,
    1_000_000_000,
    -1,
    1.5,
    1e21,
    '',
    'abc',
    'é',
    '"',
    '\\',
    '\n',
    '}',
    ']',
  ),
  fc.nat(),
);
const anything = fc.jsonValue({ maxDepth: 3 });
const document = fc.record(
  {
    skip: anything,
    id: scalar,
    'i"d': anything,
    n: scalar,
    deep: fc.oneof(
      scalar,
      fc.record({ x: anything, er: scalar, still: fc.record({ m: anything, n: scalar }) }),
    ),
    more: anything,
  },
  { requiredKeys: [] },
);

/** The wanted fields of a parsed value. */
function wanted(value: Record<string, unknown>): Record<string, unknown> {
  const some = (from: Record<string, unknown>, keys: string[]) =>
    Object.fromEntries(keys.filter((key) => key in from).map((key) => [key, from[key]]));
  const found = some(value, ['id', 'n', 'deep']);
  const deep = found.deep;
  if (typeof deep !== 'object' || deep === null) return found;
  const inner = some(deep as Record<string, unknown>, ['er', 'still']);
  inner.still = some(inner.still as Record<string, unknown>, ['n']);
  return { ...found, deep: inner };
}

test('what is picked equals the wanted fields of the parsed text', () => {
  let picked = 0;
  fc.assert(
    fc.property(document, (value) => {
      const text = JSON.stringify(value);
      const found = read(text);
      if (found === undefined) return;
      picked++;
      expect(found).toEqual(wanted(JSON.parse(text) as Record<string, unknown>));
    }),
    { seed, numRuns: 2000 },
  );
  expect(picked).toBeGreaterThan(1000);
});

test('no text with its end missing is taken for whole', () => {
  const text = '{"skip":["}",{"a":"\\""}],"id":"x","deep":{"er":1,"still":{"n":null}},"n":12}';
  expect(read(text)).toEqual({ id: 'x', deep: { er: 1, still: { n: null } }, n: 12 });
  for (let end = 0; end < text.length; end++) expect(read(text.slice(0, end))).toBeUndefined();
  expect(read(`${text}}`)).toBeUndefined();
});

test.each([
  '',
  '5',
  '[]',
  '{"id" :1}',
  '{ "id":1}',
  '{"id":1,}',
  '{"id":}',
  '{"id":01}',
  '{"id":nul}',
  '{"id":1 2}',
  '{"id"=1}',
  '{"x"="a","id":1}',
  '{"x":"a";"id":1}',
  '{"id":[1]}',
  '{"id":"\\u0041"}',
  '{"id":"é"}',
  '{"x":"a\n","id":1}',
  '{"deep":{"er":1]}',
  '{"x":[1,"id":1}',
])('%j has to be parsed whole', (text) => {
  expect(read(text)).toBeUndefined();
});

test('no bytes make it throw', () => {
  const parts = fc.array(
    fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'id', '1', 'n', 'deep', '{"id":1', '"x":'),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(parts, (found) => {
      read(found.join(''));
    }),
    { seed, numRuns: 2000 },
  );
});
