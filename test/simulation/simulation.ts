/**
 * One seed, one run: actors that know nothing of each other send requests to the real ledger through processes that die,
 * lose answers and have clocks of their own; a witness compares every commit. In the end everything unknown is asked again,
 * the money is settled, and all of it is verified.
 */
import fc from 'fast-check';
import { isLedgerError } from '../../src/core/errors.ts';
import type { Outcome } from '../../src/core/ledger/decide.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import type { LocalDeps } from '../../src/ledger/local-deps.ts';
import type { PaymentAccess } from '../../src/ledger/payments/payment-run.ts';
import { PaymentRun } from '../../src/ledger/payments/payment-run.ts';
import type { NewAccountWork, Store, Work, WorkResult } from '../../src/ledger/store.ts';
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { pricesFrom, type Step, stepArb } from '../helpers/histories.ts';
import { credits, sha256, zones } from '../helpers/ledger.ts';
import { Money } from '../helpers/money-rules.ts';
import type { NaivePrices } from '../helpers/naive-steps.ts';
import { contextOf, same } from '../helpers/pair-words.ts';
import { type Chance, chanceOf } from '../helpers/random.ts';
import { Crash } from '../helpers/unreliable-provider.ts';
import { ACTORS, type Actor } from './actors.ts';
import type { Request } from './deeds.ts';
import { ENGINES, type EngineName, type SimulatedLedger } from './engines.ts';
import { type FailPoints, providerOf, type StoreFault, storeOf } from './failpoints.ts';
import { type Process, Scheduler } from './scheduler.ts';
import { Witness } from './witness.ts';

export const LIMIT_CENTS = 2_300;
export const POLICY = { threshold: credits('100'), amount: credits('500'), limitCents: LIMIT_CENTS };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 31);
const CLOCK_STEPS = [
  0,
  1,
  1_000,
  60_000,
  61_000,
  HOUR,
  HOUR,
  DAY,
  5 * DAY,
  31 * DAY,
  -1,
  -60_000,
  -HOUR,
  -3 * DAY,
];
const SKEWS = [0, 0, 0, 1_000, -1_000, HOUR, -HOUR, -2 * DAY];
const FAULTS: readonly StoreFault[] = ['crash_before', 'crash_after', 'lost_before', 'lost_after', 'busy'];
/** What stands in the way of a write for now. */
const OBSTACLES: readonly StoreFault[] = ['busy', 'disk_full', 'disk_tight', 'disk_tight'];
/** Most writes for which a file cannot grow. */
const TIGHT = 60;

/** The accounts there are from the beginning: three beside the model, two that money moves in. */
const MODELLED = [
  { account: 'red', plan: 'pro', zone: 'Europe/Berlin', anchorAt: START - DAY },
  { account: 'green', plan: 'free', zone: 'UTC', anchorAt: START },
  { account: 'blue', plan: 'harness', zone: 'Australia/Lord_Howe', anchorAt: START - 29 * DAY },
];
const PAYING = ['gold', 'silver'];

/** A running process of an actor. */
interface Running extends Process {
  readonly deps: LocalDeps;
  readonly access: PaymentAccess;
  readonly ledger: LocalLedger;
  request: Request | null;
}

export class Simulation implements FailPoints {
  readonly chance: Chance;
  /** Chance of its own for what stands in the way: kept seeds still tell their stories. */
  readonly #obstacle: Chance;
  readonly scheduler: Scheduler;
  readonly witness: Witness;
  readonly prices: NaivePrices;
  readonly simulated: SimulatedProvider;
  readonly money = new Map<string, Money>();
  readonly story: string[] = [];
  readonly steps: Step[];
  clock = START;
  latest = START;
  /** One fault in so many commits; 0: none. */
  faults = 15;
  #modelled = new Set(MODELLED.map(({ account }) => account));
  readonly #anchors = new Map<string, number>();
  readonly #store: Store;
  readonly #ledger: SimulatedLedger;
  /** Nodes whose file cannot grow, and for how many writes more. */
  readonly #tight = new Map<number, { readonly relax: () => void; left: number }>();
  #processes = 0;
  #words = 0;
  #moneyMoved = false;

  private constructor(
    seed: number,
    prices: NaivePrices,
    ledger: SimulatedLedger,
    reached: Map<string, number>,
  ) {
    this.chance = chanceOf(seed);
    this.#obstacle = chanceOf(seed + 2);
    this.scheduler = new Scheduler(this.chance);
    this.prices = prices;
    this.#ledger = ledger;
    this.#store = ledger.nodes[0]!;
    this.witness = new Witness(this.#store, prices, reached);
    this.simulated = new SimulatedProvider({ books: this.#store.payments.books, clock: () => this.clock });
    this.steps = fc.sample(stepArb, { seed, numRuns: 300 });
  }

  static async make(engine: EngineName, seed: number, reached: Map<string, number>): Promise<Simulation> {
    const prices = pricesFrom(START);
    const { rows } = contextOf(prices).catalogue;
    const ledger = await ENGINES[engine]({ chance: chanceOf(seed + 1), now: START, prices: rows });
    return new Simulation(seed, prices, ledger, reached);
  }

  /** @param deeds how many requests the actors send */
  async run(deeds: number): Promise<void> {
    await this.#open();
    await this.#setUp();
    const actors = ACTORS.map((make) => make(this));
    let sent = 0;
    while (sent < deeds || !this.scheduler.isIdle) {
      if (sent < deeds && (this.scheduler.isIdle || this.chance.oneIn(4))) {
        const actor = this.chance.pick(actors);
        sent += 1;
        await this.#send(actor);
      } else await this.scheduler.step();
      await this.#look();
    }
    await this.#rest(actors);
  }

  async #open(): Promise<void> {
    const paying = PAYING.map((account) => ({ account, plan: 'free', zone: 'UTC', anchorAt: START }));
    for (const facts of [...MODELLED, ...paying]) {
      const work = openWork(facts, START, zones, false);
      this.#anchors.set(facts.account, facts.anchorAt);
      this.#opened(work, await this.#store.openAccount(work));
    }
    await this.witness.compare();
  }

  /** Cards and policies to begin with. */
  async #setUp(): Promise<void> {
    const { faults } = this;
    this.faults = 0;
    const self: Actor = {
      name: 'setter',
      process: this.start('setter'),
      unknown: [],
      next: async () => null,
    };
    for (const account of PAYING) {
      const send: Request['send'] = async (ledger) => {
        await ledger.addCard(account, 'pm_card_visa');
        await ledger.setTopup(account, { ...POLICY, enabled: true });
      };
      self.unknown.push({ what: `${account} begins`, key: 'begin', stepOf: () => null, send });
      await this.#send(self);
      await this.#finish();
    }
    this.faults = faults;
  }

  #opened(work: NewAccountWork, outcome: Outcome): void {
    const { id, tag } = outcome.state.account;
    const anchorAt = this.#anchors.get(id) ?? work.createdAt;
    this.witness.opened(work, outcome, !PAYING.includes(id), anchorAt);
    if (PAYING.includes(id)) this.money.set(id, new Money(this.#store, id, tag, LIMIT_CENTS));
  }

  // Failure points.

  fault({ node }: Process, commits: boolean): StoreFault {
    const tight = this.#tight.get(node);
    if (tight !== undefined && commits) {
      tight.left -= 1;
      if (tight.left === 0) this.#relax(node);
    }
    const odds = commits ? this.faults : this.faults * 6;
    if (odds === 0 || !this.chance.oneIn(odds)) return 'none';
    const fault = this.chance.pick(FAULTS);
    return fault === 'busy' && commits ? this.#obstacle.pick(OBSTACLES) : fault;
  }

  squeeze({ node }: Process): void {
    if (this.#tight.has(node)) return;
    const relax = this.#ledger.squeeze(node);
    this.#tight.set(node, { relax, left: 1 + this.#obstacle.whole(TIGHT) });
  }

  #relax(node: number): void {
    this.#tight.get(node)?.relax();
    this.#tight.delete(node);
  }

  refused(error: unknown): void {
    if (isLedgerError(error)) this.witness.count(`${error.code} by the store itself`);
  }

  committed(process: Process, works: readonly (Work | NewAccountWork)[], answer: unknown): void {
    const request = (process as Running).request!;
    this.#moneyMoved ||= works.some(({ account }) => this.money.has(account));
    if (Array.isArray(answer)) {
      this.witness.committed(works as readonly Work[], answer as WorkResult[], request.stepOf);
    } else if (!works[0]!.dryRun) this.#opened(works[0] as NewAccountWork, answer as Outcome);
  }

  asked(method: string): void {
    this.#moneyMoved = true;
    this.witness.count(`asked ${method}`);
  }

  // Processes.

  /** A process that has just started, with a clock of its own. */
  start(name: string): Running {
    const skew = this.faults === 0 ? 0 : this.chance.pick(SKEWS);
    const now = (): number => this.clock + skew;
    const { nodes } = this.#ledger;
    const node = this.chance.whole(nodes.length);
    const by: Process = { name: `${name} ${++this.#processes}`, node, isDead: false };
    const running = by as Process & { -readonly [K in keyof Running]: Running[K] };
    const deps: LocalDeps = {
      store: storeOf(nodes[node]!, by, this),
      zones,
      loadZones: async () => zones,
      sha256,
      now,
      wall: now,
      actor: name,
    };
    const provider = providerOf(this.simulated, by, this);
    const access: PaymentAccess = {
      open: async () => provider,
      webhookSecrets: async () => [],
      reference: () => `word${++this.#words}`,
    };
    const ledger = new LocalLedger({ ...deps, payments: access });
    return Object.assign(running, { deps, access, ledger, request: null });
  }

  paymentRun(process: Process): PaymentRun {
    const { deps, access } = process as Running;
    return new PaymentRun(deps, access);
  }

  async #send(actor: Actor): Promise<void> {
    const process = actor.process as Running;
    if (this.scheduler.isBusy(process)) return;
    const step = this.chance.oneIn(2) ? 0 : this.chance.pick(CLOCK_STEPS);
    // At rest the clock goes on alone: before its own time nobody may ask what became of a payment.
    this.clock += this.faults === 0 ? Math.max(0, step) : step;
    this.#toChange();
    this.latest = Math.max(this.latest, this.clock);
    const again = actor.unknown.length > 0 && (this.faults === 0 || this.chance.oneIn(2));
    const request = again ? actor.unknown.shift()! : await actor.next();
    if (request === null) return;
    const line = `${new Date(process.deps.now()).toISOString()} ${process.name}: ${again ? 'again ' : ''}${request.what}`;
    process.request = request;
    this.story.push(line);
    await this.scheduler.start(process, () => this.#carryOut(actor, process, request));
  }

  /** Now and then the clock moves to where something changes, or just beside it. */
  #toChange(): void {
    if (!this.chance.oneIn(5)) return;
    const { model } = this.witness.accounts.get(this.chance.pick([...this.#modelled]))!;
    const ahead = model!.instants().filter((at) => at > this.clock && at < this.clock + 70 * DAY);
    if (ahead.length > 0) this.clock = Math.min(...ahead) + this.chance.pick([-1, 0, 0, 1]);
  }

  async #carryOut(actor: Actor, process: Running, request: Request): Promise<void> {
    try {
      this.witness.acknowledged(await request.send(process.ledger));
      this.story.push(`  ${process.name}: done`);
    } catch (error) {
      if (!(error instanceof Crash) && !isLedgerError(error)) {
        this.broken ??= error;
        return;
      }
      const end = error instanceof Crash ? `died in ${error.message}` : error.code;
      this.witness.count(end);
      this.story.push(`  ${process.name}: ${end}`);
      const isUnknown =
        error instanceof Crash ||
        ['remote_unreachable', 'ledger_busy', 'disk_full', 'payment_unknown'].includes(error.code);
      if (isUnknown && request.key !== null) actor.unknown.push(request);
      if (isLedgerError(error) && error.code === 'integrity_failure') this.broken ??= error;
    }
    if (process.isDead) actor.process = this.start(actor.name);
  }

  /** What no process may throw. */
  broken: unknown;

  /** The line is good again: what is unknown is asked again, money is settled, and everything must be in order. */
  async #rest(actors: readonly Actor[]): Promise<void> {
    this.faults = 0;
    for (const node of [...this.#tight.keys()]) this.#relax(node);
    this.clock = this.latest + 2 * 61_000 + 2 * HOUR;
    for (const actor of actors) {
      actor.process = this.start(actor.name);
      while (actor.unknown.length > 0) {
        await this.#send(actor);
        await this.#finish();
      }
    }
    await this.#settleMoney();
    await this.witness.everything();
    const { deps, access } = this.start('auditor');
    const auditor = new LocalLedger({
      ...deps,
      store: this.#store,
      payments: { ...access, open: async () => this.simulated },
    });
    await this.witness.past(auditor, { ...deps, store: this.#store });
    same((await auditor.auditPayments()).differences, [], 'differences to the books of the bank');
    same(await this.#ledger.end(this.clock), [], 'faults that verify finds');
  }

  async #settleMoney(): Promise<void> {
    const sync: Request = {
      what: 'sync',
      key: null,
      stepOf: () => null,
      send: (ledger) => ledger.syncPayments(),
    };
    const settler: Actor = {
      name: 'settler',
      process: this.start('settler'),
      unknown: [],
      next: async () => sync,
    };
    for (let round = 0; round < 2; round += 1) {
      await this.#send(settler);
      await this.#finish();
    }
    for (const money of this.money.values()) await money.checkAtRest();
  }

  /** Lets everybody come to an end. */
  async #finish(): Promise<void> {
    while (!this.scheduler.isIdle) await this.scheduler.step();
    await this.#look();
  }

  async #look(): Promise<void> {
    if (this.broken !== undefined) throw this.broken;
    await this.witness.compare();
    if (!this.#moneyMoved) return;
    this.#moneyMoved = false;
    for (const money of this.money.values()) await money.check(this.clock);
  }
}
