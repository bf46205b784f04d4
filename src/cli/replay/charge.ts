/**
 * Books recorded calls, each under its own key, so that the same transcripts again book nothing twice. A call that does not
 * fit, or has changed since it was booked, is refused by itself. Source: contract 5.7 (keys), 7 (`--charge`).
 */
import { createHash } from 'node:crypto';
import { add, type Microcredits, ZERO } from '../../core/credits.ts';
import { isLedgerError, type LedgerError, LedgerError as Refusal } from '../../core/errors.ts';
import type { Instant } from '../../core/types.ts';
import type { ItemResult, LedgerService, SpendItem } from '../../ledger/service.ts';
import type { Call, Transcripts } from '../../transcripts/call.ts';
import type { Context } from '../context.ts';
import { createProgress } from '../progress.ts';
import { count } from '../render/amounts.ts';
import { printable } from '../render/width.ts';
import { type Booker, Trial } from '../trial.ts';
import { type Renaming, renamed } from './pricing.ts';

/** Calls that go to the ledger together. */
const BATCH = 1_000;
const MAX_KEY = 255;
const MAX_TAG = 256;

/** A call that was not booked. */
export interface RefusedCall {
  readonly key: string;
  readonly run: string;
  readonly round: number;
  readonly model: string;
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

export interface ChargeTally {
  booked: number;
  /** Booked by an earlier charge. */
  replayed: number;
  /** Last calls of files that may still be being written: a later charge books them. */
  skipped: number;
  /** Booked by this charge. */
  credits: Microcredits;
  readonly refused: RefusedCall[];
}

/** Formats whose runs are sessions at a keyboard. */
const SESSIONS: ReadonlySet<string> = new Set(['claude', 'codex', 'gemini']);

const tagOf = (text: string): string => printable(text).slice(0, MAX_TAG);

/** The ledger key of a call; one that is too long, or holds what a key may not, is hashed. */
export function chargeKey(call: Pick<Call, 'key'>): string {
  const key = `replay:${call.key}`;
  if (key.length <= MAX_KEY && !/[\u0000-\u001f\u007f]/.test(key)) return key;
  return `replay:sha256:${createHash('sha256').update(call.key).digest('hex')}`;
}

/**
 * A call as a spend.
 * @param at its own time; null: it tells none, or one later than now, which a ledger does not take
 */
function itemOf(call: Call, account: string, model: string, at: Instant | null): SpendItem {
  const tags = {
    activity: 'agent',
    session: SESSIONS.has(call.format) ? tagOf(call.runId.split('/')[0]!) : null,
    run: tagOf(call.runId),
  };
  const { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, toolCalls } = call;
  const parts = { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, toolCalls };
  return {
    account,
    key: chargeKey(call),
    input: {
      amount: null,
      call: { model, provider: null, noByok: false, ...parts, ...tags },
      tags,
      note: null,
      at,
    },
  };
}

/**
 * Books every call that is not still growing.
 * @param clock the account's, which may be ahead of the ledger's own
 * @throws LedgerError when the ledger itself cannot go on; what was booked stays, and the same charge again books the rest
 */
export async function chargeCalls(
  context: Context,
  ledger: LedgerService,
  transcripts: Transcripts,
  {
    renaming,
    calls: of,
    clock,
  }: { readonly renaming: Renaming; readonly calls: number; readonly clock: Instant },
): Promise<ChargeTally> {
  const tally: ChargeTally = { booked: 0, replayed: 0, skipped: 0, credits: ZERO, refused: [] };
  const progress = await createProgress(context, 'calls');
  const booker: Booker = context.globals.dryRun
    ? new Trial(ledger, { prefix: 'replay charge tried', remembers: () => false })
    : ledger;
  let batch: Call[] = [];
  const book = async (): Promise<void> => {
    if (context.signal.aborted) {
      context.warn(
        `stopped after ${count(tally.booked, 'call')} booked; the same charge again books the rest`,
      );
      context.signal.throwIfAborted();
    }
    const to = { booker, account: context.account, now: Math.max(ledger.now(), clock) };
    await bookBatch(to, batch, renaming, tally);
    batch = [];
    progress.update(tally.booked + tally.replayed + tally.refused.length, of);
  };
  try {
    for (const call of transcripts.calls()) {
      if (call.fresh) {
        tally.skipped += 1;
        continue;
      }
      batch.push(call);
      if (batch.length >= BATCH) await book();
    }
    if (batch.length > 0) await book();
  } finally {
    progress.stop();
  }
  return tally;
}

async function bookBatch(
  { booker, account, now }: { readonly booker: Booker; readonly account: string; readonly now: Instant },
  calls: readonly Call[],
  renaming: Renaming,
  tally: ChargeTally,
): Promise<void> {
  const timeOf = ({ at }: Call): Instant | null => (at === null || at > now ? null : at);
  const send = (which: readonly Call[], at: (call: Call) => Instant | null): Promise<ItemResult[]> =>
    booker
      .spendMany(which.map((call) => itemOf(call, account, renamed(renaming, call.model), at(call))))
      .catch((error) => stopped(error, tally));
  const results = await send(calls, timeOf);
  // A call whose time was still to come when it was booked was booked without one: the key knows it that way.
  const isKeyed = (result: ItemResult): boolean =>
    result.status === 'refused' && result.error.code === 'key_reused';
  const again = calls
    .map((call, index) => ({ call, index }))
    .filter(({ call, index }) => timeOf(call) !== null && isKeyed(results[index]!));
  if (again.length > 0) {
    const second = await send(
      again.map(({ call }) => call),
      () => null,
    );
    for (const [place, { index }] of again.entries()) {
      if (second[place]!.status === 'replayed') results[index] = second[place]!;
    }
  }
  for (const [index, result] of results.entries()) addResult(tally, calls[index]!, result);
}

function addResult(tally: ChargeTally, call: Call, result: ItemResult): void {
  if (result.status === 'refused') {
    tally.refused.push(refusedCall(call, result.error));
    return;
  }
  tally[result.status] += 1;
  if (result.status === 'booked') tally.credits = add(tally.credits, result.receipt.credits);
}

function refusedCall(call: Call, error: LedgerError): RefusedCall {
  const { runId, round, model, ref } = call;
  const isChanged = error.code === 'key_reused';
  return {
    key: chargeKey(call),
    run: runId,
    round,
    model,
    file: ref.file,
    line: ref.line,
    code: error.code,
    message: isChanged ? 'changed since it was charged; the first booking stays' : error.message,
  };
}

/** The ledger's own refusal, with what had been booked by then. */
function stopped(error: unknown, { booked, replayed }: ChargeTally): never {
  if (!isLedgerError(error)) throw error;
  throw new Refusal(error.code, `${error.message} (${count(booked, 'call')} booked before)`, {
    hint: 'charge the same transcripts again: what is booked is not booked twice',
    details: { ...error.details, booked, replayed },
  });
}
