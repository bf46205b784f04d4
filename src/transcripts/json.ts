/**
 * Reading values of unknown JSON: what is there, what is missing, and what makes a record unusable.
 */
import { MAX_TOKENS } from '../core/credits.ts';

/** A parsed JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Thrown by an adapter on a record it cannot use; the reader reports its line and goes on. Never leaves this folder. */
export class UnusableRecord extends Error {}

/** Tells a JSON object from arrays, null and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under a path of keys, or undefined when any step is missing or of another type. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject | undefined {
  let found = value;
  for (const key of path) found = isObject(found) ? found[key] : undefined;
  return isObject(found) ? found : undefined;
}

/** The text under a key; undefined when missing, empty or no text. */
export function textAt(value: JsonObject | undefined, key: string): string | undefined {
  const found = value?.[key];
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The array under a key; empty when missing or no array. */
export function listAt(value: JsonObject | undefined, key: string): readonly unknown[] {
  const found = value?.[key];
  return Array.isArray(found) ? found : [];
}

/**
 * A token count.
 * @returns 0 when missing or null
 * @throws UnusableRecord when it is anything but a whole number from 0 to 1,000,000,000
 */
export function tokensAt(value: JsonObject | undefined, ...keys: readonly string[]): number {
  for (const key of keys) {
    const found = value?.[key];
    if (found !== undefined && found !== null) return tokenCount(found);
  }
  return 0;
}

/** Vouches for a number as a token count; see `tokensAt`. */
export function tokenCount(found: unknown): number {
  if (typeof found === 'number' && Number.isInteger(found) && found >= 0 && found <= MAX_TOKENS) return found;
  throw new UnusableRecord('a token count is no whole number from 0 to 1,000,000,000');
}

const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * Reads an instant: RFC 3339 text (without an offset: UTC), or a number of milliseconds or seconds since 1970.
 * @returns epoch ms, or undefined when it is no instant
 */
export function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') {
    // Seconds stay below this bound until the year 5138, milliseconds are above it since 1973.
    const ms = Math.round(Math.abs(value) < 1e11 ? value * 1000 : value);
    return Math.abs(ms) <= 8.64e15 ? ms : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const match = INSTANT.exec(value);
  if (match === null) return undefined;
  const ms = Date.parse(match[1] === undefined ? `${value}Z` : value);
  return Number.isNaN(ms) ? undefined : ms;
}
