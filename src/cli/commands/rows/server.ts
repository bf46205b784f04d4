/** Rows of the table of commands: a ledger for others, and the ledgers of others. */
import type { CommandSpec } from '../../command.ts';

export const SERVER: readonly CommandSpec[] = [
  {
    name: 'serve',
    summary: 'serve the ledger over HTTP',
    about:
      'The API is described at /openapi.json; /healthz, /readyz and /metrics need no token. Requests travel in clear text: it listens on this machine alone unless --allow-remote says otherwise. On SIGTERM it answers what it has accepted, then ends. Logs go to stderr, one JSON object a line; -q leaves warnings and errors.',
    options: [
      { flags: '--host <address>', description: 'address to listen on (127.0.0.1)' },
      { flags: '--port <port>', description: 'port to listen on; 0 takes a free one (8787)' },
      {
        flags: '--allow-remote',
        description: 'listen where other machines can reach it, in clear text: behind a proxy with TLS',
      },
      { flags: '--rate-limit <n>', description: 'requests a second for each token; 0: no limit (1000)' },
    ],
    examples: [
      'credits serve',
      'credits serve --port 9000 -q',
      'credits serve --host 0.0.0.0 --allow-remote',
    ],
    localOnly: true,
    load: async () => (await import('../serve.ts')).serve,
  },
  {
    name: 'tokens list',
    isDefault: true,
    family: 'access tokens for the ledger that `credits serve` serves',
    summary: 'every access token there ever was',
    examples: ['credits tokens list'],
    localOnly: true,
    load: async () => (await import('../tokens.ts')).tokensList,
  },
  {
    name: 'tokens create',
    summary: 'make an access token; it is shown once',
    about:
      'read: reads. spend: also spends, holds, settles, releases, imports and charges replays. admin: everything. With -a (or CREDITS_ACCOUNT) the token acts on that account alone.',
    options: [{ flags: '--role <role>', description: 'read, spend or admin' }],
    examples: ['credits tokens create --role spend -a acme', 'credits tokens create --role admin --json'],
    writes: true,
    books: true,
    localOnly: true,
    load: async () => (await import('../tokens.ts')).tokensCreate,
  },
  {
    name: 'tokens revoke',
    args: '<id>',
    summary: 'end an access token for good; asks first',
    examples: ['credits tokens revoke tok_12 --yes'],
    writes: true,
    books: true,
    localOnly: true,
    load: async () => (await import('../tokens.ts')).tokensRevoke,
  },
  {
    name: 'login',
    args: '<url>',
    summary: 'keep an access token for a served ledger',
    about:
      'Asks for the token, or reads it from standard input, and tries it. It is kept in credentials.json in the configuration folder, which only you can read.',
    examples: [
      'credits login https://credits.example.com',
      'credits login http://127.0.0.1:8787 < token.txt',
    ],
    localOnly: true,
    load: async () => (await import('../login.ts')).login,
  },
  {
    name: 'logout',
    args: '[url]',
    summary: 'forget the access token for a served ledger',
    examples: ['credits logout https://credits.example.com'],
    load: async () => (await import('../login.ts')).logout,
  },
  {
    name: 'whoami',
    summary: 'which token is used at a served ledger, and what it may do',
    examples: ['credits whoami --remote https://credits.example.com', 'credits whoami --json'],
    load: async () => (await import('../login.ts')).whoami,
  },
];
