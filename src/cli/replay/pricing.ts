/**
 * Prices recorded calls: which model each is priced as, at the rate of its own time, and which models have no price.
 * Source: contract 1 (rate in force), 4 (an unknown model is an error, never 0), 7 (`-m`, `--map`).
 */

import { longPriceMissed, providerPricesOf } from '../../catalog/provider-prices.ts';
import { type CallPrice, type CallTerms, priceOn, settingFrom, termsOf } from '../../core/calls.ts';
import { isLedgerError, LedgerError } from '../../core/errors.ts';
import { decimalText, parseDecimal, type Rates, type TokenRates } from '../../core/rates.ts';
import type { Instant } from '../../core/types.ts';
import { type Call, UNKNOWN_MODEL } from '../../transcripts/call.ts';
import type { Market } from '../market.ts';
import { count } from '../render/amounts.ts';
import { printable } from '../render/width.ts';

/** Which model stands for which. */
export interface Renaming {
  /** Recorded model in lower case → model to price it as. */
  readonly map: ReadonlyMap<string, string>;
  /** Model of every call that `map` does not name; null: the recorded one. */
  readonly model: string | null;
}

/** The model that a recorded one is priced as. */
export const renamed = ({ map, model }: Renaming, recorded: string): string =>
  map.get(recorded.toLowerCase()) ?? model ?? recorded;

/** When a call is priced: at its own time; now where it tells none, or one that is still to come. */
export const timeOf = ({ at }: Market, call: Pick<Call, 'at'>): Instant => Math.min(call.at ?? at, at);

/** Calls of one model without a price. */
interface Missing {
  calls: number;
  /** The earliest of them. */
  since: Instant;
}

/** Prices calls, and remembers the models that have no price. */
export class Pricer {
  readonly #market: Market;
  readonly #renaming: Renaming;
  /** Model → its calls that could not be priced. */
  readonly #missing = new Map<string, Missing>();
  /** Calls with a long input that cost less here than their provider is known to ask. */
  longBelow = 0;
  /** Models in no list, whatever the time: looking for near names once each is enough. */
  readonly #unknown = new Set<string>();

  constructor(market: Market, renaming: Renaming) {
    this.#market = market;
    this.#renaming = renaming;
  }

  /** The price of a call; null, and remembered, where its model has none. */
  price(call: Call): CallPrice | null {
    const typed = renamed(this.#renaming, call.model);
    const at = timeOf(this.#market, call);
    const terms = this.#termsOf(typed, at);
    if (terms !== null) {
      const price = priceOn(terms, call);
      const sold = price.byok ? null : price.listCredits;
      if (sold !== null && longPriceMissed([price.model], call, sold) !== undefined) this.longBelow += 1;
      return price;
    }
    const before = this.#missing.get(typed);
    this.#missing.set(typed, {
      calls: (before?.calls ?? 0) + 1,
      since: Math.min(before?.since ?? at, at),
    });
    return null;
  }

  #termsOf(model: string, at: Instant): CallTerms | null {
    if (this.#unknown.has(model)) return null;
    try {
      const { catalogue, byok } = this.#market;
      return termsOf(catalogue, { byok }, { model, provider: null, noByok: false }, at);
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      if (error.code === 'unknown_model') this.#unknown.add(model);
      if (error.code === 'unknown_model' || error.code === 'unpriced_model') return null;
      throw error;
    }
  }

  /** One refusal that names every model without a price. @throws LedgerError `unknown_model` */
  requirePrices(): void {
    if (this.#missing.size === 0) return;
    const missing = [...this.#missing].map(([model, { calls, since }]) => ({ model, calls, since }));
    missing.sort((a, b) => b.calls - a.calls || (a.model < b.model ? -1 : 1));
    const named = missing.map(({ model, calls }) =>
      model === UNKNOWN_MODEL
        ? `none named (${count(calls, 'call')})`
        : `${printable(model)} (${count(calls, 'call')}${this.#unknown.has(model) ? '' : ', no price at the time of these calls'})`,
    );
    throw new LedgerError(
      'unknown_model',
      `${count(missing.length, 'model')} without a price: ${named.join(', ')}`,
      {
        hint: this.#hintFor(missing),
        details: { models: missing.map(({ model, calls }) => ({ model, calls })) },
      },
    );
  }

  /** What to do about a model that nobody knows, and about one whose first price came later. */
  #hintFor(missing: readonly { readonly model: string; readonly since: Instant }[]): string {
    const unknown = missing.find(({ model }) => this.#unknown.has(model));
    const late = missing.find(({ model }) => !this.#unknown.has(model));
    const { catalogue } = this.#market;
    const id = late && catalogue.findModel(late.model)!.id;
    return [
      `price every call as one model with -m, or some with --map ${printable((unknown ?? late)!.model)}=MODEL`,
      ...(unknown ? ['`credits models alias` and `credits models set` make a model known'] : []),
      ...(late ? [`${settingFrom(catalogue, id!, late.since)} gives ${id} an earlier price`] : []),
    ].join('; ');
  }
}

/**
 * A model's rates with the cache prices that its provider is known to ask, in proportion to the input rate.
 * @param words id, name and aliases
 * @returns null where the card has a cache rate already, or nothing is known
 */
export function withCacheRates(rates: Rates, words: readonly string[]): Rates | null {
  if (rates.cacheRead !== null) return null;
  const [known] = providerPricesOf(words);
  if (known === undefined || known.cacheRead === null) return null;
  const { cacheRead, cacheWrite } = known;
  const cached = <Card extends TokenRates>(card: Card): Card => ({
    ...card,
    cacheRead: card.cacheRead ?? inProportion(card.input, cacheRead, known.input),
    cacheWrite:
      card.cacheWrite ?? (cacheWrite === null ? null : inProportion(card.input, cacheWrite, known.input)),
  });
  return rates.tiers === undefined ? cached(rates) : { ...cached(rates), tiers: rates.tiers.map(cached) };
}

const DIGITS = 12;

/** own × part / whole, to 12 decimals. */
function inProportion(own: string, part: string, whole: string): string {
  const [a, b, c] = [own, part, whole].map((text) => parseDecimal(text)!) as [Scaled, Scaled, Scaled];
  const digits = a.digits * b.digits * 10n ** BigInt(c.scale + DIGITS);
  return decimalText({ digits: digits / (c.digits * 10n ** BigInt(a.scale + b.scale)), scale: DIGITS });
}

type Scaled = NonNullable<ReturnType<typeof parseDecimal>>;
