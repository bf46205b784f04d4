/**
 * Entries as a journal for hledger: each receipt a transaction, each entry two postings, accounts such as
 * `credits:acme:monthly:available`. Every posting says where an amount came from and went to, so that each place of each
 * source has the balance that the ledger books.
 *
 * Source: hledger's manual, section "Journal" (format); contract 5.11 (places).
 */
import { formatCredits } from '../../core/credits.ts';
import { formatInstant } from '../../core/time.ts';
import type { Place, Source } from '../../core/types.ts';
import type { EntryExport } from '../../ledger/service.ts';

const SOURCES: readonly Source[] = ['welcome', 'monthly', 'purchased', 'promotional'];
const PLACES: readonly Place[] = ['issued', 'available', 'held', 'spent', 'expired', 'revoked'];

/** A colon would make a sub-account, and `/` is in no account id. */
const nameOf = (account: string): string => account.replaceAll(':', '/');

/** The head: amounts have a point, at most 6 decimals, and one commodity. */
export const JOURNAL_HEAD = [
  '; Entries of a credits ledger. Dates are UTC. Made by `credits export --what entries --format hledger`.',
  'decimal-mark .',
  'commodity 1000.000000 credits',
  '',
  '',
].join('\n');

/** Names an account's places, so that `hledger check --strict` finds none that is not meant. */
export const accountNames = (account: string): string =>
  [
    ...SOURCES.flatMap((source) =>
      PLACES.map((place) => `account credits:${nameOf(account)}:${source}:${place}\n`),
    ),
    ...['debt', 'unpaid:spent', 'unpaid:revoked'].map(
      (name) => `account credits:${nameOf(account)}:${name}\n`,
    ),
    '\n',
  ].join('');

/** What stands behind a semicolon or a line end is no description; a bar would split it into payee and note. */
const plain = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029;|]+/g, ' ').trim();

/**
 * Debt is what was spent without a lot: `owed` books it there, and what a grant repays moves it to the new lot. So
 * `debt` is what is owed (below zero), and every sum of `spent` is right.
 */
function postings({ account, source, from, to, kind, credits, lot }: EntryExport): string {
  const amount = formatCredits(credits);
  const own = `credits:${nameOf(account)}`;
  const move = (into: string, outOf: string, comment: string): string =>
    `    ${own}:${into}  ${amount} credits  ; ${comment}\n    ${own}:${outOf}  -${amount} credits\n`;
  if (source === null) return move(`unpaid:${to}`, 'debt', kind);
  const moved = move(`${source}:${to}`, `${source}:${from}`, `${kind} ${lot}`);
  return kind === 'repaid' ? moved + move('debt', 'unpaid:spent', kind) : moved;
}

/** Transactions of entries in order; those of one receipt must come together. */
export class Journal {
  #receipt = '';
  #account = '';

  /** Text for one more entry. */
  add(entry: EntryExport): string {
    const names = entry.account === this.#account ? '' : accountNames(entry.account);
    const head = entry.receipt === this.#receipt ? '' : `${this.#gap()}${names}${headOf(entry)}`;
    this.#receipt = entry.receipt;
    this.#account = entry.account;
    return `${head}${postings(entry)}`;
  }

  #gap(): string {
    return this.#receipt === '' ? '' : '\n';
  }
}

function headOf({ at, receipt, receiptKind, note }: EntryExport): string {
  const [date, time] = formatInstant(at).split('T');
  const words = note === null ? '' : plain(note);
  return `${date} * (${receipt}) ${receiptKind}${words === '' ? '' : ` | ${words}`}  ; ${time}\n`;
}
