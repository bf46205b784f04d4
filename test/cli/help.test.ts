import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { HELP_TOPICS } from '../../src/cli/render/help-topics.ts';
import { REFUSALS } from '../../src/core/errors.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const credits = commandLine(temporaryFolder());
const page = async (...topic: string[]): Promise<string> => (await credits(['help', ...topic])).stdout;

describe('help topics', () => {
  test('are the ones of the contract', () => {
    const names = ['exit-codes', 'environment', 'cron', 'terms', 'byok', 'topup', 'payments'];
    expect(HELP_TOPICS.map(({ name }) => name)).toEqual(names);
  });

  test.each(HELP_TOPICS.map(({ name }) => name))(
    '%s fits 80 columns and names no command that there is not',
    async (name) => {
      const text = await page(name);
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
      const lines = [...text.matchAll(/^ +\$ credits ([a-z]+)/gm)].map((match) => match[1]!);
      const known = new Set(
        COMMANDS.flatMap(({ commands }) => commands.map((each) => each.name.split(' ')[0]!)),
      );
      // Commands of later stages of the program have their words in the pages already.
      const planned = new Set(['buy', 'byok', 'card', 'topup', 'packages', 'payments', 'purchases']);
      expect(lines.filter((word) => !known.has(word) && !planned.has(word))).toEqual([]);
    },
  );

  test('exit-codes names every code under its number', async () => {
    const text = await page('exit-codes');
    const found = new Map<string, number>();
    let number = -1;
    for (const line of text.split('\n')) {
      number = /^ {1,3}(\d+) {2}/.test(line) ? Number(line.trim().split(' ')[0]) : number;
      if (/^ {10}\S/.test(line)) for (const code of line.trim().split(' ')) found.set(code, number);
    }
    const expected = Object.entries(REFUSALS).map(([code, { exit }]) => [code, exit]);
    expect([...found].sort()).toEqual(expected.sort());
  });

  test('cron writes absolute paths and names the ledger', async () => {
    const jobs = (await page('cron')).split('\n').filter((line) => / -q$/.test(line));
    const named = [
      'cycle rollover --all',
      'expire --all',
      'topup run --all',
      'payments sync',
      'payments audit',
    ];
    expect(jobs.map((job) => / credits? ?(.*) -q$/.exec(job.replace('/usr/local/bin/', ' '))![1])).toEqual([
      ...named,
      named[0],
    ]);
    for (const job of jobs) expect(job).toMatch(/ ?\/usr\/local\/bin\/credits|=\/usr\/local\/bin\/credits/);
    expect(await page('cron')).toMatch(/^ {2}CREDITS_DB=\/var\/lib\/credits\/ledger\.db$/m);
    expect(await page('cron')).toMatch(/^ {2}Environment=CREDITS_DB=\//m);
  });
});

describe('environment', () => {
  /** Of the system and the terminal, which everybody knows. */
  const COMMON = ['APPDATA', 'COLUMNS', 'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TERM', 'WT_SESSION'];
  const OURS = /'((?:CREDITS|STRIPE|PG|OPENAI|ANTHROPIC|GEMINI|GOOGLE|OPENROUTER|XDG)_?[A-Z_]+)'/g;

  test('names every variable that the program reads', async () => {
    const root = path.resolve(import.meta.dirname, '../../src');
    const read = new Set(['CI']);
    for (const name of fs.readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      // Names that a provider's key may have elsewhere: `byok` keeps them, nobody reads them.
      if (!name.endsWith('.ts') || name === path.join('catalog', 'providers.ts')) continue;
      const text = fs.readFileSync(path.join(root, name), 'utf8');
      for (const pattern of [/\benv\.([A-Z][A-Z0-9_]+)/g, OURS]) {
        for (const match of text.matchAll(pattern)) read.add(match[1]!);
      }
    }
    expect([...read]).toEqual(
      expect.arrayContaining(['CREDITS_DB', 'STRIPE_PRICES', 'PGHOST', 'OPENAI_API_KEY', 'NO_COLOR']),
    );
    const words = new Set((await page('environment')).match(/[A-Z][A-Z0-9_]+/g));
    expect([...read].filter((name) => !words.has(name) && !COMMON.includes(name))).toEqual([]);
  });

  test('names the files of the configuration folder', async () => {
    const text = await page('environment');
    for (const file of ['config.json', 'stripe.env', 'credentials.json']) expect(text).toContain(file);
  });
});

describe('help on commands', () => {
  test('is the page that --help prints', async () => {
    expect(await page('estimate')).toBe((await credits(['estimate', '--help'])).stdout);
    expect(await page('models', 'set')).toBe((await credits(['models', 'set', '--help'])).stdout);
    expect(await page('est')).toBe(await page('estimate'));
  });

  const groups = COMMANDS.flatMap(({ commands }) => commands.map(({ name }) => name.split(' ')));
  const families = [...new Set(groups.filter((words) => words.length > 1).map(([group]) => group!))];

  test.each(families)('%s --help has an example', async (group) => {
    expect((await credits([group, '--help'])).stdout).toMatch(
      new RegExp(`^Examples?:\\n(?: +\\$ .*\\n)*? +\\$ .*credits ${group}`, 'm'),
    );
  });

  test('no sentence about a command breaks a line of its own', () => {
    const broken = COMMANDS.flatMap(({ commands }) => commands).filter(({ about = '' }) =>
      /[^\n]\n[^\s]/.test(about),
    );
    expect(broken.map(({ name }) => name)).toEqual([]);
  });

  test('completion says everything that it completes', async () => {
    expect(await page('completion')).toMatch(/providers, plans, packages\s+and\s+profiles/);
  });

  test('alone lists commands and topics', async () => {
    const text = await page();
    expect(text).toMatch(/^ {2}estimate, est /m);
    for (const { name } of HELP_TOPICS) expect(text).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test.each([
    ['crn', /`credits help cron`/],
    ['exit', /`credits help exit-codes`/],
    ['balnce', /`credits help balance`/],
    ['zzz', /the topics are exit-codes, /],
  ])('%s is refused with a suggestion', async (topic, hint) => {
    const { code, stdout, failure } = await credits(['help', topic, '--json']);
    expect([code, stdout]).toEqual([2, '']);
    expect(failure()).toMatchObject({ code: 'invalid_argument', hint: expect.stringMatching(hint) });
  });

  test('--json gives the page as a document', async () => {
    expect((await credits(['help', 'terms', '--json'])).json()).toEqual({
      schema: 'credits.text/v1',
      text: (await page('terms')).trimEnd(),
    });
  });
});
