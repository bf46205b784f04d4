/**
 * Runs one batch of work inside an open write transaction of a SQLite connection: load, decide, write. Synchronous from
 * the first read to the last write, so nothing can come between.
 */
import type { Catalogue } from '../core/catalogue.ts';
import type { Sha256 } from '../core/chain.ts';
import { isLedgerError } from '../core/errors.ts';
import type { Outcome } from '../core/ledger/decide.ts';
import type { Account, AccountState, Hold, Lot } from '../core/types.ts';
import { FOLD_EVERY, MOST_FOLDED } from '../core/usage.ts';
import { asksForClaims, NO_WALLET, type Wallet } from '../core/wallet.ts';
import type { Loads, Replay, SettingRow, Work, WorkResult } from '../ledger/store.ts';
import { RowInserts } from './row-inserts.ts';
import {
  accountOf,
  accountRow,
  entryOf,
  entryRow,
  holdOf,
  holdRow,
  isLive,
  lotOf,
  lotRow,
  type Row,
  receiptOf,
  receiptRow,
  usageOf,
  usageRow,
} from './rows.ts';
import { type Chained, Session } from './session.ts';
import { settingInsert } from './settings.ts';
import { readClaims, readWallet, writeWallet } from './sqlite-payments.ts';
import type { Prepared, StatementName } from './sqlite-statements.ts';
import { unknownAccount } from './unknown-account.ts';

type Statements = (name: StatementName) => Prepared;

export class SqliteBatch {
  readonly #sql: Statements;
  readonly #sha256: Sha256;
  readonly #readCatalogue: (afterChange: boolean) => Catalogue;
  #settingsChanged = false;
  #catalogue: Catalogue | undefined;
  readonly #sessions = new Map<string, Session>();
  readonly #inserts: RowInserts;
  /** Keys that receipts of this batch carry, by account: such a receipt is not in the database yet. */
  readonly #keys = new Map<number, Set<string>>();
  /** Accounts whose usage is to be folded, and up to which receipt. */
  readonly #foldable = new Map<number, number>();

  /** @param catalogue the price list as of this transaction; read again after each change of settings */
  constructor(sql: Statements, sha256: Sha256, catalogue: (afterChange: boolean) => Catalogue) {
    this.#sql = sql;
    this.#inserts = new RowInserts(sql);
    this.#sha256 = sha256;
    this.#readCatalogue = catalogue;
  }

  /**
   * Decides one piece of work. A refusal is its result; anything else throws and must roll back.
   * @param write false: nothing of it is to be seen by the rest of the batch
   */
  run(work: Work, write: boolean): WorkResult {
    try {
      const session = this.#session(work);
      this.#load(session, work);
      const replay = this.#replay(session.state, work.loads.key ?? null);
      this.#catalogue ??= this.#readCatalogue(this.#settingsChanged);
      const wallet = this.#wallet(session, work);
      const decided = work.decide({ state: session.state, replay, catalogue: this.#catalogue, wallet });
      if (!('replay' in decided) && write) {
        this.#write(session, decided);
        for (const row of decided.settings ?? []) this.insertSetting(row);
        if (decided.wallet) {
          this.#inserts.flush();
          writeWallet(this.#sql, session.state.account.no, decided.wallet);
        }
      }
      return { ok: true, decided };
    } catch (error) {
      if (!isLedgerError(error) || error.code === 'integrity_failure') throw error;
      return { ok: false, error };
    }
  }

  #wallet({ state }: Session, { loads, now }: Work): Wallet {
    return loads.wallet === undefined
      ? NO_WALLET
      : readWallet(this.#sql, state.account, now, loads.wallet.attempt);
  }

  /** Writes a new account with its first receipts. */
  open(outcome: Outcome, blank: Account): void {
    this.#sql('insertAccount').run(...accountRow(blank));
    const empty = { account: blank, lots: new Map(), holds: new Map() };
    const session = new Session(empty, blank.lastAt, true);
    this.#sessions.set(blank.id, session);
    this.#write(session, outcome);
  }

  insertSetting(row: SettingRow): void {
    const { statement, values } = settingInsert(row);
    this.#sql(statement).run(...values);
    this.#catalogue = undefined;
    this.#settingsChanged = true;
  }

  /** Writes what the batch left of accounts, lots and holds; once per row, however often it changed. */
  finish(): void {
    this.#inserts.flush();
    for (const session of this.#sessions.values()) if (session.changed) this.#flush(session);
    this.#inserts.flush();
    for (const [account, receipt] of this.#foldable) this.#fold(account, receipt);
  }

  #session(work: Work): Session {
    const known = this.#sessions.get(work.account);
    if (known !== undefined) return known;
    const row = this.#sql('accountById').get(work.account);
    if (row === undefined) throw unknownAccount(work.account);
    const account = accountOf(row);
    const lots = this.#sql('liveLots').all(account.no).map(lotOf);
    const state = { account, lots: new Map(lots.map((lot) => [lot.no, lot])), holds: new Map() };
    const session = new Session(state, Number.NEGATIVE_INFINITY);
    this.#sessions.set(work.account, session);
    return session;
  }

  #load(session: Session, { now, loads }: Work): void {
    const { account } = session.state;
    const until = Math.max(now, account.lastAt);
    // Not only where credits are held: a call that the account's own key pays holds none, and lapses all the same.
    if (until > session.holdsUntil) {
      const rows = this.#sql('lapsedHolds').all(account.no, until);
      session.addHolds(rows.map((row) => this.#hold(account, row)));
    }
    session.holdsUntil = Math.max(session.holdsUntil, until);
    const { holds, lots } = session.state;
    if (loads.hold != null && !holds.has(loads.hold)) {
      session.addHolds(
        this.#sql('holdByNo')
          .all(account.no, loads.hold)
          .map((row) => this.#hold(account, row)),
      );
    }
    if (loads.lot != null && !lots.has(loads.lot)) {
      session.addLots(this.#sql('lotByNo').all(account.no, loads.lot).map(lotOf));
    }
    for (const lot of loads.lots ?? []) {
      if (!session.state.lots.has(lot)) session.addLots(this.#sql('lotByNo').all(account.no, lot).map(lotOf));
    }
    this.#loadCycleLots(session, loads);
    this.#loadSliceLots(session);
    const isAsked = loads.lot != null || asksForClaims(session.state.lots.values());
    if (isAsked && session.state.claims === undefined) session.addClaims(readClaims(this.#sql, account.no));
  }

  #loadCycleLots(session: Session, loads: Loads): void {
    if (loads.cycleLots !== true || session.cycleLotsLoaded) return;
    const { account } = session.state;
    session.addLots(this.#sql('cycleLots').all(account.no, account.cycle).map(lotOf));
    session.cycleLotsLoaded = true;
  }

  /** A hold's lots are live while it is open; the state must hold them all. */
  #loadSliceLots(session: Session): void {
    const { account, holds, lots } = session.state;
    for (const hold of holds.values()) {
      if (hold.status !== 'open') continue;
      for (const slice of hold.slices) {
        if (lots.has(slice.lot)) continue;
        session.addLots(this.#sql('lotByNo').all(account.no, slice.lot).map(lotOf));
      }
    }
  }

  #hold(account: Account, row: Row): Hold {
    const hold = holdOf(row);
    const slices = this.#sql('slices').all(account.no, hold.no) as never[][];
    return { ...hold, slices: slices.map(([lot, amount]) => ({ lot: lot!, amount: amount! })) };
  }

  #replay({ account, lots: known }: AccountState, key: string | null): Replay | null {
    if (key === null) return null;
    if (this.#keys.get(account.no)?.has(key)) this.#inserts.flush();
    const row = this.#sql('receiptByKey').get(account.no, key);
    if (row === undefined) return null;
    const { receipt } = receiptOf(row);
    const last = receipt.entryFirst + receipt.entryCount - 1;
    const entries = this.#sql('entriesOf').all(account.no, receipt.entryFirst, last).map(entryOf);
    const usage = this.#sql('usageOf').get(account.no, receipt.seq);
    const lots = new Map<number, Lot>();
    for (const { lot } of entries) {
      if (lot === null || lots.has(lot)) continue;
      // A lot that this very batch made has no row yet.
      const made = known.get(lot);
      if (made !== undefined) lots.set(lot, made);
      else for (const found of this.#sql('lotByNo').all(account.no, lot)) lots.set(lot, lotOf(found));
    }
    return { booked: { receipt, entries, usage: usage === undefined ? null : usageOf(usage) }, lots };
  }

  #write(session: Session, outcome: Outcome): void {
    const { no } = session.state.account;
    for (const chained of session.apply(outcome, this.#sha256)) {
      this.#append(no, chained);
    }
  }

  #append(account: number, { booked, detail, hash }: Chained): void {
    const { receipt, entries, usage } = booked;
    this.#inserts.add('insertReceipt', account, receiptRow(receipt, detail, hash));
    for (const entry of entries) this.#inserts.add('insertEntry', account, entryRow(entry));
    if (usage !== null) this.#inserts.add('insertUsage', account, usageRow(usage));
    if (receipt.key !== null) this.#keep(account, receipt.key);
    if (booked.receipt.seq % FOLD_EVERY === 0) this.#foldable.set(account, booked.receipt.seq);
  }

  #keep(account: number, key: string): void {
    const keys = this.#keys.get(account);
    if (keys === undefined) this.#keys.set(account, new Set([key]));
    else keys.add(key);
  }

  /** Adds the usage of receipts up to one to the stored sums. */
  #fold(account: number, receipt: number): void {
    const after = (this.#sql('foldedUntil').get(account)?.[0] ?? 0) as number;
    const until = Math.min(receipt, after + MOST_FOLDED);
    this.#sql('foldUsage').run(account, after, until);
    this.#sql('markFolded').run(account, until);
  }

  #flush(session: Session): void {
    const { account } = session.state;
    const { lots, holds } = session.dirty;
    for (const { row, isNew } of lots) {
      if (isNew) this.#inserts.add('insertLot', account.no, [...lotRow(row), isLive(row)]);
      else {
        const { available, held, spent, expired, revoked, endedAt, endKind } = row;
        this.#sql('updateLot').run(
          ...[available, held, spent, expired, revoked, endedAt, endKind, isLive(row)],
          account.no,
          row.no,
        );
      }
    }
    for (const { row, isNew } of holds) {
      if (isNew) this.#sql('insertHold').run(account.no, ...holdRow(row));
      else this.#sql('updateHold').run(row.status, row.resolvedBy, account.no, row.no);
    }
    const row = accountRow(account);
    this.#sql('updateAccount').run(row[5]!, ...row.slice(6), account.no);
  }
}
