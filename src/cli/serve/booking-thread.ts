/** Starts a server's second thread and talks to it. What is in it: `ledger-thread.ts`. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { LedgerError } from '../../core/errors.ts';
import type { Instant } from '../../core/types.ts';
import type { Errand } from '../../http/server/carry-out.ts';
import type { Answered, Asked, ThreadStart } from './thread-messages.ts';

export interface BookingThread {
  /**
   * Carries out a request there; undefined when the thread has died.
   * @returns the answer as JSON; it refuses as the ledger does, and with `remote_unreachable` where the thread died before
   *   it answered: whether it was booked is then not known
   */
  carryOut(errand: Errand): Promise<string> | undefined;
  /** Ends it after everything that was asked has been answered. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

/** The thread's own file: beside this one as a source, beside the program's as the build names it. */
function fileOfThread(): string {
  const here = import.meta.filename;
  return path.join(
    path.dirname(here),
    here.endsWith('.ts') ? 'ledger-thread.ts' : 'cli-serve-ledger-thread.cjs',
  );
}

/**
 * @param clock the wall clock, epoch ms
 * @param died told once, when it ends without having been asked to
 * @throws what opening the ledger refuses, as an error of the thread
 */
export async function startBookingThread(
  start: ThreadStart,
  clock: () => Instant,
  died: (error: Error) => void,
): Promise<BookingThread> {
  const worker = new Worker(fileOfThread(), { workerData: start, name: 'ledger' });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', () => {
      worker.off('error', reject);
      resolve();
    });
  });
  return new Thread(worker, clock, died);
}

class Thread implements BookingThread {
  readonly #worker: Worker;
  readonly #clock: () => Instant;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exit: Promise<void>;
  #outbox: Asked[] = [];
  #asked = 0;
  #isOver = false;

  constructor(worker: Worker, clock: () => Instant, died: (error: Error) => void) {
    this.#worker = worker;
    this.#clock = clock;
    worker.on('message', (answers: readonly Answered[]) => {
      for (const answer of answers) this.#take(answer);
    });
    let cause: Error | undefined;
    worker.on('error', (error: Error) => {
      cause = error;
    });
    this.#exit = new Promise((resolve) => {
      worker.once('exit', (code) => {
        if (!this.#isOver) {
          this.#isOver = true;
          died(cause ?? new Error(`the thread that books ended with ${code}`));
        }
        this.#giveUp();
        resolve();
      });
    });
  }

  carryOut(errand: Errand): Promise<string> | undefined {
    if (this.#isOver) return undefined;
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // What arrives together goes together.
      if (this.#outbox.push({ id, errand, at: this.#clock() }) === 1) setImmediate(() => this.#send());
    });
  }

  async close(): Promise<void> {
    this.#send();
    if (!this.#isOver) {
      this.#isOver = true;
      this.#worker.postMessage('end');
    }
    await this.#exit;
  }

  #send(): void {
    const asked = this.#outbox;
    this.#outbox = [];
    if (asked.length > 0) this.#worker.postMessage(asked);
  }

  #take({ id, text, refusal, defect }: Answered): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (text !== undefined) waiting?.resolve(text);
    else if (refusal !== undefined) waiting?.reject(new LedgerError(refusal.code, refusal.message, refusal));
    else waiting?.reject(Object.assign(new Error('the thread that books failed'), { stack: defect }));
  }

  #giveUp(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(
        new LedgerError('remote_unreachable', 'the ledger gave no answer', {
          hint: 'whether it was booked is not known: ask again with the same Idempotency-Key',
        }),
      );
    }
    this.#waiting.clear();
  }
}
