/** Who acts in a simulation. Each looks at the ledger as it is and asks for one thing; none knows what the others ask. */
import { receiveEvent } from '../../src/ledger/payments/sync.ts';
import { bend } from '../helpers/bend.ts';
import type { Deed } from '../helpers/histories.ts';
import { spendOf } from '../helpers/ledger.ts';
import { CARDS } from '../helpers/money-rules.ts';
import type { NaiveStep } from '../helpers/naive-steps.ts';
import { micro, NO_TAGS } from '../helpers/pair-words.ts';
import { type Request, requestOf, spendInputOf } from './deeds.ts';
import type { Process } from './scheduler.ts';
import { POLICY, type Simulation } from './simulation.ts';
import type { StepOf, Witnessed } from './witness.ts';

export interface Actor {
  readonly name: string;
  process: Process;
  /** Requests whose outcome it does not know, oldest first. */
  readonly unknown: Request[];
  /** Null: nothing to ask for now. */
  next(): Promise<Request | null>;
}

type Make = (simulation: Simulation) => Actor;

const nothing: StepOf = () => null;

const actor = (
  name: string,
  next: (simulation: Simulation, self: Actor) => Promise<Request | null>,
): Make => {
  return (simulation) => {
    const self: Actor = {
      name,
      process: simulation.start(name),
      unknown: [],
      next: () => next(simulation, self),
    };
    return self;
  };
};

const modelled = ({ witness, chance }: Simulation): Witnessed =>
  chance.pick([...witness.accounts.values()].filter(({ model }) => model !== null));

/** A step of some kinds from the random history, on a modelled account. */
function stepOf(simulation: Simulation, one: Witnessed, kinds: readonly Deed['do'][]): NaiveStep {
  const { steps, chance, prices } = simulation;
  const fitting = steps.filter(({ deed }) => kinds.includes(deed.do));
  const { deed } = chance.pick(fitting);
  const now = Math.max(simulation.clock, one.model!.last);
  const step = bend(deed, { model: one.model!, prices, now });
  // Any hold, also one that is long closed: an agent that forgot what it has done.
  return 'hold' in step && chance.oneIn(4) ? { ...step, hold: chance.whole(one.fold.holds.size + 1) } : step;
}

/** Mostly with a new key or none; now and then with one that was used before. */
function keyOf({ chance, witness }: Simulation, one: Witnessed, share: number): string | null {
  if (chance.oneIn(share)) return null;
  if (chance.oneIn(12)) {
    const used = one.booked.flatMap(({ receipt }) => (receipt.key === null ? [] : [receipt.key]));
    if (used.length > 0) return chance.pick(used);
  }
  witness.count('key');
  return `k${chance.whole(1e9)}`;
}

const role = (name: string, share: number, kinds: readonly Deed['do'][]): Make =>
  actor(name, async (simulation) => {
    const one = modelled(simulation);
    const key = keyOf(simulation, one, share);
    return requestOf(one, stepOf(simulation, one, kinds), { key, dryRun: simulation.chance.oneIn(15) });
  });

/** Many spends of several accounts in one transaction, as `import` books them. */
const importer = actor('importer', async (simulation) => {
  const items = Array.from({ length: 1 + simulation.chance.whole(5) }, () => {
    const one = modelled(simulation);
    const step = stepOf(simulation, one, ['spend']) as Extract<NaiveStep, { do: 'spend' }>;
    return { one, step, key: keyOf(simulation, one, 1_000_000)! };
  });
  // The same line twice in one file, or its key with other content.
  const first = items[0]!;
  if (simulation.chance.oneIn(4)) items.push(first);
  if (simulation.chance.oneIn(6)) items.push({ ...first, step: { ...first.step, cost: 1n } });
  const lines = items.map(({ one, step, key }) => ({ account: one.id, key, input: spendInputOf(step) }));
  return {
    what: `import of ${items.map(({ one, key }) => `${one.id} ${key}`).join(', ')}`,
    key: items[0]!.key,
    stepOf: (_, index) => items[index]!.step,
    send: (ledger) => ledger.spendMany(lines),
  };
});

const PARTS = ['grant', 'expire', 'rollover', 'rollover'] as const;

/** Sweeps of every account, which run twice, at once and late. */
const cron = actor('cron', async ({ chance }) => {
  const dryRun = chance.oneIn(8);
  if (chance.oneIn(4)) {
    const send: Request['send'] = (ledger) => ledger.expire(null, null, { dryRun });
    return { what: 'expire --all', key: null, stepOf: () => ({ do: 'expire' }), send };
  }
  const part = chance.pick(PARTS);
  const send: Request['send'] = (ledger) => ledger.runCycle(part, null, { dryRun });
  return { what: `cycle ${part} --all`, key: null, stepOf: () => ({ do: 'cycle', part }), send };
});

/** Changes the price list from an instant to come or from now on. */
const pricer = actor('pricer', async ({ chance, clock }) => {
  const from = chance.oneIn(2) ? null : clock + chance.pick([1, 3_600_000, 20 * 86_400_000]);
  const key = `k${chance.whole(1e9)}`;
  if (chance.oneIn(2)) {
    const plan = chance.pick(['lite', 'pro', 'harness', 'bulk']);
    const monthly = micro(BigInt(chance.pick([0, 700, 1_001, 4_000, 9_999])));
    const input = { plan, monthly, priceCents: chance.pick([500, 1_200, 3_900]), from };
    return {
      what: `plan ${plan}`,
      key,
      stepOf: nothing,
      send: (ledger) => ledger.definePlan(input, { key }),
    };
  }
  const model = chance.pick(['red', 'blue']);
  const input = {
    model,
    name: null,
    provider: null,
    input: chance.pick(['0', '0.0007', '0.01']),
    output: '0.001',
  };
  const send: Request['send'] = (ledger) =>
    ledger.setModel({ ...input, cacheRead: null, cacheWrite: null, from }, { key });
  return { what: `model ${model}`, key, stepOf: nothing, send };
});

/** Somebody whose account buys credits. */
const customer = actor('customer', async ({ chance, money, witness }) => {
  const account = chance.pick([...money.keys()]);
  const { fold } = witness.accounts.get(account)!;
  const deed = chance.whole(14);
  const make = (what: string, key: string | null, send: Request['send']): Request => ({
    what: `${account} ${what}`,
    key,
    stepOf: nothing,
    send,
  });
  const key = `k${chance.whole(1e9)}`;
  if (deed < 4) {
    const share = Math.floor(fold.account.available * chance.pick([0.2, 0.6, 0.95, 1]));
    const amount = micro(BigInt(Math.max(1, share)));
    return make('spend', key, async (ledger) => {
      await ledger.spend(account, { ...spendOf('1'), amount }, { key });
      await ledger.runTopup(account);
    });
  }
  if (deed < 5) {
    const base = { call: null, tags: NO_TAGS, note: null };
    const amount = micro(BigInt(Math.max(1, Math.floor(fold.account.available / 2))));
    return make('overrun', null, async (ledger) => {
      const { hold } = await ledger.hold(account, { ...base, amount, ttlMs: 600_000 });
      if (chance.oneIn(3)) return;
      await ledger.settle(account, { ...base, hold: hold!, amount: micro(BigInt(amount) + 30_000_000n) });
    });
  }
  if (deed < 7) return make('topup', null, (ledger) => ledger.runTopup(account));
  if (deed < 9) {
    const input = { package: chance.pick(['500', '2000']), maxChargeCents: null, checkout: chance.oneIn(4) };
    return make(`buy ${input.package}`, key, (ledger) => ledger.buy(account, input, { key }));
  }
  if (deed < 11) {
    const card = chance.oneIn(2) ? 'pm_card_visa' : chance.pick(CARDS);
    return make(`card ${card}`, key, (ledger) => ledger.addCard(account, card, { key }));
  }
  if (deed < 12 && chance.oneIn(3))
    return make('card off', key, (ledger) => ledger.removeCard(account, { key }));
  if (deed < 13) {
    const enabled = !chance.oneIn(6);
    return make('policy', key, (ledger) => ledger.setTopup(account, { ...POLICY, enabled }, { key }));
  }
  if (chance.oneIn(12)) return make('close', key, (ledger) => ledger.closeAccount(account, { key }));
  const lots = [...fold.lots.keys()];
  const lot = `lot_${witness.accounts.get(account)!.tag}_${chance.pick(lots)}`;
  return make('revoke', key, (ledger) => ledger.revoke(account, { lot, note: null }, { key }));
});

/** The bank: money goes back, and its events come twice, late and in any order. */
const bank = actor('bank', async (simulation, self) => {
  const { chance, money, simulated } = simulation;
  const account = chance.pick([...money.keys()]);
  const deed = chance.whole(6);
  if (deed === 0) await money.get(account)!.refund(simulated, chance);
  if (deed === 1) await money.get(account)!.dispute(simulated, chance);
  if (deed === 2)
    return { what: 'sync', key: null, stepOf: nothing, send: (ledger) => ledger.syncPayments() };
  if (deed < 5) {
    const { events } = await simulated.eventsSince(null);
    if (events.length === 0) return null;
    const found = chance.pick(events);
    const event = chance.oneIn(2) ? found : { ...found, id: `evt_again_${chance.whole(1e9)}` };
    const run = simulation.paymentRun(self.process);
    return { what: `event ${event.type}`, key: null, stepOf: nothing, send: () => receiveEvent(run, event) };
  }
  return { what: 'topup --all', key: null, stepOf: nothing, send: (ledger) => ledger.runTopup(null) };
});

/** New accounts come while everybody works. */
const registrar = actor('registrar', async (simulation) => {
  const { chance, witness, prices, clock } = simulation;
  if (witness.accounts.size > 8) return null;
  const plan = chance.pick(prices.plans).name;
  const zone = chance.pick(['UTC', 'America/St_Johns']);
  const input = { account: `new${chance.whole(4)}`, plan, zone, anchorAt: null };
  void clock;
  return {
    what: `open ${input.account}`,
    key: null,
    stepOf: nothing,
    send: (ledger) => ledger.openAccount(input),
  };
});

export const ACTORS: readonly Make[] = [
  role('spender', 3, ['spend']),
  role('spender without keys', 1, ['spend']),
  role('agent', 2, ['hold', 'settle', 'release']),
  role('other agent', 1, ['hold', 'hold', 'settle']),
  role('operator', 2, ['grant', 'revoke', 'end', 'expire', 'plan', 'byok', 'cycle']),
  role('second operator', 3, ['grant', 'grant', 'plan']),
  importer,
  cron,
  cron,
  pricer,
  customer,
  customer,
  bank,
  registrar,
];
