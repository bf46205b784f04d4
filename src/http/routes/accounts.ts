/** Routes about accounts and what happened in them. Source: contract 6, 8. */
import * as z from 'zod';
import type { UsageQuery } from '../../ledger/service.ts';
import { type Route, route } from '../route.ts';
import { accountId, digits, flag, instantInput, text } from '../wire/primitives.ts';
import * as views from '../wire/views.ts';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const range = { since: instantInput.optional(), until: instantInput.optional() };

/** A bound of a report: an instant, or a day of the report's own zone. */
const usageShape = {
  ...range,
  sinceDay: day.optional(),
  untilDay: day.optional(),
  trend: flag.optional(),
};

interface UsageWords {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly sinceDay?: string | undefined;
  readonly untilDay?: string | undefined;
  readonly trend?: boolean | undefined;
}

const bound = (at: number | undefined, name: string | undefined): UsageQuery['since'] =>
  name === undefined ? (at ?? null) : { day: name };

const usageQuery = (by: UsageQuery['by'], words: UsageWords): UsageQuery => ({
  by,
  since: bound(words.since, words.sinceDay),
  until: bound(words.until, words.untilDay),
  ...(words.trend === undefined ? {} : { trend: words.trend }),
});

export const ACCOUNT_ROUTES: readonly Route[] = [
  route({
    name: 'ledger',
    method: 'GET',
    path: '/ledger',
    summary: 'Which ledger this is, its clock, and what the token may do',
    role: 'read',
    scope: 'none',
    output: views.ledger,
    call: async (ledger, { access }) => ({
      mode: ledger.info.mode,
      now: ledger.now(),
      token: access.id,
      role: access.role,
      account: access.account,
    }),
  }),
  route({
    name: 'accounts',
    method: 'GET',
    path: '/accounts',
    summary: 'Every account by id, in pages',
    role: 'read',
    scope: 'ledger',
    query: z.strictObject({ after: text.max(128).optional(), limit: digits(1_000).optional() }),
    output: views.accounts,
    call: async (ledger, { query }) => ({
      accounts: await ledger.accounts({
        after: query.after ?? null,
        limit: query.limit ?? 100,
      }),
    }),
  }),
  route({
    name: 'openAccount',
    method: 'POST',
    path: '/accounts',
    summary: 'Open an account',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    body: z.strictObject({
      account: accountId,
      plan: text.optional(),
      timezone: text.optional(),
      anchor: instantInput.nullish(),
    }),
    output: views.openedAccount,
    call: (ledger, { body, options }) =>
      ledger.openAccount(
        {
          account: body.account,
          plan: body.plan ?? 'free',
          zone: body.timezone ?? 'UTC',
          anchorAt: body.anchor ?? null,
        },
        { dryRun: options.dryRun === true },
      ),
  }),
  route({
    name: 'account',
    method: 'GET',
    path: '/account',
    summary: 'One account',
    role: 'read',
    scope: 'account',
    output: views.account,
    call: (ledger, { account }) => ledger.account(account),
  }),
  route({
    name: 'closeAccount',
    method: 'POST',
    path: '/account/close',
    summary: 'Close an account for good',
    role: 'admin',
    scope: 'account',
    writes: true,
    books: true,
    mayInventKey: true,
    body: z.strictObject({}).optional(),
    output: views.receipt,
    call: (ledger, { account, options }) => ledger.closeAccount(account, options),
  }),
  route({
    name: 'log',
    method: 'GET',
    path: '/log',
    summary: 'Entries, the newest ones, oldest first',
    role: 'read',
    scope: 'account',
    query: z.strictObject({
      ...range,
      kind: z
        .enum(['granted', 'held', 'returned', 'spent', 'expired', 'revoked', 'owed', 'repaid'])
        .optional(),
      limit: digits(100_000_000).optional(),
    }),
    output: views.log,
    call: async (ledger, { account, query }) => ({
      entries: await ledger.log(account, {
        since: query.since ?? null,
        until: query.until ?? null,
        kind: query.kind ?? null,
        limit: query.limit ?? null,
      }),
    }),
  }),
  route({
    name: 'usage',
    method: 'GET',
    path: '/usage',
    summary: 'What was used, by model, day, session …',
    role: 'read',
    scope: 'account',
    query: z.strictObject({
      by: z.enum(views.USAGE_BY).exclude(['account']).optional(),
      ...usageShape,
    }),
    output: views.usageReport,
    call: (ledger, { account, query: { by, ...words } }) =>
      ledger.usage(account, usageQuery(by ?? 'model', words)),
  }),
  route({
    name: 'ledger.usage',
    method: 'GET',
    path: '/ledger/usage',
    summary: 'What every account used',
    role: 'read',
    scope: 'ledger',
    query: z.strictObject(usageShape),
    output: views.usageReport,
    call: (ledger, { account, query }) => ledger.usage(account, usageQuery('account', query)),
  }),
  route({
    name: 'forecast',
    method: 'GET',
    path: '/forecast',
    summary: 'Burn rate, and what will run out or expire unspent',
    role: 'read',
    scope: 'account',
    query: z.strictObject({ days: digits(3_660).optional() }),
    output: views.forecast,
    call: (ledger, { account, query }) => ledger.forecast(account, query.days ?? 30),
  }),
  route({
    name: 'verify',
    method: 'POST',
    path: '/ledger/verify',
    summary: 'Derive every balance, chain and rule again from the entries',
    role: 'read',
    scope: 'ledger',
    slow: true,
    bodyLimit: 64 << 20,
    body: z.strictObject({ heads: views.heads.optional() }).optional(),
    output: views.verification,
    call: (ledger, { body, onProgress }) =>
      ledger.verify({ ...(body?.heads === undefined ? {} : { heads: body.heads }), onProgress }),
  }),
];
