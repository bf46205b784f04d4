/** Payments on the wire. Money in minor units beside its currency; never a number of a card. Source: contract 6, 9. */
import * as z from 'zod';
import { ATTEMPT_STATUSES } from '../../core/wallet.ts';
import type { TopupView } from '../../ledger/service.ts';
import { count, credits, creditsInput, dueFields, instant, refusal, renamed, text } from './primitives.ts';
import { receipt } from './views.ts';

const provider = z.enum(['stripe', 'simulated']);
const status = z.enum(ATTEMPT_STATUSES);
const kind = z.enum(['auto', 'manual']);

const savedCard = z.object({
  paymentMethod: text,
  brand: text,
  last4: text,
  expMonth: count,
  expYear: count,
});

const state = z.enum([
  ...(['off', 'no_card', 'needs_action', 'in_flight'] as const),
  ...(['cooling_down', 'limit_reached', 'due', 'ready'] as const),
]);

export const topup = renamed<TopupView>(
  z.object({
    account: text,
    timezone: text,
    enabled: z.boolean(),
    threshold: credits.nullable(),
    amount: credits.nullable(),
    priceCents: count.nullable(),
    monthlyLimitCents: count.nullable(),
    usedThisMonthCents: count,
    currency: text,
    state,
    reason: text.nullable(),
    coolUntil: instant.nullable(),
    paymentMethod: savedCard.nullable(),
    available: credits,
    receipt: receipt.nullable(),
  }),
  { zone: 'timezone' },
);

/** What is changed of the policy; what is left out stays. */
export const topupInput = z.strictObject({
  threshold: creditsInput.optional(),
  amount: creditsInput.optional(),
  limitCents: count.min(0).max(100_000_000_000).nullable().optional(),
  enabled: z.boolean().optional(),
});

const attempt = z.object({
  attempt: text,
  account: text,
  kind,
  at: instant,
  status,
  credits,
  amountCents: count,
  currency: text,
  mix: text,
  reason: text.nullable(),
  clawed: credits,
  lot: text.nullable(),
  provider,
});

export const attempts = z.object({ attempts: z.array(attempt) });

export const topupRun = z.object({
  accounts: count,
  attempts: z.array(attempt),
  failed: z.array(z.object({ account: text, error: refusal })),
  booked: z.array(z.object({ account: text, ...dueFields })).default([]),
  simulated: z.boolean(),
  state: state.nullable(),
  dryRun: z.boolean(),
});

export const card = z.object({
  account: text,
  status: z.enum(['saved', 'waiting', 'none']),
  card: savedCard.nullable(),
  provider: provider.nullable(),
  refused: z.boolean(),
  consent: z.object({ version: text, at: instant }).nullable(),
  setupUrl: text.nullable(),
  resumed: z.boolean(),
  simulated: z.boolean(),
  receipt: receipt.nullable(),
});

export const purchase = z.object({
  purchase: text,
  account: text,
  kind,
  at: instant,
  status,
  credits,
  amountCents: count,
  currency: text,
  mix: text,
  reason: text.nullable(),
  receipt: text.nullable(),
  lot: text.nullable(),
  clawed: credits,
  payUrl: text.nullable(),
  available: credits.nullable(),
  simulated: z.boolean(),
  replayed: z.boolean(),
  dryRun: z.boolean(),
});

export const purchases = z.object({ purchases: z.array(purchase) });

export const sync = z.object({
  provider,
  attempts: z.array(attempt),
  events: z.object({ read: count, applied: count }),
  granted: credits,
  clawed: credits,
  reinstated: credits,
  closed: z.array(text).default([]),
  failed: z.array(z.object({ what: text, error: refusal })),
  dryRun: z.boolean(),
});

export const audit = z.object({
  ok: z.boolean(),
  provider,
  payments: count,
  paidCents: count,
  returnedCents: count,
  differences: z.array(
    z.object({
      kind: text,
      account: text.nullable(),
      attempt: text.nullable(),
      intent: text.nullable(),
      detail: text,
    }),
  ),
});
