/** Sums over a whole ledger: they can pass what a number counts exactly, so they are BigInt. */
import { formatCredits } from '../credits.ts';
import type { Faults } from './faults.ts';

/** Where the credits of all lots are, and what all accounts owe. */
export const SUMS = ['granted', 'available', 'held', 'spent', 'expired', 'revoked', 'debt'] as const;
export type SumName = (typeof SUMS)[number];

/** Small enough that adding one more amount stays exact. */
const FLUSH_AT = 2 ** 52;

/** A sum of amounts. Numbers are gathered and added to the BigInt seldom: a BigInt for each entry is slow. */
class Sum {
  #whole = 0n;
  #part = 0;

  add(amount: number): void {
    // Values by hand may be anything; they are found elsewhere.
    if (!Number.isSafeInteger(amount)) return;
    this.#part += amount;
    if (this.#part > FLUSH_AT || this.#part < -FLUSH_AT) this.#flush();
  }

  #flush(): void {
    this.#whole += BigInt(this.#part);
    this.#part = 0;
  }

  get value(): bigint {
    this.#flush();
    return this.#whole;
  }
}

const sums = (): Record<SumName, Sum> =>
  Object.fromEntries(SUMS.map((name) => [name, new Sum()])) as Record<SumName, Sum>;

/** Both sides: what the entries say, and what the rows of lots and accounts say. */
export class LedgerTotals {
  readonly entries = sums();
  readonly lots = sums();
  readonly accounts = sums();

  /** Compares the three, and the law of conservation in sum. */
  compare(faults: Faults): void {
    const say = (whose: string, name: SumName, stored: bigint, folded: bigint): void => {
      if (stored === folded) return;
      const text = `${name} is ${formatCredits(stored)}, the entries say ${formatCredits(folded)}`;
      faults.add('ledger_total', `${whose} of the ledger together: ${text}`);
    };
    for (const name of SUMS) {
      const folded = this.entries[name].value;
      if (name !== 'debt') say('the lots', name, this.lots[name].value, folded);
      if (name === 'available' || name === 'held' || name === 'debt') {
        say('the accounts', name, this.accounts[name].value, folded);
      }
    }
    const { granted, available, held, spent, expired, revoked } = this.entries;
    const places = available.value + held.value + spent.value + expired.value + revoked.value;
    if (granted.value !== places) {
      const text = `${formatCredits(granted.value)} were granted, ${formatCredits(places)} are somewhere`;
      faults.add('ledger_total', `the entries of the ledger together: ${text}`);
    }
  }
}
