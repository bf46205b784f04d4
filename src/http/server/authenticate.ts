/**
 * Who sends a request: the token of its `Authorization` header, looked up by the number in it and compared by its hash in
 * constant time. What it may do is `requireAccess`'s to judge. Source: contract 8; RFC 6750.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Sha256 } from '../../core/chain.ts';
import { LedgerError } from '../../core/errors.ts';
import {
  ACCESS_ROLES,
  type AccessRole,
  type AccessTokenRow,
  accessTokenId,
  accessTokenNo,
} from '../../ledger/access-tokens.ts';
import type { Access, Route } from '../route.ts';

const BEARER = /^Bearer +([^\s]{1,256})$/i;
/** Compared where there is no such token, so that both answers take as long. */
const NOBODY = '0'.repeat(64);

const unauthenticated = (message: string): LedgerError =>
  new LedgerError('unauthenticated', message, {
    hint: '`credits tokens create` on the server makes a token; `credits login URL` or CREDITS_TOKEN holds it',
  });

/** @throws LedgerError `unauthenticated` */
export async function authenticate(
  header: string | undefined,
  tokenByNo: (no: number) => Promise<AccessTokenRow | undefined>,
  sha256: Sha256,
): Promise<Access> {
  if (header === undefined) throw unauthenticated('this needs an access token');
  const text = BEARER.exec(header)?.[1] ?? '';
  const no = accessTokenNo(text);
  const row = no === undefined ? undefined : await tokenByNo(no);
  const isIt = timingSafeEqual(Buffer.from(sha256(text)), Buffer.from(row?.hash ?? NOBODY));
  if (row === undefined || !isIt) throw unauthenticated('the access token is not known here');
  if (row.endedAt !== null) throw unauthenticated('the access token was revoked');
  return { id: accessTokenId(row.no), role: row.role, account: row.account };
}

const forbidden = (message: string, hint?: string): LedgerError =>
  new LedgerError('forbidden', message, hint === undefined ? {} : { hint });

const rank = (role: AccessRole): number => ACCESS_ROLES.indexOf(role);

/**
 * The account that a request is about.
 * @param asked the account it names; undefined: none
 * @throws LedgerError `forbidden`: the role is too small, the account is another one, or the route is about them all
 */
export function requireAccess(access: Access, route: Route, asked: string | undefined): string {
  if (rank(access.role) < rank(route.role)) {
    throw forbidden(`a ${access.role} token may not do this`, `it takes the role ${route.role}`);
  }
  if (access.account === null) return asked ?? 'default';
  if (route.scope === 'ledger') throw forbidden(`this token is for account ${access.account} alone`);
  return requireAccount(access, asked);
}

/** @throws LedgerError `forbidden` */
export function requireAccount({ account }: Access, asked: string | undefined): string {
  if (account === null) return asked ?? 'default';
  if (asked === undefined || asked === account) return account;
  throw forbidden(`this token is for account ${account} alone`);
}

/** Setting the clock is an admin's. @throws LedgerError `forbidden`. Source: contract 1 */
export function requireClock({ role }: Access): void {
  if (role !== 'admin') throw forbidden('only an admin token sets the clock', 'leave --now out');
}

const DAY_MS = 86_400_000;

/**
 * How far back a call may lie.
 * @param at the call's own time; null: now
 * @throws LedgerError `forbidden` for a `spend` token and more than 24 hours. Source: contract 1
 */
export function requireRecent({ role }: Access, at: number | null, now: number): void {
  if (role === 'spend' && at !== null && at < now - DAY_MS) {
    throw forbidden('a spend token books calls of the last 24 hours', 'older ones take an admin token');
  }
}
