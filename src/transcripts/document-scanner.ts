/**
 * Reads whole JSON documents as a stream: walks the bytes once, keeps only the values at the wanted paths, one at a time,
 * and skips the rest. A file may hold several documents behind each other, as a line-wise export does. Not a validator:
 * what is skipped is checked for its structure only.
 */
import { CUT_OFF, NOT_JSON } from './line-scanner.ts';

/** Receives what was found; lines count from 1. */
export interface DocumentSink {
  /** A value at a wanted path, the path as it was asked for. */
  value(path: string, value: unknown, line: number): void;
  bad(line: number, reason: string): void;
  /** A document ended, or was given up after `bad`. */
  close(line: number): void;
  /** A key of the document itself. */
  topKey?(key: string): void;
}

/** How a document is read. */
export interface DocumentOptions {
  /** One document per line is known from the start: a line break inside one means that it was cut off. */
  readonly lineWise: boolean;
  /** Larger values are reported and skipped. */
  readonly maxValueBytes: number;
}

interface PathNode {
  readonly children: Map<string, PathNode>;
  /** Set where a wanted path ends. */
  path?: string;
}

interface Frame {
  readonly node: PathNode;
  readonly isArray: boolean;
}

const VALUE = 0;
const AFTER = 1;
const KEY = 2;
const IN_KEY = 3;
const COLON = 4;
const CONSUME = 5;
const RESYNC = 6;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON_SIGN = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const MAX_KEY = 256;
const TOO_LARGE = 'a value is larger than the largest that is read';

function pathTree(paths: readonly string[]): PathNode {
  const root: PathNode = { children: new Map() };
  for (const path of paths) {
    let node = root;
    for (const key of path.split('.')) {
      const next = node.children.get(key) ?? { children: new Map() };
      node.children.set(key, next);
      node = next;
    }
    node.path = path;
  }
  return root;
}

/** Push the bytes in order, then `finish`. Wanted paths have at least one key and none lies inside another. */
export class DocumentScanner {
  readonly #root: PathNode;
  readonly #sink: DocumentSink;
  readonly #options: DocumentOptions;
  #lineWise: boolean;
  #state = VALUE;
  readonly #frames: Frame[] = [];
  #key = '';
  #isEscaped = false;
  #inString = false;
  #depth = 0;
  #documents = 0;
  #documentHasLines = false;
  #afterNewline = false;
  #line = 1;
  #countedTo = 0;
  #wanted: string | undefined;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #valueStart = 0;
  #valueLine = 1;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(paths: readonly string[], sink: DocumentSink, options: DocumentOptions) {
    this.#root = pathTree(paths);
    this.#sink = sink;
    this.#options = options;
    this.#lineWise = options.lineWise;
  }

  /** Lines begun so far, an empty last one included. */
  get line(): number {
    return this.#line;
  }

  /** Takes the next bytes; they are not kept. */
  push(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#countedTo = 0;
    this.#valueStart = 0;
    let i = 0;
    while (i < bytes.length) i = this.#step(i);
    if (this.#state === CONSUME) this.#keepPart(bytes.length);
    this.#countLines(bytes.length);
  }

  /** Says that no more bytes come. */
  finish(): void {
    this.#bytes = Buffer.alloc(0);
    this.#countedTo = 0;
    if (this.#frames.length > 0) this.#fail(0, CUT_OFF);
  }

  #step(i: number): number {
    switch (this.#state) {
      case CONSUME:
        return this.#consume(i);
      case IN_KEY:
        return this.#inKey(i);
      case RESYNC:
        return this.#resync(i);
      default:
        return this.#structure(i);
    }
  }

  /** One byte between values. */
  #structure(i: number): number {
    const byte = this.#bytes[i] as number;
    if (byte === NEWLINE) return this.#newline(i);
    // The byte order mark counts as blank before the first document.
    if (byte === 0x20 || byte === 0x09 || byte === 0x0d) return i + 1;
    if (byte > 0x7f && this.#documents === 0 && this.#frames.length === 0 && this.#line === 1) return i + 1;
    switch (this.#state) {
      case VALUE:
        return byte === CLOSE_ARRAY && this.#top()?.isArray ? this.#leave(i) : this.#begin(i, byte);
      case KEY:
        if (byte === CLOSE_OBJECT) return this.#leave(i);
        if (byte !== QUOTE) return this.#fail(i, NOT_JSON);
        this.#key = '';
        this.#state = IN_KEY;
        return i + 1;
      case COLON:
        if (byte !== COLON_SIGN) return this.#fail(i, NOT_JSON);
        this.#state = VALUE;
        return i + 1;
      default:
        return this.#after(i, byte);
    }
  }

  #after(i: number, byte: number): number {
    const top = this.#top();
    if (byte === COMMA) {
      this.#state = top?.isArray ? VALUE : KEY;
      return i + 1;
    }
    if (byte === (top?.isArray ? CLOSE_ARRAY : CLOSE_OBJECT)) return this.#leave(i);
    return this.#fail(i, NOT_JSON);
  }

  /** The first byte of a value. */
  #begin(i: number, byte: number): number {
    const top = this.#top();
    if (top === undefined && byte !== OPEN_OBJECT && byte !== OPEN_ARRAY) return this.#fail(i, NOT_JSON);
    if (top === undefined) {
      if (this.#documents++ > 0 && !this.#documentHasLines) this.#lineWise = true;
      this.#documentHasLines = false;
    }
    const node = top === undefined ? this.#root : child(top, this.#key);
    const isContainer = byte === OPEN_OBJECT || byte === OPEN_ARRAY;
    if (node !== undefined && node.path === undefined && isContainer) {
      const isArray = byte === OPEN_ARRAY;
      this.#frames.push({ node, isArray });
      this.#state = isArray ? VALUE : KEY;
      return i + 1;
    }
    this.#state = CONSUME;
    this.#depth = 0;
    this.#inString = false;
    this.#isEscaped = false;
    this.#wanted = node?.path;
    this.#valueStart = i;
    if (this.#wanted !== undefined) {
      this.#countLines(i);
      this.#valueLine = this.#line;
    }
    return i;
  }

  #leave(i: number): number {
    this.#frames.pop();
    this.#state = this.#frames.length === 0 ? VALUE : AFTER;
    if (this.#frames.length === 0) this.#close(i);
    return i + 1;
  }

  #inKey(from: number): number {
    const bytes = this.#bytes;
    let i = from;
    while (i < bytes.length) {
      const byte = bytes[i] as number;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE || byte < 0x20) break;
      i++;
    }
    // Keys are compared with short names only; the rest of a longer one would change nothing.
    if (this.#key.length < MAX_KEY) this.#key += bytes.toString('latin1', from, Math.min(i, from + MAX_KEY));
    if (i === bytes.length) return i;
    if (bytes[i] !== QUOTE) return this.#fail(i, NOT_JSON);
    if (this.#frames.length === 1) this.#sink.topKey?.(this.#key);
    this.#state = COLON;
    return i + 1;
  }

  /** The inside of a value that is kept or skipped as a whole. */
  #consume(from: number): number {
    const bytes = this.#bytes;
    let i = from;
    while (i < bytes.length) {
      if (this.#inString) {
        i = this.#string(i);
        if (this.#state !== CONSUME) return i;
        continue;
      }
      const byte = bytes[i] as number;
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (this.#depth === 0) return this.#endValue(i);
        if (--this.#depth === 0) return this.#endValue(i + 1);
      } else if (this.#depth === 0 && (byte === COMMA || byte <= 0x20)) return this.#endValue(i);
      else if (byte === NEWLINE && this.#lineWise) return this.#fail(i, CUT_OFF);
      else if (byte === NEWLINE) this.#documentHasLines = true;
      i++;
    }
    return i;
  }

  /** The inside of a text inside such a value. */
  #string(from: number): number {
    const bytes = this.#bytes;
    let i = this.#isEscaped ? from + 1 : from;
    this.#isEscaped = false;
    for (; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte === BACKSLASH) {
        i++;
        this.#isEscaped = i === bytes.length;
      } else if (byte === QUOTE) {
        this.#inString = false;
        return this.#depth === 0 ? this.#endValue(i + 1) : i + 1;
      } else if (byte < 0x20) return this.#fail(i, byte === NEWLINE ? CUT_OFF : NOT_JSON);
    }
    return bytes.length;
  }

  #endValue(end: number): number {
    this.#state = AFTER;
    const path = this.#wanted;
    if (path === undefined) return end;
    this.#keepPart(end);
    this.#wanted = undefined;
    if (this.#parts.length === 0) return end;
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#forgetParts();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#sink.bad(this.#valueLine, NOT_JSON);
      return end;
    }
    this.#sink.value(path, value, this.#valueLine);
    return end;
  }

  #keepPart(end: number): void {
    if (this.#wanted === undefined) return;
    this.#partBytes += end - this.#valueStart;
    if (this.#partBytes > this.#options.maxValueBytes) {
      this.#sink.bad(this.#valueLine, TOO_LARGE);
      this.#wanted = undefined;
      this.#forgetParts();
    } else this.#parts.push(Buffer.from(this.#bytes.subarray(this.#valueStart, end)));
  }

  #forgetParts(): void {
    this.#parts = [];
    this.#partBytes = 0;
  }

  #newline(i: number): number {
    if (this.#frames.length > 0) {
      if (this.#lineWise) return this.#fail(i, CUT_OFF);
      this.#documentHasLines = true;
    }
    return i + 1;
  }

  /** Gives the document up; the next one begins with the next line that opens an object. */
  #fail(i: number, reason: string): number {
    this.#countLines(i);
    this.#sink.bad(this.#line, reason);
    this.#wanted = undefined;
    this.#forgetParts();
    const wasOpen = this.#frames.length > 0;
    this.#frames.length = 0;
    if (wasOpen) this.#close(i);
    this.#state = RESYNC;
    this.#afterNewline = false;
    return i;
  }

  #resync(from: number): number {
    const bytes = this.#bytes;
    let i = from;
    while (i < bytes.length) {
      if (this.#afterNewline && bytes[i] === OPEN_OBJECT) {
        this.#state = VALUE;
        return i;
      }
      this.#afterNewline = bytes[i] === NEWLINE;
      i++;
    }
    return i;
  }

  #close(i: number): void {
    this.#countLines(i);
    this.#sink.close(this.#line);
  }

  #top(): Frame | undefined {
    return this.#frames[this.#frames.length - 1];
  }

  #countLines(end: number): void {
    let at = this.#bytes.indexOf(NEWLINE, this.#countedTo);
    while (at >= 0 && at < end) {
      this.#line++;
      at = this.#bytes.indexOf(NEWLINE, at + 1);
    }
    this.#countedTo = Math.max(this.#countedTo, end);
  }
}

function child(top: Frame, key: string): PathNode | undefined {
  return (
    top.node.children.get(top.isArray ? '*' : key) ?? (top.isArray ? undefined : top.node.children.get('*'))
  );
}
