/** A purchase is taken back once: whatever `revoke`, holds, refunds and disputes do, in whatever order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Microcredits } from '../../../src/core/credits.ts';
import type { ReturnStatus } from '../../../src/core/wallet.ts';
import { applyReturns } from '../../../src/ledger/payments/events.ts';
import { PaymentRun } from '../../../src/ledger/payments/payment-run.ts';
import { credits } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';
import { type Chance, chanceOf } from '../../helpers/random.ts';
import { checkTaken } from '../../helpers/taken.ts';

const LONG = process.env.CREDITS_TORTURE === 'long';
const TAGS = { activity: null, session: null, run: null };
const DAY = 86_400_000;

/** Hears of what went back at once, without looking at everything else. */
const hearing = (): PaymentRun =>
  new PaymentRun(t.deps, {
    open: async () => t.simulated,
    webhookSecrets: async () => [],
    reference: () => 'none',
  });

/** What may become of a refund or dispute. */
const FOLLOWS: Readonly<Record<ReturnStatus, readonly ReturnStatus[]>> = {
  pending: ['succeeded', 'failed'],
  succeeded: ['failed'],
  failed: [],
  canceled: [],
  flagged: ['open'],
  open: ['won', 'lost'],
  lost: ['won'],
  won: [],
};

let t: PayingLedger;
let made = 0;

/** An account with a card and nothing else. */
class Buyer {
  readonly account: string;
  readonly holds: string[] = [];

  constructor() {
    made += 1;
    this.account = `buyer${made}`;
  }

  async open(): Promise<this> {
    await t.ledger.openAccount({ account: this.account, plan: 'free', zone: 'UTC', anchorAt: null });
    await t.ledger.addCard(this.account, 'pm_card_visa');
    await this.spend(50);
    return this;
  }

  spend(amount: number) {
    const input = { amount: (amount * 1e6) as Microcredits, call: null, tags: TAGS, note: null, at: null };
    return t.ledger.spend(this.account, input);
  }

  async buy(): Promise<void> {
    await t.ledger.buy(this.account, { package: '500', maxChargeCents: null, checkout: false });
  }

  async hold(amount: number, ttlMs = DAY): Promise<void> {
    const input = { amount: (amount * 1e6) as Microcredits, call: null, tags: TAGS, ttlMs, note: null };
    const { hold } = await t.ledger.hold(this.account, input);
    this.holds.push(hold!);
  }

  settle(hold: number, amount: number) {
    const input = { amount: (amount * 1e6) as Microcredits, call: null, tags: TAGS, note: null };
    return t.ledger.settle(this.account, { ...input, hold: this.holds[hold]! });
  }

  release(hold: number) {
    return t.ledger.release(this.account, { hold: this.holds[hold]!, note: null });
  }

  async lots(): Promise<string[]> {
    const { account } = (await t.store.read(this.account)).state;
    const bought = (await t.store.allLots(account)).filter(({ source }) => source === 'purchased');
    return bought.map(({ no }) => `lot_${account.tag}_${no}`);
  }

  async revoke(which: number): Promise<void> {
    await t.ledger.revoke(this.account, { lot: (await this.lots())[which]!, note: null });
  }

  async intents(): Promise<string[]> {
    const { account } = (await t.store.read(this.account)).state;
    const rows = await t.store.payments.books.list(`pi_sim_pay_${account.tag}_`, 0, 100);
    return rows.map(({ id }) => id);
  }

  /** A refund or dispute becomes what it is now, and everybody hears of it. */
  async back(which: number, id: string, cents: number, status: ReturnStatus): Promise<void> {
    const intent = (await this.intents())[which]!;
    const list = id.startsWith('re') ? 'refunds' : 'disputes';
    await t.simulated.happen(intent, (paid) => {
      const known = paid[list].find((one) => one.id === `${id}_${intent}`);
      if (known !== undefined && !FOLLOWS[known.status].includes(status)) return paid;
      const others = paid[list].filter((one) => one.id !== `${id}_${intent}`);
      return {
        ...paid,
        [list]: [...others, { id: `${id}_${intent}`, amountCents: known?.amountCents ?? cents, status }],
      };
    });
    await applyReturns(hearing(), intent);
  }

  async sees(available: number, debt: number): Promise<void> {
    const balance = await t.ledger.balance(this.account);
    expect([balance.available, balance.debt]).toEqual([credits(`${available}`), credits(`${debt}`)]);
    await checkTaken(t, this.account);
  }
}

beforeAll(() => {
  t = payingLedger();
});
afterAll(() => t.done());

describe('a revoke with a hold open', () => {
  test('then a dispute: what the hold lets go pays the debt of that dispute', async () => {
    const buyer = await new Buyer().open();
    await buyer.buy();
    await buyer.hold(100);
    await buyer.revoke(0);
    await buyer.back(0, 'dp', 500, 'open');
    await buyer.sees(0, 100);
    await buyer.release(0);
    await buyer.sees(0, 0);
    await buyer.buy();
    await buyer.sees(500, 0);
  });

  test('a read before anything is booked says the same', async () => {
    const buyer = await new Buyer().open();
    await buyer.buy();
    await buyer.buy();
    await buyer.hold(700, 1_000);
    await buyer.revoke(0);
    await buyer.back(0, 'dp', 500, 'open');
    await buyer.sees(0, 200);
    const before = t.at;
    t.at += 2_000;
    await buyer.sees(500, 0);
    const { available, debt } = await t.ledger.balance(buyer.account, before + 1_000);
    expect([available, debt]).toEqual([credits('500'), 0]);
    await buyer.spend(1);
    await buyer.sees(499, 0);
    const past = await t.ledger.balance(buyer.account, before + 1_000);
    expect([past.available, past.debt]).toEqual([credits('500'), 0]);
    await buyer.back(0, 'dp', 500, 'won');
    await buyer.sees(499, 0);
  });

  test('settled in part: the used part stays owed', async () => {
    const buyer = await new Buyer().open();
    await buyer.buy();
    await buyer.hold(100);
    await buyer.back(0, 're', 500, 'succeeded');
    await buyer.revoke(0);
    await buyer.sees(0, 100);
    await buyer.settle(0, 30);
    await buyer.sees(0, 30);
  });

  test('a refund in part that the revoke has outrun takes nothing', async () => {
    const buyer = await new Buyer().open();
    await buyer.buy();
    await buyer.hold(300);
    await buyer.revoke(0);
    await buyer.back(0, 're', 250, 'succeeded');
    await buyer.sees(0, 50);
    await buyer.settle(0, 280);
    // 220 were left to revoke, 250 went back.
    await buyer.sees(0, 30);
  });

  test('a revoke after the hold let go: the debt of the refund goes with it', async () => {
    const buyer = await new Buyer().open();
    await buyer.buy();
    await buyer.hold(100);
    await buyer.back(0, 're', 500, 'succeeded');
    await buyer.release(0);
    await buyer.sees(100, 100);
    await buyer.revoke(0);
    await buyer.sees(0, 0);
  });

  test('a hold of two revoked lots: each purchase gets its own back', async () => {
    const buyer = await new Buyer().open();
    await buyer.buy();
    await buyer.buy();
    await buyer.hold(1_000, 5_000);
    await buyer.revoke(0);
    await buyer.revoke(1);
    await buyer.back(0, 'dp', 500, 'open');
    await buyer.back(1, 're', 200, 'succeeded');
    await buyer.sees(0, 700);
    t.at += 5_000;
    const { available, debt } = await t.ledger.balance(buyer.account);
    expect([available, debt]).toEqual([0, 0]);
    await t.ledger.expire(buyer.account, null);
    await buyer.sees(0, 0);
  });
});

test('what was revoked of credits that came back counts', async () => {
  const buyer = await new Buyer().open();
  await buyer.buy();
  await buyer.back(0, 'dp', 500, 'open');
  await buyer.back(0, 'dp', 500, 'won');
  await buyer.sees(500, 0);
  await buyer.revoke(1);
  await buyer.sees(0, 0);
  await buyer.back(0, 're', 500, 'succeeded');
  await buyer.sees(0, 0);
});

test('what was given back, spent and disputed again is owed once', async () => {
  const buyer = await new Buyer().open();
  await buyer.buy();
  await buyer.back(0, 'dp', 500, 'open');
  await buyer.back(0, 'dp', 500, 'won');
  await buyer.hold(500);
  await buyer.revoke(1);
  await buyer.back(0, 're', 500, 'succeeded');
  await buyer.sees(0, 500);
  await buyer.settle(0, 120);
  await buyer.sees(0, 120);
});

function* orders<T>(all: readonly T[]): Generator<T[]> {
  if (all.length === 0) yield [];
  for (const [index, first] of all.entries()) {
    for (const rest of orders(all.toSpliced(index, 1))) yield [first, ...rest];
  }
}

/** 500 bought, 300 of it held by two holds; 60 of the second are used. */
const STEPS: readonly [string, (buyer: Buyer, cents: number) => Promise<unknown>][] = [
  ['revoke', (buyer) => buyer.revoke(0)],
  ['refund', (buyer) => buyer.back(0, 're', 120, 'succeeded')],
  ['dispute', (buyer, cents) => buyer.back(0, 'dp', cents, 'open')],
  ['release', (buyer) => buyer.release(0)],
  ['settle', (buyer) => buyer.settle(1, 60)],
];

describe.each([
  [380, 1],
  [380, 2],
  [150, 1],
  [335, 2],
])('every order of revoke, refund, a dispute of %i cents, release and settle; %i bought', (cents, bought) => {
  test('takes what went back or what was left, whichever is more', async () => {
    for (const [index, order] of [...orders(STEPS)].entries()) {
      if (!LONG && index % 7 !== cents % 7) continue;
      const buyer = await new Buyer().open();
      for (let count = 0; count < bought; count += 1) await buyer.buy();
      await buyer.hold(100);
      await buyer.hold(200);
      for (const [, step] of order) {
        await step(buyer, cents);
        await checkTaken(t, buyer.account);
      }
      const [first] = await checkTaken(t, buyer.account);
      const names = order.map(([name]) => name).join(', ');
      const taken = Math.max(Math.min(120 + cents, 500), 440);
      expect((first!.clawed + first!.byHand) / 1e6, names).toBe(taken);
      const { available, held, debt } = await t.ledger.balance(buyer.account);
      expect((available + held - debt) / 1e6, names).toBe(bought * 500 - 60 - taken);
    }
    const { ok, checks } = await t.ledger.verify();
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(ok).toBe(true);
  }, 120_000);
});

/** Anything a person, a bank and a program may do, and everything is heard at once. */
async function anything(buyer: Buyer, chance: Chance): Promise<string> {
  const amount = chance.pick([1, 7, 60, 150, 333, 499, 500, 777]);
  const paid = (await buyer.intents()).length;
  const status = chance.pick(['pending', 'succeeded', 'failed', 'succeeded'] as const);
  const choices: [string, () => Promise<unknown>][] = [
    ['buy', () => buyer.buy()],
    ['spend', () => buyer.spend(amount)],
    ['hold', () => buyer.hold(amount, chance.pick([1_000, 60_000, DAY]))],
    ['hold', () => buyer.hold(amount, DAY)],
    ['settle', () => buyer.settle(chance.whole(buyer.holds.length), amount)],
    ['release', () => buyer.release(chance.whole(buyer.holds.length))],
    ['revoke', async () => buyer.revoke(chance.whole((await buyer.lots()).length))],
    ['revoke', async () => buyer.revoke(chance.whole((await buyer.lots()).length))],
    ['refund', () => buyer.back(chance.whole(paid), `re${chance.whole(3)}`, amount, status)],
    [
      'dispute',
      () => buyer.back(chance.whole(paid), 'dp', 500, chance.pick(['open', 'open', 'won', 'lost'])),
    ],
    ['dispute', () => buyer.back(chance.whole(paid), 'dp', 500, chance.pick(['open', 'won']))],
    [
      'grant',
      () =>
        t.ledger.grant(buyer.account, {
          amount: (amount * 1e6) as Microcredits,
          source: 'promotional',
          expires: null,
          note: null,
        } as never),
    ],
    ['wait', async () => (t.at += chance.pick([500, 2_000, 61_000]))],
    ['sweep', () => t.ledger.expire(buyer.account, null)],
  ];
  const [name, step] = chance.pick(choices);
  try {
    await step();
    return name;
  } catch (error) {
    return `${name} refused (${(error as { code?: string }).code ?? String(error)})`;
  }
}

const SEEDS = LONG ? 3_000 : 40;

test(`anything in any order, ${SEEDS} histories`, async () => {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    if (seed % 50 === 0) {
      // Each ledger is verified at its end, and a small one is quick.
      await t.done();
      t = payingLedger();
    }
    const chance = chanceOf(seed);
    const buyer = await new Buyer().open();
    const log: string[] = [];
    try {
      await buyer.buy();
      for (let step = 0; step < 30; step += 1) {
        log.push(await anything(buyer, chance));
        seen.set(log.at(-1)!, (seen.get(log.at(-1)!) ?? 0) + 1);
        const before = await t.ledger.balance(buyer.account);
        if (chance.oneIn(2)) await t.ledger.expire(buyer.account, null);
        const { available, held, debt } = await t.ledger.balance(buyer.account);
        expect([available, held, debt]).toEqual([before.available, before.held, before.debt]);
        await t.ledger.expire(buyer.account, null);
        await checkTaken(t, buyer.account);
      }
    } catch (error) {
      throw new Error(`seed ${seed}: ${log.join(', ')}`, { cause: error });
    }
  }
  expect([...seen.keys()].filter((name) => /Error|integrity|internal/.test(name))).toEqual([]);
  const { checks } = await t.ledger.verify();
  expect(checks.filter((check) => !check.ok)).toEqual([]);
}, 3_600_000);
