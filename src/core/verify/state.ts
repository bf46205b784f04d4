/**
 * An account while its receipts are read: lots and holds that something can still happen to, totals, plan and times. What
 * is finished and equals its stored row is dropped at once, so that a long history needs no more memory than a short one.
 */
import { compareLots, hasEnded } from '../lots.ts';
import type { Account, HeldCall, HoldStatus, Instant, Lot, PlanState, Slice } from '../types.ts';
import type { ZoneRules } from '../zones.ts';
import type { CheckId, Faults } from './faults.ts';
import type { PriceHistory } from './prices.ts';
import type { AccountRow, HoldRow, LotRow } from './stored.ts';
import type { LedgerTotals } from './totals.ts';
import { RowNames } from './words.ts';

type Changing<Row> = { -readonly [Field in keyof Row]: Row[Field] };

/** A lot as the entries make it, beside its stored row. */
export interface AuditLot extends Changing<Lot> {
  readonly row: LotRow | null;
  /** True while it is in `payers`. */
  isPayer: boolean;
  /** True once it was said that it has ended with something left. */
  isReported: boolean;
}

/** A hold as the entries make it, beside its stored row. */
export interface AuditHold {
  readonly no: number;
  readonly amount: number;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly call: HeldCall | null;
  readonly slices: readonly Slice[];
  readonly row: HoldRow | null;
  status: HoldStatus;
  resolvedBy: number | null;
  isReported: boolean;
}

/** What an account is checked against. */
export interface AuditContext {
  readonly faults: Faults;
  readonly totals: LedgerTotals;
  readonly prices: PriceHistory;
  readonly zones: ZoneRules;
}

const NO_PLAN: PlanState = {
  plan: 'free',
  anchorAt: null,
  cycle: 0,
  cycleStart: null,
  cycleEnd: null,
  pendingPlan: null,
  pendingAt: null,
};

export class AuditState {
  readonly row: AccountRow;
  readonly context: AuditContext;
  readonly names: RowNames;
  readonly lots = new Map<number, AuditLot>();
  readonly holds = new Map<number, AuditHold>();
  /** Lots with something available or held, in burn order. */
  readonly payers: AuditLot[] = [];
  /** Starts of the periods that have their lot. */
  readonly periods = new Set<Instant>();
  available = 0;
  held = 0;
  debt = 0;
  plan: PlanState = NO_PLAN;
  closedAt: Instant | null = null;
  byok: Account['byok'] = {};
  lastAt: Instant;
  receiptSeq = 0;
  entrySeq = 0;
  /** Last entry that the last receipt says it has. */
  lastEntry = 0;
  hasWelcome = false;
  /** Lots that the receipt being read moved. */
  touched: AuditLot[] = [];
  /** Totals that have been found below zero. */
  readonly negative = new Set<'available' | 'held' | 'debt'>();
  /** How far the balances beside entries and receipts lie off the fold, by what was found already. */
  entryDrift = 0;
  receiptDrift = { available: 0, debt: 0 };
  /** Number of the last rate row that a booking shows the account to have seen. */
  ratesSeen = 0;
  /** No lot with something left ends, and no hold lapses, before this. */
  #quietUntil = Number.POSITIVE_INFINITY;
  /** Numbers of all lots there were, rising. */
  readonly #made: number[] = [];

  constructor(row: AccountRow, context: AuditContext) {
    this.row = row;
    this.context = context;
    this.names = new RowNames(row.account);
    this.lastAt = row.account.createdAt;
  }

  fault(check: CheckId, name: string, text: string): void {
    this.context.faults.add(check, `${name}: ${text}`);
  }

  /** Adds a lot with nothing in it yet. */
  addLot(lot: AuditLot): void {
    this.lots.set(lot.no, lot);
    this.#made.push(lot.no);
    this.addPayer(lot);
    this.watch(lot.expiresAt);
  }

  /** Puts a lot into its place in burn order. */
  addPayer(lot: AuditLot): void {
    if (lot.isPayer) return;
    lot.isPayer = true;
    let at = this.payers.length;
    while (at > 0 && compareLots(this.payers[at - 1]!, lot) > 0) at -= 1;
    this.payers.splice(at, 0, lot);
  }

  /** True when there was such a lot, also when it has been dropped since. */
  wasLot(no: number): boolean {
    let [low, high] = [0, this.#made.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#made[middle]! < no) low = middle + 1;
      else high = middle;
    }
    return this.#made[low] === no;
  }

  /** Takes a lot out of the burn order when nothing is left in it. */
  retire(lot: AuditLot): void {
    if (lot.available + lot.held !== 0 || !lot.isPayer) return;
    lot.isPayer = false;
    this.payers.splice(this.payers.indexOf(lot), 1);
  }

  addHold(hold: AuditHold): void {
    this.holds.set(hold.no, hold);
    // What reserves nothing need not be swept: no figure counts it.
    if (hold.amount > 0) this.watch(hold.expiresAt);
  }

  /** From this instant on the clock may have taken something. */
  watch(at: Instant | null): void {
    if (at !== null && at < this.#quietUntil) this.#quietUntil = at;
  }

  /** Calls back for what the clock has taken by an instant and no receipt has booked. */
  eachLapsed(at: Instant, lot: (lot: AuditLot) => void, hold: (hold: AuditHold) => void): void {
    if (at < this.#quietUntil) return;
    this.#quietUntil = Number.POSITIVE_INFINITY;
    for (const each of this.payers) {
      if (each.available > 0 && hasEnded(each, at)) lot(each);
      else if (each.expiresAt !== null && each.expiresAt > at) this.watch(each.expiresAt);
    }
    for (const each of this.holds.values()) {
      if (each.status !== 'open' || each.amount === 0) continue;
      if (each.expiresAt <= at) hold(each);
      else this.watch(each.expiresAt);
    }
  }
}

/** What lots in burn order pay up to an amount. */
export function takeFrom(
  payers: readonly AuditLot[],
  amount: number,
  at: Instant,
): { slices: Slice[]; short: number } {
  const slices: Slice[] = [];
  let short = amount;
  for (const lot of payers) {
    if (short <= 0) break;
    if (lot.available <= 0 || lot.grantedAt > at || hasEnded(lot, at)) continue;
    const part = Math.min(lot.available, short) as Slice['amount'];
    slices.push({ lot: lot.no, amount: part });
    short -= part;
  }
  return { slices, short };
}
