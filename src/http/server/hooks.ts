/** What other parts of the program do inside the server; each may be missing. */

/** A webhook as it came: the raw bytes, since its signature is over them. */
export interface WebhookRequest {
  readonly body: Uint8Array;
  /** Header `Stripe-Signature`; null: missing. */
  readonly signature: string | null;
}

export interface ServerHooks {
  /**
   * After a commit that may have lowered an account's balance: looks whether a top-up is due. Runs behind the answer, on
   * every node; must be safe to run twice and at once. What it throws is logged.
   */
  readonly afterWrite?: (account: string) => Promise<void>;
  /** Work for every minute or so, on every node at once. What it throws is logged. */
  readonly everyMinute?: (signal: AbortSignal) => Promise<void>;
  /**
   * `POST /v1/webhooks/stripe`: trusted by its signature alone. Resolves when the event is stored or known.
   * @throws LedgerError `unauthenticated` (no valid signature), `invalid_argument`; the provider then asks again
   */
  readonly webhook?: (request: WebhookRequest) => Promise<void>;
}
