/**
 * The process around the app: a listening socket with its limits, work in the background, and an end that answers what was
 * accepted. Source: contract 8; limits in the README.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getRequestListener } from '@hono/node-server';
import { invalid, LedgerError } from '../../core/errors.ts';
import { createApp, type ServerState } from './app.ts';
import { Background } from './background.ts';
import { Connections } from './connections.ts';
import { LIMITS, type ServerDeps } from './deps.ts';
import { Metrics } from './metrics.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface RunningServer {
  /** `http://127.0.0.1:8787` */
  readonly url: string;
  readonly port: number;
  readonly metrics: Metrics;
  /** Takes no more, answers what it has, ends background work. A second call waits for the first. */
  stop(): Promise<void>;
}

/**
 * Starts a server.
 * @throws LedgerError `invalid_argument`: the address is taken, or may not be used
 */
export async function startServer(deps: ServerDeps, { host, port }: ListenOptions): Promise<RunningServer> {
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const background = new Background(deps);
  const metrics = new Metrics();
  const state: ServerState = {
    metrics,
    draining: false,
    gauges() {
      const loopLagSeconds = lag.percentile(99) / 1e9;
      lag.reset();
      return { residentBytes: process.memoryUsage.rss(), loopLagSeconds };
    },
    touched: (account) => background.touched(account),
  };
  const app = createApp(deps, state);
  const server = createServer(
    {
      maxHeaderSize: 8 << 10,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 60_000,
      connectionsCheckingInterval: 2_000,
    },
    getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false }),
  );
  server.maxRequestsPerSocket = 0;
  const connections = new Connections(server);
  const url = await listen(server, host, port);
  background.start(metrics);
  let stopped: Promise<void> | undefined;
  return {
    url,
    port: (server.address() as AddressInfo).port,
    metrics,
    stop() {
      stopped ??= (async () => {
        state.draining = true;
        const graceMs = deps.limits?.graceMs ?? LIMITS.graceMs;
        await Promise.all([drain(server, connections, graceMs), background.stop()]);
        lag.disable();
        deps.log.flush();
      })();
      return stopped;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        invalid(
          `cannot listen on ${host} port ${port}: ${error.code ?? error.message}`,
          HINTS[error.code ?? ''],
        ),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      const address = server.address() as AddressInfo;
      resolve(`http://${address.family === 'IPv6' ? `[${host}]` : host}:${address.port}`);
    });
  });
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something listens there already: choose another --port',
  EACCES: 'ports below 1024 are for privileged processes: choose another --port',
  EADDRNOTAVAIL: 'this machine has no such address: choose another --host',
  ENOTFOUND: 'no machine is called so: choose another --host',
};

/** What was sent before the end began may still lie unread: this long, ms. */
const SWEEP_MS = 50;

/** Waits for every answer that is under way, at most so long; idle connections end at once. */
async function drain(server: Server, connections: Connections, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  // A connection that becomes idle after its answer is closed by its own `connection: close`; this catches the rest, and
  // those that never asked for anything.
  const sweep = setInterval(() => connections.closeIdle(), SWEEP_MS);
  try {
    await closed;
  } finally {
    clearTimeout(timer);
    clearInterval(sweep);
  }
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/i;

/**
 * Requests travel in clear text: other machines may reach the server only when somebody has said so.
 * @throws LedgerError `invalid_argument`
 */
export function requireLoopback(host: string, isAllowed: boolean): void {
  if (LOOPBACK.test(host) || isAllowed) return;
  throw new LedgerError('invalid_argument', `${host} can be reached from other machines, in clear text`, {
    hint: 'listen on 127.0.0.1 behind a proxy with TLS, or say --allow-remote',
  });
}
