/**
 * Access tokens as the ledger's own chain makes and ends them, against who booked what. Only settings and payments say who
 * made them: a spend does not, so nothing can be derived of it.
 *
 * Of another account's receipts it is only asked whether their token was ever made. Its chain has no order with the ledger's
 * own but by times, and these may lie far off without a fault (`--now`, an account ahead of the clock).
 *
 * Source: contract 5.11 (settings book who and when), 6 (`tokens`).
 */
import type { Detail, Instant } from '../types.ts';
import type { Faults } from './faults.ts';
import type { SettingFacts } from './stored.ts';
import { instantText } from './words.ts';

/** As a receipt names it; any other actor is a user of the machine, or a part of the server. */
const NAME = /^tok_([1-9]\d{0,14})$/;

/** A request that was on its way when its token ended is still carried out; none is on its way for longer. */
const ON_ITS_WAY_MS = 3_600_000;

export class TokenAudit {
  readonly #made = new Set<number>();
  readonly #ended = new Map<number, Instant>();
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Takes rows as they were added. */
  add(rows: Iterable<SettingFacts>): void {
    for (const { table, no, token, at } of rows) {
      if (table === 'access_token' && typeof no === 'number') this.#made.add(no);
      if (table === 'access_token_end' && typeof token === 'number' && typeof at === 'number')
        this.#ended.set(token, at);
    }
  }

  /**
   * Judges who made a receipt, by the tokens there are so far.
   * @param name the receipt's, for a finding
   * @param isOrdered the receipt stands on the ledger's own chain, behind everything that was added
   */
  judge({ by }: Detail, at: Instant, name: string, isOrdered: boolean): void {
    const no = typeof by === 'string' ? NAME.exec(by)?.[1] : undefined;
    if (no === undefined) return;
    if (!this.#made.has(Number(no))) {
      this.#faults.add('tokens', `${name}: is by ${by}, which no receipt made`);
      return;
    }
    const endedAt = isOrdered ? this.#ended.get(Number(no)) : undefined;
    if (endedAt === undefined || at - endedAt <= ON_ITS_WAY_MS) return;
    const text = `is by ${by} at ${instantText(at)}, which was revoked at ${instantText(endedAt)}`;
    this.#faults.add('tokens', `${name}: ${text}`);
  }
}
