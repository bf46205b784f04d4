/** `credits log` by days: a date alone is a day of the account's zone, as in `usage`, and as the table shows it. */
import { beforeAll, expect, test } from 'vitest';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

const credits = commandLine(temporaryFolder());

beforeAll(async () => {
  for (const line of [
    'init --timezone America/New_York --now 2026-03-01T12:00:00Z',
    // 8 March, 23:30 there, and 9 March, 00:30: that night the clocks went forward.
    'spend 1 --note evening --now 2026-03-09T03:30:00Z',
    'spend 2 --note night --now 2026-03-09T04:30:00Z',
  ]) {
    expect([line, (await credits(line.split(' '))).code]).toEqual([line, 0]);
  }
});

const spent = async (...bounds: string[]): Promise<string[]> =>
  (await credits(['log', '--kind', 'spent', '--json', ...bounds]))
    .json()
    .entries.map(({ note }: { note: string }) => note);

test.each([
  [['--since', '2026-03-09'], ['night']],
  [['--until', '2026-03-09'], ['evening']],
  [['--since', '2026-03-08', '--until', '2026-03-09'], ['evening']],
  [
    ['--since', '2026-03-09T00:00:00Z'],
    ['evening', 'night'],
  ],
  [['--since', '2026-03-09', '--until', '2026-03-09T04:29:59Z'], []],
])('%j: %j', async (bounds, notes) => {
  expect(await spent(...bounds)).toEqual(notes);
});

test('an empty stretch is refused, by the days of the account too', async () => {
  for (const bounds of [
    ['--since', '2026-03-09', '--until', '2026-03-09'],
    ['--since', '2026-03-09', '--until', '2026-03-09T03:59:59Z'],
  ]) {
    const end = await credits(['log', '--json', ...bounds]);
    expect([end.code, end.failure().message]).toEqual([2, '--since must be earlier than --until']);
  }
});

test.each(['log', 'usage'])('%s says what a date means to it', async (command) => {
  for (const wrong of ['yesterday', '2026-02-30']) {
    const { hint } = (await credits([command, '--since', wrong, '--json'])).failure();
    expect(hint).toContain("2026-03-31 (midnight in the account's zone)");
  }
});
