/** One request of the API on its way through: who asks, about which account, with what. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { invalid } from '../../core/errors.ts';
import { ACCOUNT_ID } from '../../core/ledger/accounts.ts';
import { parseInstant } from '../../core/time.ts';
import type { WriteOptions } from '../../ledger/service.ts';
import type { Access, Route } from '../route.ts';
import { decode } from '../wire/check.ts';
import { authenticate, requireAccess, requireClock, requireRecent } from './authenticate.ts';
import { BODY_LIMIT, parseJson, readBytes } from './body.ts';
import type { Acting, ServerDeps } from './deps.ts';
import type { RateLimit } from './rate-limit.ts';

/** A request that may be carried out. */
export interface Admitted {
  readonly access: Access;
  readonly account: string;
  readonly acting: Acting;
  readonly options: WriteOptions;
  /** Words of the query that are the route's own. */
  readonly query: Readonly<Record<string, string>>;
}

const NO_QUERY: Readonly<Record<string, string>> = {};

function queryOf(url: string): Record<string, string> {
  const at = url.indexOf('?');
  if (at < 0) return { ...NO_QUERY };
  // Without a prototype, so that every name is a word of the query, and one that nobody knows.
  const words: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(url.slice(at + 1))) {
    if (Object.hasOwn(words, name))
      throw invalid(`the query names ${JSON.stringify(name.slice(0, 64))} twice`);
    words[name] = value;
  }
  return words;
}

/**
 * One header's text. Several of one name are refused: Node joins some and drops others, and who stands in front of the
 * server may have read another one than it does.
 * @throws LedgerError `invalid_argument`
 */
function header(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  if (value === undefined) return undefined;
  const { rawHeaders } = incoming;
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]!.toLowerCase() === name) times += 1;
  if (times > 1) throw invalid(`the header ${name} stands there ${times} times`);
  return String(value);
}

/**
 * Judges a request before its body is read, in a fixed order: who, how often, whether, what.
 * @throws LedgerError `unauthenticated`, `rate_limited`, `forbidden`, `invalid_argument`
 */
export async function admit(
  incoming: IncomingMessage,
  route: Route,
  deps: ServerDeps,
  rate: RateLimit,
): Promise<Admitted> {
  let access: Access;
  try {
    access = await authenticate(header(incoming, 'authorization'), deps.tokenByNo, deps.sha256);
  } catch (error) {
    rate.take(`address ${incoming.socket.remoteAddress ?? ''}`);
    throw error;
  }
  rate.take(access.id);
  const { account: asked, dryRun, topup, ...query } = queryOf(incoming.url ?? '');
  if (asked !== undefined && (route.scope !== 'account' || !ACCOUNT_ID.test(asked))) {
    // Whether it may is said first: a refusal must not tell what there is.
    requireAccess(access, route, undefined);
    throw invalid(
      route.scope === 'account'
        ? `${JSON.stringify(asked.slice(0, 128))} is no account id`
        : 'this route takes no account',
    );
  }
  const account = requireAccess(access, route, asked);
  const clock = header(incoming, 'credits-now');
  if (clock !== undefined) requireClock(access);
  return {
    access,
    account,
    acting: {
      actor: access.id,
      now: clock === undefined ? null : parseInstant(clock, 'Credits-Now'),
    },
    options: { ...optionsOf(incoming, route, dryRun), ...topupOf(route, topup) },
    query,
  };
}

const KEY = /^[^\u0000-\u001f\u007f]{1,255}$/;

/** `Idempotency-Key` and `?dryRun=`. @throws LedgerError `invalid_argument` */
function optionsOf(incoming: IncomingMessage, route: Route, dryRun: string | undefined): WriteOptions {
  const written = header(incoming, 'idempotency-key');
  if (written !== undefined && route.books !== true) {
    throw invalid('Idempotency-Key is for requests that book a receipt');
  }
  if (dryRun !== undefined && (route.writes !== true || !/^(true|false)$/.test(dryRun))) {
    throw invalid(route.writes === true ? 'dryRun is true or false' : 'dryRun is for requests that write');
  }
  if (written === undefined) return { key: null, dryRun: dryRun === 'true' };
  const key = readKey(written);
  if (!KEY.test(key)) throw invalid('Idempotency-Key must be 1 to 255 characters without control characters');
  return { key, dryRun: dryRun === 'true' };
}

/** `?topup=`. @throws LedgerError `invalid_argument` */
function topupOf(route: Route, topup: string | undefined): Pick<WriteOptions, 'topup'> {
  if (topup === undefined) return {};
  if (route.topsUp === undefined) throw invalid('topup is for requests that may make a top-up due');
  if (!/^(true|false)$/.test(topup)) throw invalid('topup is true or false');
  return { topup: topup === 'true' };
}

/**
 * A key as a header carries it: bytes, since it may be any text; in quotes where blanks would be lost at its ends.
 * Source: draft-ietf-httpapi-idempotency-key-header (a string of RFC 9651), and those who write it bare.
 * @throws LedgerError `invalid_argument`
 */
function readKey(written: string): string {
  const bytes = Buffer.from(written, 'latin1');
  // Made readable, two different keys could become one.
  if (!isUtf8(bytes)) throw invalid('Idempotency-Key is not valid UTF-8');
  const text = bytes.toString('utf8');
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(["\\])/g, '$1');
}

/** The body of a request by its route's schema. @throws LedgerError `invalid_argument`, `forbidden` */
export async function bodyOf(
  incoming: IncomingMessage,
  route: Route,
  { access }: Admitted,
  deps: ServerDeps,
): Promise<unknown> {
  if (route.body === undefined) {
    const rest = await readBytes(incoming, BODY_LIMIT);
    if (rest.length > 0) throw invalid('this request takes no body');
    return undefined;
  }
  const bytes = await readBytes(incoming, route.bodyLimit ?? BODY_LIMIT);
  if (!isUtf8(bytes)) throw invalid('the body is not valid UTF-8');
  const value = bytes.length === 0 ? undefined : parseJson(bytes.toString('utf8'));
  const body = decode(route.body, value, 'body');
  requireRecent(access, (body as { readonly at?: number | null } | undefined)?.at ?? null, deps.clock());
  return body;
}
