/**
 * Many rate cards at once: the models of a list that are new, and a dated row for every price that changed. One setting
 * receipt for all of it.
 *
 * Source: contract 4, 5.11, 6 (`models import`, `models sync`).
 */
import { planImport } from '../catalog/import-plan.ts';
import { type ListedModel, misfitOf } from '../catalog/openrouter.ts';
import { invalid } from '../core/errors.ts';
import { rateColumns } from '../core/rate-columns.ts';
import type { Rates } from '../core/rates.ts';
import type { LocalDeps } from './local-deps.ts';
import { canonicalRates, changeSettings } from './local-settings.ts';
import type { SettingView, WriteOptions } from './service.ts';
import type { SettingRow } from './store.ts';

/**
 * Books a list.
 * @param listed models by their full ids, rates as canonical decimal text; null: listed without a price
 * @throws LedgerError `key_reused`, `invalid_argument` (a model that no list reads like that, or whose id another one is called
 *   by; nothing is booked then)
 */
export async function importModels(
  deps: LocalDeps,
  listed: readonly ListedModel[],
  options: WriteOptions,
): Promise<SettingView> {
  const models = checked(listed);
  return changeSettings(
    deps,
    ['import', listed],
    (catalogue, now) => {
      const { added, changed, taken } = planImport(catalogue, models, now);
      for (const { listed: model, by } of taken) {
        throw invalid(`model ${JSON.stringify(model.id)}: ${by} is called so already`);
      }
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

/** The list with its rates as they are stored. A list may come from anywhere: what was read here is no better than that. */
function checked(listed: readonly ListedModel[]): ListedModel[] {
  const seen = new Set<string>();
  return listed.map((model) => {
    const id = model.id.toLowerCase();
    const wrong = seen.has(id) ? 'it is listed twice' : misfitOf(model);
    if (wrong !== null) throw invalid(`model ${JSON.stringify(model.id.slice(0, 200))}: ${wrong}`);
    seen.add(id);
    return { ...model, rates: model.rates === null ? null : canonicalRates(model.rates) };
  });
}

function modelRow({ id, name, provider, contextWindow, maxOutput }: ListedModel): SettingRow {
  return { table: 'model', id, name, provider, contextWindow, maxOutput };
}
