/**
 * A window over the bytes of a file: reads forward into one buffer that is reused, so that memory stays flat whatever the
 * size of the file. Not a stream: reading is synchronous, which is what a scan at the speed of memory wants.
 */

/** Where bytes come from. */
export interface ByteSource {
  /** Reads at most `length` bytes into `into` at `offset`; 0 at the end. */
  read(into: Buffer, offset: number, length: number): number;
}

/** Bytes read at once. Small enough to stay in a processor's cache while the bytes are searched. */
export const CHUNK_BYTES = 1024 * 1024;
/** The longest line, and the largest single value of a document, that is held in memory: 64 MiB. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** The unread bytes of a source: `bytes[0]` to `bytes[end - 1]`. */
export class ByteWindow {
  bytes: Buffer;
  end = 0;
  readonly #source: ByteSource;
  readonly #maxBytes: number;
  #ended = false;

  /**
   * @param buffer reused between files; replaced by a larger one when a line needs it
   * @param maxBytes the window never grows beyond
   */
  constructor(source: ByteSource, buffer: Buffer, maxBytes: number) {
    this.#source = source;
    this.bytes = buffer;
    this.#maxBytes = maxBytes;
  }

  /** Reads on behind what is there. `full`: the window has its largest size and nothing was discarded. */
  more(): 'read' | 'end' | 'full' {
    if (this.#ended) return 'end';
    if (this.end === this.bytes.length && !this.#grow()) return 'full';
    const count = this.#source.read(this.bytes, this.end, this.bytes.length - this.end);
    this.#ended = count === 0;
    this.end += count;
    return count === 0 ? 'end' : 'read';
  }

  /** Forgets the first bytes. */
  discard(count: number): void {
    this.bytes.copyWithin(0, count, this.end);
    this.end -= count;
  }

  #grow(): boolean {
    const size = Math.min(this.bytes.length * 2, this.#maxBytes);
    if (size <= this.bytes.length) return false;
    const larger = Buffer.allocUnsafe(size);
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
    return true;
  }
}
