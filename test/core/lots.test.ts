import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Microcredits, ZERO } from '../../src/core/credits.ts';
import {
  availableIn,
  compareLots,
  endOf,
  hasEnded,
  isSpendable,
  selectLots,
  takeUpTo,
} from '../../src/core/lots.ts';
import type { Lot } from '../../src/core/types.ts';

const micro = (amount: number): Microcredits => amount as Microcredits;

function lot(no: number, facts: Partial<Lot> = {}): Lot {
  const available = facts.available ?? micro(10);
  return {
    no,
    source: 'promotional',
    priority: 50,
    grantedAt: 0,
    expiresAt: null,
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
    ...facts,
  };
}

/** Many equal facts, so that every later criterion gets its turn. */
const lotArb = fc
  .record({
    source: fc.constantFrom('welcome', 'monthly', 'purchased', 'promotional'),
    priority: fc.constantFrom(0, 50, 50, 100),
    grantedAt: fc.constantFrom(0, 1, 2),
    expiresAt: fc.constantFrom(null, null, 10, 20),
    available: fc.integer({ min: 0, max: 20 }).map(micro),
  })
  .map((facts) => facts satisfies Partial<Lot>);

const lotsArb = fc
  .array(lotArb, { maxLength: 12 })
  .map((facts) => facts.map((each, no) => lot(no + 1, each)));
const shuffled = <Row>(rows: readonly Row[]) => fc.shuffledSubarray([...rows], { minLength: rows.length });

describe('burn order', () => {
  test('is decided by one criterion after the other', () => {
    const first = lot(1);
    const pairs: [Partial<Lot>, Partial<Lot>][] = [
      [
        { priority: 1, expiresAt: null, source: 'purchased', grantedAt: 9 },
        { priority: 2, expiresAt: 5 },
      ],
      [{ expiresAt: 5, source: 'purchased', grantedAt: 9 }, { expiresAt: 6 }],
      [{ expiresAt: 5, source: 'purchased', grantedAt: 9 }, { expiresAt: null }],
      [{ source: 'monthly', grantedAt: 9 }, { source: 'purchased' }],
      [{ source: 'welcome', grantedAt: 9 }, { source: 'purchased' }],
      [
        { source: 'promotional', grantedAt: 1 },
        { source: 'monthly', grantedAt: 2 },
      ],
    ];
    for (const [before, after] of pairs) {
      const [a, b] = [lot(2, before), lot(1, after)];
      expect(compareLots(a, b), JSON.stringify([before, after])).toBeLessThan(0);
      expect(compareLots(b, a)).toBeGreaterThan(0);
    }
    expect(compareLots(first, lot(2))).toBeLessThan(0);
    expect(compareLots(first, first)).toBe(0);
  });

  test('is total: of two lots one burns first, and the order is transitive', () => {
    fc.assert(
      fc.property(lotArb, lotArb, lotArb, (x, y, z) => {
        const [a, b, c] = [lot(1, x), lot(2, y), lot(3, z)];
        const sign = (one: Lot, other: Lot) => Math.sign(compareLots(one, other));
        expect(sign(a, b)).toBe(-sign(b, a));
        expect(sign(a, b)).not.toBe(0);
        if (sign(a, b) < 0 && sign(b, c) < 0) expect(sign(a, c)).toBe(-1);
      }),
      { seed: 21, numRuns: 2_000 },
    );
  });
});

describe('choosing lots', () => {
  test('does not depend on the order in which they are given', () => {
    fc.assert(
      fc.property(
        lotsArb.chain((lots) => fc.tuple(fc.constant(lots), shuffled(lots))),
        fc.nat({ max: 250 }).map(micro),
        fc.constantFrom(2, 5, 9, 10, 19, 20),
        ([lots, mixed], amount, at) => {
          expect(takeUpTo(mixed, amount, at)).toEqual(takeUpTo(lots, amount, at));
        },
      ),
      { seed: 22, numRuns: 1_000 },
    );
  });

  test('takes exactly the amount, from each lot at most what it has, one slice a lot, in burn order', () => {
    fc.assert(
      fc.property(
        lotsArb,
        fc.nat({ max: 250 }).map(micro),
        fc.constantFrom(2, 10, 20),
        (lots, amount, at) => {
          const { slices, short } = takeUpTo(lots, amount, at);
          const taken = slices.reduce((sum, slice) => sum + slice.amount, 0);
          expect(taken + short).toBe(amount);
          if (short > 0) expect(taken).toBe(availableIn(lots, at));
          const owners = slices.map((slice) => lots.find(({ no }) => no === slice.lot)!);
          expect(new Set(owners).size).toBe(slices.length);
          for (const [index, owner] of owners.entries()) {
            expect(isSpendable(owner, at)).toBe(true);
            expect(slices[index]!.amount).toBeGreaterThan(0);
            expect(slices[index]!.amount).toBeLessThanOrEqual(owner.available);
            // Only the last lot touched may keep something.
            if (index < slices.length - 1) expect(slices[index]!.amount).toBe(owner.available);
            for (const other of lots) {
              const passedOver = isSpendable(other, at) && other.available > 0 && !owners.includes(other);
              if (passedOver) expect(compareLots(owner, other)).toBeLessThan(0);
            }
          }
        },
      ),
      { seed: 23, numRuns: 1_000 },
    );
  });

  test('leaves the lots as they were', () => {
    const lots = Object.freeze([lot(2), lot(1)].map((each) => Object.freeze(each)));
    expect(selectLots(lots, micro(15), 5)).toEqual([
      { lot: 1, amount: 10 },
      { lot: 2, amount: 5 },
    ]);
  });

  test('refuses what does not fit, whole, and says what there is', () => {
    expect(() => selectLots([lot(1), lot(2, { expiresAt: 5 })], micro(11), 5)).toThrow(
      expect.objectContaining({
        code: 'insufficient_credits',
        details: { needed: 0.000011, available: 0.00001 },
      }),
    );
    expect(selectLots([], ZERO, 5)).toEqual([]);
    expect(() => selectLots([], micro(1), 5)).toThrow(
      expect.objectContaining({ code: 'insufficient_credits' }),
    );
  });
});

describe('the life of a lot', () => {
  test('is half-open', () => {
    const one = lot(1, { grantedAt: 5, expiresAt: 10 });
    expect([4, 5, 9, 10, 11].map((at) => isSpendable(one, at))).toEqual([false, true, true, false, false]);
    expect([9, 10].map((at) => hasEnded(one, at))).toEqual([false, true]);
    expect(hasEnded(lot(1), Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  test('ends once: the first end wins, its own expiry on a tie', () => {
    expect(endOf(lot(1))).toBeNull();
    expect(endOf(lot(1, { expiresAt: 10 }))).toEqual({ at: 10, kind: 'expired' });
    expect(endOf(lot(1, { endedAt: 7, endKind: 'revoked' }))).toEqual({ at: 7, kind: 'revoked' });
    expect(endOf(lot(1, { expiresAt: 10, endedAt: 7, endKind: 'revoked' }))).toEqual({
      at: 7,
      kind: 'revoked',
    });
    expect(endOf(lot(1, { expiresAt: 10, endedAt: 10, endKind: 'revoked' }))).toEqual({
      at: 10,
      kind: 'expired',
    });
    expect(endOf(lot(1, { expiresAt: 10, endedAt: 12, endKind: 'revoked' }))).toEqual({
      at: 10,
      kind: 'expired',
    });
    expect(hasEnded(lot(1, { expiresAt: 10, endedAt: 7, endKind: 'expired' }), 7)).toBe(true);
  });
});
