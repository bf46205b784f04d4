/** Rows of the table of commands: what was used, and how long the rest lasts. */
import type { CommandSpec } from '../../command.ts';

export const ANALYTICS: readonly CommandSpec[] = [
  {
    name: 'usage',
    summary: 'what was used, by model, day, source and more',
    about:
      'The last 30 days unless told. Calls count at their own time, in days and months of the account’s zone; a date is its midnight there. By source it says what paid: lots, `debt`, or the account’s own key (`byok`); a call that several paid counts with the first, its credits are split. By account it covers all accounts, in UTC.',
    options: [
      {
        flags: '--by <what>',
        description: 'model (default), day, month, session, run, source, activity, account or provider',
      },
      {
        flags: '--since <time>',
        description: 'from then on: an instant, a date, or a span such as 7d (30d)',
      },
      { flags: '--until <time>', description: 'up to then, itself not included (now)' },
      { flags: '--plot', description: 'bars and trends in the terminal' },
      { flags: '--csv', description: 'comma-separated values on stdout' },
      { flags: '--html <file>', description: 'write a page with charts; it needs nothing else' },
    ],
    examples: [
      'credits usage',
      'credits usage --by day --since 7d --plot',
      'credits usage --by session --since 2026-03-01 --until 2026-04-01 --csv',
      'credits usage --html report.html',
    ],
    load: async () => (await import('../usage.ts')).usage,
  },
  {
    name: 'forecast',
    summary: 'how fast credits go, and how long they last',
    about:
      'Plays the account forward at the average of the last whole days, with expiries, cycles and a pending plan change. Top-ups, purchases and grants to come are not foreseen; open holds count as spent.',
    options: [{ flags: '--days <n>', description: 'whole days that the average is of (30)' }],
    examples: ['credits forecast', 'credits forecast --days 7 --json'],
    load: async () => (await import('../forecast.ts')).forecast,
  },
];
