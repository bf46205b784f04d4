/** A server that passes requests on and loses what it is told to lose: for what a client does without an answer. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens to the next request: passed on, its answer lost or put in another's place after the server gave it, or not
 * passed on at all.
 */
export type Fate =
  | 'pass'
  | 'lose answer'
  | 'refuse'
  | 'cut answer'
  | { readonly status: number; readonly type: string; readonly body: string }
  | ((response: http.ServerResponse) => void);

export interface Lossy {
  readonly url: string;
  /** Fates of the next requests, in order; none left: `pass`. */
  readonly fates: Fate[];
  /** Method and path of every request that came. */
  readonly seen: string[];
  readonly keys: (string | undefined)[];
  stop(): Promise<void>;
}

export async function lossyProxy(target: string): Promise<Lossy> {
  const fates: Fate[] = [];
  const seen: string[] = [];
  const keys: (string | undefined)[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    keys.push(request.headers['idempotency-key'] as string | undefined);
    const fate = fates.shift() ?? 'pass';
    if (fate === 'refuse') return void request.socket.destroy();
    if (typeof fate === 'function') {
      request.resume();
      return void fate(response);
    }
    const { method, headers } = request;
    const onward = http.request(new URL(request.url!, target), { method: method!, headers }, (answer) => {
      if (fate === 'lose answer') {
        answer.resume();
        answer.on('end', () => request.socket.destroy());
        return;
      }
      if (typeof fate === 'object') {
        answer.resume();
        answer.on('end', () => {
          response.writeHead(fate.status, { 'content-type': fate.type });
          response.end(fate.body);
        });
        return;
      }
      response.writeHead(answer.statusCode!, answer.headers);
      if (fate === 'cut answer') {
        answer.once('data', (part: Buffer) => {
          response.write(part.subarray(0, Math.max(1, part.length - 8)));
          setTimeout(() => request.socket.destroy(), 20);
        });
      } else answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fates,
    seen,
    keys,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
