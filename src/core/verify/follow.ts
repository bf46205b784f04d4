/**
 * What one entry does to an account: legal movement, counters, balance beside it, and the life of the lot that pays.
 *
 * Source: contract 5.11 (effects), 5.2 (never below zero), 1 (half-open life spans).
 */
import { EFFECTS } from '../effects.ts';
import { isSpendable } from '../lots.ts';
import type { Entry, Lot } from '../types.ts';
import type { AuditLot, AuditState } from './state.ts';
import { amountText, instantText } from './words.ts';

const LEGAL: ReadonlySet<string> = new Set(
  Object.entries(EFFECTS).flatMap(([kind, rows]) =>
    rows.flatMap(({ from, to }) => to.map((each) => `${kind} ${from} ${each}`)),
  ),
);

type LotPlace = 'available' | 'held' | 'spent' | 'expired' | 'revoked';

const isLotPlace = (place: string): place is LotPlace =>
  place === 'available' ||
  place === 'held' ||
  place === 'spent' ||
  place === 'expired' ||
  place === 'revoked';

/** Moves what an entry says, legal or not, and says what is wrong with it. */
export function follow(state: AuditState, entry: Entry): void {
  const { seq, kind, from, to, amount, lot: no } = entry;
  const lot = no === null ? null : (state.lots.get(no) ?? null);
  if (!LEGAL.has(`${kind} ${from} ${to}`)) {
    state.fault('entry_effect', state.names.entry(seq), `no entry may be ${kind} from ${from} to ${to}`);
  }
  if (!(Number.isSafeInteger(amount) && amount > 0)) {
    state.fault('entry_effect', state.names.entry(seq), `moves ${amountText(amount)}`);
  }
  if ((no === null) !== (kind === 'owed')) {
    state.fault('entry_effect', state.names.entry(seq), no === null ? 'names no lot' : 'names a lot');
  } else if (no !== null && lot === null) missingLot(state, entry);
  if (lot !== null) {
    if ((kind === 'spent' && from === 'available') || kind === 'held') requireAlive(state, entry, lot);
    moveInLot(state, entry, lot);
  }
  moveInTotals(state, entry);
  runningBalance(state, entry);
}

function missingLot(state: AuditState, { seq, lot }: Entry): void {
  const why = state.wasLot(lot!) ? 'in which nothing is left' : 'which no receipt made';
  state.fault('entry_effect', state.names.entry(seq), `moves ${state.names.lotId(lot!)}, ${why}`);
}

function requireAlive(state: AuditState, { seq, at }: Entry, lot: AuditLot): void {
  if (isSpendable(lot, at)) return;
  const life = `which lives from ${instantText(lot.grantedAt)} to ${instantText(lot.endedAt ?? lot.expiresAt)}`;
  const text = `takes from ${state.names.lotId(lot.no)} at ${instantText(at)}, ${life}`;
  state.fault('not_after_expiry', state.names.entry(seq), text);
}

function moveInLot(state: AuditState, { seq, from, to, amount }: Entry, lot: AuditLot): void {
  if (isLotPlace(from)) {
    lot[from] = (lot[from] - amount) as Lot['granted'];
    if (lot[from] < 0) {
      const text = `takes ${amountText(amount)} more than there is`;
      state.fault(
        'not_negative',
        state.names.entry(seq),
        `${text}: ${from} of ${state.names.lotId(lot.no)} falls to ${amountText(lot[from])}`,
      );
    }
  }
  if (isLotPlace(to)) lot[to] = (lot[to] + amount) as Lot['granted'];
  if (from === 'issued') lot.granted = (lot.granted + amount) as Lot['granted'];
  if (to === 'available') state.addPayer(lot);
  state.touched.push(lot);
}

function moveInTotals(state: AuditState, { seq, kind, from, to, amount }: Entry): void {
  const sums = state.context.totals.entries;
  if (from === 'available') state.available -= amount;
  if (to === 'available') state.available += amount;
  if (from === 'held') state.held -= amount;
  if (to === 'held') state.held += amount;
  if (from === 'debt') {
    state.debt += amount;
    sums.debt.add(amount);
  } else {
    if (from === 'issued') sums.granted.add(amount);
    else if (isLotPlace(from)) sums[from].add(-amount);
    if (isLotPlace(to)) sums[to].add(amount);
  }
  if (kind === 'repaid') {
    state.debt -= amount;
    sums.debt.add(-amount);
  }
  if (state.available < 0 || state.held < 0 || state.debt < 0) negativeTotal(state, seq);
}

function negativeTotal(state: AuditState, seq: number): void {
  for (const total of ['available', 'held', 'debt'] as const) {
    if (state[total] >= 0 || state.negative.has(total)) continue;
    state.negative.add(total);
    const text = `takes ${total} of the account to ${amountText(state[total])}`;
    state.fault('not_negative', state.names.entry(seq), text);
  }
}

/** What stands beside an entry may lie off by what was found before; only where that changes is it said. */
function runningBalance(state: AuditState, { seq, available }: Entry): void {
  const drift = available - state.available;
  if (drift === state.entryDrift) return;
  const was = state.available + state.entryDrift;
  state.entryDrift = drift;
  state.fault(
    'running_balance',
    state.names.entry(seq),
    `available is ${amountText(available)}, with what it moves it is ${amountText(was)}`,
  );
}
