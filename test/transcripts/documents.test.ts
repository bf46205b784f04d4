import { describe, expect, test } from 'vitest';
import { badLines, counted, only, read } from './helpers.ts';

describe('mini-swe-agent', () => {
  const answer = (id: string | undefined, prompt: number, completion: number, more: object = {}) => ({
    role: 'assistant',
    content: 'x',
    tool_calls: [{}],
    extra: {
      response: {
        ...(id && { id }),
        model: 'deepseek-chat',
        created: 1_772_000_000,
        usage: { prompt_tokens: prompt, completion_tokens: completion, ...more },
      },
    },
  });
  const trajectory = (instance: string, ...messages: unknown[]) => ({
    info: { model_stats: { api_calls: 9 }, config: { model: { model_name: 'configured' } } },
    messages: [{ role: 'system', content: 'x'.repeat(50) }, ...messages],
    trajectory_format: 'mini-swe-agent-1.1',
    instance_id: instance,
  });

  test('each answer with usage is a call; what came between is counted in characters', () => {
    const file = trajectory(
      'task-1',
      answer('r1', 2036, 77, {
        prompt_tokens_details: { cached_tokens: 320 },
        completion_tokens_details: { reasoning_tokens: 7 },
        cache_creation_input_tokens: 16,
      }),
      { role: 'tool', content: 'abcd' },
      { role: 'user', content: [{ type: 'text', text: 'ef' }] },
      { role: 'assistant', content: 'no response inside' },
      answer('r2', 2647, 72),
    );
    const transcripts = read({ 'task-1.traj.json': JSON.stringify(file, null, 2) });
    expect([...transcripts.calls()]).toMatchObject([
      {
        format: 'mini-swe-agent',
        runId: 'task-1',
        round: 1,
        at: 1_772_000_000_000,
        model: 'deepseek-chat',
        inputTokens: 2036,
        cachedTokens: 320,
        cacheWriteTokens: 16,
        outputTokens: 77,
        reasoningTokens: 7,
        toolCalls: 1,
        key: 'mini-swe-agent:r1',
      },
      { round: 2, inputTokens: 2647, key: 'mini-swe-agent:r2' },
    ]);
    expect([...transcripts.runs()]).toEqual([
      {
        format: 'mini-swe-agent',
        id: 'task-1',
        model: 'deepseek-chat',
        task: 'task-1',
        rounds: [
          { in: 2036, cached: 320, out: 77, reason: 7, tools: 1, obs: 6 },
          { in: 2647, cached: 0, out: 72, reason: 0, tools: 1, obs: 0 },
        ],
      },
    ]);
  });

  test('a task that was run twice is two runs of one task; a copied file adds nothing', () => {
    const [first, second] = [trajectory('t', answer('r1', 1, 1)), trajectory('t', answer('r2', 2, 2))];
    const transcripts = read({
      'a.traj.json': JSON.stringify(first),
      'b.traj.json': JSON.stringify(second),
      'c.traj.json': JSON.stringify(first),
    });
    expect([...transcripts.runs()].map((run) => [run.id, run.task])).toEqual([
      ['t', 't'],
      ['t#2', 't'],
    ]);
    expect(transcripts.report.duplicates).toBe(1);
  });

  test('without a response id or model the task and the configured model stand in', () => {
    const plain = answer(undefined, 5, 5);
    Object.assign(plain.extra.response, { model: undefined });
    const call = only(read({ 't.traj.json': JSON.stringify(trajectory('t', plain)) }));
    expect([call.model, call.key]).toEqual(['configured', 'mini-swe-agent:t:1:1772000000000']);
  });

  test('a name without a letter is none', () => {
    const plain = answer('r1', 5, 5);
    Object.assign(plain.extra.response, { model: '' });
    const file = { ...trajectory('t', plain), info: { config: { model: { model_name: '' } } } };
    expect(only(read({ 't.traj.json': JSON.stringify(file) })).model).toBe('unknown');
  });

  test('a trajectory that was cut off keeps its complete answers', () => {
    const text = JSON.stringify(trajectory('t', answer('r1', 5, 5), answer('r2', 6, 6)), null, 1);
    const transcripts = read({ 'cut.traj.json': text.slice(0, text.lastIndexOf('completion_tokens')) });
    expect(counted(transcripts)).toEqual([['deepseek-chat', 5, 5]]);
    expect(badLines(transcripts)).toEqual([expect.stringMatching(/^cut\.traj\.json:\d+ cut off$/)]);
  });
});

describe('tau2', () => {
  const turn = (role: string, turnIndex: number, prompt?: number, completion?: number) => ({
    role,
    turn_idx: turnIndex,
    content: 'abc',
    timestamp: `2026-03-01T10:00:0${turnIndex}.123456`,
    tool_calls: turnIndex === 3 ? [{}] : null,
    usage: prompt === undefined ? null : { prompt_tokens: prompt, completion_tokens: completion },
  });
  const simulation = (id: string, task = '7') => ({
    id,
    task_id: task,
    trial: 1,
    messages: [
      turn('assistant', 0),
      turn('user', 1, 900, 90),
      turn('assistant', 2, 100, 10),
      turn('assistant', 3, 200, 20),
      turn('tool', 4),
    ],
  });
  const info = { agent_info: { llm: 'gpt-4.1' }, user_info: { llm: 'gpt-4.1-mini' } };

  test("only the agent's answers with usage count, never the simulated customer's", () => {
    const transcripts = read({
      'r.json': JSON.stringify({ info, tasks: [], simulations: [simulation('sim-1')] }, null, 2),
    });
    expect([...transcripts.calls()]).toMatchObject([
      {
        runId: 'sim-1',
        model: 'gpt-4.1',
        inputTokens: 100,
        outputTokens: 10,
        key: 'tau2:sim-1:2',
        at: Date.UTC(2026, 2, 1, 10, 0, 2, 123),
      },
      {
        runId: 'sim-1',
        model: 'gpt-4.1',
        inputTokens: 200,
        outputTokens: 20,
        key: 'tau2:sim-1:3',
        toolCalls: 1,
      },
    ]);
    expect([...transcripts.runs()]).toMatchObject([
      { id: 'sim-1', task: '7', rounds: [{ obs: 0 }, { obs: 3 }] },
    ]);
  });

  test('the model may stand behind the simulations, and a copied file adds nothing', () => {
    const text = JSON.stringify({ simulations: [simulation('sim-1'), simulation('sim-2')], info });
    const transcripts = read({ 'a.json': text, 'b.json': text });
    expect(counted(transcripts)).toEqual(
      Array.from({ length: 2 }, () => [
        ['gpt-4.1', 100, 10],
        ['gpt-4.1', 200, 20],
      ]).flat(),
    );
    expect(transcripts.report.duplicates).toBe(4);
  });

  test('one unusable simulation is reported, the others count', () => {
    const bad = { ...simulation('bad'), messages: [turn('assistant', 0, -5, 1)] };
    const transcripts = read({ 'a.json': JSON.stringify({ info, simulations: [bad, simulation('sim-1')] }) });
    expect(transcripts.report.badLineCount).toBe(1);
    expect(counted(transcripts)).toHaveLength(2);
  });
});

describe('OpenTelemetry', () => {
  const attribute = (key: string, value: unknown) => ({
    key: `gen_ai.${key}`,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  });
  const span = (id: string, attributes: Record<string, unknown>) => ({
    traceId: 't1',
    spanId: id,
    startTimeUnixNano: '1772359201234567890',
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  });
  const chat = (input: number, output: number, more: object = {}) => ({
    'operation.name': 'chat',
    'request.model': 'gpt-4o',
    'usage.input_tokens': input,
    'usage.output_tokens': output,
    ...more,
  });
  const traces = (...spans: unknown[]) => ({
    resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans }] }],
  });

  test('a chat span is a call, its cache parts lie inside the input', () => {
    const attributes = chat(811, 92, {
      'response.model': 'gpt-4o-2024-08-06',
      'response.id': 'resp_1',
      'conversation.id': 'conv_1',
      'usage.cache_read.input_tokens': 640,
      'usage.cache_creation.input_tokens': 100,
      'usage.reasoning.output_tokens': 12,
    });
    expect(
      only(read({ 'traces.json': JSON.stringify(traces(span('a', attributes)), null, 2) })),
    ).toMatchObject({
      format: 'otel',
      runId: 'conv_1',
      at: 1_772_359_201_234,
      model: 'gpt-4o-2024-08-06',
      inputTokens: 811,
      cachedTokens: 640,
      cacheWriteTokens: 100,
      outputTokens: 92,
      reasoningTokens: 12,
      key: 'otel:resp_1',
    });
  });

  test('spans of agents, tools and other operations do not count', () => {
    const others = ['invoke_agent', 'create_agent', 'execute_tool', 'embeddings', undefined].map(
      (name, index) => span(`o${index}`, { ...chat(1000, 100), 'operation.name': name ?? '' }),
    );
    const transcripts = read({
      'a.json': JSON.stringify(
        traces(...others, span('c', chat(1, 2)), span('none', { 'operation.name': 'chat' })),
      ),
    });
    expect(counted(transcripts)).toEqual([['gpt-4o', 1, 2]]);
  });

  test('generate_content and text_completion count; a response id counts once, without one the span does', () => {
    const spans = [
      span('a', { ...chat(1, 1), 'operation.name': 'generate_content', 'response.id': 'r' }),
      span('b', { ...chat(1, 1), 'operation.name': 'text_completion', 'response.id': 'r' }),
      span('c', chat(3, 3)),
      span('c', chat(3, 3)),
      span('d', chat(4, 4)),
    ];
    const transcripts = read({ 'a.json': JSON.stringify(traces(...spans)) });
    expect([...transcripts.calls()].map((call) => call.key)).toEqual(['otel:r', 'otel:t1:c', 'otel:t1:d']);
    expect(transcripts.report.duplicates).toBe(2);
  });

  test.each([
    ['older names', { 'usage.cache_read_input_tokens': 60, 'usage.cache_creation_input_tokens': 20 }, 100],
    ['the oldest names', { 'usage.input_tokens.cached': 60, 'usage.input_tokens.cache_write': 20 }, 100],
    [
      'parts that the input does not hold',
      { 'usage.cache_read.input_tokens': 90, 'usage.cache_creation.input_tokens': 20 },
      210,
    ],
  ])('cache parts under %s', (_, parts, input) => {
    const call = only(read({ 'a.json': JSON.stringify(traces(span('a', chat(100, 1, parts)))) }));
    expect(call.inputTokens).toBe(input);
    expect(call.cachedTokens + call.cacheWriteTokens).toBe(input === 100 ? 80 : 110);
  });

  test('integers may be numbers, prompt and completion are older names', () => {
    const older = { ...span('a', { 'operation.name': 'chat', 'request.model': 'm' }) };
    older.attributes.push(
      { key: 'gen_ai.usage.prompt_tokens', value: { intValue: 5 } } as never,
      { key: 'gen_ai.usage.completion_tokens', value: { intValue: 6 } } as never,
    );
    expect(counted(read({ 'a.json': JSON.stringify(traces(older)) }))).toEqual([['m', 5, 6]]);
  });

  test('one export a line: a line that was cut off loses itself only', () => {
    const line = (id: string) => JSON.stringify(traces(span(id, chat(1, 1))));
    for (const name of ['a.jsonl', 'a.json']) {
      const cut = line('x').slice(0, -40);
      const transcripts = read({ [name]: `${line('a')}\n${line('b')}\n${cut}\n${line('c')}\n` });
      expect([...transcripts.calls()].map((call) => call.key)).toEqual([
        'otel:t1:a',
        'otel:t1:b',
        'otel:t1:c',
      ]);
      expect(badLines(transcripts)).toEqual([`${name}:3 cut off`]);
      expect(transcripts.report.lines).toBe(4);
    }
  });
});

describe('plain runs', () => {
  const run = (id: unknown, rounds: unknown, more: object = {}) => ({ id, model: 'haiku', rounds, ...more });
  const round = { in: 2036, cached: 320, out: 77, reason: 7, tools: 1, obs: 1209 };

  test('a run is its rounds', () => {
    const transcripts = read({ 'a.jsonl': [run('r1', [round, { in: 3, out: 1 }])] });
    expect([...transcripts.calls()]).toMatchObject([
      {
        format: 'plain',
        runId: 'r1',
        round: 1,
        model: 'haiku',
        inputTokens: 2036,
        cachedTokens: 320,
        outputTokens: 77,
        key: 'plain:r1:1',
      },
      {
        round: 2,
        inputTokens: 3,
        cachedTokens: 0,
        reasoningTokens: 0,
        toolCalls: 0,
        key: 'plain:r1:2',
        at: null,
      },
    ]);
    expect([...transcripts.runs()]).toEqual([
      {
        format: 'plain',
        id: 'r1',
        model: 'haiku',
        task: 'r1',
        rounds: [round, { in: 3, cached: 0, out: 1, reason: 0, tools: 0 }],
      },
    ]);
  });

  test('ids count inside their dataset, and trials of one task belong together', () => {
    const transcripts = read({
      'a.jsonl': [
        run('7/0', [round], { dataset: 'd1', agent: 'tau2' }),
        run('7/1', [round], { dataset: 'd1', agent: 'tau2' }),
        run('7/0', [round], { dataset: 'd2', agent: 'tau2' }),
      ],
    });
    expect([...transcripts.runs()].map((found) => [found.id, found.task])).toEqual([
      ['d1/7/0', '7'],
      ['d1/7/1', '7'],
      ['d2/7/0', '7'],
    ]);
  });

  test('the same run twice counts once; other rounds under its id are said', () => {
    const transcripts = read({
      'a.jsonl': [run(1, [round]), run(1, [round]), run(1, [{ ...round, in: 2037 }])],
    });
    expect(counted(transcripts)).toEqual([['haiku', 2036, 77]]);
    expect(transcripts.report.duplicates).toBe(2);
    expect(badLines(transcripts)).toEqual([
      'a.jsonl:3 a run with this id and other rounds was read before; the first counts',
    ]);
  });

  test.each([
    ['rounds that are no list', run('x', {}), 'a run has no list of rounds'],
    ['no id', run(undefined, []), 'a run has no id'],
    ['a round that is none', run('x', [1]), 'round 1 is no object'],
    ['a round without output', run('x', [{ in: 1 }]), 'round 1 lacks "in" or "out"'],
    [
      'more cached than input',
      run('x', [round, { ...round, cached: 9999 }]),
      'round 2: "cached" is more than "in"',
    ],
    [
      'more reasoning than output',
      run('x', [{ ...round, reason: 78 }]),
      'round 1: "reason" is more than "out"',
    ],
    [
      'half a token',
      run('x', [{ ...round, in: 1.5 }]),
      'a token count is no whole number from 0 to 1,000,000,000',
    ],
    ['text', 'hello', 'not a JSON object'],
    ['a list', '[1]', 'not a JSON object'],
  ])('%s is reported, whole run and line', (_, line, reason) => {
    const transcripts = read({ 'a.jsonl': [run('good', [round]), line, run('good 2', [round])] });
    expect(badLines(transcripts)).toEqual([`a.jsonl:2 ${reason}`]);
    expect(counted(transcripts)).toHaveLength(2);
  });
});
