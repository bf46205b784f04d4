/** Answers of the HTTP API: the ledger's views as JSON, with the field names of the command line. Source: contract 6. */
import * as z from 'zod';
import type {
  AccountView,
  BalanceView,
  CycleView,
  ForecastView,
  PlanChangeView,
  PlanView,
} from '../../ledger/service.ts';
import {
  count,
  countSum,
  creditSum,
  credits,
  dueFields,
  instant,
  refusal,
  renamed,
  text,
} from './primitives.ts';

const source = z.enum(['welcome', 'monthly', 'purchased', 'promotional']);
/** Which ledger is served, and what the token that asks may do. */
export const ledger = z.object({
  mode: z.enum(['test', 'live']),
  now: instant,
  token: text,
  role: z.enum(['read', 'spend', 'admin']),
  account: text.nullable(),
});

const span = z.object({ start: instant, end: instant });

const slice = z.object({ lot: text, source, credits });

const usage = z.object({
  at: instant,
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
  listCredits: credits.nullable(),
});

export const receipt = z
  .object({
    receipt: text.nullable(),
    kind: z.enum([
      ...(['grant', 'spend', 'hold', 'settle', 'release', 'expire', 'revoke', 'rollover'] as const),
      ...(['plan_change', 'clawback', 'reinstate', 'setting'] as const),
    ]),
    account: text,
    at: instant,
    credits,
    slices: z.array(slice),
    available: credits,
    debt: credits,
    note: text.nullable(),
    replayed: z.boolean(),
    dryRun: z.boolean(),
    usage: usage.nullable(),
    hold: text.optional(),
    lot: text.optional(),
    expiresAt: instant.nullable().optional(),
    released: credits.optional(),
    overrun: credits.optional(),
    late: z.boolean().optional(),
  })
  .meta({ title: 'credits.receipt/v1' });

const amounts = {
  granted: credits,
  spent: credits,
  held: credits,
  expired: credits,
  revoked: credits,
  available: credits,
};

export const lot = z.object({
  lot: text,
  source,
  ...amounts,
  grantedAt: instant,
  expiresAt: instant.nullable(),
  endedAt: instant.nullable(),
  priority: count,
  note: text.nullable(),
});

export const balance = renamed<BalanceView>(
  z.object({
    account: text,
    plan: text,
    timezone: text,
    asOf: instant,
    available: credits,
    held: credits,
    debt: credits,
    sources: z.array(z.object({ source, ...amounts, nextExpiry: instant.nullable() })),
    cycle: span.nullable(),
    lots: z.array(lot),
    byok: z.record(text, text),
    closed: z.boolean(),
  }),
  { zone: 'timezone' },
);

export const holds = z.object({
  holds: z.array(
    z.object({
      hold: text,
      credits,
      status: z.enum(['open', 'settled', 'released', 'lapsed']),
      createdAt: instant,
      expiresAt: instant,
      model: text.nullable(),
      slices: z.array(slice),
    }),
  ),
});

export const tokenRecords = z.object({
  records: z.array(z.object({ model: text, expectedTokens: count, told: z.boolean(), usedTokens: count })),
});

const failed = z.array(z.object({ account: text, error: refusal }));

export const expiry = z.object({
  accounts: count,
  expired: credits,
  lots: z.array(text),
  holds: z.array(text),
  receipt: receipt.nullable(),
  failed,
  dryRun: z.boolean(),
});

export const cycle = renamed<CycleView>(
  z.object({
    account: text,
    timezone: text,
    plan: text,
    start: instant.nullable(),
    end: instant.nullable(),
    granted: credits.nullable(),
    next: z.object({ at: instant, credits }).nullable(),
  }),
  { zone: 'timezone' },
);

export const rollover = z.object({
  accounts: count,
  granted: creditSum,
  expired: creditSum,
  changes: z.array(
    z.object({
      account: text,
      plan: text,
      start: instant.nullable(),
      end: instant.nullable(),
      granted: credits,
      expired: credits,
      missed: count,
    }),
  ),
  failed,
  dryRun: z.boolean(),
});

const planFields = {
  account: text,
  timezone: text,
  plan: text,
  name: text,
  monthlyCredits: credits,
  priceCents: count,
  status: z.enum(['active', 'pending_payment', 'past_due', 'canceled']),
  pending: z.object({ plan: text, at: instant }).nullable(),
};
const PLAN_NAMES = { zone: 'timezone', monthly: 'monthlyCredits' };

export const plan = renamed<PlanView>(z.object(planFields), PLAN_NAMES);
export const planChange = renamed<PlanChangeView>(
  z.object({
    ...planFields,
    effectiveAt: instant,
    receipt: receipt.nullable(),
    booked: z.object(dueFields).nullable().default(null),
  }),
  PLAN_NAMES,
);

const accountFields = {
  account: text,
  plan: text,
  timezone: text,
  createdAt: instant,
  closedAt: instant.nullable(),
  available: credits,
  held: credits,
  debt: credits,
  cycle: span.nullable(),
};

export const account = renamed<AccountView>(z.object(accountFields), { zone: 'timezone' });
export const openedAccount = renamed<AccountView & { readonly receipt: string | null }>(
  z.object({ ...accountFields, receipt: text.nullable() }),
  { zone: 'timezone' },
);
export const accounts = z.object({ accounts: z.array(account) });

export const entryFields = {
  seq: count,
  receipt: text,
  at: instant,
  kind: z.enum(['granted', 'held', 'returned', 'spent', 'expired', 'revoked', 'owed', 'repaid']),
  from: z.enum(['issued', 'available', 'held', 'spent', 'expired', 'revoked', 'debt']),
  to: z.enum(['issued', 'available', 'held', 'spent', 'expired', 'revoked', 'debt']),
  lot: text.nullable(),
  source: source.nullable(),
  credits,
  available: credits,
  note: text.nullable(),
};

export const log = z.object({ entries: z.array(z.object(entryFields)) });

const usageAmounts = {
  calls: count,
  inputTokens: countSum,
  outputTokens: countSum,
  credits: creditSum,
  listCredits: creditSum.nullable(),
  unpriced: count,
};

export const USAGE_BY = [
  ...(['model', 'day', 'month', 'session', 'run', 'source', 'activity', 'account', 'provider'] as const),
] as const;

export const usageReport = renamed(
  z.object({
    account: text.nullable(),
    timezone: text,
    by: z.enum(USAGE_BY),
    since: instant,
    until: instant,
    rows: z.array(z.object({ key: text.nullable(), ...usageAmounts, trend: z.array(creditSum).nullable() })),
    total: z.object(usageAmounts),
    periods: z.array(text).nullable(),
  }),
  { zone: 'timezone' },
);

export const forecast = renamed<ForecastView>(
  z.object({
    account: text,
    plan: text,
    timezone: text,
    asOf: instant,
    available: credits,
    debt: credits,
    closed: z.boolean(),
    window: z.object({
      days: count,
      asked: count,
      since: instant,
      until: instant,
      beforeOpening: z.boolean(),
      today: z.boolean(),
      credits: creditSum,
    }),
    perDay: credits,
    runsOutAt: instant.nullable(),
    cycleDue: z.boolean(),
    expiringUnspent: z.array(z.object({ lot: text.nullable(), source, credits, at: instant })),
  }),
  { zone: 'timezone', at: 'asOf' },
);

export const byok = z.object({
  account: text,
  providers: z.array(z.object({ provider: text, env: text.nullable() })),
  receipt: receipt.nullable(),
});

const head = z.object({ seq: count, hash: text });
export const heads = z.record(text, head);

export const verification = z.object({
  ok: z.boolean(),
  accounts: count,
  entries: count,
  checks: z.array(z.object({ id: text, ok: z.boolean(), detail: z.array(text) })),
  heads,
});

/** One item of a batch. */
export const item = z.union([
  z.object({ status: z.enum(['booked', 'replayed']), receipt }),
  z.object({ status: z.literal('refused'), error: refusal }),
]);
