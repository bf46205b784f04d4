/** Answers readings of usage from a SQLite ledger, at once. */
import type { Statement } from 'better-sqlite3';
import type { Connection } from './sqlite-file.ts';
import type { UsageAnswer, UsageReading } from './usage-reader.ts';

export class SqliteUsage {
  readonly #db: Connection;
  readonly #prepared = new Map<string, Statement>();

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Runs a reading to its end. */
  read<T>(reading: UsageReading<T>): T {
    let step = reading.next();
    while (step.done !== true) {
      const { sql, values } = step.value;
      step = reading.next(this.#statement(sql).all(...values) as UsageAnswer);
    }
    return step.value;
  }

  /** Sums pass 2^53, so every integer comes as BigInt. */
  #statement(sql: string): Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql).raw(true).safeIntegers(true);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
