/** An estimate as the fields of `credits.estimate/v1`. Source: contract 6. */
import { toJsonCredits } from '../../core/credits.ts';
import { type Estimate, type Funds, isAffordable } from '../../core/estimate.ts';

const orNull = <Value, Shown>(value: Value | null, show: (value: Value) => Shown): Shown | null =>
  value === null ? null : show(value);

/**
 * The fields of one estimate. Credits and rates are numbers, tokens whole numbers; `available` and `affordable` are null
 * without a ledger, `worstCase` where no maximum is known, `rates` and `listCredits` without a price.
 */
export function estimateFields(estimate: Estimate, funds: Funds | null): object {
  const { input, paid } = estimate;
  return {
    model: estimate.model,
    provider: estimate.provider,
    inputTokens: input.tokens,
    cachedTokens: estimate.cachedTokens,
    cacheWriteTokens: estimate.cacheWriteTokens,
    outputTokens: estimate.outputTokens,
    inputMethod: input.method,
    method: input.how,
    rates: orNull(paid, (card) => ({ input: Number(card.input), output: Number(card.output) })),
    inputCredits: toJsonCredits(estimate.inputCredits),
    outputCredits: toJsonCredits(estimate.outputCredits),
    credits: toJsonCredits(estimate.credits),
    low: toJsonCredits(estimate.low),
    high: toJsonCredits(estimate.high),
    worstCase: orNull(estimate.worstCase, toJsonCredits),
    listCredits: orNull(estimate.listCredits, toJsonCredits),
    byok: estimate.byok,
    available: orNull(funds, ({ available }) => toJsonCredits(available)),
    affordable: orNull(funds, (has) => isAffordable(estimate, has)),
  };
}
