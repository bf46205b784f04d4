/** The price list of a new ledger as rows of its first setting receipt. Source: contract 4. */
import type { CatalogueRows } from '../core/catalogue.ts';
import { rateColumns } from '../core/rate-columns.ts';
import type { SettingRow } from './store.ts';

/** @param rows models with their aliases, rates, plans and packages */
export function settingRows({ models, rates, plans, packages }: CatalogueRows): SettingRow[] {
  return [
    ...models.map(({ aliases: _aliases, ...model }): SettingRow => ({ table: 'model', ...model })),
    ...models.flatMap((model) =>
      model.aliases.map(
        (alias): SettingRow => ({ table: 'alias', alias: alias.toLowerCase(), model: model.id }),
      ),
    ),
    ...rates.map(
      ({ no, model, from, rates: own }): SettingRow => ({
        table: 'rate',
        no,
        model,
        from,
        ...rateColumns(own),
      }),
    ),
    ...plans.map((plan): SettingRow => ({ table: 'plan', ...plan })),
    ...packages.map((row): SettingRow => ({ table: 'package', ...row })),
  ];
}
