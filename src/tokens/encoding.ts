/**
 * The tokenizers, each loaded at the first text that needs it. Their rank tables take megabytes and about 0.2 s of CPU
 * to load, which commands that count no text must not pay.
 */
import { LedgerError } from '../core/errors.ts';

/** A vocabulary this program can count with exactly. */
export type EncodingName = 'o200k' | 'cl100k';

/** One loaded tokenizer. */
export interface Encoding {
  readonly name: EncodingName;
  /** Source of the pattern that splits a text into pre-tokens; for flags `gu`. */
  readonly splitPattern: string;
  /** Tokens of one pre-token; special-looking text counts as plain text. Quadratic in its length: see `guard.ts`. */
  count(text: string): number;
}

/** Loads a tokenizer by name; a test may pass its own. */
export type LoadEncoding = (name: EncodingName) => Promise<Encoding>;

const LOADERS = {
  o200k: async () => (await import('./o200k.ts')).o200k,
  cl100k: async () => (await import('./cl100k.ts')).cl100k,
} as const satisfies Record<EncodingName, () => Promise<Encoding>>;

const loaded = new Map<EncodingName, Promise<Encoding>>();

/**
 * Loads a tokenizer once per process.
 * @throws LedgerError `internal` when it cannot be loaded: a guess from the number of characters could be off by half
 */
export const loadEncoding: LoadEncoding = (name) => {
  let encoding = loaded.get(name);
  if (encoding === undefined) {
    encoding = LOADERS[name]().catch(() => {
      throw new LedgerError('internal', `the ${name} tokenizer could not be loaded`, {
        hint: 'reinstall the program, or give the count with --input-tokens',
      });
    });
    loaded.set(name, encoding);
  }
  return encoding;
};
