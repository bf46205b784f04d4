/** The last steps of a request for one document: the ledger's method, and its answer as text. */
import * as z from 'zod';
import type { LedgerService } from '../../ledger/service.ts';
import type { Route, RouteRequest } from '../route.ts';
import type { Acting } from './deps.ts';

export type DocumentRoute = Extract<Route, { readonly kind: 'document' }>;

/** What is left of a request once it was judged and read: plain data, which may travel to another thread. */
export type CheckedRequest = Omit<RouteRequest<unknown, unknown>, 'onProgress'>;

/** A request that may be carried out elsewhere. */
export interface Errand {
  /** Name of its route. */
  readonly route: string;
  readonly request: CheckedRequest;
  readonly acting: Acting;
}

/** An answer of a route as JSON. */
export const answerText = (route: DocumentRoute, value: unknown): string =>
  JSON.stringify(z.encode(route.output, value as never));

/** Asks the ledger. @throws LedgerError whatever the route's method refuses */
export async function carryOut(
  ledger: LedgerService,
  route: DocumentRoute,
  request: CheckedRequest,
): Promise<string> {
  return answerText(route, await route.call(ledger, { ...request, onProgress: () => {} }));
}
