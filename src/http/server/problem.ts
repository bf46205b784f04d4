/**
 * Refusals as `application/problem+json`: code, details and status, as the failure document of the command line has them.
 * A defect is `internal` and tells nothing of the inside. Source: contract 8; RFC 9457.
 */
import { isLedgerError, type LedgerError, REFUSALS } from '../../core/errors.ts';

export const PROBLEM = 'application/problem+json';

/** A refusal of the transport alone, with a status that no code has. */
export class HttpRefusal extends Error {
  readonly refusal: LedgerError;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(refusal: LedgerError, status: number, headers: Readonly<Record<string, string>> = {}) {
    super(refusal.message);
    this.refusal = refusal;
    this.status = status;
    this.headers = headers;
  }
}

/** What goes out for whatever was thrown. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @param error anything; what is no refusal says only that something went wrong */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpRefusal) return problem(error.refusal, error.status, error.headers);
  if (isLedgerError(error)) return problem(error, REFUSALS[error.code].http, {});
  const body = {
    type: 'about:blank',
    title: 'internal',
    status: 500,
    code: 'internal',
    detail: 'something went wrong inside the server',
    hint: "the server's log says more",
  };
  return { status: 500, code: 'internal', headers: {}, body: JSON.stringify(body) };
}

function problem(refusal: LedgerError, status: number, headers: Readonly<Record<string, string>>): Problem {
  const { code, message, hint, details } = refusal;
  const body = {
    type: 'about:blank',
    title: code,
    status,
    code,
    detail: message,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  };
  return { status, code, headers: { ...NEXT[code], ...headers }, body: JSON.stringify(body) };
}

/** What a client is told about when to come back, and how to show who it is. */
const NEXT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  unauthenticated: { 'www-authenticate': 'Bearer' },
  ledger_busy: { 'retry-after': '1' },
};
