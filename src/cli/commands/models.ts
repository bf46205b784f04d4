/**
 * `credits models`: what calls cost. `list` and `show` need no ledger and then show the built-in price list; `set` and
 * `alias` add dated rows to a ledger's own.
 */
import { defaultCatalogue } from '../../catalog/index.ts';
import { isBelow } from '../../catalog/provider-prices.ts';
import { type Catalogue, type ModelRow, type RateRow, unknownModel, wordsOf } from '../../core/catalogue.ts';
import { invalid } from '../../core/errors.ts';
import { decimalText, parseDecimal, parseRate, type Rates } from '../../core/rates.ts';
import { parseInstant } from '../../core/time.ts';
import type { Instant } from '../../core/types.ts';
import { UTC } from '../../core/zones.ts';
import type { ModelSetInput, SettingView } from '../../ledger/service.ts';
import type { CommandInput, CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { listOption, readOption, textOption } from '../read-input.ts';
import {
  belowProvider,
  type RateCard,
  ratesLine,
  renderModel,
  renderModels,
  tierLines,
  UNIT,
} from '../render/models.ts';
import { modelFields, rateFields } from '../render/models-json.ts';
import { styleFor } from '../render/style.ts';
import { printable } from '../render/width.ts';
import { isFromNow } from './from-when.ts';
import { tiersOf, withoutTiers } from './rate-tiers.ts';

const SCHEMA = 'credits.models/v1';

/** The price list and its moment. */
interface PriceList {
  readonly catalogue: Catalogue;
  readonly at: Instant;
}

async function openPrices(context: Context): Promise<PriceList> {
  const service = await context.serviceIfAny();
  return service === null
    ? { catalogue: defaultCatalogue(), at: context.now() }
    : { catalogue: await service.catalogue(), at: service.now() };
}

const cardOf = ({ catalogue, at }: PriceList, model: ModelRow): RateCard => ({
  model,
  row: catalogue.rateAt(model.id, at) ?? null,
});

/** `credits models list`, and `credits models` alone. */
export const modelsList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const prices = await openPrices(context);
    const cards = prices.catalogue.rows.models.map((model) => cardOf(prices, model));
    return {
      schema: SCHEMA,
      json: () => ({ models: cards.map(modelFields) }),
      text: async () => renderModels(cards, await styleFor(context, UTC, prices.at)),
    };
  },
};

/** `credits models show MODEL` */
export const modelsShow: CommandModule<string> = {
  parse: (input) => required(input, 0, 'a model'),
  async run(context, typed) {
    const prices = await openPrices(context);
    const model = prices.catalogue.findModel(typed);
    if (model === undefined) throw unknownModel(prices.catalogue, typed);
    const card = cardOf(prices, model);
    const history = rowsOf(prices.catalogue, model);
    return {
      schema: SCHEMA,
      json: () => ({ models: [modelFields(card)], history: history.map(rateFields) }),
      text: async () => renderModel(card, history, await styleFor(context, UTC, prices.at)),
    };
  },
};

/** A model's rate rows that ever come into force, oldest first; of two from the same instant the later one counts. */
function rowsOf({ rows, rateAt }: Catalogue, model: ModelRow): RateRow[] {
  return rows.rates
    .filter((row) => row.model === model.id && rateAt(model.id, row.from) === row)
    .sort((a, b) => a.from - b.from);
}

function required({ args }: CommandInput, index: number, what: string): string {
  const text = args[index]?.trim() ?? '';
  if (text === '') throw invalid(`${what} must have a name`);
  return text;
}

/** `credits models set MODEL --input RATE --output RATE` */
export const modelsSet: CommandModule<ModelSetInput> = {
  parse(input) {
    const rate = (name: string): string | null => readOption(input, name, parseRate);
    const [inputRate, outputRate] = [rate('input'), rate('output')];
    if (inputRate === null || outputRate === null) {
      throw invalid(
        'a rate card needs --input and --output',
        `both in ${UNIT}, which is US dollars per 1M tokens at provider cost`,
      );
    }
    return {
      model: required(input, 0, 'a model'),
      name: textOption(input, 'name'),
      provider: textOption(input, 'provider'),
      input: inputRate,
      output: outputRate,
      cacheRead: rate('cacheRead'),
      cacheWrite: rate('cacheWrite'),
      from: readOption(input, 'from', parseInstant),
      ...tiersOf(listOption(input, 'above')),
    };
  },
  async run(context, request) {
    const service = await context.service(null);
    const before = await service.catalogue();
    const view = await service.setModel(request, writeOptions(context));
    const at = request.from ?? view.receipt.at;
    const known = before.findModel(request.model);
    const old = known === undefined ? undefined : before.rateAt(known.id, at)?.rates;
    for (const line of jumps(request, old ?? null)) context.warn(line);
    const words = known === undefined ? [request.model] : [request.model, ...wordsOf(known)];
    for (const line of belowProvider(request.model, words, request)) context.notice(line);
    const model = view.catalogue.findModel(request.model) ?? known ?? newModel(request);
    const { input, output, cacheRead, cacheWrite, tiers } = request;
    const rates: Rates = { input, output, cacheRead, cacheWrite, ...(tiers === undefined ? {} : { tiers }) };
    const row: RateRow = { no: 0, model: model.id, from: at, rates };
    if (old?.tiers !== undefined && tiers === undefined) context.warn(withoutTiers(nameOf(model)));
    return settingResult(view, { model, row }, async () => {
      const { calendar } = await styleFor(context, UTC, service.now());
      const isNow = isFromNow(at, request, service.now());
      const from = isNow ? 'from now on' : `from ${calendar.time(at)} UTC`;
      const card = [ratesLine(row.rates), ...tierLines(row.rates)].join('; ');
      return `${doing(view)}${nameOf(model)}: ${card} ${UNIT}, ${from}.`;
    });
  },
};

/** What a dry run shows of a model that does not exist yet. */
function newModel({ model, name, provider }: ModelSetInput): ModelRow {
  const own = /^openrouter\//i.test(model) ? 'openrouter' : (provider?.toLowerCase() ?? '');
  return { id: model, name: name ?? model, provider: own, aliases: [], contextWindow: null, maxOutput: null };
}

/** `credits models alias ALIAS MODEL` */
export const modelsAlias: CommandModule<{ readonly alias: string; readonly model: string }> = {
  parse: (input) => ({ alias: required(input, 0, 'an alias'), model: required(input, 1, 'a model') }),
  async run(context, request) {
    const service = await context.service(null);
    const view = await service.aliasModel(request, writeOptions(context));
    const model = view.catalogue.findModel(request.model);
    if (model === undefined) throw unknownModel(view.catalogue, request.model);
    const card = cardOf({ catalogue: view.catalogue, at: service.now() }, model);
    if (card.row?.rates != null) {
      for (const line of belowProvider(request.alias, [request.alias], card.row.rates)) context.notice(line);
    }
    return settingResult(view, card, () => `${doing(view)}${printable(request.alias)} is ${nameOf(model)}.`);
  },
};

const writeOptions = ({ globals }: Context) => ({ key: globals.key, dryRun: globals.dryRun });
const nameOf = ({ name, id }: ModelRow): string =>
  name === id ? printable(id) : `${printable(name)} (${printable(id)})`;
const doing = ({ receipt }: SettingView): string =>
  receipt.dryRun ? 'Dry run, nothing was booked: ' : receipt.replayed ? 'Already booked: ' : '';

function settingResult(view: SettingView, card: RateCard, text: Result['text']): Result {
  const { receipt, replayed, dryRun } = view.receipt;
  return {
    schema: SCHEMA,
    json: () => ({ models: [modelFields(card)], receipt, replayed, dryRun }),
    text,
    unchanged: replayed,
  };
}

/** A line for each rate that moves more than tenfold: most often a slip of the unit. */
export function jumps(now: Pick<Rates, 'input' | 'output'>, old: Rates | null): string[] {
  if (old === null) return [];
  return (['input', 'output'] as const)
    .filter((rate) => isBelow(tenfold(old[rate]), now[rate]) || isBelow(tenfold(now[rate]), old[rate]))
    .map(
      (rate) =>
        `warning: the ${rate} rate moves from ${old[rate]} to ${now[rate]} ${UNIT}: is that the unit you meant?`,
    );
}

function tenfold(rate: string): string {
  const value = parseDecimal(rate);
  return value === undefined ? rate : decimalText({ ...value, digits: value.digits * 10n });
}
