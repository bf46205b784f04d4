/** Lets others run now and then while a long read keeps the thread: a server answers, a progress bar moves. */

/** Receipts between two pauses; about 20 ms. */
const TURN = 2_000;

export class Pace {
  #steps = 0;

  /** Counts a step. @returns true when it is time to `pause` */
  isDue(): boolean {
    this.#steps += 1;
    return this.#steps >= TURN;
  }

  pause(): Promise<void> {
    this.#steps = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
