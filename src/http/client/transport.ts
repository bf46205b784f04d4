/**
 * Requests to a served ledger: one connection that is kept, time-outs, and trying again where that is safe. What was never
 * sent may be sent again; what was sent only when asking twice does no harm.
 *
 * Source: contract 3 (`remote_unreachable`: the outcome is unknown), 5.7 (keys).
 */
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalid, LedgerError } from '../../core/errors.ts';

export interface TransportOptions {
  /** Base URL, without `/v1`. */
  readonly url: string;
  readonly token: string | null;
  /** Uniform in [0, 1); spreads repeated requests. */
  readonly random: () => number;
  readonly signal?: AbortSignal;
  /** Time to connect, and to the first byte of an answer, ms. */
  readonly connectMs?: number;
  readonly answerMs?: number;
  /** Most times one request is sent. */
  readonly tries?: number;
}

export interface Outgoing {
  readonly method: 'GET' | 'POST';
  /** Path and query under the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sending it twice does what sending it once does. */
  readonly repeatable: boolean;
  /** It writes, so that a lost answer leaves the outcome open; the key that makes repeating safe, if there is one. */
  readonly writes: boolean;
  readonly key: string | null;
}

/** An answer with its body still to be read. */
export interface Incoming {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage;
}

const CONNECT_MS = 10_000;
/** Above the server's own limit: it says more than a time-out does. */
const ANSWER_MS = 70_000;
const TRIES = 4;
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 5_000;

/** A failure of the connection. `sent`: the server may have carried the request out. */
class Lost extends Error {
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.sent = sent;
  }
}

/** A proxy's own answer, which does not say what the server behind it did: all from 500 on (524 is one), and 408. */
const isGateway = ({ status }: Incoming): boolean => status >= 500 || status === 408;

export class Transport {
  readonly #options: TransportOptions;
  readonly #base: URL;
  readonly #agent: http.Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
    const Agent = this.#base.protocol === 'https:' ? https.Agent : http.Agent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }

  /**
   * Sends a request until it is answered. Answers of the ledger, refusals among them, are the caller's.
   * @param read turns an answer into a result; what it throws as `Lost` counts as a lost answer
   * @throws LedgerError `remote_unreachable`
   */
  async send<T>(outgoing: Outgoing, read: (incoming: Incoming, attempt: number) => Promise<T>): Promise<T> {
    const tries = this.#options.tries ?? TRIES;
    for (let attempt = 1; ; attempt += 1) {
      let wait = Math.min(FIRST_WAIT_MS * 3 ** (attempt - 1), MOST_WAIT_MS);
      try {
        const incoming = await this.#once(outgoing);
        const later = retryAfter(incoming);
        if (later === null || attempt >= tries) {
          if (isGateway(incoming) && !isProblem(incoming)) {
            incoming.body.resume();
            throw new Lost(`the proxy answers ${incoming.status}`, true);
          }
          return await read(incoming, attempt);
        }
        incoming.body.resume();
        wait = later;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        const again = !error.sent || outgoing.repeatable;
        if (!again || attempt >= tries) throw this.#unreachable(error, outgoing);
      }
      await sleep(wait * (0.5 + this.#options.random()), undefined, this.#abortable());
    }
  }

  /** Whole text of an answer. */
  async text({ body }: Incoming): Promise<string> {
    let text = '';
    body.setEncoding('utf8');
    try {
      for await (const part of body) text += part;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      throw new Lost(messageOf(error), true);
    }
    return text;
  }

  /** Lines of an answer as they come, those that came together in one list. */
  async *lines({ body }: Incoming): AsyncGenerator<string[]> {
    let rest = '';
    body.setEncoding('utf8');
    try {
      for await (const part of body) {
        const lines = (rest + part).split('\n');
        rest = lines.pop()!;
        if (lines.length > 0) yield lines;
      }
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      throw new Lost(messageOf(error), true);
    }
    if (rest !== '') yield [rest];
  }

  /** For an answer that ended without its last line. */
  cutOff(): Error {
    return new Lost('the answer was cut off', true);
  }

  /** For an answer that nobody can read: whoever gave it, what was asked for may have been done. */
  unreadable(what: string): Error {
    return new Lost(what, true);
  }

  /** What a loss means outside of `send`, where nothing can be sent again. */
  refusalOf(error: unknown, outgoing: Outgoing): unknown {
    return error instanceof Lost ? this.#unreachable(error, outgoing) : error;
  }

  /** The server gave up waiting for its own ledger: as if it had not answered. */
  late(message: string, outgoing: Outgoing): LedgerError {
    return this.#unreachable(new Lost(message, true), outgoing);
  }

  close(): void {
    this.#agent.destroy();
  }

  #abortable(): { readonly signal?: AbortSignal } {
    const { signal } = this.#options;
    return signal === undefined ? {} : { signal };
  }

  #once({ method, path, headers, body }: Outgoing): Promise<Incoming> {
    const { signal, token, connectMs = CONNECT_MS, answerMs = ANSWER_MS } = this.#options;
    const url = new URL(path.replace(/^\//, ''), this.#base);
    const { request } = url.protocol === 'https:' ? https : http;
    // Bytes, not text: Node would write the headers in the text's encoding, and a key is bytes already.
    const bytes = body === undefined ? undefined : Buffer.from(body);
    return new Promise((resolve, reject) => {
      let sent = false;
      const outgoing = request(url, {
        method,
        agent: this.#agent,
        headers: {
          ...headers,
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(bytes === undefined ? {} : { 'content-length': bytes.length }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      const timer = setTimeout(() => outgoing.destroy(new Lost('it does not answer', sent)), connectMs);
      const connected = (): void => {
        sent = true;
        timer.refresh();
        outgoing.setTimeout(answerMs, () => outgoing.destroy(new Lost('it does not answer', true)));
        clearTimeout(timer);
      };
      outgoing.once('socket', (socket) => {
        if (socket.connecting)
          socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
        else connected();
      });
      outgoing.once('response', (incoming) => {
        clearTimeout(timer);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
      });
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        if (signal?.aborted === true) reject(signal.reason instanceof Error ? signal.reason : error);
        else reject(error instanceof Lost ? error : new Lost(messageOf(error), sent));
      });
      outgoing.end(bytes);
    });
  }

  #unreachable({ message, sent }: Lost, { writes, key }: Outgoing): LedgerError {
    const { url } = this.#options;
    if (!sent || !writes) {
      return new LedgerError('remote_unreachable', `cannot reach ${url}: ${message}`, {
        hint: 'nothing was booked; check the address, and that `credits serve` runs there',
      });
    }
    const hint =
      key === null
        ? 'look with `credits log` before doing it again'
        : `the same command with --key ${key} books it at most once`;
    return new LedgerError(
      'remote_unreachable',
      `no answer from ${url} (${message}): whether it was booked is not known`,
      { hint, ...(key === null ? {} : { details: { key } }) },
    );
  }
}

const messageOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
};

export const isProblem = ({ headers }: Incoming): boolean =>
  headers['content-type']?.startsWith('application/problem+json') === true;

/** How long to wait before asking again, ms; null: this is the answer. */
function retryAfter(incoming: Incoming): number | null {
  if (incoming.status !== 429) return null;
  const seconds = Number(incoming.headers['retry-after'] ?? 1);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, MOST_WAIT_MS) : MOST_WAIT_MS;
}

/**
 * A token travels in clear text over http: only this machine may be meant.
 * @throws LedgerError `invalid_argument`
 */
export function requireSafe(url: string, isAllowed: boolean): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isAllowed || /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/i.test(hostname)) return;
  throw invalid(
    `${url}: an access token does not travel over plain http`,
    'use https, or set CREDITS_ALLOW_HTTP=1 in a network that is yours',
  );
}
