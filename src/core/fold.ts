/**
 * The account as its receipts alone make it: what `--as-of` shows of the past and what `verify` compares the stored
 * projections with. It follows the recorded entries and facts and decides nothing.
 *
 * Source: contract 5.11 (entries are the truth), 1 (`--as-of`).
 */
import { micro, ZERO } from './credits.ts';
import { moveInLot, moveInTotals } from './effects.ts';
import { LedgerError } from './errors.ts';
import { blankAccount } from './ledger/accounts.ts';
import type {
  Account,
  AccountState,
  Booked,
  Detail,
  Hold,
  HoldStatus,
  Lot,
  LotEnd,
  PlanState,
} from './types.ts';
import { type Attempt, applyChange, claimsOf, NO_WALLET, type Wallet, type WalletChange } from './wallet.ts';

/** A fold under way. Maps are changed in place: a history may be long. */
export class Fold {
  account: Account;
  readonly lots = new Map<number, Lot>();
  readonly holds = new Map<number, Hold>();
  readonly #attempts = new Map<number, Attempt>();
  #money: Pick<Wallet, 'policy' | 'card'> = NO_WALLET;

  /** @param facts what the account was opened with; its `head` is the genesis hash */
  constructor(facts: Pick<Account, 'no' | 'id' | 'tag' | 'head' | 'zone' | 'createdAt'>) {
    this.account = blankAccount(facts, facts.createdAt);
  }

  /**
   * Takes the next receipt.
   * @throws LedgerError `integrity_failure` when an entry is no legal movement or names what is not there
   */
  add({ receipt, entries, usage: _usage }: Booked): void {
    const detail = receipt.detail ?? {};
    if (isFacts(detail.lot)) this.#newLot(receipt.seq, receipt.at, receipt.note, detail.lot);
    for (const entry of entries) {
      if (entry.lot !== null) this.lots.set(entry.lot, moveInLot(this.#lot(entry.lot), entry));
      if (entry.kind === 'granted') this.#raiseGranted(entry.lot, entry.amount);
      this.account = { ...this.account, ...moveInTotals(this.account, entry), entrySeq: entry.seq };
    }
    if (isFacts(detail.plan)) this.account = { ...this.account, ...(detail.plan as unknown as PlanState) };
    this.#ends(receipt.kind === 'revoke' ? 'revoked' : 'expired', receipt.at, detail);
    this.#settings(receipt.at, detail);
    this.#payments(detail);
    this.#holdsOf({ receipt, entries, usage: null });
    this.account = { ...this.account, receiptSeq: receipt.seq, lastAt: receipt.at };
  }

  /** The money side so far. */
  get wallet(): Wallet {
    return { ...this.#money, attempts: this.#attempts };
  }

  #payments({ topup, card, attempt }: Detail): void {
    if (isFacts(attempt)) this.#attempts.set(attempt.no as number, attempt as unknown as Attempt);
    if (!isFacts(topup) && !isFacts(card)) return;
    const change = { ...(isFacts(topup) ? { policy: topup } : {}), ...(isFacts(card) ? { card } : {}) };
    this.#money = applyChange({ ...this.#money, attempts: new Map() }, change as unknown as WalletChange);
  }

  /** The state so far. */
  get state(): AccountState {
    return {
      account: this.account,
      lots: this.lots,
      holds: this.holds,
      claims: claimsOf(this.#attempts.values()),
    };
  }

  #lot(no: number): Lot {
    const lot = this.lots.get(no);
    if (lot === undefined)
      throw new LedgerError('integrity_failure', `an entry names lot ${no}, which no receipt made`);
    return lot;
  }

  #newLot(no: number, at: number, note: string | null, facts: Detail): void {
    this.lots.set(no, {
      no,
      source: facts.source as Lot['source'],
      priority: facts.priority as number,
      grantedAt: at,
      expiresAt: (facts.expiresAt ?? null) as number | null,
      endedAt: null,
      endKind: null,
      cycle: (facts.cycle ?? null) as number | null,
      cycleStart: (facts.cycleStart ?? null) as number | null,
      granted: ZERO,
      available: ZERO,
      held: ZERO,
      spent: ZERO,
      expired: ZERO,
      revoked: ZERO,
      note,
    });
  }

  #raiseGranted(no: number | null, amount: number): void {
    const lot = this.#lot(no!);
    this.lots.set(lot.no, { ...lot, granted: micro(lot.granted + amount) });
  }

  #ends(kind: LotEnd, at: number, detail: Detail): void {
    const ended =
      typeof detail.lot === 'number' && detail.ended === true
        ? [detail.lot]
        : Array.isArray(detail.ended)
          ? (detail.ended as number[])
          : [];
    for (const no of ended) this.lots.set(no, { ...this.#lot(no), endedAt: at, endKind: kind });
  }

  #settings(at: number, detail: Detail): void {
    if (detail.closed === true) this.account = { ...this.account, closedAt: at };
    if (isFacts(detail.byok)) {
      this.account = { ...this.account, byok: detail.byok as Record<string, string> };
    }
  }

  #holdsOf({ receipt, entries }: Booked): void {
    const detail = receipt.detail ?? {};
    if (receipt.kind === 'hold') {
      this.holds.set(receipt.seq, {
        no: receipt.seq,
        amount: receipt.credits,
        status: 'open',
        createdAt: receipt.at,
        expiresAt: detail.expiresAt as number,
        resolvedBy: null,
        call: (detail.call ?? null) as Hold['call'],
        tags: detail.tags as Hold['tags'],
        slices: entries.map((entry) => ({ lot: entry.lot!, amount: entry.amount })),
      });
    }
    if (receipt.kind === 'expire' && Array.isArray(detail.holds)) {
      for (const no of detail.holds as number[]) this.#resolve(no, 'lapsed', receipt.seq);
    }
    if (receipt.kind === 'settle') this.#resolve(detail.hold as number, 'settled', receipt.seq);
    if (receipt.kind === 'release') this.#resolve(detail.hold as number, 'released', receipt.seq);
  }

  #resolve(no: number, status: HoldStatus, resolvedBy: number): void {
    const hold = this.holds.get(no);
    if (hold === undefined)
      throw new LedgerError('integrity_failure', `a receipt names hold ${no}, which none made`);
    this.holds.set(no, { ...hold, status, resolvedBy });
  }
}

const isFacts = (value: unknown): value is Detail =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
