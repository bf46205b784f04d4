/** Ledger-wide settings: rows of the price list to and from the tables. */
import { type Catalogue, type CatalogueRows, createCatalogue } from '../core/catalogue.ts';
import type { Microcredits } from '../core/credits.ts';
import { ratesOf } from '../core/rate-columns.ts';
import type { SettingRow } from '../ledger/store.ts';
import type { Row, Value } from './rows.ts';
import type { StatementName } from './sqlite-statements.ts';

/** Where a setting row goes: the statement and its values. */
export function settingInsert(row: SettingRow): { statement: StatementName; values: Value[] } {
  switch (row.table) {
    case 'model':
      return {
        statement: 'insertModel',
        values: [row.id, row.name, row.provider, row.contextWindow, row.maxOutput],
      };
    case 'alias':
      return { statement: 'insertAlias', values: [row.alias, row.model] };
    case 'rate':
      return {
        statement: 'insertRate',
        values: [
          ...[row.no, row.model, row.from, row.input, row.output, row.cacheRead, row.cacheWrite],
          row.tiers ?? null,
        ],
      };
    case 'plan':
      return { statement: 'insertPlan', values: [row.id, row.name, row.from, row.monthly, row.priceCents] };
    case 'package':
      return {
        statement: 'insertPackage',
        values: [row.id, row.from, row.credits, row.priceCents, row.retired ? 1 : 0],
      };
    case 'access_token':
      return {
        statement: 'insertAccessToken',
        values: [row.no, row.hash, row.role, row.account, row.madeAt],
      };
    case 'access_token_end':
      return { statement: 'insertAccessTokenEnd', values: [row.token, row.at] };
  }
}

type Text = string | null;

/** Rows of the tables of the price list, in the order of their statements. */
export type PriceRows = Readonly<
  Record<'models' | 'aliases' | 'rates' | 'plans' | 'packages', readonly Row[]>
>;

/** The tables after some more rows. Plans and packages are numbered as they come. */
export function priceRowsWith(rows: PriceRows, more: readonly SettingRow[]): PriceRows {
  const { models, aliases, rates, plans, packages } = rows;
  const all = {
    models: [...models],
    aliases: [...aliases],
    rates: [...rates],
    plans: [...plans],
    packages: [...packages],
  };
  for (const row of more) {
    const { values } = settingInsert(row);
    if (row.table === 'model') all.models.push(values);
    else if (row.table === 'alias') all.aliases.push(values);
    else if (row.table === 'rate') all.rates.push(values);
    else if (row.table === 'plan') all.plans.push([all.plans.length + 1, ...values]);
    else if (row.table === 'package') all.packages.push([all.packages.length + 1, ...values]);
  }
  return all;
}

/** Rows of the tables as a price list. */
export function catalogueOf(rows: PriceRows): Catalogue {
  const aliases = new Map<string, string[]>();
  for (const [alias, model] of rows.aliases as [string, string][]) {
    aliases.set(model, [...(aliases.get(model) ?? []), alias]);
  }
  const list: CatalogueRows = {
    models: (rows.models as [string, string, string, number | null, number | null][]).map(
      ([id, name, provider, contextWindow, maxOutput]) => ({
        id,
        name,
        provider,
        aliases: aliases.get(id) ?? [],
        contextWindow,
        maxOutput,
      }),
    ),
    rates: (rows.rates as [number, string, number, Text, Text, Text, Text, Text][]).map(
      ([no, model, from, input, output, cacheRead, cacheWrite, tiers]) => ({
        no,
        model,
        from,
        rates: ratesOf({ input, output, cacheRead, cacheWrite, tiers }),
      }),
    ),
    plans: (rows.plans as [number, string, string, number, Microcredits, number][]).map(
      ([, id, name, from, monthly, priceCents]) => ({ id, name, from, monthly, priceCents }),
    ),
    packages: (rows.packages as [number, string, number, Microcredits, number, number][]).map(
      ([, id, from, credits, priceCents, retired]) => ({
        id,
        from,
        credits,
        priceCents,
        retired: retired === 1,
      }),
    ),
  };
  return createCatalogue(list);
}
