/**
 * Public ids of receipts, lots, holds and payments: `<what>_<account tag>_<number>`. The tag makes an id of one account useless in
 * another, so that a hold settled with the wrong `-a` is refused instead of closing somebody else's hold.
 */
import { LedgerError } from './errors.ts';
import type { Account } from './types.ts';

type Prefix = 'rcp' | 'lot' | 'hold' | 'pay';

const id = (prefix: Prefix, account: Pick<Account, 'tag'>, no: number): string =>
  `${prefix}_${account.tag}_${no}`;

export const receiptId = (account: Pick<Account, 'tag'>, seq: number): string => id('rcp', account, seq);
export const lotId = (account: Pick<Account, 'tag'>, no: number): string => id('lot', account, no);
export const holdId = (account: Pick<Account, 'tag'>, no: number): string => id('hold', account, no);
/** An attempt to pay, which is also the purchase that it makes. */
export const payId = (account: Pick<Account, 'tag'>, no: number): string => id('pay', account, no);

const ID = /^(lot|hold|pay)_([a-z0-9]{4,16})_([1-9]\d{0,14})$/;

/** The tag and number inside an id; undefined when the text has not that shape. */
export function readId(
  prefix: 'lot' | 'hold' | 'pay',
  text: string,
): { tag: string; no: number } | undefined {
  const match = ID.exec(text);
  if (match === null || match[1] !== prefix) return undefined;
  return { tag: match[2]!, no: Number(match[3]) };
}

/** The refusal for a purchase that is not of this account. */
export function unknownPurchase(text: string, account: string): LedgerError {
  return new LedgerError('unknown_purchase', `account ${account} has no purchase ${JSON.stringify(text)}`, {
    hint: 'list them with `credits purchases`; choose the account with -a',
  });
}

/** The refusal for an id that is not of this account. */
export function unknownId(prefix: 'lot' | 'hold', text: string, account: string): LedgerError {
  return new LedgerError(
    prefix === 'lot' ? 'unknown_lot' : 'unknown_hold',
    `account ${account} has no ${prefix} ${JSON.stringify(text)}`,
    {
      hint:
        prefix === 'lot'
          ? 'list them with `credits balance --lots`; choose the account with -a'
          : 'list them with `credits holds --all`; choose the account with -a',
    },
  );
}
