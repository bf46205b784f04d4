/** Reading a request body of unknown shape: every refusal names the place, `messages[2].content`. */
import { MAX_TOKENS } from '../../core/credits.ts';
import { invalid, type LedgerError } from '../../core/errors.ts';

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** True for a JSON object, not for null or a list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The refusal of a body: `request: PATH PROBLEM`. */
export function refuse(path: string, problem: string, hint?: string): LedgerError {
  return invalid(`request: ${path === '' ? 'the body' : path} ${problem}`, hint);
}

/** @throws LedgerError `invalid_argument` unless the value is an object */
export function objectAt(value: unknown, path: string): Json {
  if (!isObject(value)) throw refuse(path, 'must be an object');
  return value;
}

/** @throws LedgerError `invalid_argument` unless the value is a list */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refuse(path, 'must be a list');
  return value;
}

/** @throws LedgerError `invalid_argument` unless the value is text */
export function textAt(value: unknown, path: string): string {
  if (typeof value !== 'string') throw refuse(path, 'must be text');
  return value;
}

/** The value as text: absent and null are the empty text. @throws LedgerError `invalid_argument` when it is neither */
export function optionalTextAt(value: unknown, path: string): string {
  return value === undefined || value === null ? '' : textAt(value, path);
}

/** The value as a list: absent and null are the empty list. @throws LedgerError `invalid_argument` when it is neither */
export function optionalListAt(value: unknown, path: string): readonly unknown[] {
  return value === undefined || value === null ? [] : listAt(value, path);
}

/**
 * The first of some fields that is there, as a count of 1 or more; null: none is.
 * @throws LedgerError `invalid_argument` when it is no such count
 */
export function countIn(values: Readonly<Record<string, unknown>>): number | null {
  for (const [path, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > MAX_TOKENS) {
      throw refuse(path, `must be a whole number from 1 to ${MAX_TOKENS}`);
    }
    return value;
  }
  return null;
}

/** Levels a body may nest: more is no request, and would overflow the stack when it is written out. */
const DEEPEST = 200;

/** @throws LedgerError `invalid_argument` when the value nests deeper than 200 levels */
export function requireShallow(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) throw refuse('', `nests deeper than ${DEEPEST} levels`);
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
}
