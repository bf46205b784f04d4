/**
 * An event is marked as applied behind what it does: one that comes to nothing on its way is applied when it is told again,
 * by a webhook as by a sync; one whose mark is lost is applied again without effect. Source: contract 9.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { PaymentAccess } from '../../../src/ledger/payments/payment-run.ts';
import { PaymentRun } from '../../../src/ledger/payments/payment-run.ts';
import type { PaymentProvider, ProviderEvent } from '../../../src/ledger/payments/provider.ts';
import { receiveEvent, syncPayments } from '../../../src/ledger/payments/sync.ts';
import type { Store } from '../../../src/ledger/store.ts';
import { credits } from '../../helpers/ledger.ts';
import { type PayingLedger, payingLedger } from '../../helpers/paying.ts';
import { Crash, type Fault, unreliable } from '../../helpers/unreliable-provider.ts';

let t: PayingLedger;
afterEach(() => t.done());

/** Buys 2,000 credits, of which 700 of 1,800 cents go back. @returns the event that tells it */
async function refunded(): Promise<ProviderEvent> {
  t = payingLedger();
  await t.ledger.addCard('default', 'pm_card_visa');
  const input = { package: '2000', maxChargeCents: null, checkout: false };
  const { purchase } = await t.ledger.buy('default', input);
  await t.ledger.syncPayments();
  await t.simulated.happen(`pi_sim_${purchase}`, (paid) => ({
    ...paid,
    refunds: [{ id: 're_1', amountCents: 700, status: 'succeeded' }],
  }));
  return (await t.simulated.eventsSince(null)).events.at(-1)!;
}

/** A provider that fails once, at a method. */
function failing(method: string, fault: Fault): PaymentProvider {
  let isLeft = true;
  return unreliable(t.simulated, (called) => {
    if (called !== method || !isLeft) return 'none';
    isLeft = false;
    return fault;
  });
}

function runOver(provider: PaymentProvider, store: Store = t.store): PaymentRun {
  const access: PaymentAccess = {
    open: async () => provider,
    webhookSecrets: async () => [],
    reference: () => 'word',
  };
  return new PaymentRun({ ...t.deps, store }, access);
}

/** A store whose process dies before or behind a call. */
function dying(name: 'recordEvents' | 'setCursor', isAfter: boolean): Store {
  const payments = new Proxy(t.store.payments, {
    get(target, asked) {
      const value = target[asked as 'recordEvents'] as unknown;
      if (typeof value !== 'function') return value;
      if (asked !== name) return value.bind(target);
      return async (...args: unknown[]) => {
        if (isAfter) await value.apply(target, args);
        throw new Crash(name);
      };
    },
  });
  return new Proxy(t.store, {
    get(target, asked) {
      if (asked === 'payments') return payments;
      const value = target[asked as 'execute'] as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const failed = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => false,
    () => true,
  );

/** 2,050 less ⌊2,000 × 700 / 1,800⌋, to the microcredit. */
const LEFT = credits('2050') - credits('777.777777');
const left = async (): Promise<number> => (await t.ledger.balance('default')).available;

const FAULTS = ['retrieveIntent', 'returnsOf'].flatMap((method) =>
  (['lost_before', 'lost_after', 'crash_before', 'crash_after'] as const).map(
    (fault) => [method, fault] as const,
  ),
);

describe('an event that comes to nothing', () => {
  test.each(FAULTS)('by a webhook, at %s (%s), is applied when it is sent again', async (method, fault) => {
    const event = await refunded();
    expect(await failed(receiveEvent(runOver(failing(method, fault)), event))).toBe(true);
    expect(await left()).toBe(credits('2050'));
    expect(await receiveEvent(runOver(t.simulated), event)).toBe('clawed');
    expect(await receiveEvent(runOver(t.simulated), event)).toBe('known');
    expect(await left()).toBe(LEFT);
  });

  test.each(FAULTS)('by a sync, at %s (%s), is applied by the next one', async (method, fault) => {
    await refunded();
    const bad = t.another(failing(method, fault));
    const view = await bad.syncPayments().catch(() => null);
    expect(view?.failed.length ?? 1).toBe(1);
    expect(await left()).toBe(credits('2050'));
    expect(await t.ledger.syncPayments()).toMatchObject({ clawed: credits('777.777777'), failed: [] });
    expect((await t.ledger.syncPayments()).events.applied).toBe(0);
    expect(await left()).toBe(LEFT);
  });
});

describe('an event whose mark is lost', () => {
  test.each([
    ['before', false, 'nothing'],
    ['behind', true, 'known'],
  ] as const)('%s it is written: applied once, by a webhook', async (_, isAfter, again) => {
    const event = await refunded();
    expect(await failed(receiveEvent(runOver(t.simulated, dying('recordEvents', isAfter)), event))).toBe(
      true,
    );
    expect(await left()).toBe(LEFT);
    expect(await receiveEvent(runOver(t.simulated), event)).toBe(again);
    expect(await left()).toBe(LEFT);
  });

  test.each(['recordEvents', 'setCursor'] as const)('at %s: applied once, by a sync', async (name) => {
    await refunded();
    for (const isAfter of [false, true]) {
      const run = runOver(t.simulated, dying(name, isAfter));
      await failed(syncPayments(run, false));
      expect(await left()).toBe(LEFT);
    }
    await t.ledger.syncPayments();
    expect(await left()).toBe(LEFT);
  });
});
