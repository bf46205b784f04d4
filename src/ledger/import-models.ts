/**
 * Many rate cards at once: the models of a list that are new, and a dated row for every price that changed. One setting
 * receipt for all of it.
 *
 * Source: contract 4, 5.11, 6 (`models import`, `models sync`).
 */
import { planImport } from '../catalog/import-plan.ts';
import type { ListedModel } from '../catalog/openrouter.ts';
import { rateColumns } from '../core/rate-columns.ts';
import type { Rates } from '../core/rates.ts';
import type { LocalDeps } from './local-deps.ts';
import { changeSettings } from './local-settings.ts';
import type { SettingView, WriteOptions } from './service.ts';
import type { SettingRow } from './store.ts';

/**
 * Books a list.
 * @param listed models by their full ids, rates as canonical decimal text; null: listed without a price
 * @throws LedgerError `key_reused`
 */
export function importModels(
  deps: LocalDeps,
  listed: readonly ListedModel[],
  options: WriteOptions,
): Promise<SettingView> {
  return changeSettings(
    deps,
    ['import', listed],
    (catalogue, now) => {
      const { added, changed } = planImport(catalogue, listed, now);
      let no = catalogue.rows.rates.reduce((most, rate) => Math.max(most, rate.no), 0);
      const rate = (model: string, rates: Rates | null): SettingRow => {
        no += 1;
        return { table: 'rate', no, model, from: now, ...rateColumns(rates) };
      };
      return [
        ...added.flatMap((model): SettingRow[] => [
          modelRow(model),
          // A model that never had a price needs no row to say so.
          ...(model.rates === null ? [] : [rate(model.id, model.rates)]),
        ]),
        ...changed.map((change) => rate(change.listed.id, change.listed.rates)),
      ];
    },
    options,
  );
}

function modelRow({ id, name, provider, contextWindow, maxOutput }: ListedModel): SettingRow {
  return { table: 'model', id, name, provider, contextWindow, maxOutput };
}
