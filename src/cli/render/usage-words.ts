/** Names of what usage goes by, and the order of its columns: shared by text, CSV, charts and pages. */
import { SOURCES } from '../../core/sources.ts';
import type { Source } from '../../core/types.ts';
import type { UsageBy, UsageReport } from '../../ledger/service.ts';
import { showCredits } from './amounts.ts';
import { printable } from './width.ts';

interface Words {
  /** Heading of its column. */
  readonly title: string;
  /** How a row is called that has none. */
  readonly none: string;
}

/** Every way to sum. */
export const USAGE_WORDS: Readonly<Record<UsageBy, Words>> = {
  model: { title: 'Model', none: '(amount)' },
  day: { title: 'Day', none: '' },
  month: { title: 'Month', none: '' },
  session: { title: 'Session', none: '(no session)' },
  run: { title: 'Run', none: '(no run)' },
  source: { title: 'Source', none: '(no cost)' },
  activity: { title: 'Activity', none: '(no activity)' },
  account: { title: 'Account', none: '' },
  provider: { title: 'Provider', none: '(amount)' },
};

const PAYERS: Readonly<Record<string, string>> = { debt: 'Debt', byok: 'Own key' };

/** A row's name for people; foreign text made safe to print. */
export function usageLabel(by: UsageBy, key: string | null): string {
  if (key === null) return USAGE_WORDS[by].none;
  if (by !== 'source') return printable(key);
  return PAYERS[key] ?? SOURCES[key as Source]?.label ?? printable(key);
}

/** True for reports along time, whose rows are in order of time. */
export const isByTime = ({ by }: Pick<UsageReport, 'by'>): boolean => by === 'day' || by === 'month';

/** An average, where the last decimals say nothing: two decimals from 1 credit on, all of them below. */
export function roughCredits(amount: bigint): string {
  return showCredits(amount < 1_000_000n ? amount : ((amount + 5_000n) / 10_000n) * 10_000n);
}

/** A share of a whole as people read it: `62.1 %`. */
export function shareText(part: bigint, whole: bigint): string {
  if (whole === 0n) return '';
  const tenths = Number((part * 2_000n + whole) / (2n * whole));
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}
