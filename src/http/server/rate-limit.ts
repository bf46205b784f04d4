/**
 * How many requests each sender may make: a bucket that fills at a rate and holds two seconds' worth. In memory and per
 * node: it guards the server, it is no quota.
 */
import { LedgerError } from '../../core/errors.ts';
import { HttpRefusal } from './problem.ts';

interface Bucket {
  left: number;
  at: number;
}

/** Senders that are remembered; beyond it those that are full again are forgotten. */
const MOST = 10_000;
const BURST_SECONDS = 2;

export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param perSecond 0: no limit
   * @param now any clock that only rises, ms
   */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Counts a request. @throws HttpRefusal `rate_limited`, with when to come back */
  take(sender: string): void {
    if (this.#perSecond === 0) return;
    const most = this.#perSecond * BURST_SECONDS;
    const at = this.#now();
    let bucket = this.#buckets.get(sender);
    if (bucket === undefined) {
      if (this.#buckets.size >= MOST) this.#forget(at, most);
      bucket = { left: most, at };
      this.#buckets.set(sender, bucket);
    }
    bucket.left = Math.min(most, bucket.left + ((at - bucket.at) / 1_000) * this.#perSecond);
    bucket.at = at;
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return;
    }
    const seconds = Math.max(1, Math.ceil((1 - bucket.left) / this.#perSecond));
    const refusal = new LedgerError('rate_limited', `more than ${this.#perSecond} requests a second`, {
      hint: `try again in ${seconds} s`,
    });
    throw new HttpRefusal(refusal, 429, { 'retry-after': String(seconds) });
  }

  #forget(at: number, most: number): void {
    for (const [sender, bucket] of this.#buckets) {
      if (bucket.left + ((at - bucket.at) / 1_000) * this.#perSecond >= most) this.#buckets.delete(sender);
    }
    // All of them are busy: the oldest goes.
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= MOST && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
