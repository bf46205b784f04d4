/** Answers one request: credentials, idempotency on the virtual clock, the endpoint, expansion. */
import { createHash } from 'node:crypto';
import { expanded } from './expand.ts';
import { Params, parseForm } from './params.ts';
import { type ErrorBody, Refusal } from './refusal.ts';
import { findRoute } from './routes.ts';
import type { World } from './world.ts';

/** One request as it was seen. */
export interface RequestLine {
  method: string;
  path: string;
  /** The form or query as text. */
  form: string;
  key: string | null;
  /** `stripe-version` header. */
  version: string | null;
  requestId: string;
}

/** A finished answer. */
export interface Answer {
  status: number;
  body: object;
  replayed: boolean;
}

interface Kept {
  fingerprint: string;
  at: number;
  answer: Answer;
}

/** Keys are forgotten after 24 h. */
const WINDOW_MS = 24 * 3_600_000;

const inFlight = (): Refusal =>
  new Refusal(
    409,
    {
      type: 'idempotency_error',
      code: 'idempotency_key_in_use',
      message: 'There is currently another in-progress request using this Idempotency Key.',
    },
    false,
  );

const otherBody = (): Refusal =>
  new Refusal(
    400,
    {
      type: 'idempotency_error',
      message:
        'Keys for idempotent requests can only be used with the same parameters they were first used with.',
    },
    false,
  );

/** The keys of one account. */
export class Keys {
  readonly #kept = new Map<string, Kept>();
  readonly #busy = new Set<string>();

  /**
   * Takes a key for a request.
   * @returns the answer it had before, or null: now it is taken
   * @throws Refusal 409 while another request holds it, 400 when it was used for something else
   */
  take(key: string, fingerprint: string, nowMs: number): Answer | null {
    if (this.#busy.has(key)) throw inFlight();
    const kept = this.#kept.get(key);
    if (kept !== undefined && nowMs - kept.at < WINDOW_MS) {
      if (kept.fingerprint !== fingerprint) throw otherBody();
      return { ...kept.answer, replayed: true };
    }
    this.#kept.delete(key);
    this.#busy.add(key);
    return null;
  }

  keep(key: string, fingerprint: string, nowMs: number, answer: Answer): void {
    this.#kept.set(key, { fingerprint, at: nowMs, answer });
  }

  free(key: string): void {
    this.#busy.delete(key);
  }
}

export const fingerprintOf = (line: RequestLine): string =>
  createHash('sha256').update(`${line.method} ${line.path}\n${line.form}`).digest('hex');

/** Carries out a request. The effect and the answer are one step: nothing else runs in between. */
export function carryOut(world: World, line: RequestLine): { answer: Answer; kept: boolean } {
  const found = findRoute(line.method, line.path);
  if (found === undefined) {
    return refusedBy(
      new Refusal(
        404,
        {
          type: 'invalid_request_error',
          code: 'resource_missing',
          message: `Unrecognized request URL (${line.method}: ${line.path}).`,
        },
        false,
      ),
    );
  }
  world.request = { id: line.requestId, key: line.key };
  try {
    const params = new Params(parseForm(line.form)).only(found.route.params);
    const result = found.route.answer(world, params, found.id);
    const body = expanded(world, result, params.list('expand'));
    return { answer: { status: 200, body, replayed: false }, kept: true };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refusedBy(error);
  } finally {
    world.request = null;
  }
}

export const refusedBy = (refusal: Refusal): { answer: Answer; kept: boolean } => ({
  answer: { status: refusal.status, body: { error: refusal.body }, replayed: false },
  kept: refusal.kept,
});

/** The error body of an answer that a fault makes. */
export const faultBody = (status: 409 | 429 | 500 | 503): { error: ErrorBody } => ({
  error:
    status === 429
      ? {
          type: 'invalid_request_error',
          code: 'rate_limit',
          message: 'Too many requests hit the API too quickly.',
        }
      : status === 409
        ? {
            type: 'idempotency_error',
            code: 'idempotency_key_in_use',
            message: 'Another request uses this key.',
          }
        : { type: 'api_error', message: 'An error occurred inside the service.' },
});
