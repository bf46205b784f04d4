/**
 * Reads transcripts of agent runs: finds the files, recognises their format, and counts each call once. Synchronous and in
 * flat memory: what stays is one row per call. It prices nothing and books nothing.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { type ByteSource, ByteWindow, CHUNK_BYTES, MAX_RECORD_BYTES } from './byte-window.ts';
import type { Format, Transcripts } from './call.ts';
import { CallTable } from './call-table.ts';
import { collectFiles, type FoundFile, unreadable } from './collect-files.ts';
import { type Counted, countCalls } from './count-calls.ts';
import { DocumentScanner } from './document-scanner.ts';
import { UnusableRecord } from './json.ts';
import { scanLines } from './line-scanner.ts';
import { detect, FORMATS } from './registry.ts';
import { ReportBuilder } from './report-builder.ts';
import type { DocumentReader, DocumentShape, LineReader, LineShape, OpenFile, Scan, Shape } from './shape.ts';
import { SNIFF_BYTES, sniff } from './sniff.ts';

/** How to read. */
export interface ReadOptions {
  /** Reads every file as this format; without it each file is recognised by itself. */
  readonly format?: Format;
  /** Epoch ms; without it no call is `fresh`. */
  readonly now?: number;
  /** A file changed within this time before `now` may still be being written. Default: 10 minutes. */
  readonly freshMs?: number;
  /** Told about every chunk read: bytes so far, of all. */
  readonly onProgress?: (readBytes: number, totalBytes: number) => void;
  /** Longest line, and largest single value of a document; longer ones are reported. Default: 64 MiB. */
  readonly maxRecordBytes?: number;
  /** Bytes read at once. Default: 1 MiB. */
  readonly chunkBytes?: number;
  /** Opens a file; for tests. */
  readonly open?: (path: string) => ByteSource & { close(): void };
}

const DEFAULT_FRESH_MS = 10 * 60_000;
const HEAD_BYTES = 16 * 1024;

/**
 * Reads files and folders.
 * @param paths files, or folders that are searched for `.json` and `.jsonl`
 * @returns calls, runs and a report; a bad line stops no file, a file of an unknown format is reported by path
 * @throws LedgerError `invalid_argument` naming a path that is missing or cannot be read
 * Source: contract 7 (replay counts each call once).
 */
export function readTranscripts(paths: readonly string[], options: ReadOptions = {}): Transcripts {
  const files = collectFiles(paths);
  const reading = new Reading(files, options);
  files.forEach((file, index) => {
    reading.file(file, index);
  });
  return countCalls(reading.counted());
}

class Reading {
  readonly #scan: Scan = { calls: new CallTable(), report: new ReportBuilder() };
  readonly #files: readonly FoundFile[];
  readonly #options: ReadOptions;
  readonly #started = new Map<Shape, (file: OpenFile) => LineReader | DocumentReader>();
  readonly #byFormat: Counted['byFormat'] = {};
  readonly #freshFiles = new Set<number>();
  readonly #totalBytes: number;
  readonly #buffer: Buffer;
  #readBytes = 0;

  constructor(files: readonly FoundFile[], options: ReadOptions) {
    this.#files = files;
    this.#options = options;
    this.#buffer = Buffer.allocUnsafe(options.chunkBytes ?? CHUNK_BYTES);
    this.#totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  }

  file(found: FoundFile, index: number): void {
    const source = (this.#options.open ?? openFile)(found.path);
    try {
      const window = new ByteWindow(this.#metered(found.path, source), this.#buffer, this.#maxRecordBytes);
      this.#read(window, found, index);
    } finally {
      source.close();
    }
  }

  counted(): Counted {
    const { calls, report } = this.#scan;
    const paths = this.#files.map((file) => file.path);
    return { calls, report, files: paths, freshFiles: this.#freshFiles, byFormat: this.#byFormat };
  }

  get #maxRecordBytes(): number {
    return this.#options.maxRecordBytes ?? MAX_RECORD_BYTES;
  }

  #read(window: ByteWindow, found: FoundFile, index: number): void {
    while (window.end < SNIFF_BYTES && window.more() === 'read');
    const beginning = window.bytes.subarray(0, Math.min(window.end, SNIFF_BYTES));
    const detected = detect(sniff(path.resolve(found.path), beginning), this.#options.format);
    if (detected === undefined) {
      if (beginning.some((byte) => byte > 0x20)) this.#scan.report.unknownFormat.push(found.path);
      return;
    }
    const { format, shape } = detected;
    const file: OpenFile = {
      path: found.path,
      index,
      stem: path.parse(found.path).name,
      head: beginning.toString('latin1', 0, HEAD_BYTES),
    };
    const lines =
      shape.reads === 'lines'
        ? this.#readLines(window, shape, file)
        : this.#readDocument(window, shape, file);
    const before = this.#byFormat[format] ?? { files: 0, lines: 0 };
    this.#byFormat[format] = { files: before.files + 1, lines: before.lines + lines };
    if (FORMATS[format].grows && this.#isFresh(found)) this.#freshFiles.add(index);
  }

  #readLines(window: ByteWindow, shape: LineShape, file: OpenFile): number {
    const reader = this.#start(shape)(file) as LineReader;
    const bad = (line: number, reason: string): void => this.#scan.report.bad(file.path, line, reason);
    const lines = scanLines(window, shape, {
      record: (value, line) => usable(bad, line, () => reader.record(value, line)),
      bad,
    });
    usable(bad, lines, () => reader.end?.(lines));
    return lines;
  }

  #readDocument(window: ByteWindow, shape: DocumentShape, file: OpenFile): number {
    const reader = this.#start(shape)(file) as DocumentReader;
    const bad = (line: number, reason: string): void => this.#scan.report.bad(file.path, line, reason);
    const scanner = new DocumentScanner(
      shape.paths,
      {
        value: (wanted, value, line) => usable(bad, line, () => reader.value(wanted, value, line)),
        bad,
        close: (line) => usable(bad, line, () => reader.close?.(line)),
      },
      { lineWise: file.path.toLowerCase().endsWith('.jsonl'), maxValueBytes: this.#maxRecordBytes },
    );
    let endsInNewline = true;
    do {
      if (window.end === 0) continue;
      endsInNewline = window.bytes[window.end - 1] === 0x0a;
      scanner.push(window.bytes.subarray(0, window.end));
      window.discard(window.end);
    } while (window.more() === 'read');
    scanner.finish();
    return endsInNewline ? scanner.line - 1 : scanner.line;
  }

  /** Shapes keep what they know about duplicates over all files, so each is started once. */
  #start(shape: Shape): (file: OpenFile) => LineReader | DocumentReader {
    const known = this.#started.get(shape);
    if (known !== undefined) return known;
    const started = shape.start(this.#scan);
    this.#started.set(shape, started);
    return started;
  }

  #isFresh(file: FoundFile): boolean {
    const { now, freshMs = DEFAULT_FRESH_MS } = this.#options;
    return now !== undefined && file.changedAt > now - freshMs;
  }

  #metered(file: string, source: ByteSource): ByteSource {
    const { onProgress } = this.#options;
    return {
      read: (into, offset, length) => {
        let count: number;
        try {
          count = source.read(into, offset, length);
        } catch (error) {
          throw unreadable(file, error);
        }
        this.#readBytes += count;
        onProgress?.(this.#readBytes, Math.max(this.#totalBytes, this.#readBytes));
        return count;
      },
    };
  }
}

function usable(bad: (line: number, reason: string) => void, line: number, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof UnusableRecord)) throw error;
    bad(line, error.message);
  }
}

function openFile(file: string): ByteSource & { close(): void } {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw unreadable(file, error);
  }
  return {
    read: (into, offset, length) => readSync(descriptor, into, offset, length, null),
    close: () => closeSync(descriptor),
  };
}
