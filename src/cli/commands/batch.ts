/** What commands over many accounts or lines share. Source: contract 2 (`partly_refused`), 3 (exit 8). */
import { LedgerError } from '../../core/errors.ts';
import type { FailedAccount } from '../../ledger/service.ts';
import { count } from '../render/amounts.ts';

/** The refusal of a batch of which some accounts failed; undefined when none did. */
export function accountsFailed(failed: readonly FailedAccount[], of: number): LedgerError | undefined {
  if (failed.length === 0) return undefined;
  const [first] = failed;
  return new LedgerError(
    'partly_refused',
    `${failed.length} of ${count(of, 'account')} failed; the first is ${first!.account}: ${first!.error.message}`,
    { details: { failed: failed.length, of } },
  );
}
