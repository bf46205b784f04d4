/**
 * What calls and runs are priced by and held against: the ledger's price list and the account's balance, or the built-in
 * prices alone where there is no ledger.
 */
import { defaultCatalogue } from '../catalog/index.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { isLedgerError } from '../core/errors.ts';
import type { Funds } from '../core/estimate.ts';
import type { Instant } from '../core/types.ts';
import type { BalanceView, LedgerService } from '../ledger/service.ts';
import type { Context } from './context.ts';

/** Prices and balances. */
export interface Market {
  readonly catalogue: Catalogue;
  readonly at: Instant;
  /** null without a ledger, or without an account in it. */
  readonly funds: Funds | null;
  readonly byok: Readonly<Record<string, string>>;
}

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
    funds: balance,
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
