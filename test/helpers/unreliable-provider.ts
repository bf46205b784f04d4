/**
 * A provider behind a bad line: an answer gets lost before or after the other side did what was asked, and the process that
 * asked dies before or after. What the other side did stays done.
 */

import { LedgerError } from '../../src/core/errors.ts';
import type { IntentAnswer, PaymentProvider } from '../../src/ledger/payments/provider.ts';
import type { SimulatedProvider } from '../../src/payments/simulated.ts';

/** The process has died: nothing after it happens. */
export class Crash extends Error {}

export type Fault = 'none' | 'lost_before' | 'lost_after' | 'crash_before' | 'crash_after';

const ANSWERING = ['createIntent', 'confirmIntent', 'retrieveIntent', 'findIntent', 'cancelIntent'] as const;
const THROWING = [
  'attachTestMethod',
  'removeCard',
  'describeCard',
  'startPurchase',
  'retrieveCheckout',
  'returnsOf',
  'eventsSince',
  'ensureCustomer',
] as const;

const NO_ANSWER: IntentAnswer = { outcome: 'unknown', reason: 'lost' };

/** @param faultFor asked before each call */
export function unreliable(
  provider: SimulatedProvider,
  faultFor: (method: string) => Fault,
): PaymentProvider {
  const wrap = (method: string, lost: () => unknown): [string, unknown] => [
    method,
    async (...args: never[]) => {
      const fault = faultFor(method);
      if (fault === 'crash_before') throw new Crash(method);
      if (fault === 'lost_before') return lost();
      const call = provider[method as 'retrieveIntent'] as unknown as (...all: never[]) => Promise<unknown>;
      const answer = await call.apply(provider, args);
      if (fault === 'crash_after') throw new Crash(method);
      return fault === 'lost_after' ? lost() : answer;
    },
  ];
  const refuse = () => {
    throw new LedgerError('payment_unknown', 'the answer got lost');
  };
  const methods = Object.fromEntries([
    ...ANSWERING.map((method) => wrap(method, () => NO_ANSWER)),
    ...THROWING.map((method) => wrap(method, refuse)),
  ]);
  return new Proxy(provider, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(methods, name)) return methods[name];
      const value = target[name as keyof SimulatedProvider] as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as PaymentProvider;
}
