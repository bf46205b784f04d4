/**
 * Settling with the provider what is open: every attempt under way is looked up, then every event since the last time is
 * applied, oldest first. A command line has no address for webhooks; this does the same, and repairs what they missed.
 *
 * Source: contract 6 (`payments sync`), 9.
 */
import { isLedgerError, type LedgerError } from '../../core/errors.ts';
import { ACTIVE } from '../../core/wallet.ts';
import type { AttemptView, SyncView } from '../payment-views.ts';
import { attemptView } from './attempt-views.ts';
import { finishCard } from './cards.ts';
import { applyEvent, type EventOutcome } from './events.ts';
import type { PaymentRun } from './payment-run.ts';
import type { ProviderEvent } from './provider.ts';
import { settleAttempt } from './settle-attempt.ts';
import { syncSubscription } from './subscriptions.ts';

const PAGE = 200;

interface Sums {
  attempts: AttemptView[];
  failed: { what: string; error: LedgerError }[];
}

/** @throws LedgerError `mode_mismatch`, `invalid_argument`, `payment_unknown` (the events cannot be read) */
export async function syncPayments(shared: PaymentRun, dryRun: boolean): Promise<SyncView> {
  const run = shared.alone();
  const provider = await run.provider();
  const sums: Sums = { attempts: [], failed: [] };
  for await (const id of accountsWith(run)) await settleAccount(run, id, sums, dryRun);
  const events = dryRun ? await countEvents(run) : await readEvents(run, sums);
  return { provider: provider.name, ...sums, ...run.moved, closed: [...run.closed], events, dryRun };
}

/** What an event comes to is found out by applying it; a dry run only tells how many wait. */
async function countEvents(run: PaymentRun): Promise<{ read: number; applied: number }> {
  const provider = await run.provider();
  const { payments } = run.deps.store;
  const { events } = await provider.eventsSince(await payments.cursor(provider.name));
  let read = 0;
  for (const event of events) if (!(await payments.hasEvent(event.id))) read += 1;
  return { read, applied: 0 };
}

async function* accountsWith(run: PaymentRun): AsyncGenerator<string> {
  let after = 0;
  for (;;) {
    const page = await run.deps.store.payments.accounts('open', after, PAGE);
    yield* page.ids;
    if (page.ids.length < PAGE) return;
    after = page.last;
  }
}

async function settleAccount(run: PaymentRun, id: string, sums: Sums, dryRun: boolean): Promise<void> {
  const account = await run.account(id);
  const { attempts, card } = await run.deps.store.payments.wallet(account, run.now());
  for (const attempt of attempts.values()) {
    if (!ACTIVE.has(attempt.status)) continue;
    await guarded(sums, attemptView(account, attempt).attempt, async () => {
      const after = dryRun ? attempt : await settleAttempt(run, id, attempt.no, 'found');
      sums.attempts.push(attemptView(account, after));
    });
  }
  if (card?.subscription != null && !dryRun) {
    await guarded(sums, `subscription of ${id}`, async () => {
      await syncSubscription(run, id);
    });
  }
  if (card?.setup != null && !dryRun) {
    await guarded(sums, `card of ${id}`, async () => {
      await finishCard(run, id);
    });
  }
}

/** One thing's failure stops no other. */
async function guarded(sums: Sums, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isLedgerError(error) || error.code === 'integrity_failure') throw error;
    sums.failed.push({ what, error });
  }
}

async function readEvents(run: PaymentRun, sums: Sums): Promise<{ read: number; applied: number }> {
  const provider = await run.provider();
  const { payments } = run.deps.store;
  const before = await payments.cursor(provider.name);
  const { events, cursor } = await provider.eventsSince(before);
  let applied = 0;
  const failures = sums.failed.length;
  for (const event of events) {
    if (await payments.hasEvent(event.id)) continue;
    await guarded(sums, event.id, async () => {
      const outcome = await applyEvent(run, event);
      await payments.recordEvents([{ id: event.id, type: event.type, createdAt: event.createdAt, outcome }]);
      applied += 1;
    });
  }
  // What failed is read again next time; what was applied is known by its id.
  if (sums.failed.length === failures && cursor !== null && cursor !== before) {
    await payments.setCursor(provider.name, cursor);
  }
  return { read: events.length, applied };
}

/** Applies an event that a webhook brought, once. For the server. @returns what it came to */
export async function receiveEvent(run: PaymentRun, event: ProviderEvent): Promise<EventOutcome | 'known'> {
  const { payments } = run.deps.store;
  if (await payments.hasEvent(event.id)) return 'known';
  const outcome = await applyEvent(run, event);
  // Behind what it did: a crash in between applies it again, without effect.
  await payments.recordEvents([{ id: event.id, type: event.type, createdAt: event.createdAt, outcome }]);
  return outcome;
}
