/** A test's ledger behind a server in the same process, and the same ledger reached over HTTP. */
import { randomBytes } from 'node:crypto';
import { paymentAccess } from '../../src/cli/wire-payments.ts';
import { openRemote, type RemoteLedger, type RemoteOptions } from '../../src/http/client.ts';
import type { ServerDeps } from '../../src/http/server/deps.ts';
import { type RunningServer, startServer } from '../../src/http/server/listen.ts';
import { createLog } from '../../src/http/server/log.ts';
import type { AccessRole } from '../../src/ledger/access-tokens.ts';
import { LocalLedger } from '../../src/ledger/local.ts';
import type { LedgerService } from '../../src/ledger/service.ts';
import { type AnyTestLedger, accessTokens, localDeps, sha256 } from './ledger.ts';

export interface Served {
  readonly server: RunningServer;
  readonly url: string;
  /** What was logged. */
  readonly log: string[];
  token(role: AccessRole, account?: string | null): Promise<string>;
  open(token: string, more?: Partial<RemoteOptions>): Promise<RemoteLedger>;
  /** Ends clients and server. */
  stop(): Promise<void>;
}

/** Serves a ledger on a free port. The server's clock is the test's. */
export async function serve(t: AnyTestLedger, more: Partial<ServerDeps> = {}): Promise<Served> {
  const log: string[] = [];
  const own = {
    ...localDeps(t),
    payments: {
      ...paymentAccess(t.store, { env: { HOME: '/nowhere' }, clock: () => t.at }),
      reference: () => randomBytes(8).toString('hex'),
    },
  };
  const server = await startServer(
    {
      version: '0.0.0',
      mode: t.store.mode,
      ledger: ({ actor, now }) => new LocalLedger({ ...own, actor, now: () => now ?? t.at }),
      tokenByNo: async (no) => (await t.store.accessTokens(no))[0],
      ready: async () => void (await t.store.catalogue()),
      sha256,
      clock: () => t.at,
      log: createLog({ write: (text) => log.push(text) }, { quiet: false, clock: () => t.at }),
      limits: { perSecond: 0 },
      ...more,
    },
    { host: '127.0.0.1', port: 0 },
  );
  const opened: RemoteLedger[] = [];
  return {
    server,
    url: server.url,
    log,
    token: async (role, account = null) => (await accessTokens(t).create({ role, account })).token!,
    async open(token, options = {}) {
      const remote = await openRemote({
        url: server.url,
        token,
        random: () => 0,
        now: null,
        clock: () => t.at,
        newKey: () => `req_${randomBytes(9).toString('base64url')}`,
        ...options,
      });
      opened.push(remote);
      return remote;
    },
    async stop() {
      for (const each of opened) await each.close();
      await server.stop();
    },
  };
}

/**
 * The ledger of a test reached over HTTP with an admin's token. Stands in for the local one: the server starts with the first
 * question.
 */
export function overHttp(t: AnyTestLedger): AnyTestLedger {
  let served: Promise<{ readonly served: Served; readonly remote: RemoteLedger }> | undefined;
  const connect = () => {
    served ??= serve(t).then(async (each) => ({
      served: each,
      remote: await each.open(await each.token('admin')),
    }));
    return served;
  };
  const local = t.ledger;
  const ledger = new Proxy({} as LedgerService, {
    get(_, name: keyof LedgerService | 'then') {
      if (name === 'then') return undefined;
      if (name === 'info' || name === 'now') return name === 'info' ? local.info : () => local.now();
      if (name === 'exportRows' || name === 'exportLedger') {
        return async function* (...args: never[]) {
          const { remote } = await connect();
          yield* (remote[name] as (...all: never[]) => AsyncIterable<unknown>).call(remote, ...args);
        };
      }
      return async (...args: never[]) => {
        const { remote } = await connect();
        return (remote[name] as (...all: never[]) => unknown).call(remote, ...args);
      };
    },
  }) as LocalLedger;
  return {
    store: t.store,
    ledger,
    get at() {
      return t.at;
    },
    set at(instant) {
      t.at = instant;
    },
    reopen: () => t.reopen(),
    ahead: (ms) => t.ahead(ms),
    async done() {
      await (await served)?.served.stop();
      await t.done();
    },
  };
}
