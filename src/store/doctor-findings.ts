/** What `doctor` answers with, and the findings that every engine has. */
import type { RefusalCode } from '../core/errors.ts';
import { DAY_MS, formatInstant } from '../core/time.ts';
import type { Instant } from '../core/types.ts';

/** One answer. `fail`: the ledger cannot be used, or is damaged. */
export interface DoctorFinding {
  readonly id: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly detail: readonly string[];
}

export interface FileFindings {
  readonly findings: readonly DoctorFinding[];
  /** Test or live; null where no ledger can be read. */
  readonly mode: string | null;
  /** Why it cannot be used: the refusal any other command ends with. */
  readonly refusal: { readonly code: RefusalCode; readonly message: string; readonly hint?: string } | null;
}

export const finding = (
  id: string,
  problems: readonly string[],
  good: string,
  level: 'warn' | 'fail' = 'warn',
): DoctorFinding =>
  problems.length === 0 ? { id, level: 'ok', detail: [good] } : { id, level, detail: problems };

/**
 * Ledger time never falls: what was booked ahead holds an account's clock there.
 * @param rows accounts ahead, furthest first; one more than `most` when there are more
 */
export function clockFinding(
  rows: readonly (readonly [id: string, lastAt: Instant])[],
  wall: Instant,
  most: number,
): DoctorFinding {
  const problems = rows.slice(0, most).map(([id, at]) => {
    const far = at > wall + DAY_MS ? ', MORE THAN 24 HOURS' : '';
    return `account ${id} is ahead of the clock${far}: its last receipt is of ${formatInstant(at)}, and so will be what is booked until then`;
  });
  if (rows.length > most) problems.push('and more');
  return finding('clock', problems, `no account is ahead of the clock, ${formatInstant(wall)}`);
}
