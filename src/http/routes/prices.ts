/** Routes about models, plans and packages. Source: contract 4, 6, 8. */
import * as z from 'zod';
import type { LedgerService } from '../../ledger/service.ts';
import { route } from '../route.ts';
import * as prices from '../wire/prices.ts';
import { count, creditsInput, instantInput, modelName, text } from '../wire/primitives.ts';

type ListedModels = Parameters<LedgerService['importModels']>[0];

export const PRICE_ROUTES = [
  route({
    name: 'catalogue',
    method: 'GET',
    path: '/catalogue',
    summary: 'The price list: models, rates, plans and packages with their dates',
    role: 'read',
    scope: 'none',
    output: prices.catalogue,
    call: (ledger) => ledger.catalogue(),
  }),
  route({
    name: 'plans',
    method: 'GET',
    path: '/plans',
    summary: 'Plans on sale',
    role: 'read',
    scope: 'none',
    output: prices.plans,
    call: async (ledger) => ({ plans: await ledger.plans() }),
  }),
  route({
    name: 'packages',
    method: 'GET',
    path: '/packages',
    summary: 'Packages on sale',
    role: 'read',
    scope: 'none',
    output: prices.packages,
    call: async (ledger) => ({ packages: await ledger.packages() }),
  }),
  route({
    name: 'definePlan',
    method: 'POST',
    path: '/plans',
    summary: 'A plan from an instant on',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    books: true,
    mayInventKey: true,
    body: z.strictObject({
      plan: text,
      monthlyCredits: creditsInput,
      priceCents: count.min(0).max(100_000_000_000),
      from: instantInput.nullish(),
    }),
    output: prices.setting,
    call: (ledger, { body: { monthlyCredits: monthly, from, ...body }, options }) =>
      ledger.definePlan({ ...body, monthly, from: from ?? null }, options),
  }),
  route({
    name: 'setModel',
    method: 'POST',
    path: '/models',
    summary: 'A dated row of rates, and the model when it is new',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    books: true,
    mayInventKey: true,
    body: z.strictObject({
      model: modelName,
      name: text.nullish(),
      provider: text.nullish(),
      input: text,
      output: text,
      cacheRead: text.nullish(),
      cacheWrite: text.nullish(),
      tiers: prices.tiers.max(100).optional(),
      from: instantInput.nullish(),
    }),
    output: prices.setting,
    call: (ledger, { body: { tiers, ...body }, options }) =>
      ledger.setModel(
        {
          ...body,
          ...(tiers === undefined ? {} : { tiers }),
          name: body.name ?? null,
          provider: body.provider ?? null,
          cacheRead: body.cacheRead ?? null,
          cacheWrite: body.cacheWrite ?? null,
          from: body.from ?? null,
        },
        options,
      ),
  }),
  route({
    name: 'aliasModel',
    method: 'POST',
    path: '/aliases',
    summary: 'Another name for a model',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    books: true,
    mayInventKey: true,
    body: z.strictObject({ alias: modelName, model: modelName }),
    output: prices.setting,
    call: (ledger, { body, options }) => ledger.aliasModel(body, options),
  }),
  route({
    name: 'importModels',
    method: 'POST',
    path: '/models/import',
    summary: 'New models, and a row for every price that changed',
    role: 'admin',
    scope: 'ledger',
    writes: true,
    books: true,
    mayInventKey: true,
    bodyLimit: 16 << 20,
    body: z.strictObject({
      models: z.array(z.strictObject({ ...prices.model.shape, rates: prices.rates.nullable() })),
    }),
    output: prices.setting,
    call: (ledger, { body, options }) => ledger.importModels(body.models as ListedModels, options),
  }),
];
