/**
 * The calls of transcripts on every model of the price list, each call at the rate of its own time. A model that cannot bear
 * one of them is left out and named. Source: contract 1 (rate in force), 4 (never 0), 7 (what another model would have cost).
 */
import { longPriceMissed } from '../../catalog/provider-prices.ts';
import { type ModelRow, wordsOf } from '../../core/catalogue.ts';
import type { Microcredits } from '../../core/credits.ts';
import { isLedgerError } from '../../core/errors.ts';
import { type CallTokens, priceCall, type Rates } from '../../core/rates.ts';
import type { Instant } from '../../core/types.ts';
import type { Call } from '../../transcripts/call.ts';
import type { Market } from '../market.ts';
import { timeOf, withCacheRates } from './pricing.ts';

/** The same calls on another model. Microcredits by the rate card, also on an own key. */
export interface OtherModel {
  readonly id: string;
  readonly name: string;
  readonly total: bigint;
  /** With the cache prices that the model's provider asks; null: the card has them, or nothing is known. */
  readonly withCacheRates: bigint | null;
  /** Calls with a long input that cost less here than the model's provider is known to ask. */
  readonly longBelow: number;
}

/** A comparison. */
export interface Comparison {
  /** The cheapest first. */
  readonly others: readonly OtherModel[];
  /** Ids of models that had no price at the time of a call. */
  readonly unpriced: readonly string[];
  /** Ids of models on which a call costs more than any account holds. */
  readonly beyond: readonly string[];
}

export const NO_COMPARISON: Comparison = { others: [], unpriced: [], beyond: [] };

interface OtherTally {
  readonly id: string;
  readonly name: string;
  readonly words: readonly string[];
  total: bigint;
  cached: bigint;
  /** A call was priced with other cache prices than those of its card. */
  isCached: boolean;
  longBelow: number;
}

/** Adds up calls on every model. */
export class OtherModels {
  readonly #market: Market;
  /** Those that bore every call so far. */
  #rows: OtherTally[];
  #calls = 0;
  readonly #unpriced: string[] = [];
  readonly #beyond: string[] = [];
  /** Card → card with the provider's cache prices. */
  readonly #cacheRates = new Map<Rates, Rates | null>();

  constructor(market: Market) {
    this.#market = market;
    this.#rows = market.catalogue.rows.models.map(tallyOf);
  }

  add(call: Call): void {
    const at = timeOf(this.#market, call);
    this.#calls += 1;
    const left = this.#rows.length;
    const kept = this.#rows.filter((row) => this.#isBorne(row, call, at));
    if (kept.length < left) this.#rows = kept;
  }

  #isBorne(row: OtherTally, call: Call, at: Instant): boolean {
    const rates = this.#ratesOf(row, at);
    if (rates === null) {
      this.#unpriced.push(row.id);
      return false;
    }
    const cost = priceWithin(rates, call);
    const cacheRates = this.#withCacheRates(row, rates);
    const cached = cacheRates === null ? cost : priceWithin(cacheRates, call);
    if (cost === null || cached === null) {
      this.#beyond.push(row.id);
      return false;
    }
    row.total += BigInt(cost);
    row.cached += BigInt(cached);
    row.isCached ||= cacheRates !== null;
    if (longPriceMissed(row.words, call, cost) !== undefined) row.longBelow += 1;
    return true;
  }

  #ratesOf({ id }: OtherTally, at: Instant): Rates | null {
    return this.#market.catalogue.rateAt(id, at)?.rates ?? null;
  }

  #withCacheRates({ words }: OtherTally, rates: Rates): Rates | null {
    let found = this.#cacheRates.get(rates);
    if (found === undefined) {
      found = withCacheRates(rates, words);
      this.#cacheRates.set(rates, found);
    }
    return found;
  }

  done(): Comparison {
    const { at } = this.#market;
    const rows = this.#calls > 0 ? this.#rows : this.#rows.filter((row) => this.#ratesOf(row, at) !== null);
    const others = rows.map(({ id, name, total, cached, isCached, longBelow }) => ({
      ...{ id, name, total, longBelow },
      withCacheRates: isCached ? cached : null,
    }));
    others.sort((a, b) => (a.total === b.total ? (a.id < b.id ? -1 : 1) : a.total < b.total ? -1 : 1));
    return { others, unpriced: this.#unpriced, beyond: this.#beyond };
  }
}

const tallyOf = (model: ModelRow): OtherTally => ({
  ...{ id: model.id, name: model.name, words: wordsOf(model) },
  ...{ total: 0n, cached: 0n, isCached: false, longBelow: 0 },
});

/** The price of a call; null: beyond every account. */
function priceWithin(rates: Rates, call: CallTokens): Microcredits | null {
  try {
    return priceCall(rates, call);
  } catch (error) {
    if (isLedgerError(error) && error.code === 'invalid_argument') return null;
    throw error;
  }
}
