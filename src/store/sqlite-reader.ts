/** The reading half of the SQLite engine: consistent snapshots, no write lock. */
import { LedgerError } from '../core/errors.ts';
import type { TokenRecord } from '../core/token-corrections.ts';
import type { Account, AccountState, Entry, Hold, Instant, Lot } from '../core/types.ts';
import type { TimeSpan, UsageCell, UsageColumn } from '../core/usage.ts';
import { asksForClaims } from '../core/wallet.ts';
import type { AccessRole, AccessTokenRow } from '../ledger/access-tokens.ts';
import type { AccountRead, EntryQuery, EntryRow, StoredReceipt } from '../ledger/store.ts';
import { accountOf, entryOf, holdOf, lotOf, type Row, receiptOf, usageOf } from './rows.ts';
import { dumpFile } from './sqlite-dump.ts';
import { sqliteRefusal } from './sqlite-errors.ts';
import type { Connection } from './sqlite-file.ts';
import { inspectFile } from './sqlite-inspect.ts';
import { readClaims } from './sqlite-payments.ts';
import type { Prepared, StatementName } from './sqlite-statements.ts';
import { SqliteUsage } from './sqlite-usage.ts';
import { tokenRecordOf } from './token-records.ts';
import { unknownAccount } from './unknown-account.ts';
import { readUsageByAccount, readUsageStart, readUsageSums } from './usage-reader.ts';

export class SqliteReader {
  readonly location: string;
  protected readonly db: Connection;
  protected readonly sql: (name: StatementName) => Prepared;
  readonly #usage: SqliteUsage;

  constructor(db: Connection, location: string, sql: (name: StatementName) => Prepared) {
    this.db = db;
    this.location = location;
    this.sql = sql;
    this.#usage = new SqliteUsage(db);
  }

  /** Runs a read and turns the driver's errors into refusals. */
  protected guard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw sqliteRefusal(error, this.location);
    }
  }

  /** Runs several reads on one snapshot. */
  protected reading<T>(read: () => T): T {
    return this.guard(() => {
      this.db.exec('BEGIN');
      try {
        return read();
      } finally {
        if (this.db.inTransaction) this.db.exec('COMMIT');
      }
    });
  }

  async read(id: string): Promise<AccountRead> {
    return this.reading(() => {
      const row = this.sql('accountById').get(id);
      if (row === undefined) throw unknownAccount(id);
      const account = accountOf(row);
      const lots = this.sql('unendedLots').all(account.no, account.lastAt).map(lotOf);
      const holds = this.sql('openHolds').all(account.no);
      const claims = asksForClaims(lots) ? { claims: readClaims(this.sql, account.no) } : {};
      const state: AccountState = {
        account,
        lots: new Map(lots.map((lot) => [lot.no, lot])),
        holds: new Map(holds.map((hold) => [hold[0] as number, this.#hold(account, hold)])),
        ...claims,
      };
      return { state };
    });
  }

  #hold(account: Account, row: Row): Hold {
    const hold = holdOf(row);
    const slices = this.sql('slices').all(account.no, hold.no) as never[][];
    return { ...hold, slices: slices.map(([lot, amount]) => ({ lot: lot!, amount: amount! })) };
  }

  async lots(account: Account, numbers: readonly number[]): Promise<ReadonlyMap<number, Lot>> {
    return this.guard(() => {
      const found = new Map<number, Lot>();
      for (const no of numbers) {
        const row = this.sql('lotByNo').get(account.no, no);
        if (row !== undefined) found.set(no, lotOf(row));
      }
      return found;
    });
  }

  async accessTokens(no?: number): Promise<AccessTokenRow[]> {
    const rows = this.guard(() =>
      no === undefined ? this.sql('accessTokensEnded').all() : this.sql('accessTokenByNo').all(no),
    );
    return (rows as [number, string, AccessRole, string | null, number, number | null][]).map(
      ([number, hash, role, account, madeAt, endedAt]) => ({
        no: number,
        hash,
        role,
        account,
        madeAt,
        endedAt,
      }),
    );
  }

  async allLots(account: Account): Promise<Lot[]> {
    return this.guard(() => this.sql('allLots').all(account.no).map(lotOf));
  }

  async holds(account: Account, openOnly: boolean): Promise<Hold[]> {
    return this.reading(() =>
      this.sql(openOnly ? 'openHolds' : 'allHolds')
        .all(account.no)
        .map((row) => this.#hold(account, row))
        .sort((a, b) => a.no - b.no),
    );
  }

  async tokenRecords(account: Account, latestHolds: number): Promise<TokenRecord[]> {
    return this.guard(() =>
      this.sql('settledHolds').all(account.no, latestHolds, account.no).flatMap(tokenRecordOf),
    );
  }

  async cycleLots(account: Account): Promise<Lot[]> {
    return this.guard(() => this.sql('cycleLots').all(account.no, account.cycle).map(lotOf));
  }

  async entries(account: Account, query: EntryQuery): Promise<EntryRow[]> {
    return this.reading(() => {
      const first = query.since === null ? 1 : this.#firstSeqAt(account, query.since);
      const last = query.until === null ? account.entrySeq : this.#firstSeqAt(account, query.until) - 1;
      const rows = this.sql('logBackwards').all(
        account.no,
        first,
        last,
        query.kind,
        query.kind,
        query.limit ?? -1,
      );
      return rows.map((row) => ({ entry: entryOf(row), note: (row[9] ?? null) as string | null })).reverse();
    });
  }

  /** Number of the first entry at or after an instant: time never falls along a chain, so halving finds it. */
  #firstSeqAt(account: Account, at: Instant): number {
    let low = 1;
    let high = account.entrySeq + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = this.sql('entryAt').get(account.no, middle);
      if (found === undefined) {
        throw new LedgerError('integrity_failure', `entry ${middle} of account ${account.id} is missing`);
      }
      if ((found[0] as number) >= at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  async entriesUntil(account: Account, until: Instant): Promise<Entry[]> {
    return this.guard(() => this.sql('entriesUntil').all(account.no, until).map(entryOf));
  }

  async receiptsUntil(account: Account, until: Instant): Promise<StoredReceipt[]> {
    return this.guard(() => {
      const usages = new Map(
        this.sql('usages')
          .all(account.no)
          .map((row) => [row[0], usageOf(row)]),
      );
      return this.sql('receiptsUntil')
        .all(account.no, until)
        .map((row) => ({
          ...receiptOf(row),
          usage: usages.get(row[0] as number) ?? null,
          detailText: row[11] as string | null,
        }));
    });
  }

  async accounts(after: string | null, limit: number): Promise<Account[]> {
    return this.guard(() =>
      this.sql('accountsAfter')
        .all(after ?? '', limit)
        .map(accountOf),
    );
  }

  async countAccounts(): Promise<number> {
    return this.guard(() => this.sql('accountCount').get()![0] as number);
  }

  async dueAccounts(
    what: 'cycle' | 'sweep',
    at: Instant,
    after: number,
    limit: number,
  ): Promise<{ ids: string[]; last: number }> {
    return this.guard(() => {
      const rows =
        what === 'cycle'
          ? this.sql('dueCycles').all(at, after, limit)
          : this.sql('dueSweeps').all(after, at, at, limit);
      return { ids: rows.map((row) => row[1] as string), last: (rows.at(-1)?.[0] ?? after) as number };
    });
  }

  async usage(account: Account, column: UsageColumn, spans: readonly TimeSpan[]): Promise<UsageCell[][]> {
    return this.reading(() => this.#usage.read(readUsageSums(account, column, spans)));
  }

  async usageStart(account: Account): Promise<Instant | null> {
    return this.reading(() => this.#usage.read(readUsageStart(account)));
  }

  async usageByAccount(span: TimeSpan): Promise<UsageCell[]> {
    return this.reading(() => this.#usage.read(readUsageByAccount(span)));
  }

  /** True when an account lives in another zone than UTC: the calendar of zones is needed then. */
  hasZones(): boolean {
    return this.guard(() => this.sql('zoned').get() !== undefined);
  }

  dump() {
    return dumpFile(this.location);
  }

  async inspect() {
    return inspectFile(this.location);
  }

  async close(): Promise<void> {
    this.db.close();
  }
}
