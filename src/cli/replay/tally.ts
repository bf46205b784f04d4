/**
 * Adds up recorded calls: by model, by run, against a cap and a budget, and on every other model. One pass in the order of
 * the transcripts; nothing is kept per call. Sums are bigints: transcripts of years may pass every account.
 */
import type { Call, Format, Transcripts } from '../../transcripts/call.ts';
import { isBlocked, type Limit } from '../simulate/market.ts';
import { type Comparison, NO_COMPARISON, type OtherModels } from './other-models.ts';
import type { Pricer } from './pricing.ts';

/** Calls of one recorded model, priced as one model. Tokens as in a transcript: cache parts are parts of the input. */
export interface ModelTally {
  readonly model: string;
  readonly pricedAs: string;
  readonly byok: boolean;
  calls: number;
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  /** Microcredits that the account pays. */
  credits: bigint;
  /** By the rate card, also on an own key; null: it has no price. */
  listCredits: bigint | null;
}

/** A run that a cap or the budget would have stopped. */
export interface StoppedRun {
  readonly run: string;
  readonly format: Format;
  readonly by: 'cap' | 'budget';
  /** First round that would not have taken place. */
  readonly round: number;
  /** Rounds that took place. */
  rounds: number;
  /** Microcredits of the rounds before. */
  readonly credits: bigint;
}

export interface ReplayTally {
  readonly calls: number;
  /** Runs with at least one real call. */
  readonly runs: number;
  /** Rows that sum up several calls: priced, but no rounds of a run. */
  readonly estimated: number;
  readonly total: bigint;
  readonly byModel: readonly ModelTally[];
  readonly stopped: readonly StoppedRun[];
  /** What all runs would have cost with the cap and the budget. */
  readonly stoppedTotal: bigint;
  /** On every other model; empty unless asked for. */
  readonly comparison: Comparison;
}

/** What runs are held against, and what they are compared with. */
export interface TallyOptions {
  readonly maxRounds: number;
  readonly limit: Limit | null;
  /** null: with nothing. */
  readonly compare: OtherModels | null;
}

/** What one run has come to. */
interface RunTally {
  readonly key: string;
  spent: bigint;
  stopped: StoppedRun | null;
}

/**
 * Prices and adds up every call.
 * @throws LedgerError `unknown_model` naming every model without a price
 */
export function tallyCalls(transcripts: Transcripts, pricer: Pricer, options: TallyOptions): ReplayTally {
  const tally = new Tally(options);
  for (const call of transcripts.calls()) {
    const price = pricer.price(call);
    if (price === null) continue;
    tally.add(call, price);
  }
  pricer.requirePrices();
  return tally.done();
}

type Price = NonNullable<ReturnType<Pricer['price']>>;

class Tally {
  readonly #options: TallyOptions;
  readonly #byModel = new Map<string, ModelTally>();
  readonly #stopped: StoppedRun[] = [];
  #calls = 0;
  #runs = 0;
  #estimated = 0;
  #total = 0n;
  #stoppedTotal = 0n;
  #run: RunTally = { key: '', spent: 0n, stopped: null };

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  add(call: Call, price: Price): void {
    const credits = BigInt(price.credits);
    this.#calls += 1;
    this.#total += credits;
    this.#addToModel(call, price, credits);
    this.#options.compare?.add(call);
    if (call.estimated) {
      this.#estimated += 1;
      this.#stoppedTotal += credits;
    } else {
      this.#addToRun(call, credits, price.byok);
    }
  }

  #addToModel(call: Call, price: Price, credits: bigint): void {
    const key = `${call.model}\n${price.model}\n${price.byok}`;
    let row = this.#byModel.get(key);
    if (row === undefined) {
      row = {
        model: call.model,
        pricedAs: price.model,
        byok: price.byok,
        ...{ calls: 0, inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0 },
        credits: 0n,
        listCredits: 0n,
      };
      this.#byModel.set(key, row);
    }
    row.calls += 1;
    row.inputTokens += call.inputTokens;
    row.cachedTokens += call.cachedTokens;
    row.cacheWriteTokens += call.cacheWriteTokens;
    row.outputTokens += call.outputTokens;
    row.credits += credits;
    row.listCredits =
      row.listCredits === null || price.listCredits === null
        ? null
        : row.listCredits + BigInt(price.listCredits);
  }

  #addToRun(call: Call, credits: bigint, byok: boolean): void {
    const { maxRounds, limit } = this.#options;
    const key = `${call.format}\n${call.runId}`;
    if (key !== this.#run.key) {
      this.#run = { key, spent: 0n, stopped: null };
      this.#runs += 1;
    }
    const run = this.#run;
    if (run.stopped !== null) {
      run.stopped.rounds = call.round;
      return;
    }
    const isCapped = call.round > maxRounds;
    const isShort = isBlocked(limit, byok) || (limit !== null && run.spent + credits > BigInt(limit.credits));
    if (isCapped || isShort) {
      const { round, runId, format } = call;
      const by = isCapped ? 'cap' : 'budget';
      run.stopped = { run: runId, format, by, round, rounds: round, credits: run.spent };
      this.#stopped.push(run.stopped);
      return;
    }
    run.spent += credits;
    this.#stoppedTotal += credits;
  }

  done(): ReplayTally {
    const byCredits = (a: ModelTally, b: ModelTally): number =>
      a.credits === b.credits ? b.calls - a.calls : a.credits < b.credits ? 1 : -1;
    return {
      calls: this.#calls,
      runs: this.#runs,
      estimated: this.#estimated,
      total: this.#total,
      byModel: [...this.#byModel.values()].sort(byCredits),
      stopped: this.#stopped,
      stoppedTotal: this.#stoppedTotal,
      comparison: this.#options.compare?.done() ?? NO_COMPARISON,
    };
  }
}
