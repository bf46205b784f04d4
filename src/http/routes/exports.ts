/** Routes that give data out, as lines of JSON while they are read. Source: contract 6 (`export`), 8. */
import type { ExportWhat } from '../../ledger/service.ts';
import { linesRoute, type Route } from '../route.ts';
import * as lines from '../wire/exports.ts';

const WHATS = {
  usage: lines.usageRow,
  entries: lines.entryRow,
  lots: lines.lotRow,
} as const satisfies Record<ExportWhat, unknown>;

export const EXPORT_ROUTES: readonly Route[] = [
  ...(Object.keys(WHATS) as ExportWhat[]).flatMap((what) => [
    linesRoute({
      name: `export.${what}`,
      method: 'GET',
      path: `/export/${what}`,
      summary: `The account's ${what}, oldest first`,
      role: 'read',
      scope: 'account',
      line: WHATS[what],
      pages: (ledger, { account }) => ledger.exportRows(what, account),
    }),
    linesRoute({
      name: `ledger.export.${what}`,
      method: 'GET',
      path: `/ledger/export/${what}`,
      summary: `The ${what} of every account, oldest first`,
      role: 'read',
      scope: 'ledger',
      line: WHATS[what],
      pages: (ledger) => ledger.exportRows(what, null),
    }),
  ]),
  linesRoute({
    name: 'ledger.export',
    method: 'GET',
    path: '/ledger/export',
    summary: 'Everything, as lines that make the same ledger again',
    role: 'read',
    scope: 'ledger',
    line: lines.ledgerLine,
    pages: (ledger) => ledger.exportLedger(),
  }),
];
