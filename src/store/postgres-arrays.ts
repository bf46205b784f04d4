/**
 * Rows as PostgreSQL takes many of them at once: one array literal for each column. Written here and not by the driver,
 * which asks every element what it is. Source: PostgreSQL's manual, 8.15.2 (array value input).
 */
import type { ColumnType } from './postgres-sql.ts';
import type { Value } from './rows.ts';

const SPECIAL = /["\\]/;
const quoted = (text: string): string =>
  SPECIAL.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;

const ELEMENT: Readonly<Record<ColumnType, (value: Exclude<Value, null>) => string>> = {
  bigint: (value) => String(value),
  text: (value) => quoted(value as string),
  bytea: (value) => `"\\\\x${Buffer.from(value as Uint8Array).toString('hex')}"`,
};

/** One column as an array literal. */
export function arrayLiteral(values: readonly Value[], type: ColumnType): string {
  const element = ELEMENT[type];
  return `{${values.map((value) => (value === null ? 'NULL' : element(value))).join(',')}}`;
}

/** Every column of some rows as an array literal. */
export const columnArrays = (rows: readonly (readonly Value[])[], types: readonly ColumnType[]): string[] =>
  types.map((type, column) =>
    arrayLiteral(
      rows.map((row) => row[column]!),
      type,
    ),
  );
