/** Routes that give and take credits: grants, ends of lots, cycles, plans, own provider keys. Source: contract 6, 8. */
import * as z from 'zod';
import { type Route, route } from '../route.ts';
import * as inputs from '../wire/inputs.ts';
import { text } from '../wire/primitives.ts';
import * as views from '../wire/views.ts';
import { hasBooked, hasChanged, hasEnded, isBooked } from './tops-up.ts';

const nothing = z.strictObject({}).optional();
const STEPS = ['grant', 'expire', 'rollover'] as const;

const cycleRoutes = STEPS.flatMap((step): Route[] => {
  const facts = {
    method: 'POST',
    role: 'admin',
    writes: true,
    slow: true,
    body: nothing,
    output: views.rollover,
  } as const;
  return [
    route({
      ...facts,
      name: `cycle.${step}`,
      path: `/cycle/${step}`,
      summary: `Run the cycle step \`${step}\` on one account`,
      scope: 'account',
      topsUp: hasChanged,
      call: (ledger, { account, options, onProgress }) =>
        ledger.runCycle(step, account, { dryRun: options.dryRun === true, onProgress }),
    }),
    route({
      ...facts,
      name: `ledger.cycle.${step}`,
      path: `/ledger/cycle/${step}`,
      summary: `Run the cycle step \`${step}\` on every account`,
      scope: 'ledger',
      call: (ledger, { options, onProgress }) =>
        ledger.runCycle(step, null, { dryRun: options.dryRun === true, onProgress }),
    }),
  ];
});

export const CREDIT_ROUTES = [
  route({
    name: 'grant',
    method: 'POST',
    path: '/grants',
    summary: 'Add a lot',
    role: 'admin',
    scope: 'account',
    writes: true,
    topsUp: isBooked,
    books: true,
    mayInventKey: true,
    body: inputs.grant,
    output: views.receipt,
    call: (ledger, { account, body, options }) => ledger.grant(account, body, options),
  }),
  route({
    name: 'revoke',
    method: 'POST',
    path: '/lots/:lot/revoke',
    summary: 'Take back what is left of a lot',
    role: 'admin',
    scope: 'account',
    writes: true,
    topsUp: isBooked,
    books: true,
    body: inputs.noteOnly,
    output: views.receipt,
    call: (ledger, { account, body, params, options }) =>
      ledger.revoke(account, { lot: params.lot!, ...body }, options),
  }),
  route({
    name: 'expireLot',
    method: 'POST',
    path: '/lots/:lot/expire',
    summary: 'End a lot now',
    role: 'admin',
    scope: 'account',
    writes: true,
    topsUp: hasEnded,
    books: true,
    body: nothing,
    output: views.expiry,
    call: (ledger, { account, params, options }) => ledger.expire(account, params.lot!, options),
  }),
  route({
    name: 'expire',
    method: 'POST',
    path: '/expire',
    summary: 'Book lapsed lots and holds of one account',
    books: true,
    role: 'admin',
    scope: 'account',
    writes: true,
    topsUp: hasEnded,
    body: nothing,
    output: views.expiry,
    call: (ledger, { account, options }) => ledger.expire(account, null, options),
  }),
  route({
    name: 'ledger.expire',
    method: 'POST',
    path: '/ledger/expire',
    summary: 'Book lapsed lots and holds of every account',
    books: true,
    role: 'admin',
    scope: 'ledger',
    writes: true,
    slow: true,
    body: nothing,
    output: views.expiry,
    call: (ledger, { options }) => ledger.expire(null, null, options),
  }),
  ...cycleRoutes,
  route({
    name: 'cycle',
    method: 'GET',
    path: '/cycle',
    summary: 'The running cycle',
    role: 'read',
    scope: 'account',
    output: views.cycle,
    call: (ledger, { account }) => ledger.cycle(account),
  }),
  route({
    name: 'plan',
    method: 'GET',
    path: '/plan',
    summary: "The account's plan",
    role: 'read',
    scope: 'account',
    output: views.plan,
    call: (ledger, { account }) => ledger.plan(account),
  }),
  route({
    name: 'setPlan',
    method: 'POST',
    path: '/plan',
    summary: 'Change the plan',
    role: 'admin',
    scope: 'account',
    writes: true,
    topsUp: hasBooked,
    books: true,
    body: z.strictObject({
      plan: text,
      mode: z.enum(['prorate', 'restart', 'next-cycle']).nullish(),
      confirmed: z
        .boolean()
        .optional()
        .meta({ description: 'yes to what it charges; only with a subscription' }),
    }),
    output: views.planChange,
    call: (ledger, { account, body, options }) =>
      ledger.setPlan(
        account,
        { plan: body.plan, mode: body.mode ?? null },
        { ...options, confirmed: body.confirmed === true },
      ),
  }),
  route({
    name: 'byok',
    method: 'GET',
    path: '/byok',
    summary: 'Providers that the account pays itself',
    role: 'read',
    scope: 'account',
    output: views.byok,
    call: (ledger, { account }) => ledger.byok(account),
  }),
  route({
    name: 'changeByok',
    method: 'POST',
    path: '/byok',
    summary: 'Add or remove a provider with a key of its own',
    role: 'admin',
    scope: 'account',
    writes: true,
    books: true,
    body: z.strictObject({
      action: z.enum(['add', 'remove']),
      provider: text,
      env: text.nullish(),
    }),
    output: views.byok,
    call: (ledger, { account, body, options }) =>
      ledger.changeByok(account, { ...body, env: body.env ?? null }, options),
  }),
];
