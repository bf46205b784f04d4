/**
 * The built-in price list as rows and as look-ups. A new ledger starts with these rows; a command that needs no ledger
 * and finds none uses them as they are.
 *
 * Source: contract 4.
 */
import { type Catalogue, type CatalogueRows, createCatalogue } from '../core/catalogue.ts';
import { MODELS } from './models.ts';
import { PACKAGES } from './packages.ts';
import { PLANS } from './plans.ts';

/** The built-in rows, in force from the beginning of time; rate rows are numbered from 1 in the models' order. */
export function defaultRows(): CatalogueRows {
  return {
    models: MODELS.map(({ rates: _, ...model }) => model),
    rates: MODELS.map(({ id, rates }, index) => ({ no: index + 1, model: id, from: 0, rates })),
    plans: PLANS,
    packages: PACKAGES,
  };
}

let built: Catalogue | undefined;

/** The built-in price list; the same value every time. */
export function defaultCatalogue(): Catalogue {
  built ??= createCatalogue(defaultRows());
  return built;
}
