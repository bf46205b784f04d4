/**
 * Failure points: a store and a provider as one process sees them. Before each call and behind it the process may die, the
 * call may be refused for now, the disk may be full or have no page left, or the answer may get lost; what the other side
 * did stays done.
 */
import { LedgerError } from '../../src/core/errors.ts';
import type { PaymentStore } from '../../src/ledger/payments/payment-store.ts';
import type { PaymentProvider } from '../../src/ledger/payments/provider.ts';
import type { NewAccountWork, Store, Work } from '../../src/ledger/store.ts';
import type { SimulatedProvider } from '../../src/payments/simulated.ts';
import { Crash, type Fault, unreliable } from '../helpers/unreliable-provider.ts';
import type { Process, Scheduler } from './scheduler.ts';

/** `disk_tight`: from this write on the file cannot grow for a while; who writes finds out. */
export type StoreFault = Fault | 'busy' | 'disk_full' | 'disk_tight';

const COMMITS: ReadonlySet<string> = new Set(['execute', 'openAccount', 'recordEvents', 'setCursor']);
/** Not calls of the world, or streams that are read as they come. */
const PLAIN: ReadonlySet<string> = new Set(['dump', 'inspect', 'close']);

const SILENT: ReadonlySet<string> = new Set(['readWebhook', 'payments', 'close']);

export interface FailPoints {
  readonly scheduler: Scheduler;
  /** Asked before each call. */
  fault(process: Process, commits: boolean): StoreFault;
  /** Lets the ledger of a process grow no further for a while. */
  squeeze(process: Process): void;
  /** Told of what the store itself throws. */
  refused(error: unknown): void;
  /** Told of every call of the provider. */
  asked(method: string): void;
  /** Told of every commit, also when nobody hears its answer. */
  committed(process: Process, works: readonly (Work | NewAccountWork)[], answer: unknown): void;
}

const lost = (): LedgerError =>
  new LedgerError('remote_unreachable', 'the connection was lost', { details: { outcome: 'unknown' } });

/** The store of a process. */
export function storeOf(store: Store, process: Process, points: FailPoints): Store {
  const payments = doorOf<PaymentStore>(store.payments, process, points);
  const door = doorOf<Store>(store, process, points);
  return new Proxy(door, {
    get: (target, name) => (name === 'payments' ? payments : target[name as keyof Store]),
  });
}

function doorOf<Door extends object>(door: Door, process: Process, points: FailPoints): Door {
  const through = async (name: string, call: () => Promise<unknown>, args: unknown[]): Promise<unknown> => {
    const commits = COMMITS.has(name);
    const fault = points.fault(process, commits);
    if (fault === 'crash_before') die(process, name);
    if (fault === 'busy') throw new LedgerError('ledger_busy', 'others are in the way');
    if (fault === 'disk_full') throw new LedgerError('disk_full', 'no space is left');
    if (fault === 'lost_before') throw lost();
    if (fault === 'disk_tight') points.squeeze(process);
    const answer = await call().catch((error: unknown) => {
      points.refused(error);
      throw error;
    });
    if (name === 'execute') points.committed(process, args[0] as Work[], answer);
    if (name === 'openAccount') points.committed(process, [args[0] as NewAccountWork], answer);
    if (fault === 'crash_after') die(process, name);
    if (fault === 'lost_after') throw lost();
    return answer;
  };
  return new Proxy(door, {
    get(target, name) {
      const value = target[name as keyof Door] as unknown;
      if (typeof value !== 'function') return value;
      if (PLAIN.has(String(name))) return value.bind(target);
      return (...args: unknown[]) =>
        points.scheduler.call(process, String(name), () =>
          through(String(name), async () => value.apply(target, args), args),
        );
    },
  });
}

function die(process: Process, name: string): never {
  process.isDead = true;
  throw new Crash(name);
}

/** The provider of a process. */
export function providerOf(
  simulated: SimulatedProvider,
  process: Process,
  points: FailPoints,
): PaymentProvider {
  const provider = unreliable(simulated, () => {
    const fault = points.fault(process, true);
    if (fault === 'crash_before' || fault === 'crash_after') process.isDead = true;
    return fault === 'busy' || fault === 'disk_full' || fault === 'disk_tight' ? 'lost_before' : fault;
  });
  return new Proxy(provider, {
    get(target, name) {
      const value = target[name as keyof PaymentProvider] as unknown;
      if (typeof value !== 'function' || SILENT.has(String(name))) return value;
      return (...args: unknown[]) =>
        points.scheduler.call(process, String(name), async () => {
          points.asked(String(name));
          return value.apply(target, args);
        });
    },
  });
}
