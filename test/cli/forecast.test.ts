import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

/** A ledger with one account on a plan, opened on 1 March 2026. */
async function opened(...argv: string[]): Promise<ReturnType<typeof commandLine>> {
  const run = commandLine(temporaryFolder());
  expect((await run(['init', '--now', '2026-03-01T00:00:00Z', ...argv])).code).toBe(0);
  return run;
}

/** Spends an amount at noon of a day of March. */
const spend = (run: ReturnType<typeof commandLine>, day: number, amount: string) =>
  run(['spend', amount, '--now', `2026-03-${String(day).padStart(2, '0')}T12:00:00Z`]);

describe('credits forecast', () => {
  test('as JSON', async () => {
    const run = await opened();
    for (let day = 1; day <= 4; day++) expect((await spend(run, day, '5')).code).toBe(0);
    const gift = ['grant', '40', '--source', 'promotional', '--expires', '2026-03-08T00:00:00Z', '--json'];
    const granted = await run([...gift, '--now', '2026-03-05T00:00:00Z']);
    const { json } = await run(['forecast', '--json', '--now', '2026-03-05T00:00:00Z']);
    expect(json()).toEqual({
      schema: 'credits.forecast/v1',
      account: 'default',
      plan: 'free',
      timezone: 'UTC',
      asOf: '2026-03-05T00:00:00.000Z',
      available: 70,
      debt: 0,
      days: 4,
      since: '2026-03-01T00:00:00.000Z',
      until: '2026-03-05T00:00:00.000Z',
      perDay: 5,
      // The gift pays for three days and loses the rest; 30 last six more.
      runsOutAt: '2026-03-14T00:00:00.000Z',
      expiringUnspent: [
        { lot: granted.json().lot, source: 'promotional', credits: 25, at: '2026-03-08T00:00:00.000Z' },
      ],
    });
  });

  test('in words', async () => {
    const run = await opened('--timezone', 'Europe/Berlin');
    for (let day = 1; day <= 4; day++) await spend(run, day, '5.5');
    const { stdout } = await run(['forecast', '--now', '2026-03-05T12:00:00Z']);
    expect(stdout.split('\n')).toEqual([
      'default · free · 28 available',
      'Burn rate   5.5 credits a day: 22 in the 4 days since 1 Mar, when the account was opened (Europe/Berlin)',
      'Runs out    10 Mar, in 5 days',
      'Nothing will expire unspent.',
      '',
    ]);
    const short = await run(['forecast', '--days', '2', '--now', '2026-03-05T12:00:00Z']);
    expect(short.stdout).toContain('5.5 credits a day: 11 in the last 2 days (Europe/Berlin)');
  });

  test('without usage says so', async () => {
    const run = await opened('--plan', 'pro');
    const { stdout } = await run(['forecast', '--now', '2026-03-02T00:00:00Z']);
    expect(stdout).toContain('no usage yet');
    expect(stdout).toContain('never, at this rate');
    expect(stdout).toMatch(
      /Will expire unspent:\nLot +Source +Credits +Expires\nlot_\w+ +Monthly +1,000 +1 Apr, in 30 days/,
    );
    const { json } = await run(['forecast', '--json', '--now', '2026-03-02T00:00:00Z']);
    expect(json()).toMatchObject({ perDay: 0, runsOutAt: null, expiringUnspent: [{ credits: 1_000 }] });
  });

  test('imported calls of a time before the account was opened count from the first on', async () => {
    const folder = temporaryFolder();
    const run = commandLine(folder);
    expect((await run(['init', '--plan', 'pro', '--now', '2026-03-11T12:00:00Z'])).code).toBe(0);
    const file = path.join(folder, 'calls.jsonl');
    const lines = Array.from({ length: 10 }, (_, index) =>
      JSON.stringify({ credits: 10, at: `2026-03-${String(index + 1).padStart(2, '0')}T12:00:00Z` }),
    );
    writeFileSync(file, lines.join('\n'));
    expect((await run(['import', file, '--now', '2026-03-11T13:00:00Z'])).code).toBe(0);
    const line = ['forecast', '--now', '2026-03-11T14:00:00Z'];
    expect((await run([...line, '--json'])).json()).toMatchObject({
      days: 10,
      since: '2026-03-01T00:00:00.000Z',
      until: '2026-03-11T00:00:00.000Z',
      perDay: 10,
    });
    expect((await run(line)).stdout).toContain(
      '10 credits a day: 100 in the 10 days since 1 Mar, when its first call took place (UTC)\n',
    );
    const short = (await run([...line, '--days', '4'])).stdout;
    expect(short).toContain('10 credits a day: 40 in the last 4 days (UTC)\n');
  });

  test('what is due and not booked is among what will expire unspent', async () => {
    const run = await opened('--plan', 'pro');
    await run(['expire', '--all', '--now', '2026-04-01T00:00:00Z']);
    const line = ['forecast', '--now', '2026-04-02T00:00:00Z'];
    const { stdout } = await run(line);
    expect(stdout).toContain('due and counted');
    expect(stdout).toMatch(/\ndue +Monthly +1,000 +1 May, in 29 days\n/);
    expect((await run([...line, '--json'])).json().expiringUnspent).toEqual([
      { lot: null, source: 'monthly', credits: 1_000, at: '2026-05-01T00:00:00.000Z' },
    ]);
  });

  test('says today, debt, closed and a cycle that is due', async () => {
    const run = await opened('--plan', 'pro');
    await spend(run, 1, '1050');
    const at = async (when: string) => (await run(['forecast', '--now', when])).stdout;
    expect(await at('2026-03-01T13:00:00Z')).toContain('Runs out    today');
    expect(await at('2026-03-01T13:00:00Z')).toContain(
      '1 Mar, when the account was opened, today included (UTC)',
    );
    expect(await at('2026-04-01T00:00:00Z')).toContain('due and counted');
    const hold = await run(['hold', '1', '--now', '2026-04-01T00:00:00Z', '--json']);
    expect(hold.code).toBe(3);
    await run(['grant', '1', '--source', 'promotional', '--now', '2026-03-02T00:00:00Z']);
    const held = await run(['hold', '1', '--now', '2026-03-02T00:00:00Z', '--json']);
    await run(['settle', held.json().hold, '--credits', '9', '--now', '2026-03-02T00:01:00Z']);
    expect(await at('2026-03-02T01:00:00Z')).toMatch(/8 owed[\s\S]*spends are blocked/);
    await run(['accounts', 'close', '--yes', '--now', '2026-03-02T02:00:00Z']);
    expect(await at('2026-03-02T03:00:00Z')).toContain('never: the account is closed');
  });

  test.each([
    [['--days', '0'], /--days "0"/],
    [['--days', '1.5'], /--days "1.5"/],
    [['--days', '4000'], /more than 3650/],
    [['-a', 'nobody'], /no account is called/],
  ])('refuses %j', async (argv, message) => {
    const run = await opened();
    const { code, stdout, stderr } = await run(['forecast', ...argv]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});
