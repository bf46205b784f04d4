/** Reads a stream for a moment: a status line must not wait for a client that never closes its pipe. */
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

/**
 * Reads until the stream ends, a whole JSON object is there, or the time is over.
 * @param waitMs ms from now on
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
    const timer = setTimeout(end, waitMs);
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
