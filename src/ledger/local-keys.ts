/** Keys and the requests they are bound to. Source: contract 5.7. */
import { LedgerError } from '../core/errors.ts';
import type { Replay } from './store.ts';

/** The refusal of a key that was used for another request. */
export const keyReused = (key: string): LedgerError =>
  new LedgerError('key_reused', `the key ${JSON.stringify(key)} was used for another request`, {
    hint: 'use a new key for a new request; repeat a request with exactly its own words',
    details: { key },
  });

/**
 * Refuses a known key whose receipt answers another request.
 * @param request hash of the request that comes with the key now
 * @param earlier hashes that the same request may have had when the key was new
 * @throws LedgerError `key_reused`
 */
export function requireSameRequest(
  { booked }: Replay,
  request: string | null,
  key: string | null,
  earlier: () => readonly string[] = () => [],
): void {
  const bound = booked.receipt.request;
  if (bound === request || (bound !== null && earlier().includes(bound))) return;
  throw keyReused(key!);
}
