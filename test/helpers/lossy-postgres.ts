/** A wire to PostgreSQL that is cut when a client commits: before the server hears of it, or before the client does. */
import net from 'node:net';

// The statement alone: `READ COMMITTED` begins every transaction.
const COMMIT = 'COMMIT\0';

export type Cut = 'before' | 'after' | 'for good';

export interface LossyWire {
  readonly url: string;
  /** Cuts at the next commit. `for good`: the server hears it, and nobody gets through any more. */
  cutNext(cut: Cut): void;
  readonly cuts: number;
  close(): Promise<void>;
}

/** @param url of the server itself */
export async function lossyWire(url: string): Promise<LossyWire> {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  let next: Cut | null = null;
  let isClosed = false;
  let cuts = 0;
  const server = net.createServer((client) => {
    if (isClosed) {
      client.destroy();
      return;
    }
    const upstream = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    let isDeaf = false;
    client.on('data', (chunk: Buffer) => {
      const cut = next;
      if (cut === null || !chunk.includes(COMMIT)) {
        upstream.write(chunk);
        return;
      }
      next = null;
      cuts += 1;
      isDeaf = true;
      if (cut !== 'before') upstream.write(chunk);
      if (cut === 'for good') isClosed = true;
      // The server ends the transaction by itself, one way or the other; the client hears nothing of it.
      setTimeout(() => {
        client.destroy();
        upstream.end();
      }, 50);
    });
    upstream.on('data', (chunk) => {
      if (!isDeaf) client.write(chunk);
    });
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = new URL(url);
  own.port = String((server.address() as net.AddressInfo).port);
  return {
    url: own.href,
    cutNext(cut) {
      next = cut;
    },
    get cuts() {
      return cuts;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
