/**
 * What a server does without being asked: books lapsed lots and holds, and looks after accounts whose balance went down.
 * Every node does it; each piece of work locks its account and is safe to run twice and at once.
 */

import type { ServerDeps } from './deps.ts';
import { redact } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Time between two sweeps; each node adds up to a tenth, so that they do not meet. */
const SWEEP_MS = 60_000;
/** From a write to the look at its account, ms. */
const LOOK_AFTER_MS = 20;

export class Background {
  readonly #deps: ServerDeps;
  readonly #ending = new AbortController();
  readonly #touched = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;
  #metrics: Metrics | undefined;

  constructor(deps: ServerDeps) {
    this.#deps = deps;
  }

  start(metrics: Metrics): void {
    this.#metrics = metrics;
    this.#next();
  }

  /** Notes an account; what is noted several times before its turn is looked at once. */
  touched(account: string): void {
    if (this.#deps.hooks?.afterWrite === undefined || this.#ending.signal.aborted) return;
    this.#touched.add(account);
    this.#looking ??= this.#look();
  }

  /** Waits for what is being done; starts nothing more. */
  async stop(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#sweeping;
    await this.#looking;
  }

  async #look(): Promise<void> {
    // Behind the answers that are on their way, and once for what an account writes meanwhile.
    await new Promise((resolve) => setTimeout(resolve, LOOK_AFTER_MS));
    for (const account of this.#touched) {
      this.#touched.delete(account);
      await this.#guarded('after write', async () => this.#deps.hooks?.afterWrite?.(account));
    }
    this.#looking = undefined;
  }

  #next(): void {
    const wait = SWEEP_MS * (1 + (this.#deps.clock() % 97) / 970);
    this.#timer = setTimeout(() => {
      this.#sweeping = this.sweep().finally(() => {
        if (!this.#ending.signal.aborted) this.#next();
      });
    }, wait).unref();
  }

  /** One sweep over everything that is due. */
  async sweep(): Promise<void> {
    await this.#guarded('sweep', async () => {
      const ledger = this.#deps.ledger({ actor: 'server', now: null });
      const { lots, holds, failed } = await ledger.expire(null, null);
      this.#metrics?.happened('lots_expired', lots.length);
      this.#metrics?.happened('holds_lapsed', holds.length);
      for (const { account, error } of failed) {
        this.#deps.log.write('warn', 'sweep refused', { account, code: error.code });
      }
    });
    await this.#guarded('every minute', async () => this.#deps.hooks?.everyMinute?.(this.#ending.signal));
  }

  async #guarded(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#metrics?.happened(what.replace(/ /g, '_'));
    } catch (error) {
      this.#metrics?.happened(`${what.replace(/ /g, '_')}_failed`);
      this.#deps.log.write('error', `${what} failed`, { error: redact(String(error)) });
    }
  }
}
