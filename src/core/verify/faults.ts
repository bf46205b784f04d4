/**
 * The checks of `verify` by their stable ids, and the collector of what they find. A fault is a line of text that names
 * table, account and row; nothing here throws.
 *
 * Source: contract 6 (`verify`), 5 (the rules).
 */

/** Every check, in the order in which they are shown. Ids are stable: never rename one. */
export const CHECKS = [
  'entry_effect',
  'ledger_total',
  'lot_places',
  'projection',
  'running_balance',
  'not_negative',
  'release_home',
  'not_after_expiry',
  'grant_once',
  'price',
  'usage',
  'hold_once',
  'hold_lapse',
  'key_once',
  'burn_order',
  'cycle_tiling',
  'closed',
  'payment',
  'sequence',
  'chain',
  'settings',
  'tokens',
  'storage',
  'append_only',
  'schema',
  'heads',
] as const;

export type CheckId = (typeof CHECKS)[number];

/** Tells a check's id from other text. */
export const isCheck = (text: string): text is CheckId => (CHECKS as readonly string[]).includes(text);

/** Most counter-examples of one check. */
export const MOST_EXAMPLES = 20;
/** Most of them from one account, so that one bad account does not hide the next. */
const MOST_OF_ONE_ACCOUNT = 10;

interface Found {
  readonly lines: string[];
  ofAccount: number;
}

/** What was found so far. */
export class Faults {
  readonly #found = new Map<string, Found>();

  /** Starts the next account, or whatever may have as many examples of its own. */
  next(): void {
    for (const found of this.#found.values()) found.ofAccount = 0;
  }

  /** Notes a counter-example; beyond the cap it only counts as a failure. */
  add(check: CheckId, line: string): void {
    let found = this.#found.get(check);
    if (found === undefined) {
      found = { lines: [], ofAccount: 0 };
      this.#found.set(check, found);
    }
    if (found.lines.length >= MOST_EXAMPLES || found.ofAccount >= MOST_OF_ONE_ACCOUNT) return;
    found.ofAccount += 1;
    found.lines.push(line);
  }

  get none(): boolean {
    return this.#found.size === 0;
  }

  /** The counter-examples of a check; undefined: it holds. */
  linesOf(check: CheckId): readonly string[] | undefined {
    return this.#found.get(check)?.lines;
  }
}
