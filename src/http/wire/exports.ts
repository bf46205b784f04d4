/** Rows of exports on the wire. Lines of a whole ledger travel as they are: its hashes cover them. Source: contract 6. */
import * as z from 'zod';
import type { LedgerLine } from '../../ledger/service.ts';
import { count, credits, instant, text } from './primitives.ts';
import { entryFields, lot } from './views.ts';

export const usageRow = z.object({
  account: text,
  receipt: text,
  at: instant,
  bookedAt: instant,
  model: text.nullable(),
  provider: text.nullable(),
  inputTokens: count,
  cachedTokens: count,
  cacheWriteTokens: count,
  outputTokens: count,
  toolCalls: count,
  activity: text.nullable(),
  session: text.nullable(),
  run: text.nullable(),
  byok: z.boolean(),
  credits,
  listCredits: credits.nullable(),
  hold: text.nullable(),
  key: text.nullable(),
  note: text.nullable(),
});

export const entryRow = z.object({
  account: text,
  ...entryFields,
  receiptKind: text,
  key: text.nullable(),
});

export const lotRow = z.object({
  account: text,
  ...lot.shape,
  endKind: z.enum(['expired', 'revoked']).nullable(),
});

export const ledgerLine = z.custom<LedgerLine>(() => true).meta({ type: 'object' });
