/** What differs between the engines in the text of a migration. */
export interface Dialect {
  /** 64-bit integer. */
  readonly int: string;
  readonly text: string;
  readonly bytes: string;
  /** Behind a table's closing parenthesis; `${table}CLUSTERED` marks a table stored in the order of its primary key. */
  readonly table: string;
  /** Trigger that refuses to change or delete rows of a table. */
  appendOnly(table: string): string;
  /** Trigger that refuses to delete rows of a table. */
  noDelete(table: string): string;
}

const refuse = (table: string, event: 'UPDATE' | 'DELETE') =>
  `CREATE TRIGGER ${table}_no_${event.toLowerCase()} BEFORE ${event} ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`;

/** SQLite: strict types, clustered tables without a row id. */
export const SQLITE: Dialect = {
  int: 'INTEGER',
  text: 'TEXT',
  bytes: 'BLOB',
  table: 'STRICT',
  appendOnly: (table) => `${refuse(table, 'UPDATE')}\n${refuse(table, 'DELETE')}`,
  noDelete: (table) => refuse(table, 'DELETE'),
};

const guard = (table: string, event: 'UPDATE' | 'DELETE' | 'TRUNCATE') =>
  `CREATE TRIGGER ${table}_no_${event.toLowerCase()} BEFORE ${event} ON ${table}
FOR EACH ${event === 'TRUNCATE' ? 'STATEMENT' : 'ROW'} EXECUTE FUNCTION credits_refuse();`;

/** PostgreSQL: triggers that call one function, and text in the order of its bytes, as SQLite has it. */
export const POSTGRES: Dialect = {
  int: 'bigint',
  text: 'text COLLATE "C"',
  bytes: 'bytea',
  table: '',
  appendOnly: (table) => [guard(table, 'UPDATE'), POSTGRES.noDelete(table)].join('\n'),
  noDelete: (table) => [guard(table, 'DELETE'), guard(table, 'TRUNCATE')].join('\n'),
};
