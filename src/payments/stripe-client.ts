/** Opens the SDK: loaded here alone, and only when there is something to pay. */
import { Agent as PlainAgent } from 'node:http';
import { Agent } from 'node:https';
import type { Stripe } from 'stripe';
import type { ApiAddress } from './stripe-settings.ts';

/** The SDK with its sockets. */
export interface StripeClient {
  readonly stripe: Stripe;
  close(): void;
}

/** Every call ends after this, ms, retries apart. */
const TIMEOUT_MS = 20_000;

/** Repeats of a call without an answer. Each carries the key of the first, so that it makes nothing twice. */
const RETRIES = 2;

/** How long and how often; a test shortens it. */
export interface ClientFacts {
  readonly secretKey: string;
  readonly address: ApiAddress | null;
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** Ends calls under way, as if no answer had come. */
  readonly signal?: AbortSignal;
}

/** Loads the SDK and makes a client of it. */
export async function openClient(facts: ClientFacts): Promise<StripeClient> {
  const { default: Sdk } = await loadQuietly();
  const agent =
    facts.address?.protocol === 'http' ? new PlainAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const { signal } = facts;
  const http = Sdk.createNodeHttpClient(agent);
  const makeRequest = http.makeRequest.bind(http);
  http.makeRequest = (...call) =>
    signal?.aborted === true ? Promise.reject(new Error('interrupted')) : makeRequest(...call);
  const end = (): void => agent.destroy();
  signal?.addEventListener('abort', end, { once: true });
  const stripe = new Sdk(facts.secretKey, {
    ...(facts.address === null ? {} : facts.address),
    httpClient: http,
    maxNetworkRetries: facts.retries ?? RETRIES,
    timeout: facts.timeoutMs ?? TIMEOUT_MS,
    telemetry: false,
  });
  return {
    stripe,
    close: () => {
      signal?.removeEventListener('abort', end);
      agent.destroy();
    },
  };
}

/** Marks of a coding agent, on which the SDK prints a line of its own while it is being loaded (23.1.0). */
const AGENT_MARKS = ['CLAUDECODE', 'CLAUDE_CODE_CHILD_SESSION'] as const;

async function loadQuietly(): Promise<typeof import('stripe')> {
  // What stands on stderr is part of what the program promises, and scripts read its last line.
  const marks = AGENT_MARKS.map((name) => [name, process.env[name]] as const);
  for (const name of AGENT_MARKS) delete process.env[name];
  try {
    return await import('stripe');
  } finally {
    for (const [name, value] of marks) if (value !== undefined) process.env[name] = value;
  }
}
