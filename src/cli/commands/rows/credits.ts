/** Rows of the table of commands: granting, ending and renewing credits. */
import type { CommandSpec } from '../../command.ts';

const ALL = { flags: '--all', description: 'every account of the ledger' } as const;

export const CREDITS: readonly CommandSpec[] = [
  {
    name: 'grant',
    args: '<amount>',
    summary: 'add credits',
    options: [
      { flags: '--source <source>', description: 'promotional, purchased, monthly or welcome' },
      { flags: '--expires <when>', description: 'an instant, a span such as 30d, or never' },
      { flags: '--priority <n>', description: 'lower burns first (50)' },
      { flags: '--note <text>', description: 'words to keep with the lot' },
    ],
    examples: [
      'credits grant 100 --source promotional --expires 30d --note "sorry for the outage"',
      'credits grant 500 --source purchased --key invoice-2026-114',
    ],
    writes: true,
    books: true,
    load: async () => (await import('../grant.ts')).grant,
  },
  {
    name: 'revoke',
    args: '<lot>',
    summary: 'take back what is left of a lot',
    options: [{ flags: '--note <text>', description: 'words to keep with the receipt' }],
    examples: ['credits revoke lot_k3x9_7 --note "granted to the wrong account"'],
    writes: true,
    books: true,
    load: async () => (await import('../revoke.ts')).revoke,
  },
  {
    name: 'expire',
    summary: 'book lapsed lots and holds',
    about:
      'No read or spend sees an expired lot, booked or not; this writes it down. With --lot it ends a lot now.',
    options: [{ flags: '--lot <lot>', description: 'end this lot now' }, ALL],
    examples: ['credits expire --all -q', 'credits expire --lot lot_k3x9_7'],
    writes: true,
    books: true,
    load: async () => (await import('../expire.ts')).expire,
  },
  {
    name: 'cycle show',
    isDefault: true,
    family: 'the monthly cycle: show it, grant it, expire it',
    summary: 'the running cycle',
    examples: ['credits cycle show'],
    load: async () => (await import('../cycle.ts')).cycleShow,
  },
  {
    name: 'cycle grant',
    summary: 'grant the month that is due',
    options: [ALL],
    examples: ['credits cycle grant --all'],
    writes: true,
    load: async () => (await import('../cycle.ts')).cycleGrant,
  },
  {
    name: 'cycle expire',
    summary: 'expire the months that ended',
    options: [ALL],
    examples: ['credits cycle expire --all'],
    writes: true,
    load: async () => (await import('../cycle.ts')).cycleExpire,
  },
  {
    name: 'cycle rollover',
    summary: 'expire the old month and grant the new one; nothing is carried over',
    about: 'Safe to run twice or at once, from cron as often as you like: every month is granted once.',
    options: [ALL],
    examples: ['credits cycle rollover --all -q', 'credits cycle rollover -a acme --dry-run'],
    writes: true,
    load: async () => (await import('../cycle.ts')).cycleRollover,
  },
  {
    name: 'plan show',
    isDefault: true,
    family: 'the plan: show it, change it, define one',
    summary: "the account's plan",
    examples: ['credits plan show'],
    load: async () => (await import('../plan.ts')).planShow,
  },
  {
    name: 'plan list',
    summary: 'the plans on sale',
    examples: ['credits plan list'],
    load: async () => (await import('../plan.ts')).planList,
  },
  {
    name: 'plan set',
    args: '<plan>',
    summary: 'change the plan',
    about:
      'To a dearer plan at once, with the difference for the rest of the cycle; to a cheaper one at its end.',
    options: [{ flags: '--mode <mode>', description: 'prorate, restart or next-cycle' }],
    examples: ['credits plan set team', 'credits plan set pro --mode next-cycle --dry-run'],
    writes: true,
    books: true,
    load: async () => (await import('../plan-set.ts')).planSet,
  },
  {
    name: 'plan define',
    args: '<plan>',
    summary: 'define a plan, or change one from a date on',
    options: [
      { flags: '--credits <amount>', description: 'credits a month' },
      { flags: '--price <money>', description: 'price a month, for example 12 or 12.50' },
      { flags: '--from <instant>', description: 'from then on (now)' },
    ],
    examples: ['credits plan define studio --credits 3000 --price 29'],
    writes: true,
    books: true,
    load: async () => (await import('../plan-define.ts')).planDefine,
  },
];
