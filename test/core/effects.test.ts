import { describe, expect, test } from 'vitest';
import { type Microcredits, ZERO } from '../../src/core/credits.ts';
import { EFFECTS, effectOf, moveInLot, moveInTotals } from '../../src/core/effects.ts';
import type { EntryKind, Lot, Place } from '../../src/core/types.ts';

const micro = (amount: number): Microcredits => amount as Microcredits;
const PLACES: readonly Place[] = ['issued', 'available', 'held', 'spent', 'expired', 'revoked', 'debt'];
const IN_LOT = ['available', 'held', 'spent', 'expired', 'revoked'] as const;

// The table of contract 5.11 as text: a new movement must be written down twice.
const LEGAL = `
  granted  issued    available
  held     available held
  returned held      available
  spent    available spent
  spent    held      spent
  expired  available expired
  revoked  available revoked
  owed     debt      spent
  owed     debt      revoked
  repaid   available spent
`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/) as [EntryKind, Place, Place]);

const lot: Lot = {
  no: 1,
  source: 'promotional',
  priority: 50,
  grantedAt: 0,
  expiresAt: null,
  endedAt: null,
  endKind: null,
  cycle: null,
  cycleStart: null,
  granted: micro(50),
  available: micro(10),
  held: micro(10),
  spent: micro(10),
  expired: micro(10),
  revoked: micro(10),
  note: null,
};

describe('the effect of an entry', () => {
  test('these movements are legal, and no others', () => {
    for (const kind of Object.keys(EFFECTS) as EntryKind[]) {
      for (const from of PLACES) {
        for (const to of PLACES) {
          const isLegal = LEGAL.some((row) => row[0] === kind && row[1] === from && row[2] === to);
          const look = () => effectOf(kind, from, to);
          if (isLegal) expect(look().debt).toBe({ owed: 1, repaid: -1 }[kind as string] ?? 0);
          else
            expect(look, `${kind} ${from} ${to}`).toThrow(
              expect.objectContaining({ code: 'integrity_failure' }),
            );
        }
      }
    }
    expect(() => effectOf('minted' as EntryKind, 'issued', 'available')).toThrow('no entry may be minted');
  });

  test.each(LEGAL)('%s from %s to %s moves the amount once', (kind, from, to) => {
    const movement = { kind, from, to, amount: micro(4) };
    const after = moveInLot(lot, movement);
    for (const place of IN_LOT) {
      const change = (place === to ? 4 : 0) - (place === from ? 4 : 0);
      expect(after[place], place).toBe(lot[place] + change);
    }
    expect(after.granted).toBe(lot.granted);
    const totals = moveInTotals({ available: micro(10), held: micro(10), debt: micro(10) }, movement);
    expect(totals).toEqual({
      available: 10 + (to === 'available' ? 4 : 0) - (from === 'available' ? 4 : 0),
      held: 10 + (to === 'held' ? 4 : 0) - (from === 'held' ? 4 : 0),
      debt: 10 + (kind === 'owed' ? 4 : 0) - (kind === 'repaid' ? 4 : 0),
    });
  });

  test('a movement inside a lot keeps the sum of its places', () => {
    for (const [kind, from, to] of LEGAL.filter((row) => IN_LOT.includes(row[1] as never))) {
      const after = moveInLot(lot, { kind, from, to, amount: micro(7) });
      expect(IN_LOT.reduce((sum, place) => sum + after[place], 0)).toBe(lot.granted);
    }
  });

  test('nothing falls below zero', () => {
    const failure = expect.objectContaining({ code: 'integrity_failure' });
    const none = { available: ZERO, held: ZERO, debt: ZERO };
    const one = micro(1);
    expect(() =>
      moveInLot(lot, { kind: 'spent', from: 'available', to: 'spent', amount: micro(11) }),
    ).toThrow(failure);
    expect(() =>
      moveInLot(lot, { kind: 'returned', from: 'held', to: 'available', amount: micro(11) }),
    ).toThrow(failure);
    expect(() => moveInTotals(none, { kind: 'held', from: 'available', to: 'held', amount: one })).toThrow(
      failure,
    );
    expect(() => moveInTotals(none, { kind: 'spent', from: 'held', to: 'spent', amount: one })).toThrow(
      failure,
    );
    expect(() =>
      moveInTotals(
        { ...none, available: one },
        { kind: 'repaid', from: 'available', to: 'spent', amount: one },
      ),
    ).toThrow(failure);
  });
});
