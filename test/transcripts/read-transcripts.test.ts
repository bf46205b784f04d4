import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLedgerError, type LedgerError } from '../../src/core/errors.ts';
import { FORMAT_NAMES, type Format } from '../../src/transcripts/call.ts';
import { readTranscripts } from '../../src/transcripts/read-transcripts.ts';
import { FORMATS } from '../../src/transcripts/registry.ts';
import { badLines, counted, folderOf, lines, read } from './helpers.ts';

const FIXTURES = path.join(import.meta.dirname, '../fixtures/transcripts');

const claudeLine = (id: string, output = 5, more: object = {}) => ({
  sessionId: 's1',
  type: 'assistant',
  timestamp: '2026-03-01T10:00:00.000Z',
  message: {
    id,
    model: 'claude-haiku',
    content: [],
    stop_reason: null,
    usage: { input_tokens: 1, output_tokens: output },
  },
  ...more,
});
const plainLine = (id: string) => ({ id, model: 'haiku', rounds: [{ in: 1, out: 1 }] });

function refusal(read: () => unknown): LedgerError {
  try {
    read();
  } catch (error) {
    if (isLedgerError(error)) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('the fixtures', () => {
  const all = readTranscripts([FIXTURES]);

  test('show every format and every shape', () => {
    expect(Object.keys(all.report.byFormat).sort()).toEqual([...FORMAT_NAMES].sort());
    const shapes = FORMAT_NAMES.reduce((sum, format) => sum + FORMATS[format].shapes.length, 0);
    expect(all.report.files).toBeGreaterThanOrEqual(shapes);
    expect(all.report).toMatchObject({ unknownFormat: [], badLines: [], badLineCount: 0 });
  });

  // [files, calls, input, cached, written, output, reasoning], added up by hand from the files.
  test.each<[Format, number[]]>([
    ['claude', [3, 5, 4_090, 2_900, 700, 361, 0]],
    ['codex', [2, 3, 1_050, 480, 0, 70, 20]],
    ['gemini', [3, 4, 1_330, 700, 0, 78, 22]],
    ['mini-swe-agent', [1, 2, 1_500, 512, 0, 60, 10]],
    ['tau2', [1, 2, 700, 0, 0, 35, 0]],
    ['otel', [2, 3, 1_250, 600, 100, 63, 5]],
    ['plain', [1, 3, 900, 200, 0, 33, 4]],
  ])('%s adds up', (format, expected) => {
    const totals = all.report.byFormat[format];
    expect(totals).toBeDefined();
    const { files, calls, inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens } =
      totals ?? ({} as never);
    expect([
      files,
      calls,
      inputTokens,
      cachedTokens,
      cacheWriteTokens,
      outputTokens,
      reasoningTokens,
    ]).toEqual(expected);
  });

  test('keys are unique, begin with the format and hold no path or line', () => {
    const calls = [...all.calls()];
    expect(new Set(calls.map((call) => call.key)).size).toBe(calls.length);
    for (const call of calls) expect(call.key.startsWith(`${call.format}:`)).toBe(true);
    const moved = readTranscripts([folderOf({ 'x/moved.jsonl': lines([claudeLine('m1')]) })]);
    expect([...moved.calls()].map((call) => call.key)).toEqual(['claude:m1']);
  });

  test('calls, sums and runs agree', () => {
    const calls = [...all.calls()];
    for (const [format, totals] of Object.entries(all.report.byFormat)) {
      const own = calls.filter((call) => call.format === format);
      expect([own.length, own.reduce((sum, call) => sum + call.inputTokens, 0)]).toEqual([
        totals.calls,
        totals.inputTokens,
      ]);
    }
    for (const run of all.runs()) {
      const own = calls.filter((call) => call.format === run.format && call.runId === run.id);
      expect(own.map((call) => call.round)).toEqual(run.rounds.map((_, index) => index + 1));
    }
    expect(all.report.lines).toBe(
      Object.values(all.report.byFormat).reduce((sum, totals) => sum + totals.lines, 0),
    );
  });

  test.each(FORMAT_NAMES)('are read the same when --format says %s', (format) => {
    for (const call of all.calls()) {
      if (call.format !== format) continue;
      const forced = readTranscripts([call.ref.file], { format });
      const alone = readTranscripts([call.ref.file]);
      expect([...forced.calls()]).toEqual([...alone.calls()]);
    }
  });
});

describe('finding files', () => {
  test('folders are searched for .json and .jsonl in path order, named files need no ending', () => {
    const folder = folderOf({
      'b.jsonl': [plainLine('b')],
      'a/deep/er.JSONL': [plainLine('a')],
      'c.txt': [plainLine('c')],
      'runs.log': [plainLine('named')],
    });
    const found = readTranscripts([path.join(folder, 'runs.log'), folder]);
    expect([...found.runs()].map((run) => run.id)).toEqual(['a', 'b', 'named']);
    expect(found.report.files).toBe(3);
  });

  test('a file that is reached twice is read once', () => {
    const folder = folderOf({ 'a.jsonl': [plainLine('a')], 'b/none.txt': '' });
    symlinkSync(path.join(folder, 'a.jsonl'), path.join(folder, 'b', 'link.jsonl'));
    symlinkSync(folder, path.join(folder, 'b', 'loop.jsonl'));
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'b', 'dangling.jsonl'));
    const found = readTranscripts([folder, path.join(folder, 'a.jsonl'), path.join(folder, 'b')]);
    expect(found.report).toMatchObject({ files: 1, duplicates: 0 });
  });

  test.each(['missing.jsonl', 'missing/folder', 'file.jsonl/below'])('%s is refused by name', (name) => {
    const missing = path.join(folderOf({ 'file.jsonl': '' }), name);
    const error = refusal(() => readTranscripts([missing]));
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toBe(`no file or folder ${missing}`);
    expect(error.details).toEqual({ path: missing });
  });

  test('a file that fails while it is read is refused by name, and closed', () => {
    const folder = folderOf({ 'a.jsonl': [plainLine('a')] });
    let closed = 0;
    const open = () => ({
      read: () => {
        throw Object.assign(new Error('i/o'), { code: 'EIO' });
      },
      close: () => {
        closed++;
      },
    });
    const error = refusal(() => readTranscripts([folder], { open }));
    expect([error.code, error.message]).toEqual([
      'invalid_argument',
      `${path.join(folder, 'a.jsonl')} cannot be read (EIO)`,
    ]);
    expect(closed).toBe(1);
  });
});

describe('recognising files', () => {
  test('unknown ones are reported by path and stop nothing; empty ones are no fault', () => {
    const transcripts = read({
      'a.json': '{"name":"x","version":"1.0.0"}',
      'b.jsonl': 'hello\n{"a":1}\n',
      'c.jsonl': '',
      'd.json': ' \n\n',
      'e.jsonl': [plainLine('e')],
      'f.json': '[1,2,3]',
      'g.jsonl': '\0'.repeat(500),
    });
    expect(transcripts.report.unknownFormat.map((file) => path.basename(file))).toEqual([
      'a.json',
      'b.jsonl',
      'f.json',
    ]);
    expect(transcripts.report).toMatchObject({ files: 7, badLineCount: 0 });
    expect(counted(transcripts)).toHaveLength(1);
  });

  test('content decides over the place, the place where content says nothing', () => {
    const transcripts = read({
      '.claude/projects/p/runs.jsonl': [plainLine('p')],
      '.claude/projects/p/broken.jsonl': '{"sessionId":"s1","mess\n',
      'sessions/rollout-1.jsonl': 'no json at all\n',
    });
    expect(Object.keys(transcripts.report.byFormat).sort()).toEqual(['claude', 'codex', 'plain']);
    expect(badLines(transcripts)).toEqual([
      '.claude/projects/p/broken.jsonl:1 cut off',
      'sessions/rollout-1.jsonl:1 not a JSON object',
    ]);
  });

  test('a first line beyond what is looked at shows its keys', () => {
    const huge = claudeLine('m1', 5, {
      message: undefined,
      parentUuid: null,
      attachment: 'x'.repeat(300_000),
    });
    expect(counted(read({ 'a.jsonl': [huge, claudeLine('m2')] }))).toHaveLength(1);
  });

  test('a format that is forced reports what does not fit it', () => {
    const transcripts = read({ 'a.jsonl': [plainLine('a'), claudeLine('m')] }, { format: 'plain' });
    expect(counted(transcripts)).toHaveLength(1);
    expect(badLines(transcripts)).toEqual(['a.jsonl:2 a run has no list of rounds']);
  });
});

describe('bad lines', () => {
  test('never stop a file: what stands behind them counts, the last line may be cut off', () => {
    const text = `${lines([claudeLine('m1')])}{"sessionId":"s1","message":{"usage":{"input_tokens":\n\0\0\0\n${lines([claudeLine('m2')])}${JSON.stringify(claudeLine('m3')).slice(0, -9)}`;
    const transcripts = read({ 'a.jsonl': text });
    expect(counted(transcripts)).toHaveLength(2);
    expect(badLines(transcripts)).toEqual([
      'a.jsonl:2 not valid JSON',
      'a.jsonl:3 not a JSON object',
      'a.jsonl:5 cut off',
    ]);
    expect(transcripts.report.lines).toBe(5);
  });

  test('are listed up to 100 and counted in full, without their content', () => {
    const transcripts = read({
      'a.jsonl': lines([claudeLine('m1'), ...Array.from({ length: 250 }, () => 'secret words')]),
    });
    expect(transcripts.report.badLines).toHaveLength(100);
    expect(transcripts.report.badLineCount).toBe(250);
    expect(JSON.stringify(transcripts.report)).not.toContain('secret');
  });
});

describe('calls that may still grow', () => {
  const now = Date.UTC(2026, 2, 1, 12);
  const files = {
    'a.jsonl': [claudeLine('m1'), claudeLine('m2'), claudeLine('m2', 9)],
    'b.jsonl': [claudeLine('m3')],
    'c.jsonl': [plainLine('p')],
  };
  const fresh = (changedAt: number, options: object): string[] =>
    [...readTranscripts([folderOf(files, changedAt)], options).calls()]
      .filter((call) => call.fresh)
      .map((call) => call.key);

  test('are the last of each file that changed lately and that its tool rewrites', () => {
    expect(fresh(now - 60_000, { now })).toEqual(['claude:m2', 'claude:m3']);
    expect(fresh(now + 60_000, { now })).toEqual(['claude:m2', 'claude:m3']);
  });

  test('are none in older files, and none when no time is given', () => {
    expect(fresh(now - 600_000, { now })).toEqual([]);
    expect(fresh(now - 600_000, { now, freshMs: 600_001 })).toHaveLength(2);
    expect(fresh(now, {})).toEqual([]);
  });
});

describe('memory', () => {
  /** A log of any length that exists only as far as it is read; counts how much is asked for at once. */
  function endless(line: Buffer, count: number) {
    const sizes = { largest: 0, bytes: 0 };
    let left = count * line.length;
    return {
      sizes,
      open: () => ({
        read(into: Buffer, offset: number, length: number) {
          sizes.largest = Math.max(sizes.largest, into.length);
          const size = Math.min(length, left);
          for (let done = 0; done < size; ) {
            const at = (line.length - (left % line.length)) % line.length;
            const part = line.copy(into, offset + done, at, Math.min(line.length, at + size - done));
            done += part;
            left -= part;
          }
          sizes.bytes += size;
          return size;
        },
        close: () => undefined,
      }),
    };
  }

  test('a long log passes through one buffer', () => {
    const line = Buffer.from(`${JSON.stringify(claudeLine('m1', 5, { padding: 'x'.repeat(20_000) }))}\n`);
    const log = endless(line, 1000);
    const transcripts = readTranscripts([folderOf({ 'a.jsonl': '' })], { open: log.open });
    expect(log.sizes).toEqual({ largest: 1024 * 1024, bytes: line.length * 1000 });
    expect(transcripts.report).toMatchObject({
      lines: 1000,
      duplicates: 999,
      byFormat: { claude: { calls: 1 } },
    });
  });

  test('a long document passes through one buffer', () => {
    const message = JSON.stringify({
      type: 'gemini',
      id: 'm',
      content: 'x'.repeat(50_000),
      tokens: { input: 1, output: 1 },
    });
    const text = Buffer.from(
      `{"sessionId":"s1","messages":[${Array.from({ length: 200 }, () => message).join(',')}]}`,
    );
    const log = endless(text, 1);
    const transcripts = readTranscripts([folderOf({ 'a.json': '' })], { open: log.open });
    expect(log.sizes).toEqual({ largest: 1024 * 1024, bytes: text.length });
    expect(transcripts.report).toMatchObject({ duplicates: 199, byFormat: { gemini: { calls: 1 } } });
  });

  test('a line of 100 MB is reported, in a buffer of at most 64 MiB, and the next one counts', () => {
    const before = Buffer.from(`${lines([claudeLine('m1')])}{"n":"`);
    const after = Buffer.from(`"}\n${lines([claudeLine('m2')])}`);
    const total = before.length + 100_000_000 + after.length;
    let at = 0;
    let largest = 0;
    const open = () => ({
      read(into: Buffer, offset: number, length: number) {
        largest = Math.max(largest, into.length);
        const size = Math.min(length, total - at);
        into.fill('x', offset, offset + size);
        if (at < before.length) before.copy(into, offset, at);
        const rest = total - after.length - at;
        if (rest < size) after.copy(into, offset + Math.max(0, rest), Math.max(0, -rest));
        at += size;
        return size;
      },
      close: () => undefined,
    });
    const transcripts = readTranscripts([folderOf({ 'a.jsonl': '' })], { open });
    expect(counted(transcripts)).toHaveLength(2);
    expect(transcripts.report.badLines.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'longer than the largest line that is read'],
    ]);
    expect([transcripts.report.lines, largest]).toEqual([3, 64 * 1024 * 1024]);
  });

  test('progress tells the bytes read, of all', () => {
    const told: [number, number][] = [];
    const folder = folderOf({ 'a.jsonl': [plainLine('a')], 'b.jsonl': [plainLine('b')] });
    readTranscripts([folder], { onProgress: (bytes, total) => told.push([bytes, total]) });
    const size = lines([plainLine('a')]).length;
    expect(told.at(-1)).toEqual([2 * size, 2 * size]);
    expect(told.every(([bytes], index) => bytes >= (told[index - 1]?.[0] ?? 0))).toBe(true);
  });
});
