/** Access tokens of a ledger on this machine. Loaded when they are asked for. */
import { createAccessTokens } from '../ledger/access-tokens.ts';
import type { LocalDeps } from '../ledger/local-deps.ts';
import type { TokenAdmin, WireOptions } from './wire-types.ts';

/** @param deps of an open ledger, which ends with it */
export function createTokenAdmin(deps: LocalDeps, { random }: WireOptions): TokenAdmin {
  const { store } = deps;
  return {
    ...createAccessTokens(deps, () => Buffer.from(random(32)).toString('base64url')),
    info: { location: store.location, mode: store.mode },
    close: () => store.close(),
  };
}
