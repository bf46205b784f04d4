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
    const jobs = (await page('cron'))
      .split('\n')
      .filter((line) => /cycle rollover --all -q|topup run --all -q/.test(line));
    expect(jobs).toHaveLength(3);
    for (const job of jobs) expect(job).toMatch(/ ?\/usr\/local\/bin\/credits|=\/usr\/local\/bin\/credits/);
    expect(await page('cron')).toMatch(/^ {2}CREDITS_DB=\/var\/lib\/credits\/ledger\.db$/m);
    expect(await page('cron')).toMatch(/^ {2}Environment=CREDITS_DB=\//m);
  });
});

describe('help on commands', () => {
  test('is the page that --help prints', async () => {
    expect(await page('estimate')).toBe((await credits(['estimate', '--help'])).stdout);
    expect(await page('models', 'set')).toBe((await credits(['models', 'set', '--help'])).stdout);
    expect(await page('est')).toBe(await page('estimate'));
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
