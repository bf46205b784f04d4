/**
 * The PostgreSQL engine. A batch locks its accounts in the order of their numbers, reads what it needs of them, decides in
 * memory and writes everything in few statements; callers are answered after the commit. Any number of processes may use
 * one database: the row of an account is the only thing that two of them ever wait for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SCHEMA_VERSION } from '../../migrations/index.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { genesisText } from '../core/chain.ts';
import { isLedgerError, LedgerError } from '../core/errors.ts';
import { blankAccount } from '../core/ledger/accounts.ts';
import type { Outcome } from '../core/ledger/decide.ts';
import type { PaymentStore } from '../ledger/payments/payment-store.ts';
import type { LedgerMode } from '../ledger/service.ts';
import type { NewAccountWork, SettingRow, Store, Work, WorkResult } from '../ledger/store.ts';
import { CommitQueue, isDry } from './commit-queue.ts';
import { PostgresBatch } from './postgres-batch.ts';
import type { PostgresDoor, Statements, Written } from './postgres-door.ts';
import { type Found, loadBatch, versionsOf } from './postgres-load.ts';
import { postgresPayments } from './postgres-payments.ts';
import { PostgresReader } from './postgres-reader.ts';
import { proofOf, writeRows } from './postgres-write.ts';
import { catalogueOf, type PriceRows, priceRowsWith } from './settings.ts';
import type { StoreOptions } from './sqlite.ts';
import { unknownAccount } from './unknown-account.ts';

const GROUP_LIMIT = 1_024;
/** Transactions of one process at a time: one waits for the disk while another decides. */
const LANES = 3;
/** How long a transaction of several callers waits for one account before each goes its own way, ms. */
const GROUP_LOCK_MS = 2_000;

/** The refusal when another program has migrated the ledger. */
export const postgresNewer = (location: string, version: number): LedgerError =>
  new LedgerError('ledger_newer', `${location} was written by a newer version of credits`, {
    hint: `it has schema ${version}, this program knows ${SCHEMA_VERSION}: update credits`,
  });

export class PostgresStore extends PostgresReader implements Store {
  readonly mode: LedgerMode;
  readonly payments: PaymentStore;
  readonly #options: StoreOptions;
  readonly #queue: CommitQueue;
  #prices: { version: string; rows: PriceRows; catalogue: Catalogue } | undefined;

  constructor(door: PostgresDoor, mode: LedgerMode, options: StoreOptions) {
    super(door);
    this.mode = mode;
    this.#options = options;
    this.payments = postgresPayments(door);
    this.#queue = new CommitQueue({
      limit: options.groupLimit ?? GROUP_LIMIT,
      lanes: LANES,
      commit: (works, isShared) => this.#commit(works, isShared),
      isShared: (error) =>
        isLedgerError(error) &&
        !['integrity_failure', 'invalid_argument', 'ledger_busy'].includes(error.code),
    });
  }

  /**
   * @throws LedgerError `ledger_busy`, `disk_full`, `integrity_failure`, `ledger_read_only`: nothing was written;
   *   `remote_unreachable`: `details.outcome` says whether something may have been
   */
  execute(works: readonly Work[]): Promise<WorkResult[]> {
    return this.#queue.execute(works);
  }

  #commit(works: readonly Work[], isShared: boolean): Promise<WorkResult[]> {
    const rollback = isDry(works);
    return this.door.writing(
      async (sql): Promise<Written<WorkResult[]>> => {
        const batch = await this.#load(sql, works);
        // A dry run sees what its own earlier lines would have done; everything is rolled back.
        const result = works.map((work) => batch.run(work, rollback || !work.dryRun, unknownAccount));
        await this.#write(sql, batch);
        return { result, proof: proofOf(batch.changed, ({ no }) => no) };
      },
      { rollback, ...(isShared ? { lockMs: GROUP_LOCK_MS, busyBudgetMs: GROUP_LOCK_MS } : {}) },
    );
  }

  async #load(sql: Statements, works: readonly Work[]): Promise<PostgresBatch> {
    return this.#batch(sql, await loadBatch(sql, works));
  }

  /**
   * @throws LedgerError `ledger_newer`, `mode_mismatch`: another program has migrated the ledger, or put another one in its
   *   place, while this one had it open
   */
  async #batch(sql: Statements, found: Found): Promise<PostgresBatch> {
    const { schema, prices, mode } = found.versions;
    if (schema !== SCHEMA_VERSION) throw postgresNewer(this.location, schema);
    if (mode !== this.mode) {
      throw new LedgerError(
        'mode_mismatch',
        `${this.location} is a ${mode} ledger now, it was a ${this.mode} one`,
        {
          hint: 'another ledger was restored in its place: start again',
        },
      );
    }
    const { rows, catalogue } = await this.#pricesAt(sql, prices);
    const withSettings = (more: readonly SettingRow[]) => catalogueOf(priceRowsWith(rows, more));
    return new PostgresBatch({ ...found, catalogue, withSettings }, this.#options.sha256);
  }

  async #write(sql: Statements, batch: PostgresBatch): Promise<void> {
    await writeRows(sql, batch.finish());
  }

  async openAccount(work: NewAccountWork): Promise<Outcome> {
    const [outcome] = await this.openAccounts([work]);
    return outcome!;
  }

  /** Opens many accounts in one transaction, all or none. @throws LedgerError `account_exists` and what one refuses */
  openAccounts(works: readonly NewAccountWork[]): Promise<Outcome[]> {
    return this.door.writing((sql) => this.#open(sql, works), {
      rollback: works.every((work) => work.dryRun),
    });
  }

  /** Accounts are numbered without a gap: whoever opens one holds the row of the ledger's own chain. */
  async #open(sql: Statements, works: readonly NewAccountWork[]): Promise<Written<Outcome[]>> {
    await sql.rows('lockNumbers', [0]);
    const [versions, [next], known] = await Promise.all([
      sql.rows('versions'),
      sql.rows('accountNextNo'),
      sql.rows(
        'idsOf',
        works.map(({ account }) => account),
      ),
    ]);
    const nothing = { sessions: new Map(), replays: new Map(), wallets: new Map() };
    const batch = await this.#batch(sql, { ...nothing, versions: versionsOf(versions) });
    const ids = new Set(known.map(([id]) => id as string));
    let no = next![0] as number;
    const result: Outcome[] = [];
    for (const work of works) {
      if (ids.has(work.account)) throw accountExists(work.account);
      ids.add(work.account);
      result.push(openIn(batch, work, { no, tag: await this.#freeTag(sql), sha256: this.#options.sha256 }));
      no += 1;
    }
    await this.#write(sql, batch);
    return { result, proof: proofOf(batch.changed, () => 0) };
  }

  async #freeTag(sql: Statements): Promise<string> {
    for (;;) {
      const tag = this.#options.newTag();
      if ((await sql.rows('tagTaken', tag)).length === 0) return tag;
    }
  }

  catalogue(): Promise<Catalogue> {
    return this.door.reading(async (sql) => {
      const { prices } = versionsOf(await sql.rows('versions'));
      return (await this.#pricesAt(sql, prices)).catalogue;
    });
  }

  /** The price list of a version; read only when it is another than the last one. */
  async #pricesAt(sql: Statements, version: string): Promise<{ rows: PriceRows; catalogue: Catalogue }> {
    if (this.#prices?.version === version) return this.#prices;
    const [models, aliases, rates, plans, packages] = await Promise.all([
      sql.rows('models'),
      sql.rows('aliases'),
      sql.rows('rates'),
      sql.rows('plans'),
      sql.rows('packages'),
    ]);
    const rows = { models, aliases, rates, plans, packages };
    this.#prices = { version, rows, catalogue: catalogueOf(rows) };
    return this.#prices;
  }

  /** True: another process may open an account in any zone at any time, so the calendar of zones is always needed. */
  hasZones(): boolean {
    return true;
  }

  /** Ends when every write that was asked for has been answered. */
  async close(): Promise<void> {
    while (this.#queue.busy) await sleep(1);
    await this.door.close();
  }
}

const accountExists = (account: string): LedgerError =>
  new LedgerError('account_exists', `account ${account} exists already`, { details: { account } });

/** Lets a new account be decided and takes it into a batch. */
export function openIn(
  batch: PostgresBatch,
  work: NewAccountWork,
  { no, tag, sha256 }: { readonly no: number; readonly tag: string } & Pick<StoreOptions, 'sha256'>,
): Outcome {
  const { account: id, zone, createdAt } = work;
  const head = sha256(genesisText({ id, tag, zone, createdAt }));
  const outcome = work.decide({ no, tag, head }, batch.catalogue);
  batch.open(outcome, blankAccount({ no, id, tag, head, zone }, createdAt));
  return outcome;
}
