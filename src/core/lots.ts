/**
 * Which lots pay, and until when a lot may. Pure arithmetic over lots; nothing here changes one.
 * Source: contract 1 (half-open life spans), 5.1 (burn order), 5.2, 5.4 (the first end of a lot wins).
 */
import { least, type Microcredits, micro, subtract, toJsonCredits, ZERO } from './credits.ts';
import { LedgerError } from './errors.ts';
import { SOURCES } from './sources.ts';
import type { Instant, Lot, LotEnd, Slice } from './types.ts';

/** How and when a lot ends: its own expiry or an earlier end by an operator or plan change; null for never. */
export function endOf(lot: Lot): { at: Instant; kind: LotEnd } | null {
  const own = lot.expiresAt === null ? null : { at: lot.expiresAt, kind: 'expired' as const };
  if (lot.endedAt === null) return own;
  if (own !== null && own.at <= lot.endedAt) return own;
  return { at: lot.endedAt, kind: lot.endKind ?? 'expired' };
}

/** True once the lot is gone at an instant: half-open, so at its very end it is gone. */
export function hasEnded(lot: Lot, at: Instant): boolean {
  return (lot.expiresAt !== null && lot.expiresAt <= at) || (lot.endedAt !== null && lot.endedAt <= at);
}

/** True while `grantedAt <= at` and the lot has not ended. */
export const isSpendable = (lot: Lot, at: Instant): boolean => lot.grantedAt <= at && !hasEnded(lot, at);

/**
 * Burn order, total: priority, then earlier expiry (never last), then free before paid, then older, then number.
 * Source: contract 5.1. Instants are compared, never subtracted: never-expiring would give NaN.
 */
export function compareLots(a: Lot, b: Lot): number {
  if (a.priority !== b.priority) return a.priority < b.priority ? -1 : 1;
  const aEnd = a.expiresAt ?? Number.POSITIVE_INFINITY;
  const bEnd = b.expiresAt ?? Number.POSITIVE_INFINITY;
  if (aEnd !== bEnd) return aEnd < bEnd ? -1 : 1;
  const aPaid = SOURCES[a.source].paid;
  if (aPaid !== SOURCES[b.source].paid) return aPaid ? 1 : -1;
  if (a.grantedAt !== b.grantedAt) return a.grantedAt < b.grantedAt ? -1 : 1;
  return a.no - b.no;
}

/** Sum of what is left in spendable lots, microcredits. */
export function availableIn(lots: Iterable<Lot>, at: Instant): Microcredits {
  let sum = 0;
  for (const lot of lots) if (isSpendable(lot, at)) sum += lot.available;
  return micro(sum);
}

/**
 * Chooses the lots that pay up to an amount, in burn order; takes less when there is less.
 * @param lots any order, may be empty; a lot counts while it is spendable
 * @param amount microcredits, 0 or more
 * @returns slices in burn order, one per lot, each > 0, and what no lot covers
 */
export function takeUpTo(
  lots: Iterable<Lot>,
  amount: Microcredits,
  at: Instant,
): { slices: Slice[]; short: Microcredits } {
  const payers = [...lots].filter((lot) => lot.available > 0 && isSpendable(lot, at));
  if (payers.length > 1) payers.sort(compareLots);
  const slices: Slice[] = [];
  let short = amount;
  for (const lot of payers) {
    if (short === 0) break;
    const part = least(lot.available, short);
    slices.push({ lot: lot.no, amount: part });
    short = subtract(short, part);
  }
  return { slices, short };
}

/**
 * Chooses the lots that pay for an amount; changes nothing.
 * @param lots any order, may be empty; `available` in microcredits; a lot counts while `grantedAt <= at < end`
 * @param amount microcredits, 0 or more
 * @returns slices in burn order, one per lot, each > 0, together exactly `amount`
 * @throws LedgerError `insufficient_credits` with `{ needed, available }` in credits
 * Source: contract 5.1 (burn order), 5.2 (refused whole).
 */
export function selectLots(lots: Iterable<Lot>, amount: Microcredits, at: Instant): Slice[] {
  const all = [...lots];
  const { slices, short } = takeUpTo(all, amount, at);
  if (short > ZERO) {
    const available = availableIn(all, at);
    throw new LedgerError('insufficient_credits', 'the credits do not suffice', {
      hint: 'see `credits balance`; add credits with `credits grant` or `credits buy`',
      details: { needed: toJsonCredits(amount), available: toJsonCredits(available) },
    });
  }
  return slices;
}
