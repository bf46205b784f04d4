/**
 * What each of some simulated runs costs: the draws and prices of `simulateRuns` without its tables, for calibration and for
 * whoever wants to look at single runs.
 */
import { type Amounts, type CacheStyle, type Card, chargeBlock, prepareCard } from './cards.ts';
import { advance, createRuns, type RunOptions } from './runs.ts';

/** Which runs to price, and how. */
export interface RunCostOptions extends RunOptions {
  readonly card: Card;
  readonly cache: CacheStyle;
  /** Cap on the rounds of a run, 1 or more. */
  readonly maxRounds: number;
}

/**
 * Prices runs `start` to `start + count − 1`.
 * @returns microcredits, one per run in the order of their indexes: the same for a run however the range is cut
 * @throws LedgerError `invalid_argument` as `advance` and `chargeBlock` do
 */
export function runCosts(options: RunCostOptions): Float64Array {
  const runs = createRuns(options);
  const card = prepareCard(options.card, options.cache);
  const amounts: Amounts = {
    cost: new Float64Array(options.count),
    spent: new Float64Array(options.count),
    peaks: { cost: 0, spent: 0 },
    longResent: 0,
  };
  const onBlock = (from: number, to: number) => chargeBlock(card, runs, amounts, from, to);
  while (runs.round < options.maxRounds && advance(runs, onBlock)) {}
  const costs = new Float64Array(options.count);
  for (const [slot, spent] of amounts.spent.entries()) costs[runs.order[slot]!] = spent;
  return costs;
}
