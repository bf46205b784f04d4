/** Rate cards as people read them. Rates are credits per 1K tokens, as exact as they are stored. */
import { providerPricesOf, shortfallsOf } from '../../catalog/provider-prices.ts';
import { type ModelRow, type RateRow, wordsOf } from '../../core/catalogue.ts';
import type { Rates, RateTier, TokenRates } from '../../core/rates.ts';
import type { Instant } from '../../core/types.ts';
import { count, group } from './amounts.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { printable } from './width.ts';

/** A model with a rate row of its own; null: it has none at that time. */
export interface RateCard {
  readonly model: ModelRow;
  readonly row: RateRow | null;
}

/** Said with every print of rates: the unit is the field's most repeated slip. */
export const UNIT = 'credits per 1K tokens';

const orDash = (value: number | null): string => (value === null ? '–' : group(String(value)));

/** `always` for a row in force from the beginning of time, else its day. */
const since = (from: Instant, { calendar }: Style): string => (from === 0 ? 'always' : calendar.day(from));

/** Rates on one line: `0.25 / 1.25`, with cache rates behind where there are any; without prices of long inputs. */
export function ratesLine(rates: TokenRates | null): string {
  if (rates === null) return 'no price';
  const { input, output, cacheRead, cacheWrite } = rates;
  const cache = [
    cacheRead === null ? [] : [`cache read ${group(cacheRead)}`],
    cacheWrite === null ? [] : [`cache write ${group(cacheWrite)}`],
  ].flat();
  return [`${group(input)} / ${group(output)}`, ...cache].join(', ');
}

/** `above 200,000 input tokens every token of the call costs 2.5 / 15`, one line a price. */
export const tierLines = (rates: Rates | null): string[] =>
  (rates?.tiers ?? []).map(
    (tier) => `above ${tokensText(tier)} every token of the call costs ${ratesLine(tier)}`,
  );

const tokensText = ({ above }: RateTier): string => count(above, 'input token');

/** Every model with the rates in force. */
export function renderModels(cards: readonly RateCard[], style: Style): string {
  const hasCache = cards.some(({ row }) => row?.rates?.cacheRead != null || row?.rates?.cacheWrite != null);
  const rate = (value: string | null | undefined): string => (value == null ? '–' : group(value));
  const table = renderTable(
    [
      { title: 'Model' },
      { title: 'Name' },
      { title: 'Provider' },
      { title: 'Input', align: 'right' },
      { title: 'Output', align: 'right' },
      ...(hasCache
        ? [
            { title: 'Cache read', align: 'right' as const },
            { title: 'Cache write', align: 'right' as const },
          ]
        : []),
      { title: 'Context', align: 'right' },
      { title: 'Max output', align: 'right' },
      { title: 'Aliases' },
    ],
    cards.map(({ model, row }) => [
      printable(model.id),
      printable(model.name),
      printable(model.provider),
      rate(row?.rates?.input),
      rate(row?.rates?.output),
      ...(hasCache ? [rate(row?.rates?.cacheRead), rate(row?.rates?.cacheWrite)] : []),
      orDash(model.contextWindow),
      orDash(model.maxOutput),
      model.aliases.map(printable).join(', '),
    ]),
    { columns: style.columns, heading: style.paint.dim },
  );
  const tiered = cards.filter(({ row }) => row?.rates?.tiers !== undefined).map(({ model }) => model.id);
  const long =
    tiered.length === 0
      ? ''
      : `\nLong inputs cost more on ${tiered.map(printable).join(', ')}: see \`credits models show\`.`;
  return `${table}\n\nRates in ${UNIT}. A missing cache rate is the input rate.${long}`;
}

/**
 * One model with all its rate rows.
 * @param history its rows, oldest first; may be empty
 */
export function renderModel({ model, row }: RateCard, history: readonly RateRow[], style: Style): string {
  const facts = [
    model.provider,
    ...(model.contextWindow === null ? [] : [`context ${group(String(model.contextWindow))} tokens`]),
    ...(model.maxOutput === null ? [] : [`answers up to ${group(String(model.maxOutput))} tokens`]),
    ...(model.aliases.length === 0 ? [] : [`also called ${model.aliases.join(', ')}`]),
  ];
  const rows = renderTable(
    [
      { title: 'From' },
      { title: 'Input', align: 'right' },
      { title: 'Output', align: 'right' },
      { title: 'Cache read', align: 'right' },
      { title: 'Cache write', align: 'right' },
      { title: '' },
    ],
    history.map((each) => [
      since(each.from, style),
      each.rates === null ? 'no price' : group(each.rates.input),
      each.rates === null ? '' : group(each.rates.output),
      cacheRate(each.rates, 'cacheRead'),
      cacheRate(each.rates, 'cacheWrite'),
      each === row ? 'now' : '',
    ]),
    { columns: style.columns, heading: style.paint.dim },
  );
  return [
    `${printable(model.name)} (${printable(model.id)})`,
    facts.map(printable).join(' · '),
    '',
    rows,
    '',
    `Rates in ${UNIT}.`,
    ...tierLines(row?.rates ?? null).map((line) => `${line[0]!.toUpperCase()}${line.slice(1)}.`),
    ...providerLines(model),
  ].join('\n');
}

function cacheRate(rates: Rates | null, key: 'cacheRead' | 'cacheWrite'): string {
  if (rates === null) return '';
  const value = rates[key];
  return value === null ? '–' : group(value);
}

function providerLines(model: ModelRow): string[] {
  return providerPricesOf(wordsOf(model)).map(
    (price) =>
      `${price.name} at its provider: ${ratesLine(price)} US dollars per 1M tokens (${price.source}, ${price.readOn}).`,
  );
}

/**
 * A line for each known provider price that a tariff does not reach.
 * @param name the model as the line calls it
 * @param words every word the model goes by, and what the user typed
 */
export function belowProvider(name: string, words: readonly string[], rates: TokenRates): string[] {
  return shortfallsOf(words, rates).map(({ price, rates: which }) => {
    const own = which.map((rate) => `${RATE_NAMES[rate]} ${rates[rate]}`).join(', ');
    const asked = which.map((rate) => `${price[rate]}`).join(' and ');
    return `${name} is priced below its provider: ${own} credits per 1K tokens, where ${price.name} costs ${asked} (${price.source}, ${price.readOn})`;
  });
}

const RATE_NAMES = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache read',
  cacheWrite: 'cache write',
} as const satisfies Record<keyof TokenRates, string>;
