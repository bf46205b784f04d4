/**
 * Spends that are only tried, any number of them, as if those before had been booked. A dry run is one transaction that is
 * rolled back, and a transaction has room for so many lines: so each part of them is tried behind what the parts before it
 * would have taken of its accounts, in one piece, and behind the spends whose keys it repeats. Nothing is written.
 */
import { add, creditsFromJson, MAX_INPUT, type Microcredits, micro, ZERO } from '../core/credits.ts';
import type { ItemResult, LedgerService, SpendItem } from '../ledger/service.ts';

/** Lines tried together: with what stands before them they fit into one group of a server's (1,024). */
const PART = 256;
/** How often a part is tried again because others spent meanwhile. */
const TRIES = 3;

export interface TrialOptions {
  /** Begins the keys of what is tried again; no request has such a key. */
  readonly prefix: string;
  /** Spends whose key a later line may repeat: they are kept. */
  readonly remembers: (item: SpendItem) => boolean;
  readonly part?: number;
}

/** What takes spends: a ledger, or a trial on it. */
export type Booker = Pick<LedgerService, 'spendMany'>;

/** A spend that would have been booked. */
interface Tried {
  readonly item: SpendItem;
  readonly credits: Microcredits;
}

const nameOf = ({ account, key }: SpendItem): string => JSON.stringify([account, key]);

export class Trial {
  readonly #ledger: Booker;
  readonly #options: TrialOptions;
  /** What was tried so far takes of each account. */
  readonly #taken = new Map<string, Microcredits>();
  readonly #remembered = new Map<string, Tried>();

  constructor(ledger: Booker, options: TrialOptions) {
    this.#ledger = ledger;
    this.#options = options;
  }

  /**
   * What `spendMany` would answer had every spend been booked that was tried before. Which lots a repeated spend took may be
   * told otherwise: it stands before what came before it.
   * @throws LedgerError as `spendMany`
   */
  async spendMany(items: readonly SpendItem[]): Promise<ItemResult[]> {
    const { part = PART } = this.#options;
    const results: ItemResult[] = [];
    for (let from = 0; from < items.length; from += part) {
      results.push(...(await this.#try(items.slice(from, from + part))));
    }
    return results;
  }

  async #try(items: readonly SpendItem[]): Promise<ItemResult[]> {
    for (let left = TRIES; ; left -= 1) {
      const before = this.#before(items);
      const results = await this.#ledger.spendMany([...before, ...items], { dryRun: true });
      const isShort = before.map((item, index) => this.#mindShort(item, results[index]!)).includes(true);
      if (isShort && left > 1) continue;
      const own = results.slice(before.length);
      for (const [index, item] of items.entries()) this.#take(item, own[index]!);
      return own;
    }
  }

  /** Where there is less than what was tried takes, others have spent: then nothing of it is left. */
  #mindShort({ account }: SpendItem, result: ItemResult): boolean {
    if (result.status !== 'refused' || result.error.code !== 'insufficient_credits') return false;
    this.#taken.set(account, creditsFromJson(result.error.details?.available));
    return true;
  }

  #take(item: SpendItem, result: ItemResult): void {
    if (result.status !== 'booked') return;
    const { credits } = result.receipt;
    this.#taken.set(item.account, add(this.#taken.get(item.account) ?? ZERO, credits));
    if (this.#options.remembers(item)) this.#remembered.set(nameOf(item), { item, credits });
  }

  /** What stands before some lines. */
  #before(items: readonly SpendItem[]): SpendItem[] {
    const again = new Map<string, Tried>();
    for (const item of items) {
      const tried = this.#remembered.get(nameOf(item));
      if (tried !== undefined) again.set(nameOf(item), tried);
    }
    const rest = new Map<string, number>();
    for (const { account } of items) rest.set(account, this.#taken.get(account) ?? ZERO);
    for (const { item, credits } of again.values()) rest.set(item.account, rest.get(item.account)! - credits);
    const before = [...again.values()].map(({ item }) => item);
    for (const [account, credits] of rest) {
      for (let left = credits; left > 0; left -= MAX_INPUT) {
        before.push(this.#inOnePiece(account, micro(Math.min(left, MAX_INPUT)), before.length));
      }
    }
    return before;
  }

  #inOnePiece(account: string, amount: Microcredits, no: number): SpendItem {
    const tags = { activity: null, session: null, run: null };
    return {
      account,
      key: `${this.#options.prefix}:${no}`,
      input: { amount, call: null, tags, note: null, at: null },
    };
  }
}
