/**
 * New rows of a batch, collected while it decides and written many to a statement: a statement's own cost and the way into
 * the engine are then paid once for sixteen rows (docs/PERFORMANCE.md).
 */
import type { Value } from './rows.ts';
import { type Prepared, ROWS_AT_ONCE, type StatementName } from './sqlite-statements.ts';

/** Tables in the order in which their rows may be written: a receipt before what refers to it. */
const TABLES = [
  { one: 'insertReceipt', many: 'insertReceipts' },
  { one: 'insertEntry', many: 'insertEntries' },
  { one: 'insertUsage', many: 'insertUsages' },
  { one: 'insertLot', many: 'insertLots' },
] as const satisfies readonly { one: StatementName; many: StatementName }[];

/** A statement that writes one new row. */
export type RowInsert = (typeof TABLES)[number]['one'];

/** Rows of one table, their values one after the other. */
interface Rows {
  readonly values: Value[];
  /** Values of a row. */
  readonly width: number;
}

export class RowInserts {
  readonly #sql: (name: StatementName) => Prepared;
  readonly #rows = new Map<RowInsert, Rows>();

  constructor(sql: (name: StatementName) => Prepared) {
    this.#sql = sql;
  }

  /**
   * Keeps a row for `flush`; nothing reads it from the database before.
   * @param row its account, then the columns of its table
   */
  add(statement: RowInsert, account: number, row: readonly Value[]): void {
    let rows = this.#rows.get(statement);
    if (rows === undefined) {
      rows = { values: [], width: row.length + 1 };
      this.#rows.set(statement, rows);
    }
    rows.values.push(account, ...row);
  }

  /** Writes what was kept, table by table, each in the order in which it came. */
  flush(): void {
    for (const { one, many } of TABLES) {
      const { values, width } = this.#rows.get(one) ?? NONE;
      const bundle = width * ROWS_AT_ONCE;
      let done = 0;
      for (; done + bundle <= values.length; done += bundle) {
        this.#sql(many).run(...values.slice(done, done + bundle));
      }
      for (; done < values.length; done += width) this.#sql(one).run(...values.slice(done, done + width));
    }
    this.#rows.clear();
  }
}

const NONE: Rows = { values: [], width: 1 };
