/**
 * Auto top-up as arithmetic: which packages make up an amount for the least money, what the month has used, and the state
 * in which a policy is. Changes nothing.
 *
 * Source: contract 6 (`topup`), 9.
 */
import type { PackageRow } from './catalogue.ts';
import { formatCredits, type Microcredits, ZERO } from './credits.ts';
import { localMonth } from './cycles.ts';
import { invalid } from './errors.ts';
import type { Instant } from './types.ts';
import { ACTIVE, type Attempt, isUnheard, type Wallet } from './wallet.ts';
import type { ZoneRules } from './zones.ts';

/** Packages that make up an amount, and what they cost together. */
export interface Purchase {
  readonly credits: Microcredits;
  readonly priceCents: number;
  /** Largest package first; each count at least 1. */
  readonly parts: readonly { readonly id: string; readonly count: number }[];
}

/** Steps of the table: an amount is counted in the largest unit of which all packages are made. */
const MOST_STEPS = 2_000_000;

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/**
 * The mix of packages that makes up an amount exactly for the least money; of several, one with the fewest packages.
 * @param packages on sale, any order
 * @returns undefined when no mix makes up the amount
 * @throws LedgerError `invalid_argument` when the packages are so fine that the exact answer is out of reach
 */
export function cheapestMix(packages: readonly PackageRow[], amount: Microcredits): Purchase | undefined {
  const usable = packages.filter((row) => row.credits <= amount).sort((a, b) => b.credits - a.credits);
  if (usable.length === 0 || amount <= 0) return undefined;
  const unit = usable.reduce((all, row) => gcd(all, row.credits), 0);
  if (amount % unit !== 0) return undefined;
  const sizes = usable.map((row) => row.credits / unit);
  const total = amount / unit;
  const { base, times } = certain(usable, sizes, total);
  const counts = table(usable, sizes, total - times * sizes[base]!);
  if (counts === undefined) return undefined;
  counts[base]! += times;
  const priceCents = counts.reduce((sum, count, index) => sum + count * usable[index]!.priceCents, 0);
  const parts = usable.flatMap(({ id }, index) =>
    counts[index]! > 0 ? [{ id, count: counts[index]! }] : [],
  );
  return { credits: amount, priceCents, parts };
}

/**
 * How many of the package with the best price per credit are in some cheapest mix for certain. Of any as many others as
 * that package has units, some together make up a whole number of it (pigeonhole), and are dearer or equal.
 */
function certain(
  packages: readonly PackageRow[],
  sizes: readonly number[],
  total: number,
): { base: number; times: number } {
  let base = 0;
  for (const [index, row] of packages.entries()) {
    const best = packages[base]!;
    if (BigInt(row.priceCents) * BigInt(best.credits) < BigInt(best.priceCents) * BigInt(row.credits))
      base = index;
  }
  if (total <= MOST_STEPS) return { base, times: 0 };
  const others = (sizes[base]! - 1) * Math.max(0, ...sizes.filter((_, index) => index !== base));
  return { base, times: Math.max(0, Math.floor((total - others) / sizes[base]!)) };
}

/** The exact dynamic programme over every amount up to the total. @returns how many of each; undefined: none fits */
function table(
  packages: readonly PackageRow[],
  sizes: readonly number[],
  total: number,
): number[] | undefined {
  if (total > MOST_STEPS) {
    throw invalid('the amount is too large for packages as fine as these', 'choose a smaller amount');
  }
  const price = new Float64Array(total + 1).fill(Number.POSITIVE_INFINITY);
  const pieces = new Float64Array(total + 1);
  const chosen = new Int32Array(total + 1).fill(-1);
  price[0] = 0;
  for (let at = 1; at <= total; at += 1) {
    for (const [index, size] of sizes.entries()) {
      if (size > at || price[at - size] === Number.POSITIVE_INFINITY) continue;
      const cost = price[at - size]! + packages[index]!.priceCents;
      const count = pieces[at - size]! + 1;
      if (cost > price[at]! || (cost === price[at]! && count >= pieces[at]!)) continue;
      price[at] = cost;
      pieces[at] = count;
      chosen[at] = index;
    }
  }
  if (price[total] === Number.POSITIVE_INFINITY) return undefined;
  const counts = packages.map(() => 0);
  for (let at = total; at > 0; at -= sizes[chosen[at]!]!) counts[chosen[at]!]! += 1;
  return counts;
}

/**
 * The purchase for an amount.
 * @throws LedgerError `invalid_argument` when it is no sum of packages
 */
export function requireMix(packages: readonly PackageRow[], amount: Microcredits): Purchase {
  const mix = cheapestMix(packages, amount);
  if (mix !== undefined) return mix;
  const names = packages.map((row) => formatCredits(row.credits));
  throw invalid(
    `${formatCredits(amount)} credits are no sum of packages`,
    names.length === 0 ? 'no package is on sale' : `packages on sale: ${names.join(', ')}`,
    { packages: packages.map((row) => row.credits / 1_000_000) },
  );
}

/** `1×2000 + 1×500`, as attempts store it. */
export const mixText = ({ parts }: Purchase): string =>
  parts.map(({ id, count }) => `${count}×${id}`).join(' + ');

/** True for what counts against the month's limit: pending and unknown ones too, refunded ones still. */
const counts = (attempt: Attempt): boolean =>
  attempt.kind === 'auto' && attempt.status !== 'failed' && attempt.status !== 'canceled';

/**
 * What auto top-up has used of the calendar month in which an instant lies, minor units.
 * Source: contract 9 (counted at the moment of reservation; manual purchases do not count).
 */
export function usedInMonth(
  attempts: Iterable<Attempt>,
  at: Instant,
  zone: string,
  zones: ZoneRules,
): number {
  const month = localMonth(at, zone, zones);
  let used = 0;
  for (const attempt of attempts) {
    if (counts(attempt) && localMonth(attempt.reservedAt, zone, zones) === month) used += attempt.amountCents;
  }
  return used;
}

export type TopupState =
  | 'off'
  | 'no_card'
  | 'needs_action'
  | 'in_flight'
  | 'cooling_down'
  | 'limit_reached'
  | 'due'
  | 'ready';

/** What the state of a policy depends on. */
export interface TopupFacts {
  readonly at: Instant;
  /** Available now, holds counted. */
  readonly available: Microcredits;
  readonly debt: Microcredits;
  readonly isClosed: boolean;
  /** Price of the next purchase; null: its amount is no sum of packages any more. */
  readonly priceCents: number | null;
  readonly usedCents: number;
  /** A period of a subscription has ended and its invoice is awaited. */
  readonly isRenewing?: boolean;
}

/** True when an account wants a top-up: strictly below the threshold, or in debt. */
export const isBelow = (
  threshold: Microcredits,
  { available, debt }: Pick<TopupFacts, 'available' | 'debt'>,
): boolean => debt > ZERO || available < threshold;

/** The state of auto top-up: the first that applies in the contract's order. */
export function topupState({ policy, card, attempts }: Wallet, facts: TopupFacts): TopupState {
  if (policy === null || !policy.enabled || facts.isClosed || facts.priceCents === null) return 'off';
  if (card === null || card.paymentMethod === null || card.refused) return 'no_card';
  const active = [...attempts.values()].filter((attempt) => ACTIVE.has(attempt.status));
  const automatic = active.filter((attempt) => attempt.kind === 'auto');
  if (automatic.some((attempt) => attempt.status === 'requires_action')) return 'needs_action';
  // An unknown outcome blocks whatever it was for: it may have been paid.
  if (automatic.length > 0 || active.some(isUnheard)) return 'in_flight';
  if (facts.isRenewing === true) return 'in_flight';
  if (policy.coolUntil !== null && facts.at < policy.coolUntil) return 'cooling_down';
  if (policy.limitCents !== null && facts.usedCents + facts.priceCents > policy.limitCents)
    return 'limit_reached';
  return isBelow(policy.threshold, facts) ? 'due' : 'ready';
}
