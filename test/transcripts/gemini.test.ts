import { describe, expect, test } from 'vitest';
import { badLines, counted, only, read } from './helpers.ts';

const header = (sessionId = 's1', kind = 'main') => ({
  sessionId,
  projectHash: 'abc',
  startTime: '2026-03-01T10:00:00Z',
  kind,
});

const message = (id: string, tokens: Record<string, unknown>, more: object = {}) => ({
  id,
  timestamp: '2026-03-01T10:00:01.000Z',
  type: 'gemini',
  content: 'x',
  tokens,
  model: 'gemini-2.5-flash',
  ...more,
});

describe('sessions of one object a line', () => {
  test('output is answer and thoughts, tool use is input', () => {
    const tokens = { input: 140, output: 8, cached: 100, thoughts: 5, tool: 20, total: 173 };
    const transcripts = read({
      'session-1.jsonl': [header(), message('m1', tokens, { toolCalls: [{}, {}] })],
    });
    expect(only(transcripts)).toMatchObject({
      format: 'gemini',
      runId: 's1',
      model: 'gemini-2.5-flash',
      inputTokens: 160,
      cachedTokens: 100,
      outputTokens: 13,
      reasoningTokens: 5,
      toolCalls: 2,
      sidechain: false,
      key: 'gemini:s1:m1',
    });
  });

  test.each([
    [
      'inside the input when the total does not need it',
      { input: 140, output: 8, cached: 100, total: 148 },
      140,
    ],
    ['on top when the total needs it', { input: 140, output: 8, cached: 100, total: 248 }, 240],
    ['inside when there is no total', { input: 140, output: 8, cached: 100 }, 140],
    ['on top when the input cannot hold it', { input: 40, output: 8, cached: 100 }, 140],
  ])('cached tokens lie %s', (_, tokens, input) => {
    const call = only(read({ 'session-1.jsonl': [header(), message('m1', tokens)] }));
    expect([call.inputTokens, call.cachedTokens]).toEqual([input, 100]);
  });

  test('a later line with the same id replaces the earlier, whatever is larger', () => {
    const lines = [
      header(),
      message('m1', { input: 10, output: 900 }),
      message('m2', { input: 30, output: 3 }),
      message('m1', { input: 10, output: 8 }),
    ];
    const transcripts = read({ 'session-1.jsonl': lines });
    expect(counted(transcripts)).toEqual([
      ['gemini-2.5-flash', 10, 8],
      ['gemini-2.5-flash', 30, 3],
    ]);
    expect(transcripts.report.duplicates).toBe(1);
  });

  test('one id in two sessions is two calls', () => {
    const lines = (session: string) => [header(session), message('m1', { input: 1, output: 1 })];
    expect(counted(read({ 'a.jsonl': lines('s1'), 'b.jsonl': lines('s2') }))).toHaveLength(2);
  });

  test('messages inside a patch count, patches and other messages do not', () => {
    const lines = [
      header(),
      {
        $set: {
          messages: [{ id: 'u1', type: 'user', content: 'x' }, message('m1', { input: 4, output: 2 })],
        },
      },
      { id: 'u2', type: 'user', content: 'x', tokens: { input: 50, output: 50 } },
      { $set: { lastUpdated: '2026-03-01T10:00:02Z' } },
    ];
    const transcripts = read({ 'session-1.jsonl': lines });
    expect(counted(transcripts)).toEqual([['gemini-2.5-flash', 4, 2]]);
    expect(transcripts.report.badLineCount).toBe(0);
  });

  test('a session of another kind than main is a sidechain', () => {
    expect(
      only(read({ 'a.jsonl': [header('s1', 'subagent'), message('m', { input: 1, output: 1 })] })).sidechain,
    ).toBe(true);
  });

  test('a session whose only request failed has no calls and is known all the same', () => {
    const transcripts = read({ 'a.jsonl': [header(), { id: 'u', type: 'user', content: 'x' }] });
    expect(transcripts.report).toMatchObject({
      unknownFormat: [],
      badLineCount: 0,
      byFormat: { gemini: { calls: 0, lines: 2 } },
    });
  });

  test('bad counts and times are reported, the rest counts', () => {
    const lines = [
      header(),
      message('m1', { input: -1 }),
      message('m2', { input: 1, output: 1 }, { timestamp: 'x' }),
      message('m3', { input: 1 }),
    ];
    const transcripts = read({ 'a.jsonl': lines });
    expect(badLines(transcripts)).toEqual([
      'a.jsonl:2 a token count is no whole number from 0 to 1,000,000,000',
      'a.jsonl:3 no readable timestamp',
    ]);
    expect(counted(transcripts)).toHaveLength(1);
  });
});

describe('sessions of one document', () => {
  const session = {
    sessionId: 's1',
    projectHash: 'abc',
    messages: [message('m1', { input: 9, output: 1 }), { id: 'u', type: 'user' }],
  };

  test.each([
    ['on one line', JSON.stringify(session)],
    ['over many lines', JSON.stringify(session, null, 2)],
    ['named behind its messages', JSON.stringify(Object.fromEntries(Object.entries(session).reverse()))],
  ])('%s', (_, text) => {
    const transcripts = read({ 'session-1.json': text });
    expect(only(transcripts)).toMatchObject({ key: 'gemini:s1:m1', inputTokens: 9, runId: 's1' });
    expect(transcripts.report.unknownFormat).toEqual([]);
  });

  test('a session that is there in both kinds counts once', () => {
    const transcripts = read({
      'a.json': JSON.stringify(session),
      'b.jsonl': [header(), message('m1', { input: 9, output: 1 })],
    });
    expect(counted(transcripts)).toHaveLength(1);
  });
});

describe('the summary of a headless run', () => {
  const summary = {
    session_id: 's1',
    response: 'x',
    stats: {
      models: {
        'gemini-2.5-pro': {
          api: {},
          tokens: { prompt: 100, candidates: 7, cached: 60, thoughts: 3, tool: 5, total: 115 },
        },
        'gemini-2.5-flash': { tokens: { prompt: 0, candidates: 0, total: 0 } },
      },
    },
  };

  test('is one estimated row per model that was used', () => {
    expect(only(read({ 'out.json': JSON.stringify(summary, null, 2) }))).toMatchObject({
      runId: 's1',
      model: 'gemini-2.5-pro',
      inputTokens: 105,
      cachedTokens: 60,
      outputTokens: 10,
      reasoningTokens: 3,
      estimated: true,
    });
  });

  test('counts once, and not beside its session', () => {
    const text = JSON.stringify(summary);
    expect(counted(read({ 'a.json': text, 'b.json': text }))).toHaveLength(1);
    expect(
      counted(read({ 'a.json': text, 'b.jsonl': [header(), message('m1', { input: 9, output: 1 })] })),
    ).toEqual([['gemini-2.5-flash', 9, 1]]);
  });
});
