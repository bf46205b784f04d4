import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteSource, ByteWindow } from '../../src/transcripts/byte-window.ts';
import { DocumentScanner } from '../../src/transcripts/document-scanner.ts';
import { scanLines } from '../../src/transcripts/line-scanner.ts';

const seed = 20_260_301;

/** Texts of letters of one to four bytes and of whatever JSON has to escape. */
const text = fc.string({
  unit: fc.constantFrom('a', 'é', '€', '😀', '"', '\\', '\n', '\0', '{', '}', '[', ','),
});

/** Serves bytes in pieces of at most `piece`, as a pipe might. */
function sourceOf(bytes: Buffer, piece: number): ByteSource {
  let at = 0;
  return {
    read(into, offset, length) {
      const count = bytes.copy(into, offset, at, Math.min(at + Math.min(length, piece), bytes.length));
      at += count;
      return count;
    },
  };
}

interface Scanned {
  readonly records: [number, unknown][];
  readonly bad: [number, string][];
  readonly lines: number;
}

function scan(text: string | Buffer, needles: string[] = [], size = 64, piece = 64, max = 1 << 20): Scanned {
  const records: [number, unknown][] = [];
  const bad: [number, string][] = [];
  const window = new ByteWindow(sourceOf(Buffer.from(text), piece), Buffer.alloc(size), max);
  const lines = scanLines(
    window,
    { needles },
    {
      record: (value, line) => records.push([line, value]),
      bad: (line, reason) => bad.push([line, reason]),
    },
  );
  return { records, bad, lines };
}

describe('lines', () => {
  test('every object of every line arrives with its number, however the bytes come in pieces', () => {
    const value = fc.oneof(
      fc.record({
        n: text,
        m: fc.oneof(fc.integer(), fc.constant(null)),
      }),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 8 }),
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 5, max: 80 }),
        fc.boolean(),
        (values, size, piece, crlf) => {
          const file = values
            .map((line) => (line === undefined ? '' : JSON.stringify(line)))
            .join(crlf ? '\r\n' : '\n');
          const expected = values.flatMap((line, index) => (line === undefined ? [] : [[index + 1, line]]));
          const lines = file === '' ? 0 : file.split('\n').length - (file.endsWith('\n') ? 1 : 0);
          expect(scan(file, [], size, piece)).toEqual({ records: expected, bad: [], lines });
        },
      ),
      { seed, numRuns: 500 },
    );
  });

  test('only lines with a needle are parsed, and the others are looked at from both ends', () => {
    const text = [
      '{"a":1}',
      '{"n":1}',
      '{"b" broken }',
      '{"n" broken }',
      'word',
      '{"cut',
      '  {"n":2}  ',
      ' {"c":3} ',
    ].join('\n');
    expect(scan(`${text}\n`, ['"n"', '"m"'], 16)).toEqual({
      records: [
        [2, { n: 1 }],
        [7, { n: 2 }],
      ],
      bad: [
        [4, 'not valid JSON'],
        [5, 'not a JSON object'],
        [6, 'cut off'],
      ],
      lines: 8,
    });
  });

  test('a needle counts at both ends of a line, and not across two', () => {
    const text = '"m"{}\n{"x":"m"}\n{"x":1}\n"m\n"{}\n';
    expect(scan(text, ['"m"'])).toMatchObject({
      records: [[2, { x: 'm' }]],
      bad: [1, 4, 5].map((line) => [line, 'not a JSON object']),
    });
  });

  test('a last line without an end counts when it is whole, and is cut off when it is not', () => {
    expect(scan('{"n":1}\n{"n":2}', ['"n"'])).toMatchObject({
      records: [
        [1, { n: 1 }],
        [2, { n: 2 }],
      ],
      bad: [],
      lines: 2,
    });
    for (const rest of ['{"n":', '{"n":1}}', '{"x":{"y":1}']) {
      expect(scan(`{"n":1}\n${rest}`, ['"n"'])).toMatchObject({
        records: [[1, { n: 1 }]],
        bad: [[2, 'cut off']],
        lines: 2,
      });
    }
  });

  test('a byte order mark, zero bytes, blank and foreign lines stop nothing', () => {
    expect(scan('\uFEFF{"n":1}\n\n \t\r\n\0\0\0{"n":2}\n"n"\n[{"n":3}]\nnull\n{"n":4}\n', ['n'])).toEqual({
      records: [
        [1, { n: 1 }],
        [8, { n: 4 }],
      ],
      bad: [
        [4, 'not a JSON object'],
        [5, 'not a JSON object'],
        [6, 'not a JSON object'],
        [7, 'not a JSON object'],
      ],
      lines: 8,
    });
    expect(scan(Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x80]))).toMatchObject({
      bad: [
        [1, 'not a JSON object'],
        [2, 'not a JSON object'],
      ],
    });
  });

  test('a line longer than the largest is reported and passed over, wherever it stands', () => {
    const long = `{"n":"${'x'.repeat(500)}"}`;
    const text = `${long}\n{"n":1}\n${long}\n{"n":2}\n${long}`;
    for (const piece of [7, 64, 128, 4096]) {
      expect(scan(text, ['"n"'], 32, piece, 128)).toEqual({
        records: [
          [2, { n: 1 }],
          [4, { n: 2 }],
        ],
        bad: [1, 3, 5].map((line) => [line, 'longer than the largest line that is read']),
        lines: 5,
      });
    }
  });

  test('a record that is read the quick way stands for its line, the other lines are parsed', () => {
    const records: unknown[] = [];
    const bytes = Buffer.from('{"n":1,"long":true} \r\n{"n":2}\n{"n":3,"long":\n');
    const window = new ByteWindow(sourceOf(bytes, 99), Buffer.alloc(64), 64);
    const quick = (line: Buffer) => (line.includes('long') ? { quick: line.toString() } : undefined);
    const filter = { needles: [], quick };
    scanLines(window, filter, { record: (value) => records.push(value), bad: () => undefined });
    expect(records).toEqual([{ quick: '{"n":1,"long":true}' }, { n: 2 }, { quick: '{"n":3,"long":' }]);
  });
});

interface Walked {
  readonly values: [string, unknown, number][];
  readonly bad: [number, string][];
  readonly closed: number[];
  readonly line: number;
}

function walk(
  text: string | Buffer,
  paths: string[],
  piece = 1 << 20,
  options: { lineWise?: boolean; maxValueBytes?: number } = {},
): Walked {
  const values: [string, unknown, number][] = [];
  const bad: [number, string][] = [];
  const closed: number[] = [];
  const scanner = new DocumentScanner(
    paths,
    {
      value: (path, value, line) => values.push([path, value, line]),
      bad: (line, reason) => bad.push([line, reason]),
      close: (line) => closed.push(line),
    },
    { lineWise: false, maxValueBytes: 1 << 20, ...options },
  );
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += piece) scanner.push(bytes.subarray(at, at + piece));
  scanner.finish();
  return { values, bad, closed, line: scanner.line };
}

describe('documents', () => {
  test('wanted values equal those of a whole parse, however the bytes come in pieces', () => {
    const document = fc.record({
      skip: fc.jsonValue({ maxDepth: 3 }),
      id: text,
      list: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 }),
      deep: fc.record({ er: fc.record({ all: fc.integer(), not: fc.string() }) }),
    });
    fc.assert(
      fc.property(
        document,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 2 }),
        (value, piece, indent) => {
          const text = JSON.stringify(value, null, indent);
          const whole = JSON.parse(Buffer.from(text).toString()) as typeof value;
          const { values, bad, closed } = walk(text, ['id', 'list.*', 'deep.er.all'], piece);
          expect(values.map(([path, found]) => [path, found])).toEqual([
            ['id', whole.id],
            ...whole.list.map((item) => ['list.*', item]),
            ['deep.er.all', whole.deep.er.all],
          ]);
          expect([bad, closed]).toEqual([[], [text.split('\n').length]]);
        },
      ),
      { seed, numRuns: 200 },
    );
  });

  test('values carry the line on which they begin', () => {
    expect(walk('{\n"list": [\n1,\n\n{"a":\n2}\n]\n}\n', ['list.*'], 3)).toEqual({
      values: [
        ['list.*', 1, 3],
        ['list.*', { a: 2 }, 5],
      ],
      bad: [],
      closed: [8],
      line: 9,
    });
  });

  test('a star stands for every key of an object too', () => {
    expect(walk('{"models":{"a":1,"b":[2]}}', ['models.*']).values).toEqual([
      ['models.*', 1, 1],
      ['models.*', [2], 1],
    ]);
  });

  test('a wanted path that leads through a scalar finds nothing', () => {
    expect(walk('{"list":5,"deep":null,"id":"x"}', ['list.*', 'deep.er', 'id'])).toMatchObject({
      values: [['id', 'x', 1]],
      bad: [],
    });
  });

  test('brackets and quotes inside texts are text', () => {
    const tricky = { skip: ['}]"\\', '\\"', '{'], id: '"]}\\\\"' };
    for (let piece = 1; piece < 12; piece++)
      expect(walk(JSON.stringify(tricky), ['id'], piece).values).toEqual([['id', tricky.id, 1]]);
  });

  test('several documents behind each other are read one by one', () => {
    expect(walk('{"id":1} {"id":2}\n[{"id":3}]', ['id', '*.id']).values.map(([, value]) => value)).toEqual([
      1, 2, 3,
    ]);
  });

  test.each([
    ['nothing but text', 'hello', [[1, 'not valid JSON']]],
    ['a scalar', '5', [[1, 'not valid JSON']]],
    ['zero bytes', '\0\0{"id":1}', [[1, 'not valid JSON']]],
    ['a key without quotes', '{id:1}', [[1, 'not valid JSON']]],
    ['a missing colon', '{"id" 1}', [[1, 'not valid JSON']]],
    ['a missing comma', '{"x":"y" "id":1}', [[1, 'not valid JSON']]],
    ['brackets that do not match', '{"x":"y"]', [[1, 'not valid JSON']]],
    ['a line break inside a text', '{"x":"y\n', [[1, 'cut off']]],
    ['a control character inside a text', '{"x":"y\u0001"}', [[1, 'not valid JSON']]],
    ['an end inside a key', '{"x', [[1, 'cut off']]],
    ['an end inside an object', '{"x":1,\n', [[2, 'cut off']]],
    ['a wanted value that is no JSON', '{"id":[1,]}', [[1, 'not valid JSON']]],
    ['a wanted scalar that is no JSON', '{"id":nul}', [[1, 'not valid JSON']]],
  ])('%s is reported once', (_, text, expected) => {
    for (const piece of [1, 3, 100])
      expect(walk(text, ['id'], piece)).toMatchObject({ values: [], bad: expected });
  });

  test('after a broken document the next line that opens one is read', () => {
    const { values, bad, closed } = walk(
      '{"id":1}\n{"x":"cut\n  {"id":0}\n{"id":2}\n{"x":[\n{"id":3}\n',
      ['id'],
      2,
    );
    expect(values.map(([, value]) => value)).toEqual([1, 2, 3]);
    expect(bad).toEqual([
      [2, 'cut off'],
      [5, 'cut off'],
    ]);
    expect(closed).toHaveLength(5);
  });

  test('a value larger than the largest is reported, its neighbours arrive', () => {
    const text = JSON.stringify({ list: [1, 'x'.repeat(900), 2] });
    for (const piece of [10, 5000]) {
      expect(walk(text, ['list.*'], piece, { maxValueBytes: 100 })).toMatchObject({
        values: [
          ['list.*', 1, 1],
          ['list.*', 2, 1],
        ],
        bad: [[1, 'a value is larger than the largest that is read']],
      });
    }
  });

  test('depth is counted, not remembered', () => {
    const deep = `{"skip":${'['.repeat(300_000)}${']'.repeat(300_000)},"id":1}`;
    expect(walk(deep, ['id'], 1 << 16)).toMatchObject({ values: [['id', 1, 1]], bad: [] });
  });

  test('no bytes make it throw or hang', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((found) => Buffer.from(found)),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '\n', 'id', '1', ' ', 'list'), {
          maxLength: 60,
        })
        .map((found) => Buffer.from(found.join(''))),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (found, piece) => {
        const whole = walk(found, ['id', 'list.*']);
        expect(walk(found, ['id', 'list.*'], piece)).toEqual(whole);
        expect(whole.line).toBe(found.toString('latin1').split('\n').length);
      }),
      { seed, numRuns: 1000 },
    );
  });
});
