/**
 * Reads a few fields out of a JSON object and walks over the rest: for lines of a known shape of which most is not wanted.
 * Not a parser: whatever it does not expect it gives back undefined for, and the caller parses the line as a whole.
 */

/** Reads a wanted value its own way: the value and where it ends, or undefined to give up. */
export type Skim = (
  bytes: Buffer,
  at: number,
) => { readonly value: unknown; readonly end: number } | undefined;

/** Wanted fields: `true` for a text, number or literal, an object for fields inside one. */
export interface Wanted {
  readonly [key: string]: true | Wanted | Skim;
}

interface Field {
  readonly name: string;
  readonly bytes: Buffer;
  readonly take: true | Skim | readonly Field[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Prepares a reader for objects written without blanks.
 * @returns the wanted fields that are there, in an object of the same shape, or undefined when the bytes have to be parsed
 */
export function createPicker(wanted: Wanted): (bytes: Buffer) => Record<string, unknown> | undefined {
  const fields = fieldsOf(wanted);
  return (bytes) => {
    const picker = new Picker(bytes);
    const found = picker.object(0, fields);
    return found !== undefined && picker.at === bytes.length ? found : undefined;
  };
}

function fieldsOf(wanted: Wanted): Field[] {
  return Object.entries(wanted).map(([name, take]) => ({
    name,
    bytes: Buffer.from(name),
    take: typeof take === 'object' ? fieldsOf(take) : take,
  }));
}

class Picker {
  /** Where the last value ended. */
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  object(from: number, fields: readonly Field[]): Record<string, unknown> | undefined {
    const bytes = this.#bytes;
    if (bytes[from] !== OPEN_OBJECT) return undefined;
    const found: Record<string, unknown> = {};
    let i = from + 1;
    if (bytes[i] === CLOSE_OBJECT) {
      this.at = i + 1;
      return found;
    }
    for (;;) {
      if (bytes[i] !== QUOTE) return undefined;
      const keyEnd = this.#stringEnd(i + 1);
      if (bytes[keyEnd + 1] !== COLON) return undefined;
      const field = this.#field(i + 1, keyEnd, fields);
      if (field === undefined) this.at = this.#skip(keyEnd + 2);
      else if (!this.#take(found, field, keyEnd + 2)) return undefined;
      if (this.at <= keyEnd) return undefined;
      const behind = bytes[this.at];
      i = this.at + 1;
      if (behind === CLOSE_OBJECT) {
        this.at = i;
        return found;
      }
      if (behind !== COMMA) return undefined;
    }
  }

  #field(start: number, end: number, fields: readonly Field[]): Field | undefined {
    const bytes = this.#bytes;
    next: for (const field of fields) {
      const key = field.bytes;
      if (key.length !== end - start) continue;
      for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) continue next;
      return field;
    }
    return undefined;
  }

  /** Puts a wanted value into `found`; false when it has to be parsed. */
  #take(found: Record<string, unknown>, { name, take }: Field, from: number): boolean {
    if (typeof take === 'function') {
      const skimmed = take(this.#bytes, from);
      if (skimmed === undefined) return false;
      found[name] = skimmed.value;
      this.at = skimmed.end;
      return true;
    }
    const first = this.#bytes[from];
    if (take !== true && first === OPEN_OBJECT) {
      const inner = this.object(from, take);
      found[name] = inner;
      return inner !== undefined;
    }
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) return false;
    const value = first === QUOTE ? this.#text(from) : this.#scalar(from);
    found[name] = value;
    return value !== undefined;
  }

  /** A text; only plain ASCII without escapes. */
  #text(from: number): string | undefined {
    const bytes = this.#bytes;
    let i = from + 1;
    for (; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return undefined;
    }
    if (i === bytes.length) return undefined;
    this.at = i + 1;
    return bytes.toString('latin1', from + 1, i);
  }

  /** A number or literal. */
  #scalar(from: number): unknown {
    const end = this.#scalarEnd(from);
    this.at = end;
    const bytes = this.#bytes;
    // Counts are short and whole; everything else is rare enough for the real parser.
    let value = 0;
    const isShort = end > from && end - from < 10 && (bytes[from] !== 0x30 || end === from + 1);
    for (let i = from; isShort && i < end; i++) {
      const digit = (bytes[i] as number) - 0x30;
      if (digit < 0 || digit > 9) return parsed(bytes.toString('latin1', from, end));
      value = value * 10 + digit;
    }
    return isShort ? value : parsed(bytes.toString('latin1', from, end));
  }

  /** Where the value that begins here ends; -1 when it does not. */
  #skip(from: number): number {
    const bytes = this.#bytes;
    const first = bytes[from];
    if (first === QUOTE) return this.#stringEnd(from + 1) + 1 || -1;
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return this.#scalarEnd(from);
    let depth = 0;
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) {
        i = this.#stringEnd(i + 1);
        if (i < 0) return -1;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth--;
        if (depth === 0) return i + 1;
      }
    }
    return -1;
  }

  #scalarEnd(from: number): number {
    const bytes = this.#bytes;
    let i = from;
    while (i < bytes.length && bytes[i] !== COMMA && bytes[i] !== CLOSE_OBJECT) i++;
    return i === from ? -1 : i;
  }

  /** The position of the quote that ends a text; -1 when there is none. */
  #stringEnd(from: number): number {
    const bytes = this.#bytes;
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte === QUOTE) return i;
      if (byte === BACKSLASH) i++;
      else if (byte < 0x20) return -1;
    }
    return -1;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
