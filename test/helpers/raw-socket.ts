/** Bytes to a server and bytes from it, without any client that would put things right. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What came back. */
export interface RawAnswer {
  readonly text: string;
  /** Every status line, in order; interim ones too. */
  readonly statuses: readonly number[];
  /** The server ended the connection, in peace or not. */
  readonly closed: boolean;
}

/** A connection that is open. */
export class RawConnection {
  readonly #socket: net.Socket;
  #text = '';
  #closed = false;
  #wake = (): void => {};

  constructor(port: number) {
    this.#socket = net.connect({ port, host: '127.0.0.1' });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (part: string) => {
      this.#text += part;
      this.#wake();
    });
    // Whoever is cut off in the middle of a sentence hears of it here.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  get answer(): RawAnswer {
    // A body ends where the next answer begins, with or without a line end.
    const statuses = [...this.#text.matchAll(/HTTP\/1\.[01] (\d{3}) \w/g)].map((match) => Number(match[1]));
    return { text: this.#text, statuses, closed: this.#closed };
  }

  /** Stops taking in what comes: the other side's buffers fill. */
  deafen(): void {
    this.#socket.pause();
  }

  /** Sends, as fast as the other side takes it. Nothing happens when it is closed. */
  async send(bytes: string | Buffer): Promise<void> {
    if (this.#closed || !this.#socket.writable) return;
    if (this.#socket.write(bytes, 'latin1' as BufferEncoding)) return;
    await Promise.race([
      new Promise<void>((resolve) => this.#socket.once('drain', resolve)),
      new Promise<void>((resolve) => this.#socket.once('close', () => resolve())),
      // The other side takes no more: the rest stays with us.
      sleep(2_000, undefined, { ref: false }),
    ]);
  }

  /** Waits until something is so of what came, the connection is closed, or the time is over. */
  async until(isSo: (answer: RawAnswer) => boolean, ms: number): Promise<RawAnswer> {
    const end = performance.now() + ms;
    while (!this.#closed && !isSo(this.answer)) {
      const left = end - performance.now();
      if (left <= 0) break;
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        sleep(left, undefined, { ref: false }),
      ]);
    }
    return this.answer;
  }

  /** Ends it at once, with a reset. */
  drop(): void {
    this.#socket.resetAndDestroy();
  }

  /** No more will be sent. */
  end(): void {
    this.#socket.end();
  }
}
