/**
 * What an estimate rests on, said on stderr: what was assumed, what was left out, and where the tariff or the model does
 * not bear what was asked. Never part of the answer.
 */
import { shortfallsOf } from '../../catalog/provider-prices.ts';
import { count, group } from '../render/amounts.ts';
import { longInputNotices, providerTier } from '../render/long-input.ts';
import { belowProvider } from '../render/models.ts';
import { printable } from '../render/width.ts';
import type { Priced, Unfit } from './estimate.ts';
import type { EstimateRequest } from './estimate-flags.ts';
import { learntNotice, learntOverview } from './estimate-learning.ts';

const tokens = (value: number, what: string): string => count(value, `${what} token`);

/** Lines about one model's estimate. */
export function estimateNotices(priced: Priced, request: EstimateRequest): string[] {
  return [
    ...inputNotices(priced),
    ...assumedOutput([priced], request),
    ...limitNotices(priced),
    ...priceNotices(priced),
  ];
}

/** Lines about a comparison: what holds for all, then which models stand out. */
export function comparisonNotices(
  rows: readonly Priced[],
  { unpriced, unfit }: { readonly unpriced: readonly string[]; readonly unfit: readonly Unfit[] },
  request: EstimateRequest,
): string[] {
  const [first] = rows;
  const names = (chosen: readonly Priced[]): string =>
    chosen.map(({ estimate }) => printable(estimate.model)).join(', ');
  const below = rows.filter(({ subject, estimate }) => {
    return (
      !estimate.byok && estimate.rates !== null && shortfallsOf(subject.words, estimate.rates).length > 0
    );
  });
  const longBelow = rows.filter(({ subject, estimate: { byok, rates, input } }) => {
    return !byok && rates !== null && providerTier(subject.words, rates, input).length > 0;
  });
  const tooLong = rows.filter(isTooLong);
  return [
    ...assumedOutput(rows, request),
    ...(first?.counted.notes ?? []),
    ...learntOverview(rows),
    ...(unpriced.length === 0 ? [] : [`left out, without a price: ${unpriced.map(printable).join(', ')}`]),
    ...unfitNotices(unfit),
    ...(tooLong.length === 0 ? [] : [`the input is longer than these models take: ${names(tooLong)}`]),
    ...(below.length === 0
      ? []
      : [`the tariff is below the provider's known price: ${names(below)} (see \`credits models show\`)`]),
    ...(longBelow.length === 0
      ? []
      : [`the tariff is below the provider's known price for so long an input: ${names(longBelow)}`]),
  ];
}

/** Models left out of a comparison, by the reason. */
function unfitNotices(unfit: readonly Unfit[]): string[] {
  const models = Map.groupBy(unfit, ({ error }) => error.message);
  return [...models].map(([why, all]) => {
    return `left out, since ${why}: ${all.map(({ subject }) => printable(subject.terms.model)).join(', ')}`;
  });
}

function inputNotices({ counted, name, learnt }: Priced): string[] {
  const { framingTokens, notes, tokens: all } = counted;
  const framing =
    framingTokens === null
      ? []
      : [
          `of the ${tokens(all, 'input')}, ${group(String(framingTokens))} are not text: what ${printable(name)} adds for messages, tools and images`,
        ];
  return [...notes, ...framing, ...(learnt === null ? [] : [learntNotice(name, learnt)])];
}

/** What every row was reckoned with; a model that gives no more than less is reckoned with that. */
function assumedOutput(
  rows: readonly Priced[],
  { outputTokens, maxOutputTokens }: EstimateRequest,
): string[] {
  if (outputTokens !== null || rows.length === 0) return [];
  const output = Math.max(...rows.map(({ estimate }) => estimate.outputTokens));
  const isModels = rows.some(({ subject }) => subject.maxOutput !== null && subject.maxOutput <= output);
  const why =
    output === maxOutputTokens
      ? ', the most that is allowed'
      : isModels
        ? `, ${rows.length === 1 ? 'the most that the model gives' : 'or the most that a model gives'}`
        : '';
  return [`assumed ${tokens(output, 'output')}${why}: tell how many you expect with --output-tokens`];
}

const isTooLong = ({ subject, counted }: Priced): boolean =>
  subject.contextWindow !== null && counted.tokens > subject.contextWindow;

function limitNotices(priced: Priced): string[] {
  const { name, subject, counted, estimate } = priced;
  const lines: string[] = [];
  if (isTooLong(priced)) {
    lines.push(
      `the input (${tokens(counted.tokens, 'input')}) is longer than ${printable(name)} takes: ${group(String(subject.contextWindow))}`,
    );
  }
  const asked = Math.max(estimate.outputTokens, priced.hasMaximum ? (estimate.maxOutputTokens ?? 0) : 0);
  if (subject.maxOutput !== null && asked > subject.maxOutput) {
    lines.push(`${printable(name)} answers with ${tokens(subject.maxOutput, 'output')} at most`);
  }
  return lines;
}

function priceNotices({ subject, estimate, name }: Priced): string[] {
  const { rates, byok, input } = estimate;
  if (byok || rates === null) return [];
  return [
    ...belowProvider(printable(name), subject.words, rates),
    ...longInputNotices(printable(name), subject.words, rates, input),
  ];
}
