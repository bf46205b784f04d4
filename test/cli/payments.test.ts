/** Buying and topping up from the command line: words, documents, questions and exit codes. */
import { describe, expect, test } from 'vitest';
import { buy } from '../../src/cli/commands/buy.ts';
import type { Context } from '../../src/cli/context.ts';
import type { BuyInput, WriteOptions } from '../../src/ledger/service.ts';
import { commandLine, temporaryFolder } from '../helpers/cli-line.ts';

type Run = ReturnType<typeof commandLine>;

const POLICY = ['topup', 'set', '--threshold', '100', '--amount', '500', '--monthly-limit', '50'];

async function opened(...argv: string[]): Promise<Run> {
  const run = commandLine(temporaryFolder());
  expect((await run(['init', ...argv])).code).toBe(0);
  return run;
}

/** With a card and a policy that is on; 550 credits are there. */
async function toppedUp(card = 'pm_card_visa'): Promise<Run> {
  const run = await opened();
  await run(['card', 'add', card]);
  expect((await run([...POLICY, '--enable', '--yes'])).code).toBe(0);
  return run;
}

describe('credits topup', () => {
  test('set without a card, word for word', async () => {
    const run = await opened();
    const { code, stdout } = await run(POLICY);
    expect([code, stdout]).toEqual([
      0,
      'Auto top-up (off): below 100 credits buy 500 for $5.00, at most $50.00 a month.\n' +
        'No card saved: run `credits card add`, then `credits topup enable`.\n',
    ]);
  });

  test('as JSON', async () => {
    const run = await opened();
    await run([...POLICY, '--key', 'k']);
    const { json } = await run(['topup', '--json']);
    expect(json()).toEqual({
      schema: 'credits.topup/v1',
      account: 'default',
      enabled: false,
      threshold: 100,
      amount: 500,
      priceCents: 500,
      monthlyLimitCents: 5_000,
      usedThisMonthCents: 0,
      currency: 'usd',
      state: 'off',
      reason: null,
      coolUntil: null,
      paymentMethod: null,
      available: 50,
    });
    expect((await run([...POLICY, '--key', 'k', '--json'])).json()).toMatchObject({ replayed: true });
    expect((await run(['topup', 'set', '--monthly-limit', 'none', '--json'])).json()).toMatchObject({
      monthlyLimitCents: null,
      threshold: 100,
    });
  });

  test.each([
    [['topup', 'set'], 2, 'invalid_argument'],
    [['topup', 'set', '--threshold', '5'], 2, 'invalid_argument'],
    [['topup', 'set', '--threshold', '5', '--amount', '501'], 2, 'invalid_argument'],
    [['topup', 'set', '--threshold', '5', '--amount', '0'], 2, 'invalid_argument'],
    [['topup', 'set', '--threshold', '-5', '--amount', '500'], 2, 'invalid_argument'],
    [['topup', 'set', '--threshold', '5', '--amount', '500', '--enable', '--disable'], 2, 'invalid_argument'],
    [
      ['topup', 'set', '--threshold', '5', '--amount', '500', '--monthly-limit', '1e3'],
      2,
      'invalid_argument',
    ],
    [
      ['topup', 'set', '--threshold', '5', '--amount', '500', '--monthly-limit', '4.99'],
      6,
      'topup_limit_reached',
    ],
    [['topup', 'set', '--threshold', '5', '--amount', '500', '--enable'], 5, 'no_payment_method'],
    [['topup', 'enable'], 2, 'invalid_argument'],
    [['topup', 'run', '--key', 'k'], 2, 'invalid_argument'],
    [['buy', '500', '--yes'], 5, 'no_payment_method'],
    [['buy', 'nothing', '--yes'], 2, 'unknown_package'],
    [['buy', '500', '--max-charge', '4.99', '--yes'], 6, 'max_charge_exceeded'],
    [['purchases', 'show', 'pay_x_1'], 2, 'unknown_purchase'],
    [['card', 'add'], 2, 'invalid_argument'],
    [['card', 'add', '4242424242424242'], 2, 'invalid_argument'],
    [['card', 'add', 'pm_card_visa_chargeDeclined'], 5, 'payment_declined'],
    [['card', 'remove', '--yes'], 5, 'no_payment_method'],
    [['packages', 'set', 'x', '--credits', '1'], 2, 'invalid_argument'],
    [['packages', 'retire', 'x'], 2, 'unknown_package'],
  ])('%j ends with %i, %s, and an empty stdout', async (argv, exit, code) => {
    const run = await opened();
    const end = await run([...argv, '--json']);
    expect([end.code, end.stdout, end.failure().code]).toEqual([exit, '', code]);
    expect((await run(['topup', '--json'])).json().threshold).toBeNull();
  });

  test('the number of a card that somebody types is repeated nowhere', async () => {
    const run = await opened();
    const end = await run(['card', 'add', '4242424242424242']);
    expect(`${end.stdout}${end.stderr}`).not.toContain('4242');
  });

  test('asks before it charges at once, and charges behind its own answer', async () => {
    const run = await opened();
    await run(['card', 'add', 'pm_card_visa']);
    await run(POLICY);
    const asked = await run(['topup', 'enable', '--json']);
    expect([asked.code, asked.stdout, asked.failure().code]).toEqual([2, '', 'confirmation_needed']);
    expect(asked.failure().message).toContain('$5.00');
    const { code, json, stderr } = await run(['topup', 'enable', '--yes', '--json']);
    expect([code, json().enabled, json().state]).toEqual([0, true, 'due']);
    expect(stderr).toMatch(/bought 500 credits for \$5\.00 \(pay_\w+_\d+\)\..*simulated/s);
    expect((await run(['balance', '--total'])).stdout).toBe('550\n');
  });

  test('of a closed account says so', async () => {
    const run = await toppedUp();
    await run(['accounts', 'close', '--yes']);
    const { stdout } = await run(['topup']);
    expect(stdout).toContain('The account is closed: nothing is bought for it any more.');
  });

  test('a spend that falls below the threshold is followed by a top-up; --no-topup and --dry-run leave it out', async () => {
    const run = await toppedUp();
    const total = async () => (await run(['balance', '--total'])).stdout;
    expect((await run(['spend', '460', '--dry-run'])).stderr).not.toContain('top-up');
    expect((await run(['spend', '460', '--no-topup'])).stderr).not.toContain('top-up');
    expect(await total()).toBe('90\n');
    const spent = await run(['spend', '1']);
    expect([spent.code, spent.stdout.split('\n')[0]]).toEqual([0, 'Spent 1 credit.']);
    expect(spent.stderr).toContain('Auto top-up: bought 500 credits');
    expect(await total()).toBe('589\n');
    expect((await run(['hold', '500', '-q'])).stderr).toBe('');
    expect(await total()).toBe('589\n');
  });

  test('a repeated request buys nothing, however low the balance is; nor does an expiry of nothing', async () => {
    const run = await opened();
    await run(['card', 'add', 'pm_card_visa']);
    const policy = ['topup', 'set', '--threshold', '50000', '--amount', '500', '--key', 'set'];
    await run([...policy, '--yes']);
    const lines = [
      ['topup', 'enable', '--key', 'enable'],
      ['spend', '1', '--key', 'spend'],
      ['hold', '1', '--key', 'hold'],
      ['grant', '1', '--source', 'purchased', '--key', 'grant'],
      ['import', '-'],
    ];
    const facts = { stdin: '{"credits":1}\n' };
    for (const line of lines) {
      const { stderr } = await run([...line, '--yes'], facts);
      expect([line, stderr]).toEqual([line, expect.stringContaining('bought 500 credits')]);
    }
    const attempts = async () => (await run(['topup', 'history', '--json'])).json().attempts.length;
    expect(await attempts()).toBe(lines.length);
    for (const line of [...lines, policy, ['expire'], ['expire', '-q']]) {
      const { code, stderr } = await run(line, facts);
      expect([line, code, stderr]).toEqual([line, 0, expect.not.stringContaining('bought')]);
    }
    expect(await attempts()).toBe(lines.length);
  });

  test('a declined top-up never fails the spend; its own run ends with 5, then waits with 0', async () => {
    const run = await opened();
    await run(['card', 'add', 'pm_card_chargeCustomerFail']);
    await run([...POLICY, '--enable', '--yes']);
    expect((await run(['topup', '--json'])).json()).toMatchObject({
      state: 'cooling_down',
      reason: 'declined',
    });
    expect((await run(['spend', '1'])).code).toBe(0);
    expect((await run(['topup', 'run'])).code).toBe(0);
    const later = await run(['topup', 'run', '--now', '2026-03-11T13:00:00Z', '--json']);
    expect([later.code, later.stdout, later.failure().code]).toEqual([5, '', 'payment_declined']);
    const all = await run(['topup', 'run', '--all', '--now', '2026-03-11T19:00:00Z', '--json']);
    expect([all.code, all.json().failed[0].account, all.failure().code]).toEqual([
      8,
      'default',
      'partly_refused',
    ]);
    expect((await run(['topup', '--json'])).json()).toMatchObject({
      state: 'off',
      reason: 'declined_three_times',
    });
  });

  test('run says what was due of the plan itself and was booked instead of a purchase', async () => {
    const run = await toppedUp();
    await run(['plan', 'set', 'pro', '--now', '2026-03-11T12:00:00Z']);
    await run(['spend', '1530', '--no-topup', '--now', '2026-03-11T12:00:00Z']);
    const at = ['--now', '2026-04-11T12:00:00Z'];
    expect((await run(['topup', 'run', '--dry-run', ...at])).stdout).toBe(
      'Dry run: would book what is due: 1,000 credits granted for the cycle.\nNo top-up is due: the credits suffice.\n',
    );
    expect((await run(['topup', 'run', '--dry-run', '--json', ...at])).json()).toMatchObject({
      attempts: [],
      booked: [{ account: 'default', granted: 1_000, expired: 0 }],
    });
    expect((await run(['topup', 'run', ...at])).stdout).toBe(
      'Booked what was due: 1,000 credits granted for the cycle.\nNo top-up is due: the credits suffice.\n',
    );
    expect((await run(['topup', 'run', ...at])).stdout).toBe('Nothing is due: the credits suffice.\n');
  });

  test('plan set says what it booked beside a plan that stays', async () => {
    const run = await toppedUp();
    await run(['plan', 'set', 'pro', '--now', '2026-03-11T12:00:00Z']);
    const again = ['plan', 'set', 'pro', '--now', '2026-04-11T12:00:00Z'];
    const due = '1,000 credits expired, 1,000 credits granted for the cycle';
    expect((await run([...again, '--dry-run'])).stdout).toBe(
      `Dry run: would book what is due: ${due}.\ndefault is on pro already: nothing else changed.\n`,
    );
    expect((await run([...again, '--dry-run', '--json'])).json()).toMatchObject({
      receipt: null,
      booked: { granted: 1_000, expired: 1_000 },
    });
    expect((await run(['plan', 'set', 'free', '--dry-run', ...again.slice(3)])).stdout).toContain(
      `Dry run: would book what is due: ${due}.\nDry run: default changes to free`,
    );
    expect((await run(again)).stdout).toBe(
      `Booked what was due: ${due}.\ndefault is on pro already: nothing else changed.\n`,
    );
    expect((await run(again)).stdout).toBe('default is on pro already: nothing changed.\n');
    expect((await run([...again, '--json'])).json()).toMatchObject({ receipt: null, booked: null });
  });

  test('run says why nothing is due, and shows what would be', async () => {
    const run = await toppedUp();
    expect((await run(['topup', 'run'])).stdout).toBe('Nothing is due: the credits suffice.\n');
    expect((await run(['topup', 'run', '-q'])).stdout).toBe('');
    await run(['spend', '500', '--no-topup']);
    expect((await run(['topup', 'run', '--dry-run'])).stdout).toBe(
      'Dry run: would buy 500 credits for $5.00.\n',
    );
    const made = (await run(['topup', 'run', '--json'])).json();
    expect(made).toMatchObject({
      schema: 'credits.attempts/v1',
      attempts: [{ status: 'succeeded', credits: 500, amountCents: 500, reason: null, account: 'default' }],
    });
    const history = (await run(['topup', 'history', '--json'])).json();
    expect(history.attempts.at(-1)).toEqual(made.attempts[0]);
  });
});

describe('credits buy', () => {
  test('names its price before it charges, and answers with the grant', async () => {
    const run = await opened();
    await run(['card', 'add', 'pm_card_visa']);
    const asked = await run(['buy', '2000']);
    expect([asked.code, asked.stderr]).toEqual([
      2,
      expect.stringContaining('Buy 2,000 credits for $18.00 with Visa •••• 4242?'),
    ]);
    const bought = (await run(['buy', '2000', '--yes', '--key', 'k', '--json'])).json();
    expect(bought).toMatchObject({
      schema: 'credits.purchase/v1',
      status: 'succeeded',
      credits: 2_000,
      amountCents: 1_800,
      currency: 'usd',
      payUrl: null,
      replayed: false,
    });
    const again = (await run(['buy', '2000', '--yes', '--key', 'k', '--json'])).json();
    expect(again).toEqual({ ...bought, replayed: true });
    expect((await run(['purchases', 'show', bought.purchase])).stdout).toContain('Bought 2,000 credits');
    expect((await run(['payments', 'audit'])).stdout).toBe(
      'The books agree: 1 payment, $18.00 in, $0.00 gone back.\n',
    );
  });

  test.each([
    ['pm_card_chargeCustomerFail', 5, 'payment_declined'],
    ['pm_card_authenticationRequired', 5, 'payment_action_required'],
  ])('with %s ends with %i, %s', async (card, exit, code) => {
    const run = await opened();
    await run(['card', 'add', card]);
    const end = await run(['buy', '500', '--yes', '--json']);
    expect([end.code, end.stdout, end.failure().code]).toEqual([exit, '', code]);
    expect(end.failure().details.purchase).toMatch(/^pay_/);
  });

  test('what a person agreed to is what is bought: another price is asked about again', async () => {
    let priceCents = 500;
    const asked: string[] = [];
    const bought: number[] = [];
    const view = (dryRun: boolean) => {
      if (!dryRun) bought.push(priceCents);
      return { status: 'succeeded', credits: 500_000_000, amountCents: priceCents, dryRun, replayed: false };
    };
    const context = {
      account: 'default',
      globals: { key: null, dryRun: false },
      service: async () => ({
        buy: async (_account: string, _input: BuyInput, { dryRun }: WriteOptions) => view(dryRun === true),
        card: async () => ({ card: null }),
      }),
      confirm: async (question: string) => {
        asked.push(question);
        priceCents = 600;
      },
      warn: () => {},
    } as unknown as Context;
    await buy.run(context, { package: '500', maxChargeCents: null, checkout: false });
    expect(asked).toEqual([
      'Buy 500 credits for $5.00 with the saved card?',
      'Buy 500 credits for $6.00 with the saved card?',
    ]);
    expect(bought).toEqual([600]);
  });

  test('a dry run with a key that has bought tells of that purchase', async () => {
    const run = await opened();
    await run(['card', 'add', 'pm_card_visa']);
    await run(['buy', '500', '--yes', '--key', 'k']);
    const { code, stdout } = await run(['buy', '500', '--key', 'k', '--dry-run']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Bought 500 .*\n.*\nThis key was used before/),
    ]);
  });

  test('a package that costs nothing is refused', async () => {
    const run = await opened();
    const end = await run(['packages', 'set', 'gift', '--credits', '5', '--price', '0', '--json']);
    expect([end.code, end.failure().code]).toEqual([2, 'invalid_argument']);
  });

  test('a pay link is an answer; sync books it', async () => {
    const run = await opened();
    const { code, json } = await run(['buy', '500', '--checkout', '--yes', '--json']);
    expect([code, json().status]).toEqual([0, 'requires_action']);
    expect(json().payUrl).toMatch(/^https:/);
    const sync = await run(['payments', 'sync', '--json']);
    expect(sync.json()).toMatchObject({ schema: 'credits.sync/v1', granted: 500, failed: [] });
    expect((await run(['balance', '--total'])).stdout).toBe('550\n');
  });

  test('a dry run of sync says how much waits and books none of it', async () => {
    const run = await opened();
    expect((await run(['payments', 'sync', '--dry-run'])).stdout).toBe(
      'Dry run: no payment is open and no event is new: nothing to book.\n',
    );
    await run(['buy', '500', '--checkout', '--yes']);
    const dry = await run(['payments', 'sync', '--dry-run']);
    expect(dry.stdout).toContain(
      'Dry run: would look up 1 open payment; what that books is only known then.',
    );
    expect(dry.stderr).toContain('applies no events');
    expect((await run(['balance', '--total'])).stdout).toBe('50\n');
    await run(['payments', 'sync']);
    expect((await run(['payments', 'sync', '--dry-run'])).stdout).toContain('nothing to book');
  });

  test('a payment for an account that was closed meanwhile is booked and reported', async () => {
    const run = await opened();
    await run(['card', 'add', 'pm_fake_processing']);
    await run(['buy', '500', '--yes']);
    await run(['accounts', 'close', '--yes']);
    const sync = await run(['payments', 'sync', '--json', '-q']);
    expect(sync.json()).toMatchObject({ granted: 500, closed: ['default'] });
    expect(sync.stderr).toContain('account default is closed; what was paid for it was booked all the same');
    expect((await run(['payments', 'sync', '--json'])).json().closed).toEqual([]);
  });

  test('a ledger that was exported and restored pays and agrees as before', async () => {
    const run = await toppedUp();
    await run(['buy', '500', '--yes']);
    const folder = temporaryFolder();
    const file = `${folder}/all.jsonl`;
    expect((await run(['export', '--what', 'ledger', '-o', file])).code).toBe(0);
    const there = ['--db', `${folder}/there.db`];
    expect((await run(['restore', file, ...there])).code).toBe(0);
    for (const argv of [['payments', 'audit'], ['verify'], ['payments', 'sync'], ['buy', '500', '--yes']]) {
      expect((await run([...argv, ...there])).code, argv.join(' ')).toBe(0);
    }
    const audit = (await run(['payments', 'audit', '--json', ...there])).json();
    expect(audit).toMatchObject({ ok: true, payments: 3, paidCents: 1_500 });
    expect((await run(['balance', '--total', ...there])).stdout).toBe('1550\n');
  });

  test('in a live ledger nothing is simulated', async () => {
    const run = await opened('--live');
    for (const argv of [
      ['card', 'add', 'pm_card_visa'],
      ['payments', 'sync'],
      ['buy', '500', '--checkout', '--yes'],
    ]) {
      const end = await run([...argv, '--json']);
      expect([end.code, end.failure().code]).toEqual([6, 'mode_mismatch']);
    }
    const keys = { STRIPE_SECRET_KEY: 'sk_test_1' };
    const end = await run(['payments', 'audit', '--json'], { env: keys });
    expect([end.code, end.failure().code]).toEqual([6, 'mode_mismatch']);
  });
});

describe('credits packages', () => {
  test('are dated rows: a new price, a retired one, and top-ups that follow', async () => {
    const run = await opened();
    await run(POLICY);
    await run(['packages', 'set', '500', '--credits', '500', '--price', '4', '--from', '2026-03-12']);
    const priced = async (now: string) => (await run(['topup', '--json', '--now', now])).json().priceCents;
    expect([await priced('2026-03-11'), await priced('2026-03-12')]).toEqual([500, 400]);
    const retired = (await run(['packages', 'retire', '500', '--now', '2026-03-13', '--json'])).json();
    expect(retired).toMatchObject({ kind: 'setting', packages: [{ package: '2000' }] });
    const { packages } = (await run(['packages', '--now', '2026-03-13', '--json'])).json();
    expect(packages).toEqual([
      {
        package: '2000',
        credits: 2_000,
        priceCents: 1_800,
        currency: 'usd',
        from: '1970-01-01T00:00:00.000Z',
      },
    ]);
    expect(await priced('2026-03-13')).toBeNull();
  });
});
