/**
 * What an adapter is: a shape that recognises the beginning of a file and turns its records into calls. Readers own the
 * bytes, adapters see parsed values only and own nothing but what their source forces on them.
 */
import type { CallTable } from './call-table.ts';
import type { JsonObject } from './json.ts';
import type { LineFilter } from './line-scanner.ts';
import type { ReportBuilder } from './report-builder.ts';
import type { Sniff } from './sniff.ts';

/** What all files of one scan share. */
export interface Scan {
  readonly calls: CallTable;
  readonly report: ReportBuilder;
}

/** A file being read. */
export interface OpenFile {
  readonly path: string;
  /** Position in reading order, from 0. */
  readonly index: number;
  /** File name without its last extension: the last resort for a session id. */
  readonly stem: string;
  /** The first 16 KiB as Latin-1 text. */
  readonly head: string;
}

/** Reads one file of one JSON object per line. */
export interface LineReader {
  /** @throws UnusableRecord for a line that is reported and skipped */
  record(value: JsonObject, line: number): void;
  /** After the last line; `line` is its number. */
  end?(line: number): void;
}

/** Reads one file of one or more whole JSON documents. */
export interface DocumentReader {
  /**
   * @param path the shape's path that matched, as written there
   * @throws UnusableRecord for a value that is reported and skipped
   */
  value(path: string, value: unknown, line: number): void;
  /** A document ended, or was given up as broken. */
  close?(line: number): void;
}

interface ShapeBase {
  /** Says by content whether the file is of this shape. */
  matches(sniff: Sniff): boolean;
}

/** One JSON object per line. Only lines that hold one of the needles are parsed; the others carry nothing for us. */
export interface LineShape extends ShapeBase, LineFilter {
  readonly reads: 'lines';
  /** Prepares one scan: state kept here sees all files of the scan. */
  start(scan: Scan): (file: OpenFile) => LineReader;
}

/** Whole documents, streamed: only values at the named paths are kept, one at a time. */
export interface DocumentShape extends ShapeBase {
  readonly reads: 'document';
  /** Dotted paths, `*` for every element of an array or every key: `simulations.*`. */
  readonly paths: readonly string[];
  start(scan: Scan): (file: OpenFile) => DocumentReader;
}

/** One way in which a format is written. */
export type Shape = LineShape | DocumentShape;
