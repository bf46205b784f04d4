/** Collects what a scan left out and why, with bounded lists and exact counts. */
import type { BadLine } from './call.ts';

const MAX_LISTED = 100;

/** The running account of one scan; `ScanReport` is made of it. */
export class ReportBuilder {
  readonly badLines: BadLine[] = [];
  badLineCount = 0;
  duplicates = 0;
  synthetic = 0;
  readonly unknownFormat: string[] = [];

  /** Notes a line that could not be used; the first 100 are listed, all are counted. */
  bad(file: string, line: number, reason: string): void {
    this.badLineCount++;
    if (this.badLines.length < MAX_LISTED) this.badLines.push({ file, line, reason });
  }
}
