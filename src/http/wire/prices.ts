/** The price list on the wire: its rows, from which either side makes the same look-ups. Source: contract 4, 6. */
import * as z from 'zod';
import type { Catalogue, CatalogueRows, PackageRow, PlanRow, RateRow } from '../../core/catalogue.ts';
import { createCatalogue } from '../../core/catalogue.ts';
import { count, credits, instant, text } from './primitives.ts';
import { receipt } from './views.ts';

const prices = {
  input: text,
  output: text,
  cacheRead: text.nullable(),
  cacheWrite: text.nullable(),
};

/** Credits per 1K tokens as exact decimal text; `tiers`: what long inputs cost. */
export const tiers = z.array(z.object({ above: count, ...prices }));

export const rates = z
  .object({ ...prices, tiers: tiers.optional() })
  .meta({ description: 'credits per 1K tokens, as exact decimal text' });

export const model = z.object({
  id: text,
  name: text,
  provider: text,
  aliases: z.array(text),
  contextWindow: count.nullable(),
  maxOutput: count.nullable(),
});

const planRow = z.codec(
  z.object({ id: text, name: text, from: instant, monthlyCredits: credits, priceCents: count }),
  z.custom<PlanRow>(),
  {
    decode: ({ monthlyCredits: monthly, ...row }) => ({ ...row, monthly }),
    encode: ({ monthly: monthlyCredits, ...row }) => ({ ...row, monthlyCredits }),
  },
);

const packageRow = z.object({ id: text, from: instant, credits, priceCents: count, retired: z.boolean() });
const rateRow = z.object({ no: count, model: text, from: instant, rates: rates.nullable() });

export const plans = z.object({ plans: z.array(planRow) });
export const packages = z.object({ packages: z.array(packageRow) });

const rows = z.object({
  models: z.array(model),
  rates: z.array(rateRow),
  plans: z.array(planRow),
  packages: z.array(packageRow),
});

/** What a codec reads back is a row again, optional fields and all. */
interface RowsRead {
  readonly models: CatalogueRows['models'];
  readonly rates: readonly RateRow[];
  readonly plans: readonly PlanRow[];
  readonly packages: readonly PackageRow[];
}

export const catalogue = z.codec(rows, z.custom<Catalogue>(), {
  decode: (list) => createCatalogue(list as RowsRead),
  encode: (list) => list.rows as never,
});

export const setting = z.object({ receipt, catalogue });
