/** What the beginning of a file shows, for adapters to recognise their format by content. */
import { DocumentScanner } from './document-scanner.ts';
import { isObject, type JsonObject } from './json.ts';

/** Bytes that are looked at. */
export const SNIFF_BYTES = 64 * 1024;
const MAX_HEADS = 64;

/** The beginning of a file. */
export interface Sniff {
  /** The path with `/` between its parts. */
  readonly path: string;
  /**
   * The first JSON objects, at most 64: those of complete lines, and for a first object that spans more than the first
   * line its keys as far as they were seen, with undefined values.
   */
  readonly heads: readonly JsonObject[];
}

/** Looks at the first bytes of a file; never fails, whatever they are. */
export function sniff(path: string, bytes: Buffer): Sniff {
  const heads: JsonObject[] = [];
  let start = 0;
  while (heads.length < MAX_HEADS && start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    const head = parsed(bytes.toString('utf8', start, end));
    if (head !== undefined) heads.push(head);
    else if (start === 0) heads.push(topKeys(bytes));
    start = end + 1;
  }
  return { path: path.replaceAll('\\', '/'), heads };
}

function parsed(line: string): JsonObject | undefined {
  const text = line.startsWith('\uFEFF') ? line.slice(1) : line;
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The keys of an object that does not fit on one line, or not in the bytes at hand. */
function topKeys(bytes: Buffer): JsonObject {
  const keys: Record<string, undefined> = {};
  const scanner = new DocumentScanner(
    [],
    {
      value: () => undefined,
      bad: () => undefined,
      close: () => undefined,
      topKey: (key) => {
        keys[key] = undefined;
      },
    },
    { lineWise: false, maxValueBytes: 0 },
  );
  scanner.push(bytes);
  return keys;
}
