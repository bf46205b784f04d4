/** Reads one line of a ledger page word by word, with the few kinds of words that pages know. */
import { type Microcredits, parseCredits } from '../../src/core/credits.ts';
import { DAY_MS, parseInstant } from '../../src/core/time.ts';
import type { Instant } from '../../src/core/types.ts';

/** Day 0 of every page: 2026-01-01T00:00:00Z. */
export const DAY_ZERO: Instant = Date.UTC(2026, 0, 1);

const SPAN_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS };
const SPAN = /^(\d+)(ms|s|m|h|d)$/;

/** Milliseconds of `90s`, `1ms`, `30d`; undefined for other text. */
export function spanMs(text: string): number | undefined {
  const match = SPAN.exec(text);
  return match === null ? undefined : Number(match[1]) * SPAN_MS[match[2]!]!;
}

export class Words {
  readonly #words: string[];
  readonly #line: string;

  constructor(line: string) {
    this.#line = line;
    this.#words = line.trim().split(/\s+/);
  }

  /** The page is wrong, not the ledger. */
  wrong(what: string): Error {
    return new Error(`cannot read ${JSON.stringify(this.#line)}: ${what}`);
  }

  peek(): string | undefined {
    return this.#words[0];
  }

  next(what: string): string {
    const word = this.#words.shift();
    if (word === undefined) throw this.wrong(`${what} is missing`);
    return word;
  }

  /** Takes the next word if it is this one. */
  take(word: string): boolean {
    if (this.#words[0] !== word) return false;
    this.#words.shift();
    return true;
  }

  /** The word behind a keyword, or undefined when the next word is another one. */
  after(keyword: string): string | undefined {
    return this.take(keyword) ? this.next(`what follows ${keyword}`) : undefined;
  }

  end(): void {
    if (this.#words.length > 0) throw this.wrong(`nobody reads ${this.#words.join(' ')}`);
  }

  amount(): Microcredits {
    return parseCredits(this.next('an amount'));
  }

  /**
   * `day 30`, `2026-02-28`, `2026-02-28T10:00:00Z` or `now`, each with spans behind that shift it (`+2h`, `-1ms`); a shift
   * alone counts from now.
   */
  time(now: Instant): Instant {
    let at = now;
    const first = this.#words[0] ?? '';
    if (first === 'now') this.next('a time');
    else if (first === 'day') {
      this.next('a time');
      at = DAY_ZERO + Number(this.next('the number of a day')) * DAY_MS;
    } else if (/^\d{4}-/.test(first)) at = parseInstant(this.next('a time'));
    else if (!/^[+-]\d/.test(first)) throw this.wrong(`${first} is no time`);
    while (/^[+-]\d/.test(this.#words[0] ?? '')) {
      const shift = this.next('a shift');
      const span = spanMs(shift.slice(1));
      if (span === undefined) throw this.wrong(`${shift} is no shift`);
      at += shift.startsWith('-') ? -span : span;
    }
    return at;
  }
}
