/**
 * The auditor of one account: takes its receipts in order, each with what was booked with it, derives everything again
 * and says where a row differs. It decides nothing, trusts nothing and never throws for what it finds.
 *
 * Source: contract 6 (`verify` re-derives every balance, chain and rule of section 5 from the entries).
 */
import type { Sha256 } from '../chain.ts';
import { hasEnded } from '../lots.ts';
import type { Detail, Entry, EntryKind, Receipt, ReceiptKind, Usage } from '../types.ts';
import type { Wallet } from '../wallet.ts';
import { ChainAudit, type ChainEnd } from './chain.ts';
import { isObject, planFacts } from './facts.ts';
import { follow } from './follow.ts';
import { checkNewLot, newLot, ruleGrant } from './grants.ts';
import { ruleHold, ruleRelease, ruleSettle } from './holds.ts';
import { requireSwept, ruleExpire, ruleRevoke } from './lapses.ts';
import { isAfterClosing, isOfSubscription, PaymentAudit, ruleClawback, ruleReinstate } from './payments.ts';
import { checkCycle, rulePlanChange } from './plans.ts';
import {
  checkLotRow,
  compareAccount,
  compareHold,
  compareLot,
  isLotAsStored,
  strayHold,
  strayLot,
} from './projection.ts';
import { checkSequence, finishSequence, strayEntry } from './sequence.ts';
import type { SettingsAudit } from './settings.ts';
import { ruleSpend } from './spending.ts';
import { type AuditContext, type AuditHold, AuditState } from './state.ts';
import type { OwnRows, Rule, Step } from './step.ts';
import type { AccountRow, HoldRow, LotRow, ReceiptRow } from './stored.ts';
import { Tape } from './tape.ts';
import type { TokenAudit } from './tokens.ts';
import { checkHeldCall, checkUsage } from './usage.ts';
import { UsageSumsAudit } from './usage-sums.ts';
import { amountText, valueText } from './words.ts';

const noEntries: Rule = () => {};

/** What the rules make of each kind of receipt, and which entries its `credits` sum. */
const KINDS: Readonly<Record<ReceiptKind, { rule: Rule; credits: readonly EntryKind[] }>> = {
  grant: { rule: ruleGrant, credits: ['granted'] },
  spend: { rule: ruleSpend, credits: ['spent'] },
  hold: { rule: ruleHold, credits: ['held'] },
  settle: { rule: ruleSettle, credits: ['spent', 'owed'] },
  release: { rule: ruleRelease, credits: ['returned'] },
  expire: { rule: ruleExpire, credits: ['expired'] },
  revoke: { rule: ruleRevoke, credits: ['revoked'] },
  rollover: { rule: ruleGrant, credits: ['granted'] },
  plan_change: { rule: rulePlanChange, credits: ['granted'] },
  clawback: { rule: ruleClawback, credits: ['revoked', 'owed'] },
  reinstate: { rule: ruleReinstate, credits: ['granted'] },
  setting: { rule: noEntries, credits: [] },
};

const isKind = (kind: string): kind is ReceiptKind => Object.hasOwn(KINDS, kind);

/** What an account that is closed still takes; of grants only paid ones, of expiries only sweeps. */
const AFTER_CLOSING: ReadonlySet<string> = new Set(['settle', 'release', 'expire', 'clawback', 'reinstate']);

/** What an account is audited with, beyond the ledger's own. */
export interface AccountOptions {
  readonly sha256: Sha256;
  /** Its head in an earlier run. */
  readonly saved: ChainEnd | undefined;
  /** For the ledger's own chain: takes the settings that its receipts carry. */
  readonly settings: SettingsAudit | null;
  readonly tokens: TokenAudit;
  /** Test or live; undefined: not known. */
  readonly mode: string | undefined;
}

export class AccountAudit {
  /** Stored sums of usage: their rows are handed over by time, beside the receipts. */
  readonly sums: UsageSumsAudit;
  readonly #state: AuditState;
  readonly #chain: ChainAudit;
  readonly #settings: SettingsAudit | null;
  readonly #payments: PaymentAudit;
  readonly #tokens: TokenAudit;

  constructor(row: AccountRow, context: AuditContext, options: AccountOptions) {
    const { sha256, saved, settings, tokens, mode } = options;
    this.#state = new AuditState(row, context);
    this.#chain = new ChainAudit(this.#state, sha256, saved);
    this.#settings = settings;
    this.sums = new UsageSumsAudit(this.#state);
    this.#payments = new PaymentAudit(this.#state, mode);
    this.#tokens = tokens;
  }

  /** Takes the next receipt with the rows that carry its number. */
  receipt({ receipt, detailText, hash }: ReceiptRow, entries: readonly Entry[], rows: OwnRows): void {
    const state = this.#state;
    this.#chain.take({ receipt, entries, usage: rows.usage }, detailText, hash);
    try {
      this.#audit(receipt, entries, rows, detailText);
    } catch (error) {
      // Rows by hand can have any shape; what cannot be followed is a finding of its own.
      const text = `cannot be followed: ${error instanceof Error ? error.message : String(error)}`;
      state.fault('projection', state.names.receipt(receipt.seq), text);
    }
  }

  #audit(receipt: Receipt, entries: readonly Entry[], rows: OwnRows, detailText: string | null): void {
    const state = this.#state;
    const { seq, kind, at } = receipt;
    checkSequence(state, receipt, entries);
    checkKey(state, receipt);
    if (detailText !== null && receipt.detail === null) {
      state.fault('storage', state.names.receipt(seq), `its detail cannot be read: ${valueText(detailText)}`);
    }
    const detail: Detail = receipt.detail ?? {};
    const isSweep = kind === 'expire' && typeof detail.lot !== 'number';
    if (!isSweep) requireSwept(state, seq, at);
    this.#closed(receipt, detail);
    state.touched.length = 0;
    const lot = newLot(state, receipt, detail, rows.lot);
    if (lot !== null) state.addLot(lot);
    const tape = new Tape(state, seq, entries);
    const step: Step = { receipt, detail, entries, rows, tape, lot };
    this.#payments.take(step);
    const hold = kind === 'settle' ? state.holds.get(detail.hold as number) : undefined;
    this.#rule(step);
    tape.finish();
    if (isSweep) requireSwept(state, seq, at);
    checkTotals(state, receipt);
    checkUsage(state, step, hold);
    if (rows.usage !== null) this.sums.add(rows.usage);
    this.#takeFacts(step);
    if (rows.lot !== null) checkLotRow(state, rows.lot);
    if (lot !== null) checkNewLot(state, lot);
    else if (rows.lot !== null) state.fault('projection', state.names.lot(seq), 'no receipt made it');
    if (kind !== 'hold' && rows.hold !== null) strayHold(state, rows.hold);
    this.#dropFinished(at);
  }

  #rule(step: Step): void {
    const { kind, seq } = step.receipt;
    if (!isKind(kind)) {
      step.tape.giveUp();
      this.#state.fault(
        'entry_effect',
        this.#state.names.receipt(seq),
        `is of no kind we know: ${String(kind)}`,
      );
      return;
    }
    const { rule, credits } = KINDS[kind];
    if (kind === 'grant' || kind === 'rollover') checkCycle(this.#state, step);
    if (kind === 'hold') checkHeldCall(this.#state, step);
    rule(this.#state, step);
    checkCredits(this.#state, step, credits);
  }

  /** What a receipt changes besides entries. */
  #takeFacts({ receipt, detail }: Step): void {
    const state = this.#state;
    if (detail.plan !== undefined) state.plan = planFacts(detail.plan) ?? state.plan;
    if (detail.closed === true) state.closedAt = receipt.at;
    if (isObject(detail.byok)) state.byok = detail.byok as typeof state.byok;
    const name = state.names.receipt(receipt.seq);
    this.#tokens.judge(detail, receipt.at, name, this.#settings !== null);
    if (this.#settings !== null) this.#settings.take(detail, name);
    if (receipt.seq === 1) this.#opening(receipt, detail);
  }

  #opening({ seq, kind, at }: Receipt, detail: Detail): void {
    const state = this.#state;
    const { account } = state.row;
    const say = (text: string): void => state.fault('projection', state.names.account, text);
    if (kind !== 'setting')
      state.fault('sequence', state.names.receipt(seq), 'is the first and opens nothing');
    if (account.createdAt !== at) say('created_at is not the time of its first receipt');
    if (!isObject(detail.opened)) return;
    const { id, zone } = detail.opened;
    if (id !== account.id) say(`id is ${account.id}, it was opened as ${valueText(id)}`);
    if (zone !== account.zone) say(`zone is ${account.zone}, it was opened with ${valueText(zone)}`);
  }

  #closed({ seq, kind }: Receipt, detail: Detail): void {
    const state = this.#state;
    if (state.closedAt === null) return;
    const isPaid = kind === 'grant' && isObject(detail.lot) && detail.lot.source === 'purchased';
    const isByHand = kind === 'expire' && typeof detail.lot === 'number';
    const isMoney = kind === 'setting' && isAfterClosing(detail);
    const isSold =
      (kind === 'grant' || kind === 'plan_change' || kind === 'setting') && isOfSubscription(detail);
    if (isPaid || isMoney || isSold || (AFTER_CLOSING.has(kind) && !isByHand)) return;
    state.fault('closed', state.names.receipt(seq), `a ${kind} is booked on a closed account`);
  }

  /** Forgets lots to which nothing can happen any more, when they are as their rows say. */
  #dropFinished(at: number): void {
    const state = this.#state;
    for (const lot of state.touched) {
      if (lot.available + lot.held !== 0) continue;
      state.retire(lot);
      // A restart still ends a used-up lot of the running cycle.
      if ((lot.source !== 'monthly' || hasEnded(lot, at)) && isLotAsStored(lot)) state.lots.delete(lot.no);
    }
  }

  /** An entry that lies in no receipt. */
  strayEntry(entry: Entry): void {
    strayEntry(this.#state, entry);
    follow(this.#state, entry);
  }

  /** A usage row whose receipt is gone. */
  strayUsage(usage: Usage): void {
    this.#state.fault('usage', this.#state.names.usage(usage.receipt), 'there is no such receipt');
  }

  /** A lot or hold that no receipt made. */
  strayLot(row: LotRow): void {
    strayLot(this.#state, row);
  }

  strayHold(row: HoldRow): void {
    strayHold(this.#state, row);
  }

  /** Compares the rows of the money side. */
  wallet(rows: Wallet): void {
    this.#payments.finish(rows);
  }

  /** Compares what is left with its rows. @returns the end of the chain as stored */
  finish(): ChainEnd {
    const state = this.#state;
    finishSequence(state);
    for (const lot of state.lots.values()) compareLot(state, lot);
    for (const hold of state.holds.values()) compareHold(state, hold satisfies AuditHold);
    if (this.#settings === null && state.receiptSeq > 0 && !state.hasWelcome) {
      state.fault('grant_once', state.names.account, 'it has no welcome lot');
    }
    this.sums.finish();
    compareAccount(state);
    return this.#chain.finish();
  }
}

/** Characters of a SHA-256 in hex. */
const HASH_LENGTH = 64;

/** A key stands with the hash of its request, and neither without the other. */
function checkKey(state: AuditState, { seq, key, request }: Receipt): void {
  if (key === null ? request === null : request?.length === HASH_LENGTH) return;
  const text =
    key === null ? 'has a request without a key' : `has the key ${valueText(key)} without a request`;
  state.fault('key_once', state.names.receipt(seq), text);
}

/** A receipt's `credits` are what its entries of some kinds sum up to. */
function checkCredits(state: AuditState, { receipt, entries }: Step, kinds: readonly EntryKind[]): void {
  let sum = 0;
  for (const entry of entries) if (kinds.includes(entry.kind)) sum += entry.amount;
  if (sum === receipt.credits) return;
  const text = `credits is ${amountText(receipt.credits)}, its entries say ${amountText(sum)}`;
  state.fault('entry_effect', state.names.receipt(receipt.seq), text);
}

/** The balances beside a receipt; like those beside entries they may lie off by what was found before. */
function checkTotals(state: AuditState, receipt: Receipt): void {
  for (const total of ['available', 'debt'] as const) {
    const drift = receipt[total] - state[total];
    const known = state.receiptDrift[total];
    if (drift === known) continue;
    state.receiptDrift[total] = drift;
    const text = `${total} is ${amountText(receipt[total])}, by its entries it is ${amountText(state[total] + known)}`;
    state.fault('running_balance', state.names.receipt(receipt.seq), text);
  }
}
