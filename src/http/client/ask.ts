/** Asks one route of a served ledger: request into text, answer or refusal out of it. */
import * as z from 'zod';
import { notOnSale } from '../../core/catalogue.ts';
import { invalid, LedgerError, REFUSALS, type RefusalCode } from '../../core/errors.ts';
import { unknownPurchase } from '../../core/ids.ts';
import type { WriteOptions } from '../../ledger/service.ts';
import type { Route } from '../route.ts';
import { API, routeNamed } from '../routes.ts';
import { encode } from '../wire/check.ts';
import { isRefusalCode, refusal } from '../wire/primitives.ts';
import { type Incoming, isProblem, type Outgoing, type Transport } from './transport.ts';

/** What a method of the ledger wants of a route. */
export interface Question {
  /** null: the route is about no account, or about the token's own. */
  readonly account?: string | null;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: object;
  readonly body?: unknown;
  readonly options?: WriteOptions;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

export interface AskerOptions {
  readonly transport: Transport;
  /** Base URL, for what is said about it. */
  readonly url: string;
  /** Text of `--now`, or null. */
  readonly now: string | null;
  /** A key nobody else makes. */
  readonly newKey: () => string;
}

const LINES = 'application/x-ndjson';

/** A key as a header carries it: bytes; in quotes where they would be lost otherwise. */
function keyHeader(key: string): string {
  if (!key.isWellFormed() || !/^[^\u0000-\u001f\u007f]{1,255}$/.test(key)) {
    throw invalid('a key must be 1 to 255 characters without control characters');
  }
  const bytes = Buffer.from(key, 'utf8').toString('latin1');
  return /^[\s"]|\s$/.test(key) ? `"${bytes.replace(/["\\]/g, '\\$&')}"` : bytes;
}

export class Asker {
  readonly #options: AskerOptions;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /**
   * Asks for one document.
   * @returns what the route's schema reads out of it, and whether its key was made up here
   * @throws LedgerError whatever the ledger refuses, `remote_unreachable`
   */
  async ask(
    name: string,
    question: Question,
  ): Promise<{ readonly value: unknown; readonly ownKey: boolean }> {
    const route = routeNamed(name);
    if (route.kind !== 'document') throw new Error(`${name} answers in lines`);
    const { outgoing, ownKey } = this.#outgoing(route, question, route.slow === true);
    const { transport } = this.#options;
    const value = await transport.send(outgoing, (incoming) =>
      this.#readable(outgoing, async () => {
        await this.#requireAnswer(incoming, outgoing);
        if (incoming.headers['content-type']?.startsWith(LINES) === true) {
          return this.#result(route.output, incoming, question.onProgress);
        }
        return this.#read(route.output, parse(await transport.text(incoming), this.#options.url));
      }),
    );
    return { value, ownKey };
  }

  /** An answer with success to a write that nobody can read is a lost one: the ledger may have booked. */
  async #readable<T>(outgoing: Outgoing, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof NotOurs) || !error.mayBeDone || !outgoing.writes) throw error;
      throw this.#options.transport.unreadable(error.what);
    }
  }

  /** Asks for lines; each list holds those that came together. @throws LedgerError as `ask` */
  async *lines(name: string, question: Question): AsyncGenerator<unknown[]> {
    const route = routeNamed(name);
    if (route.kind !== 'lines') throw new Error(`${name} answers in one document`);
    const { outgoing } = this.#outgoing(route, question, true);
    const { transport } = this.#options;
    const incoming = await transport.send(outgoing, async (answer) => {
      await this.#requireAnswer(answer, outgoing);
      return answer;
    });
    try {
      yield* this.#rows(incoming, (line) => this.#read(route.line, line));
    } catch (error) {
      throw transport.refusalOf(error, outgoing);
    } finally {
      incoming.body.destroy();
    }
  }

  /** Sends a batch; an answer for each item, in their order. @throws LedgerError as `ask` */
  async batch(name: string, items: readonly unknown[], question: Question): Promise<unknown[]> {
    const route = routeNamed(name);
    if (route.kind !== 'batch') throw new Error(`${name} takes no batch`);
    const { outgoing } = this.#outgoing(route, question, true);
    const body = items.map((item) => `${JSON.stringify(encode(route.item, item, 'spend'))}\n`).join('');
    const headers = { ...outgoing.headers, 'content-type': LINES };
    // Every line has its own key, so that sending all of them again books none twice.
    const batch: Outgoing = { ...outgoing, headers, body, repeatable: true };
    return this.#options.transport.send(batch, (incoming) =>
      this.#readable(batch, async () => {
        await this.#requireAnswer(incoming, batch);
        const answers: unknown[] = [];
        for await (const rows of this.#rows(incoming, (line) => this.#read(route.line, line))) {
          answers.push(...rows);
        }
        if (answers.length !== items.length) throw this.#options.transport.cutOff();
        return answers;
      }),
    );
  }

  #outgoing(route: Route, question: Question, asLines: boolean): { outgoing: Outgoing; ownKey: boolean } {
    const { options = {}, body } = question;
    const dryRun = options.dryRun === true;
    const ownKey = options.key == null && route.mayInventKey === true && !dryRun;
    const key = ownKey ? this.#options.newKey() : (options.key ?? null);
    const headers: Record<string, string> = {
      accept: asLines ? `${LINES}, application/json` : 'application/json',
      ...(this.#options.now === null ? {} : { 'credits-now': this.#options.now }),
      ...(key === null ? {} : { 'idempotency-key': keyHeader(key) }),
    };
    const outgoing: Outgoing = {
      method: route.method,
      path: pathOf(route, question, dryRun),
      headers,
      repeatable: route.writes !== true || dryRun || key !== null,
      writes: route.writes === true && !dryRun,
      key,
    };
    if (route.body === undefined || body === undefined) return { outgoing, ownKey };
    const text = JSON.stringify(encode(route.body, body, route.name));
    headers['content-type'] = 'application/json';
    return { outgoing: { ...outgoing, body: text }, ownKey };
  }

  /** @throws LedgerError the refusal that an answer carries */
  async #requireAnswer(incoming: Incoming, outgoing: Outgoing): Promise<void> {
    const { status } = incoming;
    if (status >= 200 && status < 300) return;
    const { transport, url } = this.#options;
    const text = await transport.text(incoming);
    if (isProblem(incoming)) {
      const refused = refusalOf(parse(text, url), status, url);
      throw refused.code === 'remote_unreachable' ? transport.late(refused.message, outgoing) : refused;
    }
    const what = status >= 300 && status < 400 ? 'it redirects elsewhere' : `it answers ${status}`;
    throw new NotOurs(url, what, false);
  }

  /** @throws LedgerError `invalid_argument`: an answer of another shape comes from something else, or from another version */
  #read(schema: z.ZodType, value: unknown): unknown {
    const result = schema.safeDecode(value as never);
    if (result.success) return result.data;
    const [first] = result.error.issues;
    const where =
      first === undefined || first.path.length === 0 ? '' : ` (${first.path.map(String).join('.')})`;
    throw new NotOurs(this.#options.url, `its answer has another shape${where}`);
  }

  /** Lines of progress, then the answer. */
  async #result(
    output: z.ZodType,
    incoming: Incoming,
    onProgress?: (done: number, of: number) => void,
  ): Promise<unknown> {
    let value: unknown;
    for await (const rows of this.#rows(incoming, (line) => line)) {
      for (const row of rows as { readonly progress?: Progress; readonly result?: unknown }[]) {
        if (row.progress === undefined) value = this.#read(output, row.result);
        else onProgress?.(row.progress.done, row.progress.of);
      }
    }
    return value;
  }

  async *#rows(incoming: Incoming, read: (line: unknown) => unknown): AsyncGenerator<unknown[]> {
    const { transport, url } = this.#options;
    let hasEnded = false;
    for await (const lines of transport.lines(incoming)) {
      const rows: unknown[] = [];
      for (const text of lines) {
        const line = parse(text, url) as Record<string, unknown>;
        if (isEnd(line)) hasEnded = true;
        else if (isError(line)) throw z.decode(refusal, line.error as never);
        else rows.push(read(line));
      }
      if (rows.length > 0) yield rows;
    }
    if (!hasEnded) throw transport.cutOff();
  }
}

interface Progress {
  readonly done: number;
  readonly of: number;
}

/** A ledger's own last line counts what there was; the transport's is empty. */
const isEnd = ({ end }: Record<string, unknown>): boolean =>
  typeof end === 'object' && end !== null && Object.keys(end).length === 0;

/** Rows have more fields than one; a refused item of a batch has a status. */
const isError = (line: Record<string, unknown>): boolean => 'error' in line && Object.keys(line).length === 1;

/** How the ledger itself refuses a name, where a path may have to carry one that it cannot. */
const NAMELESS: Readonly<Record<string, (word: string, account: string) => LedgerError>> = {
  package: notOnSale,
  purchase: unknownPurchase,
};

/** A word of a path. What a path cannot carry is the name of nothing. */
function segment(name: string, word: string, account: string): string {
  if (!/^\.{0,2}$/.test(word)) return encodeURIComponent(word);
  throw NAMELESS[name]?.(word, account) ?? invalid(`no ${name} is called ${JSON.stringify(word)}`);
}

function pathOf(
  route: Route,
  { account, params = {}, query, options = {} }: Question,
  dryRun: boolean,
): string {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) =>
    segment(name, params[name]!, account ?? ''),
  );
  const words = new URLSearchParams();
  if (account != null) words.set('account', account);
  if (dryRun) words.set('dryRun', 'true');
  if (route.topsUp !== undefined && options.topup === false) words.set('topup', 'false');
  const own = query === undefined || route.query === undefined ? {} : encode(route.query, query, route.name);
  for (const [name, value] of Object.entries(own as Record<string, string | undefined>)) {
    if (value !== undefined) words.set(name, value);
  }
  const text = words.toString();
  return `${API}${path}${text === '' ? '' : `?${text}`}`;
}

function parse(text: string, url: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw new NotOurs(url, 'its answer is no JSON');
}

/** An answer that no served ledger gives. */
class NotOurs extends LedgerError {
  readonly what: string;
  /** Whoever answered says neither that it was done nor that it was not. */
  readonly mayBeDone: boolean;

  constructor(url: string, what: string, mayBeDone = true) {
    super('invalid_argument', `${url} is no served ledger: ${what}`, {
      hint: 'give the address of `credits serve`, without /v1',
    });
    this.what = what;
    this.mayBeDone = mayBeDone;
  }
}

/** Which code a newer server's code counts as here, by its status. */
const BY_STATUS: Readonly<Record<number, RefusalCode>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  402: 'check_failed',
  403: 'forbidden',
  404: 'invalid_argument',
  409: 'invalid_argument',
  429: 'rate_limited',
  503: 'ledger_busy',
  507: 'disk_full',
};

function refusalOf(body: unknown, status: number, url: string): LedgerError {
  const { code, detail, hint, details } = body as Record<string, unknown>;
  const known =
    typeof code === 'string' && isRefusalCode(code) && code in REFUSALS
      ? code
      : (BY_STATUS[status] ?? 'internal');
  const message = typeof detail === 'string' ? detail : `the server answers ${status}`;
  if (known === 'unauthenticated') {
    // Whose token has ended must learn where, and what to do.
    return new LedgerError(known, `${url}: ${message}`, {
      hint: `\`credits login ${url}\` keeps another token; CREDITS_TOKEN holds one for now`,
    });
  }
  return new LedgerError(known, message, {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof details === 'object' && details !== null
      ? { details: details as Record<string, unknown> }
      : {}),
  });
}
