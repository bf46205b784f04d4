/** Random histories for the property tests: worlds to start from and steps that bend to what is there when they run. */
import fc from 'fast-check';
import type { NaivePrices } from './naive-steps.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How the clock moves before a step: by a span, or to an instant at which something changes, or just beside it. */
export type Wait = { readonly by: number } | { readonly toChange: number; readonly beside: number };

export type Amount = { readonly credits: number } | { readonly share: number };

/** A call, or an amount that may be a share of what is available. */
export type Cost = Amount | { readonly call: CallChoice };

export interface CallChoice {
  readonly model: string;
  readonly provider: string | null;
  readonly input: number;
  readonly output: number;
  readonly noByok: boolean;
}

/** What happens; lots and holds are chosen by any number, modulo how many there are. */
export type Deed =
  | { readonly do: 'spend'; readonly cost: Cost; readonly back: number | null }
  | { readonly do: 'hold'; readonly cost: Cost; readonly ttl: number }
  | {
      readonly do: 'settle';
      readonly hold: number;
      readonly cost: Amount | { input: number; output: number };
    }
  | { readonly do: 'release'; readonly hold: number }
  | {
      readonly do: 'grant';
      readonly source: 'purchased' | 'promotional' | 'monthly' | 'welcome';
      readonly amount: number;
      readonly life: number | null;
      readonly priority: number;
    }
  | { readonly do: 'revoke' | 'end'; readonly lot: number }
  | { readonly do: 'expire' | 'close' }
  | { readonly do: 'cycle'; readonly part: 'grant' | 'expire' | 'rollover' }
  | { readonly do: 'plan'; readonly plan: string; readonly mode: 'prorate' | 'restart' | 'next-cycle' | null }
  | { readonly do: 'byok'; readonly provider: string; readonly on: boolean };

export interface Step {
  readonly wait: Wait;
  readonly deed: Deed;
  /** Also book what lapsed half-way, on a copy: two half runs must equal one. */
  readonly halves: boolean;
}

export interface World {
  readonly start: number;
  readonly plan: string;
  /** How long before the start the anchor lies. */
  readonly anchorBack: number;
  readonly zone: string;
  /** Begins without the welcome lot. */
  readonly isPoor: boolean;
}

const START = Date.UTC(2026, 0, 31);

/** Small plans in microcredits, so that shares and rounding matter; some change, two give nothing for a while. */
export function pricesFrom(start: number): NaivePrices {
  const plan = (name: string, monthly: bigint, price: number, from = 0) => ({ name, monthly, price, from });
  return {
    plans: [
      plan('free', 0n, 0),
      plan('hollow', 0n, 300),
      plan('lite', 700n, 500),
      plan('bulk', 3_000n, 400),
      plan('pro', 1_000n, 1_200),
      plan('twin', 1_000n, 1_200),
      plan('harness', 5_000n, 3_900),
      plan('bulk', 0n, 400, start + 15 * DAY),
      plan('pro', 1_300n, 1_200, start + 45 * DAY),
      plan('lite', 0n, 500, start + 50 * DAY),
      plan('bulk', 2_999n, 400, start + 62 * DAY),
      plan('harness', 4_999n, 900, start + 80 * DAY),
      plan('lite', 701n, 500, start + 100 * DAY),
    ],
    rates: [
      { model: 'red', provider: 'one', from: 0, rates: ['0.0004', '0.0016'] },
      { model: 'blue', provider: 'two', from: 0, rates: ['0.0833333333', '1'] },
      { model: 'none', provider: 'one', from: 0, rates: null },
      { model: 'red', provider: 'one', from: start + 2 * DAY, rates: ['0.00050000001', '0.002'] },
      { model: 'blue', provider: 'two', from: start + 40 * DAY, rates: null },
      { model: 'blue', provider: 'two', from: start + 60 * DAY, rates: ['0', '0.01'] },
    ],
  };
}

export const worldArb: fc.Arbitrary<World> = fc.record({
  start: fc.constantFrom(
    START,
    Date.UTC(2026, 2, 29, 0, 30),
    Date.UTC(2027, 11, 31, 23, 59, 59, 999),
    Date.UTC(2028, 1, 29, 12),
    Date.UTC(2026, 9, 25, 0, 30),
    Date.UTC(2026, 3, 5, 15, 15),
  ),
  plan: fc.constantFrom('free', 'pro', 'pro', 'harness', 'lite', 'bulk'),
  anchorBack: fc.constantFrom(0, 0, 1, DAY, 29 * DAY, 31 * DAY, 400 * DAY + 1),
  zone: fc.constantFrom('UTC', 'UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns'),
  isPoor: fc.constantFrom(true, true, true, false),
});

const waitArb: fc.Arbitrary<Wait> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ by: 0 }) },
  {
    weight: 4,
    arbitrary: fc.record({
      by: fc.constantFrom(
        1,
        -1,
        1_000,
        60_000,
        600_000,
        HOUR,
        DAY,
        5 * DAY,
        31 * DAY,
        -HOUR,
        -3 * DAY,
        100 * DAY,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ toChange: fc.nat({ max: 2 }), beside: fc.constantFrom(-1, 0, 0, 1) }),
  },
);

const amountArb: fc.Arbitrary<Amount> = fc.oneof(
  fc.record({ credits: fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: 3_000 })) }),
  fc.record({ share: fc.constantFrom(0.1, 0.5, 1, 1, 1.0001, 1.5) }),
);

const callArb: fc.Arbitrary<CallChoice> = fc.record({
  model: fc.constantFrom('red', 'red', 'blue', 'none', 'grey'),
  provider: fc.constant(null),
  input: fc.nat({ max: 2_000 }),
  output: fc.nat({ max: 300 }),
  noByok: fc.constantFrom(false, false, false, true),
});

/** A model that only its provider's own key can pay for. */
const greyArb: fc.Arbitrary<CallChoice> = callArb.map((call) => ({
  ...call,
  model: 'grey',
  provider: 'one',
}));

const costArb: fc.Arbitrary<Cost> = fc.oneof(
  { weight: 2, arbitrary: amountArb },
  {
    weight: 1,
    arbitrary: fc.record({
      call: fc.oneof({ weight: 5, arbitrary: callArb }, { weight: 1, arbitrary: greyArb }),
    }),
  },
);

const nth = fc.nat({ max: 1_000 });

/** Mostly one of these, now and then one that is refused. */
const mostly = <T>(good: readonly T[], bad: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 15, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );

const deeds: readonly (readonly [weight: number, fc.Arbitrary<Deed>])[] = [
  [
    6,
    fc.record({
      do: fc.constant('spend'),
      cost: costArb,
      back: mostly([null, null, null, 0, 1, 3 * DAY], [-1, -5]),
    }),
  ],
  [
    8,
    fc.record({
      do: fc.constant('hold'),
      cost: costArb,
      ttl: mostly([1_000, 600_000, HOUR, DAY, DAY, DAY], [999, DAY + 1]),
    }),
  ],
  [
    8,
    fc.record({
      do: fc.constant('settle'),
      hold: nth,
      cost: fc.oneof(
        { weight: 4, arbitrary: amountArb },
        { weight: 1, arbitrary: fc.record({ input: fc.nat({ max: 3_000 }), output: fc.nat({ max: 300 }) }) },
      ),
    }),
  ],
  [3, fc.record({ do: fc.constant('release'), hold: nth })],
  [
    8,
    fc.record({
      do: fc.constant('grant'),
      source: fc.oneof(
        {
          weight: 10,
          arbitrary: fc.constantFrom('purchased' as const, 'promotional' as const, 'promotional' as const),
        },
        { weight: 2, arbitrary: fc.constantFrom('monthly' as const, 'welcome' as const) },
      ),
      amount: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 1, max: 1_500 }) },
        { weight: 3, arbitrary: fc.constantFrom(0, 700, 1_000, 5_000, 50_000_000) },
        { weight: 1, arbitrary: fc.constantFrom(1_000_000_000_000_000, 7_999_999_999_999_000) },
      ),
      life: mostly<number | null>([null, null, 1, 60_000, HOUR, DAY, 3 * DAY, 30 * DAY], [0, -1]),
      priority: fc.constantFrom(50, 50, 50, 0, 49, 51, 100),
    }),
  ],
  [3, fc.record({ do: fc.constantFrom('revoke', 'end'), lot: nth })],
  [2, fc.record({ do: fc.constant('expire') })],
  [
    4,
    fc.record({ do: fc.constant('cycle'), part: fc.constantFrom('grant', 'expire', 'rollover', 'rollover') }),
  ],
  [
    8,
    fc.record({
      do: fc.constant('plan'),
      plan: mostly(['free', 'hollow', 'lite', 'bulk', 'pro', 'pro', 'twin', 'harness', 'harness'], ['gold']),
      mode: fc.constantFrom(
        null,
        null,
        'prorate' as const,
        'restart' as const,
        'restart' as const,
        'next-cycle' as const,
      ),
    }),
  ],
  [
    4,
    fc.record({
      do: fc.constant('byok'),
      provider: fc.constantFrom('one', 'two'),
      on: fc.constantFrom(true, true, false),
    }),
  ],
];

const deedArb: fc.Arbitrary<Deed> = fc.oneof(
  ...deeds.map(([weight, arbitrary]) => ({ weight: weight * 10, arbitrary })),
  // Seldom: nothing much happens afterwards.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const) }) },
);

export const stepArb: fc.Arbitrary<Step> = fc.record({ wait: waitArb, deed: deedArb, halves: fc.boolean() });
