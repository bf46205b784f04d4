/** Reads a stream for a moment: a status line must not wait for a client that never closes its pipe. */
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** More than any client says; a device that never ends is not read to its end. */
const MOST = 1 << 20;

/** True when a text is a whole JSON object: then nobody needs to wait for the end of the stream. */
function isWhole(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** True for a stream over a regular file: it ends by itself, so nobody need look at a clock. */
function isFile(stream: Readable & { readonly fd?: unknown }): boolean {
  try {
    return typeof stream.fd === 'number' && fstatSync(stream.fd).isFile();
  } catch {
    return false;
  }
}

/**
 * Reads until the stream ends, a whole JSON object is there, or the time is over. What was there in time counts also where
 * the process was too busy to look at it.
 * @param waitMs ms from now on; a regular file is read to its end
 * @returns what came by then; `''` when nothing did or the stream failed
 */
export function readBriefly(stream: Readable, waitMs: number): Promise<string> {
  return new Promise((resolve) => {
    let found = '';
    const end = (): void => {
      clearTimeout(timer);
      // An open pipe would keep the process alive.
      stream.destroy();
      resolve(found);
    };
    // A process that was busy for longer than the wait finds the timer due before it has polled its streams: so poll, and go on
    // while that brings something.
    const lookOnce = (): void => {
      const before = found.length;
      setImmediate(() => setImmediate(() => (found.length > before ? lookOnce() : end())));
    };
    const timer = isFile(stream) ? undefined : setTimeout(lookOnce, waitMs);
    stream.setEncoding('utf8');
    stream.on('data', (part: string) => {
      found += part;
      if (found.length > MOST || isWhole(found)) end();
    });
    stream.on('end', end);
    // After the end the stream is destroyed: what it says then must not be unhandled.
    stream.on('error', end);
  });
}
