/** Rows of the table of commands: the ledger itself and its accounts. */
import type { CommandSpec } from '../../command.ts';

const OPENING = [
  { flags: '--plan <plan>', description: 'free, pro, harness, team or one of your own (free)' },
  { flags: '--anchor <instant>', description: 'what the monthly cycles count from (now)' },
  { flags: '--timezone <zone>', description: 'IANA name such as Europe/Berlin (UTC)' },
] as const;

export const LEDGER: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'make a ledger and its first account',
    about: 'On a terminal it offers plan and time zone; elsewhere it takes the defaults.',
    options: [
      ...OPENING,
      { flags: '--live', description: 'live mode: real payments; the mode never changes' },
    ],
    examples: ['credits init', 'credits init --plan pro --timezone Europe/Berlin -a acme'],
    writes: true,
    localOnly: true,
    load: async () => (await import('../init.ts')).init,
  },
  {
    name: 'accounts list',
    isDefault: true,
    family: 'the accounts of the ledger',
    summary: 'every account',
    examples: ['credits accounts list'],
    load: async () => (await import('../accounts.ts')).accountsList,
  },
  {
    name: 'accounts show',
    args: '[id]',
    summary: 'one account',
    examples: ['credits accounts show acme'],
    load: async () => (await import('../accounts.ts')).accountsShow,
  },
  {
    name: 'accounts create',
    args: '<id>',
    summary: 'open an account',
    options: OPENING,
    examples: ['credits accounts create acme --plan team --timezone America/New_York'],
    writes: true,
    load: async () => (await import('../accounts-open.ts')).accountsCreate,
  },
  {
    name: 'accounts close',
    args: '[id]',
    summary: 'close an account for good',
    about: 'It takes no more spends, holds, cycles or top-ups; open holds can still be settled. Asks first.',
    examples: ['credits accounts close acme --yes'],
    writes: true,
    books: true,
    load: async () => (await import('../accounts-open.ts')).accountsClose,
  },
  {
    name: 'verify',
    summary: 're-derive every balance, chain and rule from the entries',
    about:
      'Exit 7 when something does not add up. Keep the JSON of a run: --heads then also finds a cut-off tail.',
    options: [{ flags: '--heads <file>', description: 'the JSON of an earlier run, or its heads' }],
    examples: ['credits verify', 'credits verify --json > heads.json', 'credits verify --heads heads.json'],
    load: async () => (await import('../verify.ts')).verify,
  },
];
