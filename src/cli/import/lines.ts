/**
 * Cuts bytes into numbered lines of text. Line feeds end a line, a carriage return before one and a byte order mark at
 * the start are dropped, blank lines are counted but not given. A line that is no text is given with its problem.
 */
import { isUtf8 } from 'node:buffer';

/** Longest line, in bytes. */
export const MAX_LINE = 1 << 20;

export interface Line {
  /** From 1. */
  readonly no: number;
  readonly text: string;
  /** What makes the line unreadable; `text` is then empty. */
  readonly problem: string | null;
}

const LF = 0x0a;
const BLANK = /^\s*$/;

/** The lines of a sequence of blocks. */
export function* readLines(blocks: Iterable<Buffer>): Generator<Line> {
  let no = 0;
  let carry: Buffer = Buffer.alloc(0);
  let overlong = false;
  let first = true;

  function* cut(whole: Buffer): Generator<Line> {
    // One check and one conversion for all lines of a block; line by line only where something is wrong.
    const text = isUtf8(whole) ? whole.toString('utf8') : null;
    if (text !== null) {
      let start = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        no += 1;
        const line = toLine(no, text.slice(start, end));
        if (line !== undefined) yield line;
        start = end + 1;
      }
      return;
    }
    let start = 0;
    for (let end = whole.indexOf(LF); end >= 0; end = whole.indexOf(LF, start)) {
      no += 1;
      const bytes = whole.subarray(start, end);
      const line = isUtf8(bytes) ? toLine(no, bytes.toString('utf8')) : unreadable(no, 'not valid UTF-8');
      if (line !== undefined) yield line;
      start = end + 1;
    }
  }

  for (const given of blocks) {
    let block = given;
    if (first && block.length >= 3) {
      if (block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf) block = block.subarray(3);
      first = false;
    }
    if (overlong) {
      const end = block.indexOf(LF);
      if (end < 0) continue;
      no += 1;
      yield unreadable(no, 'longer than 1 MB');
      overlong = false;
      block = block.subarray(end + 1);
    }
    const last = block.lastIndexOf(LF);
    if (last >= 0) {
      yield* cut(Buffer.concat([carry, block.subarray(0, last + 1)]));
      carry = Buffer.from(block.subarray(last + 1));
    } else {
      carry = Buffer.concat([carry, block]);
    }
    if (carry.length > MAX_LINE) {
      overlong = true;
      carry = Buffer.alloc(0);
    }
  }
  if (overlong) yield unreadable(no + 1, 'longer than 1 MB');
  else if (carry.length > 0) yield* cut(Buffer.concat([carry, Buffer.from('\n')]));
}

const unreadable = (no: number, problem: string): Line => ({ no, text: '', problem });

function toLine(no: number, raw: string): Line | undefined {
  const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
  if (text.length > MAX_LINE) return unreadable(no, 'longer than 1 MB');
  return BLANK.test(text) ? undefined : { no, text, problem: null };
}
