/**
 * The SQLite engine. One door owns the connection: every write goes through `execute`, which gathers what is waiting,
 * takes the write lock first (BEGIN IMMEDIATE: a deferred transaction that reads before it writes fails under a second
 * writer), runs the batch and answers each caller after the commit (group commit).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Statement } from 'better-sqlite3';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { genesisText, type Sha256 } from '../core/chain.ts';
import { isLedgerError, LedgerError } from '../core/errors.ts';
import { blankAccount } from '../core/ledger/accounts.ts';
import type { Outcome } from '../core/ledger/decide.ts';
import type { PaymentStore } from '../ledger/payments/payment-store.ts';
import type { LedgerMode } from '../ledger/service.ts';
import type { NewAccountWork, Store, Work, WorkResult } from '../ledger/store.ts';
import { CommitQueue, isDry } from './commit-queue.ts';
import { catalogueOf } from './settings.ts';
import { SqliteBatch } from './sqlite-batch.ts';
import { isBusy, sqliteRefusal, unreadable } from './sqlite-errors.ts';
import { type Connection, ledgerNewer } from './sqlite-file.ts';
import { sqlitePayments } from './sqlite-payments.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { statements } from './sqlite-statements.ts';

/** What the store takes from outside: hashing and chance are not its own. */
export interface StoreOptions {
  readonly sha256: Sha256;
  /** Uniform in [0, 1); spreads retries under contention. */
  readonly random: () => number;
  /** New account tag, 4 to 16 of a-z and 0-9. */
  readonly newTag: () => string;
  /** How long a write waits for other processes, ms. */
  readonly busyBudgetMs?: number;
  /** Ends the wait for other processes; a write that has begun is carried out. */
  readonly signal?: AbortSignal;
  /** Most pieces of work in one transaction. */
  readonly groupLimit?: number;
}

/** How long a write waits for other processes unless told, ms. */
export const BUSY_BUDGET_MS = 30_000;
const GROUP_LIMIT = 1_024;

export class SqliteStore extends SqliteReader implements Store {
  readonly mode: LedgerMode;
  readonly payments: PaymentStore;
  readonly #options: StoreOptions;
  readonly #queue: CommitQueue;
  #version: Statement | undefined;
  #prices: { version: number; catalogue: Catalogue } | undefined;

  constructor(db: Connection, location: string, options: StoreOptions) {
    super(db, location, statements(db));
    this.#options = options;
    this.#queue = new CommitQueue({
      limit: options.groupLimit ?? GROUP_LIMIT,
      lanes: 1,
      commit: (works) => this.#commit(works),
      isShared: (error) => isLedgerError(error) && error.code !== 'integrity_failure',
    });
    const row = this.guard(() => this.sql('ledger').get());
    if (row === undefined) throw unreadable(location, 'its first row is missing');
    this.mode = row[0] as LedgerMode;
    this.payments = sqlitePayments({
      sql: this.sql,
      read: (read) => this.reading(read),
      write: (write) => this.#transact(write),
    });
  }

  /** @throws LedgerError `ledger_busy`, `disk_full`, `integrity_failure`, `ledger_read_only`: nothing was written */
  execute(works: readonly Work[]): Promise<WorkResult[]> {
    return this.#queue.execute(works);
  }

  #commit(works: readonly Work[]): Promise<WorkResult[]> {
    const onlyDryRuns = isDry(works);
    return this.#transact(() => {
      const batch = this.#batch();
      // A dry run sees what its own earlier lines would have done; everything is rolled back.
      const results = works.map((work) => batch.run(work, onlyDryRuns || !work.dryRun));
      batch.finish();
      return results;
    }, onlyDryRuns);
  }

  #batch(): SqliteBatch {
    return new SqliteBatch(this.sql, this.#options.sha256, (afterChange) =>
      afterChange ? this.#readPrices() : this.#currentPrices(),
    );
  }

  /** Runs a synchronous write in a transaction of its own; waits for other processes up to the budget. */
  async #transact<T>(write: () => T, rollback = false): Promise<T> {
    const deadline = performance.now() + (this.#options.busyBudgetMs ?? BUSY_BUDGET_MS);
    for (;;) {
      try {
        return this.#transactOnce(write, rollback);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw sqliteRefusal(error, this.location);
        if (this.#options.signal?.aborted === true) {
          throw new LedgerError('cancelled', 'interrupted while waiting for the ledger; nothing was changed');
        }
        await sleep(0.3 + 3 * this.#options.random());
      }
    }
  }

  #transactOnce<T>(write: () => T, rollback: boolean): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      this.#requireSchema();
      const result = write();
      this.db.exec(rollback ? 'ROLLBACK' : 'COMMIT');
      return result;
    } catch (error) {
      // A full disk has rolled back by itself.
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      this.#prices = undefined;
      throw error;
    }
  }

  /** @throws LedgerError `ledger_newer`: another program has migrated the ledger while this one had it open */
  #requireSchema(): void {
    this.#version ??= this.db.prepare('PRAGMA user_version').pluck();
    const version = this.#version.get() as number;
    if (version !== SCHEMA_VERSION) throw ledgerNewer(this.location, version);
  }

  async openAccount(work: NewAccountWork): Promise<Outcome> {
    const [outcome] = await this.openAccounts([work]);
    return outcome!;
  }

  /** Opens many accounts in one transaction, all or none. @throws LedgerError `account_exists` and what one refuses */
  async openAccounts(works: readonly NewAccountWork[]): Promise<Outcome[]> {
    const onlyDryRuns = works.every((work) => work.dryRun);
    return this.#transact(() => {
      const batch = this.#batch();
      const outcomes = works.map((work) => this.#openIn(batch, work, this.#currentPrices()));
      batch.finish();
      return outcomes;
    }, onlyDryRuns);
  }

  /** Opens an account inside the transaction that makes the ledger. */
  openInOpenTransaction(work: NewAccountWork): Outcome {
    const batch = this.#batch();
    const outcome = this.#openIn(batch, work, this.#currentPrices());
    batch.finish();
    return outcome;
  }

  /** @throws LedgerError `account_exists` */
  #openIn(batch: SqliteBatch, work: NewAccountWork, catalogue: Catalogue): Outcome {
    if (this.sql('accountById').get(work.account) !== undefined) {
      throw new LedgerError('account_exists', `account ${work.account} exists already`, {
        details: { account: work.account },
      });
    }
    const no = this.sql('accountNextNo').get()![0] as number;
    let tag = this.#options.newTag();
    while (this.sql('tagTaken').get(tag) !== undefined) tag = this.#options.newTag();
    const { account: id, zone, createdAt } = work;
    const head = this.#options.sha256(genesisText({ id, tag, zone, createdAt }));
    const outcome = work.decide({ no, tag, head }, catalogue);
    batch.open(outcome, blankAccount({ no, id, tag, head, zone }, createdAt));
    return outcome;
  }

  async catalogue(): Promise<Catalogue> {
    return this.reading(() => this.#currentPrices());
  }

  /** The price list; read again when another process has changed a setting. */
  #currentPrices(): Catalogue {
    const version = (this.sql('settingsVersion').get()?.[0] ?? 0) as number;
    if (this.#prices?.version !== version) this.#prices = { version, catalogue: this.#readPrices() };
    return this.#prices.catalogue;
  }

  #readPrices(): Catalogue {
    const rows = (name: 'models' | 'aliases' | 'rates' | 'plans' | 'packages') => this.sql(name).all();
    return catalogueOf({
      models: rows('models'),
      aliases: rows('aliases'),
      rates: rows('rates'),
      plans: rows('plans'),
      packages: rows('packages'),
    });
  }

  /** Ends when every write that was asked for has been answered. */
  override async close(): Promise<void> {
    while (this.#queue.busy) await sleep(1);
    await super.close();
  }
}
