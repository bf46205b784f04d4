/**
 * Numbers and times: receipts and entries count from 1 without a gap, time never falls, each entry lies in its receipt.
 * Source: contract 1 (ledger time never runs backwards), 5.11.
 */
import type { Entry, Receipt } from '../types.ts';
import type { AuditState } from './state.ts';
import { instantText } from './words.ts';

/** Checks a receipt's number, time and range, and its entries'; moves the account's numbers on. */
export function checkSequence(state: AuditState, receipt: Receipt, entries: readonly Entry[]): void {
  const say = (text: string): void => state.fault('sequence', state.names.receipt(receipt.seq), text);
  const expected = state.receiptSeq + 1;
  if (receipt.seq > expected) missing(state, (seq) => state.names.receipt(seq), expected, receipt.seq - 1);
  else if (receipt.seq < expected) say(`comes after receipt ${state.receiptSeq}`);
  if (!(receipt.at >= state.lastAt)) {
    say(`at is ${instantText(receipt.at)}, earlier than ${instantText(state.lastAt)} before it`);
  }
  const first = state.entrySeq + 1;
  if (receipt.entryFirst !== first) say(`entry_first is ${receipt.entryFirst}, it is ${first}`);
  if (receipt.entryCount !== entries.length)
    say(`entry_count is ${receipt.entryCount}, it has ${entries.length}`);
  for (const entry of entries) checkEntry(state, receipt, entry);
  state.receiptSeq = receipt.seq;
  state.lastAt = receipt.at;
  state.lastEntry = receipt.entryFirst + receipt.entryCount - 1;
}

/** Ends the numbers: the last receipt's entries must be there. A gap before is seen at the entry behind it. */
export function finishSequence(state: AuditState): void {
  const next = state.entrySeq + 1;
  if (state.lastEntry >= next) missing(state, (no) => state.names.entry(no), next, state.lastEntry);
}

function checkEntry(state: AuditState, receipt: Receipt, entry: Entry): void {
  if (entry.seq !== state.entrySeq + 1) entryNumber(state, entry);
  state.entrySeq = entry.seq;
  if (entry.receipt !== receipt.seq) {
    const text = `receipt is ${entry.receipt}, it lies in ${receipt.seq}`;
    state.fault('sequence', state.names.entry(entry.seq), text);
  }
  if (entry.at !== receipt.at) {
    const text = `at is ${instantText(entry.at)}, its receipt says ${instantText(receipt.at)}`;
    state.fault('sequence', state.names.entry(entry.seq), text);
  }
}

/** An entry in no receipt's range: its receipt is gone. */
export function strayEntry(state: AuditState, entry: Entry): void {
  if (entry.seq !== state.entrySeq + 1) entryNumber(state, entry);
  state.entrySeq = entry.seq;
  state.fault('sequence', state.names.entry(entry.seq), `receipt is ${entry.receipt}, which is missing`);
}

function entryNumber(state: AuditState, { seq }: Entry): void {
  const expected = state.entrySeq + 1;
  if (seq > expected) missing(state, (no) => state.names.entry(no), expected, seq - 1);
  else state.fault('sequence', state.names.entry(seq), `comes after entry ${state.entrySeq}`);
}

function missing(state: AuditState, name: (no: number) => string, from: number, to: number): void {
  const text = to > from ? `is missing, and every one up to ${to}` : 'is missing';
  state.fault('sequence', name(from), text);
}
