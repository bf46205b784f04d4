import { describe, expect, test } from 'vitest';
import { badLines, counted, only, read } from './helpers.ts';

type Tokens = Readonly<Record<string, number>>;

const tokens = (input: number, output: number, more: Tokens = {}): Tokens => ({
  input_tokens: input,
  cached_input_tokens: 0,
  output_tokens: output,
  reasoning_output_tokens: 0,
  total_tokens: input + output,
  ...more,
});

const at = (second: number, ms = 0): string =>
  new Date(Date.UTC(2026, 2, 1, 10, 0, second, ms)).toISOString();

const meta = (id: string, source: unknown = 'exec') => ({
  timestamp: at(0),
  type: 'session_meta',
  payload: { id, source },
});
const context = (model: string) => ({ timestamp: at(0), type: 'turn_context', payload: { model } });

/** A `token_count` line: usage of the call, running total, time. */
const count = (
  last: Tokens | undefined,
  total: Tokens | undefined,
  timestamp: string,
  more: object = {},
) => ({
  timestamp,
  type: 'event_msg',
  payload: {
    type: 'token_count',
    info: { ...(last && { last_token_usage: last }), ...(total && { total_token_usage: total }), ...more },
  },
});

/** A `token_usage_record` line of newer versions. */
const record = (
  response: string,
  usage: Tokens,
  running: Tokens | undefined,
  timestamp: string,
  thread = 's1',
) => ({
  timestamp,
  type: 'token_usage_record',
  payload: {
    thread_id: thread,
    response_id: response,
    usage,
    ...(running && { thread_token_usage: running }),
  },
});

const toolCall = { type: 'response_item', payload: { type: 'function_call', name: 'shell' } };

describe('usage lines', () => {
  test('cached tokens lie inside the input, reasoning inside the output', () => {
    const usage = tokens(130, 11, {
      cached_input_tokens: 64,
      reasoning_output_tokens: 3,
      cache_write_input_tokens: 6,
    });
    const transcripts = read({
      'rollout-1.jsonl': [meta('s1'), context('gpt-5'), toolCall, toolCall, count(usage, usage, at(1))],
    });
    expect(only(transcripts)).toMatchObject({
      format: 'codex',
      runId: 's1',
      model: 'gpt-5',
      at: Date.parse(at(1)),
      inputTokens: 130,
      cachedTokens: 64,
      cacheWriteTokens: 6,
      outputTokens: 11,
      reasoningTokens: 3,
      toolCalls: 2,
      key: 'codex:s1:141',
      ref: { line: 5 },
    });
  });

  test('more cached than input tokens are cut down to the input', () => {
    const usage = tokens(10, 1, { cached_input_tokens: 40 });
    expect(only(read({ 'rollout-1.jsonl': [meta('s1'), count(usage, usage, at(1))] })).cachedTokens).toBe(10);
  });

  test('without usage of the call, running totals are subtracted, and never below 0', () => {
    const totals = [tokens(100, 10), tokens(250, 30), tokens(240, 35)];
    const lines = totals.map((total, second) => count(undefined, total, at(second)));
    expect(counted(read({ 'rollout-1.jsonl': [meta('s1'), context('gpt-5'), ...lines] }))).toEqual([
      ['gpt-5', 100, 10],
      ['gpt-5', 150, 20],
      ['gpt-5', 0, 5],
    ]);
  });

  test('rate limits and empty usage are no calls', () => {
    const transcripts = read({
      'rollout-1.jsonl': [
        meta('s1'),
        {
          timestamp: at(1),
          type: 'event_msg',
          payload: { type: 'token_count', info: null, rate_limits: {} },
        },
        count(tokens(0, 0), tokens(0, 0), at(2)),
      ],
    });
    expect(transcripts.report).toMatchObject({
      badLineCount: 0,
      duplicates: 0,
      byFormat: { codex: { calls: 0 } },
    });
  });

  test('the model is the last one named, on the usage line first', () => {
    const lines = [
      meta('s1'),
      count(tokens(1, 1), tokens(1, 1), at(1)),
      context('gpt-5'),
      count(tokens(2, 1), tokens(3, 2), at(2)),
      count(tokens(3, 1), tokens(6, 3), at(3), { model_name: 'gpt-5-mini' }),
      count(tokens(4, 1), tokens(10, 4), at(4), { metadata: { model: 'o9' } }),
      context('gpt-6'),
      count(tokens(5, 1), tokens(15, 5), at(5)),
    ];
    expect(counted(read({ 'rollout-1.jsonl': lines })).map(([model]) => model)).toEqual([
      'unknown',
      'gpt-5',
      'gpt-5-mini',
      'o9',
      'gpt-6',
    ]);
  });

  test('a time in milliseconds is a time, none is a bad line', () => {
    const line = count(tokens(1, 1), tokens(1, 1), at(1));
    const transcripts = read({
      'rollout-1.jsonl': [
        meta('s1'),
        { ...line, timestamp: Date.parse(at(1)) },
        { ...line, timestamp: 'soon' },
      ],
    });
    expect(only(transcripts).at).toBe(Date.parse(at(1)));
    expect(badLines(transcripts)).toEqual(['rollout-1.jsonl:3 no readable timestamp']);
  });
});

describe('one call written twice', () => {
  test('a record and the count with the same running total are one call, by its response id', () => {
    const usage = tokens(130, 11);
    const transcripts = read({
      'rollout-1.jsonl': [
        meta('s1'),
        context('gpt-5'),
        record('resp_1', usage, usage, at(1)),
        count(usage, usage, at(1, 1)),
      ],
    });
    expect(only(transcripts)).toMatchObject({ inputTokens: 130, outputTokens: 11, key: 'codex:resp_1' });
    expect(transcripts.report.duplicates).toBe(1);
  });

  test('so they are when the record does not tell the running total', () => {
    const lines = [1, 2].flatMap((n) => [
      record(`resp_${n}`, tokens(10 * n, n), undefined, at(n)),
      count(tokens(10 * n, n), tokens(10 * n + 100, n + 5), at(n, 1)),
    ]);
    expect(counted(read({ 'rollout-1.jsonl': [meta('s1'), context('gpt-5'), ...lines] }))).toEqual([
      ['gpt-5', 10, 1],
      ['gpt-5', 20, 2],
    ]);
  });

  test('consecutive lines with one running total are one call; a later equal usage is another', () => {
    const usage = tokens(5, 5);
    const lines = [
      count(usage, tokens(5, 5), at(1)),
      count(usage, tokens(5, 5), at(2)),
      count(usage, tokens(10, 10), at(3)),
    ];
    const transcripts = read({ 'rollout-1.jsonl': [meta('s1'), ...lines] });
    expect([...transcripts.calls()].map((call) => call.key)).toEqual(['codex:s1:10', 'codex:s1:20']);
    expect(transcripts.report.duplicates).toBe(1);
  });

  test('an item id that two files share drops nothing', () => {
    const file = (session: string, response: string, second: number) => [
      meta(session),
      {
        timestamp: at(second),
        type: 'response_item',
        payload: { type: 'message', id: 'msg_1', role: 'assistant' },
      },
      record(response, tokens(130, 11), tokens(130, 11), at(second), session),
    ];
    const transcripts = read({
      'rollout-1.jsonl': file('s1', 'resp_1', 1),
      'rollout-2.jsonl': file('s2', 'resp_2', 1),
    });
    expect(counted(transcripts)).toHaveLength(2);
  });
});

describe('copied history', () => {
  const history = [
    context('gpt-5'),
    count(tokens(10, 1), tokens(10, 1), at(1)),
    count(tokens(20, 2), tokens(30, 3), at(2)),
  ];
  const own = count(tokens(40, 4), tokens(70, 7), at(9));

  test('a fork counts its own calls only, whatever folder it was moved to', () => {
    for (const [parent, fork] of [
      ['sessions/2026/rollout-1.jsonl', 'sessions/2026/rollout-2.jsonl'],
      ['sessions/2026/rollout-1.jsonl', 'archived_sessions/rollout-2.jsonl'],
      ['archived_sessions/rollout-1.jsonl', 'sessions/2026/rollout-2.jsonl'],
    ] as const) {
      const transcripts = read({ [parent]: [meta('s1'), ...history], [fork]: [meta('s2'), ...history, own] });
      expect([...transcripts.calls()].map((call) => call.key)).toEqual([
        'codex:s1:11',
        'codex:s1:33',
        'codex:s2:77',
      ]);
      expect(transcripts.report.duplicates).toBe(2);
    }
  });

  test('a session in both folders counts once', () => {
    const file = [meta('s1'), ...history];
    const transcripts = read({ 'archived_sessions/rollout-1.jsonl': file, 'sessions/rollout-1.jsonl': file });
    expect(counted(transcripts)).toHaveLength(2);
  });

  test('a fork that copied only one of the two lines of a call is recognised', () => {
    const usage = tokens(10, 1);
    const both = [record('resp_1', usage, usage, at(1)), count(usage, usage, at(1, 1))];
    for (const copied of both) {
      const transcripts = read({
        'rollout-1.jsonl': [meta('s1'), ...both],
        'rollout-2.jsonl': [meta('s2'), copied],
      });
      expect(counted(transcripts)).toEqual([['unknown', 10, 1]]);
    }
  });

  test('equal usage in one millisecond of one file is two calls when the running total moved', () => {
    const lines = [count(tokens(7, 1), tokens(7, 1), at(1)), count(tokens(7, 1), tokens(14, 2), at(1))];
    expect(counted(read({ 'rollout-1.jsonl': [meta('s1'), ...lines] }))).toHaveLength(2);
  });

  test('equal usage in one millisecond of two files is two calls when their response ids differ', () => {
    const line = (response: string) => record(response, tokens(7, 1), tokens(7, 1), at(1));
    const transcripts = read({
      'rollout-1.jsonl': [meta('s1'), line('resp_1')],
      'rollout-2.jsonl': [meta('s2'), line('resp_2')],
    });
    expect(counted(transcripts)).toHaveLength(2);
  });
});

describe('sub-agents', () => {
  const spawned = meta('child', { subagent: { thread_spawn: { parent_thread_id: 's1' } } });
  const replay = [
    count(tokens(10, 1), tokens(10, 1), at(5, 10)),
    count(tokens(20, 2), tokens(30, 3), at(5, 800)),
  ];

  test('history of the parent in one second is skipped, and its totals are the baseline', () => {
    const transcripts = read({
      'rollout-2.jsonl': [spawned, context('gpt-5'), ...replay, count(undefined, tokens(75, 8), at(7))],
    });
    expect(only(transcripts)).toMatchObject({
      inputTokens: 45,
      outputTokens: 5,
      sidechain: true,
      runId: 'child',
    });
    expect(transcripts.report.duplicates).toBe(2);
  });

  test('calls of different seconds are its own, as is a single one', () => {
    const calls = [count(tokens(10, 1), tokens(10, 1), at(5)), count(tokens(20, 2), tokens(30, 3), at(6))];
    expect(counted(read({ 'rollout-2.jsonl': [spawned, ...calls] }))).toHaveLength(2);
    expect(counted(read({ 'rollout-2.jsonl': [spawned, ...calls.slice(0, 1)] }))).toHaveLength(1);
  });

  test('a record and its count in one second are no replay', () => {
    const usage = tokens(10, 1);
    const lines = [
      record('resp_1', usage, usage, at(5), 'child'),
      count(usage, usage, at(5, 1)),
      record('resp_2', tokens(20, 2), tokens(30, 3), at(8), 'child'),
      count(tokens(20, 2), tokens(30, 3), at(8, 1)),
    ];
    expect(counted(read({ 'rollout-2.jsonl': [spawned, ...lines] }))).toHaveLength(2);
  });

  test('so is a record that does not name its thread', () => {
    const usage = tokens(10, 1);
    const nameless = record('resp_1', usage, usage, at(5), '');
    const lines = [nameless, count(usage, usage, at(5, 1)), count(tokens(20, 2), tokens(30, 3), at(8))];
    expect(counted(read({ 'rollout-2.jsonl': [spawned, ...lines] }))).toHaveLength(2);
  });

  test('records of the parent are skipped with its history, its own record of that second is not', () => {
    const lines = [
      record('resp_1', tokens(10, 1), tokens(10, 1), at(5, 10)),
      ...replay,
      record('resp_9', tokens(45, 5), tokens(75, 8), at(5, 900), 'child'),
    ];
    expect(only(read({ 'rollout-2.jsonl': [spawned, ...lines] }))).toMatchObject({
      key: 'codex:resp_9',
      inputTokens: 45,
    });
  });

  test('a session that is no sub-agent keeps calls of one second', () => {
    expect(counted(read({ 'rollout-2.jsonl': [meta('s1'), ...replay] }))).toHaveLength(2);
  });
});

describe('codex exec --json', () => {
  const events = [
    { type: 'thread.started', thread_id: 's1' },
    { type: 'turn.started' },
    { type: 'turn.completed', usage: { input_tokens: 90, cached_input_tokens: 30, output_tokens: 12 } },
  ];

  test('a turn is one estimated row of an unknown model', () => {
    expect(only(read({ 'out.jsonl': events }))).toMatchObject({
      runId: 's1',
      model: 'unknown',
      inputTokens: 90,
      cachedTokens: 30,
      outputTokens: 12,
      estimated: true,
      at: null,
    });
  });

  test('saved twice it counts once, and not beside its rollout', () => {
    expect(counted(read({ 'a.jsonl': events, 'b.jsonl': events }))).toHaveLength(1);
    const rollout = [meta('s1'), context('gpt-5'), count(tokens(9, 1), tokens(9, 1), at(1))];
    expect(counted(read({ 'a.jsonl': events, 'rollout-1.jsonl': rollout }))).toEqual([['gpt-5', 9, 1]]);
  });
});
