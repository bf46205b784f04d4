/**
 * What `verify` says of purchases that are not of the price list, and of what is booked in the name of access tokens. The
 * writers here have a bug: chains are sound, what they tell is not allowed.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { ZERO } from '../../src/core/credits.ts';
import { Booking } from '../../src/core/ledger/booking.ts';
import { walletDetail } from '../../src/core/ledger/topup.ts';
import type { Attempt } from '../../src/core/wallet.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import {
  accessTokens,
  credits,
  DAY,
  localDeps,
  spendOf,
  type TestLedger,
  type TestLedgerOptions,
  testLedger,
} from '../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../helpers/paying.ts';

let t: TestLedger;
/** What a test that breaks nothing leaves must be sound. */
let isBroken = false;
afterEach(async () => {
  const is = isBroken;
  isBroken = false;
  await t.done().catch((error: Error) => {
    if (!is || !error.message.startsWith('verify found faults')) throw error;
  });
});

/** Books on an account whatever a bug makes. */
async function book(account: string, work: (booking: Booking) => readonly Attempt[]): Promise<void> {
  isBroken = true;
  const [result] = await t.store.execute([
    {
      account,
      now: t.at,
      loads: { wallet: { attempt: null } },
      dryRun: false,
      decide: ({ state }) => {
        const booking = new Booking(state, t.at);
        const attempts = work(booking);
        return { ...booking.done(), swept: null, change: null, wallet: { attempts } };
      },
    },
  ]);
  if (!result!.ok) throw result!.error;
}

async function findings(): Promise<string[]> {
  const { checks } = await t.ledger.verify();
  return checks.flatMap(({ id, detail }) => detail.map((line) => `${id}: ${line.replace(/^.*?: /, '')}`));
}

/** Reserves a purchase by hand and verifies. */
async function reserved(more: Partial<Attempt>): Promise<string[]> {
  await book('default', (booking) => {
    const attempt: Attempt = {
      no: booking.next,
      kind: 'manual',
      status: 'reserved',
      credits: credits('500'),
      amountCents: 500,
      currency: 'usd',
      mix: '1×500',
      reservedAt: booking.at,
      provider: 'simulated',
      customer: 'cus_1',
      paymentMethod: 'pm_1',
      intent: null,
      session: null,
      reason: null,
      lot: null,
      clawed: ZERO,
      clawedFrom: {},
      returns: {},
      changedBy: booking.next,
      ...more,
    };
    booking.close('setting', { credits: ZERO, detail: walletDetail({ attempts: [attempt] }) });
    return [attempt];
  });
  return findings();
}

/** `500` costs 600 cents from tomorrow on, and `2000` is sold no more. */
async function priced(options: TestLedgerOptions = {}): Promise<void> {
  t = testLedger(options);
  const dearer = { package: '500', credits: credits('500'), priceCents: 600, from: t.at + DAY };
  await t.ledger.setPackage(dearer);
  await t.ledger.retirePackage('2000');
  t.at += 1_000;
}

describe('a purchase', () => {
  test.each<[string, Partial<Attempt>]>([
    ['for its price', {}],
    ['of two packages', { mix: '2×500', credits: credits('1000'), amountCents: 1_000 }],
    // The price was told before the package was taken off.
    ['that was asked for before', { mix: '1×2000', credits: credits('2000'), amountCents: 1_800 }],
    ['that was found, of tomorrow', { mix: 'found 1×500', amountCents: 600 }],
  ])('%s is of the price list', async (_, attempt) => {
    await priced();
    expect(await reserved(attempt)).toEqual([]);
    isBroken = false;
  });

  test.each<[string, Partial<Attempt>, string]>([
    ['for less', { amountCents: 499 }, 'buys 500 for 499 cents, which is not what 1×500 was sold for at'],
    ['of more credits', { credits: credits('501') }, 'buys 501 for 500 cents'],
    ['at the price of tomorrow', { amountCents: 600 }, 'buys 500 for 600 cents'],
    ['of a package that nobody made', { mix: '1×400' }, 'which is not what 1×400 was sold for'],
    ['of nothing', { mix: '' }, 'was sold for'],
    ['of no packages', { mix: '0×500' }, 'was sold for'],
    ['of a half', { mix: '2×500' }, 'buys 500 for 500 cents, which is not what 2×500 was sold for'],
    ['that was found, for less', { mix: 'found 1×500', amountCents: 400 }, 'was sold for at any time'],
    ['in another currency', { currency: 'eur' }, 'buys for eur, prices are in usd'],
  ])('%s is found', async (_, attempt, text) => {
    await priced();
    const found = await reserved(attempt);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('payment: ');
    expect(found[0]).toContain(text);
  });

  test('with simulated money in a live ledger is found', async () => {
    await priced({ mode: 'live' });
    expect(await reserved({})).toEqual(['payment: buys with simulated money in a live ledger']);
  });

  test('with real money in a live ledger is not', async () => {
    await priced({ mode: 'live' });
    expect(await reserved({ provider: 'stripe' })).toEqual([]);
    isBroken = false;
  });
});

describe('a top-up', () => {
  const paying = async (): Promise<PayingLedger> => {
    const paying = payingLedger();
    t = paying;
    await paying.ledger.addCard('default', 'pm_card_visa');
    const policy = { threshold: credits('100'), amount: credits('2500'), limitCents: null };
    await paying.ledger.setTopup('default', { ...policy, enabled: true });
    return paying;
  };

  test('is of the price list of its time, whatever became of prices since', async () => {
    const { ledger } = await paying();
    await ledger.runTopup('default');
    await ledger.setPackage({ package: '500', credits: credits('500'), priceCents: 700, from: null });
    t.at += DAY;
    await ledger.spend('default', spendOf('2500'));
    await ledger.runTopup('default');
    await ledger.retirePackage('2000');
    // Dated back: nobody has paid it.
    await ledger.setPackage({ package: '500', credits: credits('500'), priceCents: 1, from: t.at - DAY });
    const prices = (await ledger.topupHistory('default', null)).map(({ amountCents }) => amountCents);
    expect(prices).toEqual([2_300, 2_500]);
    expect(await findings()).toEqual([]);
  });

  test('at a price of yesterday is found', async () => {
    const { ledger } = await paying();
    t.at += DAY;
    // Made for tomorrow first, then for today: the later date counts where both have come.
    await ledger.setPackage({ package: '500', credits: credits('500'), priceCents: 700, from: t.at + DAY });
    await ledger.setPackage({ package: '500', credits: credits('500'), priceCents: 600, from: null });
    t.at += DAY;
    const found = await reserved({ kind: 'auto', amountCents: 600 });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('buys 500 for 600 cents, which is not what 1×500 was sold for');
  });
});

describe('a token', () => {
  const HOUR = 3_600_000;

  /** The ledger as a server opens it for a token. */
  const by = (actor: string): LocalLedger => new LocalLedger({ ...localDeps(t), actor });
  const define = (actor: string) =>
    by(actor).definePlan({ plan: 'pro', monthly: credits('1000'), priceCents: 1_200, from: null }, {});
  const byok = (actor: string, provider: string) =>
    by(actor).changeByok('default', { action: 'add', provider, env: null }, {});

  async function made(): Promise<string> {
    t = testLedger();
    const { id } = await accessTokens(t).create({ role: 'admin', account: null });
    t.at += 1_000;
    return id!;
  }

  test('may be named until it ends, and by what was on its way then', async () => {
    const id = await made();
    await define(id);
    await byok(id, 'openai');
    await accessTokens(t).revoke(id);
    t.at += HOUR;
    await define(id);
    // Times of two chains say nothing of one another.
    t.at += DAY;
    await byok(id, 'anthropic');
    await define('tester');
    expect(await findings()).toEqual([]);
  });

  test('that was revoked books no settings of the ledger', async () => {
    const id = await made();
    await accessTokens(t).revoke(id);
    t.at += HOUR + 1;
    await define(id);
    isBroken = true;
    expect(await findings()).toEqual([
      `tokens: is by ${id} at 2026-01-31T13:00:01.001Z, which was revoked at 2026-01-31T12:00:01.000Z`,
    ]);
  });

  test('that nobody made books nothing anywhere', async () => {
    const id = await made();
    await byok('tok_99', 'openai');
    await define('tok_98');
    isBroken = true;
    expect([...(await findings())].sort()).toEqual([
      'tokens: is by tok_98, which no receipt made',
      'tokens: is by tok_99, which no receipt made',
    ]);
    expect(id).toBe('tok_2');
  });

  test('is not named before it is made', async () => {
    t = testLedger();
    await define('tok_3');
    await accessTokens(t).create({ role: 'admin', account: null });
    isBroken = true;
    expect(await findings()).toEqual(['tokens: is by tok_3, which no receipt made']);
  });
});
