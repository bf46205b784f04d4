/**
 * The open connections of a server, and which of them wait for an answer. Node's own list of idle ones leaves out those that
 * have not sent a whole head yet, and nobody hurries them once the server is closing.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export class Connections {
  /** Requests of each connection whose answer has not gone out. */
  readonly #waiting = new Map<Socket, number>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#waiting.set(socket, 0);
      socket.once('close', () => this.#waiting.delete(socket));
    });
    server.on('request', ({ socket }, outgoing) => {
      this.#count(socket, 1);
      outgoing.once('close', () => this.#count(socket, -1));
    });
  }

  /** Ends those on which no request has come, or whose every request was answered. */
  closeIdle(): void {
    for (const [socket, waiting] of this.#waiting) if (waiting === 0) socket.destroy();
  }

  #count(socket: Socket, by: number): void {
    const waiting = this.#waiting.get(socket);
    if (waiting !== undefined) this.#waiting.set(socket, waiting + by);
  }
}
