import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openFile, openStream } from '../../src/cli/import/input.ts';
import { MAX_LINE, readLines } from '../../src/cli/import/lines.ts';
import { readSpendLine } from '../../src/cli/import/spend-line.ts';
import { LedgerError } from '../../src/core/errors.ts';
import type { SpendItem } from '../../src/ledger/service.ts';
import { asked, c, fakeRun, RECEIPT } from './fake.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'credits-import-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const defaults = { account: 'default', key: 'import:x:1' };
const tags = { activity: null, session: null, run: null };

/** Lines of bytes that come in blocks of a size. */
function lines(bytes: Buffer, size = bytes.length || 1): (readonly [number, string | null, string])[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) blocks.push(bytes.subarray(at, at + size));
  return [...readLines(blocks)].map(({ no, problem, text }) => [no, problem, text]);
}

describe('lines', () => {
  test('line feeds, carriage returns, blank lines, a mark at the start, no line feed at the end', () => {
    expect(lines(Buffer.from('\ufeffone\r\n\n  \r\ntwo\nthree'))).toEqual([
      [1, null, 'one'],
      [4, null, 'two'],
      [5, null, 'three'],
    ]);
    expect(lines(Buffer.from(''))).toEqual([]);
    expect(lines(Buffer.from('\n'))).toEqual([]);
  });

  test('bytes that are no UTF-8 spoil their own line alone', () => {
    const bytes = Buffer.concat([Buffer.from('ä\n'), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('ü\n')]);
    expect(lines(bytes)).toEqual([
      [1, null, 'ä'],
      [2, 'not valid UTF-8', ''],
      [3, null, 'ü'],
    ]);
  });

  test('a line over 1 MB is skipped without being kept, wherever the blocks end', () => {
    const long = 'x'.repeat(MAX_LINE + 10);
    const bytes = Buffer.from(`a\n${long}\nb\n${long}`);
    for (const size of [bytes.length, 1 << 18, 1 << 16]) {
      expect(lines(bytes, size)).toEqual([
        [1, null, 'a'],
        [2, 'longer than 1 MB', ''],
        [3, null, 'b'],
        [4, 'longer than 1 MB', ''],
      ]);
    }
  });

  test('are the same whatever the blocks are', () => {
    const bytes = Buffer.from('{"a":"日本"}\r\n\n{"b":"🙂"}\nc\n\n\nd');
    const whole = lines(bytes);
    for (let size = 1; size < bytes.length; size++) {
      // The mark of the first three bytes is the only thing that is looked for at the start of a block.
      expect(lines(bytes, size)).toEqual(whole);
    }
  });
});

describe('a line as a spend', () => {
  test('a call with everything', () => {
    const line = {
      model: 'haiku',
      inputTokens: 10,
      cachedTokens: 4,
      cacheWriteTokens: 1,
      outputTokens: 5,
      toolCalls: 2,
      activity: 'chat',
      session: 's',
      run: 'r',
      note: 'n',
      at: '2026-02-20T11:00:00Z',
      key: 'own',
      account: 'acme',
    };
    expect(readSpendLine(JSON.stringify(line), defaults)).toEqual({
      account: 'acme',
      key: 'own',
      input: {
        amount: null,
        call: {
          model: 'haiku',
          provider: null,
          inputTokens: 10,
          cachedTokens: 4,
          cacheWriteTokens: 1,
          outputTokens: 5,
          toolCalls: 2,
          activity: 'chat',
          session: 's',
          run: 'r',
          noByok: false,
        },
        tags: { activity: 'chat', session: 's', run: 'r' },
        note: 'n',
        at: Date.parse('2026-02-20T11:00:00Z'),
      },
    });
  });

  test.each([
    ['{"credits":12.5}', c(12.5)],
    ['{"credits":"0.000001"}', 1],
    ['{ "credits" : 7 , "note":"credits" }', c(7)],
    ['{"note":"\\"credits\\":9","credits":4294.967297}', 4_294_967_297],
    ['{"credits":1000000000,"model":null}', c(1_000_000_000)],
  ])('%s', (line, amount) => {
    expect(readSpendLine(line, defaults).input).toMatchObject({ amount, call: null, tags });
  });

  const BAD: readonly [line: string, says: string][] = [
    ['', 'no JSON'],
    ['{', 'no JSON'],
    ['{"credits":1}{"credits":2}', 'no JSON'],
    ['[1]', 'no JSON object'],
    ['null', 'no JSON object'],
    ['"credits"', 'no JSON object'],
    ['{}', 'neither model nor credits'],
    ['{"credits":1,"modle":"x"}', '"modle"'],
    ['{"credits":1,"__proto__":1}', '__proto__'],
    ['{"credits":1,"constructor":1}', 'constructor'],
    ['{"credits":1e3}', '1e3'],
    ['{"credits":-1}', '-1'],
    ['{"credits":-0}', '-0'],
    ['{"credits":0.1234567}', '0.1234567'],
    ['{"credits":1.0000000000000001}', '1.0000000000000001'],
    ['{"credits":"1,000"}', '1,000'],
    ['{"credits":true}', 'credits must be a number'],
    ['{"credits":1000000001}', '1000000001'],
    ['{"credits":1,"inputTokens":2}', 'two requests'],
    ['{"credits":1,"model":"haiku"}', 'two requests'],
    ['{"model":"haiku"}', 'neither inputTokens'],
    ['{"model":"","inputTokens":1}', 'model is empty'],
    ['{"model":5,"inputTokens":1}', 'model must be text'],
    ['{"model":"haiku","inputTokens":"1"}', 'inputTokens'],
    ['{"model":"haiku","inputTokens":1.5}', 'inputTokens'],
    ['{"model":"haiku","inputTokens":-1}', 'inputTokens'],
    ['{"model":"haiku","inputTokens":1000000001}', 'inputTokens'],
    ['{"model":"haiku","inputTokens":1,"noByok":"yes"}', 'noByok'],
    ['{"credits":1,"at":1771588800}', 'at must be text'],
    ['{"credits":1,"at":"2026-02-30"}', '2026-02-30'],
    ['{"credits":1,"at":"2026-02-20T10:00:00"}', 'at'],
    ['{"credits":1,"account":"a b"}', 'a b'],
    ['{"credits":1,"key":""}', 'key is empty'],
    ['{"credits":1,"key":"a\\nb"}', 'control'],
    ['{"credits":1,"note":"a\\u0000b"}', 'NUL'],
    [`{"credits":1,"note":"${'x'.repeat(1_001)}"}`, 'note is longer'],
    [`{"credits":1,"session":"${'x'.repeat(257)}"}`, 'session is longer'],
  ];
  test.each(BAD)('%s is refused', (line, says) => {
    expect(() => readSpendLine(line, defaults)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining(says) }),
    );
  });
});

describe('input', () => {
  test('a file and a stream of the same bytes are the same input', async () => {
    const file = path.join(folder, 'same.jsonl');
    const bytes = Buffer.from('{"credits":1}\n'.repeat(50_000));
    writeFileSync(file, bytes);
    const hash = createHash('sha256').update(bytes).digest('hex');
    vi.stubEnv('TMPDIR', mkdtempSync(path.join(folder, 'tmp-')));
    const inputs = [
      openFile(file)!,
      await openStream(Readable.from([bytes.subarray(0, 7), bytes.subarray(7)])),
    ];
    for (const input of inputs) {
      expect([input.bytes, input.hash]).toEqual([bytes.length, hash]);
      expect(Buffer.concat(Array.from(input.blocks(), (block) => Buffer.from(block))).equals(bytes)).toBe(
        true,
      );
      input.close();
    }
    expect(readdirSync(tmpdir())).toEqual([]);
    vi.unstubAllEnvs();
  });

  test('what is appended while it is read is not part of it', () => {
    const file = path.join(folder, 'growing.jsonl');
    writeFileSync(file, 'a\n');
    const input = openFile(file)!;
    writeFileSync(file, 'b\n', { flag: 'a' });
    expect(Buffer.concat([...input.blocks()]).toString()).toBe('a\n');
    input.close();
  });
});

describe('credits import', () => {
  const run = async (text: string, argv: readonly string[] = [], facts = {}) =>
    fakeRun(['import', '-', ...argv], { stdin: text, ...facts });
  const items = (end: Awaited<ReturnType<typeof run>>): SpendItem[] =>
    asked(end).flatMap(([, batch]) => batch as SpendItem[]);

  test('derives keys from the whole input and the line, and keeps own keys', async () => {
    const text = '{"credits":1}\n\n{"credits":2,"key":"own"}\n';
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const end = await run(text, ['-a', 'acme']);
    expect(items(end).map(({ account, key }) => [account, key])).toEqual([
      ['acme', `import:${hash}:1`],
      ['acme', 'own'],
    ]);
    expect(items(await run(`${text}\n`))[0]!.key).not.toContain(hash);
  });

  test.for([
    ['256', 'locally', [], [256, 256, 88]],
    ['1,000', 'to a server', ['--remote', 'http://127.0.0.1:1'], [600]],
  ] as const)('sends batches of %s lines %s', async ([, , argv, sizes]) => {
    const end = await run('{"credits":1}\n'.repeat(600), [...argv, '--json']);
    expect(asked(end).map(([method, batch]) => [method, (batch as unknown[]).length])).toEqual(
      sizes.map((size) => ['spendMany', size]),
    );
    expect(end.json).toMatchObject({ read: 600, booked: 600, replayed: 0, refused: [], dryRun: false });
  });

  test('a dry run sends no line but as one', async () => {
    const end = await run('{"credits":1}\n'.repeat(600), ['-n', '--json']);
    const sent = asked(end);
    expect(sent.map(([method, , options]) => [method, options])).toEqual(
      sent.map(() => ['spendMany', { dryRun: true }]),
    );
    expect(end.json).toMatchObject({ read: 600, booked: 600, replayed: 0, refused: [], dryRun: true });
  });

  test('reports refused lines by number, of the file and of the ledger, in order; exit 8 with the document', async () => {
    const answers = {
      spendMany: async (batch: readonly SpendItem[]) =>
        batch.map(({ input }) => {
          if (input.amount === c(3)) return { status: 'refused', error: new LedgerError('in_debt', 'owes') };
          return { status: input.amount === c(2) ? 'replayed' : 'booked', receipt: RECEIPT };
        }),
    };
    const text = '{"credits":3}\nnonsense\n{"credits":1}\n{"credits":2}\n';
    const end = await run(text, ['--json'], { answers });
    expect([end.code, end.failure.code]).toEqual([8, 'partly_refused']);
    expect(end.json).toEqual({
      schema: 'credits.import/v1',
      read: 4,
      booked: 1,
      replayed: 1,
      credits: 12.5,
      refused: [
        { line: 1, code: 'in_debt', message: 'owes' },
        { line: 2, code: 'invalid_argument', message: 'no JSON' },
      ],
      dryRun: false,
    });
    expect((await run(text, [], { answers })).stdout).toBe(`line 1: in_debt: owes
line 2: invalid_argument: no JSON
4 lines read: 1 booked (12.5 credits), 1 booked before, 2 refused.
`);
  });

  test('a ledger that cannot go on ends it, and says how much had been booked', async () => {
    let batches = 0;
    const answers = {
      spendMany: async (batch: readonly unknown[]) => {
        batches += 1;
        if (batches === 2) throw new LedgerError('disk_full', 'the disk is full');
        return batch.map(() => ({ status: 'booked', receipt: RECEIPT }));
      },
    };
    const end = await run('{"credits":1}\n'.repeat(1_500), ['--json'], { answers });
    expect([end.code, end.stdout]).toEqual([75, '']);
    expect(end.failure).toMatchObject({ code: 'disk_full', details: { booked: 256 } });
    expect(end.failure.message).toContain('256 lines booked before');
  });

  test('stops between batches when it is interrupted', async () => {
    const controller = new AbortController();
    const answers = {
      spendMany: async (batch: readonly unknown[]) => {
        controller.abort(130);
        return batch.map(() => ({ status: 'booked', receipt: RECEIPT }));
      },
    };
    const file = path.join(folder, 'long.jsonl');
    writeFileSync(file, '{"credits":1}\n'.repeat(5_000));
    const end = await fakeRun(['import', file], { answers, signal: controller.signal });
    expect([end.code, end.stdout, asked(end).length]).toEqual([130, '', 1]);
    expect(end.stderr).toContain('stopped after 256 lines booked');
  });

  test('an empty input books nothing', async () => {
    const end = await run('', ['--json']);
    expect([end.code, asked(end)]).toEqual([0, []]);
    expect(end.json).toMatchObject({ read: 0, booked: 0 });
  });

  test('a folder and a missing file are refused by name', async () => {
    mkdirSync(path.join(folder, 'sub'), { recursive: true });
    for (const name of ['sub', 'missing.jsonl']) {
      const end = await fakeRun(['import', path.join(folder, name), '--json']);
      expect([end.code, end.failure.code, end.calls]).toEqual([2, 'invalid_argument', []]);
      expect(end.failure.message).toContain(name);
    }
  });
});
