import { describe, expect, test } from 'vitest';
import { defaultRows } from '../../src/catalog/index.ts';
import { createZoneRules } from '../../src/cli/zone-rules.ts';
import { createCatalogue } from '../../src/core/catalogue.ts';
import { formatCredits, MICRO, type Microcredits, parseCredits, ZERO } from '../../src/core/credits.ts';
import { type Forecast, forecast } from '../../src/core/forecast.ts';
import { blankAccount } from '../../src/core/ledger/accounts.ts';
import { formatInstant, parseInstant } from '../../src/core/time.ts';
import type { Account, Lot, Source } from '../../src/core/types.ts';

const context = { catalogue: createCatalogue(defaultRows()), zones: createZoneRules() };
const NOW = '2026-01-11T00:00:00Z';

type LotFacts = readonly [source: Source, available: string, expires?: string];

interface World {
  readonly lots?: readonly LotFacts[];
  readonly account?: Partial<Account>;
  readonly perDay: string;
  readonly now?: string;
  readonly zone?: string;
}

function lotOf([source, text, expires]: LotFacts, index: number): Lot {
  const available = parseCredits(text);
  return {
    no: index + 1,
    source,
    priority: 50,
    grantedAt: 0,
    expiresAt: expires === undefined ? null : parseInstant(expires),
    endedAt: null,
    endKind: null,
    cycle: null,
    cycleStart: null,
    granted: available,
    available,
    held: ZERO,
    spent: ZERO,
    expired: ZERO,
    revoked: ZERO,
    note: null,
  };
}

function look({ lots = [], account = {}, perDay, now = NOW, zone = 'UTC' }: World): Forecast {
  const facts = { no: 1, id: 'a', tag: 'tag1', head: '', zone };
  const state = {
    account: { ...blankAccount(facts, 0), ...account },
    lots: new Map(lots.map((lot, index) => [index + 1, lotOf(lot, index)])),
    holds: new Map(),
  };
  return forecast(state, parseInstant(now), parseCredits(perDay), context);
}

const runsOut = (world: World): string | null => {
  const { runsOutAt } = look(world);
  return runsOutAt === null ? null : formatInstant(runsOutAt);
};

const unspent = (world: World): string[] =>
  look(world).unspent.map(
    ({ lot, amount, at }) => `${lot} ${formatCredits(amount)} ${formatInstant(at).slice(0, 16)}`,
  );

const day = (text: string): string => `${text}T00:00:00.000Z`;

const pro = (more: Partial<Account> = {}): Partial<Account> => ({
  plan: 'pro',
  anchorAt: parseInstant('2026-01-01'),
  cycle: 1,
  cycleStart: parseInstant('2026-01-01'),
  cycleEnd: parseInstant('2026-02-01'),
  ...more,
});

describe('the day on which it runs out', () => {
  test.each([
    ['a whole number of days', { lots: [['purchased', '100']], perDay: '10' }, day('2026-01-21')],
    ['part of a day more', { lots: [['purchased', '105']], perDay: '10' }, day('2026-01-21')],
    ['less than a day', { lots: [['purchased', '3']], perDay: '10' }, day('2026-01-11')],
    ['nothing left at all', { perDay: '10' }, day('2026-01-11')],
    [
      'a microcredit more than the days take',
      { lots: [['purchased', '100.000001']], perDay: '10' },
      day('2026-01-21'),
    ],
    [
      'from noon on',
      { lots: [['purchased', '100']], perDay: '10', now: '2026-01-11T12:00:00Z' },
      day('2026-01-21'),
    ],
    [
      'from late on',
      { lots: [['purchased', '5']], perDay: '10', now: '2026-01-11T18:00:00Z' },
      day('2026-01-12'),
    ],
    ['nothing burns', { lots: [['purchased', '1']], perDay: '0' }, null],
    ['longer than ten years', { lots: [['purchased', '1000000']], perDay: '1' }, null],
    [
      'several lots',
      {
        lots: [
          ['purchased', '30'],
          ['welcome', '50'],
          ['promotional', '20'],
        ],
        perDay: '10',
      },
      day('2026-01-21'),
    ],
  ] as const)('%s', (_name, world, wanted) => {
    expect(runsOut(world as World)).toBe(wanted);
  });

  test('is one of the account’s zone', () => {
    const world: World = { lots: [['purchased', '10']], perDay: '10', now: '2026-01-11T08:00:00Z' };
    expect(runsOut({ ...world, zone: 'Europe/Berlin' })).toBe('2026-01-11T23:00:00.000Z');
    expect(runsOut({ ...world, zone: 'America/New_York' })).toBe('2026-01-12T05:00:00.000Z');
  });

  test('a day of 23 hours takes as much as any other', () => {
    const world: World = { lots: [['purchased', '30']], perDay: '10', zone: 'Europe/Berlin' };
    expect(runsOut({ ...world, now: '2026-03-27T23:00:00Z' })).toBe('2026-03-30T22:00:00.000Z');
  });

  test('comes early where credits expire first', () => {
    const lots: LotFacts[] = [
      ['promotional', '200', '2026-01-16T00:00:00Z'],
      ['purchased', '30'],
    ];
    expect(runsOut({ lots, perDay: '10' })).toBe(day('2026-01-19'));
  });
});

describe('cycles', () => {
  test('grant at their boundaries, and what is left expires there', () => {
    // 1,000 a month at 30 a day: February with 28 days leaves some, March with 31 does too.
    expect(runsOut({ account: pro(), lots: [['monthly', '700', '2026-02-01']], perDay: '30' })).toBe(null);
  });

  test('that are too small run out before the next', () => {
    expect(runsOut({ account: pro(), lots: [['monthly', '700', '2026-02-01']], perDay: '40' })).toBe(
      day('2026-01-28'),
    );
    // 21 days of 33 leave 7 of January; 1,000 do not last the 31 days of March.
    expect(runsOut({ account: pro(), lots: [['monthly', '700', '2026-02-01']], perDay: '33' })).toBe(
      day('2026-03-31'),
    );
  });

  test('burn before what never expires, month by month', () => {
    // A month of 31 days takes 40 beyond its 1,000, one of 30 days 6.45; July has 1,002.58 for 29.9 days.
    const lots: LotFacts[] = [
      ['monthly', '700', '2026-02-01'],
      ['purchased', '100'],
    ];
    const perDay = '33.548387';
    expect(runsOut({ account: pro(), lots, perDay })).toBe(day('2026-07-30'));
  });

  test('follow the pending plan change from its boundary on', () => {
    const pending = { pendingPlan: 'harness', pendingAt: parseInstant('2026-02-01') };
    const lots: LotFacts[] = [['monthly', '1000', '2026-02-01']];
    expect(runsOut({ account: pro(), lots, perDay: '40' })).toBe(day('2026-02-26'));
    expect(runsOut({ account: pro(pending), lots, perDay: '40' })).toBe(null);
    const free = { pendingPlan: 'free', pendingAt: parseInstant('2026-02-01') };
    expect(runsOut({ account: pro(free), lots, perDay: '10' })).toBe(day('2026-02-01'));
  });

  test('one that is due counts at once, with the ones after it', () => {
    const overdue = pro({ cycleStart: parseInstant('2025-12-01'), cycleEnd: parseInstant('2026-01-01') });
    const due = look({ account: overdue, perDay: '30' });
    expect(due.cycleDue).toBe(true);
    expect(due.runsOutAt).toBe(null);
    // Of the 1,000 that are due 21 days take 630; what the cycles to come leave is not listed.
    expect(due.unspent).toEqual([
      { lot: null, source: 'monthly', amount: 370 * MICRO, at: parseInstant('2026-02-01') },
    ]);
    const idle = look({ account: { ...overdue, debt: (400 * MICRO) as Microcredits }, perDay: '0' });
    expect(idle.unspent.map(({ lot, amount }) => [lot, amount])).toEqual([[null, 600 * MICRO]]);
    expect(look({ account: pro(), lots: [['monthly', '1', '2026-02-01']], perDay: '1' }).cycleDue).toBe(
      false,
    );
  });

  test('end with the account', () => {
    const closed = look({
      account: pro({ closedAt: 1 }),
      lots: [['monthly', '10', '2026-02-01']],
      perDay: '10',
    });
    expect(closed.runsOutAt).toBe(null);
    expect(closed.unspent.map(({ amount }) => amount)).toEqual([10 * MICRO]);
  });
});

describe('what expires unspent', () => {
  test.each([
    ['nothing where nothing ends', { lots: [['purchased', '1000']], perDay: '1' }, []],
    [
      'the rest of a lot',
      { lots: [['promotional', '100', '2026-01-16']], perDay: '10' },
      ['1 50 2026-01-16T00:00'],
    ],
    [
      'the rest at an instant within a day',
      { lots: [['promotional', '100', '2026-01-16T12:00:00Z']], perDay: '10' },
      ['1 45 2026-01-16T12:00'],
    ],
    [
      'of several, the sooner is used first',
      {
        lots: [
          ['promotional', '100', '2026-01-20'],
          ['promotional', '60', '2026-01-15'],
        ],
        perDay: '10',
      },
      ['2 20 2026-01-15T00:00', '1 50 2026-01-20T00:00'],
    ],
    [
      'all of it where nothing burns',
      { lots: [['promotional', '7', '2026-03-01']], perDay: '0' },
      ['1 7 2026-03-01T00:00'],
    ],
    ['nothing of what is used up', { lots: [['promotional', '40', '2026-01-16']], perDay: '10' }, []],
    ['nothing beyond the horizon', { lots: [['promotional', '7', '2099-01-01']], perDay: '0' }, []],
    [
      'this month’s credits, not those of months to come',
      { account: pro(), lots: [['monthly', '700', '2026-02-01']], perDay: '10' },
      ['1 490 2026-02-01T00:00'],
    ],
    [
      'nothing of a gift that ends sooner than the month it is used in',
      {
        account: pro(),
        lots: [
          ['monthly', '700', '2026-02-01'],
          ['promotional', '30', '2026-03-15'],
        ],
        perDay: '30',
      },
      ['1 70 2026-02-01T00:00'],
    ],
  ] as const)('%s', (_name, world, wanted) => {
    expect(unspent(world as unknown as World)).toEqual(wanted);
  });

  test('goes on in debt, where nothing can be spent', () => {
    const world: World = {
      lots: [['promotional', '20', '2026-01-20']],
      account: { debt: (5 * MICRO) as Microcredits },
      perDay: '10',
    };
    expect(runsOut(world)).toBe(day('2026-01-11'));
    expect(unspent(world)).toEqual(['1 20 2026-01-20T00:00']);
  });

  test('a cycle repays the debt first', () => {
    const account = pro({ debt: (400 * MICRO) as Microcredits });
    const world: World = { account, lots: [['promotional', '900', '2026-02-20']], perDay: '10' };
    // Blocked until 1 February; then the gift would burn before the 600 that are left of the month, were its end sooner.
    expect(unspent(world)).toEqual(['1 710 2026-02-20T00:00']);
  });
});

test('whole days burn exactly the rate, however they are cut', () => {
  const lots: LotFacts[] = Array.from({ length: 9 }, (_, index) => [
    'promotional',
    '0.333333',
    `2026-01-12T0${index}:07:11.013Z`,
  ]);
  const { unspent: rests } = look({
    lots: [...lots, ['promotional', '10', '2026-01-13']],
    perDay: '0.777777',
  });
  const left = rests.reduce((sum, { amount }) => sum + amount, 0);
  // 9 small lots end on the second day; what two whole days take is missing from all of them together.
  expect(left).toBe(9 * 333_333 + 10 * MICRO - 2 * 777_777);
});
