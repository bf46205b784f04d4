/** Serves a ledger of this machine over HTTP. Loaded by `credits serve` alone. */
import { version } from '../../package.json';
import { invalid } from '../core/errors.ts';
import type { Acting } from '../http/server/deps.ts';
import { requireLoopback, startServer } from '../http/server/listen.ts';
import { createLog } from '../http/server/log.ts';
import { LocalLedger } from '../ledger/local.ts';
import type { LocalDeps } from '../ledger/local-deps.ts';
import type { ServedLedger, ServeInput, WireOptions } from './wire-types.ts';

/**
 * Opens the ledger and listens.
 * @param openDeps opens a ledger of this machine
 * @throws LedgerError `invalid_argument` (the address, or a clock that stands), and whatever opening can refuse
 */
export async function serveLedger(
  { signal: _, ...options }: WireOptions,
  input: ServeInput,
  openDeps: (options: WireOptions) => Promise<LocalDeps>,
): Promise<ServedLedger> {
  requireLoopback(input.host, input.allowRemote);
  if (options.now !== null) {
    throw invalid(
      'a server goes by the clock',
      'leave --now and CREDITS_NOW out; an admin sets it for one request',
    );
  }
  // Without the signal: what waits for the ledger when the server is to end is still answered.
  const deps = await openDeps({ ...options, readOnly: false });
  const { store } = deps;
  const provider = shareProvider(deps.payments);
  const own: LocalDeps = { ...deps, ...provider.payments, zones: await deps.loadZones() };
  const ledger = ({ actor, now }: Acting) =>
    new LocalLedger({ ...own, actor, now: () => now ?? options.clock() });
  const serverItself = ledger({ actor: 'server', now: null });
  const log = createLog(input.stderr, { quiet: input.quiet, clock: options.clock });
  try {
    const server = await startServer(
      {
        version,
        mode: store.mode,
        ledger,
        tokenByNo: async (no) => (await store.accessTokens(no))[0],
        ready: async () => void (await store.catalogue()),
        sha256: deps.sha256,
        clock: options.clock,
        log,
        limits: { perSecond: input.perSecond },
        hooks: {
          async afterWrite(account) {
            await serverItself.runTopup(account);
          },
          async webhook(request) {
            log.write('info', 'webhook', { outcome: await serverItself.receiveWebhook(request) });
          },
        },
      },
      input,
    );
    const info = { location: store.location, mode: store.mode };
    const tokens = (await store.accessTokens()).filter(({ endedAt }) => endedAt === null).length;
    log.write('info', 'listening', { url: server.url, ledger: info.location, mode: info.mode });
    const ended = endOf(input.signal).then(async () => {
      log.write('info', 'ending');
      await server.stop();
      await provider.close();
      await store.close();
      log.write('info', 'ended');
      log.flush();
    });
    return { url: server.url, info, tokens, ended };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const endOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** One provider for every request: each would open its own otherwise. */
function shareProvider(payments: LocalDeps['payments']) {
  if (payments === undefined) return { payments: {}, close: async () => {} };
  let opened: ReturnType<typeof payments.open> | undefined;
  const open: typeof payments.open = () => {
    opened ??= payments.open().catch((error) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    payments: { payments: { ...payments, open } },
    close: async (): Promise<void> => (await opened?.catch(() => undefined))?.close(),
  };
}
