/**
 * Routes that take money: packages, top-up, cards, purchases, the provider's books. Reading them is a reader's, everything
 * else an admin's. Source: contract 6, 8, 9.
 */
import * as z from 'zod';
import type { TopupInput, TopupView } from '../../ledger/service.ts';
import { type Route, route } from '../route.ts';
import * as payments from '../wire/payments.ts';
import * as prices from '../wire/prices.ts';
import { count, creditsInput, digits, instantInput, text } from '../wire/primitives.ts';
import { isRepeated } from './tops-up.ts';

const nothing = z.strictObject({}).optional();
const cents = count.min(0).max(100_000_000_000);
const limit = z.strictObject({ limit: digits(100_000_000).optional() });

const PACKAGES = [
  route({
    name: 'setPackage',
    method: 'POST',
    path: '/packages',
    summary: 'A package from an instant on',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    books: true,
    mayInventKey: true,
    body: z.strictObject({
      package: text,
      credits: creditsInput,
      priceCents: cents,
      from: instantInput.nullish(),
    }),
    output: prices.setting,
    call: (ledger, { body, options }) => ledger.setPackage({ ...body, from: body.from ?? null }, options),
  }),
  route({
    name: 'retirePackage',
    method: 'POST',
    path: '/packages/:package/retire',
    summary: 'Take a package off sale',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    books: true,
    mayInventKey: true,
    body: nothing,
    output: prices.setting,
    call: (ledger, { params, options }) => ledger.retirePackage(params.package!, options),
  }),
];

const TOPUP = [
  route({
    name: 'topup',
    method: 'GET',
    path: '/topup',
    summary: 'The policy of auto top-up, and how it stands',
    role: 'read',
    scope: 'account',
    output: payments.topup,
    call: (ledger, { account }) => ledger.topup(account),
  }),
  route({
    name: 'setTopup',
    method: 'POST',
    path: '/topup',
    summary: 'Change the policy; what it makes due is bought behind the answer',
    role: 'admin',
    scope: 'account',
    writes: true,
    topsUp: (answer) => (answer as TopupView).enabled && !isRepeated(answer),
    books: true,
    body: payments.topupInput,
    output: payments.topup,
    call: (ledger, { account, body, options }) => ledger.setTopup(account, body as TopupInput, options),
  }),
  route({
    name: 'topup.run',
    method: 'POST',
    path: '/topup/run',
    summary: 'Make the top-up that is due',
    role: 'admin',
    scope: 'account',
    writes: true,
    body: nothing,
    output: payments.topupRun,
    call: (ledger, { account, options }) => ledger.runTopup(account, { dryRun: options.dryRun === true }),
  }),
  route({
    name: 'ledger.topup.run',
    method: 'POST',
    path: '/ledger/topup/run',
    summary: 'Make the top-ups that are due, of every account',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    slow: true,
    body: nothing,
    output: payments.topupRun,
    call: (ledger, { options }) => ledger.runTopup(null, { dryRun: options.dryRun === true }),
  }),
  route({
    name: 'topupHistory',
    method: 'GET',
    path: '/topup/history',
    summary: 'The newest automatic attempts, oldest first',
    role: 'read',
    scope: 'account',
    query: limit,
    output: payments.attempts,
    call: async (ledger, { account, query }) => ({
      attempts: await ledger.topupHistory(account, query.limit ?? null),
    }),
  }),
];

const CARDS = [
  route({
    name: 'card',
    method: 'GET',
    path: '/card',
    summary: 'The saved card',
    role: 'read',
    scope: 'account',
    output: payments.card,
    call: (ledger, { account }) => ledger.card(account),
  }),
  route({
    name: 'addCard',
    method: 'POST',
    path: '/card',
    summary: 'Save a card: on a page of the provider, or a test method by name',
    role: 'admin',
    scope: 'account',
    writes: true,
    books: true,
    body: z.strictObject({ method: text.nullish() }),
    output: payments.card,
    call: (ledger, { account, body, options }) => ledger.addCard(account, body.method ?? null, options),
  }),
  route({
    name: 'finishCard',
    method: 'POST',
    path: '/card/finish',
    summary: 'Look whether the page was completed',
    role: 'admin',
    scope: 'account',
    body: nothing,
    output: payments.card,
    call: (ledger, { account }) => ledger.finishCard(account),
  }),
  route({
    name: 'removeCard',
    method: 'POST',
    path: '/card/remove',
    summary: 'Forget the saved card',
    role: 'admin',
    scope: 'account',
    writes: true,
    books: true,
    body: nothing,
    output: payments.card,
    call: (ledger, { account, options }) => ledger.removeCard(account, options),
  }),
];

const PURCHASES = [
  route({
    name: 'buy',
    method: 'POST',
    path: '/purchases',
    summary: 'Buy a package, on the saved card or with a pay link',
    role: 'admin',
    scope: 'account',
    writes: true,
    books: true,
    mayInventKey: true,
    body: z.strictObject({
      package: text,
      maxChargeCents: cents.nullish(),
      checkout: z.boolean().optional(),
    }),
    output: payments.purchase,
    call: (ledger, { account, body, options }) =>
      ledger.buy(
        account,
        {
          package: body.package,
          maxChargeCents: body.maxChargeCents ?? null,
          checkout: body.checkout === true,
        },
        options,
      ),
  }),
  route({
    name: 'purchases',
    method: 'GET',
    path: '/purchases',
    summary: 'Purchases and top-ups, the newest, oldest first',
    role: 'read',
    scope: 'account',
    query: limit,
    output: payments.purchases,
    call: async (ledger, { account, query }) => ({
      purchases: await ledger.purchases(account, query.limit ?? null),
    }),
  }),
  route({
    name: 'purchase',
    method: 'GET',
    path: '/purchases/:purchase',
    summary: 'One purchase',
    role: 'read',
    scope: 'account',
    output: payments.purchase,
    call: (ledger, { account, params }) => ledger.purchase(account, params.purchase!),
  }),
  route({
    name: 'syncPayments',
    method: 'POST',
    path: '/ledger/payments/sync',
    summary: 'Settle what is open with the provider, and read its events',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    slow: true,
    body: nothing,
    output: payments.sync,
    call: (ledger, { options }) => ledger.syncPayments({ dryRun: options.dryRun === true }),
  }),
  route({
    name: 'auditPayments',
    method: 'POST',
    path: '/ledger/payments/audit',
    summary: "Compare the provider's books with the ledger's",
    role: 'admin',
    scope: 'ledger',
    slow: true,
    body: nothing,
    output: payments.audit,
    call: (ledger) => ledger.auditPayments(),
  }),
];

export const PAYMENT_ROUTES: readonly Route[] = [...PACKAGES, ...TOPUP, ...CARDS, ...PURCHASES];
