/**
 * The built-in plans. Welcome credits are not part of a plan: they are granted once per account, whatever the plan.
 *
 * Source: contract 4.
 */
import type { PlanRow } from '../core/catalogue.ts';
import { MICRO, type Microcredits } from '../core/credits.ts';

const credits = (whole: number): Microcredits => (whole * MICRO) as Microcredits;

/** Every built-in plan, cheapest first; credits a month, price a month in US cents. */
export const PLANS = [
  { id: 'free', name: 'Free', from: 0, monthly: credits(0), priceCents: 0 },
  { id: 'pro', name: 'Pro', from: 0, monthly: credits(1_000), priceCents: 1_200 },
  { id: 'harness', name: 'Harness', from: 0, monthly: credits(5_000), priceCents: 3_900 },
  { id: 'team', name: 'Team', from: 0, monthly: credits(10_000), priceCents: 7_900 },
] as const satisfies readonly PlanRow[];
