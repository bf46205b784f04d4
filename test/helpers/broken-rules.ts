/**
 * Programs with a bug: each books something that no rule allows, through the store, so that chain and counters fit. Used
 * to show that `verify` checks the rules and not just the hashes.
 */
import { type Microcredits, micro, ZERO } from '../../src/core/credits.ts';
import { blankAccount } from '../../src/core/ledger/accounts.ts';
import { Booking, type Decision, type ReceiptFacts } from '../../src/core/ledger/booking.ts';
import { grantLot } from '../../src/core/ledger/grant-lot.ts';
import { enterCycle } from '../../src/core/ledger/grants.ts';
import { planState } from '../../src/core/ledger/plan-change.ts';
import { bareUsage } from '../../src/core/ledger/spend.ts';
import { giveBack, returning, sweep } from '../../src/core/ledger/sweep.ts';
import type { Hold, Lot, Receipt, Usage } from '../../src/core/types.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { openWork } from '../../src/ledger/local-accounts.ts';
import { callOf, callSpend, credits, DAY, NOON, type TestLedger } from './ledger.ts';

const NO_TAGS = { activity: null, session: null, run: null };
const MINUTE = 60_000;
const NEXT = Date.UTC(2026, 1, 28, 12);
const AFTER_NEXT = Date.UTC(2026, 2, 31, 12);

/** Lots of the account that the bugs book on: 50 welcome, 1,000 monthly until 28 February, 500 purchased. */
export const WELCOME = 2;
export const MONTHLY = 3;
export const PURCHASED = 4;

/** What is wrong, the checks that must fail and no others, a piece of what must be said, and the program. */
export type Bug = readonly [
  name: string,
  checks: readonly string[],
  says: string,
  work: (t: TestLedger) => Promise<unknown>,
];

interface BookOptions {
  readonly hold?: number;
  readonly lot?: number;
  /** Changes the receipts on their way to the store. */
  readonly change?: (receipt: Receipt) => Receipt;
}

/** Books whatever it is told on the account `default`. */
export async function book(
  t: TestLedger,
  work: (booking: Booking) => void,
  { hold, lot, change = (receipt) => receipt }: BookOptions = {},
): Promise<void> {
  const [result] = await t.store.execute([
    {
      account: 'default',
      now: t.at,
      loads: { hold: hold ?? null, lot: lot ?? null, cycleLots: true },
      dryRun: false,
      decide: ({ state }) => {
        const booking = new Booking(state, t.at);
        work(booking);
        const decision: Decision = booking.done();
        const booked = decision.booked.map((each) => ({ ...each, receipt: change(each.receipt) }));
        return { ...decision, booked, swept: null, change: null };
      },
    },
  ]);
  if (!result!.ok) throw result!.error;
}

const c = (amount: number): Microcredits => micro(amount * 1_000_000);

const bare = (b: Booking, amount: number) => bareUsage(c(amount), NO_TAGS, b.at);

function spend(b: Booking, lot: number, amount: number, facts: Partial<ReceiptFacts> = {}): void {
  b.move('spent', 'available', 'spent', c(amount), lot);
  b.close('spend', { credits: c(amount), usage: bare(b, amount), ...facts });
}

/** A call of 1,000 tokens on Claude Haiku, which costs 0.25, as the receipt of a spend. */
function spendCall(b: Booking, amount: number, more: Partial<Usage>): void {
  const usage = {
    ...bare(b, amount),
    model: 'claude-haiku',
    provider: 'anthropic',
    rate: 2,
    inputTokens: 1_000,
    ...more,
  };
  if (!usage.byok) b.move('spent', 'available', 'spent', c(amount), MONTHLY);
  b.close('spend', { credits: c(amount), usage });
}

async function holdOf(
  t: TestLedger,
  amount: string,
  ttlMs = 10 * MINUTE,
): Promise<{ no: number; id: string }> {
  const input = { amount: credits(amount), call: null, tags: NO_TAGS, ttlMs, note: null };
  const { hold } = await t.ledger.hold('default', input);
  return { no: Number(hold!.split('_')[2]), id: hold! };
}

const settleBy = (t: TestLedger, hold: string, amount: string) =>
  t.ledger.settle('default', { hold, amount: credits(amount), call: null, tags: NO_TAGS, note: null });

const resolved = (b: Booking, no: number, status: Hold['status']): void =>
  b.putHold({ ...b.holds.get(no)!, status, resolvedBy: b.next });

function closeSettle(b: Booking, no: number, amount: number, facts: Record<string, unknown>): void {
  resolved(b, no, 'settled');
  const detail = { hold: no, released: 0, overrun: 0, late: false, ...facts };
  b.close('settle', { credits: c(amount), detail, usage: bare(b, amount) });
}

async function gift(t: TestLedger, amount: string, lifeMs: number | null = null): Promise<number> {
  const expires = lifeMs === null ? null : { afterMs: lifeMs };
  const input = { source: 'promotional', amount: credits(amount), expires, priority: 1, note: null } as const;
  const { lot } = await t.ledger.grant('default', input);
  return Number(lot!.split('_')[2]);
}

/** The account spends all it has and owes 10. */
async function owe(t: TestLedger): Promise<void> {
  await settleBy(t, (await holdOf(t, '1')).id, '1560');
}

const grantedLot = (b: Booking, amount: number, more: Partial<Lot> = {}): Record<string, unknown> => {
  const facts = {
    source: 'promotional',
    priority: 50,
    expiresAt: null,
    cycle: null,
    cycleStart: null,
  } as const;
  const { source, priority, expiresAt, cycle, cycleStart } = { ...facts, ...more };
  const places = { available: ZERO, held: ZERO, spent: ZERO, expired: ZERO, revoked: ZERO };
  b.putLot({
    no: b.next,
    ...{ source, priority, expiresAt, cycle, cycleStart },
    grantedAt: b.at,
    endedAt: null,
    endKind: null,
    granted: c(amount),
    ...places,
    note: null,
  });
  b.move('granted', 'issued', 'available', c(amount), b.next);
  return { source, priority, expiresAt, cycle, cycleStart };
};

/** The rollover that is due at the next boundary, with something else in it. */
function rollover(b: Booking, { end = AFTER_NEXT, amount = 1_000, missed = 0, ordinal = 0 } = {}): void {
  sweep(b);
  b.account = { ...b.account, cycle: b.account.cycle + ordinal };
  const { plan, ...facts } = enterCycle(b, 'pro', NEXT, end);
  const lot = grantLot(b, { source: 'monthly', amount: c(amount), ...facts });
  b.close('rollover', { credits: c(amount), detail: { lot, plan, missed } });
}

async function atNextCycle(t: TestLedger, work: (b: Booking) => void): Promise<void> {
  t.at = NEXT;
  await book(t, work);
}

const newRate = (t: TestLedger, from: number) =>
  t.ledger.setModel({
    model: 'haiku',
    name: null,
    provider: null,
    input: '1',
    output: '1',
    cacheRead: null,
    cacheWrite: null,
    from,
  });

/** Opens another account on the plan `free`, and gives it whatever it is told. */
async function open(t: TestLedger, work: (booking: Booking) => void): Promise<void> {
  const input = { account: 'second', plan: 'free', zone: 'UTC', anchorAt: null };
  await t.store.openAccount({
    ...openWork(input, t.at, UTC_RULES, false),
    decide: (facts) => {
      const account = blankAccount({ ...facts, id: input.account, zone: input.zone }, t.at);
      const b = new Booking({ account, lots: new Map(), holds: new Map() }, t.at);
      b.close('setting', {
        credits: ZERO,
        detail: { opened: { id: input.account, zone: input.zone }, plan: planState(b) },
      });
      work(b);
      return { ...b.done(), swept: null, change: null };
    },
  });
}

const database = (t: TestLedger) => (t.store as unknown as { db: import('better-sqlite3').Database }).db;

const BURNING: readonly Bug[] = [
  [
    'a spend from the lot that burns last',
    ['burn_order'],
    'spent 5 of lot_',
    (t) => book(t, (b) => spend(b, PURCHASED, 5)),
  ],
  [
    'a spend that takes one lot twice',
    ['burn_order'],
    'by the rules it is spent 3 of lot_',
    (t) =>
      book(t, (b) => {
        b.move('spent', 'available', 'spent', c(1), MONTHLY);
        spend(b, MONTHLY, 2, { credits: c(3), usage: bare(b, 3) });
      }),
  ],
  [
    'a hold from the lot that burns last',
    ['burn_order'],
    'held 5 of lot_',
    (t) =>
      book(t, (b) => {
        b.move('held', 'available', 'held', c(5), PURCHASED);
        const terms = { expiresAt: b.at + MINUTE, call: null, tags: NO_TAGS };
        const slices = [{ lot: PURCHASED, amount: c(5) }];
        const at = { createdAt: b.at, resolvedBy: null, status: 'open' } as const;
        b.putHold({ no: b.next, amount: c(5), ...at, ...terms, slices });
        b.close('hold', { credits: c(5), detail: terms });
      }),
  ],
  [
    'an overrun from the lot that burns last',
    ['burn_order'],
    'spent 5 of lot_',
    async (t) => {
      const { no } = await holdOf(t, '5');
      const burn = (b: Booking): void => {
        b.move('spent', 'held', 'spent', c(5), MONTHLY);
        b.move('spent', 'available', 'spent', c(5), PURCHASED);
        closeSettle(b, no, 10, { overrun: c(5) });
      };
      await book(t, burn, { hold: no });
    },
  ],
  [
    'a debt beside lots that would have paid',
    ['burn_order'],
    'owed 5 from debt to spent',
    async (t) => {
      const { no } = await holdOf(t, '5');
      const burn = (b: Booking): void => {
        b.move('spent', 'held', 'spent', c(5), MONTHLY);
        b.move('owed', 'debt', 'spent', c(5), null);
        closeSettle(b, no, 10, { overrun: c(5) });
      };
      await book(t, burn, { hold: no });
    },
  ],
  [
    'a receipt that says more than its entries',
    ['entry_effect', 'burn_order'],
    'credits is 6, its entries say 5',
    (t) => book(t, (b) => spend(b, MONTHLY, 5, { credits: c(6), usage: bare(b, 6) })),
  ],
  [
    'a grant with an entry too many',
    ['entry_effect'],
    'is one too many for receipt',
    (t) =>
      book(t, (b) => {
        const lot = grantLot(b, { source: 'promotional', amount: c(5) });
        b.move('spent', 'available', 'spent', c(1), MONTHLY);
        b.close('grant', { credits: c(5), detail: { lot } });
      }),
  ],
  [
    'a spend in debt',
    ['not_negative'],
    'is booked while the account owes 10',
    async (t) => {
      await owe(t);
      await book(t, (b) => b.close('spend', { credits: ZERO, usage: bare(b, 0) }));
    },
  ],
  [
    'a grant that does not repay',
    ['not_negative'],
    'repaid 5 of lot_',
    async (t) => {
      await owe(t);
      await book(t, (b) => b.close('grant', { credits: c(5), detail: { lot: grantedLot(b, 5) } }));
    },
  ],
];

const HOLDS: readonly Bug[] = [
  [
    'a settle that captures the last lot first',
    ['release_home'],
    'spent 1000 of lot_',
    async (t) => {
      const { no } = await holdOf(t, '1020');
      const capture = (b: Booking): void => {
        b.move('spent', 'held', 'spent', c(20), WELCOME);
        b.move('spent', 'held', 'spent', c(985), MONTHLY);
        b.move('returned', 'held', 'available', c(15), MONTHLY);
        closeSettle(b, no, 1_005, { released: c(15) });
      };
      await book(t, capture, { hold: no });
    },
  ],
  [
    'a settle that says it let more go',
    ['release_home'],
    'released is 6, the entries say 4',
    async (t) => {
      const { no } = await holdOf(t, '9');
      const capture = (b: Booking): void => {
        b.move('spent', 'held', 'spent', c(5), MONTHLY);
        b.move('returned', 'held', 'available', c(4), MONTHLY);
        closeSettle(b, no, 5, { released: c(6) });
      };
      await book(t, capture, { hold: no });
    },
  ],
  [
    'credits that come back to a lot that has ended',
    ['release_home'],
    'lacks an entry expired 5 of lot_',
    async (t) => {
      const lot = await gift(t, '5', MINUTE);
      const { no } = await holdOf(t, '5');
      t.at += 2 * MINUTE;
      const release = (b: Booking): void => {
        b.move('returned', 'held', 'available', c(5), lot);
        resolved(b, no, 'released');
        b.close('release', { credits: c(5), detail: { hold: no, released: c(5) } });
      };
      await book(t, release, { hold: no, lot });
    },
  ],
  [
    'a hold settled twice',
    ['projection', 'hold_once'],
    'which no receipt made or another has closed',
    async (t) => {
      const { no, id } = await holdOf(t, '5');
      await settleBy(t, id, '5');
      await book(t, (b) => closeSettle(b, no, 0, {}), { hold: no });
    },
  ],
  [
    'a lapsed hold released',
    ['projection', 'hold_once'],
    ', which is lapsed',
    async (t) => {
      const { no } = await holdOf(t, '5', MINUTE);
      t.at += MINUTE;
      await t.ledger.expire('default', null);
      const release = (b: Booking): void => {
        resolved(b, no, 'released');
        b.close('release', { credits: ZERO, detail: { hold: no, released: ZERO } });
      };
      await book(t, release, { hold: no });
    },
  ],
  [
    'a hold that lapses before its time',
    ['hold_lapse'],
    'lapse at 2026-01-31T12:00:00.000Z, before 2026-01-31T12:10:00.000Z',
    async (t) => {
      const { no } = await holdOf(t, '5');
      const lapse = (b: Booking): void => {
        giveBack(b, returning(b.holds.get(no)!));
        resolved(b, no, 'lapsed');
        b.close('expire', { credits: ZERO, detail: { holds: [no] } });
      };
      await book(t, lapse, { hold: no });
    },
  ],
  [
    'a settle after the time to live that is not late',
    ['hold_lapse'],
    ', which had lapsed at',
    async (t) => {
      const { no } = await holdOf(t, '5');
      t.at += 10 * MINUTE;
      const capture = (b: Booking): void => {
        b.move('spent', 'held', 'spent', c(5), MONTHLY);
        closeSettle(b, no, 5, {});
      };
      await book(t, capture, { hold: no });
    },
  ],
  [
    'a hold for a month',
    ['hold_lapse'],
    'holds from 2026-01-31T12:00:00.000Z to 2026-03-02T12:00:00.000Z',
    (t) =>
      book(t, (b) => {
        b.move('held', 'available', 'held', c(5), MONTHLY);
        const terms = { expiresAt: b.at + 30 * DAY, call: null, tags: NO_TAGS };
        const slices = [{ lot: MONTHLY, amount: c(5) }];
        const at = { createdAt: b.at, resolvedBy: null, status: 'open' } as const;
        b.putHold({ no: b.next, amount: c(5), ...at, ...terms, slices });
        b.close('hold', { credits: c(5), detail: terms });
      }),
  ],
];

const LIVES: readonly Bug[] = [
  [
    'a spend from a lot that has ended',
    ['not_after_expiry', 'burn_order'],
    'which lives from 2026-01-31T12:00:00.000Z to 2026-01-31T12:01:00.000Z',
    async (t) => {
      const lot = await gift(t, '5', MINUTE);
      t.at += MINUTE;
      await book(t, (b) => spend(b, lot, 5));
    },
  ],
  [
    'a write that does not book what has lapsed first',
    ['not_after_expiry'],
    'leaves 5 of lot_',
    async (t) => {
      await gift(t, '5', MINUTE);
      t.at += MINUTE;
      await book(t, (b) => spend(b, MONTHLY, 5));
    },
  ],
  [
    'a sweep that takes half of a lot',
    ['entry_effect', 'not_after_expiry'],
    'expired 5 of lot_',
    async (t) => {
      const lot = await gift(t, '5', MINUTE);
      t.at += MINUTE;
      await book(t, (b) => {
        b.move('expired', 'available', 'expired', c(2), lot);
        b.close('expire', { credits: c(2), detail: null });
      });
    },
  ],
  [
    'a lot that ends before it begins',
    ['not_after_expiry'],
    'lives from 2026-01-31T12:00:00.000Z to 2026-01-30T12:00:00.000Z',
    (t) =>
      book(t, (b) =>
        b.close('grant', { credits: c(5), detail: { lot: grantedLot(b, 5, { expiresAt: b.at - DAY }) } }),
      ),
  ],
  [
    'purchased credits that expire',
    ['grant_once'],
    'is purchased and expires at',
    (t) =>
      book(t, (b) => {
        const lot = grantedLot(b, 5, { source: 'purchased', expiresAt: b.at + DAY });
        b.close('grant', { credits: c(5), detail: { lot } });
      }),
  ],
  [
    'a second welcome, past the index',
    ['grant_once', 'schema'],
    'is a second welcome',
    async (t) => {
      database(t).exec('DROP INDEX lot_welcome');
      await book(t, (b) =>
        b.close('grant', { credits: c(50), detail: { lot: grantedLot(b, 50, { source: 'welcome' }) } }),
      );
    },
  ],
  [
    'a second lot for one period, past the index',
    ['grant_once', 'cycle_tiling', 'schema'],
    'is a second one for the period from 2026-01-31T12:00:00.000Z',
    async (t) => {
      database(t).exec('DROP INDEX lot_period');
      await book(t, (b) => {
        const facts = { source: 'monthly', expiresAt: NEXT, cycle: 1, cycleStart: NOON } as const;
        b.close('grant', {
          credits: c(1_000),
          detail: { lot: grantedLot(b, 1_000, facts), plan: planState(b) },
        });
      });
    },
  ],
  [
    'a welcome of another amount',
    ['grant_once'],
    'gives 60, welcome credits are 50',
    (t) =>
      open(t, (b) => {
        const lot = grantLot(b, { source: 'welcome', amount: c(60) });
        b.close('grant', { credits: c(60), detail: { lot } });
      }),
  ],
  [
    'a spend on a closed account',
    ['closed'],
    'a spend is booked on a closed account',
    async (t) => {
      await t.ledger.closeAccount('default');
      await book(t, (b) => spend(b, MONTHLY, 5));
    },
  ],
  [
    'a revoke that says the lot had ended',
    ['entry_effect'],
    'had ended before',
    async (t) => {
      const lot = await gift(t, '5');
      const revoke = (b: Booking): void => {
        b.move('revoked', 'available', 'revoked', c(5), lot);
        b.putLot({ ...b.lot(lot), endedAt: b.at, endKind: 'revoked' });
        b.close('revoke', { credits: c(5), detail: { lot, ended: true } });
      };
      await book(t, revoke, { change: (r) => ({ ...r, detail: { ...r.detail, ended: false } }) });
    },
  ],
];

const PRICES: readonly Bug[] = [
  [
    'a call that costs too little',
    ['price'],
    'credits is 0.2, it costs 0.25',
    (t) => book(t, (b) => spendCall(b, 0.2, {})),
  ],
  [
    'a call at the rate of another model',
    ['price'],
    'rate 3 is of gpt-4o, not of claude-haiku',
    (t) => book(t, (b) => spendCall(b, 2.5, { rate: 3 })),
  ],
  [
    'a call at no known rate',
    ['price'],
    'there is no such rate',
    (t) => book(t, (b) => spendCall(b, 1, { rate: 99 })),
  ],
  [
    'a call with more cached tokens than tokens',
    ['price'],
    'cached tokens are more than the 1000 input tokens',
    (t) => book(t, (b) => spendCall(b, 0.25, { cachedTokens: 2_000 })),
  ],
  [
    'a rate before its time',
    ['price'],
    'rate 7 was not in force at',
    async (t) => {
      await newRate(t, NOON + DAY);
      await book(t, (b) => spendCall(b, 1, { rate: 7 }));
    },
  ],
  [
    'a rate that was replaced',
    ['price'],
    'rate 2 was not in force at',
    async (t) => {
      await newRate(t, NOON);
      await t.ledger.spend('default', callSpend(callOf('haiku', 100, 0)));
      await book(t, (b) => spendCall(b, 0.25, {}));
    },
  ],
  [
    'a spend without usage',
    ['usage'],
    'is missing',
    (t) => book(t, (b) => spend(b, MONTHLY, 1, { usage: null })),
  ],
  [
    'a call on an own key that the account has not',
    ['usage'],
    "is on the account's own key for anthropic",
    (t) => book(t, (b) => spendCall(b, 0, { byok: true, listCredits: c(0.25) })),
  ],
  [
    'a call that took place later than it was booked',
    ['usage'],
    'its receipt says 2026-01-31T12:00:00.000Z',
    (t) => book(t, (b) => spendCall(b, 0.25, { at: b.at + 1, listCredits: c(0.25) })),
  ],
  [
    'usage of a release',
    ['usage'],
    'belongs to a receipt of kind release',
    async (t) => {
      const { no } = await holdOf(t, '5');
      const release = (b: Booking): void => {
        const released = giveBack(b, returning(b.holds.get(no)!));
        resolved(b, no, 'released');
        b.close('release', { credits: released, detail: { hold: no, released }, usage: bare(b, 0) });
      };
      await book(t, release, { hold: no });
    },
  ],
  [
    'a rate row that no receipt brought',
    ['settings'],
    'rate 7 is in no receipt of the ledger',
    async (t) =>
      database(t).exec("INSERT INTO rate VALUES (7, 'claude-haiku', 0, '0', '0', NULL, NULL, NULL)"),
  ],
];

const CYCLES: readonly Bug[] = [
  [
    'a cycle that ends an hour early',
    ['cycle_tiling'],
    'by the rules it is 2026-03-31T12:00:00.000Z',
    (t) => atNextCycle(t, (b) => rollover(b, { end: AFTER_NEXT - 60 * MINUTE })),
  ],
  [
    'a cycle that gives too much',
    ['cycle_tiling'],
    'grants 1001, which the plan pro did not give',
    (t) => atNextCycle(t, (b) => rollover(b, { amount: 1_001 })),
  ],
  [
    'a cycle that is counted twice',
    ['cycle_tiling'],
    'cycle is 3',
    (t) => atNextCycle(t, (b) => rollover(b, { ordinal: 1 })),
  ],
  [
    'a missed cycle that was none',
    ['cycle_tiling'],
    '1 cycles were missed',
    (t) => atNextCycle(t, (b) => rollover(b, { missed: 1 })),
  ],
  [
    'a cycle before the last one ended',
    ['cycle_tiling'],
    'before the one until 2026-02-28T12:00:00.000Z ended',
    (t) => book(t, (b) => rollover(b)),
  ],
  [
    'a monthly lot of no cycle',
    ['cycle_tiling'],
    'grants a monthly lot and names no cycle',
    (t) =>
      book(t, (b) => {
        const lot = grantedLot(b, 5, { source: 'monthly', expiresAt: NEXT, cycle: 1 });
        b.close('grant', { credits: c(5), detail: { lot } });
      }),
  ],
  [
    'a share that is too large',
    ['cycle_tiling'],
    'which is not the remaining share from pro to team',
    (t) =>
      book(t, (b) => {
        b.account = { ...b.account, plan: 'team' };
        const lot = grantLot(b, { source: 'monthly', amount: c(9_500), expiresAt: NEXT, cycle: 1 });
        const change = { from: 'pro', to: 'team', mode: 'prorate' };
        b.close('plan_change', { credits: c(9_500), detail: { lot, plan: planState(b), change } });
      }),
  ],
  [
    'a restart that leaves the running lot',
    ['cycle_tiling'],
    ', a running monthly lot',
    async (t) => {
      t.at += DAY;
      await book(t, (b) => {
        const end = Date.UTC(2026, 2, 1, 12);
        const { plan, ...facts } = enterCycle(b, 'team', b.at, end, b.at);
        const lot = grantLot(b, { source: 'monthly', amount: c(10_000), ...facts });
        const change = { from: 'pro', to: 'team', mode: 'restart' };
        b.close('plan_change', { credits: c(10_000), detail: { lot, ended: [], plan, change } });
      });
    },
  ],
  [
    'a pending change of another time',
    ['cycle_tiling'],
    'pending_at is',
    (t) =>
      book(t, (b) => {
        b.account = { ...b.account, pendingPlan: 'free', pendingAt: NEXT + 1 };
        const change = { from: 'pro', to: 'free', mode: 'next-cycle' };
        b.close('plan_change', { credits: ZERO, detail: { plan: planState(b), change } });
      }),
  ],
];

const NUMBERS: readonly Bug[] = [
  [
    'time that falls',
    ['sequence'],
    'earlier than 2026-01-31T12:00:00.000Z before it',
    (t) => book(t, (b) => b.close('setting', { credits: ZERO }), { change: (r) => ({ ...r, at: r.at - 1 }) }),
  ],
  [
    'a balance beside a receipt that is not its own',
    ['running_balance'],
    'available is 1, by its entries it is 1550',
    (t) =>
      book(t, (b) => b.close('setting', { credits: ZERO }), { change: (r) => ({ ...r, available: c(1) }) }),
  ],
  [
    'a total that nobody booked',
    ['ledger_total', 'projection'],
    'account default: held is 5, its receipts say 0',
    (t) =>
      book(t, (b) => {
        b.account = { ...b.account, held: c(5) };
        b.close('setting', { credits: ZERO });
      }),
  ],
  [
    'a lot with more in its places than it was granted, past the check',
    ['ledger_total', 'lot_places', 'projection'],
    'granted is 1000, all places together have 1005',
    (t) => {
      database(t).pragma('ignore_check_constraints = ON');
      return book(t, (b) => {
        b.putLot({ ...b.lot(MONTHLY), available: c(1_005) });
        b.close('setting', { credits: ZERO });
      });
    },
  ],
  [
    'a lot with less than nothing in a place, past the check',
    ['ledger_total', 'lot_places', 'projection'],
    'spent is -5',
    (t) => {
      database(t).pragma('ignore_check_constraints = ON');
      return book(t, (b) => {
        b.putLot({ ...b.lot(MONTHLY), available: c(1_005), spent: c(-5) });
        b.close('setting', { credits: ZERO });
      });
    },
  ],
  [
    'a receipt of an unknown kind',
    ['entry_effect'],
    'is of no kind we know: gift',
    (t) =>
      book(t, (b) => b.close('setting', { credits: ZERO }), {
        change: (r) => ({ ...r, kind: 'gift' as Receipt['kind'] }),
      }),
  ],
  [
    'a setting with credits',
    ['entry_effect'],
    'credits is 5, its entries say 0',
    (t) => book(t, (b) => b.close('setting', { credits: c(5) })),
  ],
];

/** Every bug there is. */
export const BUGS: readonly Bug[] = [...BURNING, ...HOLDS, ...LIVES, ...PRICES, ...CYCLES, ...NUMBERS];
