/** Auto top-up as arithmetic: mixes of packages, the month, and the order of states. */
import { describe, expect, test } from 'vitest';
import type { PackageRow } from '../../src/core/catalogue.ts';
import { MICRO, type Microcredits } from '../../src/core/credits.ts';
import { cheapestMix, mixText, requireMix, topupState, usedInMonth } from '../../src/core/topup.ts';
import type { Attempt, Card, TopupPolicy, Wallet } from '../../src/core/wallet.ts';
import { UTC_RULES } from '../../src/core/zones.ts';
import { credits, zones } from '../helpers/ledger.ts';
import { chanceOf } from '../helpers/random.ts';

const row = (id: string, amount: number, priceCents: number): PackageRow => ({
  id,
  from: 0,
  credits: Math.round(amount * MICRO) as Microcredits,
  priceCents,
  retired: false,
});

const STANDARD = [row('500', 500, 500), row('2000', 2_000, 1_800)];

describe('the cheapest mix', () => {
  test.each([
    ['500', 500, '1×500'],
    ['1500', 1_500, '3×500'],
    ['2000', 1_800, '1×2000'],
    ['2500', 2_300, '1×2000 + 1×500'],
    ['10000', 9_000, '5×2000'],
    ['11500', 10_500, '5×2000 + 3×500'],
    ['1000000000', 900_000_000, '500000×2000'],
  ])('of %s credits costs %i cents: %s', (amount, cents, text) => {
    const mix = cheapestMix(STANDARD, credits(amount))!;
    expect([mix.priceCents, mixText(mix)]).toEqual([cents, text]);
  });

  test.each(['499', '501', '500.000001', '750', '0.5'])('of %s credits does not exist', (amount) => {
    expect(cheapestMix(STANDARD, credits(amount))).toBeUndefined();
    expect(() => requireMix(STANDARD, credits(amount))).toThrow(/no sum of packages/);
  });

  test('never takes the largest first where that is dearer or does not come out even', () => {
    const uneven = [row('a', 6, 600), row('b', 9, 850), row('c', 20, 1_000)];
    expect(mixText(cheapestMix(uneven, credits('29'))!)).toBe('1×c + 1×b');
    expect(mixText(cheapestMix(uneven, credits('15'))!)).toBe('1×b + 1×a');
    expect(cheapestMix(uneven, credits('25'))).toBeUndefined();
    const dearLarge = [row('s', 1, 1), row('l', 10, 100)];
    expect(cheapestMix(dearLarge, credits('10'))!.priceCents).toBe(10);
  });

  test('of equal prices, the fewest packages', () => {
    expect(mixText(cheapestMix([row('s', 1, 10), row('l', 10, 100)], credits('20'))!)).toBe('2×l');
  });

  test('equals trying every mix, seed 7', () => {
    const chance = chanceOf(7);
    for (let round = 0; round < 300; round += 1) {
      const packages = Array.from({ length: 1 + chance.whole(4) }, (_, index) =>
        row(`p${index}`, 1 + chance.whole(12), chance.whole(30)),
      );
      const amount = (1 + chance.whole(40)) * MICRO;
      const best = tryAll(packages, amount);
      expect(cheapestMix(packages, amount as Microcredits)?.priceCents ?? null).toBe(best);
    }
  });

  test('large amounts of fine packages are answered exactly, or refused', () => {
    const fine = [row('a', 0.007, 1), row('b', 0.011, 2), row('c', 100, 9_000)];
    const amount = 12_345_678_000 as Microcredits;
    const mix = cheapestMix(fine, amount)!;
    const sum = mix.parts.reduce(
      (all, { id, count }) => all + count * fine.find((each) => each.id === id)!.credits,
      0,
    );
    expect(sum).toBe(amount);
    const tiny = [row('a', 0.000001, 1), row('b', 3_000_000, 9)];
    expect(() => cheapestMix(tiny, credits('999999999'))).toThrow(/too large/);
  });
});

function tryAll(packages: readonly PackageRow[], amount: number, from = 0): number | null {
  if (amount === 0) return 0;
  let best: number | null = null;
  for (let index = from; index < packages.length; index += 1) {
    const { credits: size, priceCents } = packages[index]!;
    if (size > amount) continue;
    const rest = tryAll(packages, amount - size, index);
    if (rest !== null && (best === null || rest + priceCents < best)) best = rest + priceCents;
  }
  return best;
}

const attempt = (more: Partial<Attempt>): Attempt =>
  ({ no: 1, kind: 'auto', status: 'succeeded', amountCents: 500, reservedAt: 0, ...more }) as Attempt;

describe('what a month has used', () => {
  const at = Date.UTC(2026, 2, 15);

  test('counts what is pending, unknown and refunded; not what failed, and no purchases', () => {
    const used = usedInMonth(
      [
        ...(
          [
            'reserved',
            'created',
            'confirming',
            'processing',
            'unknown',
            'requires_action',
            'mismatch',
          ] as const
        ).map((status) => attempt({ status, reservedAt: at })),
        attempt({ reservedAt: at, clawed: credits('500') }),
        attempt({ reservedAt: at, status: 'failed' }),
        attempt({ reservedAt: at, status: 'canceled' }),
        attempt({ reservedAt: at, kind: 'manual' }),
      ],
      at,
      'UTC',
      UTC_RULES,
    );
    expect(used).toBe(8 * 500);
  });

  test('begins and ends with the month of the account', () => {
    const late = Date.UTC(2026, 1, 28, 23, 30);
    const all = [attempt({ reservedAt: late })];
    expect(usedInMonth(all, at, 'UTC', zones)).toBe(0);
    expect(usedInMonth(all, at, 'Europe/Berlin', zones)).toBe(500);
    expect(usedInMonth(all, late, 'UTC', zones)).toBe(500);
  });
});

describe('the state is the first that applies', () => {
  const policy: TopupPolicy = {
    enabled: true,
    threshold: credits('100'),
    amount: credits('500'),
    limitCents: 1_000,
    strikes: 0,
    coolUntil: null,
    reason: null,
  };
  const card = { paymentMethod: 'pm_1', refused: false } as Card;
  const facts = {
    at: 1_000,
    available: credits('50'),
    debt: credits('0'),
    isClosed: false,
    priceCents: 500,
    usedCents: 0,
  };
  const wallet = (more: Partial<Wallet> = {}): Wallet => ({ policy, card, attempts: new Map(), ...more });
  const with_ = (each: Partial<Attempt>): Pick<Wallet, 'attempts'> => ({
    attempts: new Map([[1, attempt(each)]]),
  });

  test.each([
    ['off', { policy: null }, {}],
    ['off', { policy: { ...policy, enabled: false }, card: null }, {}],
    ['off', {}, { isClosed: true }],
    ['off', {}, { priceCents: null }],
    ['no_card', { card: null, ...with_({ status: 'requires_action' }) }, {}],
    ['no_card', { card: { ...card, refused: true } }, {}],
    [
      'needs_action',
      { ...with_({ status: 'requires_action' }), policy: { ...policy, coolUntil: 2_000 } },
      {},
    ],
    ['in_flight', { ...with_({ status: 'processing' }), policy: { ...policy, coolUntil: 2_000 } }, {}],
    ['in_flight', with_({ status: 'unknown', kind: 'manual' }), {}],
    ['due', with_({ status: 'processing', kind: 'manual' }), {}],
    ['cooling_down', { policy: { ...policy, coolUntil: 1_001 } }, { usedCents: 900 }],
    ['due', { policy: { ...policy, coolUntil: 1_000 } }, {}],
    ['limit_reached', {}, { usedCents: 501 }],
    ['limit_reached', {}, { usedCents: 501, available: credits('5000') }],
    ['due', {}, { usedCents: 500 }],
    ['due', {}, { available: credits('99.999999') }],
    ['ready', {}, { available: credits('100') }],
    ['due', {}, { available: credits('100'), debt: credits('0.000001') }],
  ] as const)('%s', (state, own, more) => {
    expect(topupState(wallet(own as Partial<Wallet>), { ...facts, ...more })).toBe(state);
  });
});
