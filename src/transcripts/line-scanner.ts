/**
 * Splits a window into lines and parses only those that hold one of a few needles: searching bytes is an order of
 * magnitude faster than parsing JSON, and most of a transcript is text that says nothing about usage. A line without a
 * needle is only checked to begin and end like an object.
 */
import type { ByteWindow } from './byte-window.ts';
import { isObject, type JsonObject } from './json.ts';

/** Receives the lines; `line` counts from 1. */
export interface LineSink {
  record(value: JsonObject, line: number): void;
  bad(line: number, reason: string): void;
}

const NEWLINE = 10;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export const CUT_OFF = 'cut off';
export const NOT_JSON = 'not valid JSON';
export const NOT_OBJECT = 'not a JSON object';
export const TOO_LONG = 'longer than the largest line that is read';

/** Which lines are parsed, and how much of them. */
export interface LineFilter {
  /** Texts of which a line must hold one to be parsed; none: every line is parsed. */
  readonly needles: readonly string[];
  /**
   * Reads a record without parsing its line; undefined for lines that must be parsed. `line` holds one line, without blanks
   * behind it, and is not kept.
   */
  quick?(line: Buffer): JsonObject | undefined;
}

/**
 * Reads a window to its end.
 * @returns the number of lines
 */
export function scanLines(window: ByteWindow, filter: LineFilter, sink: LineSink): number {
  const lines = new Lines(filter, sink);
  let skipping = false;
  let searched = 0;
  for (;;) {
    const newline = window.bytes.subarray(searched, window.end).lastIndexOf(NEWLINE);
    if (newline >= 0) {
      const end = searched + newline + 1;
      const start = skipping ? window.bytes.indexOf(NEWLINE) + 1 : 0;
      skipping = false;
      lines.whole(window.bytes.subarray(0, end), start);
      window.discard(end);
    } else if (skipping) {
      window.discard(window.end);
    }
    searched = window.end;
    const got = window.more();
    if (got === 'end') break;
    if (got === 'full') {
      if (!skipping) sink.bad(++lines.count, TOO_LONG);
      skipping = true;
      window.discard(window.end);
      searched = 0;
    }
  }
  if (window.end > 0 && !skipping) lines.last(window.bytes.subarray(0, window.end));
  return lines.count;
}

class Lines {
  count = 0;
  readonly #filter: LineFilter;
  readonly #needles: readonly Buffer[];
  readonly #sink: LineSink;

  constructor(filter: LineFilter, sink: LineSink) {
    this.#filter = filter;
    this.#needles = filter.needles.map((needle) => Buffer.from(needle));
    this.#sink = sink;
  }

  /** Takes whole lines: the last byte is a newline. */
  whole(bytes: Buffer, from: number): void {
    const hits = this.#needles.map(() => -1);
    let start = from;
    while (start < bytes.length) {
      const end = bytes.indexOf(NEWLINE, start);
      this.count++;
      const first = this.count === 1 ? afterByteOrderMark(bytes, start) : start;
      const last = trimEnd(bytes, first, end);
      if (last > first) {
        if (this.#isHit(bytes, first, last, hits)) this.#completeLine(bytes, first, last);
        else this.#checkEnds(bytes, first, last);
      }
      start = end + 1;
    }
  }

  /** Takes what stands behind the last newline: a line still being written, or one whose writer died. */
  last(bytes: Buffer): void {
    this.count++;
    const first = this.count === 1 ? afterByteOrderMark(bytes, 0) : 0;
    const end = trimEnd(bytes, first, bytes.length);
    if (end > first) this.#parse(bytes, first, end, CUT_OFF);
  }

  /** `hits` remembers per needle where it comes next, so that each byte is searched once per needle. */
  #isHit(bytes: Buffer, start: number, end: number, hits: number[]): boolean {
    let found = hits.length === 0;
    for (let i = 0; i < hits.length; i++) {
      let hit = hits[i] as number;
      if (hit < start) {
        hit = bytes.indexOf(this.#needles[i] as Buffer, start);
        if (hit < 0) hit = bytes.length;
        hits[i] = hit;
      }
      if (hit < end) found = true;
    }
    return found;
  }

  #completeLine(bytes: Buffer, start: number, end: number): void {
    const record = this.#filter.quick?.(bytes.subarray(start, end));
    if (record !== undefined) this.#sink.record(record, this.count);
    else this.#parse(bytes, start, end, NOT_JSON);
  }

  #parse(bytes: Buffer, start: number, end: number, otherwise: string): void {
    const value = parsed(bytes.toString('utf8', start, end));
    if (isObject(value)) this.#sink.record(value, this.count);
    else
      this.#sink.bad(this.count, value === undefined && bytes[start] === OPEN_BRACE ? otherwise : NOT_OBJECT);
  }

  #checkEnds(bytes: Buffer, start: number, end: number): void {
    const first = skipBlanks(bytes, start);
    if (bytes[first] !== OPEN_BRACE) this.#sink.bad(this.count, NOT_OBJECT);
    else if (bytes[end - 1] !== CLOSE_BRACE) this.#sink.bad(this.count, CUT_OFF);
  }
}

/** The value of a JSON text, or undefined when it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;

function trimEnd(bytes: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && isBlank(bytes[last - 1])) last--;
  return last;
}

function skipBlanks(bytes: Buffer, start: number): number {
  let first = start;
  while (isBlank(bytes[first])) first++;
  return first;
}

function afterByteOrderMark(bytes: Buffer, start: number): number {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf ? start + 3 : start;
}
