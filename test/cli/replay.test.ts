import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, NOW, temporaryFolder } from '../helpers/cli-line.ts';
import { type Files, folderOf } from '../transcripts/helpers.ts';

const credits = commandLine(temporaryFolder());
const DAY = 86_400_000;
/** Written long before the clock of the lines, so that nothing counts as still growing. */
const old = (files: Files): string => folderOf(files, NOW - DAY);

/** A home with a ledger of its own, made on the first of the month. */
async function withLedger(...more: readonly string[][]) {
  const run = commandLine(temporaryFolder());
  for (const line of [['init', '--plan', 'pro', '--now', '2026-03-01'], ...more]) {
    expect([line, (await run(line)).code]).toEqual([line, 0]);
  }
  return run;
}

const run = (
  id: string,
  model: string,
  rounds: readonly (readonly [number, number])[],
  more: object = {},
) => ({
  id,
  model,
  rounds: rounds.map(([input, output]) => ({ in: input, out: output, ...more })),
});

/** At Haiku rates 0.375, 0.625 and 0.875 credits, and 0.5 for the other run. */
const RUNS: Files = {
  'runs.jsonl': [
    run('a', 'haiku', [
      [1000, 100],
      [2000, 100],
      [3000, 100],
    ]),
    run('b', 'claude-haiku', [[1500, 100]]),
  ],
};

/** An answer as Claude Code logs it. */
const answer = (id: string, output: number, at: string, model = 'claude-haiku') => ({
  type: 'assistant',
  sessionId: 's1',
  version: '2.1.0',
  isSidechain: false,
  requestId: `req_${id}`,
  timestamp: at,
  message: {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    usage: { input_tokens: 1000, output_tokens: output },
  },
});

describe('without a ledger', () => {
  test('totals, to the microcredit, with the fields of the contract', async () => {
    const { code, json, stderr } = await credits(['replay', old(RUNS), '--json']);
    expect([code, stderr]).toEqual([0, '']);
    expect(json()).toMatchObject({
      schema: 'credits.replay/v1',
      total: 2.375,
      calls: 4,
      runs: 2,
      unpriced: [],
      stopped: [],
      stoppedTotal: 2.375,
      maxRounds: 25,
      budget: null,
      report: { files: 1, lines: 2, badLines: [], duplicates: 0 },
    });
    expect(json().byModel).toMatchObject([
      {
        model: 'haiku',
        pricedAs: 'claude-haiku',
        calls: 3,
        inputTokens: 6000,
        outputTokens: 300,
        credits: 1.875,
      },
      { model: 'claude-haiku', pricedAs: 'claude-haiku', calls: 1, credits: 0.5 },
    ]);
  });

  test.each([
    [['--max-rounds', '2'], [{ run: 'a', by: 'cap', round: 3, rounds: 3, credits: 1 }], 1.5],
    [['--max-turns', '1'], [{ run: 'a', by: 'cap', round: 2, rounds: 3, credits: 0.375 }], 0.875],
    [['--budget', '1.874999'], [{ run: 'a', by: 'budget', round: 3, rounds: 3, credits: 1 }], 1.5],
    [['--budget', '1.875'], [], 2.375],
    [
      ['--budget', '0.4'],
      [
        { run: 'a', by: 'budget', round: 2, rounds: 3, credits: 0.375 },
        { run: 'b', by: 'budget', round: 1, rounds: 1, credits: 0 },
      ],
      0.375,
    ],
    [['--budget', '1', '--max-rounds', '2'], [{ run: 'a', by: 'cap', round: 3, rounds: 3, credits: 1 }], 1.5],
  ])('where it would have been stopped: %j', async (flags, stopped, stoppedTotal) => {
    const { code, json } = await credits(['replay', old(RUNS), ...flags, '--json']);
    expect([code, json().stopped.map(({ format, ...rest }: { format: string }) => rest)]).toEqual([
      0,
      stopped,
    ]);
    expect([json().stoppedTotal, json().total]).toEqual([stoppedTotal, 2.375]);
  });

  test('-m prices every call as one model, --map some of them', async () => {
    const mixed = old({ 'runs.jsonl': [run('a', 'gpt-5', [[1000, 100]]), run('b', 'haiku', [[1000, 100]])] });
    const total = async (...flags: string[]) => {
      const end = await credits(['replay', mixed, ...flags, '--json']);
      expect(end.code).toBe(0);
      return end.json().total;
    };
    expect(await total('-m', 'sonnet')).toBe(9);
    expect(await total('--map', 'GPT-5=4o')).toBe(3.875);
    expect(await total('--map', 'gpt-5=4o', '--map', 'gpt-5=sonnet')).toBe(4.875);
    expect(await total('--map', 'gpt-5=4o', '-m', 'sonnet')).toBe(8);
    const text = await credits(['replay', mixed], { env: { CREDITS_MODEL: 'sonnet' } });
    expect(text.stderr).toBe('every call is priced as sonnet\n');
    expect(text.stdout).toMatch(/^2 calls in 2 runs: 9 credits\n/);
  });

  test('every model without a price is named in one refusal, and nothing is booked', async () => {
    const mixed = old({
      'runs.jsonl': [
        run('a', 'gpt-5', [[1000, 100]]),
        run('b', 'claude-haiku-4-5', [
          [1, 1],
          [2, 2],
        ]),
        run('c', 'haiku', [[1000, 100]]),
      ],
    });
    const line = await withLedger();
    for (const more of [[], ['--charge']]) {
      const { code, stdout, failure } = await line(['replay', mixed, '--json', ...more]);
      expect([code, stdout, failure().code]).toEqual([2, '', 'unknown_model']);
      expect(failure().message).toContain('claude-haiku-4-5 (2 calls), gpt-5 (1 call)');
      expect(failure().details.models).toEqual([
        { model: 'claude-haiku-4-5', calls: 2 },
        { model: 'gpt-5', calls: 1 },
      ]);
    }
    expect((await line(['log', '--kind', 'spent', '--json'])).json().entries).toEqual([]);
  });

  test('a model whose price begins after the calls is told so, and the command that prices them', async () => {
    const set = ['models', 'set', 'brand-new', '--provider', 'acme', '--input', '1', '--output', '1'];
    const line = await withLedger([...set, '--from', '2026-03-05']);
    const calls = [
      answer('1', 100, '2026-03-04T10:00:00Z', 'brand-new'),
      answer('2', 100, '2026-03-03T10:00:00Z', 'brand-new'),
      answer('3', 100, '2026-03-06T10:00:00Z', 'brand-new'),
    ];
    const late = old({ 'a.jsonl': calls });
    const { code, failure } = await line(['replay', late, '--json']);
    expect([code, failure().message]).toEqual([
      2,
      '1 model without a price: brand-new (2 calls, no price at the time of these calls)',
    ]);
    expect(failure().hint).not.toContain('make a model known');
    const told = /`credits (models set brand-new) --input N --output N (--from 2026-03-03)`/.exec(
      failure().hint,
    )!;
    const set2 = `${told[1]} --input 2 --output 2 ${told[2]}`.split(' ');
    expect((await line(set2)).code).toBe(0);
    expect((await line(['replay', late, '--json'])).json().total).toBe(2.2 + 2.2 + 1.1);
    const both = { 'a.jsonl': [...calls, answer('4', 1, '2026-02-01T00:00:00Z', 'gpt-5')], 'b.jsonl': [] };
    const more = await withLedger([...set, '--from', '2026-03-05']);
    const mixed = (await more(['replay', old(both), '--json'])).failure();
    expect(mixed.message).toContain(
      'brand-new (2 calls, no price at the time of these calls), gpt-5 (1 call)',
    );
    expect(mixed.hint).toMatch(
      /--map gpt-5=MODEL; .*make a model known; `credits models set brand-new .*--from/,
    );
  });

  test('without --charge it opens the ledger for reading alone, and names no target', async () => {
    const line = await withLedger();
    const plain = await line(['replay', old(RUNS), '-m', 'haiku']);
    expect([plain.code, plain.stderr]).toEqual([0, expect.not.stringContaining('test ledger')]);
    const charged = await line(['replay', old(RUNS), '-m', 'haiku', '--charge', '-n']);
    expect(charged.stderr).toContain('test ledger');
  });

  test('a call that stands in several lines and files counts once', async () => {
    const first = [answer('1', 8, '2026-03-01T10:00:00Z'), answer('1', 143, '2026-03-01T10:00:00Z')];
    const folder = old({ 'a.jsonl': first, 'copy/a.jsonl': first });
    const { json } = await credits(['replay', folder, '--json']);
    expect(json()).toMatchObject({ calls: 1, total: 0.42875, report: { duplicates: 3 } });
  });

  test('bad lines and foreign files are named; they stop nothing', async () => {
    const folder = old({
      'runs.jsonl': `{"id":"a","model":"haiku","rounds":[{"in":1000,"out":100}]}\n{"id":\n`,
      'other.json': '{"hello":"world"}',
    });
    const { code, stdout, stderr } = await credits(['replay', folder]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${path.join(folder, 'runs.jsonl')}:2: `);
    expect(stdout).toContain(`${path.join(folder, 'other.json')}: unknown format`);
    expect(stderr).toMatch(/^1 bad line left out\n1 file of an unknown format left out/);
    const { json } = await credits(['replay', folder, '--json']);
    expect(json().report.badLines).toMatchObject([{ line: 2 }]);
    expect(json().total).toBe(0.375);
  });

  test('--compare: the same calls on every model, and with the cache prices of its provider', async () => {
    const folder = old({ 'runs.jsonl': [run('a', 'haiku', [[1000, 100]], { cached: 800 })] });
    const { models } = (await credits(['replay', folder, '--compare', '--json'])).json();
    expect(models.map(({ model, total }: { model: string; total: number }) => [model, total])).toEqual([
      ['gemini-2.5-flash', 0.21],
      ['gpt-4o-mini', 0.21],
      ['claude-haiku', 0.375],
      ['gemini-2.5-pro', 2.25],
      ['gpt-4o', 3.5],
      ['claude-sonnet-4', 4.5],
    ]);
    // 200 × 0.25 + 800 × 0.03 + 100 × 1.25, and 200 × 3 + 800 × 0.3 + 100 × 15
    expect(models[2].withCacheRates).toBe(0.199);
    expect(models[5].withCacheRates).toBe(2.34);
    // The tariff of Flash is half of what its provider asks: 200 × 0.15 + 800 × 0.015 + 100 × 0.6
    expect(models[0].withCacheRates).toBe(0.102);
  });

  test('nothing to read is no failure', async () => {
    const { code, stdout } = await credits(['replay', old({ 'empty.jsonl': '' })]);
    expect([code, stdout]).toEqual([0, '0 calls in 0 runs: 0 credits\n\nRead: 0 lines in 1 file.\n']);
  });
});

describe('long inputs', () => {
  const LONG: Files = {
    'long.jsonl': [
      run('a', 'gemini-pro', [
        [199_999, 0],
        [200_001, 0],
      ]),
    ],
  };

  test('that cost less here than the provider asks are said, also of the models in a comparison', async () => {
    const { stderr, json } = await credits(['replay', old(LONG), '--compare', '--json']);
    expect(json().total).toBe(500);
    expect(stderr).toMatch(/1 call with a long input cost less here than the provider is known to ask/);
    expect(stderr).toMatch(/known to ask: Gemini 2.5 Pro \(1 call\), Claude Sonnet 4 \(1 call\)/);
    const short: Files = { 'short.jsonl': [run('a', 'gemini-pro', [[200_000, 9]])] };
    expect((await credits(['replay', old(short), '--compare'])).stderr).not.toMatch(/known to ask/);
  });

  test('pay the tier of the ledger’s own card, and nothing is said then', async () => {
    const own = await withLedger([
      'models',
      'set',
      'gemini-pro',
      '--input',
      '1.25',
      '--output',
      '10',
      '--above',
      '200000=2.5/15',
      '--from',
      '2026-01-01',
    ]);
    const { json, stderr } = await own(['replay', old(LONG), '--json']);
    expect(json().total).toBe(249.99875 + 500.0025);
    expect(stderr).not.toMatch(/known to ask/);
    const simulated = await own([
      'simulate',
      '-m',
      'gemini-pro',
      '--base-tokens',
      '199999',
      '--tool-tokens',
      '2',
      '--output-tokens',
      '0',
      '--max-rounds',
      '2',
      '--json',
    ]);
    expect(simulated.json().total).toBe(json().total);
    expect(simulated.stderr).toMatch(
      /above 200,000 input tokens every token of a call of Gemini 2.5 Pro costs 2.5 \/ 15/,
    );
  });
});

describe('beside a ledger', () => {
  test('prices by its own dated rates, at the time of each call', async () => {
    const line = await withLedger([
      'models',
      'set',
      'haiku',
      '--input',
      '1',
      '--output',
      '1',
      '--from',
      '2026-03-05',
    ]);
    const folder = old({
      'a.jsonl': [answer('1', 100, '2026-03-04T23:59:59Z'), answer('2', 100, '2026-03-05T00:00:00Z')],
    });
    const { json } = await line(['replay', folder, '--json']);
    expect(json()).toMatchObject({ total: 0.375 + 1.1, budget: 1050, budgetFrom: 'balance' });
  });

  test('compares by them too, and leaves out by name what had no price then or costs beyond all bounds', async () => {
    const dated = (model: string, rate: string, from: string): string[] => [
      ...['models', 'set', model, '--provider', 'acme', '--input', rate, '--output', rate, '--from', from],
    ];
    const line = await withLedger(
      dated('dated-1', '2', '2026-01-01'),
      dated('dated-1', '1', '2026-03-05'),
      dated('brand-new', '1', '2026-03-05'),
      dated('absurd', '1000000000', '2026-01-01'),
    );
    const calls = [answer('1', 1000, '2026-03-04T23:59:59Z'), answer('2', 1000, '2026-03-05T00:00:00Z')];
    const all = await line(['replay', old({ 'a.jsonl': calls }), '--compare', '--json']);
    const ofModel = ({ json }: typeof all) => {
      const { models } = json() as { models: { model: string; total: number }[] };
      return Object.fromEntries(models.map(({ model, total }) => [model, total]));
    };
    expect(ofModel(all)).toMatchObject({ 'claude-haiku': 3, 'dated-1': 4 + 2 });
    expect(Object.keys(ofModel(all))).not.toContain('brand-new');
    expect(all.stderr).toMatch(/left out, without a price at the time of these calls: brand-new\n/);
    expect(all.stderr).not.toMatch(/absurd/);
    const late = await line(['replay', old({ 'a.jsonl': calls.slice(1) }), '--compare', '--json']);
    expect(ofModel(late)).toMatchObject({ 'dated-1': 2, 'brand-new': 2 });
    const huge = [answer('1', 900_000_000, '2026-03-06T00:00:00Z')];
    const beyond = await line(['replay', old({ 'a.jsonl': huge }), '--compare', '--json']);
    expect(beyond.stderr).toMatch(/left out, with a call that costs more than any account holds: absurd\n/);
    expect(Object.keys(ofModel(beyond))).toContain('brand-new');
    expect(Object.keys(ofModel(beyond))).not.toContain('absurd');
    const none = await line(['replay', old({ 'empty.jsonl': '' }), '--compare', '--json']);
    expect(ofModel(none)).toMatchObject({ 'dated-1': 0, 'brand-new': 0 });
  });

  test('without --charge it books nothing', async () => {
    const line = await withLedger();
    const log = (await line(['log', '--json'])).stdout;
    expect((await line(['replay', old(RUNS)])).code).toBe(0);
    expect((await line(['log', '--json'])).stdout).toBe(log);
  });

  test('on an own key calls cost nothing; the list price stays beside it', async () => {
    const line = await withLedger(['byok', 'add', 'anthropic', '--env', 'SOME_KEY']);
    const { json } = await line(['replay', old(RUNS), '--json', '--budget', '0']);
    expect(json()).toMatchObject({ total: 0, stopped: [], unpriced: [] });
    expect(json().byModel[0]).toMatchObject({ byok: true, credits: 0, listCredits: 1.875 });
  });
});

describe('an account that takes no call', () => {
  const GRATIS: Files = {
    'runs.jsonl': [
      run('a', 'gratis', [
        [1000, 100],
        [2000, 100],
      ]),
      run('b', 'haiku', [[1000, 100]]),
    ],
  };
  const opened = () =>
    withLedger(
      ['models', 'set', 'gratis', '--provider', 'acme', '--input', '0', '--output', '0'],
      ['byok', 'add', 'anthropic'],
    );
  const stop = { run: 'a', by: 'budget', round: 1, rounds: 2, credits: 0 };

  test('in debt stops also what costs nothing, but for own keys', async () => {
    const line = await opened();
    const { hold } = (await line(['hold', '1050', '--json'])).json();
    expect((await line(['settle', hold, '--credits', '1060'])).code).toBe(0);
    const { json } = await line(['replay', old(GRATIS), '--json']);
    expect(json().stopped).toMatchObject([stop]);
    expect((await line(['replay', old(GRATIS)])).stdout).toMatch(
      /1 of 2 runs would have been stopped by .* balance 0 \(in debt\) for each run/,
    );
    // A budget that was told is what runs are held against.
    expect((await line(['replay', old(GRATIS), '--json', '--budget', '0'])).json().stopped).toEqual([]);
  });

  test('closed stops everything', async () => {
    const line = await opened();
    expect((await line(['accounts', 'close', 'default', '--yes'])).code).toBe(0);
    const { json } = await line(['replay', old(GRATIS), '--json']);
    expect(json().stopped).toMatchObject([stop, { run: 'b', by: 'budget', round: 1, rounds: 1 }]);
  });
});

describe('--charge', () => {
  test('tried first, refuses the calls that it refuses', async () => {
    const line = await withLedger();
    const calls = Array.from({ length: 2_000 }, (_, no) => answer(`${no}`, 300, '2026-03-04T10:00:00Z'));
    const argv = ['replay', old({ 'a.jsonl': calls }), '--charge', '--json'];
    const dry = (await line([...argv, '-n'])).json().charge;
    const real = (await line(argv)).json().charge;
    expect(dry).toEqual({ ...real, dryRun: true });
    expect([real.booked, real.refused.length]).toEqual([1_680, 320]);
  });

  test('books each call with its own time and run; a second charge adds nothing', async () => {
    const line = await withLedger();
    const folder = old({
      'a.jsonl': [answer('1', 100, '2026-03-04T10:00:00Z'), answer('2', 300, '2026-03-05T10:00:00Z')],
    });
    const first = await line(['replay', folder, '--charge', '--json']);
    expect([first.code, first.json().charge]).toEqual([
      0,
      { booked: 2, replayed: 0, skipped: 0, credits: 1, refused: [], dryRun: false },
    ]);
    expect(first.stderr).toContain('account default');
    const log = (await line(['log', '--json'])).stdout;
    const again = await line(['replay', folder, '--charge', '--json']);
    expect([again.code, again.json().charge]).toMatchObject([0, { booked: 0, replayed: 2, credits: 0 }]);
    expect((await line(['replay', folder, '--charge', '-q'])).stdout).toBe('');
    expect((await line(['log', '--json'])).stdout).toBe(log);
    expect((await line(['balance', '--total'])).stdout).toBe('1049\n');
    const by = async (what: string) =>
      (await line(['usage', '--by', what, '--json']))
        .json()
        .rows.map((row: Record<string, unknown>) => [row[what], row.credits]);
    expect(await by('day')).toEqual([
      ['2026-03-04', 0.375],
      ['2026-03-05', 0.625],
    ]);
    expect([await by('run'), await by('session'), await by('activity')]).toEqual([
      [['s1', 1]],
      [['s1', 1]],
      [['agent', 1]],
    ]);
    expect((await line(['verify'])).code).toBe(0);
  });

  test('files that were moved or copied book nothing twice', async () => {
    const line = await withLedger();
    expect((await line(['replay', old(RUNS), '--charge', '--json'])).json().charge.booked).toBe(4);
    const moved = old({
      'elsewhere/other.jsonl': RUNS['runs.jsonl']!,
      'more.jsonl': [run('c', 'haiku', [[1000, 0]])],
    });
    const { json } = await line(['replay', moved, '--charge', '--json']);
    expect(json().charge).toMatchObject({ booked: 1, replayed: 4, credits: 0.25 });
  });

  test('a call that grew is refused by itself: the first booking stays, the rest is booked', async () => {
    const line = await withLedger();
    const at = '2026-03-04T10:00:00Z';
    await line(['replay', old({ 'a.jsonl': [answer('1', 8, at)] }), '--charge']);
    const grown = old({ 'a.jsonl': [answer('1', 143, at), answer('2', 100, at)] });
    const end = await line(['replay', grown, '--charge', '--json']);
    expect([end.code, end.failure().code, end.failure().details]).toEqual([
      8,
      'partly_refused',
      { refused: 1, of: 2 },
    ]);
    expect(end.json().charge).toMatchObject({
      booked: 1,
      refused: [
        {
          key: 'replay:claude:msg_1:req_1',
          run: 's1',
          round: 1,
          model: 'claude-haiku',
          file: path.join(grown, 'a.jsonl'),
          line: 1,
          code: 'key_reused',
        },
      ],
    });
    expect((await line(['balance', '--total'])).stdout).toBe('1049.365\n');
    const text = await line(['replay', grown, '--charge']);
    expect([text.code, text.stdout]).toEqual([8, expect.stringContaining('changed since it was charged')]);
    expect(text.stdout).toContain('Charge: 0 booked (0 credits), 1 booked before, 1 refused.');
  });

  test('a call that does not fit is refused, those that fit are booked', async () => {
    const line = await withLedger(['spend', '1049']);
    const end = await line(['replay', old(RUNS), '--charge', '--json']);
    expect(end.code).toBe(8);
    const { booked, refused, credits: paid } = end.json().charge;
    expect([booked, paid]).toEqual([2, 1]);
    expect(refused.map((call: { round: number; code: string }) => [call.round, call.code])).toEqual([
      [3, 'insufficient_credits'],
      [1, 'insufficient_credits'],
    ]);
    await line(['grant', '10', '--source', 'promotional']);
    const rest = await line(['replay', old(RUNS), '--charge', '--json']);
    expect([rest.code, rest.json().charge]).toMatchObject([0, { booked: 2, replayed: 2, credits: 1.375 }]);
  });

  test('a dry run decides and books nothing', async () => {
    const line = await withLedger(['spend', '1049']);
    const log = (await line(['log', '--json'])).stdout;
    const end = await line(['replay', old(RUNS), '--charge', '-n']);
    expect(end.stdout).toMatch(/would be booked \([\d.]+ credits?\).*\nDry run: nothing was booked\.\n/);
    expect((await line(['log', '--json'])).stdout).toBe(log);
  });

  test('the last call of a file that is still being written waits', async () => {
    const line = await withLedger();
    const files = {
      'a.jsonl': [answer('1', 100, '2026-03-11T11:58:00Z'), answer('2', 100, '2026-03-11T11:59:00Z')],
    };
    const fresh = await line(['replay', folderOf(files, NOW - 60_000), '--charge', '--json']);
    expect([fresh.code, fresh.json().charge]).toMatchObject([0, { booked: 1, skipped: 1 }]);
    const later = await line(['replay', old(files), '--charge', '--json']);
    expect(later.json().charge).toMatchObject({ booked: 1, replayed: 1, skipped: 0 });
  });

  test('a call from a clock ahead of ours is booked now, and once, also when its time has come', async () => {
    const line = await withLedger();
    const folder = old({ 'a.jsonl': [answer('1', 100, '2026-03-12T10:00:00Z')] });
    const charge = async (...more: string[]) => {
      const end = await line(['replay', folder, '--charge', '--json', ...more]);
      return [end.code, end.json().charge.booked, end.json().charge.replayed];
    };
    expect(await charge()).toEqual([0, 1, 0]);
    expect(await charge()).toEqual([0, 0, 1]);
    expect(await charge('--now', '2026-03-13T00:00:00Z')).toEqual([0, 0, 1]);
  });

  test('a call between our clock and that of the account is priced and booked at its own time', async () => {
    const line = await withLedger(
      ['models', 'set', 'haiku', '--input', '1', '--output', '1', '--from', '2026-03-13'],
      ['spend', '1', '--now', '2026-03-14'],
    );
    const folder = old({
      'a.jsonl': [answer('1', 100, '2026-03-12T10:00:00Z'), answer('2', 100, '2026-03-15T10:00:00Z')],
    });
    const { json } = await line(['replay', folder, '--charge', '--json']);
    expect([json().total, json().charge.credits]).toEqual([0.375 + 1.1, 0.375 + 1.1]);
  });

  test('calls that a model stands for are booked as that model', async () => {
    const line = await withLedger();
    const folder = old({ 'runs.jsonl': [run('a', 'gpt-5', [[1000, 100]])] });
    expect((await line(['replay', folder, '--map', 'gpt-5=4o', '--charge'])).code).toBe(0);
    expect((await line(['usage', '--json'])).json().rows).toMatchObject([{ model: 'gpt-4o', credits: 3.5 }]);
  });

  test('a key that is too long for a ledger is hashed', async () => {
    const line = await withLedger();
    const folder = old({ 'runs.jsonl': [run('x'.repeat(400), 'haiku', [[1000, 100]])] });
    for (const booked of [1, 0]) {
      const { code, json } = await line(['replay', folder, '--charge', '--json']);
      expect([code, json().charge.booked]).toEqual([0, booked]);
    }
  });
});

describe('what is refused', () => {
  test.each([
    ['replay', 'missing required argument'],
    ['replay /nowhere/x.jsonl', '/nowhere/x.jsonl'],
    ['replay x --map gpt-5', 'FROM=TO'],
    ['replay x --map =4o', 'FROM=TO'],
    ['replay x --format cline', '--format'],
    ['replay x --max-rounds none', '--max-rounds'],
    ['replay x --dry-run', 'without --charge'],
    ['replay x --charge --key k', '--key'],
  ])('%s', async (line, word) => {
    const end = await credits([...line.split(' '), '--json']);
    expect([end.code, end.stdout, end.failure().code]).toEqual([2, '', 'invalid_argument']);
    expect(end.failure().message).toContain(word);
  });

  test('a model that nobody knows, and a charge without a ledger', async () => {
    const unknown = await credits(['replay', old(RUNS), '-m', 'haiki', '--json']);
    expect([unknown.code, unknown.failure().code]).toEqual([2, 'unknown_model']);
    const charge = await credits(['replay', old(RUNS), '--charge', '--json']);
    expect([charge.code, charge.failure().code]).toEqual([2, 'no_ledger']);
  });
});
