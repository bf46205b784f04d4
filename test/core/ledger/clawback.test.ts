/** Money that went back, as the core books it: where it is taken from, and that order and repetition make no difference. */
import { describe, expect, test } from 'vitest';
import { ZERO } from '../../../src/core/credits.ts';
import { blankAccount } from '../../../src/core/ledger/accounts.ts';
import { Booking } from '../../../src/core/ledger/booking.ts';
import { decideReturns, mergeReturns, returnTarget } from '../../../src/core/ledger/clawback.ts';
import type { Account, AccountState, Lot } from '../../../src/core/types.ts';
import { type Attempt, applyChange, NO_WALLET, type Returns, type Wallet } from '../../../src/core/wallet.ts';
import { credits } from '../../helpers/ledger.ts';
import { chanceOf } from '../../helpers/random.ts';

const refund = (
  cents: number,
  status: 'pending' | 'succeeded' | 'failed' = 'succeeded',
  id = 're_1',
): Returns => ({
  [id]: { status, cents },
});
const dispute = (status: 'flagged' | 'open' | 'lost' | 'won', cents = 500): Returns => ({
  dp_1: { status, cents },
});

const PAID: Attempt = {
  no: 1,
  kind: 'auto',
  status: 'succeeded',
  credits: credits('500'),
  amountCents: 500,
  currency: 'usd',
  mix: '1×500',
  reservedAt: 0,
  provider: 'simulated',
  customer: 'cus_1',
  paymentMethod: 'pm_1',
  intent: 'pi_1',
  session: null,
  reason: null,
  lot: 2,
  clawed: ZERO,
  clawedFrom: {},
  returns: {},
  changedBy: 2,
};

const lot = (no: number, source: Lot['source'], parts: Partial<Lot>): Lot => {
  const { available = ZERO, held = ZERO, spent = ZERO, revoked = ZERO } = parts;
  return {
    no,
    source,
    priority: 50,
    grantedAt: no,
    expiresAt: null,
    endedAt: null,
    endKind: null,
    cycle: null,
    cycleStart: null,
    granted: (available + held + spent + revoked) as Lot['granted'],
    available,
    held,
    spent,
    expired: ZERO,
    revoked,
    note: null,
    ...parts,
  };
};

/** An account whose purchase 1 granted lot 2. */
function world(lots: readonly Lot[], wallet: Wallet): { state: AccountState; wallet: Wallet } {
  const sum = (place: 'available' | 'held') => lots.reduce((all, each) => all + each[place], 0);
  const facts = { no: 1, id: 'default', tag: 'tag1', head: '00', zone: 'UTC' };
  const account: Account = {
    ...blankAccount(facts, 0),
    receiptSeq: 10,
    available: sum('available') as Account['available'],
    held: sum('held') as Account['held'],
  };
  return { state: { account, lots: new Map(lots.map((each) => [each.no, each])), holds: new Map() }, wallet };
}

const wallet: Wallet = { ...NO_WALLET, attempts: new Map([[1, PAID]]) };

function apply({ state, wallet }: { state: AccountState; wallet: Wallet }, found: Returns, no = 1) {
  const booking = new Booking(state, 100);
  const change = decideReturns(booking, wallet, no, found);
  const done = booking.done();
  const entries = done.booked.flatMap((each) =>
    each.entries.map((entry) => `${entry.kind} ${entry.amount / 1e6} ${entry.lot ?? '-'} ${entry.to}`),
  );
  const next = { state: done.state, wallet: applyChange(wallet, change ?? {}) };
  return { next, entries, kinds: done.booked.map(({ receipt }) => receipt.kind) };
}

describe('how much', () => {
  test.each([
    [refund(0), '0'],
    [refund(250), '250'],
    [refund(1), '1'],
    [refund(500), '500'],
    [refund(900), '500'],
    [refund(250, 'failed'), '0'],
    [{ ...refund(300), ...dispute('open') }, '500'],
    [{ ...refund(300), ...dispute('won') }, '300'],
    [dispute('flagged'), '0'],
    [dispute('lost'), '500'],
  ])('%j is %s credits', (returns, amount) => {
    expect(returnTarget(PAID, returns as Returns)).toBe(credits(amount));
  });

  test('is rounded down, exactly, also where numbers are large', () => {
    const huge = { credits: credits('999999999.999999'), amountCents: 300_000_007 };
    const returns = refund(200_000_003);
    const exact = (BigInt(huge.credits) * 200_000_003n) / 300_000_007n;
    expect(returnTarget(huge, returns)).toBe(Number(exact));
    expect(returnTarget({ credits: credits('2000'), amountCents: 1_800 }, refund(700))).toBe(777_777_777);
    expect(returnTarget({ credits: credits('1'), amountCents: 0 }, refund(5))).toBe(0);
  });
});

describe('from where', () => {
  test('its own lot, then other purchased ones in burn order, never gifts; the rest is owed', () => {
    const lots = [
      lot(2, 'purchased', { available: credits('100'), spent: credits('400') }),
      lot(5, 'promotional', { available: credits('70') }),
      lot(7, 'purchased', { available: credits('50') }),
      lot(6, 'purchased', { available: credits('80') }),
      lot(4, 'welcome', { available: credits('50') }),
    ];
    const { entries, next, kinds } = apply(world(lots, wallet), refund(500));
    expect(kinds).toEqual(['clawback']);
    expect(entries).toEqual([
      'revoked 100 2 revoked',
      'revoked 80 6 revoked',
      'revoked 50 7 revoked',
      'owed 270 - revoked',
    ]);
    const { available, debt } = next.state.account;
    expect([available, debt]).toEqual([credits('120'), credits('270')]);
    expect(next.wallet.attempts.get(1)).toMatchObject({
      clawed: credits('500'),
      clawedFrom: { 2: credits('100'), 6: credits('80'), 7: credits('50') },
    });
  });

  test('what is held stays with its hold', () => {
    const lots = [lot(2, 'purchased', { held: credits('450'), available: credits('50') })];
    expect(apply(world(lots, wallet), refund(500)).entries).toEqual([
      'revoked 50 2 revoked',
      'owed 450 - revoked',
    ]);
  });

  test('what was revoked by hand counts', () => {
    const lots = [
      lot(2, 'purchased', {
        revoked: credits('300'),
        spent: credits('200'),
        endedAt: 50,
        endKind: 'revoked',
      }),
    ];
    expect(apply(world(lots, wallet), refund(500)).entries).toEqual(['owed 200 - revoked']);
    expect(apply(world(lots, wallet), refund(300)).kinds).toEqual(['setting']);
  });
});

describe('two purchases', () => {
  const SECOND: Attempt = { ...PAID, no: 5, lot: 6, intent: 'pi_2' };
  const both: Wallet = { ...NO_WALLET, attempts: new Map([PAID, SECOND].map((each) => [each.no, each])) };
  const lots = [
    lot(2, 'purchased', { spent: credits('350'), available: credits('150') }),
    lot(6, 'purchased', { available: credits('500') }),
  ];

  test('what the first took from the lot of the second is not the second’s: both in full leave a debt', () => {
    const first = apply(world(lots, both), refund(500));
    expect(first.entries).toEqual(['revoked 150 2 revoked', 'revoked 350 6 revoked']);
    const second = apply(first.next, refund(500), 5);
    expect(second.entries).toEqual(['revoked 150 6 revoked', 'owed 350 - revoked']);
    expect(apply(second.next, refund(500), 5).kinds).toEqual([]);
  });

  test('what was revoked by hand counts beside it, once', () => {
    const first = apply(world(lots, both), refund(500));
    const { state } = first.next;
    const rest = state.lots.get(6)!;
    expect(rest.available).toBe(credits('150'));
    const ended: Lot = {
      ...rest,
      available: ZERO,
      revoked: credits('500'),
      endedAt: 60,
      endKind: 'revoked',
    };
    const account = { ...state.account, available: ZERO };
    const byHand = { ...first.next, state: { ...state, account, lots: new Map(state.lots).set(6, ended) } };
    expect(apply(byHand, refund(500), 5).entries).toEqual(['owed 350 - revoked']);
  });
});

describe('how often', () => {
  const full = [lot(2, 'purchased', { available: credits('500') })];

  test('the same again changes nothing; an older word does not undo a newer one', () => {
    const once = apply(world(full, wallet), refund(200));
    expect(apply(once.next, refund(200)).kinds).toEqual([]);
    const failedRefund = apply(once.next, refund(200, 'failed'));
    expect(failedRefund.kinds).toEqual(['reinstate']);
    expect(apply(failedRefund.next, refund(200, 'succeeded')).kinds).toEqual([]);
    const lost = apply(world(full, wallet), dispute('lost'));
    expect(apply(lost.next, dispute('open')).kinds).toEqual([]);
  });

  test('a dispute that is won gives back once what it took, as a new purchased lot that repays debt first', () => {
    const spent = [lot(2, 'purchased', { available: credits('120'), spent: credits('380') })];
    const open = apply(world(spent, wallet), dispute('open'));
    const won = apply(open.next, dispute('won'));
    expect(won.entries).toEqual(['granted 500 12 available', 'repaid 380 12 spent']);
    expect(won.next.wallet.attempts.get(1)).toMatchObject({ clawed: 0 });
    expect(apply(won.next, dispute('won')).kinds).toEqual([]);
  });

  test('a won dispute beside a refund gives back only what the refund leaves', () => {
    const both = apply(world(full, wallet), { ...refund(200), ...dispute('open') });
    const won = apply(both.next, dispute('won'));
    expect(won.entries).toEqual(['granted 300 12 available']);
  });

  test('what was revoked by hand does not come back', () => {
    const revoked = [lot(2, 'purchased', { revoked: credits('400'), available: credits('100') })];
    const open = apply(world(revoked, wallet), dispute('open'));
    expect(open.entries).toEqual(['revoked 100 2 revoked']);
    expect(apply(open.next, dispute('won')).entries).toEqual(['granted 100 12 available']);
  });

  test('what was revoked by hand after a refund is given back by no other word of money that went', () => {
    const { next } = apply(world(full, wallet), refund(100, 'pending'));
    const rest = next.state.lots.get(2)!;
    const ended: Lot = { ...rest, available: ZERO, revoked: credits('500'), endedAt: 60, endKind: 'revoked' };
    const account = { ...next.state.account, available: ZERO };
    const byHand = { ...next, state: { ...next.state, account, lots: new Map([[2, ended]]) } };
    for (const word of [refund(100), refund(100, 'succeeded', 're_2'), refund(400, 'succeeded', 're_2')]) {
      const { entries, kinds } = apply(byHand, word);
      expect([entries, kinds]).toEqual([[], ['setting']]);
    }
    expect(apply(byHand, refund(100, 'failed')).entries).toEqual(['granted 100 12 available']);
  });

  test('any order of the same facts leads to the same, seed 11', () => {
    const chance = chanceOf(11);
    for (let round = 0; round < 200; round += 1) {
      const facts: Returns[] = [
        refund(100 + chance.whole(200), 'pending'),
        refund(100, 'succeeded', 're_2'),
        refund(100, chance.oneIn(2) ? 'failed' : 'succeeded', 're_2'),
        dispute('open', 100 + chance.whole(400)),
        dispute(chance.pick(['won', 'lost']), 150),
      ];
      const merged = facts.reduce(mergeReturns, {});
      const mixed = [...facts, chance.pick(facts)].sort(() => chance.next() - 0.5).reduce(mergeReturns, {});
      expect(Object.keys(mixed)).toEqual(Object.keys(merged));
      expect(Object.values(mixed).map(({ status }) => status)).toEqual(
        Object.values(merged).map(({ status }) => status),
      );
    }
  });
});
