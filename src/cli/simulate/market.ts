/**
 * What agent runs are priced by and held against: the ledger's price list and the account's balance, or the built-in
 * prices alone where there is no ledger.
 */
import { defaultCatalogue } from '../../catalog/index.ts';
import { termsOf } from '../../core/calls.ts';
import type { Catalogue } from '../../core/catalogue.ts';
import { type Microcredits, ZERO } from '../../core/credits.ts';
import { isLedgerError } from '../../core/errors.ts';
import type { Funds } from '../../core/estimate.ts';
import type { Rates } from '../../core/rates.ts';
import type { Card } from '../../core/simulate/cards.ts';
import type { Instant } from '../../core/types.ts';
import type { BalanceView, LedgerService } from '../../ledger/service.ts';
import type { Context } from '../context.ts';

/** Prices and balances. */
export interface Market {
  readonly catalogue: Catalogue;
  readonly at: Instant;
  /** null without a ledger, or without an account in it. */
  readonly funds: Funds | null;
  readonly byok: Readonly<Record<string, string>>;
}

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
}

const FREE: Rates = { input: '0', output: '0', cacheRead: null, cacheWrite: null };

/**
 * Opens the market.
 * @param needsLedger true: no ledger is a refusal
 * @throws LedgerError `no_ledger` where one is needed, `unknown_account` for an account that was named
 */
export async function openMarket(context: Context, needsLedger: boolean): Promise<Market> {
  const service = needsLedger ? await context.service() : await context.serviceIfAny();
  if (service === null) {
    return { catalogue: defaultCatalogue(), at: context.now(), funds: null, byok: {} };
  }
  const balance = await balanceOf(context, service, needsLedger);
  return {
    catalogue: await service.catalogue(),
    at: service.now(),
    funds: balance === null ? null : { available: balance.available, debt: balance.debt },
    byok: balance?.byok ?? {},
  };
}

/** The balance; null where nobody named an account and the ledger has no default one. */
async function balanceOf(
  context: Context,
  service: LedgerService,
  isNeeded: boolean,
): Promise<BalanceView | null> {
  try {
    return await service.balance(context.account);
  } catch (error) {
    const isMissing = isLedgerError(error) && error.code === 'unknown_account';
    if (isMissing && !isNeeded && !context.globals.accountGiven) return null;
    throw error;
  }
}

/** The budget that was told, else the balance; null: neither. Debt leaves nothing to spend. Source: contract 5.6, 7. */
export function limitOf(budget: Microcredits | null, funds: Funds | null): Limit | null {
  if (budget !== null) return { credits: budget, from: 'budget', inDebt: false };
  if (funds === null) return null;
  const inDebt = funds.debt > ZERO;
  return { credits: inDebt ? ZERO : funds.available, from: 'balance', inDebt };
}

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
    words: model === undefined ? [typed] : [typed, model.id, model.name, ...model.aliases],
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
