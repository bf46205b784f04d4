import { describe, expect, test } from 'vitest';
import { jumps, modelsSet } from '../../src/cli/commands/models.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const parse = (args: string[], options: Record<string, string>) =>
  modelsSet.parse({ args, options, now: 0, key: null, model: null });

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isLedgerError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('models set, as it is parsed', () => {
  test('keeps rates as exact text, whatever their decimals', () => {
    expect(
      parse(['m'], { input: '0.08333333333333334', output: '1.250', cacheRead: '0', from: '2026-04-01' }),
    ).toEqual({
      model: 'm',
      name: null,
      provider: null,
      input: '0.08333333333333334',
      output: '1.25',
      cacheRead: '0',
      cacheWrite: null,
      from: Date.parse('2026-04-01T00:00:00Z'),
    });
  });

  test.each([
    [{ input: '1' }, /needs --input and --output/],
    [{ output: '1' }, /needs --input and --output/],
    [{ input: '-1', output: '1' }, /--input "-1" is no rate/],
    [{ input: '1', output: '1e3' }, /--output "1e3" is no rate/],
    [{ input: '1', output: '1', cacheWrite: 'free' }, /--cache-write "free" is no rate/],
    [{ input: '1', output: '1', from: 'soon' }, /--from/],
    [{ input: '1', output: '1', provider: '' }, /--provider needs a value/],
  ])('%j is refused', (options, message) => {
    const said = refusal(() => parse(['m'], options as Record<string, string>));
    expect(said).toMatch(/^invalid_argument: /);
    expect(said).toMatch(message);
  });
});

describe('prices of long inputs', () => {
  const above = (...flags: string[]) =>
    modelsSet.parse({
      args: ['m'],
      options: { input: '1', output: '2', above: flags },
      now: 0,
      key: null,
      model: null,
    }).tiers;

  test('stand in rising order, with cache rates where they are given', () => {
    expect(above('200000=2.50/15/0.25', '32000=2/3')).toEqual([
      { above: 32_000, input: '2', output: '3', cacheRead: null, cacheWrite: null },
      { above: 200_000, input: '2.5', output: '15', cacheRead: '0.25', cacheWrite: null },
    ]);
  });

  test.each([
    ['200000', /"200000" is no price of long inputs/],
    ['200000=2.5', /is no price of long inputs/],
    ['x=1/2', /tokens/],
    ['1=1/free', /"free" is no rate/],
    ['1=1/2/3/4/5', /is no price of long inputs/],
  ])('%s is refused', (flag, message) => {
    expect(refusal(() => above(flag))).toMatch(message);
  });

  test('one threshold has one price', () => {
    expect(refusal(() => above('5=1/2', '5=3/4'))).toMatch(/--above 5 is given twice/);
  });

  test('are booked, shown and paid, and their loss is said', async () => {
    const credits = commandLine(temporaryFolder());
    await credits(['init', '--plan', 'team']);
    const set = ['models', 'set', 'gemini-pro', '--input', '1.25', '--output', '10'];
    const spend = ['spend', '-m', 'gemini-pro', '--input-tokens', '200001', '--output-tokens', '0'];
    const low = await credits(spend);
    expect(low.stderr).toMatch(/above 200,000 input tokens the provider asks 2.5 \/ 15 for the whole call/);
    const line = JSON.stringify({ model: 'gemini-pro', inputTokens: 200_001, outputTokens: 0 });
    expect((await credits(['import', '-'], { stdin: `${line}\n{"credits":1}\n` })).stderr).toMatch(
      /1 call with a long input cost less here than the provider is known to ask/,
    );
    expect((await credits([...set, '--above', '200000=2.5/15'])).stdout).toMatch(
      /above 200,000 input tokens every token/,
    );
    const paid = await credits([...spend, '--json']);
    expect([paid.json().credits, paid.stderr]).toEqual([
      500.0025,
      expect.not.stringMatching(/provider asks/),
    ]);
    expect((await credits(['models', 'show', 'gemini-pro'])).stdout).toMatch(
      /Above 200,000 input tokens .* 2.5 \/ 15/,
    );
    expect((await credits(set)).stderr).toMatch(/had prices of its own for long inputs/);
    expect((await credits(['verify', '--json'])).json().ok).toBe(true);
  });
});

test.each([
  ['0.25', '2.5', 0],
  ['0.25', '2.50000000000000000001', 1],
  ['2.5', '0.25', 0],
  ['2.5', '0.2499999999', 1],
  ['0', '0.1', 1],
  ['0.1', '0', 1],
  ['0', '0', 0],
])('a rate that moves from %s to %s: %d warnings', (old, now, warnings) => {
  const rates = { input: old, output: '1', cacheRead: null, cacheWrite: null };
  expect(jumps({ input: now, output: '1' }, rates)).toHaveLength(warnings);
});

describe('models without a ledger', () => {
  const credits = commandLine(temporaryFolder());

  test('lists the built-in price list, alone as with `list`', async () => {
    const { json, stdout } = await credits(['models', '--json']);
    expect((await credits(['models', 'list', '--json'])).stdout).toBe(stdout);
    expect(json().models).toHaveLength(6);
    expect(json().models[1]).toEqual({
      model: 'claude-haiku',
      name: 'Claude Haiku',
      provider: 'anthropic',
      input: 0.25,
      output: 1.25,
      cacheRead: null,
      cacheWrite: null,
      from: '1970-01-01T00:00:00.000Z',
      aliases: ['haiku', 'claude-3-haiku'],
      contextWindow: 200000,
      maxOutput: 4096,
    });
    expect((await credits(['models'])).stdout).toMatch(/\nRates in credits per 1K tokens\./);
  });

  test('shows one model beside what its provider asks', async () => {
    const { stdout } = await credits(['models', 'show', 'FLASH']);
    expect(stdout).toMatch(/^Gemini 2.5 Flash \(gemini-2.5-flash\)\n/);
    expect(stdout).toMatch(/always {4}0.15 {6}0.6/);
    expect(stdout).toMatch(/Gemini 2.5 Flash at its provider: 0.3 \/ 2.5/);
  });

  test.each([
    [['models', 'show', 'haikoo'], 'unknown_model'],
    [['models', 'shwo'], 'invalid_argument'],
    [['models', 'set', 'm', '--input', '1', '--output', '1'], 'no_ledger'],
    [['models', 'alias', 'a', 'haiku'], 'no_ledger'],
    [['models', 'list', '--key', 'k'], 'invalid_argument'],
  ])('%j is %s', async (line, code) => {
    const ended = await credits([...line, '--json']);
    expect([ended.code, ended.stdout, ended.failure().code]).toEqual([2, '', code]);
  });
});

describe('models in a ledger', () => {
  test('a dated row counts from its day on, and is booked once for its key', async () => {
    const credits = commandLine(temporaryFolder());
    await credits(['init']);
    const set = [
      'models',
      'set',
      'haiku',
      '--input',
      '0.3',
      '--output',
      '1.5',
      '--from',
      '2026-04-01',
      '--key',
      'april',
    ];
    const first = await credits([...set, '--json']);
    expect(first.code).toBe(0);
    expect(first.json()).toMatchObject({
      schema: 'credits.models/v1',
      models: [{ model: 'claude-haiku', input: 0.3, output: 1.5, from: '2026-04-01T00:00:00.000Z' }],
      receipt: expect.any(String),
      replayed: false,
    });
    expect((await credits([...set, '--json'])).json()).toMatchObject({
      receipt: first.json().receipt,
      replayed: true,
    });
    const { json } = await credits(['models', 'show', 'haiku', '--json']);
    expect(json().models[0]).toMatchObject({ input: 0.25, from: '1970-01-01T00:00:00.000Z' });
    expect(json().history.map((row: { input: number }) => row.input)).toEqual([0.25, 0.3]);
    const later = await credits(['models', 'show', 'haiku', '--json', '--now', '2026-04-01']);
    expect(later.json().models[0]).toMatchObject({ input: 0.3 });
    expect((await credits(['verify'])).code).toBe(0);
  });

  test('says the unit, and warns of a slip of it, also with -q', async () => {
    const credits = commandLine(temporaryFolder());
    await credits(['init']);
    const { stdout, stderr } = await credits([
      'models',
      'set',
      'mini',
      '--input',
      '0.00015',
      '--output',
      '0.6',
      '-q',
    ]);
    expect(stdout).toMatch(
      /^GPT-4o Mini \(gpt-4o-mini\): 0.00015 \/ 0.6 credits per 1K tokens, from now on\.\n$/,
    );
    expect(stderr).toMatch(/^warning: the input rate moves from 0.15 to 0.00015 credits per 1K tokens/);
  });

  test('a new model needs its provider; a dry run adds none', async () => {
    const credits = commandLine(temporaryFolder());
    await credits(['init']);
    const set = ['models', 'set', 'acme-1', '--input', '1', '--output', '2', '--json'];
    expect((await credits(set)).failure()).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/--provider/),
    });
    const dry = await credits([...set, '--provider', 'acme', '--dry-run']);
    expect(dry.json()).toMatchObject({
      models: [{ model: 'acme-1', provider: 'acme' }],
      receipt: null,
      dryRun: true,
    });
    expect((await credits(['models', 'show', 'acme-1', '--json'])).failure().code).toBe('unknown_model');
    expect((await credits([...set, '--provider', 'acme'])).code).toBe(0);
    expect((await credits(['models', 'show', 'ACME-1', '--json'])).json().models[0]).toMatchObject({
      provider: 'acme',
    });
  });

  test('an alias finds its model, and names one model only', async () => {
    const credits = commandLine(temporaryFolder());
    await credits(['init']);
    const { stdout, stderr } = await credits(['models', 'alias', 'claude-haiku-4-5', 'haiku']);
    expect(stdout).toBe('claude-haiku-4-5 is Claude Haiku (claude-haiku).\n');
    expect(stderr).toMatch(
      /priced below its provider: input 0.25, output 1.25 .* Claude Haiku 4.5 costs 1 and 5/,
    );
    expect((await credits(['models', 'show', 'CLAUDE-haiku-4-5', '--json'])).json().models[0].model).toBe(
      'claude-haiku',
    );
    const taken = await credits(['models', 'alias', 'sonnet', 'haiku', '--json']);
    expect(taken.failure().code).toBe('invalid_argument');
  });
});
