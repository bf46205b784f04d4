/**
 * What an entry does: one row per (kind, from). Counters of lots and accounts are a projection of entries through this
 * table and nothing else; `verify` folds the same table over the stored entries.
 *
 * Source: contract 5.11.
 */
import { type Microcredits, micro } from './credits.ts';
import { LedgerError } from './errors.ts';
import type { EntryKind, Lot, Place } from './types.ts';

/** The counters of a lot that entries move. */
export type LotPlace = 'available' | 'held' | 'spent' | 'expired' | 'revoked';

interface Effect {
  readonly from: Place;
  readonly to: readonly Place[];
  /** What the account's debt does: −1 falls, +1 rises. */
  readonly debt: -1 | 0 | 1;
}

/** Every legal movement. A kind with two rows tells them apart by `from`. */
export const EFFECTS: Readonly<Record<EntryKind, readonly Effect[]>> = {
  granted: [{ from: 'issued', to: ['available'], debt: 0 }],
  held: [{ from: 'available', to: ['held'], debt: 0 }],
  returned: [{ from: 'held', to: ['available'], debt: 0 }],
  spent: [
    { from: 'available', to: ['spent'], debt: 0 },
    { from: 'held', to: ['spent'], debt: 0 },
  ],
  expired: [{ from: 'available', to: ['expired'], debt: 0 }],
  revoked: [{ from: 'available', to: ['revoked'], debt: 0 }],
  owed: [{ from: 'debt', to: ['spent', 'revoked'], debt: 1 }],
  repaid: [{ from: 'available', to: ['spent'], debt: -1 }],
};

/**
 * Finds the effect of a movement.
 * @throws LedgerError `integrity_failure` when no row allows it
 */
export function effectOf(kind: EntryKind, from: Place, to: Place): Effect {
  const effect = EFFECTS[kind]?.find((row) => row.from === from && row.to.includes(to));
  if (effect === undefined) {
    throw new LedgerError('integrity_failure', `no entry may be ${kind} from ${from} to ${to}`);
  }
  return effect;
}

const IN_LOT: ReadonlySet<Place> = new Set(['available', 'held', 'spent', 'expired', 'revoked']);

/** The account's counters that entries move. */
export interface Totals {
  readonly available: Microcredits;
  readonly held: Microcredits;
  readonly debt: Microcredits;
}

/** A movement before it has a number. */
export interface Movement {
  readonly kind: EntryKind;
  readonly from: Place;
  readonly to: Place;
  readonly amount: Microcredits;
}

/**
 * A lot after a movement.
 * @throws LedgerError `integrity_failure` when a counter would fall below zero
 */
export function moveInLot(lot: Lot, { from, to, amount }: Movement): Lot {
  const next = { ...lot };
  if (IN_LOT.has(from)) next[from as LotPlace] = micro(next[from as LotPlace] - amount);
  if (IN_LOT.has(to)) next[to as LotPlace] = micro(next[to as LotPlace] + amount);
  if (IN_LOT.has(from) && next[from as LotPlace] < 0) {
    throw new LedgerError('integrity_failure', `lot ${lot.no} would hold less than nothing in ${from}`);
  }
  return next;
}

/**
 * The account's totals after a movement.
 * @throws LedgerError `integrity_failure` when a total would fall below zero
 */
export function moveInTotals(totals: Totals, movement: Movement): Totals {
  const { kind, from, to, amount } = movement;
  const change = (place: Place): number => (to === place ? amount : 0) - (from === place ? amount : 0);
  const next = {
    available: micro(totals.available + change('available')),
    held: micro(totals.held + change('held')),
    debt: micro(totals.debt + effectOf(kind, from, to).debt * amount),
  };
  if (next.available < 0 || next.held < 0 || next.debt < 0) {
    throw new LedgerError('integrity_failure', 'the account would hold less than nothing', {
      details: { kind, from, to },
    });
  }
  return next;
}
