/**
 * Writes an answer to Node's own response: the web's Response object and its streams would cost more than the ledger does.
 * Text as it is made waits for its reader, and its source ends when nobody reads any more.
 */
import type { ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | AsyncIterable<string>;
}

/** Resolves when everything has been handed over, or nobody reads any more. */
export async function send(outgoing: ServerResponse, { status, headers, body }: Reply): Promise<void> {
  if (typeof body === 'string') {
    outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    outgoing.end(body);
    return;
  }
  outgoing.writeHead(status, headers);
  for await (const text of body) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(text)) await room(outgoing);
  }
  outgoing.end();
  if (!outgoing.req.complete) giveUp(outgoing);
}

/** How long a client may go on sending what nobody reads any more: closed at once, it would not get to read why. */
const GIVE_UP_MS = 1_000;

/** Ends the connection of a request that was answered in the middle of its body. */
function giveUp({ req, socket }: ServerResponse): void {
  req.resume();
  const timer = setTimeout(() => socket?.destroy(), GIVE_UP_MS).unref();
  req.once('end', () => clearTimeout(timer));
}

function room(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go);
      outgoing.off('close', go);
      resolve();
    };
    outgoing.once('drain', go);
    outgoing.once('close', go);
  });
}
