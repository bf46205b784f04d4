/** Values by their schemas, both ways; what does not fit is refused and named. */
import type * as z from 'zod';
import { invalid, type LedgerError } from '../../core/errors.ts';

/** One thing that is wrong, for a refusal. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Most of them that are told. */
const MOST = 10;

function misfit(found: readonly Issue[], what: string): LedgerError {
  const issues = found
    .slice(0, MOST)
    .map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  const [first] = issues;
  const where = first === undefined || first.path === '' ? what : `${what}: ${first.path}`;
  return invalid(`${where}: ${first?.message ?? 'it has another shape'}`, undefined, { issues });
}

/**
 * Reads what travelled.
 * @param what where it stands, for the message
 * @throws LedgerError `invalid_argument` with `details.issues`
 */
export function decode(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeDecode(value as never);
  if (result.success) return result.data;
  throw misfit(result.error.issues, what);
}

/** Writes what is to travel. @throws LedgerError `invalid_argument` with `details.issues` */
export function encode(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeEncode(value as never);
  if (result.success) return result.data;
  throw misfit(result.error.issues, what);
}
