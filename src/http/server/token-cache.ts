/**
 * Look-ups of access tokens, shared by requests that come close together: one read of the ledger for each request would
 * cost a tenth of it. A revoked token is refused a twentieth of a second later at most, which is as long as requests that
 * were on their way when it was revoked take.
 */
import type { AccessTokenRow } from '../../ledger/access-tokens.ts';

const FRESH_MS = 50;
/** Tokens that are remembered; a sender of made-up numbers must not fill the memory. */
const MOST = 1_000;

type Lookup = (no: number) => Promise<AccessTokenRow | undefined>;

/** @param now any clock that only rises, ms */
export function cachedTokens(lookup: Lookup, now: () => number): Lookup {
  const known = new Map<number, { readonly until: number; readonly row: ReturnType<Lookup> }>();
  return (no) => {
    const at = now();
    const found = known.get(no);
    if (found !== undefined && at < found.until) return found.row;
    if (known.size >= MOST) known.clear();
    const row = lookup(no);
    known.set(no, { until: at + FRESH_MS, row });
    // What failed is asked for again.
    row.catch(() => known.delete(no));
    return row;
  };
}
