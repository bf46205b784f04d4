/** The ledger and the naive model side by side: takes each step on both and compares everything that both can tell. */
import { isLedgerError } from '../../src/core/errors.ts';
import { Fold } from '../../src/core/fold.ts';
import { decideOpen } from '../../src/core/ledger/accounts.ts';
import type { Decision } from '../../src/core/ledger/booking.ts';
import type { Command } from '../../src/core/ledger/commands.ts';
import { decide, type Outcome } from '../../src/core/ledger/decide.ts';
import { projectTo } from '../../src/core/ledger/sweep.ts';
import type { PlanContext } from '../../src/core/plans.ts';
import type { AccountState, Hold, Lot } from '../../src/core/types.ts';
import { Audit } from './audit.ts';
import { bend } from './bend.ts';
import { pricesFrom, type Step, type Wait, type World } from './histories.ts';
import { NaiveAccount } from './naive-model.ts';
import type { NaiveAnswer, NaiveCall, NaivePrices, NaiveStep } from './naive-steps.ts';
import {
  answerOf,
  BARE,
  callOf,
  contextOf,
  inOrder,
  micro,
  microOf,
  NO_TAGS,
  same,
  show,
  told,
} from './pair-words.ts';

const NO_KEY = { key: null, request: null };

/** A decision that writes into the rows it was given throws from then on. */
function frozen({ state, lots, holds }: Decision): AccountState {
  Object.freeze(state.account);
  for (const no of lots) Object.freeze(state.lots.get(no));
  for (const no of holds) Object.freeze(state.holds.get(no));
  return state;
}

/**
 * As a store might load it: only what a decision may ask for, in no order to rely on, and, if told so, read back from
 * text.
 */
function loaded(state: AccountState, command: Command, now: number, fromText: boolean): AccountState {
  const lotNamed = 'lot' in command ? command.lot : null;
  const holdNamed = 'hold' in command ? command.hold : null;
  const { cycle } = state.account;
  const isNeeded = (lot: Lot): boolean =>
    lot.available > 0 ||
    lot.held > 0 ||
    lot.no === lotNamed ||
    (command.type === 'plan' && lot.source === 'monthly' && lot.cycle === cycle);
  const lots = [...state.lots].filter(([, lot]) => isNeeded(lot)).reverse();
  const at = Math.max(now, state.account.lastAt);
  const hasLapsed = (hold: Hold): boolean => hold.status === 'open' && hold.expiresAt <= at;
  const holds = [...state.holds].filter(([no, hold]) => hasLapsed(hold) || no === holdNamed).reverse();
  const rows = { account: state.account, lots, holds };
  const read: typeof rows = fromText ? JSON.parse(JSON.stringify(rows)) : rows;
  return { account: read.account, lots: new Map(read.lots), holds: new Map(read.holds) };
}

export class Pair {
  readonly #context: PlanContext;
  readonly #model: NaiveAccount;
  readonly #prices: NaivePrices;
  readonly #audit = new Audit();
  readonly #fold: Fold;
  readonly #reached: Map<string, number>;
  #state: AccountState;
  #now: number;

  constructor({ start, plan, anchorBack, zone, isPoor }: World, reached: Map<string, number>) {
    const prices = pricesFrom(start);
    this.#prices = prices;
    this.#context = contextOf(prices);
    this.#reached = reached;
    this.#now = start;
    const anchorAt = start - anchorBack;
    const facts = { no: 1, id: 'pair', tag: 'pair', head: '', zone, plan, anchorAt };
    const opened = decideOpen(facts, start, this.#context);
    this.#fold = new Fold({ ...facts, createdAt: start });
    this.#state = this.#keep(opened);
    this.#model = new NaiveAccount(prices, zone, plan, anchorAt, start);
    this.#compare('opened');
    // The welcome lot is 50 million microcredits: beside it these small plans would never run dry.
    if (isPoor) this.take({ wait: { by: 0 }, deed: { do: 'revoke', lot: 0 }, halves: false });
  }

  /** The receipts of a decision must lead to its state: by the auditor's counters, and by themselves alone. */
  #keep(decision: Decision): AccountState {
    this.#audit.book(decision.booked, decision.state);
    for (const booked of decision.booked) this.#fold.add(booked);
    const { account, lots, holds } = decision.state;
    same(account, this.#fold.account, 'the account, folded from its receipts');
    for (const no of decision.lots) same(lots.get(no), this.#fold.lots.get(no), `lot ${no}, folded`);
    for (const no of decision.holds) same(holds.get(no), this.#fold.holds.get(no), `hold ${no}, folded`);
    return frozen(decision);
  }

  #count(event: string): void {
    this.#reached.set(event, (this.#reached.get(event) ?? 0) + 1);
  }

  /** What the model saw last, booked or not. */
  #compare(what: string): void {
    const at = Math.max(this.#now, this.#model.last);
    same(this.#state.account.lastAt, this.#model.last, `${what}: time of the last booking`);
    same(told(projectTo(this.#state, this.#now).state), this.#model.see(at), `${what}: as a read sees it`);
    same(told(this.#state), this.#model.see(this.#model.last), `${what}: as it is booked`);
  }

  take({ wait, deed, halves }: Step): void {
    this.#wait(wait);
    const step = bend(deed, { model: this.#model, prices: this.#prices, now: this.#now });
    const command = this.#commandOf(step);
    const before = this.#state;
    const { refused, outcome, answer } = this.#decide(before, command);
    const again = this.#decide(loaded(before, command, this.#now, halves), command);
    same(
      [again.refused, again.outcome?.booked, again.outcome?.change, again.outcome?.state.account],
      [refused, outcome?.booked, outcome?.change, outcome?.state.account],
      'decided on what a store would load',
    );
    if (halves) this.#inHalves(before, command, refused, outcome);
    const wanted = this.#model.run(step, this.#now);
    this.#answers(step, answer, wanted);
    if (outcome !== undefined) this.#state = this.#keep(outcome);
    this.#note(before, outcome, wanted);
    this.#compare(show(step));
  }

  #decide(
    state: AccountState,
    command: Command,
  ): { refused: string | undefined; outcome: Outcome | undefined; answer: NaiveAnswer } {
    try {
      const outcome = decide(state, command, this.#now, this.#context, NO_KEY);
      return { refused: undefined, outcome, answer: answerOf(command, outcome) };
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      const answer: NaiveAnswer = { refused: error.code };
      if (error.code === 'insufficient_credits') {
        answer.needed = microOf(error.details?.needed);
        answer.available = microOf(error.details?.available);
      }
      return { refused: error.code, outcome: undefined, answer };
    }
  }

  /** What lapsed, booked half-way and then the command, must leave the same as the command alone. */
  #inHalves(
    before: AccountState,
    command: Command,
    refused: string | undefined,
    whole: Outcome | undefined,
  ): void {
    const { lastAt } = before.account;
    if (this.#now <= lastAt + 1) return;
    const middle = lastAt + Math.floor((this.#now - lastAt) / 2);
    const half = decide(before, { type: 'expire', lot: null }, middle, this.#context, NO_KEY).state;
    const shift = half.account.receiptSeq - before.account.receiptSeq;
    if (shift > 0) this.#count('two halves');
    const rest = this.#decide(half, command);
    same(rest.refused, refused, 'two half runs');
    if (whole !== undefined) same(told(rest.outcome!.state), told(whole.state), 'two half runs');
  }

  #answers(step: NaiveStep, answer: NaiveAnswer, wanted: NaiveAnswer): void {
    const fields = (Object.keys(answer) as (keyof NaiveAnswer)[]).filter(
      (field) => answer[field] !== undefined,
    );
    if (wanted.refused !== undefined && !fields.includes('refused')) fields.push('refused');
    for (const field of fields) same(answer[field], wanted[field], `${show(step)}: ${field}`);
  }

  #wait(wait: Wait): void {
    if ('by' in wait) {
      this.#now += wait.by;
      return;
    }
    const ahead = this.#model.instants().filter((at) => at > this.#now);
    const next = [...new Set(ahead)].sort((a, b) => a - b)[wait.toChange];
    if (next !== undefined) this.#now = next + wait.beside;
  }

  #lotNo = (index: number): number => inOrder(this.#state.lots)[index]?.no ?? 9_999;
  #holdNo = (index: number): number => inOrder(this.#state.holds)[index]?.no ?? 9_999;

  #commandOf(step: NaiveStep): Command {
    const cost = (given: bigint | NaiveCall) =>
      typeof given === 'bigint'
        ? { amount: micro(given), call: null }
        : { amount: null, call: callOf(given) };
    const words = { tags: NO_TAGS, note: null };
    switch (step.do) {
      case 'spend':
        return { type: 'spend', ...cost(step.cost), ...words, at: step.at };
      case 'hold':
        return { type: 'hold', ...cost(step.cost), ...words, ttlMs: step.ttl };
      case 'settle': {
        const tokens = typeof step.cost === 'bigint' ? step.cost : { ...step.cost, ...BARE };
        return { type: 'settle', hold: this.#holdNo(step.hold), ...cost(tokens), ...words };
      }
      case 'release':
        return { type: 'release', hold: this.#holdNo(step.hold), note: null };
      case 'grant': {
        const { source, amount, until, priority } = step;
        const expires = until === null ? null : { at: until };
        return {
          type: 'grant',
          source: source as Lot['source'],
          amount: micro(amount),
          expires,
          priority,
          note: null,
        };
      }
      case 'revoke':
        return { type: 'revoke', lot: this.#lotNo(step.lot), note: null };
      case 'end':
        return { type: 'expire', lot: this.#lotNo(step.lot) };
      case 'expire':
        return { type: 'expire', lot: null };
      case 'close':
        return { type: 'close' };
      case 'cycle':
        return { type: 'cycle', step: step.part };
      case 'plan':
        return { type: 'plan', plan: step.plan, mode: step.mode };
      case 'byok': {
        const { [step.provider]: _, ...others } = this.#state.account.byok;
        const byok = step.on ? { ...others, [step.provider]: '' } : others;
        return { type: 'setting', detail: { byok }, byok, note: null };
      }
    }
  }

  /** Counts what a step met, so that the test can tell a rule that no history ever reached. */
  #note(before: AccountState, outcome: Outcome | undefined, wanted: NaiveAnswer): void {
    if (wanted.refused !== undefined) this.#count(`refused ${wanted.refused}`);
    if (outcome === undefined) return;
    if (outcome.booked.length > 0 && this.#now < before.account.lastAt) this.#count('booked in the past');
    if (wanted.late === true) this.#count('late');
    else if ((wanted.overrun ?? 0n) > 0n) this.#count('overrun');
    if ((wanted.change?.missed ?? 0) > 0) this.#count('missed');
    for (const { receipt, entries, usage } of outcome.booked) {
      if (usage?.byok === true) this.#count('byok');
      const kinds = entries.map(({ kind }) => kind);
      const { detail } = receipt;
      if (kinds.includes('owed')) this.#count('debt');
      if (kinds.includes('repaid')) this.#count('repaid');
      if (kinds.includes('returned') && (kinds.includes('expired') || kinds.includes('revoked'))) {
        this.#count('released into an ended lot');
      }
      if (receipt.kind === 'plan_change') {
        if (kinds[0] === 'expired') this.#count('restarted');
        else if (kinds[0] === 'granted' && before.account.cycleStart !== null) this.#count('prorated');
      }
      if (receipt.kind === 'rollover' && before.account.cycleEnd! < outcome.state.account.cycleStart!)
        if (detail?.missed === 0) this.#count('after a month without credits');
      if (receipt.kind === 'plan_change' && detail?.change !== undefined) {
        const { from, to } = detail.change as { from: unknown; to: unknown };
        if (from === to) this.#count('set again');
      }
      if (receipt.kind === 'rollover' && before.account.pendingPlan !== null)
        this.#count('pending plan booked');
      const ended = outcome.lots.size > 0 && (receipt.kind === 'revoke' || receipt.kind === 'expire');
      const under = ended && [...outcome.lots].some((no) => (outcome.state.lots.get(no)?.held ?? 0) > 0);
      if (under) this.#count(`${receipt.kind === 'revoke' ? 'revoked' : 'expired'} under a hold`);
    }
  }
}
