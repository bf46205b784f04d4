/** Refusals about keys. Source: contract 5.7. */
import { LedgerError } from '../core/errors.ts';

/** The refusal of a key that was used for another request. */
export const keyReused = (key: string): LedgerError =>
  new LedgerError('key_reused', `the key ${JSON.stringify(key)} was used for another request`, {
    hint: 'use a new key for a new request; repeat a request with exactly its own words',
    details: { key },
  });
