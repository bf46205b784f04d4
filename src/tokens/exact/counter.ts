/** What the counting endpoint of one provider looks like. One file each, one line in `count-exactly.ts`. */
import type { Json } from '../request/fields.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The outside world of an exact count. */
export interface ExactWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: Fetch;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

/** One request to a counting endpoint. */
export interface Question {
  /** Behind the base address, without a slash at the start. */
  readonly path: string;
  readonly body: unknown;
}

/** A provider's counting endpoint. */
export interface ProviderCounter {
  readonly provider: string;
  /** Environment variables that may hold the key; the first that is set counts. */
  readonly keyVariables: readonly string[];
  /** Environment variable that moves the base address. */
  readonly baseVariable: string;
  readonly base: string;
  /** Version part of every path; a moved base address may or may not end with it. */
  readonly version: string;
  headers(key: string): Readonly<Record<string, string>>;
  askText(model: string, text: string, system: string): Question;
  /** @throws LedgerError `invalid_argument` when the body has another provider's shape */
  askRequest(model: string, body: Json): Question;
  /** The count in an answer; anything that is no whole number means that there is none. */
  tokensOf(answer: Json): unknown;
}

/**
 * A body without some fields. Leaving out what is known not to count, and not picking what is known to count, makes an
 * unknown field the provider's to refuse: it is never dropped in silence.
 */
export function without(body: Json, names: ReadonlySet<string>): Json {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.has(name)));
}
