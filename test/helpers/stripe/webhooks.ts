/** Signed deliveries: at once, or held back so that a test can repeat, reorder, lose or delay them. */
import { createHmac } from 'node:crypto';
import type { WireEvent } from './wire.ts';

/** An event as it goes out. */
export interface Delivery {
  event: WireEvent;
  /** Raw body. */
  body: string;
  /** `stripe-signature` header. */
  signature: string;
}

/** @param timestamp Unix seconds */
export function signature(body: string, secrets: readonly string[], timestamp: number): string {
  const marks = secrets.map((secret) => {
    const mac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    return `v1=${mac}`;
  });
  return [`t=${timestamp}`, ...marks, 'v0=0'].join(',');
}

/** Makes a delivery of an event. @param at Unix seconds */
export function signed(event: WireEvent, secrets: readonly string[], at: number): Delivery {
  const body = JSON.stringify(event, null, 2);
  return { event, body, signature: signature(body, secrets, at) };
}

/** How deliveries of one endpoint go. */
export interface EndpointFacts {
  url: string;
  /** Several while a secret is being rolled: each delivery carries a mark of each. */
  secrets: readonly string[];
  /** `held`: nothing goes out before `flush`. */
  mode?: 'at_once' | 'held';
}

/** Where deliveries go, and the queue of those that are held back. */
export class Webhooks {
  readonly #endpoints: (EndpointFacts & { queue: WireEvent[] })[] = [];
  readonly #now: () => number;
  #sending: Promise<void> = Promise.resolve();

  /** @param now Unix seconds of the signatures */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds an endpoint. */
  to(facts: EndpointFacts): HeldEndpoint {
    const endpoint = { ...facts, queue: [] as WireEvent[] };
    this.#endpoints.push(endpoint);
    return {
      queue: endpoint.queue,
      flush: async (choose = (events) => [...events]) => {
        const events = choose(endpoint.queue);
        endpoint.queue.length = 0;
        const statuses: number[] = [];
        for (const event of events) statuses.push(await this.#send(endpoint, event));
        return statuses;
      },
    };
  }

  /** Called for each event. */
  take(event: WireEvent): void {
    for (const endpoint of this.#endpoints) {
      event.pending_webhooks += 1;
      if (endpoint.mode === 'held') endpoint.queue.push(event);
      else this.#sending = this.#sending.then(() => this.#send(endpoint, event)).then(() => {});
    }
  }

  /** Resolves when everything that goes out at once has gone. */
  async settled(): Promise<void> {
    for (let seen: Promise<void> | null = null; seen !== this.#sending; ) {
      seen = this.#sending;
      await seen;
    }
  }

  /** @returns HTTP status; 0 when nobody answered */
  async #send(endpoint: EndpointFacts, event: WireEvent): Promise<number> {
    const { body, signature: mark } = signed(event, endpoint.secrets, this.#now());
    try {
      const answer = await fetch(endpoint.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': mark },
        body,
      });
      await answer.arrayBuffer();
      if (answer.ok) event.pending_webhooks = Math.max(0, event.pending_webhooks - 1);
      return answer.status;
    } catch {
      return 0;
    }
  }
}

/** An endpoint whose deliveries a test lets go. */
export interface HeldEndpoint {
  /** Events in waiting, oldest first. */
  readonly queue: readonly WireEvent[];
  /**
   * Sends what waits, one after the other.
   * @param choose which of them, in which order, how often; all in order unless told. The rest is lost
   * @returns HTTP statuses, 0 where nobody answered
   */
  flush(choose?: (events: readonly WireEvent[]) => readonly WireEvent[]): Promise<number[]>;
}
