/**
 * Random schedules of everything that moves money: spends, triggers, purchases, lost answers, crashes between any two steps,
 * duplicated and reordered events, refunds, disputes, revokes, cards that change. After every step and at the end: nobody is
 * charged twice, the month keeps to its limit, one top-up is under way at most, and credits are worth the money that was
 * kept; the bank sees one key for each step of an attempt, three declines in a row at most, and rests in between. 240
 * schedules; 10,000 with CREDITS_TORTURE=long.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Microcredits } from '../../src/core/credits.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import type { LocalLedger } from '../../src/ledger/local.ts';
import { PaymentRun } from '../../src/ledger/payments/payment-run.ts';
import type { ProviderEvent } from '../../src/ledger/payments/provider.ts';
import { receiveEvent } from '../../src/ledger/payments/sync.ts';
import { credits, DAY, sha256, spendOf, zones } from '../helpers/ledger.ts';
import { CARDS, Money } from '../helpers/money-rules.ts';
import { type PayingLedger, payingLedger } from '../helpers/paying.ts';
import { LONG, PATIENCE } from '../helpers/processes.ts';
import { type Chance, chanceOf } from '../helpers/random.ts';
import { SimulatedBankWatch } from '../helpers/simulated-watch.ts';
import { Crash, type Fault, unreliable } from '../helpers/unreliable-provider.ts';

const SCHEDULES = Number(process.env.CREDITS_TEST_SCHEDULES ?? (LONG ? 10_000 : 240));
vi.setConfig({ testTimeout: PATIENCE + SCHEDULES * 2_000 });

const STEPS = 22;
/** Schedules on one ledger: books that grow take longer to read. */
const A_LEDGER = 50;
const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_261_125);
const LIMIT_CENTS = 2_300;

let t: PayingLedger;

/** One schedule on an account of its own. */
class Schedule {
  readonly account: string;
  readonly chance: Chance;
  readonly log: string[] = [];
  /** Faults per call, one in so many; 0: none. */
  faults = 6;
  #ledger!: LocalLedger;
  #buys = 0;

  constructor(account: string, seed: number) {
    this.account = account;
    this.chance = chanceOf(seed);
  }

  /** A process that has just started. */
  #process(): LocalLedger {
    return t.another(unreliable(this.bank.over(t.simulated), () => this.#fault()));
  }

  #fault(): Fault {
    if (this.faults === 0 || !this.chance.oneIn(this.faults)) return 'none';
    return this.chance.pick<Fault>(['lost_before', 'lost_after', 'crash_before', 'crash_after']);
  }

  /** What is refused is refused, and who has died is started again. */
  async #attempt(what: string, work: (ledger: LocalLedger) => Promise<unknown>): Promise<void> {
    try {
      await work(this.#ledger);
      this.log.push(what);
    } catch (error) {
      if (error instanceof Crash) {
        this.log.push(`${what}: died in ${error.message}`);
        this.#ledger = this.#process();
      } else if (isLedgerError(error)) {
        this.log.push(`${what}: ${error.code}`);
        if (error.code === 'integrity_failure') throw error;
      } else throw error;
    }
  }

  async step(): Promise<void> {
    const { chance, account } = this;
    const deed = chance.whole(20);
    if (deed < 5) await this.#spend();
    else if (deed < 8) await this.#attempt('topup', (ledger) => ledger.runTopup(account));
    else if (deed < 9) await this.#twoAtOnce();
    else if (deed < 11) await this.#buy();
    else if (deed < 12) await this.#attempt('sync', (ledger) => ledger.syncPayments());
    else if (deed < 14) await this.#event();
    else if (deed < 15) await this.#refund();
    else if (deed < 16) await this.#dispute();
    else if (deed < 17) await this.#revoke();
    else if (deed < 18) {
      const card = chance.pick(CARDS);
      this.bank.human();
      await this.#attempt(`card ${card}`, (ledger) => ledger.addCard(account, card));
    } else if (deed < 19) {
      const enabled = !chance.oneIn(5);
      if (enabled && !(await t.ledger.topup(account)).enabled) this.bank.human();
      await this.#attempt(`enabled ${enabled}`, (ledger) => ledger.setTopup(account, { enabled }));
    } else t.at += chance.pick([1_000, 61_000, 3_600_000, 6 * 3_600_000, 5 * DAY]);
  }

  async #spend(): Promise<void> {
    const { available } = await t.ledger.balance(this.account);
    const share = Math.floor(available * this.chance.pick([0.2, 0.6, 0.95, 1]));
    if (share === 0) return;
    if (this.chance.oneIn(4)) await this.#overrun(share as Microcredits);
    else {
      const input = { ...spendOf('1'), amount: share as Microcredits };
      await this.#attempt('spend', (ledger) => ledger.spend(this.account, input));
    }
    await this.#attempt('trigger', (ledger) => ledger.runTopup(this.account));
  }

  async #overrun(amount: Microcredits): Promise<void> {
    const tags = { activity: null, session: null, run: null };
    const base = { call: null, tags, note: null };
    await this.#attempt('hold and settle', async (ledger) => {
      const { hold } = await ledger.hold(this.account, { ...base, amount, ttlMs: 600_000 });
      // Some stay open: what they hold cannot be taken back.
      if (this.chance.oneIn(3)) return;
      const cost = (amount + credits('30')) as Microcredits;
      await ledger.settle(this.account, { ...base, hold: hold!, amount: cost });
    });
  }

  async #twoAtOnce(): Promise<void> {
    const other = this.#process();
    await Promise.all([
      this.#attempt('topup', (ledger) => ledger.runTopup(this.account)),
      this.#attempt('topup of another', () => other.runTopup(this.account)),
    ]);
  }

  async #buy(): Promise<void> {
    this.#buys += this.chance.oneIn(3) ? 0 : 1;
    const key = `buy ${this.#buys}`;
    const checkout = this.#buys % 4 === 3;
    const input = { package: this.#buys % 2 === 0 ? '500' : '2000', maxChargeCents: null, checkout };
    await this.#attempt(key, (ledger) => ledger.buy(this.account, input, { key }));
  }

  /** Any event there ever was, again: webhooks come twice, late and in any order. */
  async #event(): Promise<void> {
    const { events } = await t.simulated.eventsSince(null);
    const own = events.filter((event) => JSON.stringify(event.subject).includes(this.#tag));
    if (own.length === 0) return;
    const event: ProviderEvent = { ...this.chance.pick(own), id: `evt_again_${this.chance.whole(1e9)}` };
    const run = new PaymentRun(
      {
        store: t.store,
        zones,
        loadZones: async () => zones,
        sha256,
        now: () => t.at,
        wall: () => t.at,
        actor: 'webhook',
      },
      {
        open: async () => unreliable(this.bank.over(t.simulated), () => this.#fault()),
        webhookSecrets: async () => [],
        reference: () => 'none',
      },
    );
    await this.#attempt(`event ${event.type}`, () => receiveEvent(run, event));
  }

  async #refund(): Promise<void> {
    if (await this.money.refund(t.simulated, this.chance)) this.log.push('refund');
  }

  async #dispute(): Promise<void> {
    if (await this.money.dispute(t.simulated, this.chance)) this.log.push('dispute');
  }

  async #revoke(): Promise<void> {
    if (!this.chance.oneIn(2)) return;
    const { lots } = await t.ledger.balance(this.account);
    const bought = lots.filter((lot) => lot.source === 'purchased');
    if (bought.length === 0) return;
    const { lot } = this.chance.pick(bought);
    await this.#attempt('revoke', (ledger) => ledger.revoke(this.account, { lot, note: null }));
  }

  #tag = '';
  money!: Money;
  bank!: SimulatedBankWatch;

  async begin(): Promise<void> {
    await t.ledger.openAccount({ account: this.account, plan: 'free', zone: 'UTC', anchorAt: null });
    this.#tag = (await t.store.read(this.account)).state.account.tag;
    this.bank = new SimulatedBankWatch(this.#tag, () => t.at);
    this.#ledger = this.#process();
    this.money = new Money(t.store, this.account, this.#tag, LIMIT_CENTS);
    await t.ledger.addCard(this.account, this.chance.pick(CARDS));
    const policy = { threshold: credits('100'), amount: credits('500'), limitCents: LIMIT_CENTS };
    await t.ledger.setTopup(this.account, { ...policy, enabled: true });
  }

  /** What holds after every step. */
  check(): Promise<void> {
    return this.money.check(t.at);
  }

  /** Once the line is good again, everything can be settled, and credits are worth the money that was kept. */
  async end(): Promise<void> {
    this.faults = 0;
    t.at += 2 * 61_000;
    await t.ledger.syncPayments();
    await t.ledger.syncPayments();
    await this.check();
    await this.money.checkAtRest();
  }
}

describe('random schedules', () => {
  beforeAll(() => {
    t = payingLedger();
  });
  afterAll(() => t.done());

  test(`${SCHEDULES} of them, seed ${SEED}`, async () => {
    let repeats = 0;
    let declines = 0;
    for (let no = 0; no < SCHEDULES; no += 1) {
      if (no % A_LEDGER === 0 && no > 0) {
        await closeLedger();
        t = payingLedger();
      }
      if (no % A_LEDGER === 0) quicken();
      const schedule = new Schedule(`s${no}`, SEED + no);
      try {
        await schedule.begin();
        for (let step = 0; step < STEPS; step += 1) {
          await schedule.step();
          await schedule.check();
        }
        await schedule.end();
      } catch (error) {
        const story = schedule.log.join('\n  ');
        throw new Error(`schedule ${no} (seed ${SEED + no}): ${String(error)}\n  ${story}`, { cause: error });
      }
      repeats += schedule.bank.keys.repeats;
      declines = Math.max(declines, schedule.bank.longest);
    }
    setLocking('NORMAL');
    expect((await t.ledger.auditPayments()).differences).toEqual([]);
    // Schedules that repeat nothing and are never declined would show nothing.
    expect(repeats).toBeGreaterThan(SCHEDULES / 50);
    expect(declines).toBeGreaterThan(SCHEDULES < 100 ? 0 : 1);
    if (LONG) process.stdout.write(`${SCHEDULES} schedules: ${JSON.stringify({ repeats, declines })}\n`);
  });

  const pragma = (text: string): void =>
    (t.store as unknown as { db: { pragma(text: string): void } }).db.pragma(text);
  const setLocking = (mode: 'NORMAL' | 'EXCLUSIVE'): void => pragma(`locking_mode = ${mode}`);
  /** Nobody else has the file open, and no power cut is waited for. */
  const quicken = (): void => {
    pragma('synchronous = OFF');
    setLocking('EXCLUSIVE');
  };

  /** Verifies as it goes. */
  const closeLedger = async (): Promise<void> => {
    setLocking('NORMAL');
    expect((await t.ledger.auditPayments()).differences).toEqual([]);
    await t.done();
  };
});
