/**
 * A second model of an account, naive on purpose: it keeps what happened as lists of facts and computes every number
 * from them whenever it is asked. There are no counters, no entries and no sweep: what a lot has left at an instant follows
 * from what was taken of it, which holds are open then, and when it ended. Shares no code with the ledger.
 */
import { naiveBoundary } from './naive-calendar.ts';
import type { NaiveAnswer, NaiveCall, NaivePlan, NaivePrices, NaiveRate, NaiveStep } from './naive-steps.ts';

interface Lot {
  source: string;
  priority: number;
  grantedAt: number;
  until: number | null;
  granted: bigint;
  ends: { at: number; how: 'expired' | 'revoked' }[];
}

interface Hold {
  slices: { lot: number; amount: bigint }[];
  from: number;
  until: number;
  outcome: 'settled' | 'released' | null;
  call: { model: string; rate: NaiveRate | null; byok: boolean } | null;
}

interface Facts {
  lots: Lot[];
  holds: Hold[];
  takes: { lot: number; amount: bigint }[];
  debts: bigint[];
  plan: string;
  anchor: number | null;
  cycle: { start: number; end: number } | null;
  next: { plan: string; at: number } | null;
  closed: boolean;
  byok: Record<string, true>;
}

const copy = (facts: Facts): Facts => ({
  ...facts,
  lots: facts.lots.map((lot) => ({ ...lot, ends: [...lot.ends] })),
  holds: facts.holds.map((hold) => ({ ...hold })),
  takes: [...facts.takes],
  debts: [...facts.debts],
  byok: { ...facts.byok },
});

class Refusal {
  readonly answer: NaiveAnswer;

  constructor(answer: NaiveAnswer) {
    this.answer = answer;
  }
}

const refuse = (refused: string, facts: NaiveAnswer = {}): never => {
  throw new Refusal({ ...facts, refused });
};

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((all, amount) => all + amount, 0n);
function ofLot(index: number, parts: readonly { lot: number; amount: bigint }[]): bigint {
  let all = 0n;
  for (const { lot, amount } of parts) if (lot === index) all += amount;
  return all;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const wide = (value: number): string => String(value).padStart(20, '0');
const CAP = 8_000_000_000_000_000n;

/** Tokens times rate, rounded up once: every rate as a whole number of 10^-20 credits per 1K. */
function costOf(
  [input, output]: readonly [string, string],
  tokens: { input: number; output: number },
): bigint {
  const tiny = (text: string): bigint => {
    const [whole, fraction = ''] = text.split('.');
    return BigInt(`${whole}${fraction.padEnd(20, '0')}`);
  };
  const exact = (tiny(input) * BigInt(tokens.input) + tiny(output) * BigInt(tokens.output)) * 1000n;
  const one = 10n ** 20n;
  return exact / one + (exact % one > 0n ? 1n : 0n);
}

export class NaiveAccount {
  readonly #prices: NaivePrices;
  readonly #zone: string;
  #facts: Facts;
  /** Time of the last booking. */
  last: number;

  constructor(prices: NaivePrices, zone: string, plan: string, anchor: number, now: number) {
    this.#prices = prices;
    this.#zone = zone;
    this.last = now;
    this.#facts = {
      lots: [],
      holds: [],
      takes: [],
      debts: [],
      plan,
      anchor: null,
      cycle: null,
      next: null,
      closed: false,
      byok: {},
    };
    this.#add({ source: 'welcome', amount: 50_000_000n, until: null, priority: 50 }, now);
    const row = this.#row(plan, now)!;
    if (row.monthly === 0n) return;
    let n = 0;
    while (naiveBoundary(anchor, n + 1, zone) <= now) n += 1;
    this.#enter(anchor, n, plan, row.monthly, now);
  }

  // What there is at an instant.

  #status(hold: Hold, t: number): 'open' | 'settled' | 'released' | 'lapsed' {
    return hold.outcome ?? (t < hold.until ? 'open' : 'lapsed');
  }

  #end(lot: Lot): { at: number; how: 'expired' | 'revoked' } | undefined {
    const own = lot.until === null ? [] : [{ at: lot.until, how: 'expired' as const }];
    return [...own, ...lot.ends].sort((a, b) => a.at - b.at)[0];
  }

  /** What open holds reserve at an instant. */
  #reserved(t: number): { lot: number; amount: bigint }[] {
    return this.#facts.holds.flatMap((hold) => (this.#status(hold, t) === 'open' ? hold.slices : []));
  }

  #lot(index: number, t: number, reserved = this.#reserved(t)) {
    const lot = this.#facts.lots[index]!;
    const held = ofLot(index, reserved);
    const spent = ofLot(index, this.#facts.takes);
    const rest = lot.granted - held - spent;
    const end = this.#end(lot);
    const ended = end !== undefined && end.at <= t ? end.how : null;
    return {
      source: lot.source,
      priority: lot.priority,
      until: lot.until,
      granted: lot.granted,
      available: ended === null ? rest : 0n,
      held,
      spent,
      expired: ended === 'expired' ? rest : 0n,
      revoked: ended === 'revoked' ? rest : 0n,
    };
  }

  /** Everything at an instant. */
  see(t: number) {
    const { lots, holds, debts, plan, cycle, next, closed } = this.#facts;
    const reserved = this.#reserved(t);
    const all = lots.map((_, index) => this.#lot(index, t, reserved));
    return {
      available: sum(all.map(({ available }) => available)),
      held: sum(all.map(({ held }) => held)),
      debt: sum(debts),
      lots: all,
      holds: holds.map((hold) => this.#status(hold, t)),
      plan,
      cycle,
      next,
      closed,
    };
  }

  /** Instants after which something is different. */
  instants(): number[] {
    const { lots, holds, cycle } = this.#facts;
    const lives = [...lots.map(({ until }) => until), ...holds.map(({ until }) => until), cycle?.end ?? null];
    const rows = [...this.#prices.plans, ...this.#prices.rates].map(({ from }) => from);
    return [...lives, ...rows].filter((at): at is number => at !== null);
  }

  held(hold: number): bigint {
    return sum((this.#facts.holds[hold]?.slices ?? []).map(({ amount }) => amount));
  }

  // What may happen.

  /** Carries a step out at max(now, the last booking's time); a refusal leaves everything as it was. */
  run(step: NaiveStep, now: number): NaiveAnswer {
    const t = Math.max(now, this.last);
    const before = this.see(this.last);
    const swept = this.see(t);
    const lapsed = swept.holds.flatMap((status, index) => (before.holds[index] === status ? [] : [index]));
    const expired = sum(swept.lots.map((lot, index) => lot.expired - before.lots[index]!.expired));
    const ended = swept.lots.some((lot, index) => lot.available < before.lots[index]!.available);
    const moved = lapsed.length > 0 || ended;
    const kept = this.#facts;
    this.#facts = copy(kept);
    try {
      const { booked, ...answer } = this.#carryOut(step, t);
      if (booked || moved) this.last = t;
      if (answer.change === null && moved) {
        const { plan } = this.#facts;
        const isOver = step.do === 'cycle' && step.part !== 'expire' && t >= (this.#facts.cycle?.end ?? t);
        const cycle = isOver ? null : this.#facts.cycle;
        const change = { plan, start: cycle?.start ?? null, end: cycle?.end ?? null, granted: 0n, missed: 0 };
        return { ...answer, expired, lapsed, change };
      }
      return { ...answer, expired, lapsed };
    } catch (error) {
      this.#facts = kept;
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  #carryOut(step: NaiveStep, t: number): NaiveAnswer & { booked: boolean } {
    switch (step.do) {
      case 'spend':
        return this.#spend(step, t);
      case 'hold':
        return this.#hold(step, t);
      case 'settle':
        return this.#settle(step, t);
      case 'release':
        return this.#release(step, t);
      case 'grant':
        return this.#grant(step, t);
      case 'revoke':
      case 'end':
        return this.#finish(step, t);
      case 'cycle':
        return step.part === 'expire'
          ? { booked: false, change: null }
          : { booked: this.#isDue(t), change: this.#bookDue(t) };
      case 'plan':
        return this.#setPlan(step, t);
      case 'expire':
        return { booked: false };
      case 'close':
        this.#mustBeOpen();
        this.#facts.closed = true;
        return { booked: true };
      case 'byok':
        this.#mustBeOpen();
        if (step.on) this.#facts.byok[step.provider] = true;
        else delete this.#facts.byok[step.provider];
        return { booked: true };
    }
  }

  #mustBeOpen(): void {
    if (this.#facts.closed) refuse('account_closed');
  }

  #price(call: NaiveCall, t: number): { rate: NaiveRate | null; byok: boolean; list: bigint | null } {
    const rows = this.#prices.rates.filter((row) => row.model === call.model);
    const provider = rows[0]?.provider ?? call.provider;
    const byok = provider !== null && this.#facts.byok[provider] === true && !call.noByok;
    if (rows.length === 0 && !byok) refuse('unknown_model');
    const rate = rows.filter((row) => row.from <= t).at(-1);
    if (rate === undefined || rate.rates === null) {
      if (!byok) refuse('unpriced_model');
      return { rate: null, byok, list: null };
    }
    return { rate, byok, list: costOf(rate.rates, call) };
  }

  #payers(t: number): { index: number; available: bigint }[] {
    const keyed = this.#facts.lots.map((lot, index) => ({
      index,
      available: this.#lot(index, t).available,
      key: [
        wide(lot.priority),
        lot.until === null ? 'never' : wide(lot.until),
        lot.source === 'purchased' ? 'paid' : 'free',
        wide(lot.grantedAt),
        wide(index),
      ].join(' '),
    }));
    return keyed.filter(({ available }) => available > 0n).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #burn(amount: bigint, t: number): { slices: { lot: number; amount: bigint }[]; short: bigint } {
    const slices: { lot: number; amount: bigint }[] = [];
    let short = amount;
    for (const { index, available } of this.#payers(t)) {
      const part = least(available, short);
      if (part > 0n) slices.push({ lot: index, amount: part });
      short -= part;
    }
    return { slices, short };
  }

  #mustPay(amount: bigint, t: number): { lot: number; amount: bigint }[] {
    const { available, debt } = this.see(t);
    if (debt > 0n) refuse('in_debt');
    if (amount > available) refuse('insufficient_credits', { needed: amount, available });
    return this.#burn(amount, t).slices;
  }

  #spend({ cost, at }: Extract<NaiveStep, { do: 'spend' }>, t: number) {
    this.#mustBeOpen();
    if (at !== null && at > t) refuse('invalid_argument');
    if (typeof cost === 'bigint') {
      if (cost === 0n) refuse('invalid_argument');
      this.#facts.takes.push(...this.#mustPay(cost, t));
      return { booked: true, credits: cost, listCredits: cost };
    }
    const { byok, list } = this.#price(cost, at ?? t);
    if (!byok) this.#facts.takes.push(...this.#mustPay(list!, t));
    return { booked: true, credits: byok ? 0n : list!, listCredits: list };
  }

  #hold({ cost, ttl }: Extract<NaiveStep, { do: 'hold' }>, t: number) {
    this.#mustBeOpen();
    if (ttl < 1_000 || ttl > 86_400_000) refuse('invalid_argument');
    if (cost === 0n) refuse('invalid_argument');
    const price = typeof cost === 'bigint' ? null : this.#price(cost, t);
    const amount = typeof cost === 'bigint' ? cost : price!.byok ? 0n : price!.list!;
    this.#facts.holds.push({
      slices: price?.byok ? [] : this.#mustPay(amount, t),
      from: t,
      until: t + ttl,
      outcome: null,
      call: typeof cost === 'bigint' ? null : { model: cost.model, rate: price!.rate, byok: price!.byok },
    });
    return { booked: true, credits: amount };
  }

  #settle({ hold: index, cost }: Extract<NaiveStep, { do: 'settle' }>, t: number) {
    const hold = this.#facts.holds[index] ?? refuse('unknown_hold');
    const status = this.#status(hold, t);
    if (status === 'settled' || status === 'released') refuse('hold_already_resolved');
    const { call } = hold;
    if (typeof cost !== 'bigint' && call === null) refuse('invalid_argument');
    const rates = call?.rate?.rates ?? null;
    const list = typeof cost === 'bigint' ? cost : rates === null ? null : costOf(rates, cost);
    const credits = call?.byok ? 0n : list!;
    hold.outcome = 'settled';
    const late = status === 'lapsed';
    let left = credits;
    if (!late) {
      for (const slice of hold.slices) {
        const part = least(left, slice.amount);
        this.#facts.takes.push({ lot: slice.lot, amount: part });
        left -= part;
      }
    }
    const { slices, short } = this.#burn(left, t);
    if (short > 0n && sum(this.#facts.debts) + short > CAP) refuse('invalid_argument');
    this.#facts.takes.push(...slices);
    this.#facts.debts.push(short);
    const released = late ? 0n : sum(hold.slices.map(({ amount }) => amount)) - (credits - left);
    return { booked: true, credits, listCredits: list, released, overrun: left, late };
  }

  #release({ hold: index }: Extract<NaiveStep, { do: 'release' }>, t: number) {
    const hold = this.#facts.holds[index] ?? refuse('unknown_hold');
    if (this.#status(hold, t) !== 'open') refuse('hold_already_resolved');
    hold.outcome = 'released';
    const released = sum(hold.slices.map(({ amount }) => amount));
    return { booked: true, credits: released, released };
  }

  #add(facts: { source: string; amount: bigint; until: number | null; priority: number }, t: number): void {
    const { source, amount, until, priority } = facts;
    const { available, held, debt } = this.see(t);
    if (amount > debt && available + held + amount - debt > CAP) refuse('invalid_argument');
    this.#facts.lots.push({ source, priority, grantedAt: t, until, granted: amount, ends: [] });
    const repaid = least(debt, amount);
    this.#facts.takes.push({ lot: this.#facts.lots.length - 1, amount: repaid });
    this.#facts.debts.push(-repaid);
  }

  #grant({ source, amount, until, priority }: Extract<NaiveStep, { do: 'grant' }>, t: number) {
    if (source !== 'purchased') this.#mustBeOpen();
    if (amount === 0n) refuse('invalid_argument');
    if (source === 'welcome') refuse(amount === 50_000_000n ? 'already_granted' : 'invalid_argument');
    if (source === 'monthly') {
      if (until !== null) refuse('invalid_argument');
      const due = this.#due(t);
      const current = this.#facts.cycle;
      const row = due?.row ?? (current !== null && t < current.end ? this.#row(this.#facts.plan, t) : null);
      if (!row || row.monthly !== amount) refuse('invalid_argument');
      if (due === null) refuse('already_granted');
      this.#bookDue(t, priority);
      return { booked: true, credits: amount };
    }
    if (until !== null && (source === 'purchased' || until <= t)) refuse('invalid_argument');
    this.#add({ source, amount, until, priority }, t);
    return { booked: true, credits: amount };
  }

  #finish(step: Extract<NaiveStep, { do: 'revoke' | 'end' }>, t: number) {
    this.#mustBeOpen();
    const lot = this.#facts.lots[step.lot] ?? refuse('unknown_lot');
    const end = this.#end(lot);
    const ended = end !== undefined && end.at <= t;
    const credits = this.#lot(step.lot, t).available;
    lot.ends.push({ at: t, how: step.do === 'revoke' ? 'revoked' : 'expired' });
    return { booked: step.do === 'revoke' || !ended, credits };
  }

  // Cycles and plans.

  #row(name: string, t: number): NaivePlan | undefined {
    return this.#prices.plans.filter((row) => row.name === name && row.from <= t).at(-1);
  }

  /**
   * What the running period leaves to book: its credits, or a change of plan that has come due (`row` null; `isOver`: to a
   * plan that gave nothing at its own boundary).
   */
  #due(
    t: number,
  ): { n: number; plan: string; row: NaivePlan | null; isOver: boolean; missed: number } | null {
    const { anchor, cycle, next, closed } = this.#facts;
    if (closed || anchor === null || cycle === null || t < cycle.end) return null;
    const starts = [];
    for (let n = 0; naiveBoundary(anchor, n, this.#zone) <= t; n++) {
      starts.push(naiveBoundary(anchor, n, this.#zone));
    }
    const start = starts.at(-1)!;
    const planAt = (at: number) => (next !== null && next.at <= at ? next.plan : this.#facts.plan);
    const givesAt = (at: number) => this.#row(planAt(at), at)!.monthly > 0n;
    const plan = planAt(start);
    const isOver = next !== null && !givesAt(next.at);
    if (!givesAt(start) && next === null) return null;
    const row = givesAt(start) && !isOver ? this.#row(plan, start)! : null;
    const missed = starts.filter((each) => each >= cycle.end && each < start && givesAt(each)).length;
    return { n: starts.length - 1, plan, row, isOver, missed };
  }

  #isDue(t: number): boolean {
    return this.#due(t) !== null;
  }

  #enter(anchor: number, n: number, plan: string, amount: bigint, t: number, priority = 50): void {
    const start = naiveBoundary(anchor, n, this.#zone);
    const end = naiveBoundary(anchor, n + 1, this.#zone);
    this.#add({ source: 'monthly', amount, until: end, priority }, t);
    Object.assign(this.#facts, { plan, anchor, cycle: { start, end }, next: null });
  }

  #bookDue(t: number, priority = 50): NonNullable<NaiveAnswer['change']> | null {
    const due = this.#due(t);
    if (due === null) return null;
    if (due.row === null) {
      Object.assign(this.#facts, { plan: due.plan, next: null });
      if (due.isOver) Object.assign(this.#facts, { anchor: null, cycle: null });
      return { plan: due.plan, start: null, end: null, granted: 0n, missed: 0 };
    }
    this.#enter(this.#facts.anchor!, due.n, due.plan, due.row.monthly, t, priority);
    return { plan: due.plan, ...this.#facts.cycle!, granted: due.row.monthly, missed: due.missed };
  }

  #setPlan({ plan, mode }: Extract<NaiveStep, { do: 'plan' }>, t: number) {
    this.#mustBeOpen();
    const target = this.#row(plan, t) ?? refuse('unknown_plan');
    const wasDue = this.#isDue(t);
    this.#bookDue(t);
    const facts = this.#facts;
    const current = this.#row(facts.plan, t)!;
    const dearer =
      target.price > current.price || (target.price === current.price && target.monthly > current.monthly);
    if ((mode === 'restart' || mode === 'prorate') && !dearer) refuse('invalid_argument');
    const isIdle = facts.cycle === null || t >= facts.cycle.end;
    if (plan === current.name && !(isIdle && target.monthly > 0n)) {
      const booked = wasDue || facts.next !== null;
      facts.next = null;
      return { booked };
    }
    if (facts.cycle === null || isIdle || mode === 'restart') {
      if (mode === 'next-cycle') refuse('invalid_argument');
      for (const lot of facts.lots) if (lot.source === 'monthly') lot.ends.push({ at: t, how: 'expired' });
      if (target.monthly > 0n) this.#enter(t, 0, plan, target.monthly, t);
      else Object.assign(facts, { plan, anchor: null, cycle: null, next: null });
      return { booked: true, credits: target.monthly };
    }
    if (mode === 'next-cycle' || !dearer) {
      facts.next = { plan, at: facts.cycle.end };
      return { booked: true, credits: 0n };
    }
    const { start, end } = facts.cycle;
    const difference = target.monthly - current.monthly;
    const share = difference > 0n ? (difference * BigInt(end - t)) / BigInt(end - start) : 0n;
    if (share > 0n) this.#add({ source: 'monthly', amount: share, until: end, priority: 50 }, t);
    Object.assign(facts, { plan, next: null });
    return { booked: true, credits: share };
  }
}
