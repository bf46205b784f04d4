/** The reading half of the PostgreSQL engine: each method one snapshot, no row lock. */
import { LedgerError } from '../core/errors.ts';
import type { TokenRecord } from '../core/token-corrections.ts';
import type { Account, Entry, Hold, Instant, Lot } from '../core/types.ts';
import type { TimeSpan, UsageCell, UsageColumn } from '../core/usage.ts';
import { asksForClaims } from '../core/wallet.ts';
import type { AccessRole, AccessTokenRow } from '../ledger/access-tokens.ts';
import type { AccountRead, EntryQuery, EntryRow, StoredReceipt } from '../ledger/store.ts';
import type { PostgresDoor, Statements } from './postgres-door.ts';
import { dumpPostgres } from './postgres-dump.ts';
import { inspectPostgres } from './postgres-inspect.ts';
import { heldOf, readClaims } from './postgres-load.ts';
import { numbered } from './postgres-sql.ts';
import { accountOf, entryOf, lotOf, receiptOf, usageOf } from './rows.ts';
import { tokenRecordOf } from './token-records.ts';
import { unknownAccount } from './unknown-account.ts';
import { readUsageByAccount, readUsageStart, readUsageSums, type UsageReading } from './usage-reader.ts';

export class PostgresReader {
  readonly location: string;
  protected readonly door: PostgresDoor;

  constructor(door: PostgresDoor) {
    this.door = door;
    this.location = door.location;
  }

  async read(id: string): Promise<AccountRead> {
    return this.door.reading(async (sql) => {
      const [[row], lotRows, holds] = await Promise.all([
        sql.rows('accountById', id),
        sql.rows('lotsShown', id),
        sql.rows('holdsShown', id),
      ]);
      if (row === undefined) throw unknownAccount(id);
      const account = accountOf(row);
      const lots = new Map(lotRows.map((lot) => [lot[0] as number, lotOf(lot)]));
      const claims = asksForClaims(lots.values()) ? { claims: await readClaims(sql, account.no) } : {};
      return {
        state: {
          account,
          lots,
          holds: new Map(holds.map((hold) => [hold[0] as number, heldOf(hold)])),
          ...claims,
        },
      };
    });
  }

  async lots(account: Account, numbers: readonly number[]): Promise<ReadonlyMap<number, Lot>> {
    const rows = await this.door.one(
      'lotsNamed',
      numbers.map(() => account.no),
      numbers,
    );
    return new Map(rows.map(([, ...row]) => [row[0] as number, lotOf(row)]));
  }

  async accessTokens(no?: number): Promise<AccessTokenRow[]> {
    const rows = await (no === undefined
      ? this.door.one('accessTokensEnded')
      : this.door.one('accessTokenByNo', no));
    return (rows as [number, string, AccessRole, string | null, number, number | null][]).map(
      ([number, hash, role, account, madeAt, endedAt]) => ({
        ...{ no: number, hash, role },
        ...{ account, madeAt, endedAt },
      }),
    );
  }

  async allLots(account: Account): Promise<Lot[]> {
    return (await this.door.one('allLots', account.no)).map(lotOf);
  }

  async holds(account: Account, openOnly: boolean): Promise<Hold[]> {
    return (await this.door.one(openOnly ? 'openHolds' : 'allHolds', account.no)).map(heldOf);
  }

  async tokenRecords(account: Account, latestHolds: number): Promise<TokenRecord[]> {
    const rows = await this.door.one('settledHolds', account.no, latestHolds, account.no);
    return rows.flatMap(tokenRecordOf);
  }

  async cycleLots(account: Account): Promise<Lot[]> {
    return (await this.door.one('cycleLots', account.no, account.cycle)).map(lotOf);
  }

  async entries(account: Account, { since, until, kind, limit }: EntryQuery): Promise<EntryRow[]> {
    const rows = await this.door.reading(async (sql) => {
      const first = since === null ? 1 : await this.#firstSeqAt(sql, account, since);
      const last = until === null ? account.entrySeq : (await this.#firstSeqAt(sql, account, until)) - 1;
      return sql.rows('logBackwards', account.no, first, last, kind, kind, limit);
    });
    return rows.map((row) => ({ entry: entryOf(row), note: (row[9] ?? null) as string | null })).reverse();
  }

  /** Number of the first entry at or after an instant: time never falls along a chain, so halving finds it. */
  async #firstSeqAt(sql: Statements, account: Account, at: Instant): Promise<number> {
    let low = 1;
    let high = account.entrySeq + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [found] = await sql.rows('entryAt', account.no, middle);
      if (found === undefined) {
        throw new LedgerError('integrity_failure', `entry ${middle} of account ${account.id} is missing`);
      }
      if ((found[0] as number) >= at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  async entriesUntil(account: Account, until: Instant): Promise<Entry[]> {
    return (await this.door.one('entriesUntil', account.no, until)).map(entryOf);
  }

  async receiptsUntil(account: Account, until: Instant): Promise<StoredReceipt[]> {
    const [receipts, usages] = await this.door.reading((sql) =>
      Promise.all([sql.rows('receiptsUntil', account.no, until), sql.rows('usages', account.no)]),
    );
    const usageBy = new Map(usages.map((row) => [row[0], usageOf(row)]));
    return receipts.map((row) => ({
      ...receiptOf(row),
      usage: usageBy.get(row[0]!) ?? null,
      detailText: row[11] as string | null,
    }));
  }

  async accounts(after: string | null, limit: number): Promise<Account[]> {
    return (await this.door.one('accountsAfter', after ?? '', limit)).map(accountOf);
  }

  async countAccounts(): Promise<number> {
    const [row] = await this.door.one('accountCount');
    return row![0] as number;
  }

  async dueAccounts(
    what: 'cycle' | 'sweep',
    at: Instant,
    after: number,
    limit: number,
  ): Promise<{ ids: string[]; last: number }> {
    const rows = await (what === 'cycle'
      ? this.door.one('dueCycles', at, after, limit)
      : this.door.one('dueSweeps', after, at, at, limit));
    return { ids: rows.map((row) => row[1] as string), last: (rows.at(-1)?.[0] ?? after) as number };
  }

  usage(account: Account, column: UsageColumn, spans: readonly TimeSpan[]): Promise<UsageCell[][]> {
    return this.#usage(() => readUsageSums(account, column, spans));
  }

  usageStart(account: Account): Promise<Instant | null> {
    return this.#usage(() => readUsageStart(account));
  }

  usageByAccount(span: TimeSpan): Promise<UsageCell[]> {
    return this.#usage(() => readUsageByAccount(span));
  }

  #usage<T>(start: () => UsageReading<T>): Promise<T> {
    return this.door.reading(async (sql) => {
      const reading = start();
      let step = reading.next();
      while (step.done !== true) {
        step = reading.next(await sql.text(numbered(step.value.sql), step.value.values, true));
      }
      return step.value;
    });
  }

  dump() {
    return dumpPostgres(this.door);
  }

  inspect() {
    return inspectPostgres(this.door);
  }
}
