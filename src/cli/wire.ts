/** Placeholder until the ledger can be opened. */
import { LedgerError } from '../core/errors.ts';
import type { Wire } from './wire-types.ts';

export const wire: Wire = {
  open: async (options) => {
    throw new LedgerError('no_ledger', `there is no ledger at ${options.db}`, {
      hint: 'make one with `credits init`',
    });
  },
  create: async () => {
    throw new LedgerError('internal', 'ledgers cannot be made yet');
  },
};
