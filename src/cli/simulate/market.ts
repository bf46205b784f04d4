/** Models and limits that agent runs are priced by and held against, on the prices and balance of `cli/market`. */

import { termsOf } from '../../core/calls.ts';
import { wordsOf } from '../../core/catalogue.ts';
import { type Microcredits, ZERO } from '../../core/credits.ts';
import { isLedgerError } from '../../core/errors.ts';
import type { Funds } from '../../core/estimate.ts';
import type { Rates } from '../../core/rates.ts';
import type { Card } from '../../core/simulate/cards.ts';
import type { Market } from '../market.ts';

/** A model with the card its rounds are priced on; on the account's own key that card charges nothing. */
export interface PricedModel {
  /** As typed. */
  readonly typed: string;
  readonly name: string;
  readonly provider: string;
  readonly byok: boolean;
  /** The rate card itself; null: a model on an own key without a price. */
  readonly rates: Rates | null;
  readonly card: Card;
  /** Id, name and aliases, and what was typed. */
  readonly words: readonly string[];
}

/** What something is held against, and where that comes from. */
export interface Limit {
  readonly credits: Microcredits;
  readonly from: 'budget' | 'balance';
  /** The account is in debt, so that nothing is paid until a grant repays it. */
  readonly inDebt: boolean;
  /** The account is closed, and takes no call at all. */
  readonly closed: boolean;
}

const FREE: Rates = { input: '0', output: '0', cacheRead: null, cacheWrite: null };

/**
 * The budget that was told, else the balance; null: neither. Debt and a closed account leave nothing to spend.
 * Source: contract 5.6, 5.12, 7.
 */
export function limitOf(budget: Microcredits | null, funds: Funds | null): Limit | null {
  if (budget !== null) return { credits: budget, from: 'budget', inDebt: false, closed: false };
  if (funds === null) return null;
  const inDebt = funds.debt > ZERO;
  const { closed } = funds;
  return { credits: inDebt || closed ? ZERO : funds.available, from: 'balance', inDebt, closed };
}

/**
 * True when no call of the model is taken at all, whatever it costs: a closed account takes none, and debt blocks every one
 * that is not on the account's own key. Source: contract 5.6, 5.10, 5.12.
 */
export const isBlocked = (limit: Limit | null, byok: boolean): boolean =>
  limit !== null && (limit.closed || (limit.inDebt && !byok));

/** Why, for a refusal. */
export const blockText = (limit: Limit): string =>
  limit.closed
    ? 'the account is closed, and takes no call'
    : 'the account is in debt, and takes no call until a grant repays it';

/** @throws LedgerError `unknown_model`, `unpriced_model` */
export function pricedModel({ catalogue, byok, at }: Market, typed: string): PricedModel {
  const terms = termsOf(catalogue, { byok }, { model: typed, provider: null, noByok: false }, at);
  const model = catalogue.findModel(terms.model);
  const rates = terms.rate?.rates ?? null;
  return {
    typed,
    name: model?.name ?? terms.model,
    provider: terms.provider,
    byok: terms.byok,
    rates,
    card: { model: terms.model, rates: terms.byok || rates === null ? FREE : rates },
    words: model === undefined ? [typed] : [typed, ...wordsOf(model)],
  };
}

/** Every model that has a price, and the ids of those that have none. */
export function everyModel(market: Market): { models: PricedModel[]; unpriced: string[] } {
  const models: PricedModel[] = [];
  const unpriced: string[] = [];
  for (const { id } of market.catalogue.rows.models) {
    try {
      models.push(pricedModel(market, id));
    } catch (error) {
      if (!isLedgerError(error) || error.code !== 'unpriced_model') throw error;
      unpriced.push(id);
    }
  }
  return { models, unpriced };
}

/** Order of models that cost the same. */
export const byId = (a: PricedModel, b: PricedModel): number => (a.card.model < b.card.model ? -1 : 1);
