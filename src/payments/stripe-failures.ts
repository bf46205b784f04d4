/**
 * What an error of the SDK means: one row per class, by its name, since each bundle carries its own copy of the classes.
 * Anything else, such as a plain error about a number that is none, says nothing about the money: it is unknown.
 */
import { isLedgerError, LedgerError, type RefusalCode } from '../core/errors.ts';
import type { IntentAnswer } from '../ledger/payments/provider.ts';

/**
 * - `declined`: a card or bank said no.
 * - `refused`: the request was not carried out; the fault is ours (key, parameter, state).
 * - `missing`: refused, because there is nothing of that name.
 * - `unknown`: no answer, or one that tells nothing about what was done.
 */
export type FailureKind = 'declined' | 'refused' | 'missing' | 'unknown';

const KINDS: Readonly<Record<string, FailureKind>> = {
  StripeCardError: 'declined',
  StripeInvalidRequestError: 'refused',
  StripeIdempotencyError: 'refused',
  StripeAuthenticationError: 'refused',
  StripePermissionError: 'refused',
  StripeRateLimitError: 'unknown',
  StripeConnectionError: 'unknown',
  StripeAPIError: 'unknown',
};

/** The refusal of a call that has no outcome of its own, by class; `unknown` wherever the table is silent. */
const CODES: Readonly<Record<string, RefusalCode>> = {
  StripeCardError: 'payment_declined',
  StripeInvalidRequestError: 'invalid_argument',
  StripeIdempotencyError: 'payment_declined',
  StripeAuthenticationError: 'payment_declined',
  StripePermissionError: 'payment_declined',
};

/** Codes with which the bank asks for the card holder. */
const HOLDER: ReadonlySet<string> = new Set([
  'authentication_required',
  'subscription_payment_intent_requires_action',
  'invoice_payment_intent_requires_action',
]);

/** An error of the SDK, read. */
export interface Failure {
  readonly kind: FailureKind;
  readonly type: string;
  /** `resource_missing`, `card_declined` …; the class's name where there is none. */
  readonly code: string;
  readonly declineCode: string | undefined;
  /** In the provider's words, without anything that looks like a key. */
  readonly message: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
}

interface SdkError {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly decline_code?: unknown;
  readonly message?: unknown;
  readonly statusCode?: unknown;
  readonly requestId?: unknown;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Reads an error. @throws LedgerError itself, when it is one of ours */
export function failureOf(error: unknown): Failure {
  if (isLedgerError(error)) throw error;
  const facts = (typeof error === 'object' && error !== null ? error : {}) as SdkError;
  const type = text(facts.type) ?? 'Error';
  const code = text(facts.code);
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type]! : 'unknown';
  return {
    kind: kind === 'refused' && code === 'resource_missing' ? 'missing' : kind,
    type,
    code: code ?? type,
    declineCode: text(facts.decline_code),
    message: (text(facts.message) ?? 'no answer').replace(/\b(?:sk|rk|whsec)_\S+/g, '(a key)'),
    status: typeof facts.statusCode === 'number' ? facts.statusCode : undefined,
    requestId: text(facts.requestId),
  };
}

/** The outcome of a call about one payment that failed without having been carried out, or nobody knows. */
export function unanswered(failure: Failure): IntentAnswer {
  if (failure.kind === 'unknown') return { outcome: 'unknown', reason: reasonOf(failure) };
  return { outcome: 'refused', code: failure.declineCode ?? failure.code, message: failure.message };
}

/** Facts for a log and a support request; never the body. */
export function reasonOf({ code, status, requestId, message }: Failure): string {
  const facts = [status === undefined ? undefined : `status ${status}`, requestId].filter(
    (fact) => fact !== undefined,
  );
  const first = message.split('\n', 1)[0] ?? '';
  return `${code}: ${first.slice(0, 200)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

/** The refusal of a call that changes or reads something else than one payment. */
export function refusalOf(failure: Failure, what: string): LedgerError {
  const code = Object.hasOwn(CODES, failure.type) ? CODES[failure.type]! : 'payment_unknown';
  const details = { provider: 'stripe', code: failure.declineCode ?? failure.code };
  if (code === 'payment_unknown') {
    return new LedgerError('payment_unknown', `${what}: Stripe gave no answer that settles it`, {
      hint: 'nothing is lost; try again later',
      details: { ...details, reason: reasonOf(failure) },
    });
  }
  if (HOLDER.has(failure.code)) {
    return new LedgerError('payment_action_required', `${what}: the bank asks for the card holder`, {
      details,
    });
  }
  const isOurs = failure.kind !== 'declined' && code === 'payment_declined';
  return new LedgerError(code, `${what}: ${failure.message}`, {
    details,
    ...(isOurs
      ? { hint: 'this is a fault of the configuration, not of the card: check STRIPE_SECRET_KEY' }
      : {}),
  });
}

/** Makes a call; an error becomes the refusal that says what was meant to be done. */
export async function carry<Value>(what: string, call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    throw refusalOf(failureOf(error), what);
  }
}

/** Makes a call; null where there is nothing of that name. */
export async function carryOrMissing<Value>(what: string, call: () => Promise<Value>): Promise<Value | null> {
  try {
    return await call();
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === 'missing') return null;
    throw refusalOf(failure, what);
  }
}
