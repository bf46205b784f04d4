/**
 * Every route of the HTTP API, one row each. A new one is a row here and a method in `client.ts`; the server, the OpenAPI
 * document and the test of every route with every kind of token follow.
 *
 * Source: contract 6 (what there is), 8 (roles).
 */
import type { Route } from './route.ts';
import { ACCOUNT_ROUTES } from './routes/accounts.ts';
import { CREDIT_ROUTES } from './routes/credits.ts';
import { EXPORT_ROUTES } from './routes/exports.ts';
import { PAYMENT_ROUTES } from './routes/payments.ts';
import { PRICE_ROUTES } from './routes/prices.ts';
import { SPENDING_ROUTES } from './routes/spending.ts';

export const ROUTES: readonly Route[] = [
  ...SPENDING_ROUTES,
  ...CREDIT_ROUTES,
  ...ACCOUNT_ROUTES,
  ...PRICE_ROUTES,
  ...PAYMENT_ROUTES,
  ...EXPORT_ROUTES,
];

/** Version of the API, the first part of every path. */
export const API = '/v1';

const BY_NAME = new Map(ROUTES.map((each) => [each.name, each]));

/** A route by its name. */
export function routeNamed(name: string): Route {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`no route is called ${name}`);
  return found;
}
