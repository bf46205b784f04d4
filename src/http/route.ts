/**
 * What a route of the HTTP API is: method and path, who may use it and on what, the shapes of what comes in and goes out,
 * and the method of the ledger behind it. Server, client, OpenAPI document and tests all read the same table.
 */
import type * as z from 'zod';
import type { AccessRole } from '../ledger/access-tokens.ts';
import type { LedgerService, WriteOptions } from '../ledger/service.ts';

/**
 * What a route is about. `account`: the account that `?account=` names, else the token's own, else `default`. `ledger`: all
 * of it, which a token for one account may not. `none`: nothing that belongs to anybody.
 */
export type RouteScope = 'account' | 'ledger' | 'none';

/** Who asks, by their token. `account` null: a token for every account. */
export interface Access {
  readonly id: string;
  readonly role: AccessRole;
  readonly account: string | null;
}

/** What a handler is given: everything has been checked by then. */
export interface RouteRequest<Query, Body> {
  readonly account: string;
  readonly access: Access;
  readonly query: Query;
  readonly body: Body;
  /** Words of the path: `:hold` is `params.hold`. */
  readonly params: Readonly<Record<string, string>>;
  /** Of the `Idempotency-Key` header and `?dryRun=`. */
  readonly options: WriteOptions;
  /** Tells how far long work is; heard only by who asked for lines. */
  readonly onProgress: (done: number, of: number) => void;
}

interface RouteFacts {
  /** Name of the operation, unique. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Under `/v1`. */
  readonly path: string;
  readonly summary: string;
  /** The least role that may. */
  readonly role: AccessRole;
  readonly scope: RouteScope;
  /** Changes the ledger: takes `?dryRun=`. */
  readonly writes?: boolean;
  /** Books a receipt: takes `Idempotency-Key`. */
  readonly books?: boolean;
  /**
   * A client may make up a key for a request without one, so that it can safely ask again: the ledger does the same with and
   * without it. Where a key changes what is booked (a change that changes nothing) it may not.
   */
  readonly mayInventKey?: boolean;
  /**
   * Whether what was answered may have left an account below its threshold: the server then looks for a top-up that is due,
   * unless `?topup=false`. Never for a repeated request, which changes nothing. Source: contract 5.7, 9.
   */
  readonly topsUp?: (answer: unknown) => boolean;
  /** Most bytes of a body; 64 KiB unless told. */
  readonly bodyLimit?: number;
}

/** A route as it is written in the table. */
export interface RouteSpec<Query extends z.ZodType, Body extends z.ZodType> extends RouteFacts {
  readonly query?: Query;
  readonly body?: Body;
  /** The answer as one JSON document. */
  readonly output: z.ZodType;
  /** May take long: `Accept: application/x-ndjson` gives lines of progress, then the answer. */
  readonly slow?: boolean;
  readonly call: (
    ledger: LedgerService,
    request: RouteRequest<z.output<Query>, z.output<Body>>,
  ) => Promise<unknown>;
}

/** A route whose answer is lines of JSON, as they are made. */
export interface LinesSpec<Query extends z.ZodType> extends RouteFacts {
  readonly query?: Query;
  /** One line. */
  readonly line: z.ZodType;
  /** Pages of lines. */
  readonly pages: (
    ledger: LedgerService,
    request: RouteRequest<z.output<Query>, undefined>,
  ) => AsyncIterable<readonly unknown[]>;
}

/** The route of batches: lines in, an answer for each. */
export interface BatchSpec extends RouteFacts {
  /** One line of the body. */
  readonly item: z.ZodType;
  readonly line: z.ZodType;
}

/** Any route, its own types forgotten. */
export type Route = RouteFacts & {
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
} & (
    | { readonly kind: 'document'; readonly output: z.ZodType; readonly slow?: boolean; readonly call: Call }
    | { readonly kind: 'lines'; readonly line: z.ZodType; readonly pages: Pages }
    | { readonly kind: 'batch'; readonly item: z.ZodType; readonly line: z.ZodType }
  );

type Call = (ledger: LedgerService, request: RouteRequest<unknown, unknown>) => Promise<unknown>;
type Pages = (
  ledger: LedgerService,
  request: RouteRequest<unknown, unknown>,
) => AsyncIterable<readonly unknown[]>;

/** Checks a row of the table against its own schemas. */
export const route = <Query extends z.ZodType, Body extends z.ZodType>(
  spec: RouteSpec<Query, Body>,
): Route => ({
  ...spec,
  kind: 'document',
  call: spec.call as Call,
});

export const linesRoute = <Query extends z.ZodType>(spec: LinesSpec<Query>): Route => ({
  ...spec,
  kind: 'lines',
  pages: spec.pages as Pages,
});

export const batchRoute = (spec: BatchSpec): Route => ({ ...spec, kind: 'batch' });
