/**
 * Random schedules over the Stripe provider and its fake: spends, top-ups, purchases, declines, refunds, disputes, processes
 * that die before or after any call, answers that get lost, are cut off or never come, and events in any order, any number of
 * times or never. Judged by the books of both sides. 14 schedules; 10,000 with CREDITS_TORTURE=long.
 */
import { afterAll, describe, expect, it, vi } from 'vitest';
import { isLedgerError } from '../../../src/core/errors.ts';
import { LocalLedger } from '../../../src/ledger/local.ts';
import type { PaymentProvider } from '../../../src/ledger/payments/provider.ts';
import { credits, sha256, spendOf, type TestLedger, testLedger, zones } from '../../helpers/ledger.ts';
import { LONG, PATIENCE, seeded } from '../../helpers/processes.ts';
import { FakeBankWatch } from '../../helpers/stripe/bank-watch.ts';
import type { FakeStripe } from '../../helpers/stripe/fake.ts';
import type { Fault } from '../../helpers/stripe/faults.ts';
import { type FakeRig, openFakeRig, openProvider } from '../../helpers/stripe/rig.ts';
import type { WireEvent } from '../../helpers/stripe/wire.ts';

const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_260_301);
const SCHEDULES = Number(process.env.CREDITS_TEST_SCHEDULES ?? (LONG ? 10_000 : 14));
vi.setConfig({ testTimeout: PATIENCE + SCHEDULES * 5_000 });

const STEPS = 18;
const HOUR = 3_600_000;
const SECRET = 'whsec_schedule';
const LIMIT_CENTS = 2_000;

/** A process that dies: nothing of the program catches it. */
class Crash extends Error {}

/** How long a call waits whose answer may never come, ms; the others have time, however busy the machine is. */
const IMPATIENT_MS = 150;

/** Lets the process die at one of the next calls of the provider. @param at whom a call is made with */
function mortal(
  provider: PaymentProvider,
  at: () => PaymentProvider,
): {
  provider: PaymentProvider;
  dieAt: (calls: number | null) => void;
} {
  let left: number | null = null;
  const dies = (): boolean => {
    if (left === null) return false;
    left -= 1;
    return left < 0;
  };
  const wrapped = new Proxy(provider, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'readWebhook' || name === 'payments') return value;
      return async (...facts: unknown[]) => {
        if (dies()) throw new Crash('before');
        const called = at();
        const answer: unknown = await (Reflect.get(called, name) as typeof value).apply(called, facts);
        if (dies()) throw new Crash('after');
        return answer;
      };
    },
  });
  return {
    provider: wrapped,
    dieAt: (calls) => {
      left = calls;
    },
  };
}

/** One ledger, one fake, several processes. */
class World {
  readonly t: TestLedger;
  readonly fake: FakeStripe;
  readonly ledger: LocalLedger;
  readonly chance: () => number;
  readonly said: string[] = [];
  readonly held: WireEvent[] = [];
  readonly bank: FakeBankWatch;
  readonly #dieAt: (calls: number | null) => void;
  readonly #close: () => Promise<void>;
  #count = 0;
  /** Answers that are to stay away. */
  #silences = 0;

  constructor(t: TestLedger, rig: FakeRig, impatient: PaymentProvider, chance: () => number) {
    this.t = t;
    this.fake = rig.fake;
    this.bank = new FakeBankWatch(rig.fake);
    this.chance = chance;
    const { provider, dieAt } = mortal(rig.provider, () => (this.#silences > 0 ? impatient : rig.provider));
    this.#dieAt = dieAt;
    this.#close = async () => {
      await impatient.close();
      await rig.close();
    };
    this.fake.world.onEvent = (event) => this.held.push(event);
    this.ledger = new LocalLedger({
      store: t.store,
      zones,
      loadZones: async () => zones,
      sha256,
      now: () => t.at,
      wall: () => t.at,
      actor: 'tester',
      payments: {
        open: async () => provider,
        webhookSecrets: async () => [SECRET],
        reference: () => this.word(),
      },
    });
  }

  word(): string {
    this.#count += 1;
    return `word${this.#count}`;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.chance() * items.length)]!;
  }

  /** Does something that may be refused or die. */
  async try(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.said.push(name);
    } catch (error) {
      if (!(error instanceof Crash) && !isLedgerError(error)) throw error;
      if (isLedgerError(error) && (error.code === 'internal' || error.code === 'integrity_failure'))
        throw error;
      this.said.push(`${name}: ${isLedgerError(error) ? error.code : `died ${error.message} a call`}`);
    } finally {
      this.#dieAt(null);
    }
  }

  mayDie(): void {
    if (this.chance() < 0.3) this.#dieAt(Math.floor(this.chance() * 6));
  }

  /** An answer that gets lost, or a server that stumbles. */
  mayStumble(): void {
    if (this.chance() > 0.35) return;
    const does = this.pick<Fault>([500, 503, 429, 'garbage', 'drop', 'drop', 'cut', 'hang']);
    const at = does === 429 ? 'before' : this.pick(['before', 'after'] as const);
    this.said.push(`next: ${does} ${at}`);
    const { reached } = this.fake.fault({ does, at, skip: Math.floor(this.chance() * 3) });
    if (does !== 'hang') return;
    this.#silences += 1;
    void reached.then(() => {
      this.#silences -= 1;
    });
  }

  /** From now on everybody answers. */
  calm(): void {
    this.fake.calm();
    this.#silences = 0;
  }

  /** A person takes a hand: what the bank has declined before counts no more. */
  human(): void {
    this.bank.look();
    this.bank.human();
  }

  async webhook(event: WireEvent): Promise<void> {
    const { body, signature } = this.fake.delivery(event, [SECRET], Math.floor(this.t.at / 1000));
    await this.ledger.receiveWebhook({ body, signature });
  }

  pass(ms: number): void {
    this.t.at += ms;
    this.fake.advance(ms);
  }

  get paidIntents(): string[] {
    return this.fake.books().map(({ intent }) => intent);
  }

  async close(): Promise<void> {
    await this.#close();
    await this.t.done();
  }
}

const CARDS = [
  'pm_card_visa',
  'pm_card_visa',
  'pm_card_visa',
  'pm_card_chargeCustomerFail',
  'pm_fake_decline_expired_card',
  'pm_card_authenticationRequired',
  'pm_fake_processing',
] as const;

const STEPS_OF: Readonly<Record<string, (world: World) => Promise<void>>> = {
  spend: (world) =>
    world.try('spend', () =>
      world.ledger.spend('default', spendOf(String(10 + Math.floor(world.chance() * 400)))),
    ),
  topup: (world) => {
    world.mayDie();
    return world.try('topup run', () => world.ledger.runTopup('default'));
  },
  'two topups': (world) => {
    world.mayDie();
    return world.try('two topup runs', async () => {
      const both = await Promise.allSettled([
        world.ledger.runTopup('default'),
        world.ledger.runTopup('default'),
      ]);
      for (const each of both) if (each.status === 'rejected') throw each.reason;
    });
  },
  buy: (world) => {
    world.mayDie();
    const input = {
      package: world.pick(['500', '2000']),
      maxChargeCents: null,
      checkout: world.chance() < 0.3,
    };
    return world.try(`buy ${input.package}`, () => world.ledger.buy('default', input, { key: world.word() }));
  },
  sync: (world) => {
    world.mayDie();
    return world.try('sync', () => world.ledger.syncPayments());
  },
  webhooks: (world) =>
    world.try('webhooks', async () => {
      const some = world.held.filter(() => world.chance() < 0.5);
      const twice = some.flatMap((event) => (world.chance() < 0.3 ? [event, event] : [event]));
      twice.sort(() => world.chance() - 0.5);
      for (const event of twice) await world.webhook(event);
    }),
  refund: (world) =>
    world.try('refund', async () => {
      const [intent] = [world.pick(world.paidIntents)];
      const book = world.fake.books().find((each) => each.intent === intent);
      if (book === undefined || book.refunded === book.paid) return;
      if (isDisputed(world, book.intent) && !isWon(world, book.intent)) return;
      const left = book.paid - book.refunded;
      world.fake.refund(book.intent, world.chance() < 0.5 ? left : Math.ceil(left * world.chance()) || left);
    }),
  dispute: (world) =>
    world.try('dispute', async () => {
      const intent = world.pick(world.paidIntents);
      if (intent === undefined || isDisputed(world, intent)) return;
      const book = world.fake.books().find((each) => each.intent === intent)!;
      if (book.refunded < book.paid) world.fake.dispute(intent, { amount: book.paid - book.refunded });
    }),
  verdict: (world) =>
    world.try('verdict', async () => {
      const open = [...world.fake.world.disputes.values()].filter(
        ({ status }) => status === 'needs_response',
      );
      if (open.length > 0) world.fake.closeDispute(world.pick(open).id, world.pick(['won', 'lost'] as const));
    }),
  bank: (world) =>
    world.try('bank', async () => {
      for (const { id, status } of world.fake.world.paymentIntents.values()) {
        if (status === 'processing') world.fake.finish(id);
      }
    }),
  holder: (world) =>
    world.try('holder', async () => {
      const open = [...world.fake.world.sessions.values()].filter(
        ({ status, mode }) => status === 'open' && mode === 'payment',
      );
      if (open.length > 0) world.fake.complete(world.pick(open).id);
    }),
  'another card': (world) => {
    const card = world.pick(CARDS);
    world.human();
    return world.try(`card ${card}`, async () => {
      await world.ledger.addCard('default', card);
      await world.ledger.setTopup('default', { enabled: true });
    });
  },
  'card changes': (world) => {
    const card = world.pick(CARDS);
    return world.try(`card now ${card}`, async () => {
      for (const id of world.fake.world.paymentMethods.keys()) world.fake.behave(id, card);
    });
  },
  'a bad day': async (world) => {
    const card = world.pick(['pm_card_chargeCustomerFail', 'pm_card_chargeCustomerFail', ...CARDS]);
    for (const id of world.fake.world.paymentMethods.keys()) world.fake.behave(id, card);
    world.said.push(`card now ${card}`);
    await world.try('spend all', async () => {
      const { available } = await world.ledger.balance('default');
      await world.ledger.spend('default', { ...spendOf('1'), amount: available });
    });
    for (let round = 0; round < 5; round += 1) {
      await STEPS_OF.topup!(world);
      world.pass(world.pick([1, 1, 5, 6]) * HOUR);
    }
  },
  'switch on': (world) =>
    world.try('switch on', async () => {
      if (!(await world.ledger.topup('default')).enabled) world.human();
      await world.ledger.setTopup('default', { enabled: true });
    }),
  time: async (world) => {
    const hours = world.pick([1, 1, 6, 7, 25, 24 * 9]);
    world.pass(hours * HOUR);
    world.said.push(`${hours} h`);
  },
};

/** What costs or brings money is done twice as often. */
const NAMES = [...Object.keys(STEPS_OF), 'spend', 'topup', 'buy'];

const isDisputed = (world: World, intent: string): boolean =>
  [...world.fake.world.disputes.values()].some((dispute) => dispute.payment_intent === intent);

const isWon = (world: World, intent: string): boolean =>
  [...world.fake.world.disputes.values()].every(
    (dispute) => dispute.payment_intent !== intent || dispute.status === 'won',
  );

/** What must hold at every instant. */
async function always(world: World): Promise<void> {
  world.fake.check();
  world.bank.look();
  const attempts = await world.ledger.topupHistory('default', null);
  const active = attempts.filter(
    ({ status }) => !['succeeded', 'failed', 'canceled', 'mismatch'].includes(status),
  );
  expect(active.length).toBeLessThanOrEqual(1);
  const { usedThisMonthCents, monthlyLimitCents } = await world.ledger.topup('default');
  expect(usedThisMonthCents).toBeLessThanOrEqual(monthlyLimitCents!);
  // By the money itself: what was charged for attempts that were reserved in one month.
  const monthOf = new Map(
    attempts.map(({ attempt, at }) => [attempt, new Date(at).toISOString().slice(0, 7)]),
  );
  const charged = new Map<string, number>();
  for (const { attempt, paid } of world.fake.books()) {
    const month = monthOf.get(attempt ?? '');
    if (month !== undefined) charged.set(month, (charged.get(month) ?? 0) + paid);
  }
  for (const cents of charged.values()) expect(cents).toBeLessThanOrEqual(LIMIT_CENTS);
}

/** What must hold when everything has come to rest: credits granted equal money kept, at the price list. */
async function atRest(world: World): Promise<void> {
  const purchases = await world.ledger.purchases('default', null);
  const kept = new Map(
    purchases.map((each) => [each.purchase, each.status === 'succeeded' ? each.credits - each.clawed : 0]),
  );
  for (const { attempt, paid, refunded, disputed } of world.fake.books()) {
    const bought = paid === 1_800 ? credits('2000') : credits('500');
    const gone = Math.min(refunded + disputed, paid);
    const target = Number((BigInt(bought) * BigInt(gone)) / BigInt(paid));
    expect([attempt, kept.get(attempt!)]).toEqual([attempt, bought - target]);
    kept.delete(attempt!);
  }
  expect([...kept.values()].filter((each) => each !== 0)).toEqual([]);
  const { differences } = await world.ledger.auditPayments();
  expect(differences).toEqual([]);
}

async function play(seed: number): Promise<World> {
  const chance = seeded(seed);
  const t = testLedger();
  t.at = Date.UTC(2026, 2, 1, 12);
  const rig = await openFakeRig({ startAt: t.at });
  const world = new World(t, rig, await openProvider(rig.fake, { timeoutMs: IMPATIENT_MS }), chance);
  await world.ledger.addCard('default', 'pm_card_visa');
  const policy = { threshold: credits('300'), amount: credits('500'), limitCents: LIMIT_CENTS };
  await world.ledger.setTopup('default', { ...policy, enabled: true });
  try {
    for (let step = 0; step < STEPS; step += 1) {
      world.mayStumble();
      await STEPS_OF[world.pick(NAMES)]!(world);
      await always(world);
    }
    await rest(world);
    await always(world);
    await atRest(world);
    return world;
  } catch (error) {
    throw new Error(`seed ${seed}: ${world.said.join('; ')}`, { cause: error });
  }
}

/** Every fault is over, keys that kept a server error are forgotten, and everybody looks once more. */
async function rest(world: World): Promise<void> {
  world.calm();
  for (const { id, status } of [...world.fake.world.paymentIntents.values()]) {
    if (status === 'processing') world.fake.finish(id);
  }
  world.pass(25 * HOUR);
  for (let round = 0; round < 3; round += 1) {
    world.calm();
    const { failed } = await world.ledger.syncPayments();
    expect(failed).toEqual([]);
    for (const { id, status } of [...world.fake.world.paymentIntents.values()]) {
      if (status === 'processing') world.fake.finish(id);
    }
  }
}

describe(`${SCHEDULES} random schedules of ${STEPS} steps (seed ${SEED})`, () => {
  const outcomes = new Map<string, number>();
  afterAll(() => {
    if (LONG) process.stdout.write(`${JSON.stringify(Object.fromEntries(outcomes))}\n`);
  });

  it('charge nobody twice, keep to the limit, and give credits for the money that stays', async () => {
    let charged = 0;
    let died = 0;
    let repeats = 0;
    let declines = 0;
    for (let each = 0; each < SCHEDULES; each += 1) {
      const world = await play(SEED + each);
      charged += world.paidIntents.length;
      died += world.said.filter((line) => line.includes('died')).length;
      repeats += world.bank.keys.repeats;
      declines = Math.max(declines, world.bank.longest);
      for (const line of world.said) outcomes.set(line, (outcomes.get(line) ?? 0) + 1);
      await world.close();
    }
    // Schedules in which nothing happens would show nothing.
    expect(charged).toBeGreaterThan(SCHEDULES / 2);
    expect(died).toBeGreaterThan(SCHEDULES / 8);
    expect(repeats).toBeGreaterThan(SCHEDULES / 8);
    expect(declines).toBeGreaterThan(0);
    outcomes.set('steps sent again', repeats).set('longest row of declines', declines);
  });
});
