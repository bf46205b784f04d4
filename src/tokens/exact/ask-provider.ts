/** One call of a provider's counting endpoint: key, address, timeout, and what each failure means. */
import { invalid, isLedgerError, LedgerError } from '../../core/errors.ts';
import { isObject, type Json } from '../request/fields.ts';
import type { ExactWorld, ProviderCounter, Question } from './counter.ts';

const TIMEOUT_MS = 30_000;

/**
 * Sends a question and reads the count. No message carries the key or the text.
 * @throws LedgerError as `countExactly`
 */
export async function askProvider(
  counter: ProviderCounter,
  question: Question,
  world: ExactWorld,
): Promise<number> {
  const key = keyOf(counter, world.env);
  const url = `${baseOf(counter, world.env)}/${question.path}`;
  const response = await send(counter, url, key, question.body, world);
  const text = await response.text().catch(() => '');
  const answer = parse(text);
  if (!response.ok) throw failureOf(counter, response, answer, key);
  const tokens = answer === undefined ? undefined : counter.tokensOf(answer);
  if (typeof tokens !== 'number' || !Number.isSafeInteger(tokens) || tokens < 0) {
    throw unreachable(counter, 'its answer holds no count');
  }
  return tokens;
}

function keyOf({ provider, keyVariables }: ProviderCounter, env: ExactWorld['env']): string {
  for (const name of keyVariables) {
    const key = env[name]?.trim() ?? '';
    if (key === '') continue;
    // fetch would refuse such a header too, and print the key while doing so.
    if (!/^[\x21-\x7e]+$/.test(key))
      throw invalid(`${name} holds no key: it has blanks or characters outside ASCII`);
    return key;
  }
  const names = keyVariables.join(' or ');
  throw invalid(
    `an exact count by ${provider} needs a key in ${names}`,
    `set ${names}, or leave out --exact`,
  );
}

function baseOf({ base, baseVariable, version }: ProviderCounter, env: ExactWorld['env']): string {
  const moved = env[baseVariable]?.trim() ?? '';
  const address = (moved === '' ? base : checkedAddress(moved, baseVariable)).replace(/\/+$/, '');
  return address.endsWith(`/${version}`) ? address : `${address}/${version}`;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function checkedAddress(text: string, variable: string): string {
  // The value stays out of the message: an address may carry a password.
  const url = URL.parse(text);
  if (url === null) throw invalid(`${variable} is no address`);
  if (url.username !== '' || url.password !== '')
    throw invalid(`${variable} must not carry a user name or password`);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!isSafe) throw invalid(`${variable} must be an https address; plain http is for loopback only`);
  return `${url.origin}${url.pathname}`;
}

async function send(
  counter: ProviderCounter,
  url: string,
  key: string,
  body: unknown,
  { fetch, timeoutMs = TIMEOUT_MS }: ExactWorld,
): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...counter.headers(key) },
      body: JSON.stringify(body),
      // A redirect would carry the key to another address.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    // Whoever broke the call off knows why; only our own timeout is the provider's silence.
    if (isLedgerError(error) || (error instanceof Error && error.name === 'AbortError')) throw error;
    throw unreachable(counter, reasonOf(error, timeoutMs));
  }
}

/** Names only: the message of an error may quote what was sent. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'the connection failed';
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return `no answer within ${timeoutMs / 1000} s`;
  const cause: unknown = error.cause;
  const code = isObject(cause) || cause instanceof Error ? (cause as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? `the connection failed (${code})` : 'the connection failed';
}

function unreachable({ provider }: ProviderCounter, reason: string, details: Json = {}): LedgerError {
  return new LedgerError('remote_unreachable', `no exact count by ${provider}: ${reason}`, {
    hint: 'try again, or leave out --exact for an estimate',
    details: { provider, ...details },
  });
}

function failureOf(
  counter: ProviderCounter,
  response: Response,
  answer: Json | undefined,
  key: string,
): LedgerError {
  const { provider, keyVariables } = counter;
  const { status } = response;
  const details = { provider, status };
  if (status === 401 || status === 403) {
    const names = keyVariables.join(' or ');
    return new LedgerError('unauthenticated', `${provider} does not accept the key in ${names}`, { details });
  }
  if (status === 429) {
    const seconds = Number(response.headers.get('retry-after') ?? 'none');
    return new LedgerError('rate_limited', `${provider} counts no more for now`, {
      hint: 'try again later, or leave out --exact for an estimate',
      details: { ...details, ...(Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}) },
    });
  }
  if (status >= 500 || status === 408) return unreachable(counter, `it answered ${status}`, { status });
  const said = messageOf(answer, key);
  const hint =
    status === 404
      ? "the provider may know the model under its dated id only: name it in the body's `model`"
      : undefined;
  return invalid(
    `${provider} refuses to count this (${status})${said === '' ? '' : `: ${said}`}`,
    hint,
    details,
  );
}

/** The provider's own words, on one line, cut, and without the key should it be quoted. */
function messageOf(answer: Json | undefined, key: string): string {
  const error = answer?.error;
  const message = isObject(error) ? error.message : undefined;
  if (typeof message !== 'string') return '';
  const line = message
    .replaceAll(key, '…')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
