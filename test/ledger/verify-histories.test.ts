/**
 * Random histories of several accounts through `LocalLedger`, with clocks that jump both ways, keys, dry runs, price
 * changes dated back and own keys: `verify` must find nothing, and with the heads of half-way neither.
 * CREDITS_TEST_HISTORIES sets how many (default 8), CREDITS_TEST_SEED which.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCredits } from '../../src/core/credits.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import { ENGINES, type Engine } from '../contract/engines.ts';
import { type AnyTestLedger, callOf, DAY, NOON } from '../helpers/ledger.ts';
import { setByok } from '../helpers/rich-ledger.ts';
import { findings } from '../helpers/tamper.ts';

const HISTORIES = Number(process.env.CREDITS_TEST_HISTORIES ?? 8);
const SEED = Number(process.env.CREDITS_TEST_SEED ?? 20_260_131);
const MINUTE = 60_000;
const ACCOUNTS = ['default', 'berlin', 'howe'] as const;

interface Step {
  readonly account: (typeof ACCOUNTS)[number];
  readonly waitMs: number;
  readonly deed: number;
  readonly a: number;
  readonly b: number;
  readonly isDry: boolean;
  readonly isKeyed: boolean;
}

const stepArb: fc.Arbitrary<Step> = fc.record({
  account: fc.constantFrom(...ACCOUNTS),
  waitMs: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(1, 1_000, MINUTE, 11 * MINUTE, 3 * 60 * MINUTE) },
    { weight: 2, arbitrary: fc.constantFrom(DAY, 5 * DAY, 31 * DAY, 95 * DAY) },
    { weight: 1, arbitrary: fc.constantFrom(-1, -MINUTE, -DAY, -40 * DAY) },
  ),
  deed: fc.nat({ max: 99 }),
  a: fc.nat({ max: 1_000 }),
  b: fc.nat({ max: 1_000 }),
  isDry: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  isKeyed: fc.boolean(),
});

const NO_TAGS = { activity: null, session: null, run: null };
const MODELS = ['haiku', 'sonnet', '4o', 'Claude-Haiku', 'mine/one', 'unknown-1'] as const;
const PLANS = ['free', 'pro', 'pro', 'harness', 'team', 'mini'] as const;

const nth = <T>(list: readonly T[], index: number): T => list[index % list.length]!;
const amountOf = (a: number, b: number) => parseCredits(`${a % 400}.${String(b).padStart(3, '0')}001`);

/** One history under way: what a step needs to name lots, holds and keys that are there. */
class History {
  readonly #t: AnyTestLedger;
  readonly #seen: Map<string, number>;
  readonly #holds = new Map<string, string[]>();
  readonly #lots = new Map<string, string[]>();
  #keys = 0;

  constructor(t: AnyTestLedger, seen: Map<string, number>) {
    this.#t = t;
    this.#seen = seen;
  }

  async take(step: Step): Promise<void> {
    this.#t.at = Math.max(NOON, this.#t.at + step.waitMs);
    const options = {
      dryRun: step.isDry,
      // Now and then a key that was used before: a replay or a refusal.
      key: step.isKeyed ? `k${step.b % 7 === 0 ? this.#keys : ++this.#keys}` : null,
    };
    try {
      const kind = await this.#do(step, options);
      this.#count(kind);
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      this.#count(`refused ${error.code}`);
    }
  }

  #count(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }

  #call({ a, b }: Step, isHold = false) {
    const cached = b % 5 === 0 ? a % 100 : 0;
    return callOf(nth(MODELS, a), 100 + (a % 900), b, {
      cachedTokens: cached,
      cacheWriteTokens: cached > 0 ? b % 50 : 0,
      toolCalls: isHold ? 0 : b % 4,
      noByok: a % 6 === 0,
      provider: nth(MODELS, a) === 'unknown-1' ? 'anthropic' : null,
    });
  }

  async #do(step: Step, options: { dryRun: boolean; key: string | null }): Promise<string> {
    const { deed } = step;
    if (deed < 25) return this.#spend(step, options);
    if (deed < 42) return this.#hold(step, options);
    if (deed < 60) return this.#close(step, options);
    if (deed < 72) return this.#grant(step, options);
    if (deed < 80) return this.#endLot(step, options);
    return this.#change(step, options);
  }

  async #spend(step: Step, options: object): Promise<string> {
    const { account, a, b, deed } = step;
    const isCall = deed % 2 === 0;
    const at = b % 9 === 0 ? this.#t.at - (a % 3) * DAY : null;
    await this.#t.ledger.spend(
      account,
      {
        amount: isCall ? null : amountOf(a, b),
        call: isCall ? this.#call(step) : null,
        tags: b % 3 === 0 ? { activity: 'chat', session: `s${a}`, run: null } : NO_TAGS,
        note: b % 4 === 0 ? `note ${a} "quoted" ünï` : null,
        at,
      },
      options,
    );
    return isCall ? 'call' : 'spend';
  }

  async #hold(step: Step, options: { dryRun: boolean }): Promise<string> {
    const { account, a, b, deed } = step;
    const isCall = deed % 3 === 0;
    const receipt = await this.#t.ledger.hold(
      account,
      {
        amount: isCall ? null : amountOf(a, b),
        call: isCall ? this.#call(step, true) : null,
        tags: NO_TAGS,
        ttlMs: nth([1_000, MINUTE, 10 * MINUTE, DAY, DAY], b),
        note: null,
      },
      options,
    );
    if (receipt.hold !== undefined) keep(this.#holds, account, receipt.hold);
    return isCall ? 'hold for a call' : 'hold';
  }

  async #close(step: Step, options: object): Promise<string> {
    const { account, a, b, deed } = step;
    const holds = this.#holds.get(account) ?? [];
    if (holds.length === 0) return 'nothing';
    const hold = nth([...holds].reverse(), a % 5);
    if (deed % 5 === 0) {
      await this.#t.ledger.release(account, { hold, note: null }, options);
      return 'release';
    }
    const isCall = deed % 3 === 0;
    const receipt = await this.#t.ledger.settle(
      account,
      {
        hold,
        amount: isCall ? null : amountOf(a, b),
        call: isCall ? { ...this.#call(step), model: b % 2 === 0 ? '' : nth(MODELS, a) } : null,
        tags: b % 3 === 0 ? { ...NO_TAGS, run: 'r' } : NO_TAGS,
        note: null,
      },
      options,
    );
    return receipt.late === true ? 'late' : receipt.debt > 0 ? 'settle into debt' : 'settle';
  }

  async #grant(step: Step, options: { dryRun: boolean }): Promise<string> {
    const { account, a, b, deed } = step;
    const source = nth(['purchased', 'promotional', 'promotional', 'monthly'] as const, deed);
    const expires =
      source === 'promotional' && b % 2 === 0 ? { afterMs: nth([MINUTE, DAY, 9 * DAY], a) } : null;
    const amount = source === 'monthly' ? parseCredits('1000') : amountOf(a + 1, b);
    const priority = source === 'monthly' ? 50 : nth([50, 50, 1, 99], b);
    const receipt = await this.#t.ledger.grant(
      account,
      { source, amount, expires, priority, note: a % 3 === 0 ? 'a gift' : null },
      options,
    );
    if (receipt.lot !== undefined) keep(this.#lots, account, receipt.lot);
    return `grant ${source}`;
  }

  async #endLot(
    { account, a, deed }: Step,
    options: { dryRun: boolean; key: string | null },
  ): Promise<string> {
    const lots = this.#lots.get(account) ?? [];
    if (deed % 4 === 0 || lots.length === 0) {
      await this.#t.ledger.expire(deed % 8 === 0 ? null : account, null, { dryRun: options.dryRun });
      return 'sweep';
    }
    const lot = nth(lots, a);
    if (deed % 2 === 0) {
      await this.#t.ledger.expire(account, lot, options);
      return 'expire lot';
    }
    await this.#t.ledger.revoke(account, { lot, note: null }, options);
    return 'revoke';
  }

  async #change(
    { account, a, b, deed }: Step,
    options: { dryRun: boolean; key: string | null },
  ): Promise<string> {
    const { ledger } = this.#t;
    if (deed < 85) {
      const view = await ledger.runCycle('rollover', a % 2 === 0 ? null : account, {
        dryRun: options.dryRun,
      });
      return view.changes.some(({ missed }) => missed > 0) ? 'missed' : 'rollover';
    }
    if (deed < 92) {
      const mode = nth([null, null, null, 'prorate', 'restart', 'next-cycle'] as const, a);
      await ledger.setPlan(account, { plan: nth(PLANS, b), mode }, options);
      return `plan ${mode}`;
    }
    if (deed < 94) {
      await setByok(this.#t, account, nth([{}, { anthropic: 'KEY' }, { anthropic: '', openai: 'K' }], a));
      return 'byok';
    }
    const from = nth([null, null, this.#t.at - 50 * DAY, this.#t.at + DAY], b);
    if (deed < 97) {
      const rates = {
        input: `0.${b + 1}`,
        output: `${a}`,
        cacheRead: nth([null, '0.01'], b),
        cacheWrite: null,
      };
      const model = nth(['haiku', '4o', 'mine/one'], a);
      await ledger.setModel(
        { model, name: null, provider: model === 'mine/one' ? 'mine' : null, from, ...rates },
        options,
      );
      return 'rate';
    }
    if (deed < 99) {
      const monthly = parseCredits(String(nth([0, 700, 1_000, 1_300], a)));
      await ledger.definePlan({ plan: nth(['pro', 'mini'], b), monthly, priceCents: 100 + a, from }, options);
      return 'define';
    }
    if (a % 4 === 0) await ledger.closeAccount(account, options);
    return 'close';
  }
}

function keep(map: Map<string, string[]>, account: string, id: string): void {
  map.set(account, [...(map.get(account) ?? []), id]);
}

async function play({ make }: Engine, steps: readonly Step[], seen: Map<string, number>): Promise<void> {
  const t = await make({ plan: 'pro', zone: 'UTC', options: { busyBudgetMs: 1_000 } });
  try {
    await t.ledger.openAccount({
      account: 'berlin',
      plan: 'pro',
      zone: 'Europe/Berlin',
      anchorAt: NOON - 20 * DAY,
    });
    await t.ledger.openAccount({
      account: 'howe',
      plan: 'free',
      zone: 'Australia/Lord_Howe',
      anchorAt: null,
    });
    const history = new History(t, seen);
    for (const step of steps.slice(0, steps.length / 2)) await history.take(step);
    const half = await t.ledger.verify();
    expect(findings(half)).toEqual([]);
    for (const step of steps.slice(steps.length / 2)) await history.take(step);
    expect(findings(await t.ledger.verify({ heads: half.heads }))).toEqual([]);
  } finally {
    await t.done();
  }
}

const SHARES = ENGINES.map((engine) => ({
  ...engine,
  engine,
  // A server answers slower than a file, and both carry out the same decisions.
  histories: engine.name === 'SQLite' ? HISTORIES : Math.ceil(HISTORIES / 4),
}));

test.each(SHARES)(
  `$histories histories of seed ${SEED} verify clean on $name`,
  { timeout: 3_600_000 },
  async ({ engine, histories }) => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(stepArb, { minLength: 80, maxLength: 160, size: 'max' }), (steps) =>
        play(engine, steps, seen),
      ),
      { seed: SEED, numRuns: histories },
    );
    if (histories < HISTORIES) return;
    // What never happened was not verified.
    const rare = [
      'late',
      'settle into debt',
      'release',
      'revoke',
      'expire lot',
      'missed',
      'plan restart',
      'plan prorate',
    ];
    const never = [...rare, 'byok', 'rate', 'define', 'close', 'call', 'hold for a call', 'grant monthly'];
    if (process.env.SHOW) console.error([...seen].sort());
    expect(
      never.filter((what) => !seen.has(what)),
      JSON.stringify([...seen]),
    ).toEqual([]);
  },
);
