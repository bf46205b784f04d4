/**
 * One key, one effect: every method that binds a key is refused first, then tried dry, then carried out, and repeated at
 * once, side by side, by another process and years later. The end of every chain tells whether anything more was booked.
 *
 * Source: contract 5.7.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { LedgerError, RefusalCode } from '../../src/core/errors.ts';
import type { AccessTokens } from '../../src/ledger/access-tokens.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import type { LedgerService, ReceiptView, WriteOptions } from '../../src/ledger/service.ts';
import type { Store } from '../../src/ledger/store.ts';
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { accessTokens, callOf, callSpend, credits, DAY, NOON, spendOf } from '../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../helpers/paying.ts';

const KEY = 'order-4711';
const TIMES = 50;
const NO_TAGS = { activity: null, session: null, run: null };
const BARE = { call: null, tags: NO_TAGS, note: null };

/** Where a request is sent. */
interface At {
  readonly ledger: LocalLedger;
  readonly tokens: AccessTokens;
  readonly account: string;
  /** What `ready` made for the request to name, and another like it. */
  readonly id: string;
  readonly spare: string;
}

type Ask = (at: At, options: WriteOptions) => Promise<unknown>;

/** A method that binds a key. */
interface Line {
  /** Commands of the command line that end in it. */
  readonly commands: readonly string[];
  /** Makes what the request names. */
  readonly ready?: (at: At) => Promise<string>;
  readonly refused: readonly [code: RefusalCode, ask: Ask];
  /** After the refusal: makes the request possible. */
  readonly able?: (at: At) => Promise<unknown>;
  readonly ask: Ask;
  /** Another request of the same kind; absent where a request has no words of its own. */
  readonly other?: Ask;
  /** Keys of the whole ledger, beside those of every account. */
  readonly isWide?: true;
}

const hold = async ({ ledger, account }: At): Promise<string> => {
  const view = await ledger.hold(account, { ...BARE, amount: credits('20'), ttlMs: 600_000 });
  return view.hold!;
};
const lot = async ({ ledger, account }: At): Promise<string> => {
  const gift = {
    source: 'promotional',
    amount: credits('7'),
    expires: null,
    priority: 1,
    note: null,
  } as const;
  return (await ledger.grant(account, gift)).lot!;
};
const card = ({ ledger, account }: At): Promise<unknown> => ledger.addCard(account, 'pm_card_visa');

const GRANT = { source: 'promotional', expires: { afterMs: 30 * DAY }, priority: 50, note: 'sorry' } as const;
const RATES = { name: null, provider: 'acme', input: '1', output: '2', cacheRead: null, cacheWrite: null };
const PACKAGE = { package: '5000', credits: credits('5000'), from: null };
const LISTED = {
  ...{ id: 'openrouter/acme/one', name: 'One', provider: 'openrouter', contextWindow: null, maxOutput: null },
  rates: { input: '1', output: '2', cacheRead: null, cacheWrite: null },
  aliases: [],
};
const MODEL = { model: 'acme-1', ...RATES, from: null };
const PLAN = { plan: 'studio', monthly: credits('3000'), from: null };
const POLICY = { threshold: credits('100'), amount: credits('500') };

const oneOf = async (at: At, cost: string, { key = null, ...options }: WriteOptions): Promise<unknown> => {
  const item = { account: at.account, key: key!, input: spendOf(cost) };
  const [result] = await at.ledger.spendMany([item], options);
  if (result!.status === 'refused') throw result!.error;
  return result!.receipt;
};

/** Methods of a service whose last argument takes a key. */
type Keyed<Service> = {
  [Name in keyof Service]: Service[Name] extends (...args: infer Args) => unknown
    ? Required<Args> extends [...unknown[], infer Last]
      ? 'key' extends keyof Last
        ? Name
        : never
      : never
    : never;
}[keyof Service];

/** `openAccount` refuses a key: the account's name does what a key would. */
type Name =
  | Exclude<Keyed<LedgerService>, 'openAccount'>
  | 'spendMany'
  | `tokens.${Extract<Keyed<AccessTokens>, string>}`;

const LINES: Readonly<Record<Name, Line>> = {
  spend: {
    commands: ['spend'],
    refused: ['insufficient_credits', (at, o) => at.ledger.spend(at.account, spendOf('999999'), o)],
    ask: (at, o) => at.ledger.spend(at.account, callSpend(callOf('haiku', 1_000, 200)), o),
    other: (at, o) => at.ledger.spend(at.account, callSpend(callOf('haiku', 1_000, 201)), o),
  },
  spendMany: {
    commands: [],
    refused: ['insufficient_credits', (at, o) => oneOf(at, '999999', o)],
    ask: (at, o) => oneOf(at, '3', o),
    other: (at, o) => oneOf(at, '4', o),
  },
  hold: {
    commands: ['hold'],
    refused: [
      'insufficient_credits',
      (at, o) => at.ledger.hold(at.account, { ...BARE, amount: credits('999999'), ttlMs: 60_000 }, o),
    ],
    ask: (at, o) => at.ledger.hold(at.account, { ...BARE, amount: credits('20'), ttlMs: 60_000 }, o),
    other: (at, o) => at.ledger.hold(at.account, { ...BARE, amount: credits('20'), ttlMs: 61_000 }, o),
  },
  settle: {
    commands: ['settle'],
    ready: hold,
    refused: [
      'unknown_hold',
      (at, o) => at.ledger.settle(at.account, { ...BARE, hold: `${at.id}9`, amount: credits('1') }, o),
    ],
    ask: (at, o) => at.ledger.settle(at.account, { ...BARE, hold: at.id, amount: credits('12') }, o),
    other: (at, o) => at.ledger.settle(at.account, { ...BARE, hold: at.id, amount: credits('13') }, o),
  },
  release: {
    commands: ['release'],
    ready: hold,
    refused: ['unknown_hold', (at, o) => at.ledger.release(at.account, { hold: `${at.id}9`, note: null }, o)],
    ask: (at, o) => at.ledger.release(at.account, { hold: at.id, note: null }, o),
    other: (at, o) => at.ledger.release(at.account, { hold: at.id, note: 'never mind' }, o),
  },
  grant: {
    commands: ['grant'],
    refused: [
      'already_granted',
      (at, o) =>
        at.ledger.grant(at.account, { ...GRANT, source: 'welcome', expires: null, amount: credits('50') }, o),
    ],
    ask: (at, o) => at.ledger.grant(at.account, { ...GRANT, amount: credits('40') }, o),
    other: (at, o) => at.ledger.grant(at.account, { ...GRANT, amount: credits('400') }, o),
  },
  revoke: {
    commands: ['revoke'],
    ready: lot,
    refused: ['unknown_lot', (at, o) => at.ledger.revoke(at.account, { lot: `${at.id}9`, note: null }, o)],
    ask: (at, o) => at.ledger.revoke(at.account, { lot: at.id, note: null }, o),
    other: (at, o) => at.ledger.revoke(at.account, { lot: at.id, note: 'wrong account' }, o),
  },
  expire: {
    commands: ['expire'],
    ready: lot,
    refused: ['unknown_lot', (at, o) => at.ledger.expire(at.account, `${at.id}9`, o)],
    ask: (at, o) => at.ledger.expire(at.account, at.id, o),
    other: (at, o) => at.ledger.expire(at.account, at.spare, o),
  },
  setPlan: {
    commands: ['plan set'],
    refused: ['unknown_plan', (at, o) => at.ledger.setPlan(at.account, { plan: 'none', mode: null }, o)],
    ask: (at, o) => at.ledger.setPlan(at.account, { plan: 'team', mode: null }, o),
    other: (at, o) => at.ledger.setPlan(at.account, { plan: 'team', mode: 'restart' }, o),
  },
  closeAccount: {
    commands: ['accounts close'],
    refused: ['unknown_account', (at, o) => at.ledger.closeAccount('nobody', o)],
    ask: (at, o) => at.ledger.closeAccount(at.account, o),
  },
  changeByok: {
    commands: ['byok add', 'byok remove'],
    refused: [
      'unknown_provider',
      (at, o) => at.ledger.changeByok(at.account, { action: 'remove', provider: 'openai', env: null }, o),
    ],
    ask: (at, o) => at.ledger.changeByok(at.account, { action: 'add', provider: 'openai', env: null }, o),
    other: (at, o) => at.ledger.changeByok(at.account, { action: 'add', provider: 'google', env: null }, o),
  },
  setModel: {
    commands: ['models set'],
    isWide: true,
    refused: ['invalid_argument', (at, o) => at.ledger.setModel({ ...MODEL, provider: null }, o)],
    ask: (at, o) => at.ledger.setModel(MODEL, o),
    other: (at, o) => at.ledger.setModel({ ...MODEL, output: '3' }, o),
  },
  aliasModel: {
    commands: ['models alias'],
    isWide: true,
    refused: ['unknown_model', (at, o) => at.ledger.aliasModel({ alias: 'quick', model: 'none' }, o)],
    ask: (at, o) => at.ledger.aliasModel({ alias: 'quick', model: 'haiku' }, o),
    other: (at, o) => at.ledger.aliasModel({ alias: 'quick', model: 'sonnet' }, o),
  },
  importModels: {
    commands: ['models import', 'models sync'],
    isWide: true,
    refused: ['invalid_argument', (at, o) => at.ledger.importModels([LISTED, LISTED], o)],
    ask: (at, o) => at.ledger.importModels([LISTED], o),
    other: (at, o) => at.ledger.importModels([{ ...LISTED, rates: null }], o),
  },
  definePlan: {
    commands: ['plan define'],
    isWide: true,
    refused: ['invalid_argument', (at, o) => at.ledger.definePlan({ ...PLAN, plan: '1', priceCents: 1 }, o)],
    ask: (at, o) => at.ledger.definePlan({ ...PLAN, priceCents: 2_900 }, o),
    other: (at, o) => at.ledger.definePlan({ ...PLAN, priceCents: 2_901 }, o),
  },
  setPackage: {
    commands: ['packages set'],
    isWide: true,
    refused: [
      'invalid_argument',
      (at, o) => at.ledger.setPackage({ ...PACKAGE, package: '?', priceCents: 1 }, o),
    ],
    ask: (at, o) => at.ledger.setPackage({ ...PACKAGE, priceCents: 4_000 }, o),
    other: (at, o) => at.ledger.setPackage({ ...PACKAGE, priceCents: 4_001 }, o),
  },
  retirePackage: {
    commands: ['packages retire'],
    isWide: true,
    refused: ['unknown_package', (at, o) => at.ledger.retirePackage('none', o)],
    ask: (at, o) => at.ledger.retirePackage('500', o),
    other: (at, o) => at.ledger.retirePackage('2000', o),
  },
  setTopup: {
    commands: ['topup set', 'topup enable', 'topup disable'],
    refused: [
      'no_payment_method',
      (at, o) => at.ledger.setTopup(at.account, { ...POLICY, enabled: true }, o),
    ],
    able: card,
    ask: (at, o) => at.ledger.setTopup(at.account, { ...POLICY, enabled: true }, o),
    other: (at, o) => at.ledger.setTopup(at.account, { ...POLICY, enabled: false }, o),
  },
  addCard: {
    commands: ['card add'],
    refused: ['payment_declined', (at, o) => at.ledger.addCard(at.account, 'pm_card_chargeDeclined', o)],
    ask: (at, o) => at.ledger.addCard(at.account, 'pm_card_visa', o),
    other: (at, o) => at.ledger.addCard(at.account, 'pm_card_amex', o),
  },
  removeCard: {
    commands: ['card remove'],
    refused: ['no_payment_method', (at, o) => at.ledger.removeCard(at.account, o)],
    able: card,
    ask: (at, o) => at.ledger.removeCard(at.account, o),
  },
  buy: {
    commands: ['buy'],
    refused: [
      'no_payment_method',
      (at, o) => at.ledger.buy(at.account, { package: '500', maxChargeCents: null, checkout: false }, o),
    ],
    able: card,
    ask: (at, o) => at.ledger.buy(at.account, { package: '500', maxChargeCents: null, checkout: false }, o),
    other: (at, o) =>
      at.ledger.buy(at.account, { package: '2000', maxChargeCents: null, checkout: false }, o),
  },
  'tokens.create': {
    commands: ['tokens create'],
    isWide: true,
    refused: ['unknown_account', (at, o) => at.tokens.create({ role: 'spend', account: 'nobody' }, o)],
    ask: (at, o) => at.tokens.create({ role: 'spend', account: 'default' }, o),
    other: (at, o) => at.tokens.create({ role: 'admin', account: 'default' }, o),
  },
  'tokens.revoke': {
    commands: ['tokens revoke'],
    isWide: true,
    ready: async (at) => (await at.tokens.create({ role: 'read', account: null })).id!,
    refused: ['unknown_token', (at, o) => at.tokens.revoke('tok_999', o)],
    ask: (at, o) => at.tokens.revoke(at.id, o),
    other: (at, o) => at.tokens.revoke(at.spare, o),
  },
};

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    return (error as LedgerError).code;
  }
}

/** What must be the same in every answer to a key; apart from it, whether the answer is a repeated one. */
function told(answer: unknown): { text: string; replayed: boolean } {
  const view = answer as { receipt: unknown; purchase?: string };
  const isWhole = typeof view.receipt === 'string' || view.receipt === null;
  const { replayed, available, dryRun: _, ...rest } = (isWhole ? view : view.receipt) as ReceiptView;
  // What there is to spend is the account's in the answer to a purchase, and not the purchase's.
  const facts = view.purchase === undefined ? { ...rest, available } : rest;
  return { text: JSON.stringify(facts), replayed };
}

class Bench {
  readonly t: PayingLedger = payingLedger({ plan: 'pro' });
  isWithOther = false;
  readonly #opened: Store[] = [];
  #words = 0;

  at(account: string, store: Store = this.t.store): At {
    const simulated = new SimulatedProvider({ books: store.payments.books, clock: () => this.t.at });
    const payments = {
      open: async () => simulated,
      webhookSecrets: async () => [],
      reference: () => `word${++this.#words}`,
    };
    const ledger = new LocalLedger({ ...this.t.deps, store, payments });
    return { ledger, tokens: accessTokens({ ...this.t, store }), account, id: '', spare: '' };
  }

  /** The same request as another process sends it. */
  again({ account, id, spare }: At): At {
    const { store } = this.t.reopen();
    this.#opened.push(store);
    return { ...this.at(account, store), id, spare };
  }

  async closeOthers(): Promise<void> {
    for (const store of this.#opened.splice(0)) await store.close();
  }

  /** The end of every chain, and what the bank has to tell: the same as long as nothing has any effect. */
  async effects(): Promise<unknown> {
    const heads: string[] = [];
    for (const id of ['@ledger', 'default', ...(this.isWithOther ? ['other'] : [])]) {
      heads.push((await this.t.store.read(id)).state.account.head);
    }
    const { events } = await this.t.simulated.eventsSince(null);
    return { heads, events: events.length };
  }
}

/** Runs with a ledger that is verified in the end. */
async function on(work: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench();
  await work(bench);
  expect((await bench.t.ledger.auditPayments()).differences).toEqual([]);
  await bench.closeOthers();
  await bench.t.done();
}

/** Makes what a request names. */
async function named(bench: Bench, account: string, { ready }: Line): Promise<At> {
  const at = bench.at(account);
  return { ...at, id: (await ready?.(at)) ?? '', spare: (await ready?.(at)) ?? '' };
}

const side = <T>(count: number, one: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => one(index)));

const spend: Ask = ({ ledger, account }, options) => ledger.spend(account, spendOf('1'), options);
const define: Ask = ({ ledger }, options) => ledger.definePlan({ ...PLAN, priceCents: 7 }, options);

describe.each(Object.entries(LINES))('%s', (_, line) => {
  const options = { key: KEY };

  it('has one effect, now and for ever', () =>
    on(async (bench) => {
      const at = await named(bench, 'default', line);
      let before = await bench.effects();
      const [code, refused] = line.refused;
      expect(await codeOf(() => refused(at, options))).toBe(code);
      expect(await bench.effects(), 'after a refusal').toEqual(before);
      await line.able?.(at);
      before = await bench.effects();
      await line.ask(at, { ...options, dryRun: true });
      expect(await bench.effects(), 'after a dry run').toEqual(before);

      const first = told(await line.ask(at, options));
      expect(first.replayed).toBe(false);
      const after = await bench.effects();
      expect(after).not.toEqual(before);
      const repeated = async (by: At, more: WriteOptions = {}): Promise<void> =>
        expect(told(await line.ask(by, { ...options, ...more }))).toEqual({ ...first, replayed: true });

      for (let time = 0; time < TIMES; time += 1) await repeated(at);
      await side(TIMES, () => repeated(at));
      const others = [bench.again(at), bench.again(at)];
      await side(20, (index) => repeated(others[index % 2]!));
      for (const ahead of [2 * DAY, 2 * 365 * DAY]) {
        await bench.closeOthers();
        bench.t.at = NOON + ahead;
        const later = bench.again(at);
        for (let time = 0; time < 3; time += 1) await repeated(later);
        await repeated(later, { dryRun: true });
      }
      bench.t.at = NOON;
      expect(await bench.effects(), 'after all of it').toEqual(after);
    }));

  it('answers nothing else under the key, and leaves the key to other accounts', () =>
    on(async (bench) => {
      await bench.t.ledger.openAccount({ account: 'other', plan: 'pro', zone: 'UTC', anchorAt: null });
      bench.isWithOther = true;
      const at = await named(bench, 'default', line);
      await line.able?.(at);
      const first = told(await line.ask(at, options));
      const before = await bench.effects();
      for (const other of [line.isWide === true ? define : spend, line.other]) {
        if (other !== undefined) expect(await codeOf(() => other(at, options))).toBe('key_reused');
      }
      expect(await bench.effects()).toEqual(before);

      const elsewhere = await named(bench, 'other', line);
      await line.able?.(elsewhere);
      const meanwhile = await bench.effects();
      const ask = line.isWide === true ? spend : line.ask;
      const second = told(await ask(elsewhere, options));
      expect(second.replayed).toBe(false);
      expect(second.text).not.toBe(first.text);
      expect(await bench.effects()).not.toEqual(meanwhile);
      expect(told(await line.ask(at, options))).toEqual({ ...first, replayed: true });
    }));

  it('is carried out once where two processes send it at the same time', () =>
    on(async (bench) => {
      const at = await named(bench, 'default', line);
      await line.able?.(at);
      const by = [at, bench.again(at)];
      const asked = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, index) => told(await line.ask(by[index % 2]!, options))),
      );
      const answers = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const refusals = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));
      expect(refusals).toEqual([]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    }));
});

describe('the table', () => {
  it('has a line for every method that takes a key', () => {
    const methods: string[] = [];
    for (const file of ['service', 'payment-service', 'access-tokens']) {
      const text = fs.readFileSync(path.resolve(import.meta.dirname, `../../src/ledger/${file}.ts`), 'utf8');
      let method = '';
      for (const line of text.split('\n')) {
        method = /^ {2}(\w+)(<.*>)?\(/.exec(line)?.[1] ?? method;
        if (/\boptions\?: WriteOptions\b/.test(line))
          methods.push(file === 'access-tokens' ? `tokens.${method}` : method);
      }
    }
    expect([...methods, 'spendMany'].sort()).toEqual([...Object.keys(LINES), 'openAccount'].sort());
  });

  it('names every command that takes a key', () => {
    const commands = COMMANDS.flatMap((group) => group.commands).filter(({ books }) => books === true);
    expect(
      Object.values(LINES)
        .flatMap((line) => line.commands)
        .sort(),
    ).toEqual(commands.map(({ name }) => name).sort());
  });

  it('has none for opening an account, which takes no key', () =>
    on(async ({ t }) => {
      const input = { account: 'other', plan: 'free', zone: 'UTC', anchorAt: null };
      expect(await codeOf(() => t.ledger.openAccount(input, { key: KEY }))).toBe('invalid_argument');
    }));
});
