/**
 * When a balance runs out if it goes on like this, and what will expire unspent: the account played forward day by day at
 * an even rate, in burn order, with expiries, cycle grants and the pending plan change where the clock puts them. Grants by
 * hand, purchases and top-ups to come are nobody's to foresee; what open holds reserve counts as spent.
 *
 * Source: contract 5.1 (burn order), 5.5, 5.6 (debt), 5.8, 5.9; 6 (`forecast`).
 */
import { add, least, type Microcredits, micro, subtract, ZERO } from './credits.ts';
import { type LocalSpan, localSpans } from './local-spans.ts';
import { compareLots, endOf } from './lots.ts';
import { type Cycle, cycleOf, nextBoundary, type PlanContext } from './plans.ts';
import { DEFAULT_PRIORITY } from './sources.ts';
import { DAY_MS, MAX_INSTANT } from './time.ts';
import type { AccountState, Instant, Lot, Source } from './types.ts';

/** How far it looks: ten years. */
export const HORIZON_DAYS = 3_653;

/** What of a lot will be left when it expires. */
export interface Unspent {
  /** null: of the running cycle's credits, which are due but not booked. */
  readonly lot: number | null;
  readonly source: Source;
  readonly amount: Microcredits;
  readonly at: Instant;
}

export interface Forecast {
  /** Start of the first local day on which nothing is left to spend; null: none up to the horizon, or nothing burns. */
  readonly runsOutAt: Instant | null;
  /** The running cycle's credits are due but not booked; they count from the beginning. */
  readonly cycleDue: boolean;
  /** Of the lots there are and of the cycle that is due, by time, then in burn order. */
  readonly unspent: readonly Unspent[];
}

/**
 * Plays an account forward.
 * @param state with every lot that has not ended, and the clock applied to `at`
 * @param at epoch ms
 * @param perDay microcredits a local day, spread evenly over its length; 0: nothing burns
 */
export function forecast(
  state: AccountState,
  at: Instant,
  perDay: Microcredits,
  context: PlanContext,
): Forecast {
  return new Play(state, at, perDay, context).run();
}

/** A lot on its way: booked, or of the running cycle and due, or of a cycle to come; the last two have no number yet. */
interface Purse {
  readonly lot: Lot;
  readonly kind: 'booked' | 'due' | 'coming';
  left: Microcredits;
}

class Play {
  readonly #state: AccountState;
  readonly #at: Instant;
  readonly #perDay: Microcredits;
  readonly #context: PlanContext;
  readonly #unspent: Unspent[] = [];
  /** In burn order. */
  #purses: Purse[];
  #debt: Microcredits;
  /** When the next cycle starts; null: there is none. */
  #boundary: Instant | null = null;
  #runsOutAt: Instant | null = null;

  constructor(state: AccountState, at: Instant, perDay: Microcredits, context: PlanContext) {
    this.#state = state;
    this.#at = at;
    this.#perDay = state.account.closedAt === null ? perDay : ZERO;
    this.#context = context;
    this.#debt = state.account.debt;
    this.#purses = [...state.lots.values()]
      .filter((lot) => lot.available > ZERO)
      .map((lot): Purse => ({ lot, kind: 'booked', left: lot.available }))
      .sort((a, b) => compareLots(a.lot, b.lot));
  }

  run(): Forecast {
    const { account } = this.#state;
    const horizonAt = Math.min(this.#at + HORIZON_DAYS * DAY_MS, MAX_INSTANT);
    const running = account.closedAt === null ? cycleOf(account, this.#at, this.#context) : null;
    if (running?.granted === false) this.#grant(running, 'due');
    this.#boundary = running?.end ?? this.#nextBoundary(this.#at);
    const zone = { name: account.zone, rules: this.#context.zones };
    for (const day of localSpans({ since: this.#at, until: horizonAt }, 'day', zone)) {
      this.#day(day);
      if (this.#isOver) break;
    }
    return {
      runsOutAt: this.#runsOutAt,
      cycleDue: running?.granted === false,
      unspent: this.#unspent,
    };
  }

  /** Nothing more can be found out. */
  get #isOver(): boolean {
    const hasRunOut = this.#runsOutAt !== null || this.#perDay === ZERO;
    return hasRunOut && !this.#purses.some(({ lot, kind }) => kind !== 'coming' && endOf(lot) !== null);
  }

  #day(day: LocalSpan): void {
    let from = day.since;
    while (from < day.until) {
      this.#expire(from);
      this.#enterCycle(from);
      const to = Math.min(day.until, this.#nextEvent(from));
      this.#burn(subtract(this.#burnt(day, to), this.#burnt(day, from)), day);
      from = to;
    }
  }

  /** What has burnt of a day by an instant of it: whole microcredits, the day's rate at its end. */
  #burnt({ start, end }: LocalSpan, at: Instant): Microcredits {
    return micro(Number((BigInt(this.#perDay) * BigInt(at - start)) / BigInt(end - start)));
  }

  #nextEvent(after: Instant): Instant {
    const ends = this.#purses.map(({ lot }) => endOf(lot)?.at ?? Number.POSITIVE_INFINITY);
    const events = [...ends, this.#boundary ?? Number.POSITIVE_INFINITY];
    return Math.min(...events.filter((at) => at > after));
  }

  #expire(at: Instant): void {
    const hasEnded = ({ lot }: Purse): boolean => {
      const end = endOf(lot);
      return end !== null && end.at <= at;
    };
    for (const { lot, kind, left } of this.#purses.filter(hasEnded)) {
      if (kind === 'coming') continue;
      const no = kind === 'booked' ? lot.no : null;
      this.#unspent.push({ lot: no, source: lot.source, amount: left, at: endOf(lot)!.at });
    }
    this.#purses = this.#purses.filter((purse) => !hasEnded(purse));
  }

  #enterCycle(at: Instant): void {
    if (this.#boundary === null || at < this.#boundary) return;
    const cycle = cycleOf(this.#state.account, at, this.#context);
    if (cycle !== null) this.#grant(cycle, 'coming');
    this.#boundary = cycle?.end ?? this.#nextBoundary(at);
  }

  /** A period without credits is followed by one that may have some. */
  #nextBoundary(at: Instant): Instant | null {
    const { account } = this.#state;
    return account.closedAt === null ? nextBoundary(account, at, this.#context) : null;
  }

  /** A cycle's credits: they repay the debt first. */
  #grant({ plan, start, end }: Cycle, kind: 'due' | 'coming'): void {
    const repaid = least(this.#debt, plan.monthly);
    this.#debt = subtract(this.#debt, repaid);
    const lot: Lot = {
      // Behind every real lot, for the last word of the burn order.
      no: Number.MAX_SAFE_INTEGER,
      source: 'monthly',
      priority: DEFAULT_PRIORITY,
      grantedAt: start,
      expiresAt: end,
      endedAt: null,
      endKind: null,
      cycle: null,
      cycleStart: start,
      granted: plan.monthly,
      available: plan.monthly,
      held: ZERO,
      spent: ZERO,
      expired: ZERO,
      revoked: ZERO,
      note: null,
    };
    this.#purses.push({ lot, kind, left: subtract(plan.monthly, repaid) });
    this.#purses.sort((a, b) => compareLots(a.lot, b.lot));
  }

  /** Takes in burn order; in debt nothing can be spent, whatever there is. */
  #burn(amount: Microcredits, day: LocalSpan): void {
    if (this.#perDay === ZERO) return;
    const left = this.#purses.reduce((sum, purse) => add(sum, purse.left), ZERO);
    if (this.#debt > ZERO || left < amount) this.#runsOutAt ??= day.start;
    if (this.#debt > ZERO) return;
    let wanted = amount;
    for (const purse of this.#purses) {
      const part = least(purse.left, wanted);
      purse.left = subtract(purse.left, part);
      wanted = subtract(wanted, part);
    }
    this.#purses = this.#purses.filter((purse) => purse.left > ZERO);
  }
}
