/**
 * What calls and runs are priced by and held against: the ledger's price list and the account's balance, or the built-in
 * prices alone where there is no ledger.
 */
import { defaultCatalogue } from '../catalog/index.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { isLedgerError } from '../core/errors.ts';
import type { Funds } from '../core/estimate.ts';
import { recordsByModel, type TokenRecord } from '../core/token-corrections.ts';
import type { Instant } from '../core/types.ts';
import type { BalanceView, LedgerService } from '../ledger/service.ts';
import type { Context } from './context.ts';

/** Prices and balances. */
export interface Market {
  readonly catalogue: Catalogue;
  /** When a call made now would be booked: the account's clock where it is ahead of the command's. Source: contract 1. */
  readonly at: Instant;
  /** null without a ledger, or without an account in it. */
  readonly funds: Funds | null;
  readonly byok: Readonly<Record<string, string>>;
  /** By model, what the account's calls were expected to take and took; read when first asked for. Empty without a ledger. */
  readonly tokenRecords: () => Promise<ReadonlyMap<string, readonly TokenRecord[]>>;
}

/**
 * Opens the market.
 * @param needsLedger true: no ledger is a refusal
 * @throws LedgerError `no_ledger` where one is needed, `unknown_account` for an account that was named
 */
export async function openMarket(context: Context, needsLedger: boolean): Promise<Market> {
  const service = needsLedger ? await context.service() : await context.serviceIfAny();
  if (service === null) {
    const tokenRecords = async () => new Map<string, readonly TokenRecord[]>();
    return { catalogue: defaultCatalogue(), at: context.now(), funds: null, byok: {}, tokenRecords };
  }
  const balance = await balanceOf(context, service, needsLedger);
  let records: Promise<Map<string, readonly TokenRecord[]>> | undefined;
  const readRecords = async () =>
    recordsByModel(balance === null ? [] : await service.tokenRecords(context.account));
  return {
    catalogue: await service.catalogue(),
    at: balance?.asOf ?? service.now(),
    funds: balance,
    byok: balance?.byok ?? {},
    tokenRecords: () => (records ??= readRecords()),
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
