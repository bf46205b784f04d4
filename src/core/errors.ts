/**
 * Refusals: every expected "no" of the program, as facts. One row per code; the exit code and the HTTP status follow
 * from it. Text is written where the refusal is thrown, next to the facts in `details`.
 *
 * Source: contract 3 (exit codes). Codes are stable: never rename one.
 */

interface RefusalKind {
  /** Exit code of the command line. */
  readonly exit: number;
  /** Status of the HTTP API. */
  readonly http: number;
}

const INVALID = { exit: 2, http: 400 } as const satisfies RefusalKind;
const UNKNOWN = { exit: 2, http: 404 } as const satisfies RefusalKind;
const CONFLICT = { exit: 2, http: 409 } as const satisfies RefusalKind;
const CREDITS = { exit: 3, http: 402 } as const satisfies RefusalKind;
const FORBIDDEN = { exit: 4, http: 403 } as const satisfies RefusalKind;
const PAYMENT = { exit: 5, http: 402 } as const satisfies RefusalKind;
const POLICY = { exit: 6, http: 409 } as const satisfies RefusalKind;
const INTEGRITY = { exit: 7, http: 500 } as const satisfies RefusalKind;
const LATER = { exit: 75, http: 503 } as const satisfies RefusalKind;

/** Every error code with its exit code and HTTP status. */
export const REFUSALS = {
  internal: { exit: 1, http: 500 },
  invalid_argument: INVALID,
  confirmation_needed: INVALID,
  cancelled: INVALID,
  unknown_model: UNKNOWN,
  unpriced_model: INVALID,
  unknown_account: UNKNOWN,
  unknown_hold: UNKNOWN,
  unknown_lot: UNKNOWN,
  unknown_package: UNKNOWN,
  unknown_plan: UNKNOWN,
  unknown_purchase: UNKNOWN,
  unknown_token: UNKNOWN,
  unknown_provider: UNKNOWN,
  account_exists: CONFLICT,
  already_granted: CONFLICT,
  key_reused: CONFLICT,
  hold_already_resolved: CONFLICT,
  no_ledger: INVALID,
  ledger_exists: CONFLICT,
  ledger_newer: INVALID,
  insufficient_credits: CREDITS,
  in_debt: CREDITS,
  check_failed: CREDITS,
  unauthenticated: { exit: 4, http: 401 },
  forbidden: FORBIDDEN,
  ledger_read_only: FORBIDDEN,
  no_payment_method: PAYMENT,
  payment_declined: PAYMENT,
  payment_action_required: PAYMENT,
  topup_limit_reached: POLICY,
  max_charge_exceeded: POLICY,
  mode_mismatch: POLICY,
  account_closed: POLICY,
  integrity_failure: INTEGRITY,
  ledger_unreadable: INTEGRITY,
  partly_refused: { exit: 8, http: 207 },
  ledger_busy: LATER,
  disk_full: { exit: 75, http: 507 },
  remote_unreachable: LATER,
  payment_unknown: LATER,
  rate_limited: { exit: 75, http: 429 },
} as const satisfies Record<string, RefusalKind>;

/** A stable refusal code, as in `error.code` of the JSON failure document. */
export type RefusalCode = keyof typeof REFUSALS;

/** Facts of a refusal, JSON values only; amounts are in credits as they will be shown. */
export type RefusalDetails = Readonly<Record<string, unknown>>;

const BRAND = Symbol.for('credits.LedgerError');

/**
 * An expected refusal. Thrown before anything was written, unless the code says the outcome is unknown
 * (`remote_unreachable`, `payment_unknown`).
 */
export class LedgerError extends Error {
  readonly [BRAND] = true;
  readonly code: RefusalCode;
  /** What the user can do about it; one sentence or undefined. */
  readonly hint: string | undefined;
  readonly details: RefusalDetails | undefined;

  constructor(code: RefusalCode, message: string, facts: { hint?: string; details?: RefusalDetails } = {}) {
    super(message);
    this.name = 'LedgerError';
    this.code = code;
    this.hint = facts.hint;
    this.details = facts.details;
  }

  /** Exit code of the command line for this refusal. */
  get exitCode(): number {
    return REFUSALS[this.code].exit;
  }
}

/** Tells a refusal from a defect. By brand, since each lazily loaded bundle carries its own copy of the class. */
export function isLedgerError(error: unknown): error is LedgerError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** Shorthand for the refusal of malformed input (exit 2). */
export function invalid(message: string, hint?: string, details?: RefusalDetails): LedgerError {
  return new LedgerError('invalid_argument', message, {
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  });
}
