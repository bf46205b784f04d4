/** Writes what a step of a ledger page did, in the words of the page. */
import { formatCredits, type Microcredits } from '../../src/core/credits.ts';
import { isLedgerError } from '../../src/core/errors.ts';
import type { Decision } from '../../src/core/ledger/booking.ts';
import type { CycleChange } from '../../src/core/ledger/plan-change.ts';
import { formatInstant } from '../../src/core/time.ts';
import type { Booked, EntryKind, Instant } from '../../src/core/types.ts';
import type { PageLedger } from './page-ledger.ts';

const WORD: Readonly<Record<EntryKind, string>> = {
  granted: 'granted',
  held: 'held',
  returned: 'released',
  spent: 'spent',
  expired: 'expired',
  revoked: 'revoked',
  owed: 'debt',
  repaid: 'repaid',
};

/** `2026-01-31`, or with the time of day where it is not midnight. */
export const writeTime = (at: Instant | null): string =>
  at === null ? 'never' : formatInstant(at).replace('T00:00:00.000Z', '').replace('.000Z', 'Z');

function writeEntries(ledger: PageLedger, { entries }: Booked, isGrant: boolean): string[] {
  const groups: { kind: EntryKind; parts: string[] }[] = [];
  for (const { kind, lot, amount } of entries) {
    if (kind === 'granted' && isGrant) continue;
    const bare = kind === 'owed' || kind === 'repaid';
    const part = bare ? formatCredits(amount) : `${ledger.lotName(lot!)} ${formatCredits(amount)}`;
    const last = groups.at(-1);
    if (last?.kind === kind) last.parts.push(part);
    else groups.push({ kind, parts: [part] });
  }
  return groups.map(({ kind, parts }) => `${WORD[kind]} ${parts.join(', ')}`);
}

function writeReceipt(ledger: PageLedger, booked: Booked, isOwn: boolean, isGrant: boolean): string {
  const { receipt, usage } = booked;
  const said = writeEntries(ledger, booked, isGrant && isOwn);
  const holds = (receipt.detail?.holds ?? []) as number[];
  if (holds.length > 0) said.unshift(`lapsed ${holds.map((no) => ledger.holdName(no)).join(', ')}`);
  if (receipt.detail?.late === true) said.push('late');
  const missed = Number(receipt.detail?.missed ?? 0);
  if (missed > 0) said.push(`missed ${missed}`);
  if (usage?.byok === true) {
    said.push(`byok, list ${usage.listCredits === null ? 'unknown' : formatCredits(usage.listCredits)}`);
  }
  const text = said.length === 0 ? (isGrant ? '' : 'no entries') : said.join('; ');
  if (isOwn) return text;
  return receipt.kind === 'expire' ? `swept: ${text}` : `${receipt.kind}: ${text}`;
}

/**
 * Every entry of every receipt, in booking order: receipts between `|`, `swept:` before the one that booked what had
 * lapsed. A grant's own lot goes without saying.
 */
export function writeDecision(
  ledger: PageLedger,
  decision: Decision & { readonly change?: CycleChange | null },
  verb: string,
): string {
  const own = verb === 'rollover' || verb === 'cycle' ? 'rollover' : null;
  const last = decision.booked.length - 1;
  const said = decision.booked.map((booked, index) =>
    writeReceipt(
      ledger,
      booked,
      index === last && (own === null || booked.receipt.kind !== 'expire'),
      verb === 'grant' || verb === 'lot',
    ),
  );
  return said.length === 0 ? 'nothing' : said.filter((text) => text !== '').join(' | ');
}

/** `refused CODE`, with the facts that a caller acts on. @throws whatever is no refusal */
export function writeRefusal(error: unknown): string {
  if (!isLedgerError(error)) throw error;
  const { code, details } = error;
  if (code === 'insufficient_credits') {
    return `refused ${code}: needed ${details?.needed}, available ${details?.available}`;
  }
  if (code === 'hold_already_resolved') return `refused ${code}: ${details?.status}`;
  return `refused ${code}`;
}

const STANDING = {
  available: (ledger) => formatCredits(ledger.seen.account.available),
  reserved: (ledger) => formatCredits(ledger.seen.account.held),
  owes: (ledger) => formatCredits(ledger.seen.account.debt),
  plan: ({ state: { account } }) => account.plan,
  pending: ({ state: { account } }) =>
    account.pendingPlan === null ? 'none' : `${account.pendingPlan} from ${writeTime(account.pendingAt)}`,
  cycle: ({ state: { account } }) =>
    account.cycleStart === null
      ? 'none'
      : `${writeTime(account.cycleStart)} to ${writeTime(account.cycleEnd)}`,
} as const satisfies Record<string, (ledger: PageLedger) => string>;

/** The clause as it should stand there, if it is one about how the account stands now. */
export function writeStanding(ledger: PageLedger, clause: string): string | undefined {
  const word = clause.split(' ')[0] ?? '';
  return Object.hasOwn(STANDING, word)
    ? `${word} ${STANDING[word as keyof typeof STANDING](ledger)}`
    : undefined;
}

/** A lot or hold as a read sees it now: what is not 0 of it, or its status. */
export function writeThing(ledger: PageLedger, name: string): string {
  const { lots, holds } = ledger.seen;
  const hold = holds.get(ledger.holdNo(name));
  if (hold !== undefined) return hold.status;
  const lot = lots.get(ledger.lotNo(name));
  if (lot === undefined) return 'nothing';
  const counters: [string, Microcredits][] = [
    ['granted', lot.granted],
    ['available', lot.available],
    ['held', lot.held],
    ['spent', lot.spent],
    ['expired', lot.expired],
    ['revoked', lot.revoked],
  ];
  const said = counters
    .filter(([, amount]) => amount > 0)
    .map(([word, amount]) => `${word} ${formatCredits(amount)}`);
  return `${said.join(', ')}; ends ${writeTime(lot.expiresAt)}`;
}
