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

export class RowInserts {
  readonly #sql: (name: StatementName) => Prepared;
  readonly #rows = new Map<RowInsert, Value[][]>();

  constructor(sql: (name: StatementName) => Prepared) {
    this.#sql = sql;
  }

  /** Keeps a row for `flush`; nothing reads it from the database before. */
  add(statement: RowInsert, row: Value[]): void {
    const rows = this.#rows.get(statement);
    if (rows === undefined) this.#rows.set(statement, [row]);
    else rows.push(row);
  }

  /** Writes what was kept, table by table, each in the order in which it came. */
  flush(): void {
    for (const { one, many } of TABLES) {
      const rows = this.#rows.get(one) ?? [];
      let done = 0;
      for (; done + ROWS_AT_ONCE <= rows.length; done += ROWS_AT_ONCE) {
        this.#sql(many).run(...rows.slice(done, done + ROWS_AT_ONCE).flat());
      }
      for (; done < rows.length; done += 1) this.#sql(one).run(...rows[done]!);
    }
    this.#rows.clear();
  }
}
