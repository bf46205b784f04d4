/**
 * The input of an import as a file that can be read twice: once for its hash, once for its lines. What is no regular file
 * (standard input, a named pipe) is first copied to a temporary file that only we can reach and that has no name any more
 * when we read it, so that nothing is left behind however the process ends.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';

/** Bytes read at once. */
const BLOCK = 1 << 18;

/** An open input. `bytes` is its length when it was hashed; what is appended later is not read. */
export interface ImportInput {
  readonly bytes: number;
  /** SHA-256 of those bytes, hex. */
  readonly hash: string;
  /** Its blocks, in order. Each block is valid until the next is asked for. */
  blocks(): Generator<Buffer>;
  close(): void;
}

function* blocksOf(file: number, bytes: number): Generator<Buffer> {
  const block = Buffer.allocUnsafe(BLOCK);
  let at = 0;
  while (at < bytes) {
    const got = readSync(file, block, 0, Math.min(BLOCK, bytes - at), at);
    if (got === 0) return;
    at += got;
    yield block.subarray(0, got);
  }
}

function describe(file: number, bytes: number, hash: Hash): ImportInput {
  return {
    bytes,
    hash: hash.digest('hex'),
    blocks: () => blocksOf(file, bytes),
    close: () => closeSync(file),
  };
}

/**
 * Opens a file.
 * @returns undefined when it is no regular file and must be copied first
 */
export function openFile(name: string): ImportInput | undefined {
  // Opening a named pipe waits for its writer, deaf to Ctrl-C: look before.
  const before = statSync(name);
  if (before.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  if (!before.isFile()) return undefined;
  const file = openSync(name, 'r');
  try {
    const facts = fstatSync(file);
    const hash = createHash('sha256');
    for (const block of blocksOf(file, facts.size)) hash.update(block);
    return describe(file, facts.size, hash);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Copies a stream to a nameless temporary file and opens that. */
export async function openStream(stream: Readable): Promise<ImportInput> {
  const folder = mkdtempSync(path.join(tmpdir(), 'credits-import-'));
  const name = path.join(folder, 'input.jsonl');
  let file: number;
  try {
    file = openSync(name, 'wx+', 0o600);
    unlinkSync(name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      const block = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      hash.update(block);
      writeAll(file, block);
      bytes += block.length;
    }
    return describe(file, bytes, hash);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function writeAll(file: number, block: Buffer): void {
  for (let done = 0; done < block.length; ) done += writeSync(file, block, done);
}
