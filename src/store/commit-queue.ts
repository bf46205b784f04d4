/**
 * Group commit: requests that wait while a transaction is under way share the next one. Shared by the engines; knows
 * nothing of a database.
 */
import type { Work, WorkResult } from '../ledger/store.ts';

/** What an engine lends. */
export interface CommitQueueOptions {
  /** Most pieces of work in one transaction; a single request may be larger. */
  readonly limit: number;
  /** Transactions at a time. No two of them touch the same account. */
  readonly lanes: number;
  /** Runs a batch in one transaction, in order. @param isShared it holds the work of several requests */
  commit(works: readonly Work[], isShared: boolean): Promise<WorkResult[]>;
  /** True for a failure that every other request would have met too. */
  isShared(error: unknown): boolean;
}

interface Waiting {
  readonly works: readonly Work[];
  readonly accounts: readonly string[];
  resolve(results: WorkResult[]): void;
  reject(error: unknown): void;
}

/** A caller that wants to know and not to do; it gets a transaction of its own, which is rolled back. */
export const isDry = (works: readonly Work[]): boolean => works.every((work) => work.dryRun);

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  #waiting: Waiting[] = [];
  readonly #inFlight = new Set<string>();
  #lanes = 0;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /** True until every request was answered. */
  get busy(): boolean {
    return this.#lanes > 0;
  }

  /**
   * Answers after the commit. Requests of one account are carried out in the order in which they came, unless one of them
   * makes its transaction fail.
   */
  execute(works: readonly Work[]): Promise<WorkResult[]> {
    if (works.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const accounts = [...new Set(works.map(({ account }) => account))];
      this.#waiting.push({ works, accounts, resolve, reject });
      this.#open();
    });
  }

  #open(): void {
    if (this.#lanes >= this.#options.lanes) return;
    this.#lanes += 1;
    setImmediate(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    for (let group = this.#nextGroup(); group.length > 0; group = this.#nextGroup()) {
      if (this.#waiting.length > 0) this.#open();
      await this.#run(group);
    }
    this.#lanes -= 1;
  }

  /** What fits into one transaction, first come first: nobody overtakes an earlier request of the same account. */
  #nextGroup(): Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    const blocked = new Set(this.#inFlight);
    let size = 0;
    let isFull = false;
    for (const each of this.#waiting) {
      const isFree = !isFull && !each.accounts.some((account) => blocked.has(account));
      const first = group[0];
      const fits =
        first === undefined ||
        (size + each.works.length <= this.#options.limit && !isDry(each.works) && !isDry(first.works));
      if (isFree && fits) {
        group.push(each);
        size += each.works.length;
      } else {
        left.push(each);
        if (isFree) isFull = true;
        for (const account of each.accounts) blocked.add(account);
      }
    }
    this.#waiting = left;
    for (const { accounts } of group) for (const account of accounts) this.#inFlight.add(account);
    return group;
  }

  async #run(group: readonly Waiting[]): Promise<void> {
    try {
      const works = group.flatMap((each) => each.works);
      const results = await this.#options.commit(works, group.length > 1);
      let from = 0;
      for (const each of group) {
        this.#free(each);
        each.resolve(results.slice(from, from + each.works.length));
        from += each.works.length;
      }
    } catch (error) {
      const isAlone = group.length === 1 || this.#options.isShared(error);
      await Promise.all(group.map((each) => (isAlone ? this.#fail(each, error) : this.#runAlone(each))));
    }
  }

  /** A fault of one caller's work must not fail its neighbours, nor make them wait. */
  async #runAlone(each: Waiting): Promise<void> {
    try {
      const results = await this.#options.commit(each.works, false);
      this.#free(each);
      each.resolve(results);
    } catch (error) {
      this.#fail(each, error);
    }
  }

  #fail(each: Waiting, error: unknown): void {
    this.#free(each);
    each.reject(error);
  }

  #free({ accounts }: Waiting): void {
    for (const account of accounts) this.#inFlight.delete(account);
  }
}
