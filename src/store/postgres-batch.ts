/**
 * Runs one batch of work on accounts that are loaded and locked: decides, and collects what must be written. Synchronous
 * and without a connection; the rows go to the database in few statements afterwards.
 */
import type { Catalogue } from '../core/catalogue.ts';
import type { Sha256 } from '../core/chain.ts';
import { isLedgerError } from '../core/errors.ts';
import type { Outcome } from '../core/ledger/decide.ts';
import type { Account, Lot } from '../core/types.ts';
import { FOLD_EVERY } from '../core/usage.ts';
import { applyChange, NO_WALLET, type Wallet, type WalletChange, walletFor } from '../core/wallet.ts';
import type { Loads, Replay, SettingRow, Work, WorkResult } from '../ledger/store.ts';
import { accountRow, entryRow, holdRow, isLive, lotRow, receiptRow, usageRow, type Value } from './rows.ts';
import { type Chained, Session } from './session.ts';

/** What a batch starts from. */
export interface Loaded {
  /** Accounts that there are, by id. */
  readonly sessions: Map<string, Session>;
  /** Receipts that keys of this batch were bound to before, by account and key. */
  readonly replays: ReadonlyMap<number, ReadonlyMap<string, Replay>>;
  /** Everything of the money side that a decision of this batch may ask for, by account. */
  readonly wallets: Map<number, Wallet>;
  readonly catalogue: Catalogue;
  /** The price list after some more rows. */
  readonly withSettings: (rows: readonly SettingRow[]) => Catalogue;
}

/** Rows to write, by statement, in the order in which they came. */
export interface BatchRows {
  readonly accounts: Value[][];
  readonly receipts: Value[][];
  readonly entries: Value[][];
  readonly usages: Value[][];
  readonly newLots: Value[][];
  readonly lots: Value[][];
  readonly newHolds: Value[][];
  readonly holds: Value[][];
  readonly changedAccounts: Value[][];
  readonly settings: SettingRow[];
  readonly wallets: { readonly account: number; readonly change: WalletChange }[];
  /** Accounts whose usage is to be folded, and up to which receipt. */
  readonly foldable: Map<number, number>;
}

export class PostgresBatch {
  readonly #loaded: Loaded;
  readonly #sha256: Sha256;
  readonly #made = new Map<number, Map<string, Chained>>();
  #catalogue: Catalogue;
  readonly rows: BatchRows = {
    accounts: [],
    receipts: [],
    entries: [],
    usages: [],
    newLots: [],
    lots: [],
    newHolds: [],
    holds: [],
    changedAccounts: [],
    settings: [],
    wallets: [],
    foldable: new Map(),
  };

  constructor(loaded: Loaded, sha256: Sha256) {
    this.#loaded = loaded;
    this.#sha256 = sha256;
    this.#catalogue = loaded.catalogue;
  }

  /** The price list as the batch left it. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Sessions of accounts that the batch changed. */
  get changed(): Session[] {
    return [...this.#loaded.sessions.values()].filter(({ changed }) => changed);
  }

  /**
   * Decides one piece of work. A refusal is its result; anything else throws and must roll back.
   * @param write false: nothing of it is to be seen by the rest of the batch
   */
  run(work: Work, write: boolean, unknown: (id: string) => Error): WorkResult {
    try {
      const session = this.#loaded.sessions.get(work.account);
      if (session === undefined) throw unknown(work.account);
      const decided = work.decide({
        state: session.state,
        replay: this.#replay(session, work.loads.key ?? null),
        catalogue: this.#catalogue,
        wallet: this.#wallet(session.state.account, work),
      });
      if (!('replay' in decided) && write) {
        this.#apply(session, decided);
        this.addSettings(decided.settings ?? []);
        if (decided.wallet) this.#changeWallet(session.state.account.no, decided.wallet);
      }
      return { ok: true, decided };
    } catch (error) {
      if (!isLedgerError(error) || error.code === 'integrity_failure') throw error;
      return { ok: false, error };
    }
  }

  /** Takes a new account with its first receipts. */
  open(outcome: Outcome, blank: Account): void {
    const empty = { account: blank, lots: new Map(), holds: new Map() };
    const session = new Session(empty, blank.lastAt, true);
    this.#loaded.sessions.set(blank.id, session);
    this.rows.accounts.push(accountRow(blank));
    this.#apply(session, outcome);
  }

  /** Collects what the batch left of accounts, lots and holds; once per row, however often it changed. */
  finish(): BatchRows {
    for (const session of this.changed) this.#collect(session);
    return this.rows;
  }

  addSettings(rows: readonly SettingRow[]): void {
    if (rows.length === 0) return;
    this.rows.settings.push(...rows);
    this.#catalogue = this.#loaded.withSettings(this.rows.settings);
  }

  #replay({ state: { account, lots: known } }: Session, key: string | null): Replay | null {
    if (key === null) return null;
    const made = this.#made.get(account.no)?.get(key);
    const booked = made?.booked ?? this.#loaded.replays.get(account.no)?.get(key)?.booked;
    if (booked === undefined) return null;
    const stored = this.#loaded.replays.get(account.no)?.get(key)?.lots;
    const lots = new Map<number, Lot>();
    for (const { lot } of booked.entries) {
      const found = lot === null ? undefined : (known.get(lot) ?? stored?.get(lot));
      if (found !== undefined) lots.set(found.no, found);
    }
    return { booked, lots };
  }

  /** What this very piece of work would have been given, had it been read for it alone. */
  #wallet(account: Account, { loads, now }: Work): Wallet {
    const { wallet } = loads;
    if (wallet === undefined) return NO_WALLET;
    const whole = this.#loaded.wallets.get(account.no) ?? NO_WALLET;
    return walletFor(whole, Math.max(now, account.lastAt), wallet.attempt);
  }

  #changeWallet(account: number, change: WalletChange): void {
    const { wallets } = this.#loaded;
    wallets.set(account, applyChange(wallets.get(account) ?? NO_WALLET, change));
    this.rows.wallets.push({ account, change });
  }

  #apply(session: Session, outcome: Outcome): void {
    const { no } = session.state.account;
    for (const chained of session.apply(outcome, this.#sha256)) this.#append(no, chained);
  }

  #append(account: number, chained: Chained): void {
    const { receipt, entries, usage } = chained.booked;
    this.rows.receipts.push([account, ...receiptRow(receipt, chained.detail, chained.hash)]);
    for (const entry of entries) this.rows.entries.push([account, ...entryRow(entry)]);
    if (usage !== null) this.rows.usages.push([account, ...usageRow(usage)]);
    if (receipt.key !== null) this.#bind(account, receipt.key, chained);
    if (receipt.seq % FOLD_EVERY === 0) this.rows.foldable.set(account, receipt.seq);
  }

  #bind(account: number, key: string, chained: Chained): void {
    const keys = this.#made.get(account);
    if (keys === undefined) this.#made.set(account, new Map([[key, chained]]));
    else keys.set(key, chained);
  }

  #collect(session: Session): void {
    const { account } = session.state;
    const { lots, holds } = session.dirty;
    for (const { row, isNew } of lots) {
      const { no, available, held, spent, expired, revoked, endedAt, endKind } = row;
      if (isNew) this.rows.newLots.push([account.no, ...lotRow(row), isLive(row)]);
      else {
        const places = [available, held, spent, expired, revoked];
        this.rows.lots.push([account.no, no, ...places, endedAt, endKind, isLive(row)]);
      }
    }
    for (const { row, isNew } of holds) {
      if (isNew) this.rows.newHolds.push([account.no, ...holdRow(row)]);
      else this.rows.holds.push([account.no, row.no, row.status, row.resolvedBy]);
    }
    const row = accountRow(account);
    this.rows.changedAccounts.push([account.no, ...row.slice(5)]);
  }
}

/** What the loads of some work name, for the statements that fetch it. */
export interface Named {
  readonly keys: readonly [accounts: number[], keys: string[]];
  readonly holds: readonly [accounts: number[], holds: number[]];
  readonly lots: readonly [accounts: number[], lots: number[]];
  readonly cycles: readonly [accounts: number[], cycles: number[]];
  /** Accounts whose money side is asked for, and attempts named beside it. */
  readonly wallets: readonly number[];
  readonly attempts: readonly [accounts: number[], attempts: number[]];
  /** Accounts of which a lot is named: credits of it may go by hand. */
  readonly asked: ReadonlySet<number>;
}

/** @param accounts as they are locked */
export function namedBy(works: readonly Work[], accounts: ReadonlyMap<string, Account>): Named {
  const named = {
    keys: [[], []],
    holds: [[], []],
    lots: [[], []],
    cycles: [[], []],
    attempts: [[], []],
  } as unknown as {
    [name in 'keys' | 'holds' | 'lots' | 'cycles' | 'attempts']: [number[], (string | number)[]];
  };
  const wallets = new Set<number>();
  const asked = new Set<number>();
  const known = new Set<string>();
  const add = (list: keyof typeof named, account: number, value: string | number): void => {
    // Named twice, a receipt would be read twice, and with it every entry that its view adds up.
    const name = `${list} ${account} ${value}`;
    if (known.has(name)) return;
    known.add(name);
    named[list][0].push(account);
    named[list][1].push(value);
  };
  for (const work of works) {
    const account = accounts.get(work.account);
    if (account === undefined) continue;
    const { key, hold, lot, lots = [], cycleLots, wallet }: Loads = work.loads;
    if (key != null) add('keys', account.no, key);
    if (hold != null) add('holds', account.no, hold);
    if (lot != null) {
      add('lots', account.no, lot);
      asked.add(account.no);
    }
    for (const each of lots) add('lots', account.no, each);
    if (cycleLots === true) add('cycles', account.no, account.cycle);
    if (wallet !== undefined) wallets.add(account.no);
    if (wallet?.attempt != null) add('attempts', account.no, wallet.attempt);
  }
  return { ...named, wallets: [...wallets], asked } as unknown as Named;
}
