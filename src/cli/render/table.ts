/**
 * Tables without rules or boxes: a heading, aligned columns, three spaces between them. A terminal too narrow for the
 * table gets every row as a few lines of its own; nothing is left out.
 */
import { cut, pad, textWidth } from './width.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand right. */
  readonly align?: 'left' | 'right';
  /** Narrowest, so that a table does not jump with every number. */
  readonly least?: number;
  /** On a terminal its cells are cut to what is left of the line, rather than stacking the table. */
  readonly flexible?: boolean;
}

export interface TableStyle {
  /** Columns of the terminal; infinite in a pipe. */
  readonly columns: number;
  /** How headings look. */
  readonly heading?: (text: string) => string;
}

const GAPS = [3, 2] as const;
/** A flexible column is not cut below this. */
const LEAST_FLEXIBLE = 12;

/**
 * Renders rows under their headings.
 * @param rows cells as text, one per column, safe to print
 * @returns lines without a last line feed; the heading alone when there are no rows
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: TableStyle,
): string {
  const { heading, body } = layOut(columns, widen(columns, titleWidths(columns), rows), style);
  return [...heading, ...(rows.length === 0 ? [] : [body(rows)])].join('\n');
}

/** How wide each column is before there are rows. */
export const titleWidths = (columns: readonly Column[]): number[] =>
  columns.map(({ least, title }) => Math.max(least ?? 0, textWidth(title)));

/** How wide each column is with some more rows. */
export function widen(
  columns: readonly Column[],
  widths: readonly number[],
  rows: readonly (readonly string[])[],
): number[] {
  return columns.map((_, index) =>
    rows.reduce((most, row) => Math.max(most, textWidth(row[index] ?? '')), widths[index]!),
  );
}

/** A table whose widths are known: its rows may come in parts. */
export interface TableLayout {
  /** Lines above the rows: one, or none where every row stands by itself. */
  readonly heading: readonly string[];
  /** Some rows as lines, without a last line feed. */
  body(rows: readonly (readonly string[])[]): string;
}

/** @param widths as `widen` gives them for all rows */
export function layOut(
  columns: readonly Column[],
  widths: readonly number[],
  style: TableStyle,
): TableLayout {
  const flexible = columns.findIndex((column) => column.flexible === true);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const slack = flexible < 0 ? 0 : Math.max(0, widths[flexible]! - LEAST_FLEXIBLE);
  const needed = (gap: number): number => total + gap * (columns.length - 1);
  const gap =
    GAPS.find((each) => needed(each) <= style.columns) ??
    GAPS.find((each) => needed(each) - slack <= style.columns);
  const heading = style.heading ?? ((text) => text);
  if (gap === undefined) {
    return { heading: [], body: (rows) => renderStacked(columns, rows, style.columns, heading) };
  }
  const cutTo = widths.map((width, index) =>
    index === flexible ? width - Math.max(0, needed(gap) - style.columns) : width,
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) =>
        pad(cut(cells[index] ?? '', cutTo[index]!), cutTo[index]!, column.align ?? 'left'),
      )
      .join(' '.repeat(gap))
      .trimEnd();
  return {
    heading: [heading(line(columns.map((column) => column.title)))],
    body: (rows) => rows.map(line).join('\n'),
  };
}

/** Each row as its first cell, then `title value` pairs on as many lines as they take. */
function renderStacked(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  heading: (text: string) => string,
): string {
  return rows
    .map((row) => {
      const pairs = columns
        .map((column, index) => ({ title: column.title.toLowerCase(), cell: row[index] ?? '' }))
        .slice(1)
        .filter(({ cell }) => cell !== '')
        .map(({ title, cell }) => `${title} ${cell}`.trim());
      const [first] = columns;
      // A name says what it is; a number needs its title.
      const head = first?.align === 'right' ? `${first.title} ${row[0] ?? ''}` : (row[0] ?? '');
      return [heading(head), ...wrapParts(pairs, width - 2).map((line) => `  ${line}`)].join('\n');
    })
    .join('\n');
}

/** Joins parts with ` · ` into lines of at most a width; a longer part has its own line. */
export function wrapParts(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(last) + 3 + textWidth(part) <= width) {
      lines[lines.length - 1] = `${last} · ${part}`;
    } else {
      lines.push(part);
    }
  }
  return lines;
}
