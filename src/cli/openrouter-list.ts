/**
 * Fetches OpenRouter's list of models, page by page. No key is needed and none is sent. The address can be moved for
 * tests and mirrors; plain http goes to loopback only.
 */
import { invalid, LedgerError } from '../core/errors.ts';
import type { Environment } from './settings.ts';

const ADDRESS = 'https://openrouter.ai/api/v1/models';
const MOST_PAGES = 100;
const MOST_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The part of `fetch` that is used. */
export type FetchPage = (url: string, init: RequestInit) => Promise<Response>;

/** What fetching needs. */
export interface FetchFacts {
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly fetch: FetchPage;
}

/**
 * Fetches the list.
 * @returns `{ data }` with the rows of all pages
 * @throws LedgerError `remote_unreachable` (no network, no answer within 30 s, an error, a redirect, an answer that
 *   is no list),
 *   `invalid_argument` (a moved address that is not allowed)
 */
export async function fetchOpenRouterList(facts: FetchFacts): Promise<{ readonly data: readonly unknown[] }> {
  const first = addressOf(facts.env);
  const data: unknown[] = [];
  let next: URL | null = first;
  for (let page = 0; next !== null; page++) {
    if (page === MOST_PAGES) throw unreachable('it has no last page');
    const answer = await fetchPage(next, facts);
    if (!isObject(answer) || !Array.isArray(answer.data))
      throw unreachable('the answer is no list of models');
    data.push(...answer.data);
    next = nextOf(answer, next);
    if (next !== null && next.origin !== first.origin) throw unreachable('it points to another server');
  }
  return { data };
}

function addressOf(env: Environment): URL {
  const moved = env.OPENROUTER_MODELS_URL ?? '';
  if (moved === '') return new URL(ADDRESS);
  const url = URL.parse(moved);
  const isSafe =
    url !== null &&
    url.username === '' &&
    url.password === '' &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)));
  if (!isSafe)
    throw invalid('OPENROUTER_MODELS_URL must be an https address; plain http is for loopback only');
  return url;
}

async function fetchPage(url: URL, { fetch, signal }: FetchFacts): Promise<unknown> {
  let text: string;
  try {
    const response = await fetch(url.href, {
      headers: { accept: 'application/json' },
      // Nobody is called but who was named. Not `error`: that would not say why.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (response.status >= 300 && response.status < 400) throw unreachable('it redirects elsewhere');
    if (!response.ok) throw unreachable(`it answered ${response.status}`);
    text = await response.text();
  } catch (error) {
    if (signal.aborted || error instanceof LedgerError) throw error;
    throw unreachable(reasonOf(error));
  }
  if (text.length > MOST_BYTES) throw unreachable('the answer is far longer than any list of models');
  try {
    return JSON.parse(text);
  } catch {
    throw unreachable('the answer is no JSON');
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${TIMEOUT_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code === '' ? 'the connection failed' : `the connection failed (${code})`;
}

function unreachable(reason: string): LedgerError {
  return new LedgerError(
    'remote_unreachable',
    `the list of OpenRouter models could not be fetched: ${reason}`,
    {
      hint: 'nothing was changed; try again, or read a saved list with `credits models import FILE`',
    },
  );
}

function nextOf(answer: Readonly<Record<string, unknown>>, from: URL): URL | null {
  const next = isObject(answer.links) ? answer.links.next : null;
  return typeof next === 'string' && next !== '' ? URL.parse(next, from.href) : null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
