/** Receipts as front ends see them, built the same way for a new one and for a replayed one. Source: contract 6. */
import { type Microcredits, micro, ZERO } from '../core/credits.ts';
import { holdId, lotId, receiptId } from '../core/ids.ts';
import type { Account, Booked, EntryKind, Lot, ReceiptKind, Source } from '../core/types.ts';
import type { ReceiptView, SliceView, UsageView } from './service.ts';

/** Which entries of a receipt make its slices. */
const SLICE_KIND: Readonly<Record<ReceiptKind, EntryKind | null>> = {
  grant: 'granted',
  spend: 'spent',
  hold: 'held',
  settle: 'spent',
  release: 'returned',
  expire: 'expired',
  revoke: 'revoked',
  rollover: 'granted',
  plan_change: 'granted',
  clawback: 'revoked',
  reinstate: 'granted',
  setting: null,
};

/** The parts per lot that a list of entries moved, in booking order; source `null` lots are left out. */
export function sliceViews(
  account: Pick<Account, 'tag'>,
  slices: Iterable<{ readonly lot: number | null; readonly amount: Microcredits }>,
  sourceOf: (lot: number) => Source,
): SliceView[] {
  const sums = new Map<number, Microcredits>();
  for (const { lot, amount } of slices) {
    if (lot !== null) sums.set(lot, micro((sums.get(lot) ?? ZERO) + amount));
  }
  return [...sums].map(([lot, credits]) => ({ lot: lotId(account, lot), source: sourceOf(lot), credits }));
}

/** How a receipt came about. */
export interface ReceiptOrigin {
  readonly replayed: boolean;
  readonly dryRun: boolean;
}

/** @param lots every lot that the receipt's entries name */
export function receiptView(
  account: Pick<Account, 'id' | 'tag'>,
  { receipt, entries, usage }: Booked,
  lots: ReadonlyMap<number, Lot>,
  { replayed, dryRun }: ReceiptOrigin,
): ReceiptView {
  const kind = SLICE_KIND[receipt.kind];
  return {
    receipt: dryRun && !replayed ? null : receiptId(account, receipt.seq),
    kind: receipt.kind,
    account: account.id,
    at: receipt.at,
    credits: receipt.credits,
    slices: sliceViews(
      account,
      entries.filter((entry) => entry.kind === kind),
      (lot) => lots.get(lot)!.source,
    ),
    available: receipt.available,
    debt: receipt.debt,
    note: receipt.note,
    replayed,
    dryRun,
    usage: usage === null || usage.model === null ? heldUsage({ receipt, entries, usage }) : usageView(usage),
    ...factsOf(account, { receipt, entries, usage }, dryRun && !replayed),
  };
}

function usageView(usage: NonNullable<Booked['usage']>): UsageView {
  return {
    at: usage.at,
    model: usage.model,
    provider: usage.provider,
    inputTokens: usage.inputTokens,
    cachedTokens: usage.cachedTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    outputTokens: usage.outputTokens,
    toolCalls: usage.toolCalls,
    activity: usage.activity,
    session: usage.session,
    run: usage.run,
    byok: usage.byok,
    listCredits: usage.listCredits,
  };
}

/** A hold for a call names the call: what it may use at most. */
function heldUsage({ receipt }: Booked): UsageView | null {
  if (receipt.kind !== 'hold' || receipt.detail === null) return null;
  const { call, tags } = receipt.detail as Record<string, Record<string, never> | null>;
  if (call == null || tags == null) return null;
  return {
    at: receipt.at,
    model: call.model!,
    provider: call.provider!,
    inputTokens: call.inputTokens!,
    cachedTokens: call.cachedTokens!,
    cacheWriteTokens: call.cacheWriteTokens!,
    outputTokens: call.outputTokens!,
    toolCalls: 0,
    activity: tags.activity ?? null,
    session: tags.session ?? null,
    run: tags.run ?? null,
    byok: call.byok!,
    listCredits: call.listCredits!,
  };
}

/** The fields that only some kinds have. */
function factsOf(account: Pick<Account, 'tag'>, { receipt }: Booked, dryRun: boolean): Partial<ReceiptView> {
  const detail = (receipt.detail ?? {}) as unknown as Record<string, never>;
  const made = dryRun ? {} : { lot: lotId(account, receipt.seq) };
  switch (receipt.kind) {
    case 'hold':
      return {
        ...(dryRun ? {} : { hold: holdId(account, receipt.seq) }),
        expiresAt: detail.expiresAt!,
      };
    case 'settle':
      return {
        hold: holdId(account, detail.hold!),
        released: detail.released!,
        overrun: detail.overrun!,
        late: detail.late!,
      };
    case 'release':
      return { hold: holdId(account, detail.hold!), released: detail.released! };
    case 'grant':
    case 'rollover':
      return { ...made, expiresAt: (detail.lot as unknown as Record<string, never>).expiresAt! };
    case 'plan_change':
      return detail.lot === undefined ? {} : made;
    case 'revoke':
    case 'expire':
      return detail.lot === undefined ? {} : { lot: lotId(account, detail.lot) };
    default:
      return {};
  }
}
