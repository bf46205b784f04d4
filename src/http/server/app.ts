/**
 * The HTTP API as a hono application: routes from the table, each request judged, carried out, counted and logged in one
 * place. What is wrong with one request is its own answer, never a crash. Source: contract 8.
 */

import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { invalid, LedgerError } from '../../core/errors.ts';
import { openApiText } from '../openapi.ts';
import type { Route } from '../route.ts';
import { API, ROUTES } from '../routes.ts';
import { type Answer, answerDocument, answerLines } from './answer.ts';
import { answerBatch } from './batch.ts';
import { readBytes } from './body.ts';
import { LIMITS, type ServerDeps } from './deps.ts';
import { admit } from './exchange.ts';
import { redact } from './log.ts';
import type { Gauges, Metrics } from './metrics.ts';
import { HttpRefusal, PROBLEM, problemOf } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import { type Reply, send } from './send.ts';
import { cachedTokens } from './token-cache.ts';
import { veiled } from './veiled.ts';

/** What the app and the process around it share. */
export interface ServerState {
  readonly metrics: Metrics;
  /** Set when the process is to end: readiness says no, connections are not kept. */
  draining: boolean;
  gauges(): Omit<Gauges, 'ready'>;
  /** An account's balance may have gone down. */
  touched(account: string): void;
}

/** What a handler is told about itself for log and metrics. */
interface Told {
  account?: string;
  actor?: string;
}

type Env = { Bindings: HttpBindings };
type Handler = (
  incoming: IncomingMessage,
  params: Readonly<Record<string, string>>,
  told: Told,
) => Promise<Reply>;

/** Most bytes of a webhook: the provider's largest events are far below. */
const WEBHOOK_LIMIT = 1 << 20;

const SAFE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function createApp(wired: ServerDeps, state: ServerState): Hono<Env> {
  const own = veiled(wired);
  const deps = { ...own, tokenByNo: cachedTokens(own.tokenByNo, () => performance.now()) };
  const app = new Hono<Env>();
  const observe = observer(deps, state);
  const rate = new RateLimit(deps.limits?.perSecond ?? LIMITS.perSecond, () => performance.now());
  for (const route of ROUTES) {
    const handler = observe(route.name, (incoming, params, told) =>
      serve(route, incoming, params, told, deps, state, rate),
    );
    app.on(route.method, API + route.path, handler);
  }
  for (const [path, method, handler] of ownRoutes(deps, state)) app.on(method, path, observe(path, handler));
  app.notFound(observe('unknown', async (incoming) => refuseUnknown(incoming)));
  return app;
}

async function serve(
  route: Route,
  incoming: IncomingMessage,
  params: Readonly<Record<string, string>>,
  told: Told,
  deps: ServerDeps,
  state: ServerState,
  rate: RateLimit,
): Promise<Reply> {
  const admitted = await admit(incoming, route, deps, rate);
  told.actor = admitted.access.id;
  if (route.scope === 'account') told.account = admitted.account;
  const report = (event: string, fields: object): void => deps.log.write('error', event, { ...fields });
  const touched = (account: string): void => state.touched(account);
  let answer: Answer;
  if (route.kind === 'document')
    answer = await answerDocument(incoming, route, admitted, params, deps, touched);
  else if (route.kind === 'lines') answer = await answerLines(route, admitted, params, deps, report);
  else answer = answerBatch(incoming, route, admitted, deps, { report, touched });
  return { status: 200, headers: { 'content-type': answer.type, ...SAFE }, body: answer.body };
}

/** Counts and logs what a handler answers, and turns what it throws into a problem. */
function observer(deps: ServerDeps, state: ServerState) {
  const { metrics } = state;
  let requests = 0;
  return (name: string, handler: Handler) =>
    async (context: {
      readonly env: HttpBindings;
      readonly req: { param(): Record<string, string> };
    }): Promise<Response> => {
      const { incoming, outgoing } = context.env;
      const start = performance.now();
      const id = `${++requests}`;
      const told: Told = {};
      metrics.inFlight += 1;
      let code: string | undefined;
      let reply: Reply;
      try {
        reply = await handler(incoming, context.req.param(), told);
      } catch (error) {
        const problem = problemOf(error);
        code = problem.code;
        if (code === 'internal') reportDefect(deps, name, id, error);
        reply = { ...problem, headers: { 'content-type': PROBLEM, ...SAFE, ...problem.headers } };
      }
      const { status } = reply;
      if (state.draining) outgoing.shouldKeepAlive = false;
      outgoing.once('close', () => {
        metrics.inFlight -= 1;
        const seconds = (performance.now() - start) / 1_000;
        const method = incoming.method ?? '';
        metrics.answered(name, method, status, seconds);
        const ms = Math.round(seconds * 1e5) / 100;
        const cut = outgoing.writableFinished ? undefined : true;
        deps.log.write('info', 'request', {
          request: id,
          method,
          route: name,
          status,
          ms,
          code,
          cut,
          ...told,
        });
      });
      await send(outgoing, reply);
      return RESPONSE_ALREADY_SENT;
    };
}

function reportDefect(deps: ServerDeps, route: string, request: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  deps.log.write('error', 'defect', { request, route, error: redact(text) });
}

const plain = (body: string, type = 'text/plain; charset=utf-8', status = 200): Reply => ({
  status,
  headers: { 'content-type': type, ...SAFE },
  body,
});

/** Routes that need no token. */
function ownRoutes(deps: ServerDeps, state: ServerState): (readonly [string, string, Handler])[] {
  let document: string | undefined;
  return [
    ['/healthz', 'GET', async () => plain('ok\n')],
    [
      '/readyz',
      'GET',
      async () => {
        if (state.draining) return plain('ending\n', undefined, 503);
        try {
          await deps.ready();
        } catch (error) {
          deps.log.write('warn', 'not ready', { error: redact(String(error)) });
          return plain('the ledger cannot be reached\n', undefined, 503);
        }
        return plain('ready\n');
      },
    ],
    [
      '/metrics',
      'GET',
      async () =>
        plain(
          state.metrics.text({ ...state.gauges(), ready: !state.draining }),
          'text/plain; version=0.0.4; charset=utf-8',
        ),
    ],
    [
      '/openapi.json',
      'GET',
      async () => {
        document ??= openApiText(deps.version);
        return plain(document, 'application/json');
      },
    ],
    [`${API}/webhooks/stripe`, 'POST', (incoming) => webhook(incoming, deps)],
  ];
}

async function webhook(incoming: IncomingMessage, { hooks }: ServerDeps): Promise<Reply> {
  if (hooks?.webhook === undefined) throw refuseUnknown(incoming);
  const body = await readBytes(incoming, WEBHOOK_LIMIT);
  const signature = incoming.headers['stripe-signature'];
  await hooks.webhook({ body, signature: typeof signature === 'string' ? signature : null });
  return plain('{"received":true}', 'application/json');
}

const PATHS = ROUTES.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${API}${path.replace(/:\w+/g, '[^/]+')}$`),
}));

/** 405 where the path is known with another method, else 404. */
function refuseUnknown(incoming: IncomingMessage): never {
  const path = (incoming.url ?? '').split('?', 1)[0]!;
  const methods = PATHS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  if (methods.length > 0) {
    throw new HttpRefusal(invalid(`this path takes ${methods.join(' and ')}`), 405, {
      allow: methods.join(', '),
    });
  }
  throw new HttpRefusal(
    new LedgerError('invalid_argument', 'there is nothing at this path', {
      hint: 'GET /openapi.json says what there is',
    }),
    404,
  );
}
