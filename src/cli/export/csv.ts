/** Comma-separated values. Source: RFC 4180 (CRLF, quotes doubled inside quotes). */
import type { FlatRow } from './rows-json.ts';

type Cell = string | number | boolean | null;

/** A field; null is an empty one. Numbers of credits are plain decimals: no grouping, no exponent. */
function cell(value: Cell): string {
  if (value === null) return '';
  const text = typeof value === 'number' ? decimal(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** JSON writes a single microcredit as 1e-6. */
const decimal = (value: number): string =>
  Math.abs(value) >= 1e-5 || value === 0
    ? String(value)
    : value.toLocaleString('en-US', { maximumFractionDigits: 6 });

/** One record with its line end. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cell).join(',')}\r\n`;

/** A row by its columns. */
export const csvRow = (row: FlatRow, columns: readonly string[]): string =>
  csvLine(columns.map((column) => row[column] ?? null));
