/** Routes that spend and hold credits, and what there is to spend. Source: contract 6, 8. */
import * as z from 'zod';
import { assumedOutput } from '../../core/ledger/holds.ts';
import type { HoldInput, LedgerService } from '../../ledger/service.ts';
import { batchRoute, route } from '../route.ts';
import * as inputs from '../wire/inputs.ts';
import { flag, instantInput } from '../wire/primitives.ts';
import * as views from '../wire/views.ts';
import { isBooked } from './tops-up.ts';

const asOf = instantInput.optional();

/** Filled in before the request is told from others, so that a key means the same with the number given and without it. */
async function withOutput(
  ledger: LedgerService,
  { assumeOutput, ...input }: inputs.HoldBody,
): Promise<HoldInput> {
  if (assumeOutput !== true || input.call === null) return input;
  const outputTokens = assumedOutput(await ledger.catalogue(), input.call.model);
  return { ...input, call: { ...input.call, outputTokens } };
}

export const SPENDING_ROUTES = [
  route({
    name: 'spend',
    method: 'POST',
    path: '/spends',
    summary: 'Book one finished call, or an amount',
    role: 'spend',
    scope: 'account',
    writes: true,
    topsUp: isBooked,
    books: true,
    mayInventKey: true,
    body: inputs.spend,
    output: views.receipt,
    call: (ledger, { account, body, options }) => ledger.spend(account, body, options),
  }),
  batchRoute({
    name: 'spendMany',
    method: 'POST',
    path: '/spends/batch',
    summary: 'Book many spends, one JSON object a line, each under its own key',
    role: 'spend',
    scope: 'account',
    writes: true,
    topsUp: () => true,
    item: inputs.spendLine,
    line: views.item,
  }),
  route({
    name: 'hold',
    method: 'POST',
    path: '/holds',
    summary: 'Reserve credits before a call',
    role: 'spend',
    scope: 'account',
    writes: true,
    topsUp: isBooked,
    books: true,
    mayInventKey: true,
    body: inputs.hold,
    output: views.receipt,
    call: async (ledger, { account, body, options }) =>
      ledger.hold(account, await withOutput(ledger, body), options),
  }),
  route({
    name: 'settle',
    method: 'POST',
    path: '/holds/:hold/settle',
    summary: 'Close a hold with what the call used',
    role: 'spend',
    scope: 'account',
    writes: true,
    topsUp: isBooked,
    books: true,
    mayInventKey: true,
    body: inputs.settle,
    output: views.receipt,
    call: (ledger, { account, body, params, options }) =>
      ledger.settle(account, { hold: params.hold!, ...body }, options),
  }),
  route({
    name: 'release',
    method: 'POST',
    path: '/holds/:hold/release',
    summary: 'Close a hold with nothing',
    role: 'spend',
    scope: 'account',
    writes: true,
    books: true,
    mayInventKey: true,
    body: inputs.noteOnly,
    output: views.receipt,
    call: (ledger, { account, body, params, options }) =>
      ledger.release(account, { hold: params.hold!, ...body }, options),
  }),
  route({
    name: 'holds',
    method: 'GET',
    path: '/holds',
    summary: 'Open holds, or all',
    role: 'read',
    scope: 'account',
    query: z.strictObject({ all: flag.optional(), asOf }),
    output: views.holds,
    call: async (ledger, { account, query }) => ({
      holds: await ledger.holds(account, query.all === true, query.asOf ?? null),
    }),
  }),
  route({
    name: 'tokenRecords',
    method: 'GET',
    path: '/token-records',
    summary: 'What held calls were expected to take and took',
    role: 'read',
    scope: 'account',
    output: views.tokenRecords,
    call: async (ledger, { account }) => ({ records: await ledger.tokenRecords(account) }),
  }),
  route({
    name: 'balance',
    method: 'GET',
    path: '/balance',
    summary: 'What there is, by source and by lot',
    role: 'read',
    scope: 'account',
    query: z.strictObject({ asOf }),
    output: views.balance,
    call: (ledger, { account, query }) => ledger.balance(account, query.asOf ?? null),
  }),
];
