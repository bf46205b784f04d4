/**
 * Runs many processes at once and lets one call at a time through, chosen by chance: every order in which the calls of
 * several processes can reach the database and the bank is a seed, and the same seed is the same order on every engine.
 */
import { setImmediate as soon } from 'node:timers/promises';
import type { Chance } from '../helpers/random.ts';

/** What calls belong to. A dead one is never answered again. */
export interface Process {
  readonly name: string;
  /** Which connection to the database it shares with others. */
  readonly node: number;
  isDead: boolean;
}

interface Parked {
  readonly by: Process;
  readonly what: string;
  go(): Promise<void>;
}

/** Turns of the event loop in which a process must come to its next call. */
const PATIENCE = 100_000;

export class Scheduler {
  readonly #chance: Chance;
  readonly #active = new Map<Process, Promise<void>>();
  #parked: Parked[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  isBusy(process: Process): boolean {
    return this.#active.has(process);
  }

  get isIdle(): boolean {
    return this.#active.size === 0;
  }

  /** A call of a process: waits for its turn. */
  call<T>(by: Process, what: string, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!by.isDead) this.#parked.push({ by, what, go: () => run().then(resolve, reject) });
    });
  }

  /** Starts work of a process and brings it to its first call. @param work catches what it throws */
  async start(by: Process, work: () => Promise<void>): Promise<void> {
    const done = work().finally(() => {
      this.#active.delete(by);
      this.#parked = this.#parked.filter((each) => each.by !== by);
    });
    this.#active.set(by, done);
    await this.#settle();
  }

  /** Lets a call through; now and then several writes that then share a transaction. */
  async step(): Promise<void> {
    const first = this.#chance.pick(this.#parked);
    // On one connection they are carried out in the order in which they come; on two, chance would decide.
    const isWrite = ({ what, by }: Parked): boolean => what === 'execute' && by.node === first.by.node;
    const together =
      isWrite(first) && this.#chance.oneIn(3)
        ? this.#parked.filter((each) => each === first || (isWrite(each) && each.by !== first.by))
        : [first];
    this.#parked = this.#parked.filter((each) => !together.includes(each));
    await Promise.all(together.map((each) => each.go()));
    await this.#settle();
  }

  /** Waits until every process stands before its next call or has ended. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < PATIENCE; turn += 1) {
      await soon();
      this.#parked = this.#parked.filter(({ by }) => !by.isDead);
      const waits = new Set(this.#parked.map(({ by }) => by));
      if ([...this.#active.keys()].every((process) => waits.has(process))) return;
    }
    const stuck = [...this.#active.keys()].map(({ name }) => name);
    throw new Error(`neither calls nor ends: ${stuck.join(', ')}`);
  }
}
