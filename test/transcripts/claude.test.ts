import { describe, expect, test } from 'vitest';
import { badLines, counted, only, read } from './helpers.ts';

interface Answer {
  readonly id?: string | null;
  readonly request?: string | null;
  readonly model?: string;
  readonly input?: number;
  readonly output?: number;
  readonly usage?: Record<string, unknown>;
  readonly content?: readonly unknown[];
  readonly [field: string]: unknown;
}

/** An answer as Claude Code logs it; `null` leaves an id out. */
function answer(facts: Answer = {}): unknown {
  const { id = 'msg_a', request = 'req_a', model = 'claude-haiku', input = 10, output = 5, ...rest } = facts;
  const { usage, content = [], ...fields } = rest;
  return {
    parentUuid: null,
    isSidechain: false,
    sessionId: 's1',
    version: '2.1.0',
    message: {
      ...(id === null ? {} : { id }),
      type: 'message',
      role: 'assistant',
      model,
      content,
      stop_reason: null,
      usage: { input_tokens: input, output_tokens: output, ...usage },
    },
    ...(request === null ? {} : { requestId: request }),
    type: 'assistant',
    timestamp: '2026-03-01T10:00:00.000Z',
    ...fields,
  };
}

describe('usage of one answer', () => {
  test('input is plain, read and written tokens together', () => {
    const usage = {
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
    };
    expect(only(read({ 'a.jsonl': [answer({ usage })] }))).toMatchObject({
      format: 'claude',
      runId: 's1',
      round: 1,
      at: Date.parse('2026-03-01T10:00:00.000Z'),
      model: 'claude-haiku',
      inputTokens: 1310,
      cachedTokens: 1000,
      cacheWriteTokens: 300,
      cacheWrite1hTokens: 200,
      outputTokens: 5,
      key: 'claude:msg_a:req_a',
      sidechain: false,
      estimated: false,
      fresh: false,
    });
  });

  test.each([
    ['the sum', 300, 0, 0, 300],
    ['the split', 100, 60, 70, 130],
  ])('of the written tokens and their split, the larger counts: %s', (_, sum, short, long, expected) => {
    const usage = {
      cache_creation_input_tokens: sum,
      cache_creation: { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long },
    };
    const call = only(read({ 'a.jsonl': [answer({ usage })] }));
    expect([call.cacheWriteTokens, call.inputTokens]).toEqual([expected, 10 + expected]);
  });

  test('missing cache fields are 0', () => {
    expect(only(read({ 'a.jsonl': [answer()] }))).toMatchObject({
      inputTokens: 10,
      cachedTokens: 0,
      cacheWriteTokens: 0,
    });
  });
});

describe('rule 1: what is no call', () => {
  test('a refused request is not, whatever ids it carries', () => {
    const transcripts = read({
      'a.jsonl': [answer({ model: '<synthetic>', input: 0, output: 0 }), answer({ isApiErrorMessage: true })],
    });
    expect(counted(transcripts)).toEqual([]);
    expect(transcripts.report).toMatchObject({ synthetic: 2, badLineCount: 0, duplicates: 0 });
  });

  test('lines without usage of their own are not, also when a tool result mentions usage', () => {
    const transcripts = read({
      'a.jsonl': [
        { type: 'queue-operation', operation: 'enqueue', sessionId: 's1' },
        {
          type: 'user',
          sessionId: 's1',
          message: { role: 'user' },
          toolUseResult: { usage: { input_tokens: 7 } },
        },
        { type: 'user', sessionId: 's1', message: { content: 'x","usage":{"input_tokens":9}' } },
      ],
    });
    expect(transcripts.report).toMatchObject({
      lines: 3,
      badLineCount: 0,
      byFormat: { claude: { calls: 0 } },
    });
  });

  test.each([
    ['a version that is none', { version: 'dev' }, 'the version is not of the form n.n.n'],
    ['an empty session id', { sessionId: '' }, 'sessionId is empty or no text'],
    ['an empty request id', { request: '' }, 'requestId is empty or no text'],
    ['an empty message id', { id: '' }, 'id is empty or no text'],
    ['an empty model', { model: '' }, 'model is empty or no text'],
    ['a time that is none', { timestamp: 'yesterday' }, 'no readable timestamp'],
    ['a time that no calendar has', { timestamp: '2026-02-31T99:00:00Z' }, 'no readable timestamp'],
    ['no time', { timestamp: undefined }, 'no readable timestamp'],
    ['a negative count', { input: -1 }, 'a token count is no whole number from 0 to 1,000,000,000'],
    ['half a token', { output: 0.5 }, 'a token count is no whole number from 0 to 1,000,000,000'],
    [
      'a count as text',
      { usage: { output_tokens: '5' } },
      'a token count is no whole number from 0 to 1,000,000,000',
    ],
    ['more than any call', { input: 1e12 }, 'a token count is no whole number from 0 to 1,000,000,000'],
  ])('%s is reported with its line', (_, facts, reason) => {
    const transcripts = read({ 'a.jsonl': [answer({ id: 'msg_good' }), answer(facts)] });
    expect(badLines(transcripts)).toEqual([`a.jsonl:2 ${reason}`]);
    expect(counted(transcripts)).toEqual([['claude-haiku', 10, 5]]);
  });

  test('a missing version, session or model is no fault', () => {
    const line = {
      timestamp: '2026-03-01T10:00:00Z',
      message: { id: 'm', usage: { input_tokens: 3, output_tokens: 2 } },
    };
    expect(only(read({ 'lost.jsonl': [line] }))).toMatchObject({
      runId: 'lost',
      model: 'unknown',
      key: 'claude:m',
    });
  });
});

describe('rule 2: message id and request id name a call', () => {
  test('lines of one response count once, and its tool calls together', () => {
    const tool = (id: string) => [{ type: 'tool_use', id, name: 'Bash', input: {} }];
    const transcripts = read({
      'a.jsonl': [
        answer({ content: [{ type: 'text', text: 'x' }] }),
        answer({ content: tool('t1') }),
        answer({ content: tool('t2') }),
      ],
    });
    expect(only(transcripts)).toMatchObject({
      inputTokens: 10,
      outputTokens: 5,
      toolCalls: 2,
      ref: { line: 1 },
    });
    expect(transcripts.report.duplicates).toBe(2);
  });

  test('a call copied into another session counts once, in the session that was read first', () => {
    const transcripts = read({ 'b.jsonl': [answer({ sessionId: 's2' })], 'a.jsonl': [answer()] });
    expect(only(transcripts)).toMatchObject({ runId: 's1', toolCalls: 0 });
  });

  test('lines of a second call under the same message id count once as well', () => {
    const second = answer({ request: 'req_b' });
    const transcripts = read({ 'a.jsonl': [answer(), second, answer(), second] });
    expect(counted(transcripts)).toHaveLength(2);
    expect(transcripts.report.duplicates).toBe(2);
  });

  test('another request id is another call, as is a missing one', () => {
    const transcripts = read({
      'a.jsonl': [answer(), answer({ request: 'req_b' }), answer({ request: null })],
    });
    expect([...transcripts.calls()].map((call) => call.key)).toEqual([
      'claude:msg_a:req_a',
      'claude:msg_a:req_b',
      'claude:msg_a',
    ]);
    expect(transcripts.report.duplicates).toBe(0);
  });
});

describe('rule 3: sidechains replay their parent', () => {
  const parent = answer();
  const replay = answer({ request: 'req_side', isSidechain: true, output: 900 });

  test.each([
    ['after its parent', { 'a.jsonl': [parent, replay] }],
    ['before its parent', { 'a.jsonl': [replay, parent] }],
    ['in a file of its own, read first', { 'a/agent-x.jsonl': [replay], 'b.jsonl': [parent] }],
  ])('a replay %s is dropped, also when it is larger', (_, files) => {
    const transcripts = read(files);
    expect(only(transcripts)).toMatchObject({ outputTokens: 5, sidechain: false, key: 'claude:msg_a:req_a' });
    expect(transcripts.report.duplicates).toBe(1);
  });

  test('two replays of one message are one call', () => {
    const transcripts = read({ 'a.jsonl': [replay, answer({ request: 'req_other', isSidechain: true })] });
    expect(only(transcripts)).toMatchObject({ outputTokens: 900, sidechain: true });
  });

  test('a sidechain with ids of its own is a call, in a run of its own', () => {
    const transcripts = read({
      's1.jsonl': [parent],
      's1/subagents/agent-x.jsonl': [answer({ id: 'msg_side', isSidechain: true, agentId: 'x' })],
    });
    expect([...transcripts.calls()].map((call) => [call.runId, call.sidechain])).toEqual(
      expect.arrayContaining([
        ['s1', false],
        ['s1/x', true],
      ]),
    );
    expect(transcripts.report.duplicates).toBe(0);
  });

  test('main calls of one message id stay apart when a sidechain comes between', () => {
    const second = answer({ request: 'req_b', output: 6 });
    for (const order of [
      [parent, replay, second],
      [replay, parent, second],
      [second, parent, replay],
      [replay, second, parent],
    ]) {
      expect(counted(read({ 'a.jsonl': order })).sort()).toEqual([
        ['claude-haiku', 10, 5],
        ['claude-haiku', 10, 6],
      ]);
    }
  });

  test('progress lines carry the line of a sub-agent inside', () => {
    const inner = answer({ id: 'msg_p', input: 40 }) as Record<string, unknown>;
    const { message, requestId, timestamp } = inner;
    const progress = {
      type: 'progress',
      sessionId: 's1',
      version: '2.1.0',
      timestamp: '2026-03-01T11:00:00.000Z',
      data: {
        type: 'agent_progress',
        agentId: 'x',
        message: { type: 'assistant', message, requestId, timestamp },
      },
    };
    const transcripts = read({ 'a.jsonl': [progress, progress] });
    expect(only(transcripts)).toMatchObject({ inputTokens: 40, runId: 's1/x', key: 'claude:msg_p:req_a' });
  });
});

describe('rule 4: which of two records survives', () => {
  test('an output of 8 that grows to 143 counts as 143, once', () => {
    for (const outputs of [
      [8, 143],
      [143, 8],
      [8, 8, 143, 8],
    ]) {
      expect(counted(read({ 'a.jsonl': outputs.map((output) => answer({ output })) }))).toEqual([
        ['claude-haiku', 10, 143],
      ]);
    }
  });

  test('it survives whole, never field by field', () => {
    const wide = answer({ input: 100, output: 8, usage: { cache_read_input_tokens: 50 } });
    const long = answer({ input: 3, output: 143 });
    expect(only(read({ 'a.jsonl': [wide, long] }))).toMatchObject({
      inputTokens: 150,
      cachedTokens: 50,
      outputTokens: 8,
    });
  });

  test.each([
    ['the dearer', [answer({ costUSD: 1 }), answer({ costUSD: 2 })], 2],
    ['the dearer, read first', [answer({ costUSD: 2 }), answer({ costUSD: 1, usage: { speed: 'fast' } })], 1],
    [
      'the one that knows its speed',
      [answer({ usage: { speed: null } }), answer({ usage: { speed: 'fast' } })],
      2,
    ],
    ['the first', [answer(), answer()], 1],
  ])('at equal tokens %s', (_, records, line) => {
    expect(only(read({ 'a.jsonl': records })).ref.line).toBe(line);
  });

  test('the order of the files does not change what is counted', () => {
    const records = [
      answer({ output: 8 }),
      answer({ output: 143 }),
      answer({ output: 500, isSidechain: true, request: 'req_x' }),
      answer({ id: 'msg_b', output: 1 }),
      answer({ id: 'msg_b', output: 2, isSidechain: true, request: 'req_y' }),
      answer({ id: 'msg_c', output: 70, isSidechain: true, request: 'req_z' }),
      answer({ id: 'msg_c', output: 71, isSidechain: true, request: 'req_q' }),
    ];
    const rotated = records.map((_, by) =>
      records.map((__, index) => records[(index + by) % records.length]),
    );
    for (const order of [...rotated, records.toReversed()]) {
      const files = Object.fromEntries(order.map((record, index) => [`${index}.jsonl`, [record]]));
      expect(counted(read(files)).sort()).toEqual([
        ['claude-haiku', 10, 1],
        ['claude-haiku', 10, 143],
        ['claude-haiku', 10, 71],
      ]);
    }
  });
});

test('rule 5: without a message id nothing is dropped, and no two keys are equal', () => {
  const nameless = answer({ id: null, request: null, uuid: 'u1' });
  const transcripts = read({ 'a.jsonl': [nameless, nameless, answer({ id: null, request: null })] });
  expect([...transcripts.calls()].map((call) => call.key)).toEqual([
    'claude:line:u1',
    'claude:line:u1#2',
    `claude:at:s1:${Date.parse('2026-03-01T10:00:00.000Z')}:10:5`,
  ]);
});

test('rounds follow the time of the calls, sidechains apart', () => {
  const at = (minute: number) => ({ timestamp: `2026-03-01T10:0${minute}:00.000Z` });
  const transcripts = read({
    'a.jsonl': [
      answer({ id: 'm2', input: 2, ...at(2) }),
      answer({ id: 'side', input: 9, isSidechain: true, ...at(3) }),
      answer({ id: 'm1', input: 1, ...at(1) }),
      answer({ id: 'm4', input: 4, ...at(4) }),
    ],
  });
  expect([...transcripts.runs()].map((run) => [run.id, run.rounds.map((round) => round.in)])).toEqual([
    ['s1', [1, 2, 4]],
    ['s1/sidechain', [9]],
  ]);
});

describe('what claude -p prints', () => {
  const stream = [
    { type: 'system', subtype: 'init', session_id: 's9', model: 'claude-haiku' },
    {
      type: 'assistant',
      session_id: 's9',
      message: { id: 'm', model: 'claude-haiku', usage: { input_tokens: 1, output_tokens: 7 } },
    },
    {
      type: 'result',
      session_id: 's9',
      uuid: 'u1',
      modelUsage: { 'claude-haiku': { inputTokens: 1, outputTokens: 2 } },
    },
    {
      type: 'result',
      session_id: 's9',
      uuid: 'u2',
      usage: { input_tokens: 4, output_tokens: 300 },
      modelUsage: {
        'claude-haiku': {
          inputTokens: 4,
          outputTokens: 300,
          cacheReadInputTokens: 20,
          cacheCreationInputTokens: 6,
        },
        'claude-sonnet-4': { inputTokens: 5, outputTokens: 1 },
      },
    },
  ];

  test('the last result counts, one estimated row per model', () => {
    const transcripts = read({ 'out.jsonl': stream });
    expect([...transcripts.calls()].map((call) => ({ ...call, ref: call.ref.line }))).toMatchObject([
      {
        runId: 's9',
        model: 'claude-haiku',
        inputTokens: 30,
        cachedTokens: 20,
        cacheWriteTokens: 6,
        outputTokens: 300,
        ref: 4,
      },
      { runId: 's9', model: 'claude-sonnet-4', inputTokens: 5, outputTokens: 1, estimated: true, at: null },
    ]);
    expect(transcripts.report).toMatchObject({ estimated: 2, badLineCount: 0 });
    expect([...transcripts.runs()]).toEqual([]);
  });

  test('the same print twice counts once', () => {
    expect(counted(read({ 'a.jsonl': stream, 'b.jsonl': stream }))).toHaveLength(2);
  });

  test('a session whose log is read as well counts by its log', () => {
    const transcripts = read({ 'a.jsonl': stream, 'b.jsonl': [answer({ sessionId: 's9' })] });
    expect(counted(transcripts)).toEqual([['claude-haiku', 10, 5]]);
    expect(transcripts.report).toMatchObject({ estimated: 0, duplicates: 2 });
  });

  test('without totals per model the sum counts for the model that answered', () => {
    const result = {
      type: 'result',
      session_id: 's9',
      usage: { input_tokens: 4, cache_read_input_tokens: 6, output_tokens: 3 },
    };
    expect(counted(read({ 'out.jsonl': [...stream.slice(0, 2), result] }))).toEqual([
      ['claude-haiku', 10, 3],
    ]);
  });

  test('a stream that ends without a result says that its usage is missing', () => {
    const transcripts = read({ 'out.jsonl': stream.slice(0, 2) });
    expect(counted(transcripts)).toEqual([]);
    expect(badLines(transcripts)).toEqual([
      'out.jsonl:2 the stream ends without a result line, which holds the usage',
    ]);
  });
});
