/** Errors of the fake, in the shape of the API's error object. */
import type { WirePaymentIntent, WirePaymentMethod } from './wire.ts';

/** The `error` of an answer. */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  code?: string;
  decline_code?: string;
  advice_code?: string;
  network_advice_code?: string;
  message: string;
  param?: string;
  charge?: string;
  payment_intent?: WirePaymentIntent;
  payment_method?: WirePaymentMethod;
}

/** An answer that is an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  /** Whether the idempotency key remembers it: only what an endpoint said after it began its work. */
  readonly kept: boolean;

  constructor(status: number, body: ErrorBody, kept: boolean) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.kept = kept;
  }
}

/** A request that is malformed; the key forgets it. */
export const malformed = (code: string, message: string, param?: string): Refusal =>
  new Refusal(
    400,
    { type: 'invalid_request_error', code, message, ...(param === undefined ? {} : { param }) },
    false,
  );

/** A request that the state of things does not allow; the key keeps the answer. */
export const notAllowed = (code: string, message: string, more: Partial<ErrorBody> = {}): Refusal =>
  new Refusal(400, { type: 'invalid_request_error', code, message, ...more }, true);

/** Nothing of that name. */
export const missing = (what: string, id: string): Refusal =>
  new Refusal(
    404,
    {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such ${what}: '${id}'`,
      param: 'id',
    },
    true,
  );
