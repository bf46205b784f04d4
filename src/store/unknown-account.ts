/** The refusal that every engine gives for an account that is not there. */
import { LedgerError } from '../core/errors.ts';

export const unknownAccount = (id: string): LedgerError =>
  new LedgerError('unknown_account', `no account is called ${JSON.stringify(id)}`, {
    hint: 'list them with `credits accounts`, open one with `credits accounts create`',
    details: { account: id },
  });
