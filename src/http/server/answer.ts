/** Carries out a request and puts its answer into bytes: one document, or lines as they are made. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { LedgerError } from '../../core/errors.ts';
import type { Route } from '../route.ts';
import { decode } from '../wire/check.ts';
import type { ServerDeps } from './deps.ts';
import { type Admitted, bodyOf } from './exchange.ts';
import { type Fields, redact } from './log.ts';
import { problemOf } from './problem.ts';

export const JSON_TYPE = 'application/json';
export const LINES_TYPE = 'application/x-ndjson';

/** What the server's own log is told of a failure in the middle of an answer. */
export type Report = (event: string, fields: Fields) => void;

/** Lines end with `{"end":{…}}` or `{"error":{…}}`: without either, an answer was cut off. */
const END = '{"end":{}}\n';

/** The last line of lines that failed, with the fields of the failure document. */
export function errorLine(error: unknown): string {
  const {
    detail,
    title: _title,
    type: _type,
    status: _status,
    ...rest
  } = JSON.parse(problemOf(error).body) as Record<string, unknown>;
  return `${JSON.stringify({ error: { message: detail, ...rest } })}\n`;
}

const wantsLines = (incoming: IncomingMessage): boolean =>
  incoming.headers.accept?.includes(LINES_TYPE) === true;

type Documents = Extract<Route, { readonly kind: 'document' }>;
type Lines = Extract<Route, { readonly kind: 'lines' }>;

/** An answer in one piece, or a stream of text. */
export type Answer =
  | { readonly type: typeof JSON_TYPE; readonly body: string }
  | { readonly type: typeof LINES_TYPE; readonly body: AsyncIterable<string> };

export async function answerDocument(
  incoming: IncomingMessage,
  route: Documents,
  admitted: Admitted,
  params: Readonly<Record<string, string>>,
  deps: ServerDeps,
  touched: (account: string) => void,
): Promise<Answer> {
  const body = await bodyOf(incoming, route, admitted, deps);
  const query = decode(route.query ?? NO_QUERY, admitted.query, 'query');
  const { account, access, options, acting } = admitted;
  const request = { account, access, query, body, params, options };
  const ledger = deps.ledger(acting);
  const carryOut = async (onProgress: (done: number, of: number) => void): Promise<unknown> => {
    const value = await route.call(ledger, { ...request, onProgress });
    const looks = options.dryRun !== true && options.topup !== false;
    if (looks && route.topsUp?.(value) === true) touched(account);
    return value;
  };
  const write = (value: unknown): string => JSON.stringify(z.encode(route.output, value as never));
  if (route.slow !== true || !wantsLines(incoming)) {
    const value = await withTime(
      carryOut(() => {}),
      route.slow === true ? 0 : deps.limits?.answerMs,
    );
    return { type: JSON_TYPE, body: write(value) };
  }
  return { type: LINES_TYPE, body: progressLines(carryOut, write) };
}

/** The query of a route that has no words of its own: a word that is misspelt must not be passed over. */
export const NO_QUERY = z.strictObject({});

/** @param ms 0 or undefined: as long as it takes */
async function withTime<T>(work: Promise<T>, ms: number | undefined): Promise<T> {
  if (!ms) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new LedgerError('remote_unreachable', `no answer within ${ms / 1_000} s`, {
          hint: 'whether it was booked is not known: ask again with the same Idempotency-Key',
        }),
      );
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tells how far long work is, then its answer. A line now and then also keeps proxies from giving up. */
async function* progressLines(
  work: (onProgress: (done: number, of: number) => void) => Promise<unknown>,
  write: (value: unknown) => string,
): AsyncGenerator<string> {
  let waiting: string | null = null;
  let wake = (): void => {};
  let result: { readonly text: string } | undefined;
  const done = work((count, of) => {
    waiting = `${JSON.stringify({ progress: { done: count, of } })}\n`;
    wake();
  }).then(
    (value) => {
      result = { text: `{"result":${write(value)}}\n${END}` };
      wake();
    },
    (error) => {
      result = { text: errorLine(error) };
      wake();
    },
  );
  while (result === undefined) {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (result !== undefined || waiting !== null) resolve();
    });
    if (waiting !== null && result === undefined) {
      yield waiting;
      waiting = null;
    }
  }
  await done;
  yield result.text;
}

export async function answerLines(
  route: Lines,
  admitted: Admitted,
  params: Readonly<Record<string, string>>,
  deps: ServerDeps,
  report: Report,
): Promise<Answer> {
  const query = decode(route.query ?? NO_QUERY, admitted.query, 'query');
  const { account, access, options, acting } = admitted;
  const request = { account, access, query, body: undefined, params, options, onProgress: () => {} };
  const pages = route.pages(deps.ledger(acting), request)[Symbol.asyncIterator]();
  // A refusal that comes before the first row is an answer with a status of its own.
  const first = await pages.next();
  return { type: LINES_TYPE, body: pagesOf(route, first, pages, report) };
}

async function* pagesOf(
  route: Lines,
  first: IteratorResult<readonly unknown[]>,
  pages: AsyncIterator<readonly unknown[]>,
  report: Report,
): AsyncGenerator<string> {
  try {
    for (let page = first; page.done !== true; page = await pages.next()) {
      yield page.value.map((row) => `${JSON.stringify(z.encode(route.line, row as never))}\n`).join('');
    }
    yield END;
  } catch (error) {
    report('stream failed', { route: route.name, error: redact(String(error)) });
    yield errorLine(error);
  } finally {
    await pages.return?.();
  }
}
