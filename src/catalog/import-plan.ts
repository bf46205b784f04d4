/** What a list of models changes in a price list: decided here, booked by the ledger, shown by the command line. */
import type { Catalogue } from '../core/catalogue.ts';
import { sameRates } from '../core/rate-columns.ts';
import type { Rates } from '../core/rates.ts';
import type { Instant } from '../core/types.ts';
import type { ListedModel } from './openrouter.ts';

/** A model whose price is another one than before; null: no price. */
export interface ChangedModel {
  readonly listed: ListedModel;
  readonly before: Rates | null;
}

/** A model that cannot be added: what it is called by names another one, and past bookings used it. */
export interface TakenModel {
  readonly listed: ListedModel;
  /** Id of the model that is called so. */
  readonly by: string;
}

/** The listed models, each in one of four places, in the list's order. */
export interface ImportPlan {
  readonly added: readonly ListedModel[];
  readonly changed: readonly ChangedModel[];
  readonly unchanged: readonly ListedModel[];
  readonly taken: readonly TakenModel[];
}

/**
 * Compares a list with the prices in force at an instant. Models are the same by id alone, without regard to case: a
 * name or a dated id that only resembles another model's must not change its price. Nor may a model take over what another
 * one is called: a name that is taken gives way to the id, an id that is taken is not added.
 */
export function planImport(catalogue: Catalogue, listed: readonly ListedModel[], at: Instant): ImportPlan {
  const known = new Map(catalogue.rows.models.map((model) => [model.id.toLowerCase(), model]));
  const added: ListedModel[] = [];
  const changed: ChangedModel[] = [];
  const unchanged: ListedModel[] = [];
  const taken: TakenModel[] = [];
  const names = new Set<string>();
  const isFree = (name: string): boolean =>
    catalogue.findNamed(name) === undefined && !names.has(name.toLowerCase());
  for (const model of listed) {
    const old = known.get(model.id.toLowerCase());
    if (old === undefined) {
      const by = catalogue.findNamed(model.id);
      const name = isFree(model.name) ? model.name : model.id;
      if (by === undefined) added.push({ ...model, name });
      else taken.push({ listed: model, by: by.id });
      names.add(name.toLowerCase());
      continue;
    }
    const before = catalogue.rateAt(old.id, at)?.rates ?? null;
    if (sameRates(before, model.rates)) unchanged.push(model);
    else changed.push({ listed: { ...model, id: old.id }, before });
  }
  return { added, changed, unchanged, taken };
}
