/**
 * The built-in packages: credits bought once, which never expire.
 *
 * Source: contract 4.
 */
import type { PackageRow } from '../core/catalogue.ts';
import { MICRO, type Microcredits } from '../core/credits.ts';

const credits = (whole: number): Microcredits => (whole * MICRO) as Microcredits;

/** Every built-in package, smallest first; price in US cents. */
export const PACKAGES = [
  { id: '500', from: 0, credits: credits(500), priceCents: 500, retired: false },
  { id: '2000', from: 0, credits: credits(2_000), priceCents: 1_800, retired: false },
] as const satisfies readonly PackageRow[];
