/** Rows of an export with the names, numbers and times of the contract: what a line of JSON or CSV holds. */
import { type Microcredits, toJsonCredits } from '../../core/credits.ts';
import { formatInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import type { ExportRows, ExportWhat, LotExport, UsageExport } from '../../ledger/service.ts';
import { entryJson } from '../wire-json.ts';

/** A row: names in the order of the columns. */
export type FlatRow = Readonly<Record<string, string | number | boolean | null>>;

const instant = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
const credits = (amount: Microcredits | null): number | null =>
  amount === null ? null : toJsonCredits(amount);

const usageRow = (row: UsageExport): FlatRow => ({
  account: row.account,
  receipt: row.receipt,
  at: formatInstant(row.at),
  bookedAt: formatInstant(row.bookedAt),
  model: row.model,
  provider: row.provider,
  inputTokens: row.inputTokens,
  cachedTokens: row.cachedTokens,
  cacheWriteTokens: row.cacheWriteTokens,
  outputTokens: row.outputTokens,
  toolCalls: row.toolCalls,
  activity: row.activity,
  session: row.session,
  run: row.run,
  byok: row.byok,
  credits: toJsonCredits(row.credits),
  listCredits: credits(row.listCredits),
  hold: row.hold,
  key: row.key,
  note: row.note,
});

const lotRow = (row: LotExport): FlatRow => ({
  account: row.account,
  lot: row.lot,
  source: row.source,
  granted: toJsonCredits(row.granted),
  available: toJsonCredits(row.available),
  held: toJsonCredits(row.held),
  spent: toJsonCredits(row.spent),
  expired: toJsonCredits(row.expired),
  revoked: toJsonCredits(row.revoked),
  grantedAt: formatInstant(row.grantedAt),
  expiresAt: instant(row.expiresAt),
  endedAt: instant(row.endedAt),
  endKind: row.endKind,
  priority: row.priority,
  note: row.note,
});

/** How each kind of row is written. */
export const FLAT: { readonly [What in ExportWhat]: (row: ExportRows[What]) => FlatRow } = {
  usage: usageRow,
  entries: ({ account, key, receiptKind, ...entry }) => {
    const { seq, receipt, ...rest } = entryJson(entry);
    return { account, seq, receipt, receiptKind, ...rest, key };
  },
  lots: lotRow,
};

/** Columns of each kind, in order: a CSV names them also where there is no row. */
export const COLUMNS: Readonly<Record<ExportWhat, readonly string[]>> = {
  usage:
    'account receipt at bookedAt model provider inputTokens cachedTokens cacheWriteTokens outputTokens toolCalls activity session run byok credits listCredits hold key note'.split(
      ' ',
    ),
  entries: 'account seq receipt receiptKind at kind from to lot source credits available note key'.split(' '),
  lots: 'account lot source granted available held spent expired revoked grantedAt expiresAt endedAt endKind priority note'.split(
    ' ',
  ),
};
