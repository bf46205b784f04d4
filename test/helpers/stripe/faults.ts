/** What goes wrong on the way: matched by request, before or after its effect. */
import type { RequestLine } from './requests.ts';

/** What goes wrong. */
export type Fault =
  /** The socket closes without an answer. */
  | 'drop'
  /** An answer of this status; 500 is remembered by the key, as the service does. */
  | 429
  | 409
  | 500
  | 503
  /** No answer until the client gives up. */
  | 'hang'
  /** 200, but no JSON. */
  | 'garbage'
  /** Half of the answer, then the socket closes. */
  | 'cut'
  /** Waits at this point until `go` is called. */
  | 'pause';

export interface FaultFacts {
  /** Which requests; all when left out. */
  matches?: (line: RequestLine) => boolean;
  /** The same in words, for a fake in a process of its own: `POST` and the end of the path. */
  method?: string;
  path?: string;
  /** Before: nothing has happened. After: everything has happened, only the answer is lost. */
  at: 'before' | 'after';
  does: Fault;
  /** How often; once unless told. */
  times?: number;
  /** How many matching requests pass first. */
  skip?: number;
}

/** A fault that was set. */
export interface FaultPoint {
  /** Resolves with the request when it is met for the first time. */
  readonly reached: Promise<RequestLine>;
  /** Lets a paused request go on. */
  go(): void;
  /** Ends a paused request where it is: before its effect nothing happens any more. */
  lose(): void;
  /** Takes the fault back. */
  clear(): void;
}

/** One fault in waiting. */
interface Waiting {
  facts: FaultFacts;
  left: number;
  skip: number;
  reach: (line: RequestLine) => void;
  gone: Promise<'go' | 'lose'>;
}

/** The faults of one fake. */
export class Faults {
  #waiting: Waiting[] = [];

  add(facts: FaultFacts): FaultPoint {
    const reached = Promise.withResolvers<RequestLine>();
    const gone = Promise.withResolvers<'go' | 'lose'>();
    const waiting: Waiting = {
      facts,
      left: facts.times ?? 1,
      skip: facts.skip ?? 0,
      reach: reached.resolve,
      gone: gone.promise,
    };
    this.#waiting.push(waiting);
    return {
      reached: reached.promise,
      go: () => gone.resolve('go'),
      lose: () => gone.resolve('lose'),
      clear: () => {
        gone.resolve('go');
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      },
    };
  }

  /** Takes every fault back. */
  clear(): void {
    this.#waiting = [];
  }

  /** The fault that a request meets at a point, or null; waits through pauses. */
  async meet(at: 'before' | 'after', line: RequestLine): Promise<Exclude<Fault, 'pause'> | null> {
    for (const waiting of this.#waiting) {
      const { facts } = waiting;
      if (facts.at !== at || waiting.left === 0 || !concerns(facts, line)) continue;
      if (waiting.skip > 0) {
        waiting.skip -= 1;
        continue;
      }
      waiting.left -= 1;
      waiting.reach(line);
      if (facts.does !== 'pause') return facts.does;
      if ((await waiting.gone) === 'lose') return 'drop';
    }
    return null;
  }
}

const concerns = ({ matches, method, path }: FaultFacts, line: RequestLine): boolean =>
  (method === undefined || line.method === method) &&
  (path === undefined || line.path.endsWith(path)) &&
  matches?.(line) !== false;
