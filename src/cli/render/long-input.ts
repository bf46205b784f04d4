/**
 * What is said of prices that hold for a whole call once its input is long: when one applies or may apply, and when the
 * provider is known to have one that the tariff has not.
 */
import { isBelow, longPriceMissed, providerPricesOf } from '../../catalog/provider-prices.ts';
import { type CallTokens, type Rates, ratesFor } from '../../core/rates.ts';
import { count } from './amounts.ts';
import { printable } from './width.ts';

/** Input tokens of a call; `high` is the most it may be. */
interface LongInput {
  readonly tokens: number;
  readonly high: number;
}

const above = (tokens: number): string => `above ${count(tokens, 'input token')}`;

/**
 * Lines about one call.
 * @param name the model as the lines call it
 * @param words every word the model goes by, and what the user typed
 */
export function longInputNotices(
  name: string,
  words: readonly string[],
  rates: Rates,
  input: LongInput,
): string[] {
  return [...ownTier(name, rates, input), ...providerTier(words, rates, input)];
}

function ownTier(name: string, rates: Rates, { tokens, high }: LongInput): string[] {
  const tier = rates.tiers?.findLast((each) => high > each.above);
  if (tier === undefined) return [];
  const price = `every token of a call of ${name} costs ${tier.input} / ${tier.output}`;
  return [
    tokens > tier.above
      ? `${above(tier.above)} ${price}`
      : `the input may pass ${count(tier.above, 'token')}: ${above(tier.above)} ${price}`,
  ];
}

/** A known price of the provider for long inputs that the tariff does not reach. */
export function providerTier(words: readonly string[], rates: Rates, { tokens }: LongInput): string[] {
  return providerPricesOf(words).flatMap(({ name, tier, source, readOn }) => {
    if (tier === null || tokens <= tier.aboveInputTokens) return [];
    const own = ratesFor(rates, tokens);
    if (!isBelow(own.input, tier.input) && !isBelow(own.output, tier.output)) return [];
    return [
      `${above(tier.aboveInputTokens)} the provider asks ${tier.input} / ${tier.output} for ${name}, and the tariff is ${own.input} / ${own.output} (${source}, ${readOn})`,
    ];
  });
}

/** A call as a receipt has it. */
interface BookedCall extends CallTokens {
  readonly model: string | null;
  readonly byok: boolean;
  readonly listCredits: number | null;
}

/** True for a call that was sold below what its provider is known to ask for so long an input. */
export function isLongBelow(call: BookedCall): boolean {
  const { model, byok, listCredits } = call;
  if (model === null || byok || listCredits === null) return false;
  return longPriceMissed([model], call, listCredits) !== undefined;
}

/** What is said of a booked call with a long input that the tariff sells below its provider's price. */
export function bookedBelow(call: BookedCall): string[] {
  const { model, listCredits } = call;
  if (model === null || listCredits === null || !isLongBelow(call)) return [];
  const { name, tier, source, readOn } = longPriceMissed([model], call, listCredits)!;
  return [
    `${above(tier.aboveInputTokens)} the provider asks ${tier.input} / ${tier.output} for the whole call of ${name}, more than this one was priced at (${source}, ${readOn}): \`credits models set ${model} … --above ${tier.aboveInputTokens}=${tier.input}/${tier.output}\``,
  ];
}

/** The same of many calls. */
export const manyBelow = (calls: number): string[] =>
  calls === 0
    ? []
    : [
        `${count(calls, 'call')} with a long input cost less here than the provider is known to ask: \`credits models show\` and \`models set --above\``,
      ];

/** The same of a comparison, by model. */
export function othersBelow(
  others: readonly { readonly name: string; readonly longBelow: number }[],
): string[] {
  const names = others.flatMap(({ name, longBelow }) =>
    longBelow === 0 ? [] : [`${printable(name)} (${count(longBelow, 'call')})`],
  );
  if (names.length === 0) return [];
  return [`long inputs cost less here than these models' providers are known to ask: ${names.join(', ')}`];
}
