import { describe, expect, test } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import { BALANCE, c, END, fakeRun, NOW, PLAN, RECEIPT, ROLLOVER, START } from './fake.ts';

const usage = {
  at: NOW,
  model: 'claude-haiku',
  provider: 'anthropic',
  inputTokens: 1_200,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 300,
  toolCalls: 0,
  activity: null,
  session: null,
  run: null,
  byok: false,
  listCredits: c(0.675),
};

/** What a line prints on stdout when one method of the ledger answers so. */
const prints = async (line: string, method: string, view: unknown): Promise<string> => {
  const end = await fakeRun(line.split(' '), { answers: { [method]: async () => view } });
  expect(end.code).toBe(0);
  return end.stdout;
};

describe('as the contract prints it', () => {
  test('balance', async () => {
    expect((await fakeRun(['balance'])).stdout).toBe(`default · pro · cycle 31 Jan – 28 Feb, resets in 8 days
Source      Granted     Spent    Held   Available   Expires
Monthly       1,000     412.5      20       567.5   28 Feb, in 8 days
Welcome          50         0       0          50   never
Purchased       500         0       0         500   never
Available   1,117.5
`);
  });

  test('balance --total is a plain number', async () => {
    expect((await fakeRun(['balance', '--total'])).stdout).toBe('1117.5\n');
  });

  test('cycle rollover --all with nothing due', async () => {
    expect((await fakeRun(['cycle', 'rollover', '--all'])).stdout).toBe('3 accounts checked: nothing due.\n');
  });
});

describe('text', () => {
  test('a balance in debt says what that means', async () => {
    const text = await prints('balance', 'balance', { ...BALANCE, available: c(0), debt: c(20) });
    expect(text).toContain(
      'Debt             20\nNew spends and holds are blocked until a grant repays the debt.\n',
    );
  });

  test('expired and revoked stand only where there are any', async () => {
    const [monthly, ...rest] = BALANCE.sources;
    const sources = [{ ...monthly!, revoked: c(7) }, ...rest];
    const heading = (text: string): string => text.split('\n')[1]!;
    expect(heading(await prints('balance', 'balance', { ...BALANCE, sources }))).toContain(
      'Held   Revoked   Available',
    );
    expect(heading(await prints('balance', 'balance', BALANCE))).not.toContain('Revoked');
  });

  test.each([
    ['spend 12.5', RECEIPT, 'Spent 12.5 credits.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n'],
    [
      'spend -m haiku --input-tokens 1200 --output-tokens 300',
      { ...RECEIPT, credits: c(0.675), usage },
      'Spent 0.675 credits on claude-haiku (1,200 in + 300 out).\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
    [
      'spend -m haiku --input-tokens 1200 --output-tokens 300',
      {
        ...RECEIPT,
        credits: c(0),
        usage: { ...usage, byok: true, cachedTokens: 1_000, cacheWriteTokens: 100, toolCalls: 1 },
      },
      'Spent 0 credits on claude-haiku (1,200 in, of them 1,000 cached and 100 written to cache, + 300 out, 1 tool call), paid by your own anthropic key (list price 0.675).\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
    [
      'spend 12.5 -n',
      { ...RECEIPT, receipt: null, dryRun: true },
      'Dry run: Spent 12.5 credits.\nAvailable 1,037.5\nNothing was booked.\n',
    ],
    [
      'spend 12.5 --key k',
      { ...RECEIPT, replayed: true },
      'Spent 12.5 credits.\nAvailable 1,037.5 · receipt rcp_k3x9_4\nThis key was booked before: nothing changed.\n',
    ],
    [
      'hold 20',
      { ...RECEIPT, kind: 'hold', credits: c(20), hold: 'hold_k3x9_4', expiresAt: NOW + 600_000 },
      'Held 20 credits as hold_k3x9_4, open until 20 Feb 12:10 UTC (in 10 minutes).\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
    [
      'settle hold_k3x9_4 --credits 12.5',
      { ...RECEIPT, kind: 'settle', hold: 'hold_k3x9_4', released: c(7.5), overrun: c(0), late: false },
      'Settled hold_k3x9_4: 12.5 credits; 7.5 went back.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
    [
      'settle hold_k3x9_4 --credits 12.5',
      {
        ...RECEIPT,
        kind: 'settle',
        hold: 'hold_k3x9_4',
        released: c(0),
        overrun: c(2.5),
        late: false,
        available: c(0),
        debt: c(2),
      },
      'Settled hold_k3x9_4: 12.5 credits; 2.5 of it above the reservation.\nAvailable 0 · debt 2: new spends and holds wait for a grant · receipt rcp_k3x9_4\n',
    ],
    [
      'settle hold_k3x9_4 --credits 12.5',
      { ...RECEIPT, kind: 'settle', hold: 'hold_k3x9_4', released: c(0), overrun: c(12.5), late: true },
      'Settled hold_k3x9_4: 12.5 credits; late, after the hold had lapsed.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
    [
      'release hold_k3x9_4',
      { ...RECEIPT, kind: 'release', hold: 'hold_k3x9_4', released: c(20) },
      'Released hold_k3x9_4: 20 credits went back.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
    [
      'grant 100 --source promotional --expires 30d',
      {
        ...RECEIPT,
        kind: 'grant',
        credits: c(100),
        slices: [{ lot: 'lot_k3x9_4', source: 'promotional', credits: c(100) }],
        lot: 'lot_k3x9_4',
        expiresAt: END,
      },
      'Granted 100 promotional credits as lot_k3x9_4, expires 28 Feb, in 8 days.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
    [
      'revoke lot_k3x9_3',
      { ...RECEIPT, kind: 'revoke', credits: c(0), slices: [], lot: 'lot_k3x9_3' },
      'Nothing was left to revoke of lot_k3x9_3.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ],
  ])('credits %s', async (line, view, text) => {
    expect(await prints(line, line.split(' ')[0]!, view)).toBe(text);
  });

  test('a receipt stands although its zone cannot be read any more', async () => {
    const gone = async (): Promise<never> => {
      throw new LedgerError('remote_unreachable', 'gone');
    };
    const end = await fakeRun(['spend', '12.5'], { answers: { account: gone } });
    expect([end.code, end.stdout]).toEqual([
      0,
      'Spent 12.5 credits.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    ]);
  });

  const blank = { accounts: 1, expired: c(0), lots: [], holds: [], receipt: null, failed: [], dryRun: false };
  test.each([
    ['expire', blank, 'Nothing had lapsed.\n'],
    ['expire --all', { ...blank, accounts: 3 }, '3 accounts checked: nothing had lapsed.\n'],
    ['expire --lot lot_a', blank, 'lot_a has ended already.\n'],
    ['expire --lot lot_a', { ...blank, expired: c(5), lots: ['lot_a'] }, '5 credits expired from lot_a.\n'],
    [
      'expire --all -n',
      { ...blank, accounts: 2, expired: c(5), lots: ['lot_a', 'lot_b'], holds: ['hold_c'], dryRun: true },
      'Dry run: 2 accounts checked: 5 credits expired from 2 lots, 1 hold lapsed.\nNothing was booked.\n',
    ],
  ])('credits %s', async (line, view, text) => {
    expect(await prints(line, 'expire', view)).toBe(text);
  });

  test('a rollover lists what changed and the sums', async () => {
    const changes = [
      { account: 'acme', plan: 'team', start: START, end: END, granted: c(10_000), expired: c(0), missed: 0 },
      {
        account: 'default',
        plan: 'pro',
        start: START,
        end: END,
        granted: c(1_000),
        expired: c(567.5),
        missed: 2,
      },
    ];
    const view = { ...ROLLOVER, granted: BigInt(c(11_000)), expired: BigInt(c(567.5)), changes };
    expect(
      await prints('cycle rollover --all', 'runCycle', view),
    ).toBe(`Account   Plan   Cycle             Granted   Expired   Missed
acme      team   31 Jan – 28 Feb    10,000         0
default   pro    31 Jan – 28 Feb     1,000     567.5        2
3 accounts checked: 11,000 granted, 567.5 expired.
`);
  });

  test('plans', async () => {
    expect(await prints('plan', 'plan', PLAN)).toBe('default · pro: 1,000 credits a month for $12.00\n');
    const pending = { ...PLAN, status: 'past_due', pending: { plan: 'free', at: END } };
    expect(await prints('plan', 'plan', pending)).toBe(
      'default · pro: 1,000 credits a month for $12.00 · past due\nChanges to free on 28 Feb, in 8 days.\n',
    );
    const set = { ...PLAN, effectiveAt: NOW, booked: null, receipt: null };
    expect(await prints('plan set pro', 'setPlan', set)).toBe(
      'default is on pro already: nothing changed.\n',
    );
    const later = {
      ...pending,
      status: 'active',
      effectiveAt: END,
      booked: null,
      receipt: { ...RECEIPT, credits: c(0), slices: [] },
    };
    expect(await prints('plan set free', 'setPlan', later)).toBe(
      'default changes to free on 28 Feb, in 8 days; until then pro.\nAvailable 1,037.5 · receipt rcp_k3x9_4\n',
    );
  });

  test('holds and entries', async () => {
    const hold = {
      hold: 'hold_a',
      credits: c(20),
      status: 'open',
      createdAt: NOW,
      expiresAt: NOW + 600_000,
      model: null,
      slices: [],
    };
    const settled = { ...hold, hold: 'hold_b', status: 'settled', model: 'gpt-4o' };
    expect(await prints('holds', 'holds', [hold])).toBe(`Hold     Credits   Created        Lapses
hold_a        20   20 Feb 12:00   in 10 minutes
1 open hold, 20 held
`);
    expect(
      await prints('holds --all', 'holds', [hold, settled]),
    ).toBe(`Hold     Credits   Status    Created        Lapses          Model
hold_a        20   open      20 Feb 12:00   in 10 minutes
hold_b        20   settled   20 Feb 12:00                   gpt-4o
1 open hold, 20 held
`);
    const entry = { seq: 1, receipt: 'rcp_a', at: START, lot: 'lot_a', note: null };
    const entries = [
      {
        ...entry,
        kind: 'granted',
        from: 'issued',
        to: 'available',
        source: 'monthly',
        credits: c(1_000),
        available: c(1_000),
      },
      {
        ...entry,
        kind: 'spent',
        from: 'available',
        to: 'spent',
        source: 'monthly',
        credits: c(1.5),
        available: c(998.5),
        note: 'a\tb',
      },
      {
        ...entry,
        kind: 'owed',
        from: 'debt',
        to: 'spent',
        lot: null,
        source: null,
        credits: c(3),
        available: c(998.5),
      },
    ];
    expect(
      await prints('log', 'log', entries),
    ).toBe(`When, UTC      Kind      Source    Credits   Available   Receipt   Note
31 Jan 00:00   granted   Monthly    +1,000       1,000   rcp_a
31 Jan 00:00   spent     Monthly      -1.5       998.5   rcp_a     a b
31 Jan 00:00   owed                      3       998.5   rcp_a
`);
  });

  test('no cycle, no holds, no entries', async () => {
    const free = {
      account: 'a',
      zone: 'UTC',
      plan: 'free',
      start: null,
      end: null,
      granted: null,
      next: null,
    };
    expect(await prints('cycle', 'cycle', free)).toBe('a · free · no monthly cycle.\n');
    expect((await fakeRun(['holds'])).stdout).toBe('No open holds.\n');
    expect((await fakeRun(['log'])).stdout).toBe('No entries.\n');
  });
});

describe('JSON', () => {
  test('a receipt for a call', async () => {
    const view = { ...RECEIPT, credits: c(0.675), usage, note: 'n' };
    const end = await fakeRun(['spend', '1', '--json'], { answers: { spend: async () => view } });
    expect(end.json).toEqual({
      schema: 'credits.receipt/v1',
      receipt: 'rcp_k3x9_4',
      kind: 'spend',
      account: 'default',
      at: '2026-02-20T12:00:00.000Z',
      credits: 0.675,
      slices: [{ lot: 'lot_k3x9_3', source: 'monthly', credits: 12.5 }],
      available: 1037.5,
      debt: 0,
      note: 'n',
      replayed: false,
      dryRun: false,
      usage: { ...usage, at: '2026-02-20T12:00:00.000Z', listCredits: 0.675 },
    });
  });

  test('a bare amount has no usage, also where the ledger keeps one for analytics', async () => {
    const view = { ...RECEIPT, usage: { ...usage, model: null } };
    const end = await fakeRun(['spend', '1', '--json'], { answers: { spend: async () => view } });
    expect(end.json).not.toHaveProperty('usage');
  });

  test('balance with and without lots', async () => {
    const plain = (await fakeRun(['balance', '--json'])).json;
    expect(plain).not.toHaveProperty('lots');
    expect(plain).toMatchObject({
      account: 'default',
      plan: 'pro',
      asOf: '2026-02-20T12:00:00.000Z',
      available: 1117.5,
      held: 20,
      debt: 0,
      cycle: { start: '2026-01-31T00:00:00.000Z', end: '2026-02-28T00:00:00.000Z' },
    });
    const lots = (await fakeRun(['balance', '--lots', '--json'])).json.lots;
    expect(lots).toEqual([
      expect.objectContaining({
        lot: 'lot_k3x9_3',
        available: 567.5,
        expiresAt: '2026-02-28T00:00:00.000Z',
        priority: 50,
      }),
    ]);
  });

  test('a plan change carries its receipt; none when nothing was to be done', async () => {
    const changed = (await fakeRun(['plan', 'set', 'team', '--json'])).json;
    expect(changed).toMatchObject({
      plan: 'pro',
      effectiveAt: '2026-02-20T12:00:00.000Z',
      receipt: 'rcp_k3x9_4',
    });
    const answers = { setPlan: async () => ({ ...PLAN, effectiveAt: NOW, booked: null, receipt: null }) };
    expect((await fakeRun(['plan', 'set', 'pro', '--json'], { answers })).json).toMatchObject({
      receipt: null,
    });
  });

  test('failed accounts make exit 8, with the document on stdout', async () => {
    const failed = [{ account: 'acme', error: new LedgerError('unknown_plan', 'no plan is called "x"') }];
    for (const [line, method, view] of [
      ['cycle rollover --all', 'runCycle', { ...ROLLOVER, failed }],
      [
        'expire --all',
        'expire',
        { accounts: 3, expired: c(0), lots: [], holds: [], receipt: null, failed, dryRun: false },
      ],
    ] as const) {
      const end = await fakeRun([...line.split(' '), '--json'], { answers: { [method]: async () => view } });
      expect([end.code, end.failure.code]).toEqual([8, 'partly_refused']);
      expect(end.json.failed).toEqual([
        { account: 'acme', error: { code: 'unknown_plan', message: 'no plan is called "x"' } },
      ]);
    }
  });

  test('a failed verification makes exit 7, with the document on stdout', async () => {
    const view = {
      ok: false,
      accounts: 1,
      entries: 2,
      checks: [
        { id: 'chains', ok: true, detail: [] },
        { id: 'lots', ok: false, detail: ['lot lot_a: 5 is not 6'] },
      ],
      heads: { default: { seq: 2, hash: 'ab' } },
    };
    const answers = { verify: async () => view };
    const json = await fakeRun(['verify', '--json'], { answers });
    expect([json.code, json.failure.code]).toEqual([7, 'integrity_failure']);
    expect(json.json).toEqual({ schema: 'credits.verify/v1', ...view });
    const text = await fakeRun(['verify'], { answers });
    expect(text.stdout).toBe(
      'ok      chains\nFAILED  lots\n        lot lot_a: 5 is not 6\n1 account, 2 entries: it does not add up.\n',
    );
    expect(text.stderr).toMatch(/^error: the ledger does not add up: lots\n/);
  });

  test('accounts', async () => {
    expect((await fakeRun(['accounts', '--json'])).json.accounts).toEqual([
      {
        account: 'default',
        plan: 'pro',
        timezone: 'UTC',
        createdAt: '2026-01-31T00:00:00.000Z',
        closedAt: null,
        available: 1117.5,
        held: 20,
        debt: 0,
        cycle: { start: '2026-01-31T00:00:00.000Z', end: '2026-02-28T00:00:00.000Z' },
      },
    ]);
  });
});

describe('refusals as text', () => {
  test('name how much was needed and how much there is', async () => {
    const answers = {
      spend: async () => {
        throw new LedgerError('insufficient_credits', 'the credits do not suffice', {
          hint: 'grant some',
          details: { needed: 5_000, available: 1_036.825 },
        });
      },
    };
    const { code, stderr } = await fakeRun(['spend', '5000', '-q'], { answers });
    expect([code, stderr]).toEqual([
      3,
      'error: the credits do not suffice: 5,000 needed, 1,036.825 available\nhint: grant some\n',
    ]);
  });

  test('control characters of foreign text do not reach the terminal', async () => {
    const { stderr } = await fakeRun(['spend', '\u001b[2J5']);
    expect(stderr).not.toContain('\u001b');
  });
});
