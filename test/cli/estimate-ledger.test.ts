import { describe, expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const CALL = ['--input-tokens', '1200', '--output-tokens', '300'];

/** A home with a ledger of its own; every test that changes one takes a new one. */
async function withLedger(...more: readonly string[][]) {
  const credits = commandLine(temporaryFolder());
  for (const line of [['init', '--plan', 'pro'], ...more]) {
    const { code, stderr } = await credits(line);
    expect([line, code, code === 0 ? '' : stderr]).toEqual([line, 0, '']);
  }
  return credits;
}

describe('estimate beside a ledger', () => {
  test('says for how many calls the balance is enough', async () => {
    const credits = await withLedger();
    const { stdout } = await credits(['estimate', '-m', 'haiku', ...CALL]);
    expect(stdout).toBe(
      'Claude Haiku   1,200 in + 300 out = 0.675 credits   (0.25 / 1.25 per 1K)\n' +
        'Balance 1,050: enough for about 1,555 such calls.\n',
    );
    const { json } = await credits(['estimate', '-m', 'haiku', ...CALL, '--json', '--check']);
    expect(json()).toMatchObject({ available: 1050, affordable: true });
  });

  test('books nothing', async () => {
    const credits = await withLedger();
    const log = (await credits(['log', '--json'])).stdout;
    await credits(['estimate', 'hello', '-m', 'haiku', '--check']);
    expect((await credits(['log', '--json'])).stdout).toBe(log);
  });

  test('--check fails where the balance is short, with the document on stdout', async () => {
    const credits = await withLedger();
    const line = [
      'estimate',
      '-m',
      'sonnet',
      '--input-tokens',
      '300000',
      '--output-tokens',
      '10001',
      '--check',
      '--json',
    ];
    const { code, json, failure } = await credits(line);
    expect(code).toBe(3);
    expect(json()).toMatchObject({ credits: 1050.015, available: 1050, affordable: false });
    expect(failure()).toMatchObject({ code: 'check_failed', details: { needed: 1050.015, available: 1050 } });
    const text = await credits(line.filter((word) => word !== '--json'));
    expect(text.stdout).toMatch(/Balance 1,050: not enough for one such call\.\n$/);
  });

  test('--check looks at the worst case where the most output is told', async () => {
    const credits = await withLedger();
    const line = [
      'estimate',
      '-m',
      'sonnet',
      '--input-tokens',
      '0',
      '--output-tokens',
      '1',
      '--check',
      '--json',
    ];
    expect((await credits(line)).code).toBe(0);
    expect((await credits([...line, '--max-output-tokens', '70000'])).code).toBe(0);
    const over = await credits([...line, '--max-output-tokens', '70001']);
    expect([over.code, over.json().worstCase, over.json().affordable]).toEqual([3, 1050.015, false]);
  });

  test.each([
    ['70000', 'Balance 1,050: enough for about 1 such call at its most.', 0],
    ['70001', 'Balance 1,050: not enough for one such call at its most.', 3],
    ['30000', 'Balance 1,050: enough for about 2 such calls at their most.', 0],
    ['1', 'Balance 1,050: enough for about 70,000 such calls.', 0],
  ])('with at most %s out, the text says what the check says', async (most, line, expected) => {
    const credits = await withLedger();
    const asked = [
      '-m',
      'sonnet',
      '--input-tokens',
      '0',
      '--output-tokens',
      '1',
      '--max-output-tokens',
      most,
    ];
    const { code, stdout } = await credits(['estimate', ...asked, '--check']);
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([expected, line]);
    const table = await credits(['estimate', ...asked, '--check', '--compare']);
    const named = line.replace('such', 'such Claude Sonnet 4');
    expect([table.code, table.stdout.trimEnd().split('\n').at(-1)]).toEqual([expected, named]);
  });

  test('--check fails in debt, also beside credits that are left', async () => {
    const credits = await withLedger();
    const { hold } = (await credits(['hold', '1050', '--json'])).json();
    expect((await credits(['settle', hold, '--credits', '1060'])).code).toBe(0);
    const { code, json, failure } = await credits(['estimate', '-m', 'haiku', ...CALL, '--check', '--json']);
    expect([code, json().affordable]).toEqual([3, false]);
    expect(failure()).toMatchObject({ code: 'check_failed', details: { debt: 10 } });
    expect((await credits(['estimate', '-m', 'haiku', ...CALL])).stdout).toMatch(
      /\nBalance 0, debt 10: no call is paid/,
    );
  });

  test('prices by the ledger’s own rate cards, at the command’s clock', async () => {
    const credits = await withLedger(
      ['models', 'set', 'haiku', '--input', '1', '--output', '5', '--from', '2026-04-01'],
      ['models', 'set', 'acme-1', '--provider', 'acme', '--input', '0.08333333333333334', '--output', '0'],
    );
    const cost = async (...more: string[]): Promise<number> =>
      (await credits(['estimate', ...more, '--json'])).json().credits;
    expect(await cost('-m', 'haiku', ...CALL)).toBe(0.675);
    expect(await cost('-m', 'haiku', ...CALL, '--now', '2026-04-01')).toBe(2.7);
    expect(await cost('-m', 'ACME-1', '--input-tokens', '3')).toBe(0.000251);
  });

  test('prices at the time a call made now would be booked, where the account is ahead of the clock', async () => {
    const credits = await withLedger(
      ['models', 'set', 'haiku', '--input', '1', '--output', '5', '--from', '2026-03-20'],
      ['spend', '1', '--now', '2026-03-21'],
    );
    const estimated = (await credits(['estimate', '-m', 'haiku', ...CALL, '--json'])).json().credits;
    const spent = (await credits(['spend', '-m', 'haiku', ...CALL, '--json'])).json().credits;
    expect([estimated, spent]).toEqual([2.7, 2.7]);
    const simulated = await credits([
      ...['simulate', '-m', 'haiku', '--base-tokens', '1200', '--tool-tokens', '0', '--output-tokens', '300'],
      ...['--max-rounds', '1', '--json'],
    ]);
    expect(simulated.json().total).toBe(2.7);
  });

  test('an account that was named must be there; the default one need not', async () => {
    const credits = commandLine(temporaryFolder());
    expect((await credits(['init', '-a', 'acme'])).code).toBe(0);
    const { code, json } = await credits(['estimate', '-m', 'haiku', ...CALL, '--json']);
    expect([code, json().available]).toEqual([0, null]);
    const named = await credits(['estimate', '-m', 'haiku', ...CALL, '--json', '-a', 'nobody']);
    expect([named.code, named.failure().code]).toEqual([2, 'unknown_account']);
    const checked = await credits(['estimate', '-m', 'haiku', ...CALL, '--json', '--check']);
    expect([checked.code, checked.failure().code]).toEqual([2, 'unknown_account']);
  });
});

describe('a comparison leaves out the models that cannot take the call', () => {
  const modelsOf = (json: () => { estimates: { model: string }[] }): string[] =>
    json().estimates.map(({ model }) => model);

  test('whose count is less than the cached part', async () => {
    const credits = await withLedger();
    const line = ['estimate', 'a few words to count', '--cached-tokens', '6', '--compare', '--json'];
    const { code, json, stderr } = await credits(line);
    const others = ['gemini-2.5-flash', 'claude-haiku', 'gemini-2.5-pro', 'claude-sonnet-4'];
    expect([code, modelsOf(json)]).toEqual([0, others]);
    expect(stderr).toMatch(
      /left out, since 6 cached tokens are more than the 5 input tokens they are part of: gpt-4o, gpt-4o-mini/,
    );
    const named = await credits([...line, '-m', '4o']);
    expect([named.code, named.stdout, named.failure()]).toMatchObject([
      2,
      '',
      { code: 'invalid_argument', message: expect.stringMatching(/^GPT-4o: 6 cached tokens are more/) },
    ]);
    const none = await credits(line.map((word) => (word === '6' ? '99' : word)));
    expect([none.code, none.stdout, none.failure().code]).toEqual([2, '', 'invalid_argument']);
  });

  test('whose cost is beyond every account', async () => {
    const rates = ['--input', '1000000000', '--output', '1000000000'];
    const credits = await withLedger(['models', 'set', 'absurd', '--provider', 'acme', ...rates]);
    const line = ['estimate', '--input-tokens', '1000000', '--compare', '--json'];
    const { code, json, stderr } = await credits(line);
    expect([code, modelsOf(json).length, modelsOf(json).includes('absurd')]).toEqual([0, 6, false]);
    expect(stderr).toMatch(/left out, since the cost of this call is beyond every account: absurd\n/);
    const named = await credits([...line, '-m', 'absurd']);
    expect([named.code, named.failure().message]).toEqual([
      2,
      'absurd: the cost of this call is beyond every account',
    ]);
  });
});

describe('a closed account takes no call', () => {
  test.each([
    ['estimate', '-m', 'haiku', ...CALL, '--check'],
    ['balance', '--min', '0'],
    [
      'simulate',
      '-m',
      'haiku',
      '--base-tokens',
      '9',
      '--tool-tokens',
      '9',
      '--output-tokens',
      '9',
      '--check',
    ],
  ])('%s', async (...line) => {
    const credits = await withLedger();
    expect((await credits(line)).code).toBe(0);
    await credits(['accounts', 'close', 'default', '--yes']);
    const { code, stdout, failure } = await credits([...line, '--json']);
    expect([code, failure().code, stdout === '']).toEqual([3, 'check_failed', false]);
    expect((await credits(line)).stdout).toMatch(/closed/);
  });
});
