/** Packages of the price list: dated rows, booked on the ledger's own chain. Source: contract 4, 6 (`packages`). */
import { notOnSale } from '../core/catalogue.ts';
import { ZERO } from '../core/credits.ts';
import { invalid } from '../core/errors.ts';
import type { LocalDeps } from './local-deps.ts';
import { changeSettings } from './local-settings.ts';
import type { PackageInput } from './payment-service.ts';
import type { SettingView, WriteOptions } from './service.ts';

const PACKAGE_ID = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** @throws LedgerError `invalid_argument` */
export function setPackage(
  deps: LocalDeps,
  input: PackageInput,
  options: WriteOptions,
): Promise<SettingView> {
  const id = input.package.toLowerCase();
  if (!PACKAGE_ID.test(id)) {
    throw invalid(
      `${JSON.stringify(input.package)} is no package id`,
      'letters, digits, _ and -, at most 32',
    );
  }
  const { credits, priceCents } = input;
  if (credits === ZERO) throw invalid('a package has more than 0 credits');
  // A top-up that costs nothing would keep to every limit, and a payment of nothing cannot be made.
  if (priceCents === 0) throw invalid('a package has a price', 'give credits away with `credits grant`');
  return changeSettings(
    deps,
    ['package', { ...input, package: id }],
    (_, now) => [{ table: 'package', id, from: input.from ?? now, credits, priceCents, retired: false }],
    options,
  );
}

/** @throws LedgerError `unknown_package` */
export function retirePackage(deps: LocalDeps, name: string, options: WriteOptions): Promise<SettingView> {
  const id = name.toLowerCase();
  return changeSettings(
    deps,
    ['package retire', id],
    (catalogue, now) => {
      const row = catalogue.packagesAt(now).find((each) => each.id === id);
      if (row === undefined) throw notOnSale(name);
      const { credits, priceCents } = row;
      return [{ table: 'package', id, from: now, credits, priceCents, retired: true }];
    },
    options,
  );
}
