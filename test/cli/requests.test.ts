import { describe, expect, test } from 'vitest';
import { asked, c, END, fakeRun } from './fake.ts';

const call = {
  model: 'haiku',
  provider: null,
  inputTokens: 1_200,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 300,
  toolCalls: 0,
  activity: null,
  session: null,
  run: null,
  noByok: false,
};
const tags = { activity: null, session: null, run: null };
const bare = { amount: c(12.5), call: null, tags, note: null, at: null };
const options = { key: null, dryRun: false };

/** A command line and what it asks of the ledger. */
const LINES: readonly [line: string, asks: readonly unknown[]][] = [
  ['', ['balance', 'default']],
  ['balance', ['balance', 'default', null]],
  ['bal --lots -a acme', ['balance', 'acme', null]],
  ['balance --as-of 2026-02-28', ['balance', 'default', END]],
  ['spend 12.5', ['spend', 'default', bare, options]],
  ['spend 12.5 --key k1 --dry-run', ['spend', 'default', bare, { key: 'k1', dryRun: true }]],
  [
    'spend -m haiku --input-tokens 1200 --output-tokens 300',
    ['spend', 'default', { ...bare, amount: null, call }, options],
  ],
  [
    'spend -m haiku --input-tokens 1200 --cached-tokens 1000 --cache-write-tokens 50 --output-tokens 300 --tool-calls 2 --activity chat --session s1 --run r1 --provider anthropic --no-byok --note hello',
    [
      'spend',
      'default',
      {
        amount: null,
        call: {
          ...call,
          provider: 'anthropic',
          cachedTokens: 1_000,
          cacheWriteTokens: 50,
          toolCalls: 2,
          activity: 'chat',
          session: 's1',
          run: 'r1',
          noByok: true,
        },
        tags: { activity: 'chat', session: 's1', run: 'r1' },
        note: 'hello',
        at: null,
      },
      options,
    ],
  ],
  ['hold 20', ['hold', 'default', { amount: c(20), call: null, tags, ttlMs: 600_000, note: null }, options]],
  [
    'hold -m haiku --input-tokens 1200 --max-output-tokens 300 --ttl 1h',
    ['hold', 'default', { amount: null, call, tags, ttlMs: 3_600_000, note: null }, options],
  ],
  [
    'hold -m haiku --input-tokens 1200 --output-tokens 300 --tool-calls 2',
    [
      'hold',
      'default',
      { amount: null, call: { ...call, toolCalls: 2 }, tags, ttlMs: 600_000, note: null },
      options,
    ],
  ],
  [
    'settle hold_k3x9_4 --credits 0',
    ['settle', 'default', { hold: 'hold_k3x9_4', amount: c(0), call: null, tags, note: null }, options],
  ],
  [
    'capture hold_k3x9_4 --input-tokens 1200 --output-tokens 300',
    [
      'settle',
      'default',
      { hold: 'hold_k3x9_4', amount: null, call: { ...call, model: '' }, tags, note: null },
      options,
    ],
  ],
  ['release hold_k3x9_4', ['release', 'default', { hold: 'hold_k3x9_4', note: null }, options]],
  ['holds', ['holds', 'default', false]],
  ['holds --all', ['holds', 'default', true]],
  [
    'grant 100 --source promotional',
    [
      'grant',
      'default',
      { source: 'promotional', amount: c(100), expires: null, priority: 50, note: null },
      options,
    ],
  ],
  [
    'grant 100 --source promotional --expires 30d --priority 10',
    [
      'grant',
      'default',
      {
        source: 'promotional',
        amount: c(100),
        expires: { afterMs: 30 * 86_400_000, text: '30d' },
        priority: 10,
        note: null,
      },
      options,
    ],
  ],
  [
    'grant 100 --source promotional --expires 2026-02-28T00:00:00Z',
    [
      'grant',
      'default',
      { source: 'promotional', amount: c(100), expires: { at: END }, priority: 50, note: null },
      options,
    ],
  ],
  [
    'grant 100 --source purchased --expires never',
    [
      'grant',
      'default',
      { source: 'purchased', amount: c(100), expires: 'never', priority: 50, note: null },
      options,
    ],
  ],
  ['revoke lot_k3x9_3 --note oops', ['revoke', 'default', { lot: 'lot_k3x9_3', note: 'oops' }, options]],
  ['expire', ['expire', 'default', null, options]],
  ['expire --all', ['expire', null, null, options]],
  ['expire --lot lot_k3x9_3 --key k', ['expire', 'default', 'lot_k3x9_3', { key: 'k', dryRun: false }]],
  ['cycle', ['cycle', 'default']],
  ['cycle show', ['cycle', 'default']],
  ['cycle grant', ['runCycle', 'grant', 'default', { dryRun: false, onProgress: expect.any(Function) }]],
  ['cycle expire --all', ['runCycle', 'expire', null, { dryRun: false, onProgress: expect.any(Function) }]],
  [
    'cycle rollover --all -n',
    ['runCycle', 'rollover', null, { dryRun: true, onProgress: expect.any(Function) }],
  ],
  ['plan', ['plan', 'default']],
  ['plan list', ['plans']],
  ['plan set team', ['setPlan', 'default', { plan: 'team', mode: null }, options]],
  ['plan set team --mode restart', ['setPlan', 'default', { plan: 'team', mode: 'restart' }, options]],
  [
    'plan define Studio --credits 3000 --price 29.5 --from 2026-02-28',
    ['definePlan', { plan: 'studio', monthly: c(3_000), priceCents: 2_950, from: END }, options],
  ],
  ['accounts', ['accounts', { after: null, limit: 1_000 }]],
  [
    'accounts create acme --plan team --timezone utc --anchor 2026-01-31',
    [
      'openAccount',
      { account: 'acme', plan: 'team', zone: 'UTC', anchorAt: Date.parse('2026-01-31T00:00:00Z') },
      { dryRun: false },
    ],
  ],
  [
    'accounts create acme --timezone europe/berlin',
    [
      'openAccount',
      { account: 'acme', plan: 'free', zone: 'Europe/Berlin', anchorAt: null },
      { dryRun: false },
    ],
  ],
  ['accounts close acme --yes', ['closeAccount', 'acme', options]],
  [
    'log --since 2026-01-31 --until now --kind spent --limit 5',
    [
      'log',
      'default',
      { since: Date.parse('2026-01-31T00:00:00Z'), until: expect.any(Number), kind: 'spent', limit: 5 },
    ],
  ],
  ['log', ['log', 'default', { since: null, until: null, kind: null, limit: null }]],
  ['verify', ['verify', { onProgress: expect.any(Function) }]],
];

describe('what a command line asks of the ledger', () => {
  test.each(LINES)('credits %s', async (line, asks) => {
    const end = await fakeRun(line === '' ? [] : line.split(' '));
    expect([end.code, end.stderr.includes('error')]).toEqual([0, false]);
    expect(asked(end)).toEqual([asks]);
  });

  test('accounts show takes an id, or the account of -a', async () => {
    expect((await fakeRun(['accounts', 'show', 'acme'])).calls).toContainEqual(['account', 'acme']);
    expect((await fakeRun(['accounts', 'show', '-a', 'beta'])).calls).toContainEqual(['account', 'beta']);
  });

  test('init makes a ledger in the given mode', async () => {
    const { calls } = await fakeRun(['init', '--db', '/x/y.db', '--live', '--plan', 'pro', '-a', 'acme']);
    // It looks what lies there first, then makes the ledger once.
    expect(calls.map(([method]) => method)).toEqual(['files', 'create']);
    expect(calls.at(-1)).toEqual([
      'create',
      expect.objectContaining({ db: '/x/y.db', readOnly: false }),
      { mode: 'live', account: { account: 'acme', plan: 'pro', zone: 'UTC', anchorAt: null } },
    ]);
  });

  test('a hold without --max-output-tokens takes the model’s maximum, at most 16,384, and says so', async () => {
    const line = ['hold', '-m', 'haiku', '--input-tokens', '1200'];
    for (const [maxOutput, used] of [
      [4_096, 4_096],
      [64_000, 16_384],
      [null, 16_384],
    ] as const) {
      const answers = { catalogue: async () => ({ findModel: () => ({ maxOutput }) }) };
      const end = await fakeRun(line, { answers });
      expect(asked(end).at(-1)).toMatchObject(['hold', 'default', { call: { outputTokens: used } }, {}]);
      expect(end.stderr).toContain(used.toLocaleString('en'));
      expect((await fakeRun([...line, '-q'], { answers })).stderr).toBe('');
    }
  });

  test('CREDITS_MODEL stands for -m, and never against a hold’s own model', async () => {
    const env = { CREDITS_MODEL: 'haiku' };
    const spent = await fakeRun(['spend', '--input-tokens', '1'], { env });
    expect(asked(spent)).toMatchObject([['spend', 'default', { call: { model: 'haiku' } }, {}]]);
    expect((await fakeRun(['spend', '5'], { env })).code).toBe(0);
    const line = ['settle', 'hold_k3x9_4', '--input-tokens', '1'];
    for (const [model, used] of [
      [null, 'haiku'],
      ['gpt-4o', ''],
    ] as const) {
      const answers = { holds: async () => [{ hold: 'hold_k3x9_4', model }] };
      expect(asked(await fakeRun(line, { env, answers })).at(-1)).toMatchObject([
        'settle',
        'default',
        { call: { model: used } },
        {},
      ]);
    }
  });

  test('every page of a long list of accounts is asked for', async () => {
    const pages = [1_000, 1_000, 3];
    const end = await fakeRun(['accounts', '--json'], {
      answers: {
        accounts: async ({ after }: { after: string | null }) => {
          const first = after === null ? 0 : Number(after.slice(1)) + 1;
          return Array.from({ length: pages.shift()! }, (_, index) => ({
            account: `a${first + index}`,
            plan: 'free',
            zone: 'UTC',
            createdAt: 0,
            closedAt: null,
            available: 0,
            held: 0,
            debt: 0,
            cycle: null,
          }));
        },
      },
    });
    expect(end.json.accounts).toHaveLength(2_003);
    expect(asked(end).map(([, page]) => (page as { after: string | null }).after)).toEqual([
      null,
      'a999',
      'a1999',
    ]);
  });
});
