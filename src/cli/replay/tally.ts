/**
 * Adds up recorded calls: by model, by run, against a cap and a budget, and on every other model. One pass in the order of
 * the transcripts; nothing is kept per call. Sums are bigints: transcripts of years may pass every account.
 */
import { longPriceMissed } from '../../catalog/provider-prices.ts';
import { priceCall, type Rates } from '../../core/rates.ts';
import type { Call, Format, Transcripts } from '../../transcripts/call.ts';
import { byId, type Limit, type PricedModel } from '../simulate/market.ts';
import { type Pricer, withCacheRates } from './pricing.ts';

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

/** The same calls on another model. Microcredits by the rate card, also on an own key. */
export interface OtherModel {
  readonly model: PricedModel;
  readonly total: bigint;
  /** With the cache prices that the model's provider asks; null: the card has them, or nothing is known. */
  readonly withCacheRates: bigint | null;
  /** Calls with a long input that cost less here than the model's provider is known to ask. */
  readonly longBelow: number;
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
  /** The cheapest first; empty unless asked for. */
  readonly others: readonly OtherModel[];
}

/** What runs are held against, and what they are compared with. */
export interface TallyOptions {
  readonly maxRounds: number;
  readonly limit: Limit | null;
  readonly compare: readonly PricedModel[];
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
  readonly #others: {
    readonly model: PricedModel;
    readonly rates: Rates | null;
    total: bigint;
    cached: bigint;
    longBelow: number;
  }[];
  #calls = 0;
  #runs = 0;
  #estimated = 0;
  #total = 0n;
  #stoppedTotal = 0n;
  #run: RunTally = { key: '', spent: 0n, stopped: null };

  constructor(options: TallyOptions) {
    this.#options = options;
    this.#others = options.compare
      .filter(({ rates }) => rates !== null)
      .map((model) => ({ model, total: 0n, rates: withCacheRates(model), cached: 0n, longBelow: 0 }));
  }

  add(call: Call, price: Price): void {
    const credits = BigInt(price.credits);
    this.#calls += 1;
    this.#total += credits;
    this.#addToModel(call, price, credits);
    for (const other of this.#others) {
      const cost = priceCall(other.model.rates!, call);
      other.total += BigInt(cost);
      if (longPriceMissed(other.model.words, call, cost) !== undefined) other.longBelow += 1;
      if (other.rates !== null) other.cached += BigInt(priceCall(other.rates, call));
    }
    if (call.estimated) {
      this.#estimated += 1;
      this.#stoppedTotal += credits;
    } else {
      this.#addToRun(call, credits);
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

  #addToRun(call: Call, credits: bigint): void {
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
    const isShort = limit !== null && run.spent + credits > BigInt(limit.credits);
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
    const others = this.#others.map(({ model, total, rates, cached, longBelow }) => ({
      model,
      total,
      withCacheRates: rates === null ? null : cached,
      longBelow,
    }));
    return {
      calls: this.#calls,
      runs: this.#runs,
      estimated: this.#estimated,
      total: this.#total,
      byModel: [...this.#byModel.values()].sort(byCredits),
      stopped: this.#stopped,
      stoppedTotal: this.#stoppedTotal,
      others: others.sort((a, b) =>
        a.total === b.total ? byId(a.model, b.model) : a.total < b.total ? -1 : 1,
      ),
    };
  }
}
