import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandLine, NOW, temporaryFolder } from '../helpers/cli-line.ts';

const home = temporaryFolder();
const run = commandLine(home);
const UTF8 = { env: { LANG: 'en_GB.UTF-8', COLUMNS: '80' } };

/** One line of an import. */
const call = (day: string, model: string, more: object = {}): string =>
  JSON.stringify({ model, inputTokens: 1_000, outputTokens: 200, at: `${day}T12:00:00Z`, ...more });

beforeAll(async () => {
  const made = await run([
    ...['init', '--plan', 'pro', '--timezone', 'Europe/Berlin', '--now', '2026-02-20T09:00:00Z'],
  ]);
  expect(made.code).toBe(0);
  const lines = [
    call('2026-03-01', 'haiku', { session: 'a,b "c"', activity: 'chat' }),
    call('2026-03-01', 'sonnet', { session: '=1+1', activity: 'agent' }),
    call('2026-03-03', 'haiku', { session: '<b>&\'"', activity: 'chat' }),
    call('2026-03-04', 'flash'),
    JSON.stringify({ credits: 2.5, at: '2026-03-04T22:59:00Z', run: 'nightly' }),
    JSON.stringify({ credits: 1.25, at: '2026-03-04T23:00:00Z', run: 'nightly' }),
  ];
  const booked = await run(['import', '-', '--json'], { stdin: `${lines.join('\n')}\n` });
  expect(booked.json()).toMatchObject({ booked: 6 });
});

describe('credits usage', () => {
  test('as JSON: fields of the contract, and names of what it goes by', async () => {
    const { json } = await run(['usage', '--json']);
    const document = json();
    expect(document).toMatchObject({
      schema: 'credits.usage/v1',
      account: 'default',
      timezone: 'Europe/Berlin',
      by: 'model',
      since: '2026-02-09T12:00:00.000Z',
      until: '2026-03-11T12:00:00.000Z',
    });
    expect(document.rows).toEqual([
      {
        model: 'claude-sonnet-4',
        calls: 1,
        inputTokens: 1_000,
        outputTokens: 200,
        credits: 6,
        listCredits: 6,
        unpriced: 0,
      },
      {
        model: null,
        calls: 2,
        inputTokens: 0,
        outputTokens: 0,
        credits: 3.75,
        listCredits: 3.75,
        unpriced: 0,
      },
      {
        model: 'claude-haiku',
        calls: 2,
        inputTokens: 2_000,
        outputTokens: 400,
        credits: 1,
        listCredits: 1,
        unpriced: 0,
      },
      {
        model: 'gemini-2.5-flash',
        calls: 1,
        inputTokens: 1_000,
        outputTokens: 200,
        credits: 0.27,
        listCredits: 0.27,
        unpriced: 0,
      },
    ]);
    expect(document.total).toEqual({
      calls: 6,
      inputTokens: 4_000,
      outputTokens: 800,
      credits: 11.02,
      listCredits: 11.02,
      unpriced: 0,
    });
  });

  test.each([
    ['day', ['2026-03-01', '2026-03-03', '2026-03-04', '2026-03-05']],
    ['month', ['2026-03']],
    ['activity', ['agent', null, 'chat']],
    ['run', [null, 'nightly']],
    ['provider', ['anthropic', null, 'google']],
    ['source', ['monthly']],
    ['account', ['default']],
  ])('--by %s', async (by, keys) => {
    const { json } = await run(['usage', '--by', by, '--json']);
    expect(json().rows.map((row: Record<string, unknown>) => row[by])).toEqual(keys);
    expect(json().total.credits).toBe(11.02);
  });

  test('dates are midnights of the account’s zone, spans and instants are instants', async () => {
    const since = async (...argv: string[]): Promise<[string, number]> => {
      const { json } = await run(['usage', '--json', ...argv]);
      return [json().since, json().total.calls];
    };
    expect(await since('--since', '2026-03-05')).toEqual(['2026-03-04T23:00:00.000Z', 1]);
    expect(await since('--since', '2026-03-04T22:59:00Z')).toEqual(['2026-03-04T22:59:00.000Z', 2]);
    expect(await since('--since', '7d')).toEqual(['2026-03-04T12:00:00.000Z', 3]);
    const { json } = await run(['usage', '--json', '--since', '2026-03-01', '--until', '2026-03-05']);
    expect(json()).toMatchObject({ until: '2026-03-04T23:00:00.000Z', total: { calls: 5 } });
  });

  test('as a table: the heading names the zone, the total is the last line', async () => {
    const { stdout, stderr } = await run(['usage', '--by', 'day', '--since', '2026-03-01']);
    expect(stderr).toBe('');
    expect(stdout).toBe(
      [
        'default · usage by day · 1 Mar 00:00 – 11 Mar 13:00 Europe/Berlin',
        'Day          Calls   Input tokens   Output tokens   Credits',
        '2026-03-01       2          2,000             400       6.5',
        '2026-03-03       1          1,000             200       0.5',
        '2026-03-04       2          1,000             200      2.77',
        '2026-03-05       1              0               0      1.25',
        'Total            6          4,000             800     11.02',
        '',
      ].join('\n'),
    );
    expect((await run(['usage'])).stdout).toMatch(/^\(amount\) +2 +0 +0 +3\.75$/m);
    expect((await run(['usage', '--until', '2026-02-21'])).stdout).toMatch(/\nNo usage\.\n$/);
  });

  test('as comma-separated values: RFC 4180, to the letter', async () => {
    const { stdout } = await run(['usage', '--by', 'session', '--csv']);
    expect(stdout).toBe(
      [
        'session,calls,inputTokens,outputTokens,credits,listCredits',
        '=1+1,1,1000,200,6,6',
        ',3,1000,200,4.02,4.02',
        '"<b>&\'""",1,1000,200,0.5,0.5',
        '"a,b ""c""",1,1000,200,0.5,0.5',
        '',
      ].join('\r\n'),
    );
  });

  test('as bars, in blocks where the locale has them and in ASCII elsewhere', async () => {
    const blocks = (await run(['usage', '--plot'], UTF8)).stdout.split('\n');
    expect(blocks[0]).toContain('Europe/Berlin');
    expect(blocks[1]).toMatch(/^claude-sonnet-4 {3}█+ +6 {2}54\.4 % {2}█$/);
    expect(blocks[2]).toMatch(/^\(amount\) {10}█+[▏▎▍▌▋▊▉]? +3\.75 {2}34\.0 % {5}█▄$/);
    expect(blocks.at(-2)).toBe('Total 11.02 credits in 6 calls, 1 a day');
    for (const line of blocks) expect(line.length).toBeLessThanOrEqual(80);
    for (const env of [
      {},
      { LANG: 'C' },
      { LANG: 'en_GB.UTF-8', TERM: 'dumb' },
      { LC_ALL: 'C', LANG: 'en_GB.UTF-8' },
    ]) {
      const { stdout } = await run(['usage', '--plot'], { env: { COLUMNS: '80', ...env } });
      expect(stdout.split('\n')[1]).toMatch(/^claude-sonnet-4 {3}#+ +6 {2}54\.4 % {2}#$/);
      expect(stdout.split('\n').slice(1).join('')).not.toMatch(/[^\x20-\x7e]/);
    }
  });

  test('as bars by day: every day of the range, also those of nothing', async () => {
    const { stdout } = await run(
      ['usage', '--plot', '--by', 'day', '--since', '2026-03-02', '--until', '2026-03-06'],
      UTF8,
    );
    expect(
      stdout
        .split('\n')
        .slice(1)
        .map((line) => line.slice(0, 10)),
    ).toEqual(['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05', 'Total 4.52', '']);
  });

  test.each(['20', '40', '60', '200'])('as bars in %s columns', async (columns) => {
    const { stdout } = await run(['usage', '--plot'], { env: { LANG: 'C.UTF-8', COLUMNS: columns } });
    const bars = stdout.split('\n').slice(1, 5);
    expect(bars.every((line) => /█|[▏▎▍▌▋▊▉]/.test(line))).toBe(true);
    // Name, bar and amount are always there; narrower than that there is nothing to leave out.
    for (const line of bars) expect(line.length).toBeLessThanOrEqual(Math.max(Number(columns), 34));
  });

  test.each([
    [['--by', 'week'], /--by "week" is not known/],
    [['--since', 'yesterday'], /--since "yesterday"/],
    [['--since', '2026-02-30'], /no such date/],
    [['--since', '2026-03-05', '--until', '2026-03-05'], /--since must be earlier than --until/],
    [['--since', '2027-01-01'], /--since must be earlier than now/],
    [['--plot', '--csv'], /two answers/],
    [['--plot', '--json'], /two answers/],
    [['--csv', '--json'], /two answers/],
    [['--html', ''], /--html needs a value/],
    [['--dry-run'], /--dry-run is for commands that write/],
    [['-a', 'nobody'], /no account is called "nobody"/],
  ])('refuses %j', async (argv, message) => {
    const { code, stdout, stderr } = await run(['usage', ...argv]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

describe('credits usage --html', () => {
  const file = path.join(home, 'report.html');

  test('writes one page that needs nothing else', async () => {
    const { code, stdout } = await run(['usage', '--by', 'session', '--html', file]);
    expect([code, stdout]).toEqual([0, `Report written to ${file}\n`]);
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|https?:|url\(|@import|<link|<img|javascript:/i);
    expect(page).toContain(`default-src 'none'`);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('name="viewport"');
    expect(page).toContain('Europe/Berlin');
  });

  test('names of foreign origin are text in it', async () => {
    const page = readFileSync(file, 'utf8');
    expect(page).not.toContain('<b>');
    expect(page).toContain('&lt;b&gt;&amp;&#39;&quot;');
    expect(page).toContain('a,b &quot;c&quot;');
  });

  test('each chart has a title, a description and a table beside it', async () => {
    const page = readFileSync(file, 'utf8');
    const charts = [...page.matchAll(/<svg[^>]*aria-labelledby="([^" ]+) ([^" ]+)"[\s\S]*?<\/svg>/g)];
    expect(charts).toHaveLength(2);
    for (const [svg, title, description] of charts) {
      expect(svg).toContain('role="img"');
      expect(svg).toMatch(new RegExp(`<title id="${title}">[^<]+</title>`));
      expect(svg).toMatch(new RegExp(`<desc id="${description}">[^<]+</desc>`));
    }
    expect(page.match(/<table /g)).toHaveLength(2);
    expect(page.match(/<tr><th scope="row">2026-03-0\d<\/th>/g)).toHaveLength(4);
    expect(page.match(/<th scope="row">Total<\/th>/g)).toHaveLength(2);
    // A column for every day since the first usage, and those of nothing are empty.
    expect(page.match(/<rect class="mark"[^>]*><title>2026-03-/g)).toHaveLength(11);
    expect(page).toMatch(/height="0"[^>]*><title>2026-03-02: 0</);
  });

  test('every tag is closed', () => {
    const page = readFileSync(file, 'utf8').replace(/<!doctype html>/, '');
    const open: string[] = [];
    for (const [, end, name, own] of page.matchAll(/<(\/?)([a-z0-9]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (own === '/' || name === 'meta') continue;
      if (end === '') open.push(name!);
      else expect(open.pop(), page).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test('by day and without usage there is still a page; JSON goes on', async () => {
    const { json } = await run(['usage', '--by', 'day', '--html', file, '--json']);
    expect(json().rows).toHaveLength(4);
    expect(readFileSync(file, 'utf8').match(/<svg/g)).toHaveLength(1);
    await run(['usage', '--until', '2026-02-21', '--html', file]);
    expect(readFileSync(file, 'utf8')).toContain('No usage.');
    await run(['usage', '--by', 'account', '--html', file]);
    expect(readFileSync(file, 'utf8').match(/<svg/g)).toHaveLength(1);
  });

  test('overwrites a page and nothing else', async () => {
    const ledger = path.join(home, '.local/share/credits/ledger.db');
    const bytes = readFileSync(ledger);
    const refused = await run(['usage', '--html', ledger]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('is no HTML page');
    expect(readFileSync(ledger).equals(bytes)).toBe(true);
    const note = path.join(home, 'note.txt');
    writeFileSync(note, 'mine');
    expect((await run(['usage', '--html', note])).code).toBe(2);
    expect(readFileSync(note, 'utf8')).toBe('mine');
    writeFileSync(note, '');
    expect((await run(['usage', '--html', note])).code).toBe(0);
    expect((await run(['usage', '--html', note])).code).toBe(0);
    const nowhere = await run(['usage', '--html', path.join(home, 'no/such/folder.html')]);
    expect([nowhere.code, nowhere.stdout]).toEqual([2, '']);
    expect(nowhere.stderr).toContain('there is no such folder');
    expect((await run(['usage', '--html', home])).stderr).toContain('it is a folder');
  });
});

test('many rows: a table shows the first hundred, the total is of all', async () => {
  const own = temporaryFolder();
  const line = commandLine(own);
  await line(['init', '--now', '2026-03-01T00:00:00Z']);
  const input = Array.from({ length: 130 }, (_, index) =>
    JSON.stringify({ credits: 0.01, session: `s${index}` }),
  );
  await line(['import', '-'], { stdin: input.join('\n') });
  const { stdout } = await line(['usage', '--by', 'session']);
  expect(stdout.split('\n')).toHaveLength(105);
  expect(stdout).toMatch(/^Total +130 .* 1\.3$/m);
  expect(stdout).toContain('The total is of 130 rows: --csv or --json lists all.');
  expect((await line(['usage', '--by', 'session', '--csv'])).stdout.split('\r\n')).toHaveLength(132);
  const plot = (await line(['usage', '--by', 'session', '--plot'])).stdout.split('\n');
  expect(plot).toHaveLength(23);
  expect(plot[20]).toMatch(/^111 others/);
  expect(NOW).toBe(Date.parse('2026-03-11T12:00:00Z'));
});
